//! Blob requests: handsets bring sealed files here and fetch others', and peers fetch for theirs. Nothing of a peer's is
//! kept here: its bytes pass through.

use std::io::SeekFrom;
use std::sync::Arc;
use std::time::Duration;

use axum::Extension;
use axum::body::{Body, Bytes, HttpBody as _};
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use futures_util::stream::{Stream, StreamExt as _, unfold};
use protocol::federation::FetchBlob;
use protocol::files::UPLOAD_OFFSET;
use protocol::limits::QUERY_BYTES;
use protocol::{BlobId, LineId, Refusal, RefusalCode, SwitchboardAddress, Ticket, encode};
use tokio::fs::File;
use tokio::io::{AsyncReadExt as _, AsyncSeekExt as _, AsyncWriteExt as _};
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout, timeout_at};

use super::disk::floor_of_files;
use super::federation::{FETCH_BLOB_CONTEXT, authentic, not_authentic, too_many, unavailable};
use super::gate::Guest;
use super::peers::Unheard;
use super::{Shared, peers};
use crate::core::Work;
use crate::store::{BlobRow, Store as _};

/// How long the next bytes may take to come.
const PATIENCE: Duration = Duration::from_secs(30);
/// Bytes that are taken before it is looked again whether the disk is nearly full.
const BETWEEN_LOOKS: u64 = 16 << 20;
/// Bytes that are read from the disk at a time.
const READ: usize = 256 * 1024;

/// How fast a peer's bytes come at least, measured over a while: as long as they do, they hold one of a line's places.
#[derive(Debug)]
struct Pace {
    over: Duration,
    until: Instant,
    /// Bytes that have still to come until then.
    lacking: usize,
}

/// Bytes a second.
const PACE: u64 = 1024;

impl Pace {
    fn new(over: Duration) -> Self {
        let lacking = PACE.saturating_mul(over.as_millis().try_into().unwrap_or(u64::MAX)) / 1000;
        Self { over, until: Instant::now() + over, lacking: usize::try_from(lacking).unwrap_or(usize::MAX) }
    }

    /// Waits for what comes next, as long as enough has come lately.
    async fn keeps_up<T>(&mut self, next: impl Future<Output = T>) -> Option<T> {
        let mut next = std::pin::pin!(next);
        loop {
            if let Ok(came) = timeout_at(self.until, next.as_mut()).await {
                return Some(came);
            }
            if self.lacking > 0 {
                return None;
            }
            *self = Self::new(self.over);
        }
    }

    fn took(&mut self, bytes: usize) {
        self.lacking = self.lacking.saturating_sub(bytes);
    }
}

/// Bytes from one place in a blob to another, both included, and how many the blob has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) first: u64,
    pub(super) last: u64,
    pub(super) size: u64,
}

impl Span {
    /// Reads `Content-Range` (RFC 9110, section 14.4).
    pub(super) fn from_header(header: &str) -> Option<Self> {
        let (span, size) = header.strip_prefix("bytes ")?.split_once('/')?;
        let (first, last) = span.split_once('-')?;
        let span = Self { first: first.parse().ok()?, last: last.parse().ok()?, size: size.parse().ok()? };
        (span.first <= span.last && span.last < span.size).then_some(span)
    }

    pub(super) fn bytes(&self) -> u64 {
        (self.last - self.first).saturating_add(1)
    }
}

/// Says how much of a blob of the line's own is here.
pub(super) async fn head(
    State(shared): State<Arc<Shared>>,
    Extension(guest): Extension<Arc<Guest>>,
    Path(blob): Path<String>,
    headers: HeaderMap,
) -> Response {
    let found = async {
        let line = whose(&shared, &guest, &headers).await?;
        let blob = blob.parse().map_err(|_| malformed())?;
        let row = own(&shared, &line, &blob)?;
        if row.complete {
            return Ok(row.size);
        }
        let here = shared.blobs.length(&blob).await.map_err(|_| unavailable())?;
        if here == row.size {
            // All of it came, but the request that brought the last of it ended before that was sure: whoever hears
            // that all is here brings no more.
            let _alone = shared.blobs.take(&blob).ok_or_else(too_many)?;
            let file = shared.blobs.read(&blob).await.map_err(|error| full(&shared, &error))?;
            complete(&shared, &blob, &file).await?;
        }
        Ok(here)
    };
    match found.await {
        Ok(offset) => (StatusCode::NO_CONTENT, [(UPLOAD_OFFSET, offset)]).into_response(),
        Err(refusal) => refused(&refusal),
    }
}

/// Takes bytes of a blob of the line's own.
pub(super) async fn bring(
    State(shared): State<Arc<Shared>>,
    Extension(guest): Extension<Arc<Guest>>,
    Path(blob): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    match take(&shared, &guest, &blob, &headers, body).await {
        Ok(offset) => (StatusCode::NO_CONTENT, [(UPLOAD_OFFSET, offset)]).into_response(),
        Err(refusal) => refused(&refusal),
    }
}

async fn take(
    shared: &Arc<Shared>,
    guest: &Guest,
    blob: &str,
    headers: &HeaderMap,
    body: Body,
) -> Result<u64, Refusal> {
    let line = whose(shared, guest, headers).await?;
    let blob: BlobId = blob.parse().map_err(|_| malformed())?;
    let offset: u64 = text(headers, UPLOAD_OFFSET).and_then(|text| text.parse().ok()).ok_or_else(malformed)?;
    let row = own(shared, &line, &blob)?;
    if row.complete {
        return Ok(row.size);
    }
    let full = |error| full(shared, &error);
    let (Some(_one), Some(_alone)) = (shared.gate.blob_of_line(&line), shared.blobs.take(&blob)) else {
        return Err(too_many());
    };
    let floor = floor_of_files(shared.limits.disk_floor);
    if shared.blobs.is_short(floor) {
        return Err(unavailable());
    }
    let mut here = shared.blobs.length(&blob).await.map_err(full)?;
    if here != offset {
        let sentence = "the bytes do not go on where the ones here end: ask how many there are";
        return Err(Refusal::new(RefusalCode::Malformed, sentence));
    }
    // At their place, whatever a request before this one is still writing: the same bytes, if it is.
    let mut file = shared.blobs.write(&blob).await.map_err(full)?;
    file.seek(SeekFrom::Start(here)).await.map_err(full)?;
    file.set_max_buf_size(READ);
    let mut looked_at = here;
    let mut bytes = Box::pin(frames(body));
    while let Some(part) = bytes.next().await {
        // What came is kept: the handset goes on from there.
        let Ok(part) = part else { break };
        here = here.saturating_add(part.len() as u64);
        if here > row.size {
            file.flush().await.map_err(full)?;
            return Err(Refusal::new(RefusalCode::TooLarge, "this is more than the blob was to have"));
        }
        if here - looked_at > BETWEEN_LOOKS {
            looked_at = here;
            if shared.blobs.is_short(floor) {
                break;
            }
        }
        file.write_all(&part).await.map_err(full)?;
    }
    file.flush().await.map_err(full)?;
    let here = shared.blobs.length(&blob).await.map_err(full)?;
    if here == row.size {
        complete(shared, &blob, &file).await?;
    }
    // It may have been taken back while it came.
    own(shared, &line, &blob).inspect_err(|_| shared.blobs.remove(&blob))?;
    Ok(here)
}

/// Makes a blob last, all of whose bytes are written.
async fn complete(shared: &Shared, blob: &BlobId, file: &File) -> Result<(), Refusal> {
    shared.blobs.keep(file).await.map_err(|error| full(shared, &error))?;
    shared.writer.ask(Work::BlobComplete { blob: *blob }).await.map(drop).map_err(|_| unavailable())
}

/// Gives a blob to a handset, wherever it is.
pub(super) async fn give(
    State(shared): State<Arc<Shared>>,
    Extension(guest): Extension<Arc<Guest>>,
    Path((blob, at)): Path<(String, String)>,
    headers: HeaderMap,
) -> Response {
    let found = async {
        let line = whose(&shared, &guest, &headers).await?;
        let blob: BlobId = blob.parse().map_err(|_| malformed())?;
        let at: SwitchboardAddress = at.parse().map_err(|_| malformed())?;
        let offset = match text(&headers, header::RANGE.as_str()) {
            Some(range) => first_byte(range).ok_or_else(malformed)?,
            None => 0,
        };
        let place = shared.gate.blob_of_line(&line).ok_or_else(too_many)?;
        if at == shared.office.address {
            return local(&shared, &blob, offset, place).await;
        }
        // Whoever it names has to answer.
        let _asking = shared.gate.question(&line).ok_or_else(too_many)?;
        let (span, response) = peers::fetch_blob(&shared, at, blob, offset).await?;
        let pace = Pace::new(shared.limits.blob_pace);
        let passing =
            unfold((response, span.bytes(), pace, place), |(mut response, left, mut pace, place)| async move {
                let part = pace.keeps_up(response.chunk()).await?.ok()??;
                // More than it said is not passed on.
                let left = left.checked_sub(part.len() as u64)?;
                pace.took(part.len());
                Some((Ok::<_, std::io::Error>(part), (response, left, pace, place)))
            });
        Ok(partial(span, given(passing, shared.limits.blob_pace)))
    };
    found.await.unwrap_or_else(|refusal| refused(&refusal))
}

/// Gives a blob of here to a peer.
pub(super) async fn fetch(
    State(shared): State<Arc<Shared>>,
    Extension(guest): Extension<Arc<Guest>>,
    Extension(unheard): Extension<Arc<Unheard>>,
    body: Body,
) -> Response {
    let found = async {
        let (from, fetch, _) =
            authentic::<FetchBlob>(&shared, &guest, &unheard, body, FETCH_BLOB_CONTEXT, QUERY_BYTES).await?;
        if fetch.from != from || fetch.to != shared.office.address {
            return Err(not_authentic());
        }
        let place = shared.gate.blob_of_peer(&from).filter(|_| shared.gate.fetch(&from)).ok_or_else(too_many)?;
        local(&shared, &fetch.blob, fetch.offset, place).await
    };
    found.await.unwrap_or_else(|refusal| refused(&refusal))
}

/// A blob of here from an offset on, as far as there is something of it. `place` is held until it is given.
async fn local<P: Send + 'static>(
    shared: &Arc<Shared>,
    blob: &BlobId,
    offset: u64,
    place: P,
) -> Result<Response, Refusal> {
    let row = row(shared, blob)?.ok_or_else(unknown)?;
    let here = if row.complete { row.size } else { shared.blobs.length(blob).await.map_err(|_| unavailable())? };
    if offset >= row.size {
        return Err(malformed());
    }
    if offset >= here {
        let sentence = "the sender has still to bring this file: try again later";
        return Err(Refusal::new(RefusalCode::BlobIncomplete, sentence));
    }
    let mut file = shared.blobs.read(blob).await.map_err(|_| unknown())?;
    file.seek(SeekFrom::Start(offset)).await.map_err(|_| unavailable())?;
    let span = Span { first: offset, last: here - 1, size: row.size };
    Ok(partial(span, given(read(file, span.bytes(), place), shared.limits.blob_pace)))
}

/// The bytes of a stream as somebody takes them, as long as each part is taken in time: whoever stops reading keeps no
/// place, no file and no connection to a peer, and asks again from where it stopped.
fn given(
    parts: impl Stream<Item = std::io::Result<Bytes>> + Send + 'static,
    within: Duration,
) -> impl Stream<Item = std::io::Result<Bytes>> + Send + 'static {
    let (sender, receiver) = mpsc::channel(1);
    tokio::spawn(async move {
        let mut parts = Box::pin(parts);
        while let Some(part) = parts.next().await {
            let Ok(Ok(())) = timeout(within, sender.send(part)).await else { return };
        }
    });
    unfold(receiver, |mut receiver| async { Some((receiver.recv().await?, receiver)) })
}

/// The next bytes of a file, so many of them.
fn read<P: Send + 'static>(
    file: File,
    bytes: u64,
    place: P,
) -> impl Stream<Item = std::io::Result<Bytes>> + Send + 'static {
    unfold((file, bytes, place), |(mut file, left, place)| async move {
        if left == 0 {
            return None;
        }
        let most = usize::try_from(left).unwrap_or(READ).min(READ);
        let mut part = bytes::BytesMut::with_capacity(most);
        let got = (&mut file).take(most as u64).read_buf(&mut part).await;
        match got {
            Ok(0) => Some((Err(std::io::ErrorKind::UnexpectedEof.into()), (file, 0, place))),
            Ok(got) => Some((Ok(part.freeze()), (file, left.saturating_sub(got as u64), place))),
            Err(error) => Some((Err(error), (file, 0, place))),
        }
    })
}

/// A body's bytes as they come.
fn frames(body: Body) -> impl Stream<Item = Result<Bytes, ()>> {
    unfold(body, |mut body| async move {
        loop {
            let next = std::future::poll_fn(|context| std::pin::Pin::new(&mut body).poll_frame(context));
            return match timeout(PATIENCE, next).await {
                Ok(Some(Ok(frame))) => match frame.into_data() {
                    Ok(part) => Some((Ok(part), body)),
                    Err(_) => continue,
                },
                Ok(None) => None,
                Ok(Some(Err(_))) | Err(_) => Some((Err(()), body)),
            };
        }
    })
}

fn partial(span: Span, bytes: impl Stream<Item = std::io::Result<Bytes>> + Send + 'static) -> Response {
    let headers = [
        (header::CONTENT_RANGE, format!("bytes {}-{}/{}", span.first, span.last, span.size)),
        (header::CONTENT_LENGTH, span.bytes().to_string()),
        (header::CONTENT_TYPE, "application/octet-stream".to_owned()),
        (header::CACHE_CONTROL, "no-store".to_owned()),
    ];
    (StatusCode::PARTIAL_CONTENT, headers, Body::from_stream(bytes)).into_response()
}

/// The line whose ticket a request shows. Its requests count as its frames do: more of them are taken slower.
async fn whose(shared: &Shared, guest: &Guest, headers: &HeaderMap) -> Result<LineId, Refusal> {
    if !shared.gate.ask(guest) {
        return Err(too_many());
    }
    let ticket = text(headers, header::AUTHORIZATION.as_str()).and_then(|text| text.strip_prefix("Bearer "));
    let ticket: Option<Ticket> = ticket.and_then(|ticket| ticket.parse().ok());
    let line = ticket.and_then(|ticket| shared.tickets.line(&ticket)).ok_or_else(|| {
        Refusal::new(RefusalCode::NotAuthentic, "this ticket is not good any more: ask for another one")
    })?;
    shared.gate.is_known(guest);
    tokio::time::sleep(shared.gate.frame(&line)).await;
    Ok(line)
}

fn own(shared: &Shared, line: &LineId, blob: &BlobId) -> Result<BlobRow, Refusal> {
    row(shared, blob)?.filter(|row| row.line == *line).ok_or_else(unknown)
}

fn row(shared: &Shared, blob: &BlobId) -> Result<Option<BlobRow>, Refusal> {
    let mut found = None;
    let read = shared.reader.store().read(&mut |tx| {
        found = tx.blob(blob)?;
        Ok(())
    });
    read.map(|()| found).map_err(|_| unavailable())
}

/// The first byte that `Range: bytes=N-` asks for; other ranges are not given.
fn first_byte(range: &str) -> Option<u64> {
    range.strip_prefix("bytes=")?.strip_suffix('-')?.parse().ok()
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

fn refused(refusal: &Refusal) -> Response {
    let status = match refusal.code {
        RefusalCode::NotAuthentic => StatusCode::UNAUTHORIZED,
        RefusalCode::BlobUnknown => StatusCode::NOT_FOUND,
        RefusalCode::TooMany => StatusCode::TOO_MANY_REQUESTS,
        RefusalCode::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        RefusalCode::PeerNotAllowed => StatusCode::FORBIDDEN,
        RefusalCode::BlobIncomplete => StatusCode::CONFLICT,
        RefusalCode::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        RefusalCode::PeerUnreachable => StatusCode::BAD_GATEWAY,
        _ => StatusCode::BAD_REQUEST,
    };
    let headers = [(header::CONTENT_TYPE, "application/octet-stream"), (header::CACHE_CONTROL, "no-store")];
    (status, headers, Body::from(encode(refusal))).into_response()
}

fn unknown() -> Refusal {
    let sentence = "this file is not there any more: it was fetched or taken back, or its time is over";
    Refusal::new(RefusalCode::BlobUnknown, sentence)
}

fn malformed() -> Refusal {
    Refusal::new(RefusalCode::Malformed, "this does not have the form that is expected here")
}

/// The disk does not take it; the operator's log says why.
fn full(shared: &Shared, error: &std::io::Error) -> Refusal {
    shared.metrics.blob_failed(error);
    unavailable()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_comes_too_slowly_is_given_up_and_what_keeps_up_is_not() {
        let mut pace = Pace::new(Duration::from_millis(50));
        pace.took(60);
        let slow = async {
            tokio::time::sleep(Duration::from_millis(70)).await;
            1
        };
        assert_eq!(pace.keeps_up(slow).await, Some(1), "enough came before");
        assert_eq!(pace.keeps_up(std::future::pending::<()>()).await, None);
    }

    #[tokio::test]
    async fn whoever_stops_reading_keeps_nothing_and_whoever_reads_on_gets_all() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("blob"), vec![7; 2 * READ]).unwrap();
        let open = async || File::open(folder.path().join("blob")).await.unwrap();
        let place = std::sync::Arc::new(());
        let held = std::sync::Arc::clone(&place);
        let mut stalled = Box::pin(given(read(open().await, 2 * READ as u64, held), Duration::from_millis(50)));
        let first = stalled.next().await.unwrap().unwrap().len() as u64;
        assert!(first <= READ as u64 && std::sync::Arc::strong_count(&place) == 2);
        let end = Instant::now() + Duration::from_secs(10);
        while std::sync::Arc::strong_count(&place) > 1 {
            assert!(Instant::now() < end, "it holds its place for ever");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        let parts = given(read(open().await, 2 * READ as u64, ()), Duration::from_secs(10));
        let length = parts.fold(0, |sum, part| async move { sum + part.unwrap().len() }).await;
        assert_eq!(length, 2 * READ);
    }

    #[test]
    fn ranges_are_read_as_they_are_given() {
        assert_eq!(first_byte("bytes=17-"), Some(17));
        for other in ["bytes=1-2", "bytes=-5", "17-", "bytes=a-", ""] {
            assert_eq!(first_byte(other), None, "{other}");
        }
        let span = Span { first: 2, last: 8, size: 9 };
        assert_eq!(Span::from_header("bytes 2-8/9"), Some(span));
        assert_eq!(span.bytes(), 7);
        for wrong in
            ["bytes 2-9/9", "bytes 3-2/9", "bytes 2-8/*", "2-8/9", "bytes 0-18446744073709551615/18446744073709551615"]
        {
            assert_eq!(Span::from_header(wrong), None, "{wrong}");
        }
    }
}

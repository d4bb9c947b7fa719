//! Carrying files between a profile and its switchboard: as many at a time as are worth it, each from where it stopped.

use std::collections::HashMap;
use std::io::{self, SeekFrom};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use futures_util::stream::{Stream, unfold};
use handset::{Handset, Transfer};
use protocol::files::{BLOB_PATH, UPLOAD_OFFSET};
use protocol::{BlobId, FileKey, Ticket};
use reqwest::{Body, Client, Response, StatusCode};
use tokio::io::{AsyncReadExt as _, AsyncSeekExt as _, AsyncWriteExt as _};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout};

use crate::clock;
use crate::exit::Failure;
use crate::files::Files;
use crate::net::Dialer;
use crate::random;

/// Files that are carried at a time.
const AT_ONCE: usize = 2;
/// How long the next bytes, or an answer, may take.
const PATIENCE: Duration = Duration::from_secs(30);
/// The first wait before a transfer is tried again; doubled each time.
const FIRST_WAIT: Duration = Duration::from_millis(500);
const LONGEST_WAIT: Duration = Duration::from_secs(30);
/// Bytes that are read from a file at a time.
const READ: usize = 128 * 1024;

/// A profile's transfers.
#[derive(Debug)]
pub(crate) struct Transfers {
    files: Files,
    dialer: Dialer,
    /// Made when something is carried: reading the system's certificates takes a few milliseconds.
    client: Option<Client>,
    running: HashMap<BlobId, Running>,
    waiting: HashMap<BlobId, Waiting>,
    ended: (mpsc::UnboundedSender<Ended>, mpsc::UnboundedReceiver<Ended>),
}

#[derive(Debug)]
struct Running {
    task: JoinHandle<()>,
    carried: Arc<AtomicU64>,
}

impl Drop for Running {
    fn drop(&mut self) {
        self.task.abort();
    }
}

#[derive(Debug)]
struct Waiting {
    until: Instant,
    tries: u32,
    /// Bytes that were there when it was tried last.
    carried: u64,
}

/// What came of a transfer.
#[derive(Debug)]
pub(crate) struct Ended {
    blob: BlobId,
    how: End,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    Brought,
    Fetched,
    /// It can never be carried.
    Failed,
    /// The switchboard wants another ticket.
    TicketRefused,
    /// It may go on later.
    Later,
}

/// One transfer's way.
struct Carrier {
    files: Files,
    client: Client,
    url: String,
    ticket: Ticket,
    carried: Arc<AtomicU64>,
}

impl Transfers {
    /// Transfers with a profile's files, under this dialer's trust.
    pub(crate) fn new(files: Files, dialer: Dialer) -> Self {
        Self {
            files,
            dialer,
            client: None,
            running: HashMap::new(),
            waiting: HashMap::new(),
            ended: mpsc::unbounded_channel(),
        }
    }

    /// The profile's files.
    pub(crate) fn files(&self) -> &Files {
        &self.files
    }

    /// Begins what can be carried now.
    ///
    /// # Errors
    /// If the handset's storage fails.
    pub(crate) fn begin(&mut self, handset: &Handset) -> Result<(), Failure> {
        let (Some(ticket), Some(url)) = (handset.ticket(), handset.switchboard_url()?) else { return Ok(()) };
        let url = url.replacen("ws", "http", 1);
        let url = format!("{}{BLOB_PATH}", url.strip_suffix(protocol::frames::LINE_PATH).unwrap_or(&url));
        for transfer in handset.transfers()? {
            let client = match &self.client {
                Some(client) => client.clone(),
                None => self.client.insert(self.dialer.http()?).clone(),
            };
            let blob = *transfer.blob();
            let is_waiting = self.waiting.get(&blob).is_some_and(|waiting| Instant::now() < waiting.until);
            if self.running.len() >= AT_ONCE || is_waiting || self.running.contains_key(&blob) {
                continue;
            }
            let carried = Arc::new(AtomicU64::new(0));
            let carrier = Carrier {
                files: self.files.clone(),
                client,
                url: url.clone(),
                ticket: ticket.clone(),
                carried: Arc::clone(&carried),
            };
            let (key, ended) = (handset.file_key(&blob)?, self.ended.0.clone());
            let task = tokio::spawn(async move {
                let how = carrier.carry(&transfer, key).await;
                // Whoever asked may be gone.
                let _ = ended.send(Ended { blob, how });
            });
            self.running.insert(blob, Running { task, carried });
        }
        Ok(())
    }

    /// Waits until a transfer ends, or one that waited may go on. Safe to drop while it waits.
    pub(crate) async fn next(&mut self) -> Option<Ended> {
        let due = self.waiting.values().map(|waiting| waiting.until).filter(|until| *until > Instant::now()).min();
        let due = async {
            match due {
                Some(until) => tokio::time::sleep_until(until).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            ended = self.ended.1.recv() => ended,
            () = due => None,
        }
    }

    /// Tells the handset what came of a transfer.
    ///
    /// # Errors
    /// If its storage fails.
    pub(crate) fn settle(&mut self, handset: &mut Handset, ended: &Ended) -> Result<(), Failure> {
        let blob = &ended.blob;
        let carried = self.running.remove(blob).map_or(0, |running| running.carried.load(Ordering::Relaxed));
        match ended.how {
            End::Brought => handset.file_brought(clock::now(), blob)?,
            End::Fetched => handset.file_fetched(clock::now(), blob)?,
            End::Failed => handset.file_failed(clock::now(), blob)?,
            End::TicketRefused => handset.ticket_refused(clock::now())?,
            End::Later => {
                let waiting = self.waiting.entry(*blob).or_insert_with(|| Waiting {
                    until: Instant::now(),
                    tries: 0,
                    carried: 0,
                });
                waiting.tries = if carried > waiting.carried { 0 } else { waiting.tries.saturating_add(1) };
                waiting.carried = carried;
                let wait = FIRST_WAIT.saturating_mul(1 << waiting.tries.min(10)).min(LONGEST_WAIT);
                waiting.until = Instant::now() + wait.mul_f64(0.5 + random::fraction() / 2.0);
                return Ok(());
            }
        }
        self.waiting.remove(blob);
        Ok(())
    }

    /// Bytes of a file that are where they are to be, as far as is known here.
    pub(crate) fn carried(&self, blob: &BlobId) -> u64 {
        match self.running.get(blob) {
            Some(running) => running.carried.load(Ordering::Relaxed),
            None => self.waiting.get(blob).map_or(0, |waiting| waiting.carried),
        }
    }
}

impl Carrier {
    async fn carry(&self, transfer: &Transfer, (key, length): (FileKey, u64)) -> End {
        match transfer {
            Transfer::Bring { blob, size } => self.bring(blob, *size).await,
            Transfer::Fetch { blob, at, size } => {
                let url = format!("{}/{}/{at}", self.url, blob.to_text());
                match self.fetch(blob, &url, *size).await {
                    Ok(End::Fetched) => self.check(blob, key, length).await,
                    Ok(end) => end,
                    Err(_) => End::Later,
                }
            }
        }
    }

    /// Brings what the switchboard has not got.
    async fn bring(&self, blob: &BlobId, size: u64) -> End {
        let url = format!("{}/{}", self.url, blob.to_text());
        let there = match self.ask(self.client.head(&url)).await {
            Ok(response) if response.status().is_success() => offset_of(&response),
            Ok(response) => return refused(response.status()),
            Err(_) => return End::Later,
        };
        let Some(there) = there else { return End::Later };
        self.carried.store(there, Ordering::Relaxed);
        if there >= size {
            return End::Brought;
        }
        let file = match self.opened(blob, there).await {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return End::Failed,
            Err(_) => return End::Later,
        };
        let body = Body::wrap_stream(bytes(file, Arc::clone(&self.carried)));
        let request = self.client.patch(&url).header(UPLOAD_OFFSET, there).header("content-length", size - there);
        // As long as the switchboard takes bytes: it gives up by itself if none come.
        match request.bearer_auth(self.ticket.to_text()).body(body).send().await {
            Ok(response) if response.status().is_success() && offset_of(&response) == Some(size) => End::Brought,
            Ok(response) if response.status() == StatusCode::UNAUTHORIZED => End::TicketRefused,
            _ => End::Later,
        }
    }

    async fn opened(&self, blob: &BlobId, from: u64) -> io::Result<tokio::fs::File> {
        let mut file = tokio::fs::File::open(self.files.path(blob)).await?;
        file.seek(SeekFrom::Start(from)).await?;
        Ok(file)
    }

    /// Fetches what is not here.
    async fn fetch(&self, blob: &BlobId, url: &str, size: u64) -> io::Result<End> {
        let mut here = self.files.length(blob);
        if here > size {
            self.files.remove(blob);
            here = 0;
        }
        self.carried.store(here, Ordering::Relaxed);
        if here == size {
            return Ok(End::Fetched);
        }
        let request = self.client.get(url).header("range", format!("bytes={here}-"));
        let Ok(mut response) = self.ask(request).await else { return Ok(End::Later) };
        if response.status() != StatusCode::PARTIAL_CONTENT {
            return Ok(refused(response.status()));
        }
        let range = response.headers().get("content-range").and_then(|range| range.to_str().ok()).unwrap_or_default();
        if !range.starts_with(&format!("bytes {here}-")) || !range.ends_with(&format!("/{size}")) {
            return Ok(End::Failed);
        }
        let mut file = tokio::fs::File::from_std(self.files.append(blob)?);
        while let Ok(Ok(Some(part))) = timeout(PATIENCE, response.chunk()).await {
            here = here.saturating_add(part.len() as u64);
            if here > size {
                return Ok(End::Failed);
            }
            file.write_all(&part).await?;
            self.carried.store(here, Ordering::Relaxed);
        }
        file.flush().await?;
        file.sync_all().await?;
        Ok(if here == size { End::Fetched } else { End::Later })
    }

    /// Whether what came is what was sealed. A disk that cannot be read says nothing about that.
    async fn check(&self, blob: &BlobId, key: FileKey, length: u64) -> End {
        let (files, blob) = (self.files.clone(), *blob);
        let opened = tokio::task::spawn_blocking(move || {
            let opened = files.open(&blob, &key, length, &mut io::sink());
            if opened.as_ref().is_err_and(|error| error.kind() == io::ErrorKind::InvalidData) {
                files.remove(&blob);
            }
            opened
        });
        match opened.await {
            Ok(Ok(())) => End::Fetched,
            Ok(Err(error)) if error.kind() == io::ErrorKind::InvalidData => End::Failed,
            _ => End::Later,
        }
    }

    async fn ask(&self, request: reqwest::RequestBuilder) -> Result<Response, End> {
        let request = request.bearer_auth(self.ticket.to_text()).send();
        timeout(PATIENCE, request).await.map_err(|_| End::Later)?.map_err(|_| End::Later)
    }
}

/// A file's bytes from where it stands; `carried` follows as they are taken.
fn bytes(file: tokio::fs::File, carried: Arc<AtomicU64>) -> impl Stream<Item = io::Result<Vec<u8>>> {
    unfold((file, carried), |(mut file, carried)| async move {
        let mut part = Vec::with_capacity(READ);
        match (&mut file).take(READ as u64).read_to_end(&mut part).await {
            Ok(0) => None,
            Ok(read) => {
                carried.fetch_add(read as u64, Ordering::Relaxed);
                Some((Ok(part), (file, carried)))
            }
            Err(error) => Some((Err(error), (file, carried))),
        }
    })
}

fn offset_of(response: &Response) -> Option<u64> {
    response.headers().get(UPLOAD_OFFSET)?.to_str().ok()?.parse().ok()
}

fn refused(status: StatusCode) -> End {
    match status {
        StatusCode::UNAUTHORIZED => End::TicketRefused,
        StatusCode::NOT_FOUND | StatusCode::PAYLOAD_TOO_LARGE | StatusCode::FORBIDDEN => End::Failed,
        _ => End::Later,
    }
}

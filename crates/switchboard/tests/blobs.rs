//! Blobs over sockets: brought in parts, fetched through another switchboard, released, and gone.

mod net;
mod world;

use std::time::Duration;

use net::{Board, PATIENCE, Phone, http};
use protocol::files::{BLOB_PATH, UPLOAD_OFFSET, sealed};
use protocol::frames::{Answer, Deed, Question};
use protocol::limits::FILE_BYTES;
use protocol::{BlobId, Refusal, RefusalCode, SwitchboardAddress, Ticket, decode};
use reqwest::{RequestBuilder, Response, StatusCode};
use world::Line;

const BLOB: BlobId = BlobId::new([5; 32]);

/// A line's handset with a ticket.
struct Handset {
    line: Line,
    phone: Phone,
    ticket: Ticket,
    url: String,
}

impl Handset {
    async fn new(board: &Board, seed: u8) -> Self {
        let line = Line::new(seed);
        let url = match seed {
            1 | 2 => board.running.claim_url_of_first_invitation().unwrap().to_owned(),
            _ => switchboard::invite(&board.path(), "", switchboard::INVITATION).unwrap().claim_url,
        };
        let phone = Phone::claim_with(board, &line, &url).await;
        Self::with(board, line, phone).await
    }

    async fn with(board: &Board, line: Line, mut phone: Phone) -> Self {
        let Ok(Answer::Ticket(ticket)) = phone.ask(Question::Ticket).await else { panic!("no ticket") };
        Self { line, phone, ticket, url: board.url(BLOB_PATH) }
    }

    async fn deed(&mut self, deed: Deed) -> Result<(), Refusal> {
        self.phone.deed(&mut self.line, deed).await
    }

    fn signed(&self, request: RequestBuilder) -> RequestBuilder {
        request.bearer_auth(self.ticket.to_text())
    }

    async fn bring(&self, blob: &BlobId, offset: u64, bytes: &[u8]) -> Response {
        let request = http().patch(format!("{}/{}", self.url, blob.to_text())).header(UPLOAD_OFFSET, offset);
        self.signed(request).body(bytes.to_vec()).send().await.unwrap()
    }

    async fn here(&self, blob: &BlobId) -> Option<u64> {
        let response = self.signed(http().head(format!("{}/{}", self.url, blob.to_text()))).send().await.unwrap();
        offset_of(&response)
    }

    async fn fetch(&self, blob: &BlobId, at: &SwitchboardAddress, offset: u64) -> Response {
        let request = http().get(format!("{}/{}/{at}", self.url, blob.to_text()));
        self.signed(request).header("range", format!("bytes={offset}-")).send().await.unwrap()
    }
}

fn offset_of(response: &Response) -> Option<u64> {
    response.headers().get(UPLOAD_OFFSET)?.to_str().ok()?.parse().ok()
}

async fn code(response: Response) -> RefusalCode {
    assert!(response.status().is_client_error() || response.status().is_server_error(), "{}", response.status());
    decode::<Refusal>(&response.bytes().await.unwrap(), 4096).unwrap().code
}

fn bytes(length: usize) -> Vec<u8> {
    (0..length).map(|n| u8::try_from(n % 253).unwrap()).collect()
}

fn open(blob: BlobId, size: u64) -> Deed {
    Deed::OpenBlob { blob, size, copies: 1 }
}

fn files(board: &Board) -> usize {
    std::fs::read_dir(board.path().join("blobs")).unwrap().count()
}

#[tokio::test]
async fn a_blob_is_brought_in_parts_fetched_through_the_other_switchboard_and_gone_once_released() {
    let (a, b) = (Board::new().await, Board::new().await);
    let (mut ada, mut ivo) = (Handset::new(&a, 1).await, Handset::new(&b, 2).await);
    let whole = bytes(700_000);
    ada.deed(open(BLOB, 700_000)).await.unwrap();
    assert_eq!(ada.here(&BLOB).await, Some(0));
    assert_eq!(code(ivo.fetch(&BLOB, &a.address(), 0).await).await, RefusalCode::BlobIncomplete);
    assert_eq!(offset_of(&ada.bring(&BLOB, 0, &whole[..300_000]).await), Some(300_000));
    assert_eq!(code(ada.bring(&BLOB, 0, &whole).await).await, RefusalCode::Malformed, "from where it ends only");
    // What is there can be fetched already.
    let part = ivo.fetch(&BLOB, &a.address(), 100_000).await;
    assert_eq!(part.headers()["content-range"], "bytes 100000-299999/700000");
    assert_eq!(part.bytes().await.unwrap(), whole[100_000..300_000]);
    assert_eq!(code(ivo.fetch(&BLOB, &a.address(), 300_000).await).await, RefusalCode::BlobIncomplete);

    // The switchboard that it is brought to starts again in between.
    let data = a.address();
    drop(ada.phone);
    let a = a.stop().await.start().await;
    assert_eq!(a.address(), data);
    let phone = Phone::hello(&a, &ada.line).await;
    let old = ada.ticket.clone();
    let mut ada = Handset::with(&a, ada.line, phone).await;
    assert_eq!(ada.here(&BLOB).await, Some(300_000));
    assert_eq!(offset_of(&ada.bring(&BLOB, 300_000, &whole[300_000..]).await), Some(700_000));
    assert_eq!(offset_of(&ada.bring(&BLOB, 300_000, b"again").await), Some(700_000), "whole, whatever comes");
    let ticket = std::mem::replace(&mut ada.ticket, old);
    assert_eq!(code(ada.bring(&BLOB, 0, b"x").await).await, RefusalCode::NotAuthentic, "a ticket of before");
    ada.ticket = ticket;

    let rest = ivo.fetch(&BLOB, &a.address(), 250_000).await;
    assert_eq!(rest.bytes().await.unwrap(), whole[250_000..]);
    let beyond = code(ivo.fetch(&BLOB, &a.address(), 700_000).await).await;
    assert_eq!(beyond, RefusalCode::PeerUnreachable, "whatever a peer says, but for what is known of blobs");
    assert_eq!(files(&b), 0, "nothing is kept where it passes through");
    assert_eq!(files(&a), 1);
    ivo.deed(Deed::ReleaseBlob { at: a.address(), blob: BLOB }).await.unwrap();
    let deadline = std::time::Instant::now() + PATIENCE;
    while files(&a) > 0 {
        assert!(std::time::Instant::now() < deadline, "it is still there");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(code(ivo.fetch(&BLOB, &a.address(), 0).await).await, RefusalCode::BlobUnknown);
    assert_eq!(ada.here(&BLOB).await, None);
}

#[tokio::test]
async fn a_blob_that_is_all_here_is_made_to_last_before_that_is_said() {
    let a = Board::new().await;
    let mut ada = Handset::new(&a, 1).await;
    ada.deed(open(BLOB, 10)).await.unwrap();
    // As a request leaves it that ended before its last bytes were synced.
    std::fs::write(a.path().join("blobs").join(BLOB.to_text()), b"0123456789").unwrap();
    let store = switchboard::store::SqliteStore::open(&a.path().join("switchboard.db")).unwrap();
    let is_complete =
        || -> bool { store.connection().query_row("SELECT complete FROM blobs", (), |row| row.get(0)).unwrap() };
    assert!(!is_complete());
    assert_eq!(ada.here(&BLOB).await, Some(10));
    assert!(is_complete());
}

#[tokio::test]
async fn nobody_brings_or_removes_what_is_anothers_and_two_lines_of_one_office_share_by_the_same_way() {
    let a = Board::new().await;
    let (mut ada, mut eve) = (Handset::new(&a, 1).await, Handset::new(&a, 3).await);
    ada.deed(Deed::OpenBlob { blob: BLOB, size: 10, copies: 2 }).await.unwrap();
    assert_eq!(code(eve.bring(&BLOB, 0, b"0123456789").await).await, RefusalCode::BlobUnknown);
    assert_eq!(eve.deed(open(BLOB, 10)).await.unwrap_err().code, RefusalCode::Malformed);
    eve.deed(Deed::RemoveBlob { blob: BLOB }).await.unwrap();
    assert_eq!(code(ada.bring(&BLOB, 0, b"0123456789 and more").await).await, RefusalCode::TooLarge);
    ada.bring(&BLOB, 0, b"0123456789").await;
    assert_eq!(eve.fetch(&BLOB, &a.address(), 4).await.bytes().await.unwrap(), b"456789"[..]);
    eve.deed(Deed::ReleaseBlob { at: a.address(), blob: BLOB }).await.unwrap();
    assert_eq!(files(&a), 1, "one of two");
    ada.deed(Deed::RemoveBlob { blob: BLOB }).await.unwrap();
    assert_eq!(files(&a), 0);
    let stranger = http().get(format!("{}/{}/{}", eve.url, BLOB.to_text(), a.address())).send().await.unwrap();
    assert_eq!(stranger.status(), StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn blobs_stop_at_the_limits() {
    let a = Board::with(|config| {
        config.limits.blobs_per_line = 2;
        config.limits.blob_bytes_per_line = 5000;
        config.limits.blob_bytes = 8000;
    })
    .await;
    let (mut ada, mut eve) = (Handset::new(&a, 1).await, Handset::new(&a, 3).await);
    let blob = |n: u8| BlobId::new([n; 32]);
    let too_large = ada.deed(open(blob(9), sealed(FILE_BYTES) + 1)).await.unwrap_err();
    assert_eq!(too_large.code, RefusalCode::TooLarge);
    for wrong in [open(blob(9), 0), Deed::OpenBlob { blob: blob(9), size: 1, copies: 0 }] {
        assert_eq!(ada.deed(wrong).await.unwrap_err().code, RefusalCode::Malformed);
    }
    ada.deed(open(blob(1), 4000)).await.unwrap();
    ada.bring(&blob(1), 0, b"begun").await;
    assert_eq!(ada.deed(open(blob(2), 1001)).await.unwrap_err().code, RefusalCode::AtLimit, "bytes of a line");
    ada.deed(open(blob(2), 1000)).await.unwrap();
    assert_eq!(ada.deed(open(blob(3), 0)).await.unwrap_err().code, RefusalCode::Malformed);
    assert_eq!(ada.deed(open(blob(3), 1)).await.unwrap_err().code, RefusalCode::AtLimit, "number of a line");
    assert_eq!(eve.deed(open(blob(4), 3001)).await.unwrap_err().code, RefusalCode::AtLimit, "all lines together");
    eve.deed(open(blob(4), 3000)).await.unwrap();
    ada.deed(Deed::RemoveBlob { blob: blob(1) }).await.unwrap();
    eve.deed(open(blob(5), 2000)).await.unwrap();
}

#[tokio::test]
async fn a_line_and_a_peer_ask_for_blobs_so_often_and_no_more() {
    let a = Board::with(|config| config.limits.fetches_per_minute = 2).await;
    let b = Board::with(|config| config.limits.questions_per_minute = 3).await;
    let ivo = Handset::new(&b, 2).await;
    let mut came = Vec::new();
    for _ in 0..4 {
        came.push(code(ivo.fetch(&BLOB, &a.address(), 0).await).await);
    }
    let (unknown, too_many) = (RefusalCode::BlobUnknown, RefusalCode::TooMany);
    assert_eq!(came[..2], [unknown, unknown]);
    assert!(came[2] != unknown, "the other switchboard answers no more: {:?}", came[2]);
    assert_eq!(came[3], too_many, "and this one asks no more");
    let mut ada = Handset::new(&a, 1).await;
    ada.deed(open(BLOB, 10)).await.unwrap();
    assert_eq!(ada.here(&BLOB).await, Some(0), "a line's own are no questions elsewhere");
}

#[tokio::test]
async fn a_blob_that_nobody_fetches_leaves_when_its_time_is_over() {
    let a = Board::with(|config| {
        config.limits.sweep = Duration::from_millis(50);
        config.limits.keep_blobs = Duration::from_millis(300);
    })
    .await;
    let mut ada = Handset::new(&a, 1).await;
    ada.deed(open(BLOB, 4000)).await.unwrap();
    ada.bring(&BLOB, 0, b"begun").await;
    let deadline = std::time::Instant::now() + PATIENCE;
    while ada.here(&BLOB).await.is_some() || files(&a) > 0 {
        assert!(std::time::Instant::now() < deadline, "it is still there");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test]
async fn bytes_without_a_blob_are_removed_at_the_next_start() {
    let a = Board::new().await;
    let mut ada = Handset::new(&a, 1).await;
    ada.deed(open(BLOB, 10)).await.unwrap();
    ada.bring(&BLOB, 0, b"01234").await;
    drop(ada.phone);
    let a = a.stop().await;
    let blobs = a.data.path().join("data/blobs");
    std::fs::write(blobs.join(BlobId::new([6; 32]).to_text()), b"stray").unwrap();
    std::fs::write(blobs.join("not-a-blob"), b"stray").unwrap();
    let a = a.start().await;
    assert_eq!(files(&a), 1);
    let phone = Phone::hello(&a, &ada.line).await;
    assert_eq!(Handset::with(&a, ada.line, phone).await.here(&BLOB).await, Some(5));
}

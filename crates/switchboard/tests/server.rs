//! Two real switchboards over loopback sockets.

mod net;
mod world;

use std::time::Duration;

use net::{Board, Phone, config, get, http};
use protocol::federation::{Parcel, ParcelReply, PeerMessage, SignedBytes, SwitchboardInfo};
use protocol::frames::{
    Answer, Deed, Delivery, FromSwitchboard, ItemBody, MailboxAddress, Outcome, Question, ToSwitchboard,
};
use protocol::wake::Urgency;
use protocol::{QueueId, RefusalCode, ReservationId, SwitchboardAddress, Timestamp, decode, encode};
use serde_bytes::ByteBuf;
use switchboard::core::Federation;
use switchboard::store::{Standing, Store as _};
use switchboard::{OperatorError, StartError, start};
use world::{Line, capability, lookup, mailbox, slot, submission};

/// A conversation of a line on each of two switchboards, sequenced by A: mailbox 1 there, mailbox 2 at B.
struct Talk {
    a: Board,
    b: Board,
    line_a: Line,
    line_b: Line,
    phone_a: Phone,
    phone_b: Phone,
}

fn found(members: &[(&Board, u8)]) -> Deed {
    Deed::Found {
        generation: world::GENERATION,
        epoch: 1,
        capability: seal::capability_hash(&capability(1)),
        members: members
            .iter()
            .map(|(board, n)| MailboxAddress { address: board.address(), mailbox: mailbox(*n) })
            .collect(),
    }
}

impl Talk {
    async fn new() -> Self {
        let (a, b) = (Board::new().await, Board::new().await);
        let (mut line_a, mut line_b) = (Line::new(1), Line::new(2));
        let (mut phone_a, mut phone_b) = (Phone::claim(&a, &line_a).await, Phone::claim(&b, &line_b).await);
        phone_a.deed(&mut line_a, Deed::OpenMailbox { mailbox: mailbox(1), from: a.address() }).await.unwrap();
        phone_b.deed(&mut line_b, Deed::OpenMailbox { mailbox: mailbox(2), from: a.address() }).await.unwrap();
        phone_a.deed(&mut line_a, found(&[(&a, 1), (&b, 2)])).await.unwrap();
        Self { a, b, line_a, line_b, phone_a, phone_b }
    }

    async fn submit_a(&mut self, text: &[u8]) {
        let deed = Deed::Submit { to: self.a.address(), submission: submission(1, 1, text) };
        self.phone_a.deed(&mut self.line_a, deed).await.unwrap();
    }

    async fn submit_b(&mut self, submission: protocol::frames::Submission) {
        let deed = Deed::Submit { to: self.a.address(), submission };
        self.phone_b.deed(&mut self.line_b, deed).await.unwrap();
    }
}

#[tokio::test]
async fn texts_go_both_ways_and_over_restarts() {
    let mut talk = Talk::new().await;
    talk.submit_a(b"one").await;
    assert_eq!(talk.phone_a.envelope().await, (1, b"one".to_vec()), "one's own comes back numbered");
    assert_eq!(talk.phone_b.envelope().await, (1, b"one".to_vec()));
    talk.submit_b(submission(1, 2, b"two")).await;
    assert_eq!(talk.phone_a.envelope().await, (2, b"two".to_vec()));
    assert_eq!(talk.phone_b.envelope().await, (2, b"two".to_vec()));

    let Talk { a, b, mut line_a, line_b, mut phone_a, mut phone_b } = talk;
    let b = b.stop().await;
    assert!(matches!(phone_b.hear().await, Some(FromSwitchboard::Refused(refusal)) if refusal.code.is_passing()));
    assert_eq!(phone_b.hear().await, None);
    for text in [b"three" as &[u8], b"four"] {
        let deed = Deed::Submit { to: a.address(), submission: submission(1, 1, text) };
        phone_a.deed(&mut line_a, deed).await.unwrap();
    }
    // A starts again, too, and has not forgotten what waits.
    let a = a.stop().await.start().await;
    let b = b.start().await;
    let (mut phone_a, mut phone_b) = (Phone::hello(&a, &line_a).await, Phone::hello(&b, &line_b).await);
    let expected = [(3, b"three".to_vec()), (4, b"four".to_vec())];
    assert_eq!(after_two(&mut phone_a).await, expected);
    assert_eq!(after_two(&mut phone_b).await, expected);
    assert!(phone_a.is_quiet().await && phone_b.is_quiet().await);
}

/// The two envelopes after the second; that one may come once more if the last acknowledgement was on its way.
async fn after_two(phone: &mut Phone) -> [(u64, Vec<u8>); 2] {
    let mut first = phone.envelope().await;
    if first.0 == 2 {
        first = phone.envelope().await;
    }
    [first, phone.envelope().await]
}

#[tokio::test]
async fn what_is_wrong_with_a_submission_comes_back_from_the_other_switchboard() {
    let mut talk = Talk::new().await;
    talk.submit_b(submission(7, 2, b"stale")).await;
    assert_eq!(talk.phone_b.outcome().await, Outcome::Stale { epoch: 1 });
    let mut without = submission(1, 2, b"without");
    without.capability = capability(9);
    talk.submit_b(without).await;
    let outcome = talk.phone_b.outcome().await;
    assert!(matches!(outcome, Outcome::Refused(refusal) if refusal.code == RefusalCode::NotAuthentic));
    let mut lost = submission(1, 2, b"lost");
    lost.generation = protocol::GenerationId::new([1; 32]);
    talk.submit_b(lost).await;
    assert_eq!(talk.phone_b.outcome().await, Outcome::GenerationUnknown);
    let large = Deed::Submit { to: talk.a.address(), submission: submission(1, 2, &vec![0; 128 * 1024 + 1]) };
    let refusal = talk.phone_b.deed(&mut talk.line_b, large).await.unwrap_err();
    assert_eq!(refusal.code, RefusalCode::TooLarge);
}

#[tokio::test]
async fn a_card_is_taken_up_and_a_revoked_one_is_not_though_its_issuer_is_away() {
    let mut talk = Talk::new().await;
    let intake = |n: u8| Deed::OpenIntake {
        lookup: lookup(n),
        bundle: ByteBuf::from(b"bundle".to_vec()),
        slots: vec![slot(n)],
        expires_at: None,
        last_resort: false,
    };
    talk.phone_b.deed(&mut talk.line_b, intake(20)).await.unwrap();
    talk.phone_b.deed(&mut talk.line_b, intake(21)).await.unwrap();
    let Talk { a, b, mut line_a, mut line_b, mut phone_a, mut phone_b } = talk;
    let fetch =
        |n: u8| Question::FetchSlot { at: b.address(), lookup: lookup(n), reservation: ReservationId::new([n; 16]) };
    let introduce = |n: u8| Deed::Introduce {
        to: b.address(),
        lookup: lookup(n),
        reservation: ReservationId::new([n; 16]),
        reply_to: mailbox(1),
        sealed: ByteBuf::from(vec![n; 1000]),
    };
    let Ok(Answer::Slot(fetched)) = phone_a.ask(fetch(20)).await else { panic!("no slot") };
    assert_eq!((fetched.bundle.as_slice(), fetched.slot.len()), (b"bundle".as_slice(), 100));
    phone_a.ask(fetch(21)).await.unwrap();
    phone_a.deed(&mut line_a, introduce(20)).await.unwrap();
    assert_eq!(phone_a.outcome().await, Outcome::Introduced);
    let arrived = phone_b.item().await;
    assert!(
        matches!(arrived, ItemBody::Introduction { mailbox: to, from, .. } if to == mailbox(20) && from == a.address())
    );

    phone_b.deed(&mut line_b, Deed::RevokeIntake { lookup: lookup(21) }).await.unwrap();
    drop(phone_b);
    phone_a.deed(&mut line_a, introduce(21)).await.unwrap();
    let outcome = phone_a.outcome().await;
    assert!(matches!(outcome, Outcome::Refused(refusal) if refusal.code == RefusalCode::CardRevoked));
    let refusal = phone_a.ask(fetch(22)).await.unwrap_err();
    assert_eq!(refusal.code, RefusalCode::CardUnknown);
    let nowhere = Question::FetchSlot {
        at: "127.0.0.1:1".parse().unwrap(),
        lookup: lookup(1),
        reservation: ReservationId::new([1; 16]),
    };
    assert_eq!(phone_a.ask(nowhere).await.unwrap_err().code, RefusalCode::PeerUnreachable);
}

/// A peer that is run by somebody else: says who it is on a socket of its own, and sends what it likes.
struct Rogue {
    address: SwitchboardAddress,
    key: seal::SwitchboardKey,
}

impl Rogue {
    async fn new() -> Self {
        let key = seal::SwitchboardKey::from_bytes(&[7; 32]);
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address: SwitchboardAddress = listener.local_addr().unwrap().to_string().parse().unwrap();
        let info = encode(&SwitchboardInfo {
            versions: vec![1],
            address: address.clone(),
            office: "Rogue".into(),
            key: ByteBuf::from(key.public()),
        });
        let route = axum::routing::get(move || std::future::ready(info.clone()));
        let router = axum::Router::new().route(protocol::federation::WELL_KNOWN_PATH, route);
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { address, key }
    }

    fn parcel(&self, to: &Board, first: u64, messages: Vec<PeerMessage>) -> Parcel {
        Parcel { from: self.address.clone(), to: to.address(), queue: QueueId::new([1; 16]), first, messages }
    }

    fn sign(&self, parcel: &Parcel) -> Vec<u8> {
        let payload = encode(parcel);
        let signature = self.key.sign("entrenous parcel v1", &payload);
        let (payload, signature) = (ByteBuf::from(payload), ByteBuf::from(signature));
        encode(&SignedBytes { from: self.address.clone(), payload, signature })
    }

    async fn post(&self, to: &Board, body: Vec<u8>) -> ParcelReply {
        let answer = http().post(to.url("/v1/parcel")).body(body).send().await.unwrap();
        decode(&answer.bytes().await.unwrap(), 4096).unwrap()
    }
}

fn code(reply: &ParcelReply) -> Option<RefusalCode> {
    match reply {
        ParcelReply::Refused(refusal) => Some(refusal.code),
        _ => None,
    }
}

#[tokio::test]
async fn a_peer_that_forges_replays_and_floods_gets_nowhere() {
    let mut talk = Talk::new().await;
    let rogue = Rogue::new().await;
    let delivery = |to: u8, number| {
        let envelope = ByteBuf::from(b"forged".to_vec());
        PeerMessage::Deliver(Delivery {
            mailbox: mailbox(to),
            number,
            at: Timestamp::default(),
            urgent: Urgency::Quiet,
            envelope,
        })
    };
    let parcel = rogue.parcel(&talk.a, 1, vec![delivery(1, 99), delivery(9, 1)]);
    let signed = rogue.sign(&parcel);
    assert_eq!(rogue.post(&talk.a, signed.clone()).await, ParcelReply::Stored { through: 2 });
    assert_eq!(talk.a.metric("messages_dropped_total").await, 2, "not its mailbox, and none at all");
    assert_eq!(rogue.post(&talk.a, signed.clone()).await, ParcelReply::Stored { through: 2 }, "a replay is no news");
    assert_eq!(talk.a.metric("messages_dropped_total").await, 2);

    // In another's name; altered; signed for something else; to somebody else; too large.
    let mut in_bs_name = parcel.clone();
    in_bs_name.from = talk.b.address();
    assert_eq!(code(&rogue.post(&talk.a, rogue.sign(&in_bs_name)).await), Some(RefusalCode::NotAuthentic));
    let mut outside: SignedBytes = decode(&rogue.sign(&in_bs_name), 1 << 20).unwrap();
    outside.from = talk.b.address();
    assert_eq!(code(&rogue.post(&talk.a, encode(&outside)).await), Some(RefusalCode::NotAuthentic));
    let mut altered = signed;
    let last = altered.len() - 1;
    altered[last] ^= 1;
    assert_eq!(code(&rogue.post(&talk.a, altered).await), Some(RefusalCode::NotAuthentic));
    let elsewhere = rogue.parcel(&talk.b, 3, vec![]);
    assert_eq!(code(&rogue.post(&talk.a, rogue.sign(&elsewhere)).await), Some(RefusalCode::Malformed));
    assert_eq!(code(&rogue.post(&talk.a, vec![1, 2, 3]).await), Some(RefusalCode::Malformed));
    assert_eq!(code(&rogue.post(&talk.a, vec![7, 2, 3]).await), Some(RefusalCode::VersionUnknown));
    let gap = rogue.parcel(&talk.a, 9, vec![delivery(1, 1)]);
    assert_eq!(rogue.post(&talk.a, rogue.sign(&gap)).await, ParcelReply::Behind { through: 2 });
    let large = http().post(talk.a.url("/v1/parcel")).body(vec![0; 5 << 20]).send().await;
    if let Ok(answer) = large {
        let reply = decode(&answer.bytes().await.unwrap(), 4096).unwrap();
        assert_eq!(code(&reply), Some(RefusalCode::TooLarge));
    }
    assert!(talk.phone_a.is_quiet().await);

    // Another key from the same address.
    let other = Rogue { address: rogue.address.clone(), key: seal::SwitchboardKey::from_bytes(&[8; 32]) };
    let next = other.sign(&rogue.parcel(&talk.a, 3, vec![]));
    assert_eq!(code(&rogue.post(&talk.a, next).await), Some(RefusalCode::NotAuthentic));
    assert_eq!(talk.a.metric("signatures_refused_total").await, 3);

    switchboard::set_peer_standing(&talk.a.path(), &rogue.address, Standing::Blocked).unwrap();
    let next = rogue.sign(&rogue.parcel(&talk.a, 3, vec![]));
    assert_eq!(code(&rogue.post(&talk.a, next).await), Some(RefusalCode::PeerNotAllowed));
    let peers = switchboard::peers(&talk.a.path()).unwrap();
    assert!(
        peers.iter().any(|peer| peer.address == rogue.address && peer.is_pinned && peer.standing == Standing::Blocked)
    );
    let forgotten = switchboard::forget_peer(&talk.a.path(), &"127.0.0.1:9".parse().unwrap());
    assert!(matches!(forgotten, Err(OperatorError::PeerUnknown)));
}

#[tokio::test]
async fn with_an_allow_list_only_who_is_on_it_is_dealt_with() {
    let board = Board::with(|config| config.federation = Federation::AllowList).await;
    let rogue = Rogue::new().await;
    let signed = rogue.sign(&rogue.parcel(&board, 1, vec![]));
    assert_eq!(code(&rogue.post(&board, signed.clone()).await), Some(RefusalCode::PeerNotAllowed));
    let mut line = Line::new(1);
    let mut phone = Phone::claim(&board, &line).await;
    let open = |n| Deed::OpenMailbox { mailbox: mailbox(n), from: rogue.address.clone() };
    assert_eq!(phone.deed(&mut line, open(1)).await.unwrap_err().code, RefusalCode::PeerNotAllowed);
    switchboard::set_peer_standing(&board.path(), &rogue.address, Standing::Allowed).unwrap();
    assert_eq!(rogue.post(&board, signed).await, ParcelReply::Stored { through: 0 });
    phone.deed(&mut line, open(2)).await.unwrap();
}

#[tokio::test]
async fn strangers_are_short_of_time_and_size() {
    let board = Board::with(|config| config.limits.greeting = Duration::from_millis(200)).await;
    let refused = |heard: Option<FromSwitchboard>| match heard {
        Some(FromSwitchboard::Refused(refusal)) => refusal.code,
        other => panic!("{other:?}"),
    };
    let mut silent = Phone::dial(&board).await;
    assert_eq!(refused(silent.hear().await), RefusalCode::TooMany);
    assert_eq!(silent.hear().await, None);
    let mut large = Phone::dial(&board).await;
    large.say_bytes(vec![1; 70_000]).await;
    assert_eq!(refused(large.hear().await), RefusalCode::TooLarge);
    let mut early = Phone::dial(&board).await;
    early.say(&ToSwitchboard::Ack { through: 1 }).await;
    assert_eq!(refused(early.hear().await), RefusalCode::Malformed);
    let mut unknown = Phone::dial(&board).await;
    let line = Line::new(1);
    let signature = ByteBuf::new();
    unknown.say(&ToSwitchboard::Hello { version: 1, line: line.line, handset: line.handset, signature }).await;
    assert_eq!(refused(unknown.hear().await), RefusalCode::LineUnknown);
    assert_eq!(board.metric("greetings_refused_total").await, 4);
}

#[tokio::test]
async fn a_handset_that_connects_again_takes_the_place_of_the_old_connection() {
    let mut talk = Talk::new().await;
    let mut again = Phone::hello(&talk.a, &talk.line_a).await;
    assert!(matches!(talk.phone_a.hear().await, Some(FromSwitchboard::Refused(_))));
    let deed = Deed::Submit { to: talk.a.address(), submission: submission(1, 1, b"one") };
    again.deed(&mut talk.line_a, deed).await.unwrap();
    assert_eq!(again.envelope().await, (1, b"one".to_vec()));
    assert_eq!(talk.a.metric("handsets_connected").await, 1);
}

#[tokio::test]
async fn an_operator_invites_while_the_switchboard_runs() {
    let board = Board::new().await;
    let first = board.running.claim_url_of_first_invitation().unwrap().to_owned();
    assert!(first.starts_with(&format!("{}/claim#", board.running.public_url)), "{first}");
    let second = switchboard::invite(&board.path(), "Ivo", switchboard::INVITATION).unwrap().claim_url;
    assert_ne!(first, second);
    Phone::claim_with(&board, &Line::new(2), &second).await;
    Phone::claim_with(&board, &Line::new(1), &first).await;
    let nothing = tempfile::tempdir().unwrap();
    assert!(matches!(switchboard::invite(nothing.path(), "", switchboard::INVITATION), Err(OperatorError::NoData(_))));
}

#[tokio::test]
async fn the_first_invitation_is_shown_until_it_is_taken_up() {
    let board = Board::new().await;
    let first = board.running.claim_url_of_first_invitation().unwrap().to_owned();
    let board = board.stop().await.start().await;
    assert_eq!(board.running.claim_url_of_first_invitation(), Some(first.as_str()));
    Phone::claim(&board, &Line::new(1)).await;
    let board = board.stop().await.start().await;
    assert_eq!(board.running.claim_url_of_first_invitation(), None);
}

#[tokio::test]
async fn what_is_in_the_way_of_a_start_is_said() {
    let board = Board::new().await;
    let failed = async |config| start(config).await.unwrap_err().code();
    assert_eq!(failed(config(&board.path(), 0)).await, "already-running");
    let free = tempfile::tempdir().unwrap();
    let taken = config(free.path(), board.running.listening.port());
    assert_eq!(failed(taken).await, "cannot-listen");
    let mut everywhere = config(free.path(), 0);
    everywhere.listen = "0.0.0.0:0".parse().unwrap();
    assert_eq!(failed(everywhere).await, "not-loopback");
    let mut elsewhere = config(free.path(), 0);
    elsewhere.public_url = Some("http://line.example.org".into());
    assert_eq!(failed(elsewhere).await, "not-loopback");
    let mut bare = config(free.path(), 0);
    bare.insecure_loopback = false;
    assert_eq!(failed(bare).await, "certificate");
    let mut nameless = config(free.path(), 0);
    nameless.office = String::new();
    assert_eq!(failed(nameless).await, "office-name");
    std::fs::write(free.path().join("file"), "").unwrap();
    assert_eq!(failed(config(&free.path().join("file"), 0)).await, "data-directory");
    let half = tempfile::tempdir().unwrap();
    std::fs::write(half.path().join("restoring"), "").unwrap();
    assert_eq!(failed(config(half.path(), 0)).await, "restore-cut-off");
    assert!(!half.path().join("switchboard.db").exists(), "no switchboard begins there");

    Phone::claim(&board, &Line::new(1)).await;
    let stopped = board.stop().await;
    let moved = config(&stopped.data.path().join("data"), 0);
    assert_eq!(failed(moved).await, "address-changed");
    let board = stopped.start().await;
    let path = board.path().join("switchboard.db");
    let stopped = board.stop().await;
    let store = switchboard::store::SqliteStore::open(&path).unwrap();
    store.connection().execute_batch("PRAGMA user_version = 99").unwrap();
    drop(store);
    let again = config(&stopped.data.path().join("data"), stopped.port);
    assert!(matches!(start(again).await, Err(StartError::Store(error)) if error.code() == "database-newer-version"));
}

#[tokio::test]
async fn pages_have_no_script_and_load_nothing_from_elsewhere() {
    let board = Board::new().await;
    for (path, says) in [("/c", "This is a private number."), ("/claim", "Claim your line.")] {
        let answer = get(&board.url(path)).await;
        let policy = answer.headers()["content-security-policy"].to_str().unwrap().to_owned();
        assert!(policy.starts_with("default-src 'none'; style-src 'self';"), "{policy}");
        assert_eq!(answer.headers()["referrer-policy"], "no-referrer");
        let text = answer.text().await.unwrap();
        assert!(text.contains(says) && !text.contains("<script") && !text.contains("http"), "{text}");
    }
    let style = get(&board.url("/page.css")).await.text().await.unwrap();
    assert!(style.contains("prefers-color-scheme: dark") && !style.contains("url("));
    assert_eq!(get(&board.url("/healthz")).await.text().await.unwrap(), "ok\n");
    assert_eq!(get(&board.url("/elsewhere")).await.status(), 404);
}

#[tokio::test]
async fn a_peer_brings_one_parcel_at_a_time() {
    let board = Board::new().await;
    let rogue = Rogue::new().await;
    let signed = rogue.sign(&rogue.parcel(&board, 1, vec![]));
    assert_eq!(rogue.post(&board, signed.clone()).await, ParcelReply::Stored { through: 0 });
    // Nothing can be written until another process is done.
    let other = switchboard::store::SqliteStore::open(&board.path().join("switchboard.db")).unwrap();
    other.connection().execute_batch("BEGIN IMMEDIATE").unwrap();
    let in_a_while = async {
        tokio::time::sleep(Duration::from_millis(500)).await;
        other.connection().execute_batch("COMMIT").unwrap();
    };
    let (one, two, ()) =
        tokio::join!(rogue.post(&board, signed.clone()), rogue.post(&board, signed.clone()), in_a_while);
    let refused = [&one, &two].map(code);
    assert!(refused.contains(&None) && refused.contains(&Some(RefusalCode::TooMany)), "{one:?} {two:?}");
    assert_eq!(rogue.post(&board, signed).await, ParcelReply::Stored { through: 0 });
}

#[tokio::test]
async fn a_request_for_which_there_is_no_room_is_refused_in_passing() {
    let board = Board::with(|config| config.limits.request_bytes = 1000).await;
    let rogue = Rogue::new().await;
    let signed = rogue.sign(&rogue.parcel(&board, 1, vec![]));
    assert_eq!(code(&rogue.post(&board, vec![1; 2000]).await), Some(RefusalCode::TooMany));
    assert_eq!(rogue.post(&board, signed).await, ParcelReply::Stored { through: 0 });
}

#[tokio::test]
async fn what_waits_for_a_peer_is_sent_once_the_operator_allows_it() {
    let (a, b) = (Board::with(|config| config.limits.sweep = Duration::from_millis(100)).await, Board::new().await);
    let (mut line_a, mut line_b) = (Line::new(1), Line::new(2));
    let (mut phone_a, mut phone_b) = (Phone::claim(&a, &line_a).await, Phone::claim(&b, &line_b).await);
    phone_b.deed(&mut line_b, Deed::OpenMailbox { mailbox: mailbox(2), from: a.address() }).await.unwrap();
    phone_a.deed(&mut line_a, found(&[(&b, 2)])).await.unwrap();
    let b_address = b.address();
    let b = b.stop().await;
    let deed = Deed::Submit { to: a.address(), submission: submission(1, 1, b"one") };
    phone_a.deed(&mut line_a, deed).await.unwrap();
    // Starts anew, so that nobody waits for the peer to be back, and deals with those only that the operator allows.
    let a = a.stop().await;
    let mut again = config(&a.data.path().join("data"), a.port);
    again.federation = Federation::AllowList;
    again.limits.sweep = Duration::from_millis(100);
    let running = start(again).await.unwrap();
    let a = Board { data: a.data, running };
    let b = b.start().await;
    let mut phone_b = Phone::hello(&b, &line_b).await;
    assert!(phone_b.is_quiet().await);
    switchboard::set_peer_standing(&a.path(), &b_address, Standing::Allowed).unwrap();
    assert_eq!(phone_b.envelope().await, (1, b"one".to_vec()));
}

#[tokio::test]
async fn a_clock_that_has_leapt_removes_nothing_at_the_start() {
    let board = Board::new().await;
    let mut line = Line::new(1);
    let mut phone = Phone::claim(&board, &line).await;
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    let intake = Deed::OpenIntake {
        lookup: lookup(1),
        bundle: ByteBuf::from(b"bundle".to_vec()),
        slots: vec![slot(10)],
        expires_at: Some(Timestamp::from_millis(now.as_millis() as u64)),
        last_resort: false,
    };
    phone.deed(&mut line, intake).await.unwrap();
    let path = board.path().join("switchboard.db");
    let mut stopped = board.stop().await;
    for (days, is_kept) in [(8, true), (0, false)] {
        let last = (now - Duration::from_hours(24 * days)).as_millis() as u64;
        let mut store = switchboard::store::SqliteStore::open(&path).unwrap();
        store.write(&mut |tx| tx.put_setting("last_sweep", &last.to_be_bytes())).unwrap();
        drop(store);
        let board = stopped.start().await;
        // The first sweep is over, or was not begun.
        tokio::time::sleep(Duration::from_millis(500)).await;
        stopped = board.stop().await;
        let store = switchboard::store::SqliteStore::open(&path).unwrap();
        let slots: i64 = store.connection().query_row("SELECT count(*) FROM slots", (), |row| row.get(0)).unwrap();
        assert_eq!(slots == 1, is_kept, "{days} days");
    }
}

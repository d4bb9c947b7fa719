//! Neighbours that misbehave: whatever a peer answers, asks or floods with, the others' texts go on.

mod neighbour;
mod net;
mod world;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use neighbour::{Hostile, Says, endless, honest, ok, request, to_all, who};
use net::{Board, PATIENCE, Phone, http};
use protocol::federation::{
    FETCH_BLOB_PATH, Fetch, FetchBlob, PARCEL_PATH, Parcel, ParcelReply, PeerMessage, SignedBytes, WELL_KNOWN_PATH,
};
use protocol::files::BLOB_PATH;
use protocol::frames::{Answer, Deed, Delivery, MailboxAddress, Outcome, Question, ToSwitchboard, Way};
use protocol::wake::Urgency;
use protocol::{
    BlobId, EnvelopeHash, GenerationId, QueueId, Refusal, RefusalCode, ReservationId, SwitchboardAddress, Ticket,
    Timestamp, decode, encode,
};
use serde_bytes::ByteBuf;
use switchboard::Config;
use tokio::io::AsyncWriteExt as _;
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;
use world::{Line, capability, lookup, mailbox, submission};

/// Two honest switchboards with a line each that talk, and a third line at A whose contacts are elsewhere.
struct Neighbours {
    a: Board,
    b: Board,
    lines: [Line; 3],
    phones: [Phone; 3],
    said: u64,
}

impl Neighbours {
    async fn new() -> Self {
        Self::with(|_| {}).await
    }

    async fn with(change: impl FnOnce(&mut Config)) -> Self {
        let (a, b) = (Board::with(change).await, Board::new().await);
        let mut lines = [Line::new(1), Line::new(2), Line::new(3)];
        let invitation = switchboard::invite(&a.path(), "", Duration::from_hours(1)).unwrap();
        let mut phones = [
            Phone::claim(&a, &lines[0]).await,
            Phone::claim(&b, &lines[1]).await,
            Phone::claim_with(&a, &lines[2], &invitation.claim_url).await,
        ];
        for n in [0, 1] {
            let deed = Deed::OpenMailbox { mailbox: mailbox(n as u8 + 1), from: a.address() };
            phones[n].deed(&mut lines[n], deed).await.unwrap();
        }
        let members = vec![
            MailboxAddress { address: a.address(), mailbox: mailbox(1) },
            MailboxAddress { address: b.address(), mailbox: mailbox(2) },
        ];
        let found = Deed::Found {
            generation: world::GENERATION,
            epoch: 1,
            capability: seal::capability_hash(&capability(1)),
            members,
        };
        phones[0].deed(&mut lines[0], found).await.unwrap();
        Self { a, b, lines, phones, said: 0 }
    }

    /// A text each way; gives how long the slower took.
    async fn talk(&mut self) -> Duration {
        let mut slowest = Duration::ZERO;
        for from in [0, 1] {
            let begun = Instant::now();
            self.said += 1;
            let submission = submission(1, from as u8 + 1, format!("text {}", self.said).as_bytes());
            let deed = Deed::Submit { to: self.a.address(), submission };
            self.phones[from].deed(&mut self.lines[from], deed).await.unwrap();
            for to in [0, 1] {
                let text = timeout(PATIENCE, self.phones[to].envelope()).await.expect("the others' text in time");
                assert_eq!(text, (self.said, format!("text {}", self.said).into_bytes()));
            }
            slowest = slowest.max(begun.elapsed());
        }
        slowest
    }

    /// The third line founds a conversation with somebody at a peer.
    async fn meet(&mut self, n: u8, peer: &SwitchboardAddress) {
        let found = Deed::Found {
            generation: GenerationId::new([n; 32]),
            epoch: 1,
            capability: seal::capability_hash(&capability(1)),
            members: vec![MailboxAddress { address: peer.clone(), mailbox: mailbox(n) }],
        };
        self.phones[2].deed(&mut self.lines[2], found).await.unwrap();
    }

    /// The third line says something there.
    async fn say(&mut self, n: u8, text: &[u8]) {
        let submission =
            protocol::frames::Submission { generation: GenerationId::new([n; 32]), ..submission(1, n, text) };
        let deed = Deed::Submit { to: self.a.address(), submission };
        self.phones[2].deed(&mut self.lines[2], deed).await.unwrap();
    }

    async fn ticket(&mut self) -> Ticket {
        match self.phones[2].ask(Question::Ticket).await {
            Ok(Answer::Ticket(ticket)) => ticket,
            other => panic!("{other:?}"),
        }
    }

    /// A request for a blob at a peer, for the third line.
    fn blob(&self, ticket: &Ticket, peer: &SwitchboardAddress) -> reqwest::RequestBuilder {
        let blob = BlobId::new([5; 32]).to_text();
        http().get(self.a.url(&format!("{BLOB_PATH}/{blob}/{peer}"))).bearer_auth(ticket.to_text())
    }
}

async fn until(what: &str, mut is_so: impl AsyncFnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !is_so().await {
        assert!(Instant::now() < deadline, "{what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// This process's memory, in KiB.
fn memory() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_peers_answer_the_others_texts_go_on() {
    let mut all = Neighbours::new().await;
    let garbage = || vec![0x17; 900];
    let moved = |to: String| Says::Whole("307 Temporary Redirect", format!("location: {to}\r\n"), Vec::new());
    let elsewhere = all.b.url(PARCEL_PATH);
    let peers = [
        Hostile::new(move |_, _, _| ok(garbage())).await,
        Hostile::new(to_all(move |_, _| ok(garbage()))).await,
        Hostile::new(|_, _, _| Says::Nothing).await,
        Hostile::new(to_all(|_, _| Says::Nothing)).await,
        Hostile::new(to_all(|_, _| Says::Drips(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n".repeat(9)))).await,
        Hostile::new(|_, _, _| Says::Drips(endless("200 OK"))).await,
        Hostile::new(|_, _, _| Says::Endless(endless("200 OK"))).await,
        Hostile::new(to_all(|_, _| Says::Endless(endless("200 OK")))).await,
        Hostile::new(to_all(|_, _| Says::Endless(b"HTTP/1.1 200 OK\r\nx: ".to_vec()))).await,
        Hostile::new(to_all(move |_, _| moved(elsewhere.clone()))).await,
        Hostile::new(to_all(|_, _| Says::Whole("500 Oh", String::new(), vec![1; 9]))).await,
        Hostile::new(|_, _, _| ok(who(&"127.0.0.1:9".parse().unwrap()))).await,
        Hostile::new(to_all(|_, _| ok(encode(&ParcelReply::Behind { through: 0 })))).await,
        Hostile::new(to_all(|_, _| {
            ok(encode(&ParcelReply::Refused(Refusal::new(RefusalCode::Malformed, "x".repeat(3000)))))
        }))
        .await,
    ];
    all.talk().await;
    let ticket = all.ticket().await;
    let before = memory();
    for (n, peer) in (100..).zip(&peers) {
        all.meet(n, &peer.address).await;
        all.say(n, &[n; 2000]).await;
        let (at, reservation) = (peer.address.clone(), ReservationId::new([n; 16]));
        let question = Question::FetchSlot { at, lookup: lookup(1), reservation };
        // Without waiting for the answer.
        all.phones[2].say(&ToSwitchboard::Ask { id: n.into(), question }).await;
        let blob = all.blob(&ticket, &peer.address);
        tokio::spawn(async move { blob.send().await });
    }
    let begun = Instant::now();
    let mut slowest = Duration::ZERO;
    while begun.elapsed() < Duration::from_secs(8) {
        slowest = slowest.max(all.talk().await);
        for n in 100..100 + peers.len() as u8 {
            all.say(n, b"more").await;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert!(slowest < Duration::from_secs(5), "{slowest:?}");
    let grown = memory().saturating_sub(before);
    assert!(grown < 200 * 1024, "{grown} KiB more");
    // One task each, which waits longer each time.
    assert!(all.a.metric("peers_waiting").await <= peers.len() as u64 + 1);
    let sent: usize = peers.iter().map(Hostile::parcels).sum();
    assert!(sent <= peers.len() * 12, "{sent} attempts");
    println!("the slowest text: {slowest:?}; memory: {grown} KiB more; attempts at {} peers: {sent}", peers.len());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_peer_that_is_behind_for_ever_is_not_sent_to_in_a_loop_however_often_it_is_heard_of() {
    let mut all = Neighbours::new().await;
    let peer = Hostile::new(to_all(|_, _| ok(encode(&ParcelReply::Behind { through: 0 })))).await;
    all.meet(100, &peer.address).await;
    all.say(100, b"text").await;
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_secs(3) {
        // It is up, and says so all the time.
        assert_eq!(peer.parcel(&all.a, 1, 1, Vec::new()).await, ParcelReply::Stored { through: 0 });
    }
    let sent = peer.parcels();
    assert!((1..=12).contains(&sent), "{sent} parcels");
    assert!(all.talk().await < Duration::from_secs(5));
    peer.becomes(to_all(honest));
    // Whatever it said before.
    until("it is sent to in the end", async || {
        peer.parcel(&all.a, 1, 1, Vec::new()).await;
        all.a.metric("parcels_failed_total").await > 0 && peer.parcels() > sent
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_peer_that_claims_what_it_was_not_sent_misses_nothing_once_it_is_honest() {
    let mut all = Neighbours::new().await;
    let lies = [
        ParcelReply::Behind { through: u64::MAX },
        ParcelReply::Behind { through: 7 },
        ParcelReply::Stored { through: 0 },
    ];
    for (n, lie) in (100..).zip(lies) {
        let honest_now = Arc::new(AtomicBool::new(false));
        let (says_so, said) = (Arc::clone(&honest_now), encode(&lie));
        let peer = Hostile::new(to_all(move |path, body| match says_so.load(Ordering::SeqCst) {
            true => honest(path, body),
            false => ok(said.clone()),
        }))
        .await;
        all.meet(n, &peer.address).await;
        all.say(n, b"one").await;
        until("it was sent to", async || peer.parcels() > 0).await;
        honest_now.store(true, Ordering::SeqCst);
        let before = peer.parcels();
        until(&format!("after {lie:?} it gets what it was not given"), async || peer.parcels() > before).await;
    }
    // More than there is: it is told of, and what there is goes again.
    let peer = Hostile::new(to_all(|_, _| ok(encode(&ParcelReply::Stored { through: u64::MAX })))).await;
    all.meet(110, &peer.address).await;
    for text in [b"one" as &[u8], b"two"] {
        let before = peer.parcels();
        all.say(110, text).await;
        until("it is sent the next", async || peer.parcels() > before).await;
    }
    until("its word is noted", async || {
        let report = switchboard::status(&all.a.path()).unwrap();
        report.peers.iter().any(|of| of.address == peer.address && of.waiting == 2)
    })
    .await;
    assert!(all.talk().await < Duration::from_secs(5));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_blob_that_drips_is_given_up_and_holds_no_place() {
    let mut all = Neighbours::with(|config| config.limits.blob_pace = Duration::from_millis(1500)).await;
    let head = b"HTTP/1.1 206 Partial Content\r\ncontent-range: bytes 0-99999/100000\r\ncontent-length: 100000\r\n\r\n";
    let head = head.to_vec();
    let slow = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address: SwitchboardAddress = slow.local_addr().unwrap().to_string().parse().unwrap();
    let its = address.clone();
    // Its head at once, then a byte at a time.
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = slow.accept().await {
            let (its, head) = (its.clone(), head.clone());
            tokio::spawn(async move {
                let mut bytes = Vec::new();
                while let Some((path, _)) = request(&mut stream, &mut bytes).await {
                    if path == WELL_KNOWN_PATH {
                        let info = who(&its);
                        let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", info.len());
                        stream.write_all(&[head.into_bytes(), info].concat()).await.unwrap();
                        continue;
                    }
                    stream.write_all(&head).await.unwrap();
                    while stream.write_all(&[0]).await.is_ok() {
                        tokio::time::sleep(Duration::from_millis(200)).await;
                    }
                }
            });
        }
    });
    let ticket = all.ticket().await;
    let begun = Instant::now();
    let fetches: Vec<_> = (0..4).map(|_| tokio::spawn(all.blob(&ticket, &address).send())).collect();
    for fetch in fetches {
        let response = fetch.await.unwrap().unwrap();
        assert_eq!(response.status(), 206);
        assert!(response.bytes().await.is_err(), "cut off");
    }
    assert!(begun.elapsed() < Duration::from_secs(15), "{:?}", begun.elapsed());
    // The line's places are free again.
    let own = all.blob(&ticket, &all.a.address()).send().await.unwrap();
    assert_eq!(own.status(), 404);
    assert!(all.talk().await < Duration::from_secs(5));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_more_of_a_blob_is_passed_on_than_it_was_said_to_have_and_no_ticket_is_lost_over_one() {
    let mut all = Neighbours::new().await;
    let ticket = all.ticket().await;
    let part = |range: &str, body: usize| {
        Says::Whole("206 Partial Content", format!("content-range: bytes {range}\r\n"), vec![1; body])
    };
    let refused = |code| {
        Says::Whole(
            "401 Unauthorized",
            String::new(),
            encode(&Refusal::new(code, format!("no\n\u{1b}[2J{}", "x".repeat(2000)))),
        )
    };
    let cases: [(Says, u16); 9] = [
        (part("0-99/100", 5000), 206),
        (part("0-99/100", 10), 206),
        (Says::Endless(endless("206 Partial Content")), 206),
        (part("0-99/18446744073709551615", 100), 502),
        (part("50-99/100", 50), 502),
        (part("nonsense", 50), 502),
        (Says::Endless(endless("404 Not Found")), 502),
        (refused(RefusalCode::NotAuthentic), 502),
        (refused(RefusalCode::BlobUnknown), 404),
    ];
    for (says, status) in cases {
        let what = match &says {
            Says::Whole(status, headers, body) => format!("{status} {headers} {}", body.len()),
            _ => "endless".to_owned(),
        };
        let peer = Hostile::new(to_all(move |path, _| {
            assert_eq!(path, FETCH_BLOB_PATH);
            says.clone()
        }))
        .await;
        let response = match all.blob(&ticket, &peer.address).send().await {
            Ok(response) => response,
            // Cut off before anything of it was passed on.
            Err(error) if status == 206 && !error.is_timeout() => continue,
            Err(error) => panic!("{what}: {error:?}"),
        };
        assert_eq!(response.status(), status, "{what}");
        if status == 404 {
            let refusal: Refusal = decode(&response.bytes().await.unwrap(), 4096).unwrap();
            assert!(refusal.sentence.starts_with("no  [2Jxxx"), "{}", refusal.sentence);
            assert_eq!(refusal.sentence.len(), 512, "a peer's words are one short line");
        } else if status == 206 {
            let most = response.content_length().unwrap();
            assert!(most <= 100_000 && response.bytes().await.is_err(), "{what}");
        }
    }
    assert!(all.talk().await < Duration::from_secs(5));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn floods_and_replays_and_other_lines_mailboxes_change_nothing_for_the_others() {
    let mut all = Neighbours::new().await;
    all.talk().await;
    let mut peers = Vec::new();
    for _ in 0..8 {
        peers.push(Arc::new(Hostile::new(to_all(|_, _| ok(encode(&ParcelReply::Behind { through: 0 })))).await));
    }
    let delivery = |to: u8, number| {
        let (mailbox, at, envelope) =
            (mailbox(to), Timestamp::from_millis(u64::MAX), ByteBuf::from(b"forged".to_vec()));
        PeerMessage::Deliver(Delivery { mailbox, number, at, urgent: Urgency::Waiting, envelope })
    };
    let outcome = || PeerMessage::Outcome {
        mailbox: mailbox(1),
        of: EnvelopeHash::new([1; 32]),
        outcome: Outcome::Stale { epoch: u64::MAX },
    };
    let forged = move || -> Vec<PeerMessage> {
        let lost = protocol::frames::Submission { generation: GenerationId::new([9; 32]), ..submission(1, 1, b"lost") };
        let mut all = vec![delivery(1, u64::MAX), delivery(2, 2), outcome(), PeerMessage::Submit(lost)];
        // A conversation of others, whose id it has heard of.
        all.push(PeerMessage::Submit(protocol::frames::Submission {
            capability: capability(9),
            ..submission(1, 1, b"in")
        }));
        all.extend((0..100).map(|n| PeerMessage::ReleaseBlob { blob: BlobId::new([n; 32]) }));
        all
    };
    let stop = Arc::new(AtomicBool::new(false));
    let url = |path: &str| all.a.url(path);
    let (parcel_url, fetch_url, blob_url) = (url(PARCEL_PATH), url("/v1/fetch"), url(FETCH_BLOB_PATH));
    let to = all.a.address();
    let floods: Vec<_> = peers
        .iter()
        .map(|peer| {
            let (peer, stop, to) = (Arc::clone(peer), Arc::clone(&stop), to.clone());
            let (parcel_url, fetch_url, blob_url) = (parcel_url.clone(), fetch_url.clone(), blob_url.clone());
            tokio::spawn(async move {
                let (client, mut posted) = (http(), 0_u64);
                while !stop.load(Ordering::SeqCst) {
                    // The same again and again, and the same under another queue.
                    for queue in [1, 1, (posted % 200) as u8] {
                        let queue = QueueId::new([queue; 16]);
                        let parcel =
                            Parcel { from: peer.address.clone(), to: to.clone(), queue, first: 1, messages: forged() };
                        let body = peer.signed("entrenous parcel v1", &parcel);
                        let _ = client.post(&parcel_url).body(body).send().await;
                        posted += 1;
                    }
                    let from = peer.address.clone();
                    let fetch = Fetch {
                        from: from.clone(),
                        to: to.clone(),
                        lookup: lookup(9),
                        reservation: ReservationId::new([1; 16]),
                    };
                    let _ = client.post(&fetch_url).body(peer.signed("entrenous fetch v1", &fetch)).send().await;
                    let blob = FetchBlob { from, to: to.clone(), blob: BlobId::new([1; 32]), offset: u64::MAX };
                    let _ = client.post(&blob_url).body(peer.signed("entrenous fetch-blob v1", &blob)).send().await;
                    // Somebody new each time, who answers nobody.
                    let nobody: SwitchboardAddress = format!("127.0.0.1:{}", 1 + posted % 900).parse().unwrap();
                    let parcel = Parcel {
                        from: nobody.clone(),
                        to: to.clone(),
                        queue: QueueId::new([1; 16]),
                        first: 1,
                        messages: Vec::new(),
                    };
                    let mut outside: SignedBytes =
                        decode(&peer.signed("entrenous parcel v1", &parcel), 1 << 20).unwrap();
                    outside.from = nobody;
                    let _ = client.post(&parcel_url).body(encode(&outside)).send().await;
                }
                posted
            })
        })
        .collect();
    // And some that take their time, in their heads and in their bodies.
    let mut slow = Vec::new();
    for n in 0..40 {
        let mut stream = TcpStream::connect(all.a.running.listening).await.unwrap();
        let body = if n % 2 == 0 { "content-length: 4000000\r\n\r\n" } else { "" };
        stream.write_all(format!("POST {PARCEL_PATH} HTTP/1.1\r\nhost: a\r\n{body}x").as_bytes()).await.unwrap();
        slow.push(stream);
    }
    let (begun, mut slowest) = (Instant::now(), Duration::ZERO);
    while begun.elapsed() < Duration::from_secs(5) {
        slowest = slowest.max(all.talk().await);
    }
    stop.store(true, Ordering::SeqCst);
    let mut posted = 0;
    for flood in floods {
        posted += flood.await.unwrap();
    }
    drop(slow);
    println!("the slowest of {} texts: {slowest:?}; parcels posted: {posted}", all.said);
    assert!(slowest < Duration::from_secs(5) && posted > 8, "{slowest:?} {posted}");
    assert!(all.phones[0].is_quiet().await && all.phones[1].is_quiet().await, "nothing forged came");
    assert!(all.a.metric("messages_dropped_total").await > 0);
    assert!(all.a.metric("peers_waiting").await <= peers.len() as u64 + 1);
    all.talk().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_line_learns_how_its_own_words_get_on_and_nothing_of_others() {
    let mut all = Neighbours::new().await;
    let peer = Hostile::new(to_all(|_, _| ok(vec![1; 9]))).await;
    all.meet(100, &peer.address).await;
    all.say(100, b"text").await;
    let way = Question::Way { to: peer.address.clone() };
    let Ok(Answer::Way(own)) = all.phones[2].ask(way.clone()).await else { panic!("no answer") };
    assert!(own.waits_since.is_some() && own.confirmed_at.is_none(), "{own:?}");
    assert_eq!(all.phones[0].ask(way.clone()).await, Ok(Answer::Way(Way::default())), "nothing of this line's waits");
    peer.becomes(to_all(honest));
    let phone = &mut all.phones[2];
    until("it is confirmed", async || phone.ask(way.clone()).await == Ok(Answer::Way(Way::default()))).await;
    peer.becomes(to_all(|_, _| ok(vec![1; 9])));
    all.say(100, b"more").await;
    let Ok(Answer::Way(own)) = all.phones[2].ask(way).await else { panic!("no answer") };
    assert!(own.waits_since >= own.confirmed_at && own.confirmed_at.is_some(), "{own:?}");
}

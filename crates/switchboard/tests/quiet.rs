//! No line, mailbox, name or address in any log (rule 11).

mod net;
mod world;

use std::io;
use std::sync::{Arc, Mutex};

use net::{Board, Phone};
use protocol::ReservationId;
use protocol::frames::{Answer, Deed, Question};
use protocol::wake::{PushOutcome, Pushed, Subscription, Wake};
use tracing_subscriber::fmt::MakeWriter;
use world::{Line, found, lookup, mailbox, submission};

/// A point that is on the curve.
const P256_GENERATOR: [u8; 64] = [
    0x6b, 0x17, 0xd1, 0xf2, 0xe1, 0x2c, 0x42, 0x47, 0xf8, 0xbc, 0xe6, 0xe5, 0x63, 0xa4, 0x40, 0xf2, 0x77, 0x03, 0x7d,
    0x81, 0x2d, 0xeb, 0x33, 0xa0, 0xf4, 0xa1, 0x39, 0x45, 0xd8, 0x98, 0xc2, 0x96, 0x4f, 0xe3, 0x42, 0xe2, 0xfe, 0x1a,
    0x7f, 0x9b, 0x8e, 0xe7, 0xeb, 0x4a, 0x7c, 0x0f, 0x9e, 0x16, 0x2b, 0xce, 0x33, 0x57, 0x6b, 0x31, 0x5e, 0xce, 0xcb,
    0xb6, 0x40, 0x68, 0x37, 0xbf, 0x51, 0xf5,
];

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

impl Log {
    fn contains(&self, needle: &str) -> bool {
        String::from_utf8_lossy(&self.0.lock().unwrap()).contains(needle)
    }
}

#[tokio::test]
async fn logs_and_counters_name_nobody() {
    let log = Log::default();
    let everything = tracing_subscriber::EnvFilter::new("switchboard=trace");
    tracing_subscriber::fmt().with_writer(log.clone()).with_env_filter(everything).init();
    tracing::error!(target: "switchboard", "planted 203.0.113.77");
    assert!(log.contains("203.0.113.77"), "the search finds what is there");
    assert!(log.contains("planted"));

    let (a, b) = (Board::new().await, Board::new().await);
    let (mut line, other) = (Line::new(1), Line::new(2));
    let mut phone = Phone::claim(&a, &line).await;
    Phone::claim(&b, &other).await;
    phone.deed(&mut line, Deed::OpenMailbox { mailbox: mailbox(1), from: a.address() }).await.unwrap();
    // To a peer that is not there, to one that is, to one that is blocked; and with a database that is in the way.
    phone.deed(&mut line, found(1, &[])).await.unwrap_err();
    let gone = "127.0.0.1:1".parse().unwrap();
    for to in [b.address(), gone] {
        phone.deed(&mut line, Deed::Submit { to: to.clone(), submission: submission(1, 1, b"a text") }).await.unwrap();
        let question = Question::FetchSlot { at: to, lookup: lookup(1), reservation: ReservationId::new([1; 16]) };
        phone.ask(question).await.unwrap_err();
    }
    // To a push service that is not there.
    let subscription = Subscription {
        endpoint: "http://127.0.0.1:1/subscriptionofsomebody".to_owned(),
        p256dh: [[4].as_slice(), &P256_GENERATOR].concat().into(),
        auth: b"authofsomebody16".to_vec().into(),
    };
    phone.deed(&mut line, Deed::SetWake { subscription: Some(subscription) }).await.unwrap();
    let tried = phone.ask(Question::TryWake).await.unwrap();
    assert!(matches!(tried, Answer::Wake(Wake { last: Some(Pushed { outcome: PushOutcome::Unreachable, .. }), .. })));
    let metrics = net::get(&a.url("/metrics")).await.text().await.unwrap();
    let needles = [
        "127.0.0.1".to_owned(),
        a.address().to_string(),
        b.address().to_string(),
        b.running.listening.port().to_string(),
        line.line.to_text(),
        mailbox(1).to_text(),
        "Office of Example".to_owned(),
        "a text".to_owned(),
        "subscriptionofsomebody".to_owned(),
        "authofsomebody".to_owned(),
    ];
    let path = a.path();
    a.running.shutdown().await;
    b.running.shutdown().await;
    for needle in &needles {
        assert!(!log.contains(needle), "{needle} in the log");
        assert!(!metrics.contains(needle), "{needle} in the counters");
    }
    assert!(log.contains("the switchboard is ready"));
    assert!(path.join("switchboard.db").is_file());
}

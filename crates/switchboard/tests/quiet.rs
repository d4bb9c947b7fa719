//! No line, mailbox, name or address in any log (rule 11).

mod net;
mod world;

use std::io;
use std::sync::{Arc, Mutex};

use net::{Board, Phone};
use protocol::ReservationId;
use protocol::frames::{Deed, Question};
use tracing_subscriber::fmt::MakeWriter;
use world::{Line, found, lookup, mailbox, submission};

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

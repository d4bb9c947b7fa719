//! A handset in the simulator: the real engine over a real database, which outlives its process.

use database::rusqlite::Connection;
use handset::{Event, Handset, Output};
use protocol::Timestamp;
use rand_chacha::ChaCha20Rng;
use rand_core::{Rng as _, SeedableRng as _};

use crate::office::ConnectionId;

/// A handset.
pub struct Phone {
    /// What the principal is called here and there.
    pub name: String,
    /// The switchboard it belongs to, by number.
    pub office: usize,
    handset: Option<Handset>,
    /// The connection it has, if any.
    pub connection: Option<ConnectionId>,
    /// Whether it may connect (its owner has it on).
    pub on: bool,
    rng: ChaCha20Rng,
    /// What happened, in order.
    pub events: Vec<Event>,
    /// Frames that leave.
    pub leaving: Vec<Vec<u8>>,
    /// The engine asked for its connection to be closed.
    pub hang_up: bool,
}

impl Phone {
    pub fn new(name: &str, office: usize, seed: u64) -> Self {
        let mut rng = ChaCha20Rng::seed_from_u64(seed);
        let db = database::open_memory().expect("a database");
        let handset = Handset::open(db, ChaCha20Rng::seed_from_u64(rng.next_u64())).expect("a handset");
        Self {
            name: name.to_owned(),
            office,
            handset: Some(handset),
            connection: None,
            on: true,
            rng,
            events: Vec::new(),
            leaving: Vec::new(),
            hang_up: false,
        }
    }

    /// The engine.
    pub fn handset(&mut self) -> &mut Handset {
        self.handset.as_mut().expect("a handset is there between crashes")
    }

    /// Calls the engine and takes what it wants done. An error of ours would be a bug: what the network and the other
    /// side do must never be one.
    pub fn call<T>(
        &mut self,
        step: impl FnOnce(&mut Handset) -> Result<T, handset::Error>,
    ) -> Result<T, handset::Error> {
        let result = step(self.handset());
        self.take_outputs();
        result
    }

    fn take_outputs(&mut self) {
        while let Some(output) = self.handset().poll_output() {
            match output {
                Output::Send(frame) => self.leaving.push(frame),
                Output::Close => self.hang_up = true,
                Output::Event(event) => self.events.push(event),
            }
        }
    }

    /// Calls the engine and dies right after its commit: nothing that it wanted done is done.
    pub fn call_and_die(&mut self, step: impl FnOnce(&mut Handset) -> Result<(), handset::Error>) {
        // Whether it worked or not: it is dead.
        drop(step(self.handset()));
        self.crash();
    }

    /// Calls the engine with a disk that refuses the commit.
    pub fn call_on_bad_disk<T>(
        &mut self,
        step: impl FnOnce(&mut Handset) -> Result<T, handset::Error>,
    ) -> Result<T, handset::Error> {
        let mut db: Connection = self.handset.take().expect("a handset").close();
        db.commit_hook(Some(|| true)).expect("a hook");
        self.reopen(db);
        let result = step(self.handset());
        let mut db = self.handset.take().expect("a handset").close();
        db.commit_hook(None::<fn() -> bool>).expect("no hook");
        self.reopen(db);
        self.leaving.clear();
        result
    }

    /// Ends the process and begins another over the same database.
    pub fn crash(&mut self) {
        let db = self.handset.take().expect("a handset").close();
        self.reopen(db);
        self.connection = None;
        self.leaving.clear();
        self.hang_up = false;
    }

    fn reopen(&mut self, db: Connection) {
        let seed = self.rng.next_u64();
        self.handset = Some(Handset::open(db, ChaCha20Rng::seed_from_u64(seed)).expect("the database opens again"));
    }

    /// What a query finds in the database, for looking into a failing seed.
    pub fn look(&mut self, query: &str) -> Vec<String> {
        let db = self.handset.take().expect("a handset").close();
        let found = {
            let mut statement = db.prepare(query).expect("a query");
            let columns = statement.column_count();
            let rows = statement.query_map([], |row| {
                let column = |i| row.get::<_, database::rusqlite::types::Value>(i).map(|v| format!("{v:?}"));
                Ok((0..columns).map(column).collect::<Result<Vec<_>, _>>()?.join(" | "))
            });
            rows.expect("rows").collect::<Result<_, _>>().expect("a row")
        };
        self.reopen(db);
        found
    }

    /// Whether an event like this happened.
    pub fn saw(&self, which: impl Fn(&Event) -> bool) -> bool {
        self.events.iter().any(which)
    }

    pub fn next_timeout(&mut self) -> Option<Timestamp> {
        self.handset().next_timeout().expect("a time")
    }
}

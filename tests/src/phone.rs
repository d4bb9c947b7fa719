//! A handset in the simulator: the real engine over a real database, which outlives its process.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use database::rusqlite::types::Value;
use database::rusqlite::{Connection, Params};
use handset::{Error, Event, Handset, Output};
use protocol::{LineId, Timestamp};
use rand_chacha::ChaCha20Rng;
use rand_core::{Rng as _, SeedableRng as _};

use crate::office::ConnectionId;
use crate::oracle::JOURNAL;

/// A handset.
pub struct Phone {
    /// What the principal is called here and there.
    pub name: String,
    /// The switchboard it belongs to, by number.
    pub office: usize,
    /// The connection it has, if any.
    pub connection: Option<ConnectionId>,
    /// Whether its line has moved.
    pub moved: bool,
    /// Whether it may connect (its owner has it on).
    pub on: bool,
    /// Milliseconds that its clock is ahead.
    pub ahead: i64,
    /// What happened, in order.
    pub events: Vec<Event>,
    /// Frames that leave.
    pub leaving: Vec<Vec<u8>>,
    /// The engine asked for its connection to be closed.
    pub hang_up: bool,
    /// When it is next called by itself, in true time.
    pub timer: Option<Timestamp>,
    handset: Option<Handset>,
    rng: ChaCha20Rng,
    /// Its disk refuses commits.
    disk_full: Arc<AtomicBool>,
    /// The engine is being called.
    at_work: Arc<AtomicBool>,
    /// What its calls have cost so far, in tens of SQLite's instructions.
    worked: Arc<AtomicU64>,
}

impl std::fmt::Debug for Phone {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Phone({})", self.name)
    }
}

impl Phone {
    /// A handset without a line, over this database.
    ///
    /// # Panics
    /// If the database does not take it.
    pub fn over(name: &str, office: usize, seed: u64, mut db: Connection) -> Self {
        let mut new = Self {
            name: name.to_owned(),
            office,
            connection: None,
            moved: false,
            on: true,
            ahead: 0,
            events: Vec::new(),
            leaving: Vec::new(),
            hang_up: false,
            timer: None,
            handset: None,
            rng: ChaCha20Rng::seed_from_u64(seed),
            disk_full: Arc::new(AtomicBool::new(false)),
            at_work: Arc::new(AtomicBool::new(false)),
            worked: Arc::new(AtomicU64::new(0)),
        };
        let full = Arc::clone(&new.disk_full);
        db.commit_hook(Some(move || full.load(Ordering::Relaxed))).expect("a hook");
        let (at_work, worked) = (Arc::clone(&new.at_work), Arc::clone(&new.worked));
        let count = move || {
            worked.fetch_add(at_work.load(Ordering::Relaxed).into(), Ordering::Relaxed);
            false
        };
        db.progress_handler(10, Some(count)).expect("a handler");
        new.reopen(db);
        new.database().execute_batch(JOURNAL).expect("a journal");
        new
    }

    /// The engine.
    ///
    /// # Panics
    /// Never between two calls.
    pub fn handset(&mut self) -> &mut Handset {
        self.handset.as_mut().expect("a handset is there between crashes")
    }

    /// What it has stored.
    ///
    /// # Panics
    /// Never between two calls.
    pub fn database(&self) -> &Connection {
        self.handset.as_ref().expect("a handset is there between crashes").database()
    }

    /// Its line, once it has one.
    pub fn line(&self) -> Option<LineId> {
        let line = self.column::<Vec<u8>>("SELECT line FROM own", ());
        line.first().and_then(|line| LineId::from_slice(line))
    }

    /// The first column of what a query finds.
    ///
    /// # Panics
    /// If the query is wrong.
    pub fn column<T: database::rusqlite::types::FromSql>(&self, query: &str, values: impl Params) -> Vec<T> {
        column(self.database(), query, values)
    }

    /// All that a query finds, to be read by people.
    ///
    /// # Panics
    /// If the query is wrong.
    pub fn look(&self, query: &str) -> Vec<String> {
        look(self.database(), query)
    }

    /// Its clock.
    pub fn clock(&self, now: Timestamp) -> Timestamp {
        Timestamp::from_millis(now.as_millis().saturating_add_signed(self.ahead))
    }

    /// When it wants to be called, in true time.
    ///
    /// # Panics
    /// If the database fails.
    pub fn next_timeout(&mut self) -> Option<Timestamp> {
        let at = self.handset().next_timeout().expect("a time")?;
        Some(Timestamp::from_millis(at.as_millis().saturating_add_signed(-self.ahead)))
    }

    /// Whether an event like this happened.
    pub fn saw(&self, which: impl Fn(&Event) -> bool) -> bool {
        self.events.iter().any(which)
    }

    /// Calls the engine and takes what it wants done.
    pub(crate) fn call<T>(&mut self, step: impl FnOnce(&mut Handset) -> Result<T, Error>) -> Result<T, Error> {
        self.at_work.store(true, Ordering::Relaxed);
        let result = step(self.handset());
        self.at_work.store(false, Ordering::Relaxed);
        while let Some(output) = self.handset().poll_output() {
            match output {
                Output::Send(frame) => self.leaving.push(frame),
                Output::Close => self.hang_up = true,
                Output::Event(event) => self.events.push(event),
            }
        }
        result
    }

    /// Calls the engine and dies right after its commit: nothing that it wanted done is done.
    pub(crate) fn call_and_die<T>(&mut self, step: impl FnOnce(&mut Handset) -> Result<T, Error>) -> Result<T, Error> {
        let result = step(self.handset());
        self.crash();
        result
    }

    /// Calls the engine with a disk that refuses the commit; it lives on.
    pub(crate) fn call_on_bad_disk<T>(
        &mut self,
        step: impl FnOnce(&mut Handset) -> Result<T, Error>,
    ) -> Result<T, Error> {
        self.set_disk_full(true);
        let result = self.call(step);
        self.set_disk_full(false);
        result
    }

    /// What the engine's calls have cost so far, in tens of SQLite's instructions.
    pub fn worked(&self) -> u64 {
        self.worked.load(Ordering::Relaxed)
    }

    /// Makes its disk refuse commits, or take them again.
    pub fn set_disk_full(&self, full: bool) {
        self.disk_full.store(full, Ordering::Relaxed);
    }

    /// Whether its disk refuses commits.
    pub fn is_disk_full(&self) -> bool {
        self.disk_full.load(Ordering::Relaxed)
    }

    /// Ends the process and begins another over the same database.
    pub(crate) fn crash(&mut self) {
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
}

/// The first column of what a query finds.
///
/// # Panics
/// If the query is wrong.
pub fn column<T: database::rusqlite::types::FromSql>(db: &Connection, query: &str, values: impl Params) -> Vec<T> {
    let mut statement = db.prepare_cached(query).expect("a query");
    let rows = statement.query_map(values, |row| row.get(0)).expect("rows");
    rows.collect::<Result<_, _>>().expect("a row")
}

/// All that a query finds, to be read by people.
///
/// # Panics
/// If the query is wrong.
pub fn look(db: &Connection, query: &str) -> Vec<String> {
    let mut statement = db.prepare(query).expect("a query");
    let columns = statement.column_count();
    let rows = statement.query_map([], |row| {
        let column = |i| row.get::<_, Value>(i).map(|value| format!("{value:?}"));
        Ok((0..columns).map(column).collect::<Result<Vec<_>, _>>()?.join(" | "))
    });
    rows.expect("rows").collect::<Result<_, _>>().expect("a row")
}

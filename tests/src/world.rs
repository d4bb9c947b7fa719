//! Everything together: offices, their handsets, and virtual time. How things travel is in [`crate::traffic`].

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap};
use std::time::Duration;

use database::rusqlite::Connection;
use handset::{Error, Handset};
use protocol::Timestamp;
use rand_chacha::ChaCha20Rng;
use rand_core::{Rng as _, SeedableRng as _};
use switchboard::Limits;

use crate::hostile::{Hostile, Withholds};
use crate::network::{Weather, below};
use crate::office::{Backup, ConnectionId, Switchboard};
use crate::oracle::Oracle;
use crate::phone::Phone;
use crate::traffic::{Happening, Line};

/// 2026-11-22T12:00:00Z: engines and OpenMLS may compare with the real clock.
const BEGINNING: u64 = 1_795_348_800_000;

/// More than ever happens in a story: a hundred times the usual.
const MOST: u64 = 500_000;

/// How often a switchboard removes what is over.
const SWEEP: Duration = Duration::from_secs(6 * 3600);

/// The simulation.
#[derive(Debug)]
pub struct World {
    /// True time; switchboards' clocks are right.
    pub now: Timestamp,
    /// The switchboards.
    pub offices: Vec<Switchboard>,
    /// The handsets.
    pub phones: Vec<Phone>,
    /// What the network is like.
    pub weather: Weather,
    /// Nothing passes between the switchboards.
    pub partitioned: bool,
    /// A switchboard that sequences falsely.
    pub hostile: Option<Hostile>,
    /// A switchboard that withholds what it is sent.
    pub withholds: Option<(usize, Withholds)>,
    /// What must be true at every moment.
    pub oracle: Oracle,
    /// What happened, for comparing two runs of a seed.
    pub trace: u64,
    /// Frames of handsets that arrived.
    pub frames: u64,
    /// Everything that happened.
    steps: u64,
    pub(crate) rng: ChaCha20Rng,
    pub(crate) queue: BinaryHeap<Reverse<(Timestamp, u64)>>,
    pub(crate) happenings: BTreeMap<u64, Happening>,
    pub(crate) counter: u64,
    /// Connections: which handset, which office, and when the last frame each way arrives (frames keep their order).
    pub(crate) connections: BTreeMap<ConnectionId, Line>,
    /// Requests between switchboards that were answered or given up: later answers do not count.
    pub(crate) settled: BTreeSet<u64>,
}

impl World {
    /// Offices without handsets.
    pub fn new(seed: u64, offices: usize) -> Self {
        let mut rng = ChaCha20Rng::seed_from_u64(seed);
        let offices = (0..offices).map(|i| Switchboard::new(&format!("127.0.0.1:{}", 4701 + i), rng.next_u64()));
        let mut world = Self {
            now: Timestamp::from_millis(BEGINNING),
            offices: offices.collect(),
            phones: Vec::new(),
            weather: Weather::CALM,
            partitioned: false,
            hostile: None,
            withholds: None,
            oracle: Oracle::default(),
            trace: 0,
            frames: 0,
            steps: 0,
            rng,
            queue: BinaryHeap::new(),
            happenings: BTreeMap::new(),
            counter: 0,
            connections: BTreeMap::new(),
            settled: BTreeSet::new(),
        };
        for office in 0..world.offices.len() {
            world.soon(SWEEP, Happening::Sweep(office));
        }
        world
    }

    /// A principal with a claimed line.
    ///
    /// # Panics
    /// If the claim does not succeed in ten minutes.
    pub fn add_phone(&mut self, name: &str, office: usize) -> usize {
        self.add_phone_over(name, office, database::open_memory().expect("a database"))
    }

    /// A principal with a claimed line, whose handset keeps it in this database.
    ///
    /// # Panics
    /// If the claim does not succeed in ten minutes.
    pub fn add_phone_over(&mut self, name: &str, office: usize, db: Connection) -> usize {
        let seed = self.rng.next_u64();
        self.phones.push(Phone::over(name, office, seed, db));
        let phone = self.phones.len() - 1;
        self.claim(phone, office, false);
        let line = self.phones[phone].line().expect("a line");
        self.oracle.add(phone, line);
        phone
    }

    /// Claims a line at an office, or moves it there.
    ///
    /// # Panics
    /// If the claim does not succeed in an hour.
    pub fn claim(&mut self, phone: usize, office: usize, moving: bool) {
        let invitation = self.offices[office].invite(self.now);
        let link =
            handset::ClaimLink { scheme: "http".to_owned(), address: self.offices[office].address.clone(), invitation };
        let name = self.phones[phone].name.clone();
        self.hang_up(phone);
        self.phones[phone].moved |= self.phones[phone].office != office;
        self.phones[phone].office = office;
        self.call(phone, |handset, now| handset.claim(now, &link, &name, moving)).expect("a claim begins");
        let before = self.phones[phone].events.len();
        self.soon(Duration::ZERO, Happening::Connect(phone));
        let claimed = self.until(Duration::from_secs(3600), |world| {
            world.phones[phone].events[before..].contains(&handset::Event::Claimed)
        });
        assert!(claimed, "{name} has a line");
    }

    /// Lets one thing happen; false if nothing is left to.
    ///
    /// # Panics
    /// If this never comes to an end.
    pub fn step(&mut self) -> bool {
        let Some(Reverse((at, id))) = self.queue.pop() else { return false };
        let Some(happening) = self.happenings.remove(&id) else { return true };
        self.now = self.now.max(at);
        self.steps += 1;
        assert!(self.steps < MOST, "something is done without end: {happening:?} at {:?}", self.now);
        self.trace = self.trace.wrapping_mul(0x0100_0000_01b3) ^ at.as_millis() ^ happening.kind();
        self.happen(happening);
        true
    }

    /// Steps until something holds; false if it does not within that time.
    pub fn until(&mut self, within: Duration, mut holds: impl FnMut(&mut Self) -> bool) -> bool {
        let end = self.now.after(within);
        while !holds(self) {
            let next = self.queue.peek().map(|Reverse((at, _))| *at);
            if next.is_none_or(|at| at > end) {
                self.now = end;
                return holds(self);
            }
            self.step();
        }
        true
    }

    /// Lets time pass.
    pub fn pass(&mut self, time: Duration) {
        self.until(time, |_| false);
    }

    /// Calls a handset's engine, checks what that changed, and carries what it wants carried.
    ///
    /// # Errors
    /// The engine's.
    pub fn call<T>(
        &mut self,
        phone: usize,
        step: impl FnOnce(&mut Handset, Timestamp) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let clock = self.phones[phone].clock(self.now);
        let result = self.phones[phone].call(|handset| step(handset, clock));
        self.observe(phone);
        self.carry_phone(phone);
        result
    }

    /// Calls a handset's engine, and its process ends right after the commit: nothing that it wanted done is done.
    ///
    /// # Errors
    /// The engine's.
    pub fn call_and_die<T>(
        &mut self,
        phone: usize,
        step: impl FnOnce(&mut Handset, Timestamp) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let clock = self.phones[phone].clock(self.now);
        self.hang_up(phone);
        let result = self.phones[phone].call_and_die(|handset| step(handset, clock));
        self.observe(phone);
        self.crash_phone(phone);
        result
    }

    /// Calls a handset's engine with a disk that refuses the commit; it lives on.
    ///
    /// # Errors
    /// The engine's.
    pub fn call_on_bad_disk<T>(
        &mut self,
        phone: usize,
        step: impl FnOnce(&mut Handset, Timestamp) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let clock = self.phones[phone].clock(self.now);
        let result = self.phones[phone].call_on_bad_disk(|handset| step(handset, clock));
        self.observe(phone);
        self.carry_phone(phone);
        result
    }

    pub(crate) fn observe(&mut self, phone: usize) {
        self.oracle.observe(&self.phones, &self.offices, phone);
    }

    /// Ends a handset's process at this instant; it begins again within seconds.
    pub fn crash_phone(&mut self, phone: usize) {
        self.hang_up(phone);
        self.phones[phone].crash();
        let wait = Duration::from_millis(below(&mut self.rng, 5000));
        self.soon(wait, Happening::Connect(phone));
    }

    /// Ends a switchboard's process at this instant, and begins it again.
    pub fn crash_office(&mut self, office: usize) {
        let gone = self.offices[office].crash();
        self.after_crash(office, gone);
    }

    /// A switchboard loses its database. Its lines must claim anew.
    pub fn lose_office(&mut self, office: usize) {
        let gone = self.offices[office].lose_everything();
        self.after_crash(office, gone);
    }

    /// A switchboard loses its database and begins again on an older copy of it.
    pub fn go_back(&mut self, office: usize, backup: &Backup) {
        self.oracle.leaps = true;
        let now = self.now;
        let gone = self.offices[office].go_back(now, backup);
        self.after_crash(office, gone);
    }

    /// A switchboard begins again with other limits.
    pub fn set_limits(&mut self, office: usize, limits: Limits) {
        self.offices[office].limits = limits;
        self.crash_office(office);
    }

    fn after_crash(&mut self, office: usize, gone: Vec<ConnectionId>) {
        for connection in gone {
            self.soon(Duration::from_millis(1), Happening::Hung(connection));
        }
        // Parcels that were under way have no waiter any more.
        let now = self.now;
        self.offices[office].resume(now);
        self.carry_office(office);
    }

    /// Turns a handset off or on.
    pub fn set_on(&mut self, phone: usize, on: bool) {
        self.phones[phone].on = on;
        if on {
            self.soon(Duration::ZERO, Happening::Connect(phone));
        } else {
            self.hang_up(phone);
        }
    }

    /// Sets a handset's clock so many milliseconds ahead of true time.
    pub fn set_clock(&mut self, phone: usize, ahead: i64) {
        self.phones[phone].ahead = ahead;
        self.phones[phone].timer = None;
        self.carry_phone(phone);
    }

    /// A handset's connection breaks; what is under way on it is lost.
    pub fn hang_up(&mut self, phone: usize) {
        if let Some(connection) = self.phones[phone].connection.take() {
            if let Some(line) = self.connections.remove(&connection) {
                self.offices[line.office].disconnect(connection);
            }
            self.phones[phone].handset().disconnected();
            self.phones[phone].leaving.clear();
        }
        self.phones[phone].hang_up = false;
    }

    pub(crate) fn soon(&mut self, wait: Duration, happening: Happening) {
        self.at(self.now.after(wait), happening);
    }

    pub(crate) fn at(&mut self, at: Timestamp, happening: Happening) {
        self.counter += 1;
        self.queue.push(Reverse((at, self.counter)));
        self.happenings.insert(self.counter, happening);
    }

    pub(crate) fn sweep(&mut self, office: usize) {
        let now = self.now;
        self.offices[office].sweep(now);
        self.carry_office(office);
        self.soon(SWEEP, Happening::Sweep(office));
    }
}

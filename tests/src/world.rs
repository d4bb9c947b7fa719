//! Everything together: two offices, their handsets, and virtual time.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::Duration;

use protocol::federation::{FetchReply, Parcel, ParcelReply};
use protocol::{SwitchboardAddress, Timestamp};
use rand_chacha::ChaCha20Rng;
use rand_core::{Rng as _, SeedableRng as _};
use switchboard::core::Work;

use crate::network::{Weather, chance};
use crate::office::{ConnectionId, Leaving, Switchboard, unreachable};
use crate::phone::Phone;

/// 2026-11-22T12:00:00Z: engines and OpenMLS may compare with the real clock.
const BEGINNING: u64 = 1_795_348_800_000;

/// A peer's answer that takes longer than this does not count.
const PATIENCE: Duration = Duration::from_secs(10);

/// Something on its way, or a time that comes.
#[derive(Debug, Clone)]
enum Happening {
    /// A handset tries to connect.
    Connect(usize),
    /// The connection is there, on both sides.
    Connected(usize, ConnectionId),
    ToOffice(usize, ConnectionId, Vec<u8>),
    ToPhone(ConnectionId, Vec<u8>),
    /// A connection ended, seen from the handset.
    Hung(ConnectionId),
    Parcel {
        to: usize,
        parcel: Parcel,
        request: u64,
    },
    ParcelAnswer {
        to: usize,
        peer: SwitchboardAddress,
        request: u64,
        reply: Option<ParcelReply>,
    },
    Fetch {
        from: usize,
        to: usize,
        connection: ConnectionId,
        id: u64,
        work: Work,
        request: u64,
    },
    FetchAnswer {
        to: usize,
        connection: ConnectionId,
        id: u64,
        request: u64,
        reply: FetchReply,
    },
    PollPeer(usize, SwitchboardAddress),
    Timeout(usize),
}

/// The simulation.
pub struct World {
    pub now: Timestamp,
    pub offices: Vec<Switchboard>,
    pub phones: Vec<Phone>,
    pub weather: Weather,
    /// Nothing passes between the switchboards.
    pub partitioned: bool,
    pub rng: ChaCha20Rng,
    queue: BinaryHeap<Reverse<(Timestamp, u64)>>,
    happenings: std::collections::BTreeMap<u64, Happening>,
    counter: u64,
    /// Connections: which handset, which office, and when the last frame each way arrives (frames keep their order).
    connections: std::collections::BTreeMap<ConnectionId, Line>,
    /// Requests between switchboards that were answered or given up: later answers do not count.
    settled: std::collections::BTreeSet<u64>,
    /// What happened, for comparing two runs of a seed.
    pub trace: u64,
}

#[derive(Debug, Clone, Copy)]
struct Line {
    phone: usize,
    office: usize,
    up: Timestamp,
    down: Timestamp,
}

impl World {
    /// Offices without handsets.
    pub fn new(seed: u64, offices: usize) -> Self {
        let mut rng = ChaCha20Rng::seed_from_u64(seed);
        let offices =
            (0..offices).map(|i| Switchboard::new(&format!("127.0.0.1:{}", 4701 + i), rng.next_u64())).collect();
        Self {
            now: Timestamp::from_millis(BEGINNING),
            offices,
            phones: Vec::new(),
            weather: Weather::CALM,
            partitioned: false,
            rng,
            queue: BinaryHeap::new(),
            happenings: std::collections::BTreeMap::new(),
            counter: 0,
            connections: std::collections::BTreeMap::new(),
            settled: std::collections::BTreeSet::new(),
            trace: 0,
        }
    }

    /// A principal with a claimed line.
    pub fn add_phone(&mut self, name: &str, office: usize) -> usize {
        let seed = self.rng.next_u64();
        self.phones.push(Phone::new(name, office, seed));
        let phone = self.phones.len() - 1;
        self.claim(phone, office, false);
        let claimed = self.until(Duration::from_secs(600), |world| {
            world.phones[phone].saw(|event| *event == handset::Event::Claimed)
        });
        assert!(claimed, "{name} has a line");
        phone
    }

    /// Begins a claim (or a move) at an office.
    pub fn claim(&mut self, phone: usize, office: usize, moving: bool) {
        let invitation = self.offices[office].invite(self.now);
        let link =
            handset::ClaimLink { scheme: "http".to_owned(), address: self.offices[office].address.clone(), invitation };
        let (now, name) = (self.now, self.phones[phone].name.clone());
        self.phones[phone].call(|handset| handset.claim(now, &link, &name, moving)).expect("a claim begins");
        self.phones[phone].office = office;
        self.hang_up(phone);
        self.soon(Duration::ZERO, Happening::Connect(phone));
    }

    /// Lets one thing happen; false if nothing is left to.
    pub fn step(&mut self) -> bool {
        let Some(Reverse((at, id))) = self.queue.pop() else { return false };
        let Some(happening) = self.happenings.remove(&id) else { return true };
        self.now = self.now.max(at);
        self.trace = self.trace.wrapping_mul(0x0100_0000_01b3) ^ at.as_millis() ^ kind(&happening);
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

    /// Ends a handset's process at this instant.
    pub fn crash_phone(&mut self, phone: usize) {
        self.hang_up(phone);
        self.phones[phone].crash();
        let wait = Duration::from_millis(crate::network::below(&mut self.rng, 5000));
        self.soon(wait, Happening::Connect(phone));
    }

    /// Ends a switchboard's process at this instant.
    pub fn crash_office(&mut self, office: usize) {
        let gone = self.offices[office].crash();
        self.after_crash(office, gone);
    }

    /// A switchboard loses its database.
    pub fn lose_office(&mut self, office: usize) {
        let gone = self.offices[office].lose_everything();
        self.after_crash(office, gone);
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

    /// Calls a handset's engine, and carries what it wants carried.
    pub fn call<T>(
        &mut self,
        phone: usize,
        step: impl FnOnce(&mut handset::Handset, Timestamp) -> Result<T, handset::Error>,
    ) -> Result<T, handset::Error> {
        let now = self.now;
        let result = self.phones[phone].call(|handset| step(handset, now));
        self.carry_phone(phone);
        result
    }

    fn soon(&mut self, wait: Duration, happening: Happening) {
        self.at(self.now.after(wait), happening);
    }

    fn at(&mut self, at: Timestamp, happening: Happening) {
        self.counter += 1;
        self.queue.push(Reverse((at, self.counter)));
        self.happenings.insert(self.counter, happening);
    }

    fn happen(&mut self, happening: Happening) {
        let now = self.now;
        match happening {
            Happening::Connect(phone) => {
                if self.phones[phone].on && self.phones[phone].connection.is_none() {
                    self.counter += 1;
                    let connection = self.counter;
                    self.phones[phone].connection = Some(connection);
                    let office = self.phones[phone].office;
                    self.connections.insert(connection, Line { phone, office, up: now, down: now });
                    let way = self.weather.way(&mut self.rng);
                    self.soon(way, Happening::Connected(phone, connection));
                }
            }
            Happening::Connected(phone, connection) => {
                if self.phones[phone].connection == Some(connection) {
                    self.phones[phone].handset().connected();
                    let office = self.phones[phone].office;
                    self.offices[office].connect(now, connection);
                    self.carry_office(office);
                }
            }
            Happening::ToOffice(office, connection, frame) => {
                if self.connections.contains_key(&connection) {
                    self.offices[office].frame(now, connection, &frame);
                    self.carry_office(office);
                }
            }
            Happening::ToPhone(connection, frame) => {
                if let Some(line) = self.connections.get(&connection).copied() {
                    let result = self.phones[line.phone].call(|handset| handset.receive(now, &frame));
                    match result {
                        Ok(()) => self.carry_phone(line.phone),
                        Err(error) => panic!("{} choked on a frame: {error:?}", self.phones[line.phone].name),
                    }
                }
            }
            Happening::Hung(connection) => {
                if let Some(line) = self.connections.get(&connection).copied() {
                    self.break_line(line.phone);
                }
            }
            Happening::Parcel { to, parcel, request } => {
                let from = parcel.from.clone();
                let reply = self.offices[to].peer_parcel(now, parcel);
                self.carry_office(to);
                self.answer(
                    |peer| {
                        let to = peer;
                        Happening::ParcelAnswer { to, peer: SwitchboardAddress::clone(&from), request, reply }
                    },
                    &from,
                    to,
                );
            }
            Happening::ParcelAnswer { to, peer, request, reply } => {
                if self.settled.insert(request) {
                    self.offices[to].parcel_answered(now, &peer, reply);
                    self.carry_office(to);
                }
            }
            Happening::Fetch { from, to, connection, id, work, request } => {
                if let Some(reply) = self.offices[to].peer_fetch(now, work) {
                    self.carry_office(to);
                    if !self.partitioned && !chance(&mut self.rng, self.weather.answer_loss) {
                        let way = self.weather.way(&mut self.rng);
                        self.soon(way, Happening::FetchAnswer { to: from, connection, id, request, reply });
                    }
                }
            }
            Happening::FetchAnswer { to, connection, id, request, reply } => {
                if self.settled.insert(request) {
                    self.offices[to].fetched(now, connection, id, reply);
                    self.carry_office(to);
                }
            }
            Happening::PollPeer(office, peer) => {
                self.offices[office].poll_peer(now, &peer);
                self.carry_office(office);
            }
            Happening::Timeout(phone) => {
                if self.phones[phone].next_timeout().is_some_and(|at| at <= now) {
                    self.phones[phone].call(|handset| handset.timeout(now)).expect("a timeout");
                    self.carry_phone(phone);
                }
            }
        }
    }

    /// The answer to a parcel goes back, or not.
    fn answer(&mut self, make: impl FnOnce(usize) -> Happening, from: &SwitchboardAddress, to: usize) {
        let Some(back) = self.offices.iter().position(|office| office.address == *from) else { return };
        let mut happening = make(back);
        if let Happening::ParcelAnswer { peer, .. } = &mut happening {
            *peer = self.offices[to].address.clone();
        }
        if !self.partitioned && !chance(&mut self.rng, self.weather.answer_loss) {
            let way = self.weather.way(&mut self.rng);
            self.soon(way, happening);
        }
    }

    fn break_line(&mut self, phone: usize) {
        self.hang_up(phone);
        let wait = Duration::from_millis(500 + crate::network::below(&mut self.rng, 2000));
        self.soon(wait, Happening::Connect(phone));
    }

    fn carry_phone(&mut self, phone: usize) {
        let frames = std::mem::take(&mut self.phones[phone].leaving);
        if let Some(connection) = self.phones[phone].connection {
            for frame in frames {
                if chance(&mut self.rng, self.weather.breaks) {
                    self.break_line(phone);
                    break;
                }
                let way = self.weather.way(&mut self.rng);
                let Some(line) = self.connections.get_mut(&connection) else { break };
                line.up = line.up.max(self.now.after(way));
                let (at, office) = (line.up, line.office);
                self.at(at, Happening::ToOffice(office, connection, frame));
            }
        }
        if self.phones[phone].hang_up {
            self.break_line(phone);
        }
        if let Some(at) = self.phones[phone].next_timeout() {
            self.at(at.max(self.now.after(Duration::from_millis(1))), Happening::Timeout(phone));
        }
    }

    fn carry_office(&mut self, office: usize) {
        for leaving in std::mem::take(&mut self.offices[office].leaving) {
            match leaving {
                Leaving::Frame(connection, frame) => {
                    let Some(line) = self.connections.get(&connection).copied() else { continue };
                    if chance(&mut self.rng, self.weather.breaks) {
                        self.break_line(line.phone);
                        continue;
                    }
                    let way = self.weather.way(&mut self.rng);
                    let at = line.down.max(self.now.after(way));
                    self.connections.insert(connection, Line { down: at, ..line });
                    self.at(at, Happening::ToPhone(connection, frame));
                }
                Leaving::Closed(connection) => {
                    if let Some(line) = self.connections.get(&connection).copied() {
                        let way = self.weather.way(&mut self.rng);
                        self.at(line.down.max(self.now.after(way)), Happening::Hung(connection));
                    }
                }
                Leaving::Parcel(parcel) => self.post(office, parcel),
                Leaving::Fetch { connection, id, at, work } => self.fetch(office, connection, id, &at, work),
                Leaving::Poll(peer, at) => self.at(at, Happening::PollPeer(office, peer)),
            }
        }
    }

    fn post(&mut self, office: usize, parcel: Parcel) {
        self.counter += 1;
        let (request, peer) = (self.counter, parcel.to.clone());
        let given_up = Happening::ParcelAnswer { to: office, peer: peer.clone(), request, reply: None };
        self.soon(PATIENCE, given_up);
        let Some(to) = self.offices.iter().position(|other| other.address == peer) else { return };
        for copy in 0..=u64::from(chance(&mut self.rng, self.weather.duplication)) {
            if self.partitioned || (copy == 0 && chance(&mut self.rng, self.weather.loss)) {
                continue;
            }
            let way = self.weather.way(&mut self.rng);
            self.soon(way, Happening::Parcel { to, parcel: parcel.clone(), request });
        }
    }

    fn fetch(&mut self, office: usize, connection: ConnectionId, id: u64, at: &SwitchboardAddress, work: Work) {
        self.counter += 1;
        let request = self.counter;
        let given_up = Happening::FetchAnswer { to: office, connection, id, request, reply: Err(unreachable()) };
        self.soon(PATIENCE, given_up);
        let Some(to) = self.offices.iter().position(|other| other.address == *at) else { return };
        if !self.partitioned && !chance(&mut self.rng, self.weather.loss) {
            let way = self.weather.way(&mut self.rng);
            self.soon(way, Happening::Fetch { from: office, to, connection, id, work, request });
        }
    }
}

fn kind(happening: &Happening) -> u64 {
    match happening {
        Happening::Connect(phone) => 0x10 + *phone as u64,
        Happening::Connected(phone, _) => 0x20 + *phone as u64,
        Happening::ToOffice(office, _, frame) => 0x1_0000 * frame.len() as u64 + *office as u64,
        Happening::ToPhone(_, frame) => 0x1_0001 * frame.len() as u64,
        Happening::Hung(_) => 5,
        Happening::Parcel { parcel, .. } => 0x600 + parcel.messages.len() as u64,
        Happening::ParcelAnswer { .. } => 7,
        Happening::Fetch { .. } => 8,
        Happening::FetchAnswer { .. } => 9,
        Happening::PollPeer(..) => 10,
        Happening::Timeout(_) => 11,
    }
}

//! How everything travels: handsets' connections, parcels and questions between switchboards.

use std::time::Duration;

use protocol::federation::{FetchReply, Parcel, ParcelReply};
use protocol::{SwitchboardAddress, Timestamp};
use switchboard::core::Work;

use crate::hostile::Withholds;
use crate::network::{below, chance};
use crate::office::{ConnectionId, Leaving, bytes_of, unreachable};
use crate::world::World;

/// A peer's answer that takes longer than this does not count.
const PATIENCE: Duration = Duration::from_secs(10);

/// Something on its way, or a time that comes.
#[derive(Debug, Clone)]
pub(crate) enum Happening {
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
    Sweep(usize),
}

/// A handset's connection.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Line {
    pub(crate) phone: usize,
    pub(crate) office: usize,
    up: Timestamp,
    down: Timestamp,
}

impl Happening {
    /// The switchboard that it happens at.
    const fn office(&self) -> Option<usize> {
        match self {
            Self::ToOffice(office, ..) | Self::PollPeer(office, _) | Self::Sweep(office) => Some(*office),
            Self::Parcel { to, .. }
            | Self::ParcelAnswer { to, .. }
            | Self::Fetch { to, .. }
            | Self::FetchAnswer { to, .. } => Some(*to),
            _ => None,
        }
    }

    /// A number for the trace.
    pub(crate) fn kind(&self) -> u64 {
        match self {
            Self::Connect(phone) => 0x10 + *phone as u64,
            Self::Connected(phone, _) => 0x20 + *phone as u64,
            Self::ToOffice(office, _, frame) => 0x1_0000 * frame.len() as u64 + *office as u64,
            Self::ToPhone(_, frame) => 0x1_0001 * frame.len() as u64,
            Self::Hung(_) => 5,
            Self::Parcel { parcel, .. } => 0x600 + parcel.messages.len() as u64,
            Self::ParcelAnswer { .. } => 7,
            Self::Fetch { .. } => 8,
            Self::FetchAnswer { .. } => 9,
            Self::PollPeer(..) => 10,
            Self::Timeout(_) => 11,
            Self::Sweep(_) => 12,
        }
    }
}

impl World {
    pub(crate) fn happen(&mut self, happening: Happening) {
        let now = self.now;
        if happening.office().is_some_and(|office| self.offices[office].dark) {
            return;
        }
        match happening {
            Happening::Connect(phone) => self.connect(phone),
            Happening::Connected(phone, connection) => {
                let office = self.phones[phone].office;
                if self.phones[phone].connection == Some(connection) && !self.offices[office].dark {
                    self.phones[phone].handset().connected();
                    self.offices[office].connect(now, connection);
                    self.carry_office(office);
                }
            }
            Happening::ToOffice(office, connection, frame) => {
                if self.connections.contains_key(&connection) {
                    self.frames += 1;
                    self.offices[office].frame(now, connection, &frame);
                    self.carry_office(office);
                }
            }
            Happening::ToPhone(connection, frame) => self.frame_for_phone(connection, &frame),
            Happening::Hung(connection) => {
                if let Some(line) = self.connections.get(&connection).copied() {
                    self.break_line(line.phone);
                }
            }
            Happening::Parcel { to, parcel, request } => self.parcel(to, parcel, request),
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
            Happening::Timeout(phone) => self.timeout(phone),
            Happening::Sweep(office) => self.sweep(office),
        }
    }

    fn connect(&mut self, phone: usize) {
        let is_off = self.phones[phone].handset().superseded().expect("a database").is_some();
        if self.phones[phone].on && self.phones[phone].connection.is_none() && !is_off {
            self.counter += 1;
            let connection = self.counter;
            self.phones[phone].connection = Some(connection);
            let (office, up) = (self.phones[phone].office, self.now);
            self.connections.insert(connection, Line { phone, office, up, down: up });
            let way = self.weather.way(&mut self.rng);
            self.soon(way, Happening::Connected(phone, connection));
        }
    }

    fn frame_for_phone(&mut self, connection: ConnectionId, frame: &[u8]) {
        let Some(line) = self.connections.get(&connection).copied() else { return };
        match self.call(line.phone, |handset, now| handset.receive(now, frame)) {
            Ok(()) => {}
            // Nothing of it was taken; the switchboard sends it again.
            Err(_) if self.phones[line.phone].is_disk_full() => self.break_line(line.phone),
            Err(error) => panic!("{} choked on a frame: {error:?}", self.phones[line.phone].name),
        }
    }

    fn timeout(&mut self, phone: usize) {
        self.phones[phone].timer = None;
        if self.phones[phone].next_timeout().is_some_and(|at| at <= self.now) {
            let done = self.call(phone, |handset, now| handset.timeout(now));
            assert!(done.is_ok() || self.phones[phone].is_disk_full(), "a timeout fails: {done:?}");
        } else {
            self.carry_phone(phone);
        }
    }

    fn parcel(&mut self, to: usize, mut parcel: Parcel, request: u64) {
        if let Some(hostile) = &mut self.hostile
            && self.offices[hostile.office].address == parcel.from
        {
            hostile.tamper(&mut self.rng, &mut parcel);
        }
        let from = parcel.from.clone();
        let reply = match self.withholds {
            Some((office, Withholds::Silently)) if office == to => return,
            Some((office, Withholds::Falsely)) if office == to => {
                Some(ParcelReply::Stored { through: parcel.first - 1 + parcel.messages.len() as u64 })
            }
            _ => self.offices[to].peer_parcel(self.now, parcel),
        };
        self.carry_office(to);
        let Some(back) = self.offices.iter().position(|office| office.address == from) else { return };
        let peer = self.offices[to].address.clone();
        if !self.partitioned && !chance(&mut self.rng, self.weather.answer_loss) {
            let way = self.weather.way(&mut self.rng);
            self.soon(way, Happening::ParcelAnswer { to: back, peer, request, reply });
        }
    }

    fn break_line(&mut self, phone: usize) {
        self.hang_up(phone);
        let wait = Duration::from_millis(500 + below(&mut self.rng, 2000));
        self.soon(wait, Happening::Connect(phone));
    }

    pub(crate) fn carry_phone(&mut self, phone: usize) {
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
        if let Some(at) = self.phones[phone].next_timeout()
            && self.phones[phone].timer.is_none_or(|timer| at < timer)
        {
            self.phones[phone].timer = Some(at);
            self.at(at.max(self.now.after(Duration::from_millis(1))), Happening::Timeout(phone));
        }
    }

    pub(crate) fn carry_office(&mut self, office: usize) {
        for leaving in std::mem::take(&mut self.offices[office].leaving) {
            match leaving {
                Leaving::Frame(connection, frame) => {
                    let Some(line) = self.connections.get(&connection).copied() else { continue };
                    self.oracle.given(line.phone, office, self.offices[office].incarnation, &frame);
                    if chance(&mut self.rng, self.weather.breaks) {
                        self.break_line(line.phone);
                        continue;
                    }
                    let way = self.weather.way(&mut self.rng);
                    let at = line.down.max(self.now.after(way));
                    self.connections.insert(connection, Line { down: at, ..line });
                    self.at(at, Happening::ToPhone(connection, bytes_of(&frame)));
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

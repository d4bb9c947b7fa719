//! A switchboard in the simulator: the real core over a real SQLite store, with its connections and peer queues.

use std::collections::BTreeMap;

use protocol::federation::{FetchReply, Parcel, ParcelReply};
use protocol::{InvitationSecret, LineId, Refusal, RefusalCode, SwitchboardAddress, Timestamp, encode};
use rand_chacha::ChaCha20Rng;
use rand_core::{Rng as _, SeedableRng as _};
use switchboard::Limits;
use switchboard::core::connection::{Connection, Output};
use switchboard::core::outgoing::{Next, PeerQueue};
use switchboard::core::{Core, Done, Federation, Office, Work, reads};
use switchboard::store::SqliteStore;
use switchboard::store::testing::{Fault, Faulty};

/// Names one connection of a handset.
pub type ConnectionId = u64;

/// What leaves a switchboard.
#[derive(Debug)]
pub enum Leaving {
    /// A frame for a handset.
    Frame(ConnectionId, Vec<u8>),
    /// The end of a connection.
    Closed(ConnectionId),
    /// A parcel for a peer.
    Parcel(Parcel),
    /// A question to a peer, on behalf of a connection.
    Fetch { connection: ConnectionId, id: u64, at: SwitchboardAddress, work: Work },
    /// A peer queue wants to be polled at this time.
    Poll(SwitchboardAddress, Timestamp),
}

/// A switchboard, up or down.
pub struct Switchboard {
    pub address: SwitchboardAddress,
    core: Option<Core<Faulty<SqliteStore>>>,
    connections: BTreeMap<ConnectionId, Connection>,
    open: BTreeMap<ConnectionId, LineId>,
    queues: BTreeMap<SwitchboardAddress, PeerQueue>,
    rng: ChaCha20Rng,
    pub leaving: Vec<Leaving>,
}

fn office(address: &SwitchboardAddress) -> Office {
    Office {
        address: address.clone(),
        name: format!("Office at {address}"),
        federation: Federation::Open,
        loopback_only: true,
        plain_http: true,
    }
}

impl Switchboard {
    pub fn new(address: &str, seed: u64) -> Self {
        let address: SwitchboardAddress = address.parse().expect("an address");
        let mut rng = ChaCha20Rng::seed_from_u64(seed);
        let store = Faulty::new(SqliteStore::in_memory().expect("a store"));
        let core =
            Core::new(store, office(&address), Limits::default(), Box::new(ChaCha20Rng::seed_from_u64(rng.next_u64())));
        Self {
            address,
            core: Some(core),
            connections: BTreeMap::new(),
            open: BTreeMap::new(),
            queues: BTreeMap::new(),
            rng,
            leaving: Vec::new(),
        }
    }

    pub fn is_up(&self) -> bool {
        self.core.is_some()
    }

    /// Ends the process and begins another over the same store. All that was under way in memory is gone.
    pub fn crash(&mut self) -> Vec<ConnectionId> {
        if let Some(core) = self.core.take() {
            let seed = self.rng.next_u64();
            let rng = Box::new(ChaCha20Rng::seed_from_u64(seed));
            self.core = Some(Core::new(core.into_store(), office(&self.address), Limits::default(), rng));
        }
        self.queues.clear();
        self.open.clear();
        let gone = std::mem::take(&mut self.connections).into_keys().collect();
        self.leaving.clear();
        gone
    }

    /// Loses everything and begins anew under the same address.
    pub fn lose_everything(&mut self) -> Vec<ConnectionId> {
        let gone = self.crash();
        let seed = self.rng.next_u64();
        let store = Faulty::new(SqliteStore::in_memory().expect("a store"));
        let rng = Box::new(ChaCha20Rng::seed_from_u64(seed));
        self.core = Some(Core::new(store, office(&self.address), Limits::default(), rng));
        gone
    }

    /// Makes the next commit fail.
    pub fn fail_next(&mut self, fault: Fault) {
        if let Some(core) = &mut self.core {
            core.store().fail_next(fault);
        }
    }

    /// Begins what a fresh process begins with: sending what waits for peers.
    pub fn resume(&mut self, now: Timestamp) {
        let Some(core) = &mut self.core else { return };
        let own = core.office().clone();
        for peer in reads::peers_waiting(core.store(), &own).expect("peers") {
            self.wake_peer(now, &peer);
        }
    }

    pub fn invite(&mut self, now: Timestamp) -> InvitationSecret {
        match self.apply(now, Work::Invite { keep_secret: false }) {
            Some(Done::Invited(secret)) => secret,
            other => panic!("no invitation: {other:?}"),
        }
    }

    pub fn connect(&mut self, now: Timestamp, id: ConnectionId) {
        let Some(core) = &self.core else { return };
        let connection = Connection::new(core.office().clone(), now, &mut self.rng);
        self.connections.insert(id, connection);
        self.drive(now, id);
    }

    pub fn disconnect(&mut self, id: ConnectionId) {
        self.connections.remove(&id);
        self.open.remove(&id);
    }

    pub fn frame(&mut self, now: Timestamp, id: ConnectionId, frame: &[u8]) {
        if let Some(connection) = self.connections.get_mut(&id) {
            connection.receive(frame);
            self.drive(now, id);
        }
    }

    pub fn fetched(&mut self, now: Timestamp, connection: ConnectionId, id: u64, reply: FetchReply) {
        if let Some(connection) = self.connections.get_mut(&connection) {
            connection.fetched(id, reply);
        }
        self.drive(now, connection);
    }

    /// A parcel or fetch of a peer; none if it came to nothing.
    pub fn peer_parcel(&mut self, now: Timestamp, parcel: Parcel) -> Option<ParcelReply> {
        let from = parcel.from.clone();
        let reply = match self.apply(now, Work::Parcel(Box::new(parcel)))? {
            Done::Parcel(reply) => reply,
            other => panic!("not a parcel's reply: {other:?}"),
        };
        if let Some(queue) = self.queues.get_mut(&from) {
            queue.reachable();
        }
        self.poll_peer(now, &from);
        Some(reply)
    }

    pub fn peer_fetch(&mut self, now: Timestamp, work: Work) -> Option<FetchReply> {
        match self.apply(now, work)? {
            Done::Fetched { reply, .. } => Some(reply),
            other => panic!("not a fetch's reply: {other:?}"),
        }
    }

    pub fn parcel_answered(&mut self, now: Timestamp, peer: &SwitchboardAddress, reply: Option<ParcelReply>) {
        if let Some(queue) = self.queues.get_mut(peer) {
            match reply {
                Some(reply) => queue.replied(now, &reply, &mut self.rng),
                None => queue.failed(now, &mut self.rng),
            }
            self.poll_peer(now, peer);
        }
    }

    pub fn poll_peer(&mut self, now: Timestamp, peer: &SwitchboardAddress) {
        loop {
            let Some(queue) = self.queues.get_mut(peer) else { return };
            match queue.poll(now) {
                Next::Read { after, count, bytes } => {
                    let Some(core) = &mut self.core else { return };
                    let own = core.office().clone();
                    let waiting = reads::waiting(core.store(), &own, peer, after, count, bytes).expect("a queue");
                    queue.loaded(waiting);
                }
                Next::Send(parcel) => self.leaving.push(Leaving::Parcel(*parcel)),
                Next::Apply(work) => {
                    let durable = self.apply(now, work).is_some();
                    if let Some(queue) = self.queues.get_mut(peer) {
                        queue.applied(durable);
                    }
                }
                Next::Wait(until) => {
                    self.leaving.push(Leaving::Poll(peer.clone(), until));
                    return;
                }
                Next::Idle => return,
            }
        }
    }

    fn wake_peer(&mut self, now: Timestamp, peer: &SwitchboardAddress) {
        let own = self.address.clone();
        self.queues.entry(peer.clone()).or_insert_with(|| PeerQueue::new(own, peer.clone())).wake();
        self.poll_peer(now, peer);
    }

    /// Does one work in a transaction of its own; none if the store failed.
    fn apply(&mut self, now: Timestamp, work: Work) -> Option<Done> {
        let core = self.core.as_mut()?;
        let mut applied = core.apply(now, vec![work]).ok()?;
        let done = applied.done.pop();
        for peer in applied.peers {
            self.wake_peer(now, &peer);
        }
        let woken: Vec<ConnectionId> =
            self.open.iter().filter(|(_, line)| applied.lines.contains(line)).map(|(id, _)| *id).collect();
        for id in woken {
            if let Some(connection) = self.connections.get_mut(&id) {
                connection.wake();
            }
            self.drive(now, id);
        }
        done
    }

    fn drive(&mut self, now: Timestamp, id: ConnectionId) {
        while let Some(output) = self.connections.get_mut(&id).and_then(Connection::poll) {
            let Some(core) = &mut self.core else { return };
            match output {
                Output::Send(frame) => self.leaving.push(Leaving::Frame(id, encode(&*frame))),
                Output::Look { line, handset } => {
                    let known = reads::known(core.store(), &line, &handset);
                    let Some(connection) = self.connections.get_mut(&id) else { return };
                    match known {
                        Ok(known) => connection.known(known),
                        Err(error) => connection.unreadable(&error),
                    }
                }
                Output::Apply(work) => match core.apply(now, vec![work]) {
                    Ok(mut applied) => {
                        let done = applied.done.pop();
                        if let (Some(connection), Some(done)) = (self.connections.get_mut(&id), done) {
                            connection.done(done);
                        }
                        for peer in applied.peers {
                            self.wake_peer(now, &peer);
                        }
                        let woken: Vec<ConnectionId> = self
                            .open
                            .iter()
                            .filter(|(_, line)| applied.lines.contains(line))
                            .map(|(id, _)| *id)
                            .collect();
                        for other in woken {
                            if let Some(connection) = self.connections.get_mut(&other) {
                                connection.wake();
                            }
                            if other != id {
                                self.drive(now, other);
                            }
                        }
                    }
                    Err(error) => {
                        if let Some(connection) = self.connections.get_mut(&id) {
                            connection.failed(&error);
                        }
                    }
                },
                Output::Read { line, handset, after, count, bytes } => {
                    let items = reads::items(core.store(), &line, &handset, after, count, bytes);
                    let Some(connection) = self.connections.get_mut(&id) else { return };
                    match items {
                        Ok(items) => connection.items(items),
                        Err(error) => connection.unreadable(&error),
                    }
                }
                Output::Fetch { id: question, at, lookup, reservation } => {
                    let work = Work::Fetch { from: self.address.clone(), lookup, reservation, id: question };
                    self.leaving.push(Leaving::Fetch { connection: id, id: question, at, work });
                }
                Output::Opened { line, .. } => {
                    self.open.insert(id, line);
                }
                Output::Close => {
                    self.disconnect(id);
                    self.leaving.push(Leaving::Closed(id));
                }
            }
        }
    }
}

/// What a switchboard says of a peer that does not answer.
pub fn unreachable() -> Refusal {
    Refusal::new(RefusalCode::PeerUnreachable, "the other office cannot be reached")
}

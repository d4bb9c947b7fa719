//! A switchboard in the simulator: the real core over a real SQLite store, with its connections and peer queues.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicU64, Ordering};

use database::rusqlite::Connection as Database;
use protocol::federation::{FetchReply, Parcel, ParcelReply};
use protocol::frames::{Deed, FromSwitchboard};
use protocol::wake::{P256_POINT_BYTES, Wake};
use protocol::{
    EnvelopeHash, HandsetId, InvitationSecret, LineId, Refusal, RefusalCode, SwitchboardAddress, Timestamp, encode,
};
use rand_chacha::ChaCha20Rng;
use rand_core::{Rng as _, SeedableRng as _};
use serde_bytes::ByteBuf;
use switchboard::Limits;
use switchboard::core::connection::{Connection, Output};
use switchboard::core::outgoing::{Next, PeerQueue};
use switchboard::core::{Applied, Core, Done, Federation, Office, Work, reads};
use switchboard::store::testing::{Fault, Faulty};
use switchboard::store::{SqliteStore, StoreError};

use crate::processes::Folder;

/// A copy of a switchboard's database.
#[derive(Debug)]
pub struct Backup(Folder);

/// Names one connection of a handset.
pub type ConnectionId = u64;

/// What leaves a switchboard.
#[derive(Debug)]
pub enum Leaving {
    /// A frame for a handset.
    Frame(ConnectionId, Box<FromSwitchboard>),
    /// The end of a connection.
    Closed(ConnectionId),
    /// A parcel for a peer.
    Parcel(Parcel),
    /// A question to a peer, on behalf of a connection.
    Fetch {
        /// Whose.
        connection: ConnectionId,
        /// Its id there.
        id: u64,
        /// The peer.
        at: SwitchboardAddress,
        /// What the peer is to do.
        work: Work,
    },
    /// A peer queue wants to be polled at this time.
    Poll(SwitchboardAddress, Timestamp),
}

/// A switchboard.
pub struct Switchboard {
    /// Where it is reached.
    pub address: SwitchboardAddress,
    /// How often it lost everything.
    pub incarnation: u64,
    /// How much it keeps for whom, from its next beginning on.
    pub limits: Limits,
    /// It is gone: nothing reaches it, and nothing of it anybody.
    pub dark: bool,
    /// What leaves, in order.
    pub leaving: Vec<Leaving>,
    /// Every envelope whose deed is durable here: what `sent` may be said of.
    pub stored: BTreeSet<EnvelopeHash>,
    core: Option<Core<Faulty<SqliteStore>>>,
    connections: BTreeMap<ConnectionId, Connection>,
    open: BTreeMap<ConnectionId, LineId>,
    queues: BTreeMap<SwitchboardAddress, PeerQueue>,
    rng: ChaCha20Rng,
    /// Where its database is, once it is not in memory.
    files: Vec<Folder>,
}

/// Who has to be told after a commit.
enum Woken {
    These(Applied),
    /// The store failed, and nobody knows what was kept.
    All,
}

impl std::fmt::Debug for Switchboard {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Switchboard({})", self.address)
    }
}

impl Switchboard {
    /// A switchboard with an empty database.
    ///
    /// # Panics
    /// If the database cannot be made.
    pub fn new(address: &str, seed: u64) -> Self {
        let mut new = Self {
            address: address.parse().expect("an address"),
            incarnation: 0,
            limits: Limits::default(),
            dark: false,
            leaving: Vec::new(),
            stored: BTreeSet::new(),
            core: None,
            connections: BTreeMap::new(),
            open: BTreeMap::new(),
            queues: BTreeMap::new(),
            rng: ChaCha20Rng::seed_from_u64(seed),
            files: Vec::new(),
        };
        new.begin(Self::empty_store());
        new
    }

    /// What is stored, to be looked at.
    pub fn database(&mut self) -> &Database {
        self.core().store().inner().connection()
    }

    /// Ends the process and begins another over the same store. All that was under way in memory is gone.
    pub fn crash(&mut self) -> Vec<ConnectionId> {
        if let Some(core) = self.core.take() {
            self.begin(core.into_store());
        }
        self.queues.clear();
        self.open.clear();
        self.leaving.clear();
        std::mem::take(&mut self.connections).into_keys().collect()
    }

    /// Loses everything and begins anew under the same address.
    pub fn lose_everything(&mut self) -> Vec<ConnectionId> {
        let gone = self.crash();
        self.incarnation += 1;
        self.begin(Self::empty_store());
        gone
    }

    /// Copies the database, as a backup does.
    ///
    /// # Panics
    /// If it cannot be copied.
    pub fn copy(&mut self) -> Backup {
        let folder = new_folder();
        database::copy_plain(self.database(), &folder.0.join("copy.db")).expect("a copy");
        Backup(folder)
    }

    /// Loses its database and begins again on an older copy of it.
    ///
    /// # Panics
    /// If the copy cannot be used.
    pub fn go_back(&mut self, now: Timestamp, backup: &Backup) -> Vec<ConnectionId> {
        let gone = self.crash();
        self.incarnation += 1;
        // The copy stays as it is, to be gone back to again.
        let folder = new_folder();
        let path = folder.0.join("switchboard.db");
        std::fs::copy(backup.0.0.join("copy.db"), &path).expect("a file");
        let again = SqliteStore::open(&path).expect("the copy opens");
        self.files.push(folder);
        self.begin(Faulty::new(again));
        self.apply(now, Work::GoBack).0.expect("begun again");
        gone
    }

    fn empty_store() -> Faulty<SqliteStore> {
        Faulty::new(SqliteStore::in_memory().expect("a store"))
    }

    fn begin(&mut self, store: Faulty<SqliteStore>) {
        let rng = Box::new(ChaCha20Rng::seed_from_u64(self.rng.next_u64()));
        self.core = Some(Core::new(store, office(&self.address), self.limits.clone(), rng));
    }

    fn core(&mut self) -> &mut Core<Faulty<SqliteStore>> {
        self.core.as_mut().expect("a core is there between crashes")
    }

    /// Makes the next commit fail.
    pub fn fail_next(&mut self, fault: Fault) {
        self.core().store().fail_next(fault);
    }

    /// Begins what a fresh process begins with: sending what waits for peers.
    pub fn resume(&mut self, now: Timestamp) {
        let own = self.core().office().clone();
        for peer in reads::peers_waiting(self.core().store(), &own).expect("peers") {
            self.wake_peer(now, &peer);
        }
    }

    /// Makes an invitation.
    ///
    /// # Panics
    /// If the store fails twice.
    pub fn invite(&mut self, now: Timestamp) -> InvitationSecret {
        // A fault that waits hits the first attempt.
        let tries = (0..2).find_map(|_| match self.apply(now, Work::Invite { keep_secret: false }) {
            (Ok(Done::Invited(secret)), _) => Some(secret),
            _ => None,
        });
        tries.expect("an invitation")
    }

    /// Removes what has lapsed, expired or grown old.
    pub fn sweep(&mut self, now: Timestamp) {
        let (_, woken) = self.apply(now, Work::Sweep);
        self.follow(now, woken);
    }

    /// A handset connects.
    pub fn connect(&mut self, now: Timestamp, id: ConnectionId) {
        let office = self.core().office().clone();
        let connection = Connection::new(office, now, &mut self.rng);
        self.connections.insert(id, connection);
        self.drive(now, id);
    }

    /// A handset's connection is gone.
    pub fn disconnect(&mut self, id: ConnectionId) {
        self.connections.remove(&id);
        self.open.remove(&id);
    }

    /// A frame of a handset.
    pub fn frame(&mut self, now: Timestamp, id: ConnectionId, frame: &[u8]) {
        if let Some(connection) = self.connections.get_mut(&id) {
            connection.receive(frame);
            self.drive(now, id);
        }
    }

    /// The answer to [`Leaving::Fetch`].
    pub fn fetched(&mut self, now: Timestamp, connection: ConnectionId, id: u64, reply: FetchReply) {
        if let Some(connection) = self.connections.get_mut(&connection) {
            connection.fetched(id, reply);
        }
        self.drive(now, connection);
    }

    /// A parcel of a peer; no reply if it came to nothing.
    pub fn peer_parcel(&mut self, now: Timestamp, parcel: Parcel) -> Option<ParcelReply> {
        let from = parcel.from.clone();
        let (done, woken) = self.apply(now, Work::Parcel(Box::new(parcel)));
        self.follow(now, woken);
        let Ok(Done::Parcel(reply)) = done else { return None };
        if let Some(queue) = self.queues.get_mut(&from) {
            queue.reachable();
        }
        self.poll_peer(now, &from);
        Some(reply)
    }

    /// A question of a peer; no reply if it came to nothing.
    pub fn peer_fetch(&mut self, now: Timestamp, work: Work) -> Option<FetchReply> {
        let (done, woken) = self.apply(now, work);
        self.follow(now, woken);
        match done {
            Ok(Done::Fetched { reply, .. }) => Some(reply),
            _ => None,
        }
    }

    /// The answer to [`Leaving::Parcel`], or that there is none.
    pub fn parcel_answered(&mut self, now: Timestamp, peer: &SwitchboardAddress, reply: Option<ParcelReply>) {
        if let Some(queue) = self.queues.get_mut(peer) {
            match reply {
                Some(reply) => queue.replied(now, &reply, &mut self.rng),
                None => queue.failed(now, &mut self.rng),
            }
            self.poll_peer(now, peer);
        }
    }

    /// The time that [`Leaving::Poll`] named has come.
    pub fn poll_peer(&mut self, now: Timestamp, peer: &SwitchboardAddress) {
        loop {
            let Some(queue) = self.queues.get_mut(peer) else { return };
            match queue.poll(now) {
                Next::Read { after, count, bytes } => {
                    let own = self.core().office().clone();
                    let waiting = reads::waiting(self.core().store(), &own, peer, after, count, bytes);
                    if let Some(queue) = self.queues.get_mut(peer) {
                        queue.loaded(waiting.expect("a queue"));
                    }
                }
                Next::Send(parcel) => self.leaving.push(Leaving::Parcel(*parcel)),
                Next::Apply(work) => {
                    let (done, woken) = self.apply(now, work);
                    if let Some(queue) = self.queues.get_mut(peer) {
                        queue.applied(done.is_ok());
                    }
                    self.follow(now, woken);
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

    /// Does one work in a transaction of its own. [`Self::follow`] must come after whoever asked was answered.
    fn apply(&mut self, now: Timestamp, work: Work) -> (Result<Done, StoreError>, Woken) {
        let submitted = submission(&work);
        let result = self.core().apply(now, vec![work]);
        match result {
            Ok(mut applied) => {
                let done = applied.done.pop().expect("one done for one work");
                if let (Some(submitted), Done::Deed { result: Ok(()), .. }) = (submitted, &done) {
                    self.stored.insert(submitted.envelope);
                }
                (Ok(done), Woken::These(applied))
            }
            Err(error) if error.nothing_kept() => (Err(error), Woken::These(Applied::default())),
            Err(error) => {
                if let Some(submitted) = submitted
                    && let Ok(Ok(known)) = reads::known(self.core().store(), &submitted.line, &submitted.handset)
                    && known.welcome.done >= submitted.number
                {
                    self.stored.insert(submitted.envelope);
                }
                (Err(error), Woken::All)
            }
        }
    }

    fn follow(&mut self, now: Timestamp, woken: Woken) {
        let applied = match woken {
            Woken::These(applied) => {
                applied.peers.iter().for_each(|peer| self.wake_peer(now, peer));
                Some(applied)
            }
            Woken::All => {
                self.resume(now);
                None
            }
        };
        let concerned = |line: &LineId| applied.as_ref().is_none_or(|applied| applied.lines.contains(line));
        let woken: Vec<(ConnectionId, LineId)> =
            self.open.iter().filter(|(_, line)| concerned(line)).map(|(id, line)| (*id, *line)).collect();
        for (id, line) in woken {
            let items = applied.as_ref().and_then(|applied| applied.items.get(&line));
            if let Some(connection) = self.connections.get_mut(&id) {
                match items {
                    Some(items) => connection.wake_with(items.clone()),
                    None => connection.wake(),
                }
            }
            self.drive(now, id);
        }
    }

    fn drive(&mut self, now: Timestamp, id: ConnectionId) {
        while let Some(output) = self.connections.get_mut(&id).and_then(Connection::poll) {
            match output {
                Output::Send(frame) => self.leaving.push(Leaving::Frame(id, frame)),
                Output::Look { line, handset } => {
                    let known = reads::known(self.core().store(), &line, &handset);
                    let Some(connection) = self.connections.get_mut(&id) else { return };
                    match known {
                        Ok(known) => connection.known(known),
                        Err(error) => connection.unreadable(&error),
                    }
                }
                Output::Apply(work) => {
                    let (done, woken) = self.apply(now, work);
                    if let Some(connection) = self.connections.get_mut(&id) {
                        match done {
                            Ok(done) => connection.done(done),
                            Err(error) => connection.failed(&error),
                        }
                    }
                    self.follow(now, woken);
                }
                Output::Read { line, handset, after, count, bytes } => {
                    let items = reads::items(self.core().store(), &line, &handset, after, count, bytes);
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
                Output::Way { id: question, line, to } => {
                    let way = reads::way(self.core().store(), &line, &to);
                    let Some(connection) = self.connections.get_mut(&id) else { return };
                    connection.way(question, way);
                }
                // Pushing is the edge's: here it is only known whether there would be somebody to push to.
                Output::Wake { id: question, line, handset, .. } => {
                    let wake = reads::wake(self.core().store(), &line, &handset).map(|found| Wake {
                        key: Some(ByteBuf::from([4; P256_POINT_BYTES])),
                        stored: found.is_some(),
                        last: None,
                    });
                    let Some(connection) = self.connections.get_mut(&id) else { return };
                    connection.woken(question, Ok(wake.unwrap_or_default()));
                }
                // Bytes of files are the edge's: nothing here asks for them.
                Output::Ticket { .. } => {}
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

fn new_folder() -> Folder {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    Folder::new(&format!("copy-{}", NEXT.fetch_add(1, Ordering::Relaxed)))
}

/// A deed that submits an envelope.
struct Submitted {
    line: LineId,
    handset: HandsetId,
    number: u64,
    envelope: EnvelopeHash,
}

fn submission(work: &Work) -> Option<Submitted> {
    let Work::Deed { line, handset, number, deed, .. } = work else { return None };
    let Deed::Submit { submission, .. } = &**deed else { return None };
    let envelope = seal::envelope_hash(&submission.envelope);
    Some(Submitted { line: *line, handset: *handset, number: *number, envelope })
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

/// A frame as it goes over the connection.
pub fn bytes_of(frame: &FromSwitchboard) -> Vec<u8> {
    encode(frame)
}

/// What a switchboard says of a peer that does not answer.
pub fn unreachable() -> Refusal {
    Refusal::new(RefusalCode::PeerUnreachable, "the other office cannot be reached")
}

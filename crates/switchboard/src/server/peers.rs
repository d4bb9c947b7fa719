//! Sending to peers: one task for each that something waits for, and who a peer is.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use protocol::codec::VERSION;
use protocol::federation::{Fetch, FetchBlob, FetchReply, Parcel, ParcelReply};
use protocol::files::sealed;
use protocol::limits::FILE_BYTES;
use protocol::{BlobId, LookupId, Refusal, RefusalCode, ReservationId, SwitchboardAddress};
use tokio::sync::{mpsc, watch};

use super::blobs::Span;
use super::client::{Unanswered, signed};
use super::federation::{FETCH_BLOB_CONTEXT, FETCH_CONTEXT, PARCEL_CONTEXT};
use super::{Shared, now, rng};
use crate::core::outgoing::{Next, PeerQueue};
use crate::core::{Done, Work, reads};

/// What the task that looks after the peers is told.
#[derive(Debug)]
pub(super) enum Event {
    /// Something waits for this peer.
    Wake(SwitchboardAddress),
    /// Something may wait for any peer.
    WakeAll,
    /// This peer was heard of.
    Reachable(SwitchboardAddress),
}

#[derive(Debug, Clone, Copy)]
enum Signal {
    Wake,
    Reachable,
}

/// A task with nothing to send ends after this long.
const LINGER: Duration = Duration::from_secs(60);
/// What a peer says about itself is believed for this long.
const BELIEVED: Duration = Duration::from_mins(10);
/// A stranger that could not be asked who it is is not asked again for this long.
const NOT_AGAIN: Duration = Duration::from_secs(15);
/// Peers of which this is remembered.
const REMEMBERED: usize = 10_000;

/// Looks after the peers until the switchboard shuts down.
pub(super) async fn look_after(
    shared: Arc<Shared>,
    mut events: mpsc::UnboundedReceiver<Event>,
    mut draining: watch::Receiver<bool>,
) {
    let mut tasks: HashMap<SwitchboardAddress, mpsc::UnboundedSender<Signal>> = HashMap::new();
    let identities = Arc::new(Identities::default());
    wake_all(&shared, &identities, &mut tasks);
    loop {
        let event = tokio::select! {
            event = events.recv() => event,
            _ = draining.wait_for(|draining| *draining) => None,
        };
        match event {
            None => return,
            Some(Event::Wake(peer)) => wake(&shared, &identities, &mut tasks, peer),
            Some(Event::WakeAll) => wake_all(&shared, &identities, &mut tasks),
            Some(Event::Reachable(peer)) => {
                if let Some(task) = tasks.get(&peer) {
                    // A task that just ended had nothing to send.
                    let _ = task.send(Signal::Reachable);
                }
            }
        }
    }
}

fn wake_all(
    shared: &Arc<Shared>,
    identities: &Arc<Identities>,
    tasks: &mut HashMap<SwitchboardAddress, mpsc::UnboundedSender<Signal>>,
) {
    let waiting = reads::peers_waiting(&mut *shared.reader.store(), &shared.office);
    match waiting {
        Ok(peers) => peers.into_iter().for_each(|peer| wake(shared, identities, tasks, peer)),
        Err(error) => tracing::error!(code = error.code(), "{error}"),
    }
}

fn wake(
    shared: &Arc<Shared>,
    identities: &Arc<Identities>,
    tasks: &mut HashMap<SwitchboardAddress, mpsc::UnboundedSender<Signal>>,
    peer: SwitchboardAddress,
) {
    if tasks.get(&peer).is_some_and(|task| task.send(Signal::Wake).is_ok()) {
        return;
    }
    tasks.retain(|_, task| !task.is_closed());
    let (sender, receiver) = mpsc::unbounded_channel();
    let (shared, identities) = (Arc::clone(shared), Arc::clone(identities));
    tasks.insert(peer.clone(), sender);
    tokio::spawn(async move {
        shared.metrics.peers_waiting.one();
        let mut draining = shared.draining.clone();
        tokio::select! {
            () = send(&shared, &identities, peer, receiver) => {}
            // Whatever is under way is sent again after the next start.
            _ = draining.wait_for(|draining| *draining) => {}
        }
        shared.metrics.peers_waiting.less();
    });
}

/// Sends to one peer until nothing waits.
async fn send(
    shared: &Arc<Shared>,
    identities: &Identities,
    peer: SwitchboardAddress,
    mut signals: mpsc::UnboundedReceiver<Signal>,
) {
    let mut queue = PeerQueue::new(shared.office.address.clone(), peer.clone());
    loop {
        while let Ok(signal) = signals.try_recv() {
            take(&mut queue, signal);
        }
        match queue.poll(now()) {
            Next::Read { after, count, bytes } => {
                let waiting = reads::waiting(&mut *shared.reader.store(), &shared.office, &peer, after, count, bytes);
                match waiting {
                    Ok(waiting) => queue.loaded(waiting),
                    Err(_) => queue.failed(now(), &mut rng()),
                }
            }
            Next::Send(parcel) => match hand_over(shared, identities, &peer, &parcel).await {
                Ok(reply) => {
                    if !matches!(reply, ParcelReply::Stored { .. }) {
                        shared.metrics.parcels_failed.one();
                    }
                    queue.replied(now(), &reply, &mut rng());
                    if queue.is_ahead() && !shared.troubles.is_ahead(&peer) {
                        tracing::error!(
                            code = "older-copy",
                            "a peer says that it had more from this switchboard than its data know of: if they are an older copy, stop it, and go back with office restore"
                        );
                    }
                    shared.troubles.failures(&peer, queue.failures());
                }
                Err(_) => {
                    shared.metrics.parcels_failed.one();
                    queue.failed(now(), &mut rng());
                    shared.troubles.failures(&peer, queue.failures());
                }
            },
            Next::Apply(work @ Work::Stored { .. }) => {
                // The next parcel need not wait for it: if it is not kept, the same is sent once more.
                shared.writer.bring(work, |_| {}).await;
                queue.applied(true);
            }
            Next::Apply(work) => {
                let durable = shared.writer.ask(work).await.is_ok();
                queue.applied(durable);
            }
            Next::Wait(until) => {
                let pause = tokio::time::sleep(until.since(now()));
                tokio::select! {
                    () = pause => {}
                    signal = signals.recv() => match signal {
                        Some(signal) => take(&mut queue, signal),
                        None => return,
                    },
                }
            }
            Next::Idle => match tokio::time::timeout(LINGER, signals.recv()).await {
                Ok(Some(signal)) => take(&mut queue, signal),
                Ok(None) => return,
                Err(_) => {
                    signals.close();
                    match signals.recv().await {
                        Some(signal) => take(&mut queue, signal),
                        None => return,
                    }
                }
            },
        }
    }
}

fn take(queue: &mut PeerQueue, signal: Signal) {
    match signal {
        Signal::Wake => queue.wake(),
        Signal::Reachable => queue.reachable(),
    }
}

async fn hand_over(
    shared: &Arc<Shared>,
    identities: &Identities,
    peer: &SwitchboardAddress,
    parcel: &Parcel,
) -> Result<ParcelReply, Unknown> {
    identities.check(shared, peer).await?;
    let signed = signed(&shared.key, &shared.office.address, PARCEL_CONTEXT, parcel);
    let reply = shared.client.parcel(peer, signed).await;
    if reply.is_err() {
        identities.doubt(peer);
    }
    let reply = reply?;
    shared.metrics.parcels_out.one();
    Ok(reply)
}

/// Fetches a slot from a peer for a handset.
pub(super) async fn fetch(
    shared: &Arc<Shared>,
    at: SwitchboardAddress,
    lookup: LookupId,
    reservation: ReservationId,
) -> FetchReply {
    may_ask(shared, &at).await?;
    let question = Fetch { from: shared.office.address.clone(), to: at.clone(), lookup, reservation };
    let signed = signed(&shared.key, &shared.office.address, FETCH_CONTEXT, &question);
    shared.client.fetch(&at, signed).await.unwrap_or_else(|_| Err(unreachable())).map_err(Refusal::from_elsewhere)
}

/// Fetches a blob from a peer for a handset: which bytes come, and whence.
pub(super) async fn fetch_blob(
    shared: &Arc<Shared>,
    at: SwitchboardAddress,
    blob: BlobId,
    offset: u64,
) -> Result<(Span, reqwest::Response), Refusal> {
    may_ask(shared, &at).await?;
    let question = FetchBlob { from: shared.office.address.clone(), to: at.clone(), blob, offset };
    let signed = signed(&shared.key, &shared.office.address, FETCH_BLOB_CONTEXT, &question);
    match shared.client.fetch_blob(&at, signed).await {
        Ok(Ok((span, response))) if span.first == offset && span.size <= sealed(FILE_BYTES) => Ok((span, response)),
        Ok(Err(refusal)) if is_about_a_blob(refusal.code) => Err(refusal.from_elsewhere()),
        _ => Err(unreachable()),
    }
}

/// Whether a peer may say this of a blob. Anything else would be read as this switchboard's own word: that the ticket is
/// not good any more, say.
fn is_about_a_blob(code: RefusalCode) -> bool {
    matches!(code, RefusalCode::BlobUnknown | RefusalCode::BlobIncomplete | RefusalCode::TooMany)
}

fn unreachable() -> Refusal {
    Refusal::new(RefusalCode::PeerUnreachable, "the other switchboard cannot be reached: try again later")
}

/// Whether a peer may be asked something for a handset, and is who it was before.
async fn may_ask(shared: &Arc<Shared>, at: &SwitchboardAddress) -> Result<(), Refusal> {
    let allowed = reads::peer(&mut *shared.reader.store(), &shared.office, at).map(|(_, allowed)| allowed);
    match allowed {
        Ok(true) => {}
        Ok(false) => {
            let sentence = "this switchboard does not deal with the other one";
            return Err(Refusal::new(RefusalCode::PeerNotAllowed, sentence));
        }
        Err(_) => return Err(Refusal::new(RefusalCode::Unavailable, "the switchboard cannot read its database now")),
    }
    match who(shared, at).await {
        Ok(_) => Ok(()),
        Err(Unknown::Version) => {
            let sentence = "the two switchboards have no version in common: one of them has to be updated";
            Err(Refusal::new(RefusalCode::VersionUnknown, sentence))
        }
        Err(Unknown::KeyChanged) => {
            let sentence = "the other switchboard shows another key than before: the two operators have to look at it";
            Err(Refusal::new(RefusalCode::PeerNotAllowed, sentence))
        }
        Err(Unknown::Unanswered) => Err(unreachable()),
    }
}

/// Why a peer is not known for who it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unknown {
    /// It could not be asked, or said something else.
    Unanswered,
    /// It speaks no version that this switchboard speaks.
    Version,
    /// Its key is another than the pinned one.
    KeyChanged,
}

impl From<Unanswered> for Unknown {
    fn from(_: Unanswered) -> Self {
        Self::Unanswered
    }
}

/// Asks a peer who it is, and pins its key if none is pinned; gives the key.
pub(super) async fn who(shared: &Arc<Shared>, peer: &SwitchboardAddress) -> Result<[u8; 32], Unknown> {
    let info = shared.client.info(peer).await?;
    if !info.versions.contains(&VERSION) {
        return Err(Unknown::Version);
    }
    let key = <[u8; 32]>::try_from(info.key.into_vec()).map_err(|_| Unknown::Unanswered)?;
    if info.address != *peer {
        return Err(Unknown::Unanswered);
    }
    let known = reads::peer(&mut *shared.reader.store(), &shared.office, peer);
    let pinned = match known.map_err(|_| Unknown::Unanswered)?.0.and_then(|row| row.key) {
        Some(pinned) => pinned,
        None => match shared.writer.ask(Work::Pin { peer: peer.clone(), key }).await {
            Ok(Done::Pinned(Some(pinned))) => pinned,
            _ => return Err(Unknown::Unanswered),
        },
    };
    shared.troubles.key_differs(peer, pinned != key);
    if pinned == key {
        return Ok(key);
    }
    shared.metrics.peer_keys_changed.one();
    tracing::warn!(
        "a peer shows another key than the one pinned: nothing is sent to it until the operator forgets the old one"
    );
    Err(Unknown::KeyChanged)
}

/// Whose word was taken lately.
#[derive(Debug, Default)]
struct Identities(Mutex<HashMap<SwitchboardAddress, Instant>>);

impl Identities {
    /// Asks the peer who it is unless it was asked lately.
    async fn check(&self, shared: &Arc<Shared>, peer: &SwitchboardAddress) -> Result<(), Unknown> {
        let is_believed = |asked: &Instant| asked.elapsed() < BELIEVED;
        if self.0.lock().unwrap_or_else(PoisonError::into_inner).get(peer).is_some_and(is_believed) {
            return Ok(());
        }
        who(shared, peer).await?;
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() >= REMEMBERED {
            all.clear();
        }
        all.insert(peer.clone(), Instant::now());
        Ok(())
    }

    fn doubt(&self, peer: &SwitchboardAddress) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(peer);
    }
}

/// Strangers that could not be asked who they are.
#[derive(Debug, Default)]
pub(super) struct Unheard(Mutex<HashMap<SwitchboardAddress, Instant>>);

impl Unheard {
    /// Whether it may be asked now; if so, it may not be again for a while.
    pub(super) fn may_ask(&self, peer: &SwitchboardAddress) -> bool {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() >= REMEMBERED {
            all.retain(|_, asked| asked.elapsed() < NOT_AGAIN);
        }
        if all.len() >= REMEMBERED || all.get(peer).is_some_and(|asked| asked.elapsed() < NOT_AGAIN) {
            return false;
        }
        all.insert(peer.clone(), Instant::now());
        true
    }
}

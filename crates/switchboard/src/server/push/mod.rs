//! Waking handsets that are not connected, by Web Push: one message, until they connect or some time has passed, which
//! says that something waits, or that somebody calls, and nothing else.

mod request;
mod seal;

use std::collections::{HashMap, VecDeque};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use protocol::wake::{PushOutcome, Pushed, Subscription, Urgency, Wake};
use protocol::{HandsetId, LineId, Refusal, RefusalCode};
use serde_bytes::ByteBuf;
use tokio::sync::{Semaphore, mpsc, watch};
use tokio::time::{sleep, sleep_until};

use super::metrics::Metrics;
use super::{Shared, StartError, now};
use crate::core::connection::unavailable;
use crate::core::{Office, Waking, Work, reads};
use crate::store::{SqliteStore, Store as _};
use request::{Client, Tried};
use seal::VapidKey;

/// Arrivals that wait to be looked at. Beyond that the next one wakes.
const ARRIVALS: usize = 4096;
/// Handsets that are being woken, or wait for their turn. Beyond that the next arrival wakes.
const WAITING: usize = 1024;
/// Requests under way.
const AT_ONCE: usize = 16;
/// When the push service cannot take it now.
const TRY_AGAIN: Duration = Duration::from_secs(30);
/// Calls ring again after this time.
const CALL_AGAIN: Duration = Duration::from_secs(30);
/// A handset has itself woken this often at most.
const TEST_AGAIN: Duration = Duration::from_secs(10);
/// The setting that holds the key.
const KEY: &str = "vapid_key";

/// What is known of waking each handset; nothing of it outlives the process.
#[derive(Debug, Default)]
struct Known {
    /// When it was last woken, and what for, unless it has connected since.
    woken: Option<(Instant, Urgency)>,
    last: Option<Pushed>,
    tested: Option<Instant>,
}

/// The switchboard's side of waking.
#[derive(Debug)]
pub(super) struct Push {
    /// None if the operator wants nobody woken.
    client: Option<Client>,
    known: Mutex<HashMap<(LineId, HandsetId), Known>>,
    places: Arc<Semaphore>,
    turns: Semaphore,
}

/// The way from the writing thread.
#[derive(Debug, Clone)]
pub(super) struct Arrivals(mpsc::Sender<Waking>);

impl Arrivals {
    pub(super) fn new() -> (Self, mpsc::Receiver<Waking>) {
        let (sender, receiver) = mpsc::channel(ARRIVALS);
        (Self(sender), receiver)
    }

    /// Says what has come; never waits.
    pub(super) fn tell(&self, arrived: Vec<Waking>, metrics: &Metrics) {
        for waking in arrived {
            if self.0.try_send(waking).is_err() {
                metrics.pushes_dropped.one();
            }
        }
    }
}

impl Push {
    /// With the key of this switchboard, made when it first starts.
    pub(super) fn new(
        office: &Office,
        store: &mut SqliteStore,
        is_on: bool,
        trust_roots: Option<&PathBuf>,
    ) -> Result<Self, StartError> {
        let client = if is_on { Some(Client::new(office, key(store)?, trust_roots)?) } else { None };
        let (known, places) = (Mutex::default(), Arc::new(Semaphore::new(WAITING)));
        Ok(Self { client, known, places, turns: Semaphore::new(AT_ONCE) })
    }

    /// A handset has connected: it takes what waits by itself, and is woken anew when it is gone.
    pub(super) fn connected(&self, line: LineId, handset: HandsetId) {
        self.with(line, handset, |known| known.woken = None);
    }

    /// Whether to wake a handset now; if so, it counts as woken.
    fn is_due(&self, line: LineId, handset: HandsetId, urgency: Urgency, again: Duration) -> bool {
        let mut all = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let known = all.entry((line, handset)).or_default();
        let again = if urgency == Urgency::Call { CALL_AGAIN.min(again) } else { again };
        let is_due = known.woken.is_none_or(|(at, before)| before < urgency || at.elapsed() >= again);
        if is_due {
            known.woken = Some((Instant::now(), urgency));
        }
        is_due
    }

    fn is_waiting(&self, line: LineId, handset: HandsetId) -> bool {
        self.with(line, handset, |known| known.woken.is_some()).unwrap_or_default()
    }

    /// Whether a handset may have itself woken now.
    fn may_test(&self, line: LineId, handset: HandsetId) -> bool {
        let mut all = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let known = all.entry((line, handset)).or_default();
        let may = known.tested.is_none_or(|at| at.elapsed() >= TEST_AGAIN);
        if may {
            known.tested = Some(Instant::now());
        }
        may
    }

    fn with<T>(&self, line: LineId, handset: HandsetId, step: impl FnOnce(&mut Known) -> T) -> Option<T> {
        let mut all = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        all.get_mut(&(line, handset)).map(step)
    }
}

fn key(store: &mut SqliteStore) -> Result<VapidKey, StartError> {
    let unmade = || StartError::WakeKey;
    let mut stored = None;
    store.write(&mut |tx| {
        stored = tx.setting(KEY)?;
        if stored.is_none()
            && let Ok(made) = VapidKey::generate()
        {
            tx.put_setting(KEY, &made)?;
            stored = Some(made);
        }
        Ok(())
    })?;
    VapidKey::from_pkcs8(&stored.ok_or_else(unmade)?).map_err(|_| unmade())
}

/// Lines with a connected handset, to be looked at again after a while: each in the order of its time.
#[derive(Debug, Default)]
struct Later {
    order: VecDeque<(Instant, LineId)>,
    /// What is to be taken by then, and what came since.
    lines: HashMap<LineId, (Waking, Option<Waking>)>,
}

impl Later {
    fn add(&mut self, waking: Waking, at: Instant) {
        match self.lines.get_mut(&waking.line) {
            Some((_, since)) => {
                let urgency = since.map_or(waking.urgency, |before| before.urgency.max(waking.urgency));
                *since = Some(Waking { urgency, ..waking });
            }
            None => {
                self.order.push_back((at, waking.line));
                self.lines.insert(waking.line, (waking, None));
            }
        }
    }

    fn next(&self) -> Option<Instant> {
        self.order.front().map(|(at, _)| *at)
    }

    /// The first, and what came for the same line since.
    fn take(&mut self) -> Option<(Waking, Option<Waking>)> {
        let (_, line) = self.order.pop_front()?;
        self.lines.remove(&line)
    }
}

/// Wakes handsets until the switchboard shuts down.
pub(super) async fn look_after(
    shared: Arc<Shared>,
    mut arrivals: mpsc::Receiver<Waking>,
    mut draining: watch::Receiver<bool>,
) {
    let mut later = Later::default();
    let patience = shared.limits.wake_patience;
    loop {
        let next = later.next();
        tokio::select! {
            arrived = arrivals.recv() => match arrived {
                Some(waking) if wake(&shared, waking, false) => later.add(waking, Instant::now() + patience),
                Some(_) => {}
                None => return,
            },
            () = sleep_until(next.unwrap_or_else(Instant::now).into()), if next.is_some() => {
                if let Some((waking, since)) = later.take() {
                    wake(&shared, waking, true);
                    if let Some(since) = since {
                        later.add(since, Instant::now() + patience);
                    }
                }
            }
            _ = draining.wait_for(|draining| *draining) => return,
        }
    }
}

/// Wakes the handsets of a line that lack an item, but for those that are connected, unless they had time enough to take
/// it; gives whether there are such.
fn wake(shared: &Arc<Shared>, waking: Waking, had_time: bool) -> bool {
    if shared.push.client.is_none() {
        return false;
    }
    let Waking { line, item, urgency } = waking;
    let is_connected = shared.hub.is_connected(&line);
    if is_connected && !had_time {
        return true;
    }
    // What cannot be read now wakes with what comes next.
    let Ok(handsets) = reads::to_wake(&mut *shared.reader.store(), &line, item) else { return false };
    for (handset, subscription) in handsets {
        if !shared.push.is_due(line, handset, urgency, shared.limits.wake_again) {
            continue;
        }
        let Ok(place) = Arc::clone(&shared.push.places).try_acquire_owned() else {
            shared.metrics.pushes_dropped.one();
            shared.push.connected(line, handset);
            continue;
        };
        let (shared, mut draining) = (Arc::clone(shared), shared.draining.clone());
        tokio::spawn(async move {
            tokio::select! {
                () = push(&shared, line, handset, subscription, urgency) => {}
                _ = draining.wait_for(|draining| *draining) => {}
            }
            drop(place);
        });
    }
    false
}

async fn push(shared: &Shared, line: LineId, handset: HandsetId, subscription: Subscription, urgency: Urgency) {
    let tried = once(shared, line, handset, &subscription, urgency).await;
    if tried.is_some_and(|tried| tried.may_pass) {
        sleep(TRY_AGAIN).await;
        if shared.push.is_waiting(line, handset) {
            once(shared, line, handset, &subscription, urgency).await;
        }
    }
}

/// Asks the push service once, and keeps what came of it.
async fn once(
    shared: &Shared,
    line: LineId,
    handset: HandsetId,
    subscription: &Subscription,
    urgency: Urgency,
) -> Option<Tried> {
    let client = shared.push.client.as_ref()?;
    let turn = shared.push.turns.acquire().await.ok()?;
    let tried = client.push(subscription, urgency, now()).await;
    drop(turn);
    match tried.outcome {
        PushOutcome::Taken => shared.metrics.pushes_out.one(),
        PushOutcome::Gone => {
            shared.metrics.pushes_gone.one();
            let gone = Work::WakeGone { line, handset, subscription: Box::new(subscription.clone()) };
            // If it cannot be removed now, it is with the next that comes.
            let _ = shared.writer.ask(gone).await;
        }
        PushOutcome::Refused | PushOutcome::Unreachable => shared.metrics.pushes_failed.one(),
    }
    let last = Some(Pushed { at: now(), outcome: tried.outcome });
    shared.push.known.lock().unwrap_or_else(PoisonError::into_inner).entry((line, handset)).or_default().last = last;
    Some(tried)
}

/// How it stands with waking a handset, after waking it once if it wants to see that.
pub(super) async fn state(shared: &Shared, line: LineId, handset: HandsetId, tries: bool) -> Result<Wake, Refusal> {
    let read = || reads::wake(&mut *shared.reader.store(), &line, &handset).map_err(|error| unavailable(&error));
    let mut stored = read()?;
    if let Some(subscription) = stored.as_ref().filter(|_| tries && shared.push.client.is_some()) {
        if !shared.push.may_test(line, handset) {
            return Err(Refusal::new(RefusalCode::TooMany, "this was tried just now: wait ten seconds"));
        }
        once(shared, line, handset, subscription, Urgency::Waiting).await;
        stored = read()?;
    }
    let key = shared.push.client.as_ref().map(|client| ByteBuf::from(client.key().public()));
    let last = shared.push.with(line, handset, |known| known.last).flatten();
    Ok(Wake { key, stored: stored.is_some(), last })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn push() -> Push {
        let (known, places) = (Mutex::default(), Arc::new(Semaphore::new(1)));
        Push { client: None, known, places, turns: Semaphore::new(1) }
    }

    const LINE: LineId = LineId::new([1; 32]);
    const HANDSET: HandsetId = HandsetId::new([2; 16]);

    #[test]
    fn a_handset_is_woken_once_unless_it_connects_or_somebody_calls() {
        let (push, long) = (push(), Duration::from_mins(5));
        let is_due = |urgency, again| push.is_due(LINE, HANDSET, urgency, again);
        assert!(is_due(Urgency::Waiting, long));
        assert!(!is_due(Urgency::Waiting, long), "once");
        assert!(is_due(Urgency::Call, long), "a call is more");
        assert!(!is_due(Urgency::Call, long) && !is_due(Urgency::Waiting, long));
        assert!(is_due(Urgency::Waiting, Duration::ZERO), "some time has passed");
        push.connected(LINE, HANDSET);
        assert!(!push.is_waiting(LINE, HANDSET));
        assert!(is_due(Urgency::Waiting, long));
        assert!(push.is_due(LINE, HandsetId::new([3; 16]), Urgency::Waiting, long), "each its own");
    }

    #[test]
    fn a_handset_tests_itself_now_and_then() {
        let push = push();
        assert!(push.may_test(LINE, HANDSET) && !push.may_test(LINE, HANDSET));
    }

    #[test]
    fn what_comes_while_a_line_is_looked_at_later_is_looked_at_after_that() {
        let mut later = Later::default();
        let waking = |line: u8, item, urgency| Waking { line: LineId::new([line; 32]), item, urgency };
        let at = Instant::now();
        later.add(waking(1, 5, Urgency::Waiting), at);
        later.add(waking(2, 9, Urgency::Waiting), at);
        later.add(waking(1, 6, Urgency::Call), at);
        later.add(waking(1, 7, Urgency::Waiting), at);
        let since = waking(1, 7, Urgency::Call);
        assert_eq!(later.take(), Some((waking(1, 5, Urgency::Waiting), Some(since))));
        assert_eq!(later.take(), Some((waking(2, 9, Urgency::Waiting), None)));
        assert_eq!((later.take(), later.next()), (None, None));
    }
}

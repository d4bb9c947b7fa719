//! Being woken by the browser's push service while the app is closed.

use std::rc::Rc;

use protocol::Timestamp;
use protocol::wake::{PushOutcome, Subscription};
use serde_bytes::ByteBuf;
use talk::Millis;
use talk::calls::Wake;

use crate::clock::{now, sleep};
use crate::failure::{Failure, Result};
use crate::worker::Worker;

/// How long the switchboard may take to answer, and to try, in milliseconds.
const ANSWER: u64 = 5_000;
const TRY: u64 = 30_000;
const BETWEEN_LOOKS: i32 = 50;

/// The switchboard's key, if it sends any such messages.
pub(super) async fn key(worker: &Rc<Worker>) -> Result<Option<ByteBuf>> {
    let known = || worker.line(|open| Ok(open.handset.wake_key()?.map(ByteBuf::from)));
    if let Some(key) = known()? {
        return Ok(Some(key));
    }
    let changes = worker.line(|open| Ok(open.wake_changes))?;
    if worker.line(|open| Ok(open.handset.ask_about_wake(now())?))? {
        worker.settle();
        until_changed(worker, changes, ANSWER).await?;
    }
    known()
}

/// Has the switchboard wake this handset here, or not any more.
pub(super) fn set(worker: &Rc<Worker>, call: Wake) -> Result<()> {
    let subscription = call.subscription.map(|(endpoint, p256dh, auth)| Subscription { endpoint, p256dh, auth });
    worker.line(|open| Ok(open.handset.set_wake(now(), subscription.as_ref())?))
}

/// Has the switchboard wake it once; gives when it did. That the message came, only the page can notice.
pub(super) async fn test(worker: &Rc<Worker>) -> Result<Option<Millis>> {
    let changes = worker.line(|open| Ok(open.wake_changes))?;
    if !worker.line(|open| Ok(open.handset.test_wake(now())?))? {
        return Err(Failure::new("offline", "the switchboard cannot be asked now: try again when you are online"));
    }
    worker.settle();
    until_changed(worker, changes, TRY).await?;
    match worker.line(|open| Ok(open.handset.wake()?.last))? {
        Some(pushed) if pushed.outcome == PushOutcome::Taken => Ok(Some(pushed.at.as_millis())),
        _ => Err(Failure::new("no-push", "the push service did not take the message: turn waking off and on again")),
    }
}

/// Waits until the engine has heard something about waking.
async fn until_changed(worker: &Rc<Worker>, changes: u64, within: u64) -> Result<()> {
    let until = Timestamp::from_millis(now().as_millis().saturating_add(within));
    while worker.line(|open| Ok(open.wake_changes))? == changes && now() < until {
        sleep(BETWEEN_LOOKS).await;
    }
    Ok(())
}

//! Waking handsets that are not connected: where, and what for. Who pushes is at the edge.

use protocol::frames::ItemBody;
use protocol::wake::{Subscription, Urgency};
use protocol::{HandsetId, LineId, RefusalCode};

use super::turn::{Step, Turn, refuse};
use crate::reach::may_push;
use crate::store::StoreError;

/// Something came for a line that should wake its handsets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Waking {
    /// The line.
    pub line: LineId,
    /// The number of the last such item.
    pub item: u64,
    /// Of the most urgent one.
    pub urgency: Urgency,
}

/// What an item is worth waking somebody for.
pub(super) fn urgency_of(body: &ItemBody) -> Urgency {
    match body {
        ItemBody::Envelope(delivery) => delivery.urgent,
        ItemBody::Introduction { .. } => Urgency::Waiting,
        ItemBody::Outcome { .. } | ItemBody::OutOfService { .. } | ItemBody::BackInService { .. } => Urgency::Quiet,
    }
}

impl Turn<'_> {
    /// Where a handset wants to be woken from now on, if at all.
    pub(super) fn set_wake(&mut self, line: &LineId, handset: &HandsetId, subscription: Option<&Subscription>) -> Step {
        let Some(subscription) = subscription else { return Ok(self.tx.remove_wake(line, handset)?) };
        if !subscription.is_sound() || !may_push(&subscription.endpoint, self.office.loopback_only) {
            return refuse(RefusalCode::Malformed, "this is no address at which a handset can be woken");
        }
        Ok(self.tx.put_wake(line, handset, subscription)?)
    }

    /// The push service does not know this subscription any more.
    pub(super) fn wake_is_gone(
        &mut self,
        line: &LineId,
        handset: &HandsetId,
        gone: &Subscription,
    ) -> Result<(), StoreError> {
        // The handset may have put up another since.
        if self.tx.wake(line, handset)?.as_ref() == Some(gone) { self.tx.remove_wake(line, handset) } else { Ok(()) }
    }
}

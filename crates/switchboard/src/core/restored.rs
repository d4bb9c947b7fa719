//! Beginning again on an older copy of the data.
//!
//! Peers and handsets have seen numbers that the copy knows nothing of, and were told that things are stored which it
//! does not hold. So nothing that counts goes on where the copy left it:
//!
//! - Every queue to a peer is a new incarnation. What waited in it goes once more, and is known again where it arrives.
//!   A peer's own queue notices by itself: its next number leaves a gap, and it begins a new incarnation.
//! - Items have numbers from the clock's time on, and far beyond the copy's last one should the clock have been ahead
//!   before: the line has never had them.
//! - Generations are gone, so nobody goes on in an epoch or under a number that was used: whoever submits is told, and
//!   founds the conversation again.
//! - Intakes are gone, so no card is good again that was taken back or used since. Handsets put the good ones up again.
//! - Each handset is told of the return before its welcome, and says again what may be lost.
//!
//! Accounts, mailboxes, what waits, and what the operator said of peers stay as they were in the copy.

use protocol::RestoreId;

use super::turn::Turn;
use crate::store::{StoreError, Tx};

/// The setting that holds the last return's id.
const RESTORED: &str = "restored";

/// More items than a line ever gets in a millisecond.
const ITEMS_PER_MILLISECOND: u64 = 1024;

impl Turn<'_> {
    /// Begins again on an older copy, under which the switchboard now runs.
    pub(super) fn go_back(&mut self) -> Result<(), StoreError> {
        self.tx.go_back(self.now.as_millis().saturating_mul(ITEMS_PER_MILLISECOND))?;
        for (peer, mut row) in self.tx.peers()? {
            row.queue = self.draw_queue();
            row.base = row.stored;
            self.tx.put_peer(&peer, &row)?;
            self.wake_peer(&peer);
        }
        let mut id = [0; RestoreId::LENGTH];
        self.rng.fill_bytes(&mut id);
        self.tx.put_setting(RESTORED, &id)
    }
}

/// The last return to an older copy, if there was one.
pub(super) fn last_return(tx: &mut dyn Tx) -> Result<Option<RestoreId>, StoreError> {
    Ok(tx.setting(RESTORED)?.and_then(|id| RestoreId::from_slice(&id)))
}

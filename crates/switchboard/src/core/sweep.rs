//! Removing what has lapsed, expired or grown old.

use protocol::Timestamp;

use super::split::{blank_message, head};
use super::turn::Turn;
use crate::store::{IntakeState, StoreError};

/// Rows of each kind in one sweep, so that it never holds others up for long.
const ROWS: usize = 200;

/// Lapsed reservations are known for so many times as long as they hold, for introductions that come late.
const REMEMBERED: u32 = 8;

/// The setting that holds when the last sweep was, in milliseconds, so that a clock that leaps is noticed.
pub(super) const LAST_SWEEP: &str = "last_sweep";

impl Turn<'_> {
    /// Removes a bounded amount of what is over; gives how many rows.
    pub(super) fn sweep(&mut self) -> Result<u64, StoreError> {
        self.tx.put_setting(LAST_SWEEP, &self.now.as_millis().to_be_bytes())?;
        let old = before(self.now, self.limits.keep);
        let lapsed = before(self.now, self.limits.reservation.saturating_mul(REMEMBERED));
        let mut removed = self.tx.remove_reservations(lapsed, old, ROWS)?;
        removed += self.tx.remove_awaited(old, ROWS)?;
        removed += self.tx.remove_generations(before(self.now, self.limits.keep_generations), ROWS)?;
        for lookup in self.tx.intakes_expired(self.now, ROWS)? {
            if let Some(row) = self.tx.intake(&lookup)? {
                self.close_intake(&lookup, row, IntakeState::Expired)?;
                removed += 1;
            }
        }
        for blob in self.tx.blobs_older(before(self.now, self.limits.keep_blobs), ROWS)? {
            self.drop_blob(&blob)?;
            removed += 1;
        }
        let mut lines = self.tx.items_older(old, ROWS)?;
        lines.extend(self.tx.items_acknowledged(ROWS)?);
        let mut left = ROWS;
        for (line, through) in lines {
            let count = self.remove_items(&line, through, left)?;
            left = left.saturating_sub(usize::try_from(count).unwrap_or(left));
            removed += count;
        }
        for (peer, freed) in self.tx.blank_queued(old, &head(&blank_message()), ROWS)? {
            if let Some(mut row) = self.tx.peer(&peer)? {
                row.bytes = row.bytes.saturating_sub(freed);
                self.tx.put_peer(&peer, &row)?;
            }
            self.drop_message();
            removed += 1;
        }
        Ok(removed)
    }
}

fn before(now: Timestamp, age: std::time::Duration) -> Timestamp {
    let age = u64::try_from(age.as_millis()).unwrap_or(u64::MAX);
    Timestamp::from_millis(now.as_millis().saturating_sub(age))
}

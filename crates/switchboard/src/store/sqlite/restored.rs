//! What does not outlive a return to an older copy.

use super::{SqliteTx, int};
use crate::store::Result;

/// More items than a line ever gets between a backup and the return to it.
const BEYOND: i64 = 1 << 40;

impl SqliteTx<'_> {
    pub(super) fn forget_what_moved(&mut self, item: u64) -> Result<()> {
        self.write_held()?;
        self.forget_held();
        // In the order of references.
        for table in ["reservations", "slots", "intakes", "members", "generations", "awaited", "blobs", "wakes"] {
            self.run(&format!("DELETE FROM {table}"), ())?;
        }
        self.run("DELETE FROM invitations WHERE line IS NULL", ())?;
        // A line without numbers may have been given some since.
        self.run(
            "INSERT OR IGNORE INTO line_states (line, last_item, item_bytes, intake_bytes) SELECT line, 0, 0, 0 FROM lines",
            (),
        )?;
        let numbers = "UPDATE line_states SET last_item = max(min(last_item, ?3) + ?2, ?1), intake_bytes = 0";
        self.run(numbers, (int(item), BEYOND, i64::MAX - BEYOND)).map(drop)
    }
}

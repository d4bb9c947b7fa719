//! What does not outlive a return to an older copy.

use super::{SqliteTx, int};
use crate::store::Result;

impl SqliteTx<'_> {
    pub(super) fn forget_what_moved(&mut self, item: u64) -> Result<()> {
        self.write_held()?;
        self.forget_held();
        // In the order of references.
        for table in ["reservations", "slots", "intakes", "members", "generations", "awaited", "blobs"] {
            self.run(&format!("DELETE FROM {table}"), ())?;
        }
        self.run("DELETE FROM invitations WHERE line IS NULL", ())?;
        // A line without numbers may have been given some since.
        self.run(
            "INSERT OR IGNORE INTO line_states (line, last_item, item_bytes, intake_bytes) SELECT line, 0, 0, 0 FROM lines",
            (),
        )?;
        self.run("UPDATE line_states SET last_item = max(last_item, ?1), intake_bytes = 0", (int(item),)).map(drop)
    }
}

//! Lines as the operator numbers them, and handsets out of service.

use protocol::{HandsetId, LineId, MailboxId, SwitchboardAddress, Timestamp};

use super::{SqliteTx, address, id, number, time, timestamp};
use crate::store::{Result, Revoked};

impl Revoked for SqliteTx<'_> {
    fn line_numbers(&mut self) -> Result<Vec<(u64, LineId)>> {
        self.many("SELECT number, line FROM line_numbers ORDER BY number", (), |row| {
            Ok((number(row, 0)?, id(row, 1, LineId::from_slice)?))
        })
    }

    fn handsets_revoked(&mut self) -> Result<Vec<(LineId, HandsetId)>> {
        self.write_held()?;
        self.many("SELECT line, handset FROM handsets WHERE revoked_at IS NOT NULL ORDER BY line, handset", (), |row| {
            Ok((id(row, 0, LineId::from_slice)?, id(row, 1, HandsetId::from_slice)?))
        })
    }

    fn unannounced(&mut self) -> Result<Vec<(LineId, Timestamp, bool)>> {
        self.many("SELECT line, at, is_back FROM unannounced ORDER BY at, line", (), |row| {
            Ok((id(row, 0, LineId::from_slice)?, timestamp(row, 1)?, row.get(2)?))
        })
    }

    fn put_unannounced(&mut self, line: &LineId, at: Timestamp, is_back: bool) -> Result<()> {
        let row = (line.as_bytes(), time(at), is_back);
        self.run("INSERT OR REPLACE INTO unannounced (line, at, is_back) VALUES (?1, ?2, ?3)", row).map(drop)
    }

    fn remove_unannounced(&mut self, line: &LineId) -> Result<()> {
        self.run("DELETE FROM unannounced WHERE line = ?1", (line.as_bytes(),)).map(drop)
    }

    fn mailboxes_of(&mut self, line: &LineId) -> Result<Vec<(MailboxId, SwitchboardAddress)>> {
        self.many("SELECT mailbox, sender FROM mailboxes WHERE line = ?1 ORDER BY mailbox", (line.as_bytes(),), |row| {
            Ok((id(row, 0, MailboxId::from_slice)?, address(row, 1)?))
        })
    }
}

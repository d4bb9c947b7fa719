//! Invitations, lines and handsets.

use database::rusqlite::{Row, params};
use protocol::{HandsetId, InvitationSecret, LineId, Timestamp};

use super::{SqliteTx, bytes32, id, int, number, optional_id, optional_time, time, timestamp};
use crate::store::{HandsetRow, InvitationRow, LineRow, LineState, Lines, Result};

/// An invitation's columns, in the order in which they are read.
const INVITATION: &str = "secret, made_at, line, label, expires_at, taken_at, withdrawn_at";
/// Which can be taken up.
const OPEN: &str = "line IS NULL AND withdrawn_at IS NULL AND (expires_at IS NULL OR expires_at > ?1)";

fn invitation_row(row: &Row<'_>) -> Result<InvitationRow> {
    Ok(InvitationRow {
        secret: optional_id(row, 0, InvitationSecret::from_slice)?,
        made_at: timestamp(row, 1)?,
        line: optional_id(row, 2, LineId::from_slice)?,
        label: row.get(3)?,
        expires_at: optional_time(row, 4)?,
        taken_at: optional_time(row, 5)?,
        withdrawn_at: optional_time(row, 6)?,
    })
}

impl Lines for SqliteTx<'_> {
    fn setting(&mut self, name: &str) -> Result<Option<Vec<u8>>> {
        self.value("SELECT value FROM settings WHERE name = ?1", (name,))
    }

    fn put_setting(&mut self, name: &str, value: &[u8]) -> Result<()> {
        self.run("INSERT OR REPLACE INTO settings (name, value) VALUES (?1, ?2)", (name, value)).map(drop)
    }

    fn invitation(&mut self, hash: &[u8; 32]) -> Result<Option<InvitationRow>> {
        self.one(&format!("SELECT {INVITATION} FROM invitations WHERE hash = ?1"), (hash,), invitation_row)
    }

    fn put_invitation(&mut self, hash: &[u8; 32], row: &InvitationRow) -> Result<()> {
        self.run(
            "INSERT OR REPLACE INTO invitations (hash, secret, made_at, line, label, expires_at, taken_at, withdrawn_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
            params![
                hash,
                row.secret.as_ref().map(InvitationSecret::as_bytes),
                time(row.made_at),
                row.line.as_ref().map(LineId::as_bytes),
                row.label,
                row.expires_at.map(time),
                row.taken_at.map(time),
                row.withdrawn_at.map(time)
            ],
        )
        .map(drop)
    }

    fn invitations(&mut self) -> Result<Vec<([u8; 32], InvitationRow)>> {
        self.many(&format!("SELECT {INVITATION}, hash FROM invitations ORDER BY made_at DESC, hash"), (), |row| {
            Ok((id(row, 7, bytes32)?, invitation_row(row)?))
        })
    }

    fn open_invitation(&mut self, now: Timestamp) -> Result<Option<InvitationSecret>> {
        self.one(
            &format!("SELECT secret FROM invitations WHERE {OPEN} AND secret IS NOT NULL ORDER BY made_at LIMIT 1"),
            (time(now),),
            |row| id(row, 0, InvitationSecret::from_slice),
        )
    }

    fn count_open_invitations(&mut self, now: Timestamp) -> Result<u64> {
        self.number(&format!("SELECT count(*) FROM invitations WHERE {OPEN}"), (time(now),))
    }

    fn line(&mut self, line: &LineId) -> Result<Option<LineRow>> {
        self.one(
            "SELECT identity, list, list_hash, list_number FROM lines WHERE line = ?1",
            (line.as_bytes(),),
            |row| {
                Ok(LineRow {
                    identity: row.get(0)?,
                    list: row.get(1)?,
                    list_hash: id(row, 2, bytes32)?,
                    list_number: number(row, 3)?,
                })
            },
        )
    }

    fn put_line(&mut self, line: &LineId, row: &LineRow) -> Result<()> {
        self.run(
            "INSERT OR REPLACE INTO lines (line, identity, list, list_hash, list_number) VALUES (?1, ?2, ?3, ?4, ?5)",
            params![line.as_bytes(), row.identity, row.list, row.list_hash, int(row.list_number)],
        )
        .map(drop)
    }

    fn count_lines(&mut self) -> Result<u64> {
        self.number("SELECT count(*) FROM lines", ())
    }

    fn line_state(&mut self, line: &LineId) -> Result<LineState> {
        let sql = "SELECT last_item, item_bytes, intake_bytes FROM line_states WHERE line = ?1";
        self.held_state(line, |tx| {
            let found = tx.one(sql, (line.as_bytes(),), |row| {
                Ok(LineState { last_item: number(row, 0)?, item_bytes: number(row, 1)?, intake_bytes: number(row, 2)? })
            });
            found.map(Option::unwrap_or_default)
        })
    }

    fn put_line_state(&mut self, line: &LineId, state: &LineState) -> Result<()> {
        self.hold_state(line, *state);
        Ok(())
    }

    fn handset(&mut self, line: &LineId, handset: &HandsetId) -> Result<Option<HandsetRow>> {
        let sql = "SELECT done, cursor, revoked_at FROM handsets WHERE line = ?1 AND handset = ?2";
        self.held_handset((*line, *handset), |tx| {
            tx.one(sql, (line.as_bytes(), handset.as_bytes()), |row| {
                let revoked_at = optional_time(row, 2)?;
                Ok(HandsetRow { done: number(row, 0)?, cursor: number(row, 1)?, revoked_at })
            })
        })
    }

    fn handsets(&mut self, line: &LineId) -> Result<Vec<(HandsetId, HandsetRow)>> {
        let sql = "SELECT handset, done, cursor, revoked_at FROM handsets WHERE line = ?1 ORDER BY handset";
        self.held_handsets(line, |tx| {
            tx.many(sql, (line.as_bytes(),), |row| {
                let revoked_at = optional_time(row, 3)?;
                let of = HandsetRow { done: number(row, 1)?, cursor: number(row, 2)?, revoked_at };
                Ok((id(row, 0, HandsetId::from_slice)?, of))
            })
        })
    }

    fn put_handset(&mut self, line: &LineId, handset: &HandsetId, row: &HandsetRow) -> Result<()> {
        if self.hold_handset((*line, *handset), *row) {
            return Ok(());
        }
        self.run(
            "INSERT OR REPLACE INTO handsets (line, handset, done, cursor, revoked_at) VALUES (?1, ?2, ?3, ?4, ?5)",
            (line.as_bytes(), handset.as_bytes(), int(row.done), int(row.cursor), row.revoked_at.map(time)),
        )
        .map(drop)
    }

    fn remove_handset(&mut self, line: &LineId, handset: &HandsetId) -> Result<()> {
        self.forget_handset((*line, *handset));
        let key = (line.as_bytes(), handset.as_bytes());
        self.run("DELETE FROM refused_deeds WHERE line = ?1 AND handset = ?2", key)?;
        self.run("DELETE FROM wakes WHERE line = ?1 AND handset = ?2", key)?;
        self.run("DELETE FROM handsets WHERE line = ?1 AND handset = ?2", key).map(drop)
    }

    fn refused_deeds(&mut self, line: &LineId, handset: &HandsetId) -> Result<Vec<u64>> {
        self.many(
            "SELECT number FROM refused_deeds WHERE line = ?1 AND handset = ?2 ORDER BY number",
            (line.as_bytes(), handset.as_bytes()),
            |row| number(row, 0),
        )
    }

    fn add_refused_deed(&mut self, line: &LineId, handset: &HandsetId, number: u64) -> Result<()> {
        self.forget_refused((*line, *handset));
        self.run(
            "INSERT OR IGNORE INTO refused_deeds (line, handset, number) VALUES (?1, ?2, ?3)",
            (line.as_bytes(), handset.as_bytes(), int(number)),
        )
        .map(drop)
    }

    fn remove_refused_deed(&mut self, line: &LineId, handset: &HandsetId, number: u64) -> Result<()> {
        let any = "SELECT EXISTS (SELECT 1 FROM refused_deeds WHERE line = ?1 AND handset = ?2)";
        let key = (*line, *handset);
        if !self.has_refused(key, |tx| Ok(tx.number(any, (line.as_bytes(), handset.as_bytes()))? > 0))? {
            return Ok(());
        }
        self.run(
            "DELETE FROM refused_deeds WHERE line = ?1 AND handset = ?2 AND number = ?3",
            (line.as_bytes(), handset.as_bytes(), int(number)),
        )
        .map(drop)
    }
}

//! Mailboxes, items and generations.

use database::rusqlite::params;
use protocol::frames::MailboxAddress;
use protocol::{CapabilityHash, EnvelopeHash, GenerationId, LineId, MailboxId, SwitchboardAddress, Timestamp};

use super::queues::take_while;
use super::{SqliteTx, address, id, int, number, time, timestamp};
use crate::store::{EnvelopeRow, GenerationRow, Generations, MailboxRow, Mailboxes, Result, Stored};

impl Mailboxes for SqliteTx<'_> {
    fn mailbox(&mut self, mailbox: &MailboxId) -> Result<Option<MailboxRow>> {
        self.held_mailbox(mailbox, |tx| {
            tx.one("SELECT line, sender, last FROM mailboxes WHERE mailbox = ?1", (mailbox.as_bytes(),), |row| {
                Ok(MailboxRow { line: id(row, 0, LineId::from_slice)?, from: address(row, 1)?, last: number(row, 2)? })
            })
        })
    }

    fn put_mailbox(&mut self, mailbox: &MailboxId, row: &MailboxRow) -> Result<()> {
        self.forget_mailbox(mailbox);
        self.run(
            "INSERT OR REPLACE INTO mailboxes (mailbox, line, sender, last) VALUES (?1, ?2, ?3, ?4)",
            (mailbox.as_bytes(), row.line.as_bytes(), row.from.as_str(), int(row.last)),
        )
        .map(drop)
    }

    fn set_mailbox_last(&mut self, mailbox: &MailboxId, last: u64) -> Result<()> {
        if self.hold_last(mailbox, last) {
            return Ok(());
        }
        self.run("UPDATE mailboxes SET last = ?2 WHERE mailbox = ?1", (mailbox.as_bytes(), int(last))).map(drop)
    }

    fn remove_mailbox(&mut self, mailbox: &MailboxId) -> Result<()> {
        self.forget_mailbox(mailbox);
        self.run("DELETE FROM mailboxes WHERE mailbox = ?1", (mailbox.as_bytes(),)).map(drop)
    }

    fn remove_mailboxes(&mut self, line: &LineId) -> Result<()> {
        self.write_held()?;
        self.forget_held();
        self.run("DELETE FROM mailboxes WHERE line = ?1", (line.as_bytes(),)).map(drop)
    }

    fn count_mailboxes(&mut self, line: &LineId) -> Result<u64> {
        self.number("SELECT count(*) FROM mailboxes WHERE line = ?1", (line.as_bytes(),))
    }

    fn await_outcome(
        &mut self,
        mailbox: &MailboxId,
        of: &EnvelopeHash,
        peer: &SwitchboardAddress,
        at: Timestamp,
    ) -> Result<()> {
        self.run(
            "INSERT OR REPLACE INTO awaited (mailbox, of, peer, at) VALUES (?1, ?2, ?3, ?4)",
            (mailbox.as_bytes(), of.as_bytes(), peer.as_str(), time(at)),
        )
        .map(drop)
    }

    fn take_awaited(&mut self, mailbox: &MailboxId, of: &EnvelopeHash, peer: &SwitchboardAddress) -> Result<bool> {
        let taken = self.run(
            "DELETE FROM awaited WHERE mailbox = ?1 AND of = ?2 AND peer = ?3",
            (mailbox.as_bytes(), of.as_bytes(), peer.as_str()),
        )?;
        Ok(taken > 0)
    }

    fn remove_awaited(&mut self, before: Timestamp, limit: usize) -> Result<u64> {
        let removed = self.run(
            "DELETE FROM awaited WHERE (mailbox, of, peer) IN
             (SELECT mailbox, of, peer FROM awaited WHERE at < ?1 ORDER BY at LIMIT ?2)",
            (time(before), int(limit as u64)),
        )?;
        Ok(removed as u64)
    }

    fn add_envelope(&mut self, bytes: &[u8]) -> Result<EnvelopeRow> {
        self.run("INSERT INTO envelopes (bytes) VALUES (?1)", (bytes,))?;
        Ok(EnvelopeRow(self.db.last_insert_rowid()))
    }

    fn add_item(
        &mut self,
        line: &LineId,
        number: u64,
        head: &[u8],
        envelope: Option<(EnvelopeRow, usize)>,
        at: Timestamp,
        sender: Option<&SwitchboardAddress>,
    ) -> Result<()> {
        let bytes = head.len() + envelope.map_or(0, |(_, length)| length);
        envelope.map_or(Ok(()), |(row, _)| self.name(row.0))?;
        self.run(
            "INSERT INTO items (line, number, head, envelope, bytes, at, sender) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            params![
                line.as_bytes(),
                int(number),
                head,
                envelope.map(|(row, _)| row.0),
                int(bytes as u64),
                time(at),
                sender.map(SwitchboardAddress::as_str)
            ],
        )
        .map(drop)
    }

    fn item_bytes_from(&mut self, peer: Option<&SwitchboardAddress>) -> Result<u64> {
        match peer {
            Some(peer) => self.sum(3, peer.as_str().as_bytes()),
            None => self.sum(2, &[]),
        }
    }

    fn item_bytes_for(&mut self, line: &LineId, peer: &SwitchboardAddress) -> Result<u64> {
        self.sum(4, &[line.as_bytes(), peer.as_str().as_bytes()].concat())
    }

    fn count_awaited(&mut self, mailbox: &MailboxId) -> Result<u64> {
        self.number("SELECT count(*) FROM awaited WHERE mailbox = ?1", (mailbox.as_bytes(),))
    }

    fn items(&mut self, line: &LineId, after: u64, count: usize, bytes: usize) -> Result<Vec<Stored>> {
        let mut statement = self.db.prepare_cached(
            "SELECT i.number, i.head, e.bytes FROM items i LEFT JOIN envelopes e ON e.id = i.envelope
             WHERE i.line = ?1 AND i.number > ?2 ORDER BY i.number LIMIT ?3",
        )?;
        take_while(statement.query((line.as_bytes(), int(after), int(count as u64)))?, bytes)
    }

    fn newest_item(&mut self, line: &LineId) -> Result<Option<u64>> {
        self.one("SELECT number FROM items WHERE line = ?1 ORDER BY number DESC LIMIT 1", (line.as_bytes(),), |row| {
            number(row, 0)
        })
    }

    fn remove_items(&mut self, line: &LineId, through: u64, limit: usize) -> Result<(u64, u64)> {
        let gone = self.many(
            "SELECT number, bytes, envelope FROM items WHERE line = ?1 AND number <= ?2 ORDER BY number LIMIT ?3",
            (line.as_bytes(), int(through), int(limit as u64)),
            |row| Ok((number(row, 0)?, (number(row, 1)?, row.get(2)?))),
        )?;
        if let Some((last, _)) = gone.last() {
            self.run("DELETE FROM items WHERE line = ?1 AND number <= ?2", (line.as_bytes(), int(*last)))?;
        }
        Ok((gone.len() as u64, self.freed(gone.into_iter().map(|(_, row)| row).collect())))
    }

    fn items_acknowledged(&mut self, limit: usize) -> Result<Vec<(LineId, u64)>> {
        self.write_held()?;
        self.many(
            "SELECT line, min(cursor) AS through FROM handsets GROUP BY line
             HAVING EXISTS (SELECT 1 FROM items WHERE items.line = handsets.line AND items.number <= through)
             ORDER BY line LIMIT ?1",
            (int(limit as u64),),
            |row| Ok((id(row, 0, LineId::from_slice)?, number(row, 1)?)),
        )
    }

    fn items_older(&mut self, before: Timestamp, limit: usize) -> Result<Vec<(LineId, u64)>> {
        self.many(
            "SELECT line, max(number) FROM (SELECT line, number FROM items WHERE at < ?1 ORDER BY at LIMIT ?2)
             GROUP BY line ORDER BY line",
            (time(before), int(limit as u64)),
            |row| Ok((id(row, 0, LineId::from_slice)?, number(row, 1)?)),
        )
    }
}

impl Generations for SqliteTx<'_> {
    fn generation(&mut self, generation: &GenerationId) -> Result<Option<GenerationRow>> {
        self.held_generation(generation, |tx| {
            tx.one(
                "SELECT line, epoch, capability, last, last_at FROM generations WHERE generation = ?1",
                (generation.as_bytes(),),
                |row| {
                    Ok(GenerationRow {
                        line: id(row, 0, LineId::from_slice)?,
                        epoch: number(row, 1)?,
                        capability: id(row, 2, CapabilityHash::from_slice)?,
                        last: number(row, 3)?,
                        last_at: timestamp(row, 4)?,
                    })
                },
            )
        })
    }

    fn put_generation(&mut self, generation: &GenerationId, row: &GenerationRow) -> Result<()> {
        if self.hold_generation(generation, row) {
            return Ok(());
        }
        // Not REPLACE: that deletes first, and the members with it.
        self.run(
            "INSERT INTO generations (generation, line, epoch, capability, last, last_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)
             ON CONFLICT (generation) DO UPDATE SET
                 line = ?2, epoch = ?3, capability = ?4, last = ?5, last_at = ?6",
            (
                generation.as_bytes(),
                row.line.as_bytes(),
                int(row.epoch),
                row.capability.as_bytes(),
                int(row.last),
                time(row.last_at),
            ),
        )
        .map(drop)
    }

    fn count_generations(&mut self, line: &LineId) -> Result<u64> {
        self.number("SELECT count(*) FROM generations WHERE line = ?1", (line.as_bytes(),))
    }

    fn members(&mut self, generation: &GenerationId) -> Result<Vec<MailboxAddress>> {
        self.held_members(generation, |tx| {
            tx.many(
                "SELECT address, mailbox FROM members WHERE generation = ?1 ORDER BY mailbox",
                (generation.as_bytes(),),
                |row| Ok(MailboxAddress { address: address(row, 0)?, mailbox: id(row, 1, MailboxId::from_slice)? }),
            )
        })
    }

    fn generations_with(&mut self, member: &MailboxAddress, limit: usize) -> Result<Vec<GenerationId>> {
        self.many(
            "SELECT generation FROM members WHERE mailbox = ?1 AND address = ?2 ORDER BY generation LIMIT ?3",
            (member.mailbox.as_bytes(), member.address.as_str(), int(limit as u64)),
            |row| id(row, 0, GenerationId::from_slice),
        )
    }

    fn add_member(&mut self, generation: &GenerationId, member: &MailboxAddress) -> Result<()> {
        self.forget_members(generation);
        self.run(
            "INSERT OR IGNORE INTO members (generation, mailbox, address) VALUES (?1, ?2, ?3)",
            (generation.as_bytes(), member.mailbox.as_bytes(), member.address.as_str()),
        )
        .map(drop)
    }

    fn remove_member(&mut self, generation: &GenerationId, mailbox: &MailboxId) -> Result<()> {
        self.forget_members(generation);
        self.run(
            "DELETE FROM members WHERE generation = ?1 AND mailbox = ?2",
            (generation.as_bytes(), mailbox.as_bytes()),
        )
        .map(drop)
    }

    fn count_word(
        &mut self,
        generation: &GenerationId,
        mailbox: &MailboxId,
        since: Timestamp,
        now: Timestamp,
    ) -> Result<u64> {
        self.number(
            "UPDATE members SET words = iif(words_since < ?3, 1, words + 1), words_since = iif(words_since < ?3, ?4, words_since)
             WHERE generation = ?1 AND mailbox = ?2 RETURNING words",
            (generation.as_bytes(), mailbox.as_bytes(), time(since), time(now)),
        )
    }

    fn remove_generations(&mut self, before: Timestamp, limit: usize) -> Result<u64> {
        self.write_held()?;
        self.forget_held();
        let removed = self.run(
            "DELETE FROM generations WHERE generation IN
             (SELECT generation FROM generations WHERE last_at < ?1 ORDER BY generation LIMIT ?2)",
            (time(before), int(limit as u64)),
        )?;
        Ok(removed as u64)
    }
}

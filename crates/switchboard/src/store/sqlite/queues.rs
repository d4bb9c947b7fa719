//! Peers and the queues to and from each; and what both kinds of rows that name an envelope need.

use database::rusqlite::{Row, Rows, params};
use protocol::{LineId, QueueId, SwitchboardAddress, Timestamp};

use super::{SqliteTx, address, bytes32, id, int, number, optional_id, optional_time, time, timestamp};
use crate::store::{EnvelopeRow, PeerRow, Queues, Result, Standing, StoreError, Stored};

impl Queues for SqliteTx<'_> {
    fn peer(&mut self, peer: &SwitchboardAddress) -> Result<Option<PeerRow>> {
        self.one(
            "SELECT key, standing, queue, base, last, stored, bytes, confirmed_at FROM peers WHERE peer = ?1",
            (peer.as_str(),),
            peer_row,
        )
    }

    fn put_peer(&mut self, peer: &SwitchboardAddress, row: &PeerRow) -> Result<()> {
        self.run(
            "INSERT OR REPLACE INTO peers (peer, key, standing, queue, base, last, stored, bytes, confirmed_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
            params![
                peer.as_str(),
                row.key,
                standing_to(row.standing),
                row.queue.as_bytes(),
                int(row.base),
                int(row.last),
                int(row.stored),
                int(row.bytes),
                row.confirmed_at.map(time)
            ],
        )
        .map(drop)
    }

    fn peers_count(&mut self) -> Result<u64> {
        self.number("SELECT count(*) FROM peers", ())
    }

    fn peers(&mut self) -> Result<Vec<(SwitchboardAddress, PeerRow)>> {
        self.many(
            "SELECT key, standing, queue, base, last, stored, bytes, confirmed_at, peer FROM peers ORDER BY peer",
            (),
            |row| Ok((address(row, 8)?, peer_row(row)?)),
        )
    }

    fn forget_strangers(&mut self, limit: usize) -> Result<u64> {
        let strangers = self.many(
            "SELECT peer, key IS NULL AND last > 0 AND stored = 0 AS never_reached FROM peers WHERE standing = 0 AND
                (never_reached OR NOT EXISTS (SELECT 1 FROM mailboxes WHERE sender = peers.peer)
                    AND NOT EXISTS (SELECT 1 FROM members WHERE address = peers.peer))
             ORDER BY never_reached, (SELECT max(at) FROM incoming WHERE incoming.peer = peers.peer), peer",
            (),
            |row| Ok((address(row, 0)?, row.get::<_, bool>(1)?)),
        )?;
        let mut gone = 0;
        // Queues are looked into only until enough are found.
        for (peer, never_reached) in strangers {
            if gone == limit as u64 {
                break;
            }
            let waits = "SELECT 1 FROM queued WHERE peer = ?1 AND envelope IS NOT NULL LIMIT 1";
            if never_reached || self.value::<i64>(waits, (peer.as_str(),))?.is_none() {
                self.remove_queued(&peer, u64::MAX)?;
                for table in ["peers", "incoming"] {
                    self.run(&format!("DELETE FROM {table} WHERE peer = ?1"), (peer.as_str(),))?;
                }
                gone += 1;
            }
        }
        Ok(gone)
    }

    fn is_held(&mut self, peer: &SwitchboardAddress) -> Result<bool> {
        let held = self.number(
            "SELECT EXISTS (SELECT 1 FROM mailboxes WHERE sender = ?1)
                 OR EXISTS (SELECT 1 FROM members WHERE address = ?1)",
            (peer.as_str(),),
        )?;
        Ok(held > 0)
    }

    fn peers_waiting(&mut self) -> Result<Vec<SwitchboardAddress>> {
        self.many("SELECT peer FROM peers WHERE last > stored ORDER BY peer", (), |row| address(row, 0))
    }

    fn enqueue(
        &mut self,
        peer: &SwitchboardAddress,
        number: u64,
        head: &[u8],
        envelope: Option<(EnvelopeRow, usize)>,
        at: Timestamp,
        line: Option<&LineId>,
    ) -> Result<()> {
        let bytes = head.len() + envelope.map_or(0, |(_, length)| length);
        envelope.map_or(Ok(()), |(row, _)| self.name(row.0))?;
        self.run(
            "INSERT INTO queued (peer, number, head, envelope, bytes, at, line) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            params![
                peer.as_str(),
                int(number),
                head,
                envelope.map(|(row, _)| row.0),
                int(bytes as u64),
                time(at),
                line.map(LineId::as_bytes)
            ],
        )
        .map(drop)
    }

    fn queued_bytes(&mut self, of: Option<&LineId>) -> Result<u64> {
        match of {
            Some(line) => self.sum(1, line.as_bytes()),
            None => self.sum(0, &[]),
        }
    }

    fn queued(&mut self, peer: &SwitchboardAddress, after: u64, count: usize, bytes: usize) -> Result<Vec<Stored>> {
        let mut statement = self.db.prepare_cached(
            "SELECT q.number, q.head, e.bytes FROM queued q LEFT JOIN envelopes e ON e.id = q.envelope
             WHERE q.peer = ?1 AND q.number > ?2 ORDER BY q.number LIMIT ?3",
        )?;
        take_while(statement.query((peer.as_str(), int(after), int(count as u64)))?, bytes)
    }

    fn oldest_queued(&mut self, peer: &SwitchboardAddress) -> Result<Option<Timestamp>> {
        self.one("SELECT at FROM queued WHERE peer = ?1 ORDER BY number LIMIT 1", (peer.as_str(),), |row| {
            timestamp(row, 0)
        })
    }

    fn oldest_queued_of(
        &mut self,
        peer: &SwitchboardAddress,
        line: &LineId,
        limit: usize,
    ) -> Result<Option<Timestamp>> {
        let found = self.one(
            "SELECT min(at) FILTER (WHERE line = ?2), CASE WHEN count(*) = ?3 THEN min(at) END
             FROM (SELECT at, line FROM queued WHERE peer = ?1 ORDER BY number LIMIT ?3)",
            params![peer.as_str(), line.as_bytes(), int(limit as u64)],
            |row| Ok((optional_time(row, 0)?, optional_time(row, 1)?)),
        )?;
        Ok(found.and_then(|(own, any)| own.or(any)))
    }

    fn remove_queued(&mut self, peer: &SwitchboardAddress, through: u64) -> Result<u64> {
        let gone = self.many(
            "DELETE FROM queued WHERE peer = ?1 AND number <= ?2 RETURNING bytes, envelope",
            (peer.as_str(), int(through)),
            |row| Ok((number(row, 0)?, row.get(1)?)),
        )?;
        Ok(self.freed(gone))
    }

    fn blank_queued(&mut self, before: Timestamp, head: &[u8], limit: usize) -> Result<Vec<(SwitchboardAddress, u64)>> {
        let old = self.many(
            "SELECT peer, number, bytes, envelope FROM queued WHERE at < ?1 AND head != ?2 ORDER BY peer, number LIMIT ?3",
            (time(before), head, int(limit as u64)),
            |row| Ok((address(row, 0)?, number(row, 1)?, number(row, 2)?, row.get(3)?)),
        )?;
        let mut freed = Vec::with_capacity(old.len());
        for (peer, number, bytes, envelope) in old {
            self.run(
                "UPDATE queued SET head = ?3, envelope = NULL, bytes = ?4 WHERE peer = ?1 AND number = ?2",
                (peer.as_str(), int(number), head, int(head.len() as u64)),
            )?;
            self.freed(vec![(bytes, envelope)]);
            freed.push((peer, bytes.saturating_sub(head.len() as u64)));
        }
        Ok(freed)
    }

    fn incoming(&mut self, peer: &SwitchboardAddress, queue: &QueueId) -> Result<Option<u64>> {
        self.one("SELECT last FROM incoming WHERE peer = ?1 AND queue = ?2", (peer.as_str(), queue.as_bytes()), |row| {
            number(row, 0)
        })
    }

    fn put_incoming(
        &mut self,
        peer: &SwitchboardAddress,
        queue: &QueueId,
        last: u64,
        at: Timestamp,
        kept: usize,
    ) -> Result<()> {
        let changed = self.run(
            "UPDATE incoming SET last = ?3, at = ?4 WHERE peer = ?1 AND queue = ?2",
            (peer.as_str(), queue.as_bytes(), int(last), time(at)),
        )?;
        if changed > 0 {
            return Ok(());
        }
        self.run(
            "INSERT INTO incoming (peer, queue, last, at) VALUES (?1, ?2, ?3, ?4)",
            (peer.as_str(), queue.as_bytes(), int(last), time(at)),
        )?;
        self.run(
            "DELETE FROM incoming WHERE peer = ?1 AND queue != ?2 AND queue NOT IN
             (SELECT queue FROM incoming WHERE peer = ?1 AND queue != ?2 ORDER BY at DESC, queue LIMIT ?3)",
            (peer.as_str(), queue.as_bytes(), int((kept as u64).saturating_sub(1))),
        )
        .map(drop)
    }
}

impl SqliteTx<'_> {
    /// Adds up the bytes of removed rows, and takes note of envelopes that they named.
    pub(super) fn freed(&mut self, gone: Vec<(u64, Option<i64>)>) -> u64 {
        let mut bytes = 0u64;
        for (of_row, envelope) in gone {
            bytes = bytes.saturating_add(of_row);
            envelope.into_iter().for_each(|envelope| self.no_longer_named(envelope));
        }
        bytes
    }
}

/// Reads rows of number, head and envelope until `bytes` are exceeded; at least one.
pub(super) fn take_while(mut rows: Rows<'_>, bytes: usize) -> Result<Vec<Stored>> {
    let mut taken = Vec::new();
    let mut sum = 0usize;
    while let Some(row) = rows.next()? {
        let stored = Stored {
            number: number(row, 0)?,
            head: row.get(1)?,
            envelope: row.get::<_, Option<Vec<u8>>>(2)?.unwrap_or_default(),
        };
        sum = sum.saturating_add(stored.head.len() + stored.envelope.len());
        if sum > bytes && !taken.is_empty() {
            break;
        }
        taken.push(stored);
    }
    Ok(taken)
}

fn peer_row(row: &Row<'_>) -> Result<PeerRow> {
    Ok(PeerRow {
        key: optional_id(row, 0, bytes32)?,
        standing: standing_from(row.get(1)?)?,
        queue: id(row, 2, QueueId::from_slice)?,
        base: number(row, 3)?,
        last: number(row, 4)?,
        stored: number(row, 5)?,
        bytes: number(row, 6)?,
        confirmed_at: optional_time(row, 7)?,
    })
}

fn standing_to(standing: Standing) -> i64 {
    match standing {
        Standing::Unknown => 0,
        Standing::Allowed => 1,
        Standing::Blocked => 2,
    }
}

fn standing_from(standing: i64) -> Result<Standing> {
    match standing {
        0 => Ok(Standing::Unknown),
        1 => Ok(Standing::Allowed),
        2 => Ok(Standing::Blocked),
        _ => Err(StoreError::damaged("a peer's standing")),
    }
}

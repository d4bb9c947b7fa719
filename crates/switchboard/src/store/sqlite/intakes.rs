//! Intakes, slots and reservations.

use database::rusqlite::{Row, params};
use protocol::{EnvelopeHash, LineId, LookupId, MailboxId, ReservationId, SwitchboardAddress, Timestamp};

use super::{SqliteTx, address, id, int, number, optional_id, time, timestamp};
use crate::store::{IntakeRow, IntakeState, Intakes, ReservationRow, Result, SlotRow, StoreError};

impl Intakes for SqliteTx<'_> {
    fn intake(&mut self, lookup: &LookupId) -> Result<Option<IntakeRow>> {
        self.one(
            "SELECT line, bundle, expires_at, state, bytes FROM intakes WHERE lookup = ?1",
            (lookup.as_bytes(),),
            |row| {
                Ok(IntakeRow {
                    line: id(row, 0, LineId::from_slice)?,
                    bundle: row.get(1)?,
                    expires_at: row.get::<_, Option<i64>>(2)?.map(|at| Timestamp::from_millis(at.unsigned_abs())),
                    state: state_from(row.get(3)?)?,
                    bytes: number(row, 4)?,
                })
            },
        )
    }

    fn put_intake(&mut self, lookup: &LookupId, row: &IntakeRow) -> Result<()> {
        self.run(
            "INSERT OR REPLACE INTO intakes (lookup, line, bundle, expires_at, state, bytes)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            params![
                lookup.as_bytes(),
                row.line.as_bytes(),
                row.bundle,
                row.expires_at.map(time),
                state_to(row.state),
                int(row.bytes)
            ],
        )
        .map(drop)
    }

    fn remove_intake(&mut self, lookup: &LookupId) -> Result<()> {
        let key = (lookup.as_bytes(),);
        self.run("DELETE FROM reservations WHERE lookup = ?1", key)?;
        self.remove_slots(lookup)?;
        self.run("DELETE FROM intakes WHERE lookup = ?1", key).map(drop)
    }

    fn count_intakes(&mut self, line: &LineId) -> Result<u64> {
        self.number("SELECT count(*) FROM intakes WHERE line = ?1 AND state = 0", (line.as_bytes(),))
    }

    fn intakes_open(&mut self, line: &LineId) -> Result<Vec<LookupId>> {
        self.many(
            "SELECT lookup FROM intakes WHERE line = ?1 AND state = 0 ORDER BY lookup",
            (line.as_bytes(),),
            |row| id(row, 0, LookupId::from_slice),
        )
    }

    fn intakes_expired(&mut self, before: Timestamp, limit: usize) -> Result<Vec<LookupId>> {
        self.many(
            "SELECT lookup FROM intakes WHERE expires_at IS NOT NULL AND state = 0 AND expires_at <= ?1
             ORDER BY expires_at LIMIT ?2",
            (time(before), int(limit as u64)),
            |row| id(row, 0, LookupId::from_slice),
        )
    }

    fn slots(&mut self, lookup: &LookupId) -> Result<Vec<SlotRow>> {
        self.many(
            "SELECT position, mailbox, used, last_resort FROM slots WHERE lookup = ?1 ORDER BY position",
            (lookup.as_bytes(),),
            |row| {
                Ok(SlotRow {
                    position: number(row, 0)?,
                    mailbox: id(row, 1, MailboxId::from_slice)?,
                    used: row.get(2)?,
                    last_resort: row.get(3)?,
                })
            },
        )
    }

    fn slot_sealed(&mut self, lookup: &LookupId, position: u64) -> Result<Option<Vec<u8>>> {
        self.value("SELECT sealed FROM slots WHERE lookup = ?1 AND position = ?2", (lookup.as_bytes(), int(position)))
    }

    fn add_slot(&mut self, lookup: &LookupId, slot: &SlotRow, sealed: &[u8]) -> Result<()> {
        self.run(
            "INSERT INTO slots (lookup, position, mailbox, used, last_resort, sealed) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            params![
                lookup.as_bytes(),
                int(slot.position),
                slot.mailbox.as_bytes(),
                slot.used,
                slot.last_resort,
                sealed
            ],
        )
        .map(drop)
    }

    fn use_slot(&mut self, lookup: &LookupId, position: u64) -> Result<()> {
        self.run(
            "UPDATE slots SET used = 1, sealed = x'' WHERE lookup = ?1 AND position = ?2",
            (lookup.as_bytes(), int(position)),
        )
        .map(drop)
    }

    fn remove_slots(&mut self, lookup: &LookupId) -> Result<()> {
        self.run("DELETE FROM slots WHERE lookup = ?1", (lookup.as_bytes(),)).map(drop)
    }

    fn slot_has_mailbox(&mut self, mailbox: &MailboxId) -> Result<bool> {
        let found = self.number("SELECT count(*) FROM slots WHERE mailbox = ?1", (mailbox.as_bytes(),))?;
        Ok(found > 0)
    }

    fn reservation(
        &mut self,
        lookup: &LookupId,
        peer: &SwitchboardAddress,
        reservation: &ReservationId,
    ) -> Result<Option<ReservationRow>> {
        self.one(
            "SELECT position, made_at, introduced FROM reservations
             WHERE lookup = ?1 AND peer = ?2 AND reservation = ?3",
            (lookup.as_bytes(), peer.as_str(), reservation.as_bytes()),
            reservation_row,
        )
    }

    fn reservations(&mut self, lookup: &LookupId) -> Result<Vec<(SwitchboardAddress, ReservationRow)>> {
        self.many(
            "SELECT position, made_at, introduced, peer FROM reservations WHERE lookup = ?1 ORDER BY peer, reservation",
            (lookup.as_bytes(),),
            |row| Ok((address(row, 3)?, reservation_row(row)?)),
        )
    }

    fn put_reservation(
        &mut self,
        lookup: &LookupId,
        peer: &SwitchboardAddress,
        reservation: &ReservationId,
        row: &ReservationRow,
    ) -> Result<()> {
        self.run(
            "INSERT OR REPLACE INTO reservations (lookup, peer, reservation, position, made_at, introduced)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            params![
                lookup.as_bytes(),
                peer.as_str(),
                reservation.as_bytes(),
                int(row.position),
                time(row.made_at),
                row.introduced.as_ref().map(EnvelopeHash::as_bytes)
            ],
        )
        .map(drop)
    }

    fn remove_reservations(&mut self, lapsed: Timestamp, done: Timestamp, limit: usize) -> Result<u64> {
        let removed = self.run(
            "DELETE FROM reservations WHERE (lookup, peer, reservation) IN
             (SELECT lookup, peer, reservation FROM reservations WHERE made_at < max(?1, ?2)
                  AND made_at < iif(introduced IS NULL, ?1, ?2) ORDER BY made_at LIMIT ?3)",
            (time(lapsed), time(done), int(limit as u64)),
        )?;
        Ok(removed as u64)
    }
}

fn reservation_row(row: &Row<'_>) -> Result<ReservationRow> {
    Ok(ReservationRow {
        position: number(row, 0)?,
        made_at: timestamp(row, 1)?,
        introduced: optional_id(row, 2, EnvelopeHash::from_slice)?,
    })
}

fn state_to(state: IntakeState) -> i64 {
    match state {
        IntakeState::Open => 0,
        IntakeState::Expired => 1,
        IntakeState::Revoked => 2,
    }
}

fn state_from(state: i64) -> Result<IntakeState> {
    match state {
        0 => Ok(IntakeState::Open),
        1 => Ok(IntakeState::Expired),
        2 => Ok(IntakeState::Revoked),
        _ => Err(StoreError::damaged("an intake's state")),
    }
}

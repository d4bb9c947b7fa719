//! Intakes: put up and taken back by the line, fetched from and introduced to by anybody who has the card.

use protocol::Timestamp;
use protocol::frames::{FetchedSlot, ItemBody, Outcome, SealedSlot};
use protocol::limits::{ENVELOPE_BYTES, SLOT_BYTES, SLOTS};
use protocol::{EnvelopeHash, LineId, LookupId, MailboxId, Refusal, RefusalCode, ReservationId, SwitchboardAddress};
use serde_bytes::ByteBuf;

use super::split::Kept;
use super::turn::{Step, Stop, Turn, refuse};
use crate::store::{IntakeRow, IntakeState, MailboxRow, ReservationRow, SlotRow, StoreError};

impl Turn<'_> {
    /// Puts an intake up.
    pub(super) fn open_intake(
        &mut self,
        line: &LineId,
        lookup: &LookupId,
        bundle: Vec<u8>,
        slots: &[SealedSlot],
        expires_at: Option<Timestamp>,
        last_resort: bool,
    ) -> Step {
        if let Some(row) = self.tx.intake(lookup)? {
            if row.line == *line && row.state == IntakeState::Open && row.bundle == bundle {
                return Ok(());
            }
            return refuse(RefusalCode::Malformed, "there was an intake under this id before");
        }
        if slots.is_empty() {
            return refuse(RefusalCode::Malformed, "an intake needs at least one slot");
        }
        if bundle.len() > SLOT_BYTES {
            return refuse(RefusalCode::TooLarge, "this bundle is larger than one may be");
        }
        if self.tx.count_intakes(line)? >= self.limits.intakes_per_line {
            return refuse(RefusalCode::AtLimit, "this line has as many open cards as it may: revoke some first");
        }
        let bytes = bundle.len() as u64;
        self.use_share(line, bytes)?;
        let row = IntakeRow { line: *line, bundle, expires_at, state: IntakeState::Open, bytes };
        self.tx.put_intake(lookup, &row)?;
        self.put_slots(lookup, row, slots, last_resort)
    }

    /// Adds slots to an open intake of the line's.
    pub(super) fn add_slots(&mut self, line: &LineId, lookup: &LookupId, slots: &[SealedSlot]) -> Step {
        let row = self.open_row(lookup)?;
        if row.line != *line {
            return unknown();
        }
        self.put_slots(lookup, row, slots, false)
    }

    fn put_slots(&mut self, lookup: &LookupId, mut row: IntakeRow, slots: &[SealedSlot], last_resort: bool) -> Step {
        let present = self.tx.slots(lookup)?;
        let unused = present.iter().filter(|slot| !slot.used).count();
        if unused + slots.len() > SLOTS {
            return refuse(RefusalCode::AtLimit, "an intake has at most 64 slots");
        }
        let bytes: u64 = slots.iter().map(|slot| slot.sealed.len() as u64).sum();
        self.use_share(&row.line, bytes)?;
        let first = present.last().map_or(0, |slot| slot.position + 1);
        for (position, slot) in (first..).zip(slots) {
            if slot.sealed.len() > SLOT_BYTES {
                return refuse(RefusalCode::TooLarge, "this slot is larger than one may be");
            }
            if self.tx.mailbox(&slot.mailbox)?.is_some() || self.tx.slot_has_mailbox(&slot.mailbox)? {
                return refuse(RefusalCode::Malformed, "this slot's mailbox is taken");
            }
            let is_last = position + 1 == first + slots.len() as u64;
            let new = SlotRow { position, mailbox: slot.mailbox, used: false, last_resort: last_resort && is_last };
            self.tx.add_slot(lookup, &new, &slot.sealed)?;
        }
        row.bytes += bytes;
        Ok(self.tx.put_intake(lookup, &row)?)
    }

    /// Takes an intake back, for good: from here on nobody gets in by it, whether the issuer is there or not.
    pub(super) fn revoke_intake(&mut self, line: &LineId, lookup: &LookupId) -> Step {
        match self.tx.intake(lookup)? {
            Some(row) if row.line == *line => Ok(self.close_intake(lookup, row, IntakeState::Revoked)?),
            _ => unknown(),
        }
    }

    /// Erases what is sealed in an intake, and keeps only that it was there.
    pub(super) fn close_intake(
        &mut self,
        lookup: &LookupId,
        mut row: IntakeRow,
        state: IntakeState,
    ) -> Result<(), StoreError> {
        let mut of_line = self.tx.line_state(&row.line)?;
        of_line.intake_bytes = of_line.intake_bytes.saturating_sub(row.bytes);
        self.tx.put_line_state(&row.line, &of_line)?;
        self.tx.remove_slots(lookup)?;
        row.bundle.clear();
        row.bytes = 0;
        row.state = state;
        self.tx.put_intake(lookup, &row)
    }

    /// Takes bytes of the line's share for intakes.
    fn use_share(&mut self, line: &LineId, bytes: u64) -> Step {
        let mut state = self.tx.line_state(line)?;
        state.intake_bytes = state.intake_bytes.saturating_add(bytes);
        if state.intake_bytes > self.limits.intake_bytes_per_line {
            return refuse(RefusalCode::AtLimit, "this line's cards take all the room they may: revoke some first");
        }
        Ok(self.tx.put_line_state(line, &state)?)
    }

    /// An intake that takes introductions now.
    fn open_row(&mut self, lookup: &LookupId) -> Step<IntakeRow> {
        let Some(row) = self.tx.intake(lookup)? else { return unknown() };
        let expired = row.expires_at.is_some_and(|at| at <= self.now);
        match row.state {
            IntakeState::Revoked => refuse(RefusalCode::CardRevoked, "this card was taken back by its issuer"),
            IntakeState::Open if !expired => Ok(row),
            IntakeState::Open | IntakeState::Expired => {
                refuse(RefusalCode::CardExpired, "this card has expired: ask its issuer for a new one")
            }
        }
    }

    /// Reserves a slot for whoever fetches, and gives what is sealed in it.
    pub(super) fn fetch(
        &mut self,
        from: &SwitchboardAddress,
        lookup: &LookupId,
        reservation: &ReservationId,
    ) -> Step<FetchedSlot> {
        self.require_allowed(from)?;
        let intake = self.open_row(lookup)?;
        let held = self.tx.reservation(lookup, from, reservation)?;
        if held.as_ref().is_some_and(|held| held.introduced.is_some()) {
            return refuse(RefusalCode::ReservationLapsed, "this reservation was used");
        }
        let slots = self.tx.slots(lookup)?;
        let others = self.open_reservations(lookup, held.as_ref())?;
        let is_free = |slot: &&SlotRow| {
            !slot.used && (slot.last_resort || others.iter().all(|(_, row)| row.position != slot.position))
        };
        let same = held.and_then(|held| slots.iter().find(|slot| slot.position == held.position)).filter(is_free);
        let slot = match same {
            Some(slot) => slot,
            None => {
                if others.iter().filter(|(peer, _)| peer == from).count() >= self.limits.reservations_per_peer {
                    return refuse(
                        RefusalCode::TooMany,
                        "this card is being taken up too often: try again in two minutes",
                    );
                }
                let ordinary = slots.iter().filter(|slot| !slot.last_resort).find(is_free);
                match ordinary.or_else(|| slots.iter().find(is_free)) {
                    Some(slot) => slot,
                    None if slots.iter().all(|slot| slot.used) => return used_up(),
                    None => {
                        return refuse(
                            RefusalCode::ReservationLapsed,
                            "somebody else is taking this card's last use up: try again in two minutes",
                        );
                    }
                }
            }
        };
        let row = ReservationRow { position: slot.position, made_at: self.now, introduced: None };
        self.tx.put_reservation(lookup, from, reservation, &row)?;
        let sealed = self.tx.slot_sealed(lookup, slot.position)?.ok_or_else(|| StoreError::damaged("a slot"))?;
        Ok(FetchedSlot { bundle: ByteBuf::from(intake.bundle), slot: ByteBuf::from(sealed) })
    }

    /// Reservations that hold a slot now, but for one's own.
    fn open_reservations(
        &mut self,
        lookup: &LookupId,
        own: Option<&ReservationRow>,
    ) -> Step<Vec<(SwitchboardAddress, ReservationRow)>> {
        let mut all = self.tx.reservations(lookup)?;
        // Those of a last-resort slot are used without end, and known for as long as what they led to may come again.
        if own.is_none() && all.len() >= self.limits.reservations_per_intake {
            return refuse(RefusalCode::TooMany, "this card is being taken up too often: try again later");
        }
        all.retain(|(_, row)| row.introduced.is_none() && !self.is_lapsed(row));
        // One's own is the only one of this place and time that can be meant.
        if let Some(at) = own.and_then(|own| all.iter().position(|(_, row)| row == own)) {
            all.swap_remove(at);
        }
        Ok(all)
    }

    fn is_lapsed(&self, row: &ReservationRow) -> bool {
        row.made_at.after(self.limits.reservation) <= self.now
    }

    /// Takes an introduction, and tells the sender what became of it. What is refused consumes nothing.
    pub(super) fn introduced(
        &mut self,
        from: &SwitchboardAddress,
        lookup: &LookupId,
        reservation: &ReservationId,
        reply_to: &MailboxId,
        sealed: &mut Kept,
    ) -> Result<(), StoreError> {
        let of = seal::envelope_hash(sealed.bytes());
        let outcome = match self.introduction(from, lookup, reservation, of, sealed) {
            Ok(()) => Outcome::Introduced,
            Err(Stop::Refused(refusal)) => Outcome::Refused(refusal),
            Err(Stop::Store(error)) => return Err(error),
        };
        self.answer(from, reply_to, of, outcome)
    }

    /// All that may refuse comes before all that changes.
    fn introduction(
        &mut self,
        from: &SwitchboardAddress,
        lookup: &LookupId,
        reservation: &ReservationId,
        of: EnvelopeHash,
        sealed: &mut Kept,
    ) -> Step {
        let held = self.tx.reservation(lookup, from, reservation)?;
        if let Some(introduced) = held.as_ref().and_then(|held| held.introduced) {
            if introduced == of {
                return Ok(());
            }
            return refuse(RefusalCode::ReservationLapsed, "this reservation was used");
        }
        let intake = self.open_row(lookup)?;
        if sealed.bytes().len() > ENVELOPE_BYTES {
            return refuse(RefusalCode::TooLarge, "this introduction is larger than one may be");
        }
        let lapsed = || refuse(RefusalCode::ReservationLapsed, "this took too long: take the card up again");
        let Some(held) = held else { return lapsed() };
        let slot = self.tx.slots(lookup)?.into_iter().find(|slot| slot.position == held.position);
        let Some(slot) = slot.filter(|slot| !slot.used) else { return used_up() };
        let others = self.open_reservations(lookup, Some(&held))?;
        if !slot.last_resort && others.iter().any(|(_, row)| row.position == slot.position) {
            return lapsed();
        }
        let open = self.tx.mailbox(&slot.mailbox)?;
        if open.as_ref().is_some_and(|row| row.line != intake.line || !slot.last_resort) {
            return used_up();
        }
        let has_room = open.is_some() || self.tx.count_mailboxes(&intake.line)? < self.limits.mailboxes_per_line;
        let body = ItemBody::Introduction {
            lookup: *lookup,
            mailbox: slot.mailbox,
            from: from.clone(),
            sealed: ByteBuf::new(),
        };
        if !has_room || !self.add_item(from, &intake.line, body, sealed)? {
            return refuse(RefusalCode::TooMany, "the other line has no room: try again later");
        }
        // A last-resort slot's mailbox is bound anew: its numbers begin again with the new generation.
        let row = MailboxRow { line: intake.line, from: from.clone(), last: 0 };
        self.tx.put_mailbox(&slot.mailbox, &row)?;
        if !slot.last_resort {
            self.spend_slot(lookup, &slot)?;
        }
        let row = ReservationRow { introduced: Some(of), ..held };
        Ok(self.tx.put_reservation(lookup, from, reservation, &row)?)
    }

    fn spend_slot(&mut self, lookup: &LookupId, slot: &SlotRow) -> Result<(), StoreError> {
        let sealed = self.tx.slot_sealed(lookup, slot.position)?.map_or(0, |sealed| sealed.len() as u64);
        self.tx.use_slot(lookup, slot.position)?;
        if let Some(mut row) = self.tx.intake(lookup)? {
            row.bytes = row.bytes.saturating_sub(sealed);
            self.tx.put_intake(lookup, &row)?;
            let mut of_line = self.tx.line_state(&row.line)?;
            of_line.intake_bytes = of_line.intake_bytes.saturating_sub(sealed);
            self.tx.put_line_state(&row.line, &of_line)?;
        }
        Ok(())
    }
}

fn unknown<T>() -> Step<T> {
    refuse(RefusalCode::CardUnknown, "there is no such card on this switchboard")
}

fn used_up<T>() -> Step<T> {
    Err(Refusal::new(RefusalCode::CardUsedUp, "this card has no use left: ask its issuer for a new one").into())
}

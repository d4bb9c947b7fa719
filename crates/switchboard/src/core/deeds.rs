//! Deeds of handsets, each once.

use protocol::federation::PeerMessage;
use protocol::frames::{Deed, Submission};
use protocol::limits::ENVELOPE_BYTES;
use protocol::{HandsetId, LineId, MailboxId, Refusal, RefusalCode, SwitchboardAddress};

use super::Done;
use super::sequence::names_too_many;
use super::split::split_message;
use super::turn::{Step, Turn, refuse, refused_or};
use crate::store::{MailboxRow, StoreError};

/// What is said when the disk is nearly full.
pub(super) const NEARLY_FULL: &str =
    "the switchboard's disk is nearly full; nothing is lost, and it goes on once there is space";

impl Turn<'_> {
    /// Does a deed unless it is done already.
    ///
    /// A deed that is refused for good does not count as done, though later ones may be: its number is remembered, so
    /// that a welcome never claims it (see [`super::reads::welcome`]). One that is refused in passing is not dealt
    /// with, so nothing that was sent after it is done.
    pub(super) fn deed(
        &mut self,
        line: &LineId,
        handset: &HandsetId,
        after: Option<u64>,
        number: u64,
        deed: Deed,
    ) -> Result<Done, StoreError> {
        let Some(mut row) = self.tx.handset(line, handset)? else {
            let refusal = Refusal::new(RefusalCode::HandsetUnknown, "this handset is not on the line's newest list");
            return Ok(Done::Deed { number, result: Err(refusal) });
        };
        if row.revoked_at.is_some() {
            return Ok(Done::Deed { number, result: Err(super::revoked::refusal()) });
        }
        let mut refused = None;
        if number <= row.done || after.is_some_and(|after| after > row.done) {
            refused = Some(self.tx.refused_deeds(line, handset)?);
        }
        if let Some(refused) = &refused {
            let dealt_with = refused.last().copied().unwrap_or_default().max(row.done);
            if after.is_some_and(|after| after > dealt_with) {
                return Ok(Done::OutOfOrder);
            }
            if number <= row.done && !refused.contains(&number) {
                return Ok(Done::Deed { number, result: Ok(()) });
            }
        }
        self.payer = Some(*line);
        let result = match deed {
            // Refused before anything of it is written, or not at all: most of what there is to do needs no mark.
            deed @ Deed::Submit { .. } => refused_or(self.perform(line, handset, deed))?,
            deed => self.attempt(|turn| turn.perform(line, handset, deed))?,
        };
        self.payer = None;
        match &result {
            Ok(()) => {
                row.done = row.done.max(number);
                // The deed may have changed the list that this handset was on.
                if self.tx.handset(line, handset)?.is_some() {
                    self.tx.put_handset(line, handset, &row)?;
                    self.tx.remove_refused_deed(line, handset, number)?;
                }
            }
            Err(refusal) if refusal.code.is_passing() => {}
            Err(_) => self.remember_refused(line, handset, number)?,
        }
        Ok(Done::Deed { number, result })
    }

    fn remember_refused(&mut self, line: &LineId, handset: &HandsetId, number: u64) -> Result<(), StoreError> {
        self.tx.add_refused_deed(line, handset, number)?;
        let numbers = self.tx.refused_deeds(line, handset)?;
        let surplus = numbers.len().saturating_sub(self.limits.refused_deeds);
        numbers.into_iter().take(surplus).try_for_each(|old| self.tx.remove_refused_deed(line, handset, old))
    }

    fn perform(&mut self, line: &LineId, handset: &HandsetId, deed: Deed) -> Step {
        if self.is_short && takes_room(&deed) {
            return refuse(RefusalCode::Unavailable, NEARLY_FULL);
        }
        match deed {
            Deed::OpenMailbox { mailbox, from } => self.open_mailbox(line, &mailbox, from),
            Deed::CloseMailbox { mailbox } => self.close_mailbox(line, &mailbox),
            Deed::OpenIntake { lookup, bundle, slots, expires_at, last_resort } => {
                self.open_intake(line, &lookup, bundle.into_vec(), &slots, expires_at, last_resort)
            }
            Deed::AddSlots { lookup, slots } => self.add_slots(line, &lookup, &slots),
            Deed::RevokeIntake { lookup } => self.revoke_intake(line, &lookup),
            Deed::Found { generation, epoch, capability, members } => {
                self.found(line, &generation, epoch, capability, &members)
            }
            Deed::Introduce { to, lookup, reservation, reply_to, sealed } => {
                let message = PeerMessage::Introduce { lookup, reservation, reply_to, sealed };
                self.introduce(&to, &reply_to, message)
            }
            Deed::Submit { to, submission } => self.submit(&to, submission),
            Deed::PutHandsets { handsets } => self.put_handsets(line, &handsets),
            Deed::OpenBlob { blob, size, copies } => self.open_blob(line, &blob, size, copies),
            Deed::ReleaseBlob { at, blob } => self.release_blob(&at, &blob),
            Deed::RemoveBlob { blob } => self.remove_blob(line, &blob),
            Deed::SetWake { subscription } => self.set_wake(line, handset, subscription.as_ref()),
        }
    }

    fn open_mailbox(&mut self, line: &LineId, mailbox: &MailboxId, from: SwitchboardAddress) -> Step {
        if let Some(row) = self.tx.mailbox(mailbox)? {
            if row.line == *line && row.from == from {
                return Ok(());
            }
            return refuse(RefusalCode::Malformed, "this mailbox is open already");
        }
        if self.tx.slot_has_mailbox(mailbox)? {
            return refuse(RefusalCode::Malformed, "this mailbox belongs to a card");
        }
        self.require_allowed(&from)?;
        if self.tx.count_mailboxes(line)? >= self.limits.mailboxes_per_line {
            return refuse(RefusalCode::AtLimit, "this line has as many mailboxes as it may: leave some conversations");
        }
        Ok(self.tx.put_mailbox(mailbox, &MailboxRow { line: *line, from, last: 0 })?)
    }

    fn close_mailbox(&mut self, line: &LineId, mailbox: &MailboxId) -> Step {
        match self.tx.mailbox(mailbox)? {
            Some(row) if row.line == *line => Ok(self.tx.remove_mailbox(mailbox)?),
            _ => Ok(()),
        }
    }

    fn introduce(&mut self, to: &SwitchboardAddress, reply_to: &MailboxId, message: PeerMessage) -> Step {
        let (message, mut sealed) = split_message(message);
        if sealed.bytes().len() > ENVELOPE_BYTES {
            return refuse(RefusalCode::TooLarge, "this introduction is larger than one may be");
        }
        // Its outcome comes from the issuer's switchboard, to which the mailbox is not bound.
        let of = seal::envelope_hash(sealed.bytes());
        // Nothing ever comes to a mailbox that is not open, or not the line's.
        if self.tx.mailbox(reply_to)?.is_some_and(|row| Some(row.line) == self.payer) {
            if self.tx.count_awaited(reply_to)? >= self.limits.awaited_per_mailbox {
                return refuse(RefusalCode::AtLimit, "this mailbox awaits as many outcomes as it may");
            }
            self.tx.await_outcome(reply_to, &of, to, self.now)?;
        }
        self.send_for_deed(to, message, &mut sealed, reply_to)
    }

    fn submit(&mut self, to: &SwitchboardAddress, submission: Submission) -> Step {
        let (reply_to, names_too_many) = (submission.reply_to, names_too_many(&submission));
        let (message, mut envelope) = split_message(PeerMessage::Submit(submission));
        if envelope.bytes().len() > ENVELOPE_BYTES {
            return refuse(RefusalCode::TooLarge, "this is larger than an envelope may be");
        }
        if names_too_many {
            return refuse(RefusalCode::TooLarge, "a commit names at most 64 mailboxes that join, and 64 that leave");
        }
        self.send_for_deed(to, message, &mut envelope, &reply_to)
    }
}

/// Whether a deed makes more to be kept.
fn takes_room(deed: &Deed) -> bool {
    !matches!(
        deed,
        Deed::CloseMailbox { .. }
            | Deed::RevokeIntake { .. }
            | Deed::PutHandsets { .. }
            | Deed::ReleaseBlob { .. }
            | Deed::RemoveBlob { .. }
            | Deed::SetWake { .. }
    )
}

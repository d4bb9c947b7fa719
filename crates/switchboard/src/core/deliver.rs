//! The last step: into the line's items.

use protocol::frames::{Delivery, ItemBody, Outcome};
use protocol::limits::{ENVELOPE_BYTES, ITEMS_IN_FLIGHT};
use protocol::wake::Urgency;
use protocol::{EnvelopeHash, HandsetId, LineId, MailboxId, SwitchboardAddress};

use super::split::{Kept, head, whole_item};
use super::turn::Turn;
use super::wakes::urgency_of;
use crate::store::StoreError;

/// Items removed at once: more than a handset has on its way to it, so that whoever keeps up leaves nothing.
const ROWS: usize = 2 * ITEMS_IN_FLIGHT;
/// Of what may wait for a line, one peer has this part at most, so that it cannot keep others' words from the line.
const SHARE: u64 = 4;

impl Turn<'_> {
    /// Puts an envelope into its mailbox, if it comes from the switchboard that the mailbox is bound to and is new.
    pub(super) fn deliver(
        &mut self,
        from: &SwitchboardAddress,
        delivery: Delivery,
        envelope: &mut Kept,
    ) -> Result<(), StoreError> {
        let open = self.tx.mailbox(&delivery.mailbox)?;
        let open = open.filter(|row| row.from == *from && delivery.number > row.last);
        let Some(row) = open.filter(|_| envelope.bytes().len() <= ENVELOPE_BYTES) else {
            self.drop_message();
            return Ok(());
        };
        // Also when there is no room for it: the gap in the numbers tells the handset that something is missing.
        self.tx.set_mailbox_last(&delivery.mailbox, delivery.number)?;
        if !self.add_item(from, &row.line, ItemBody::Envelope(delivery), envelope)? {
            self.drop_message();
        }
        Ok(())
    }

    /// Puts an outcome into the mailbox that it is about, if it comes from where something was sent.
    pub(super) fn outcome(
        &mut self,
        from: &SwitchboardAddress,
        mailbox: &MailboxId,
        of: EnvelopeHash,
        outcome: Outcome,
    ) -> Result<(), StoreError> {
        let awaited = self.tx.take_awaited(mailbox, &of, from)?;
        let open = self.tx.mailbox(mailbox)?.filter(|row| awaited || row.from == *from);
        let Some(row) = open else {
            self.drop_message();
            return Ok(());
        };
        let outcome = match outcome {
            Outcome::Refused(refusal) => Outcome::Refused(refusal.from_elsewhere()),
            other => other,
        };
        let body = ItemBody::Outcome { mailbox: *mailbox, of, outcome };
        if !self.add_item(from, &row.line, body, &mut Kept::nothing())? {
            self.drop_message();
        }
        Ok(())
    }

    /// Adds an item for a line; gives whether there was room for it.
    pub(super) fn add_item(
        &mut self,
        from: &SwitchboardAddress,
        line: &LineId,
        body: ItemBody,
        envelope: &mut Kept,
    ) -> Result<bool, StoreError> {
        let head = head(&body);
        let mut state = self.tx.line_state(line)?;
        let bytes = (head.len() + envelope.bytes().len()) as u64;
        if state.item_bytes.saturating_add(bytes) > self.limits.item_bytes_per_line {
            return Ok(false);
        }
        let sender = (*from != self.office.address).then_some(from);
        if sender.is_some() {
            let for_line = self.tx.item_bytes_for(line, from)?.saturating_add(bytes);
            if for_line > self.limits.item_bytes_per_line / SHARE {
                return Ok(false);
            }
            let from_it = self.tx.item_bytes_from(sender)?.saturating_add(bytes);
            let from_all = self.tx.item_bytes_from(None)?.saturating_add(bytes);
            let has_room = self.limits.has_room(self.limits.item_bytes_from_peers, from_it, from_all);
            if from_it > self.limits.item_bytes_per_peer || !has_room {
                return Ok(false);
            }
        }
        let kept = envelope.row(self.tx)?;
        state.last_item += 1;
        state.item_bytes += bytes;
        self.tx.add_item(line, state.last_item, &head, kept, self.now, sender)?;
        self.tx.put_line_state(line, &state)?;
        let urgency = urgency_of(&body);
        if urgency > Urgency::Quiet {
            self.wake_handsets(line, state.last_item, urgency);
        }
        self.wake_with(line, whole_item(state.last_item, body, envelope.bytes().to_vec()));
        Ok(true)
    }

    /// Moves a handset's cursor, and removes what all of the line's handsets have.
    pub(super) fn ack(&mut self, line: &LineId, handset: &HandsetId, through: u64) -> Result<(), StoreError> {
        let Some(mut row) = self.tx.handset(line, handset)? else { return Ok(()) };
        let through = through.min(self.tx.line_state(line)?.last_item);
        if through > row.cursor {
            row.cursor = through;
            self.tx.put_handset(line, handset, &row)?;
            self.remove_acknowledged(line)?;
        }
        Ok(())
    }

    /// Removes what all of a line's handsets have; what is too much for now is left to the next time, or to the sweep.
    pub(super) fn remove_acknowledged(&mut self, line: &LineId) -> Result<(), StoreError> {
        let cursors = self.tx.handsets(line)?.into_iter().map(|(_, row)| row.cursor);
        let Some(through) = cursors.min() else { return Ok(()) };
        self.remove_items(line, through, ROWS).map(drop)
    }

    /// Removes a line's first items up to a number; gives how many.
    pub(super) fn remove_items(&mut self, line: &LineId, through: u64, limit: usize) -> Result<u64, StoreError> {
        let (count, freed) = self.tx.remove_items(line, through, limit)?;
        if freed > 0 {
            let mut state = self.tx.line_state(line)?;
            state.item_bytes = state.item_bytes.saturating_sub(freed);
            self.tx.put_line_state(line, &state)?;
        }
        Ok(count)
    }
}

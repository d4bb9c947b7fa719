//! The way of a message: into the queue for a peer, or, if it is for this switchboard itself, straight to where it is
//! taken. The same code takes it in both cases.

use protocol::federation::PeerMessage;
use protocol::frames::Outcome;
use protocol::limits::PARCEL_MESSAGES;
use protocol::{EnvelopeHash, MailboxId, QueueId, Refusal, RefusalCode, SwitchboardAddress};

use super::split::{Kept, head};
use super::turn::{Step, Turn, refuse};
use crate::store::{PeerRow, Standing, StoreError};

/// Who puts something into a queue.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum For {
    /// A handset that can be told so: not taken once half of the room is.
    Deed,
    /// A conversation: dropped only when all of the room is taken.
    Delivery,
}

/// Strangers that are forgotten at once when there is no room for more: a bounded amount of work.
const STRANGERS: usize = 100;

/// Answers that wait for a stranger at most: as many as one parcel of its may ask for.
const ANSWERS: u64 = PARCEL_MESSAGES as u64;

impl Turn<'_> {
    /// Sends a message whose envelope was taken out. Gives whether it is on its way.
    pub(super) fn send(
        &mut self,
        to: &SwitchboardAddress,
        message: PeerMessage,
        envelope: &mut Kept,
    ) -> Result<bool, StoreError> {
        if *to == self.office.address {
            let own = self.office.address.clone();
            self.take(&own, message, envelope)?;
            return Ok(true);
        }
        let Some(row) = self.room(to, envelope.bytes().len(), For::Delivery)? else {
            self.drop_message();
            return Ok(false);
        };
        self.put(to, row, &message, envelope)?;
        Ok(true)
    }

    /// Sends what the operator ordered, whatever waits already. Who is not allowed gets nothing.
    pub(super) fn send_order(&mut self, to: &SwitchboardAddress, message: PeerMessage) -> Result<(), StoreError> {
        if *to == self.office.address {
            return self.send(to, message, &mut Kept::nothing()).map(drop);
        }
        let row = match self.tx.peer(to)? {
            Some(row) => Some(row),
            None if self.make_room_for_peer()? => Some(self.new_peer()),
            None => None,
        };
        match row.filter(|row| self.office.allows(to, row.standing)) {
            Some(row) => self.put(to, row, &message, &mut Kept::nothing()),
            None => {
                self.drop_message();
                Ok(())
            }
        }
    }

    /// As [`Self::send`] for a handset, refused if it may not be on its way. If only room is lacking, that is an outcome
    /// like those from afar, told to `reply_to`: a refusal in passing would hold up all else that the handset has to
    /// say, to whomever.
    pub(super) fn send_for_deed(
        &mut self,
        to: &SwitchboardAddress,
        message: PeerMessage,
        envelope: &mut Kept,
        reply_to: &MailboxId,
    ) -> Step {
        if *to == self.office.address {
            self.send(to, message, envelope)?;
            return Ok(());
        }
        self.require_allowed(to)?;
        if let Some(row) = self.room(to, envelope.bytes().len(), For::Deed)? {
            return Ok(self.put(to, row, &message, envelope)?);
        }
        let sentence = "too much waits for the other switchboard, which may be down: try again later";
        let outcome = Outcome::Refused(Refusal::new(RefusalCode::TooMany, sentence));
        Ok(self.outcome(to, reply_to, seal::envelope_hash(envelope.bytes()), outcome)?)
    }

    /// Refuses what concerns a switchboard that this one does not deal with.
    pub(super) fn require_allowed(&mut self, peer: &SwitchboardAddress) -> Step {
        if *peer == self.office.address || self.is_allowed(peer)? {
            return Ok(());
        }
        refuse(RefusalCode::PeerNotAllowed, "this switchboard does not deal with the other one")
    }

    pub(super) fn is_allowed(&mut self, peer: &SwitchboardAddress) -> Result<bool, StoreError> {
        let standing = self.tx.peer(peer)?.map_or(Standing::Unknown, |row| row.standing);
        Ok(self.office.allows(peer, standing))
    }

    /// Tells a switchboard what became of what it sent.
    pub(super) fn answer(
        &mut self,
        to: &SwitchboardAddress,
        mailbox: &MailboxId,
        of: EnvelopeHash,
        outcome: Outcome,
    ) -> Result<(), StoreError> {
        if !self.may_answer(to)? {
            self.drop_message();
            return Ok(());
        }
        let message = PeerMessage::Outcome { mailbox: *mailbox, of, outcome };
        self.send(to, message, &mut Kept::nothing()).map(drop)
    }

    /// Whether a peer's queue takes an answer: a stranger's no more than a few, since it need never come for them.
    fn may_answer(&mut self, to: &SwitchboardAddress) -> Result<bool, StoreError> {
        let Some(row) = self.tx.peer(to)? else { return Ok(true) };
        let few = row.last.saturating_sub(row.stored) < ANSWERS;
        Ok(few || row.standing != Standing::Unknown || self.tx.is_held(to)?)
    }

    /// The peer's row, if it is allowed and has room for this many bytes more.
    fn room(&mut self, peer: &SwitchboardAddress, bytes: usize, whom: For) -> Result<Option<PeerRow>, StoreError> {
        let row = match self.tx.peer(peer)? {
            Some(row) => row,
            None if !self.make_room_for_peer()? => return Ok(None),
            None => self.new_peer(),
        };
        let mut all = self.limits.queue_bytes_per_peer;
        // A line may name as many switchboards as it can think of.
        if row.stored == 0 && row.standing == Standing::Unknown {
            all = all.min(self.limits.queue_bytes_per_stranger);
        }
        let of = |all: u64| if whom == For::Deed { all / 2 } else { all };
        let bytes = bytes as u64;
        let fits = |waits: u64, all: u64| waits.saturating_add(bytes) <= of(all);
        let all_wait = self.tx.queued_bytes(None)?.saturating_add(bytes);
        let fits = fits(row.bytes, all)
            && self.limits.has_room(of(self.limits.queue_bytes), row.bytes.saturating_add(bytes), all_wait)
            && match self.payer {
                Some(line) => fits(self.tx.queued_bytes(Some(&line))?, self.limits.queue_bytes_per_line),
                None => true,
            };
        Ok((fits && self.office.allows(peer, row.standing)).then_some(row))
    }

    fn put(
        &mut self,
        peer: &SwitchboardAddress,
        mut row: PeerRow,
        message: &PeerMessage,
        envelope: &mut Kept,
    ) -> Result<(), StoreError> {
        let head = head(message);
        let kept = envelope.row(self.tx)?;
        row.last += 1;
        row.bytes += (head.len() + kept.map_or(0, |(_, length)| length)) as u64;
        let payer = self.payer;
        self.tx.enqueue(peer, row.last, &head, kept, self.now, payer.as_ref())?;
        self.tx.put_peer(peer, &row)?;
        self.wake_peer(peer);
        Ok(())
    }

    /// Whether one peer more can be known. Anybody can make himself known: strangers make room for whoever comes next.
    pub(super) fn make_room_for_peer(&mut self) -> Result<bool, StoreError> {
        let full = self.tx.peers_count()? >= self.limits.peers;
        Ok(!full || self.tx.forget_strangers(STRANGERS)? > 0)
    }

    /// A peer that was not known.
    pub(super) fn new_peer(&mut self) -> PeerRow {
        PeerRow {
            key: None,
            standing: Standing::Unknown,
            queue: self.draw_queue(),
            base: 0,
            last: 0,
            stored: 0,
            bytes: 0,
            confirmed_at: None,
        }
    }

    pub(super) fn draw_queue(&mut self) -> QueueId {
        let mut bytes = [0; QueueId::LENGTH];
        self.rng.fill_bytes(&mut bytes);
        QueueId::new(bytes)
    }
}

//! What peers send, and what they say about what they were sent.

use protocol::federation::{Parcel, ParcelReply, PeerMessage};
use protocol::limits::PARCEL_MESSAGES;
use protocol::{QueueId, Refusal, RefusalCode, SwitchboardAddress};

use super::deeds::NEARLY_FULL;
use super::split::{Kept, split_message};
use super::turn::Turn;
use crate::store::{Standing, StoreError};

/// Messages that are let go of at once.
const DISCARDED: u64 = 1000;

impl Turn<'_> {
    /// Takes a parcel whose signature was checked: each message once, by its number in the queue.
    pub(super) fn parcel(&mut self, parcel: Parcel) -> Result<ParcelReply, StoreError> {
        if parcel.to != self.office.address || parcel.messages.len() > PARCEL_MESSAGES || parcel.first == 0 {
            return Ok(refused(RefusalCode::Malformed, "this parcel is not for this switchboard, or too long"));
        }
        if !self.is_allowed(&parcel.from)? {
            return Ok(refused(RefusalCode::PeerNotAllowed, "this switchboard does not deal with the sender"));
        }
        if self.is_short {
            return Ok(refused(RefusalCode::Unavailable, NEARLY_FULL));
        }
        let stored = self.tx.incoming(&parcel.from, &parcel.queue)?.unwrap_or_default();
        if parcel.first.saturating_sub(1) > stored {
            return Ok(ParcelReply::Behind { through: stored });
        }
        let mut last = stored;
        self.words = 0;
        for (number, message) in (parcel.first..).zip(parcel.messages) {
            if number > stored {
                let (message, mut envelope) = split_message(message);
                self.take(&parcel.from, message, &mut envelope)?;
                last = number;
            }
        }
        if last > stored {
            let kept = self.limits.queues_per_peer;
            self.tx.put_incoming(&parcel.from, &parcel.queue, last, self.now, kept)?;
        }
        Ok(ParcelReply::Stored { through: last })
    }

    /// Takes one message. It is never refused: what is wrong with it becomes an outcome, or it is dropped and counted.
    pub(super) fn take(
        &mut self,
        from: &SwitchboardAddress,
        message: PeerMessage,
        envelope: &mut Kept,
    ) -> Result<(), StoreError> {
        match message {
            PeerMessage::Submit(submission) => self.sequence(from, submission, envelope),
            PeerMessage::Deliver(delivery) => self.deliver(from, delivery, envelope),
            PeerMessage::Outcome { mailbox, of, outcome } => self.outcome(from, &mailbox, of, outcome),
            PeerMessage::Introduce { lookup, reservation, reply_to, .. } => {
                self.introduced(from, &lookup, &reservation, &reply_to, envelope)
            }
            PeerMessage::ReleaseBlob { blob } => self.blob_released(&blob),
            PeerMessage::OutOfService { mailbox, at } => self.service_changed(from, mailbox, at, false),
            PeerMessage::BackInService { mailbox, at } => self.service_changed(from, mailbox, at, true),
            PeerMessage::DeliverOutOfService { mailbox, at } => self.deliver_service_changed(from, mailbox, at, false),
            PeerMessage::DeliverBackInService { mailbox, at } => self.deliver_service_changed(from, mailbox, at, true),
        }
    }

    /// Removes from a queue what the peer has stored.
    pub(super) fn stored(
        &mut self,
        peer: &SwitchboardAddress,
        queue: &QueueId,
        through: u64,
    ) -> Result<(), StoreError> {
        let Some(mut row) = self.tx.peer(peer)?.filter(|row| row.queue == *queue) else { return Ok(()) };
        let through = row.base.saturating_add(through).min(row.last);
        if through > row.stored {
            row.bytes = row.bytes.saturating_sub(self.tx.remove_queued(peer, through)?);
            row.stored = through;
            row.confirmed_at = Some(self.now);
            self.tx.put_peer(peer, &row)?;
        }
        Ok(())
    }

    /// Begins a queue anew with what still waits in it.
    pub(super) fn restart(&mut self, peer: &SwitchboardAddress, queue: &QueueId) -> Result<(), StoreError> {
        let Some(mut row) = self.tx.peer(peer)?.filter(|row| row.queue == *queue) else { return Ok(()) };
        row.queue = self.draw_queue();
        row.base = row.stored;
        self.tx.put_peer(peer, &row)?;
        self.wake_peer(peer);
        Ok(())
    }

    /// Pins a peer's key, the first one that is seen; gives the one that is pinned, or none if no more peers can be
    /// known.
    pub(super) fn pin(&mut self, peer: &SwitchboardAddress, key: [u8; 32]) -> Result<Option<[u8; 32]>, StoreError> {
        let mut row = match self.tx.peer(peer)? {
            Some(row) => row,
            None if !self.make_room_for_peer()? => return Ok(None),
            None => self.new_peer(),
        };
        if let Some(pinned) = row.key {
            return Ok(Some(pinned));
        }
        row.key = Some(key);
        self.tx.put_peer(peer, &row)?;
        Ok(Some(key))
    }

    pub(super) fn forget(&mut self, peer: &SwitchboardAddress) -> Result<(), StoreError> {
        if let Some(mut row) = self.tx.peer(peer)? {
            row.key = None;
            self.tx.put_peer(peer, &row)?;
            self.wake_peer(peer);
        }
        Ok(())
    }

    pub(super) fn set_standing(&mut self, peer: &SwitchboardAddress, standing: Standing) -> Result<(), StoreError> {
        let mut row = match self.tx.peer(peer)? {
            Some(row) => row,
            None => self.new_peer(),
        };
        row.standing = standing;
        self.tx.put_peer(peer, &row)?;
        self.wake_peer(peer);
        Ok(())
    }

    /// Lets go of what waits for a peer that is blocked, a bounded amount of it; gives how many messages. The queue goes
    /// on in another incarnation, so that the peer misses no number if it is allowed again.
    pub(super) fn discard(&mut self, peer: &SwitchboardAddress) -> Result<u64, StoreError> {
        let blocked = self.tx.peer(peer)?.filter(|row| row.standing == Standing::Blocked && row.last > row.stored);
        let Some(mut row) = blocked else { return Ok(0) };
        let through = row.stored.saturating_add(DISCARDED).min(row.last);
        let count = through - row.stored;
        row.bytes = row.bytes.saturating_sub(self.tx.remove_queued(peer, through)?);
        (row.stored, row.base, row.queue) = (through, through, self.draw_queue());
        self.tx.put_peer(peer, &row)?;
        Ok(count)
    }
}

fn refused(code: RefusalCode, sentence: &str) -> ParcelReply {
    ParcelReply::Refused(Refusal::new(code, sentence))
}

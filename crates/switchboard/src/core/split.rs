//! An item or message as it is kept: its envelope apart, once for all rows, and its head with an empty one.

use protocol::codec::{decode, encode};
use protocol::federation::PeerMessage;
use protocol::frames::{Item, ItemBody, Outcome};
use protocol::limits::ENVELOPE_BYTES;
use protocol::{EnvelopeHash, MailboxId, Refusal, RefusalCode};
use serde_bytes::ByteBuf;

use crate::store::{EnvelopeRow, StoreError, Stored, Tx};

/// Bytes that may have to be kept, once, however many rows name them.
pub(super) struct Kept {
    bytes: Option<Vec<u8>>,
    row: Option<EnvelopeRow>,
}

impl Kept {
    /// No bytes.
    pub(super) fn nothing() -> Self {
        Self { bytes: None, row: None }
    }

    /// These bytes; kept when first asked for.
    pub(super) fn new(bytes: Vec<u8>) -> Self {
        Self { bytes: Some(bytes), row: None }
    }

    /// The bytes, to look at.
    pub(super) fn bytes(&self) -> &[u8] {
        self.bytes.as_deref().unwrap_or_default()
    }

    /// The kept row and its length in bytes.
    pub(super) fn row(&mut self, tx: &mut dyn Tx) -> Result<Option<(EnvelopeRow, usize)>, StoreError> {
        let Some(bytes) = &self.bytes else { return Ok(None) };
        let row = match self.row {
            Some(row) => row,
            None => *self.row.insert(tx.add_envelope(bytes)?),
        };
        Ok(Some((row, bytes.len())))
    }
}

/// Takes the envelope out of a message.
pub(super) fn split_message(mut message: PeerMessage) -> (PeerMessage, Kept) {
    let kept =
        envelope_of(&mut message).map_or_else(Kept::nothing, |envelope| Kept::new(std::mem::take(envelope).into_vec()));
    (message, kept)
}

/// Puts a message together from its row. One that cannot be read must not hold up all that waits behind it: the peer
/// gets a blank in its place.
pub(super) fn join_message(stored: Stored) -> PeerMessage {
    let Ok(mut message) = decode(&stored.head, HEAD_BYTES) else {
        tracing::error!(code = UNREADABLE, "a queued message cannot be read: a blank is sent in its place");
        return blank_message();
    };
    if let Some(envelope) = envelope_of(&mut message) {
        *envelope = ByteBuf::from(stored.envelope);
    }
    message
}

/// What stands in a queue for a message that is no more: the numbers stay whole, and the receiver drops it.
pub(super) fn blank_message() -> PeerMessage {
    let (mailbox, of, outcome) = blank();
    PeerMessage::Outcome { mailbox, of, outcome }
}

/// Puts an item together from its row; one that cannot be read as a blank, as above.
pub(super) fn join_item(stored: Stored) -> Item {
    let number = stored.number;
    let Ok(body) = decode(&stored.head, HEAD_BYTES) else {
        tracing::error!(code = UNREADABLE, "an item cannot be read: a blank is sent in its place");
        let (mailbox, of, outcome) = blank();
        return Item { number, body: ItemBody::Outcome { mailbox, of, outcome } };
    };
    whole_item(number, body, stored.envelope)
}

/// An item with the envelope that was taken out of it.
pub(super) fn whole_item(number: u64, mut body: ItemBody, envelope: Vec<u8>) -> Item {
    match &mut body {
        ItemBody::Envelope(delivery) => delivery.envelope = ByteBuf::from(envelope),
        ItemBody::Introduction { sealed, .. } => *sealed = ByteBuf::from(envelope),
        ItemBody::Outcome { .. } | ItemBody::OutOfService { .. } | ItemBody::BackInService { .. } => {}
    }
    Item { number, body }
}

/// An outcome that nobody waits for.
fn blank() -> (MailboxId, EnvelopeHash, Outcome) {
    let outcome = Outcome::Refused(Refusal::new(RefusalCode::Unavailable, ""));
    (MailboxId::new([0; 32]), EnvelopeHash::new([0; 32]), outcome)
}

/// A head as it is kept. The envelope must have been taken out.
pub(super) fn head<T: serde::Serialize>(value: &T) -> Vec<u8> {
    encode(value)
}

/// More than any head that we write: a commit's routing names at most all mailboxes twice.
const HEAD_BYTES: usize = ENVELOPE_BYTES;
/// In the log, for a row that cannot be read.
const UNREADABLE: &str = "row-unreadable";

fn envelope_of(message: &mut PeerMessage) -> Option<&mut ByteBuf> {
    match message {
        PeerMessage::Submit(submission) => Some(&mut submission.envelope),
        PeerMessage::Deliver(delivery) => Some(&mut delivery.envelope),
        PeerMessage::Introduce { sealed, .. } => Some(sealed),
        PeerMessage::Outcome { .. }
        | PeerMessage::ReleaseBlob { .. }
        | PeerMessage::OutOfService { .. }
        | PeerMessage::DeliverOutOfService { .. }
        | PeerMessage::BackInService { .. }
        | PeerMessage::DeliverBackInService { .. } => None,
    }
}

//! The rows of the store, as its methods take and give them.

use protocol::{
    CapabilityHash, EnvelopeHash, InvitationSecret, LineId, MailboxId, QueueId, SwitchboardAddress, Timestamp,
};

/// An invitation.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct InvitationRow {
    /// The secret itself, while it may have to be shown again: the first invitation's until it is taken up.
    pub secret: Option<InvitationSecret>,
    /// When it was made.
    pub made_at: Timestamp,
    /// Who took it up.
    pub line: Option<LineId>,
    /// For whom it is; only the operator sees this.
    pub label: String,
    /// When it can be taken up no more; none for never.
    pub expires_at: Option<Timestamp>,
    /// When it was taken up.
    pub taken_at: Option<Timestamp>,
    /// When the operator withdrew it.
    pub withdrawn_at: Option<Timestamp>,
}

impl InvitationRow {
    /// Whether it can be taken up now.
    pub fn is_open(&self, now: Timestamp) -> bool {
        self.line.is_none() && self.withdrawn_at.is_none() && self.expires_at.is_none_or(|at| at > now)
    }
}

/// A line's account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LineRow {
    /// The encoded [`protocol::documents::SigningPublic`].
    pub identity: Vec<u8>,
    /// The newest [`protocol::documents::HandsetList`], as it was signed.
    pub list: Vec<u8>,
    /// SHA-256 of that.
    pub list_hash: [u8; 32],
    /// That list's number.
    pub list_number: u64,
}

/// A line's running numbers and sums.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct LineState {
    /// The last item's number.
    pub last_item: u64,
    /// Bytes in items.
    pub item_bytes: u64,
    /// Bytes in intakes and their slots.
    pub intake_bytes: u64,
}

/// A handset on its line's newest list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct HandsetRow {
    /// The highest number of its deeds that is done.
    pub done: u64,
    /// The last item that it has acknowledged.
    pub cursor: u64,
    /// When the operator took it out of service.
    pub revoked_at: Option<Timestamp>,
}

/// Whether an intake takes introductions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IntakeState {
    /// It does, as long as its time is not over.
    Open,
    /// Its time was over when the store was swept.
    Expired,
    /// Its line took it back.
    Revoked,
}

/// An intake.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IntakeRow {
    /// Whose.
    pub line: LineId,
    /// The sealed bundle; empty once it is closed.
    pub bundle: Vec<u8>,
    /// When its time is over.
    pub expires_at: Option<Timestamp>,
    /// Whether it is open.
    pub state: IntakeState,
    /// Bytes of bundle and slots that count against the line's share.
    pub bytes: u64,
}

/// One use of an intake.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SlotRow {
    /// Its place in the intake, from 0.
    pub position: u64,
    /// Opened when the slot is used.
    pub mailbox: MailboxId,
    /// Whether it was used.
    pub used: bool,
    /// Whether it may be given out again and again.
    pub last_resort: bool,
}

/// Who holds which slot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReservationRow {
    /// The slot.
    pub position: u64,
    /// When it was reserved.
    pub made_at: Timestamp,
    /// The introduction that used it.
    pub introduced: Option<EnvelopeHash>,
}

/// An open mailbox.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MailboxRow {
    /// Whose.
    pub line: LineId,
    /// The only switchboard that may deliver to it.
    pub from: SwitchboardAddress,
    /// The number of the last envelope that it accepted.
    pub last: u64,
}

/// A generation that this switchboard sequences.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GenerationRow {
    /// The line that founded it.
    pub line: LineId,
    /// Its epoch now.
    pub epoch: u64,
    /// Of this epoch.
    pub capability: CapabilityHash,
    /// The last envelope's number.
    pub last: u64,
    /// When that was.
    pub last_at: Timestamp,
}

/// The key of a kept envelope.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EnvelopeRow(pub i64);

/// Whether the operator has said something about a peer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Standing {
    /// Nothing.
    #[default]
    Unknown,
    /// On the allow-list.
    Allowed,
    /// Blocked.
    Blocked,
}

/// A peer and the queue for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PeerRow {
    /// What it signs with, pinned at first contact.
    pub key: Option<[u8; 32]>,
    /// What the operator said.
    pub standing: Standing,
    /// The queue's incarnation.
    pub queue: QueueId,
    /// What a message's number in the store is ahead of its number in this incarnation.
    pub base: u64,
    /// The last message's number in the store.
    pub last: u64,
    /// The last that the peer has stored, by its number in the store.
    pub stored: u64,
    /// Bytes that wait.
    pub bytes: u64,
    /// When it last confirmed that it has stored something.
    pub confirmed_at: Option<Timestamp>,
}

/// Sums over all lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Inventory {
    /// Lines with an account.
    pub lines: u64,
    /// Mailboxes that are open.
    pub mailboxes: u64,
    /// Items that wait.
    pub items: u64,
    /// Their bytes.
    pub item_bytes: u64,
    /// Invitations that are open.
    pub invitations: u64,
    /// Bytes of files.
    pub blob_bytes: u64,
}

/// A sealed file of a line here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BlobRow {
    /// Whose.
    pub line: LineId,
    /// Its length, sealed and padded, in bytes.
    pub size: u64,
    /// Lines that have still to release it.
    pub copies: u16,
    /// Whether all of its bytes are on the disk.
    pub complete: bool,
    /// When it was opened.
    pub made_at: Timestamp,
}

/// An item or a queued message as it is kept: the envelope apart from what is said about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    /// Its number.
    pub number: u64,
    /// Everything but the envelope, encoded.
    pub head: Vec<u8>,
    /// The envelope; empty if it has none.
    pub envelope: Vec<u8>,
}

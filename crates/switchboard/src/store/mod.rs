//! What a switchboard keeps, behind one narrow trait: a [`Store`] runs transactions, a [`Tx`] has small methods and no
//! opinion. What may be done when is `core`'s business.
//!
//! A commit can fail, and a commit can be reported as failed and yet be kept. So nothing may follow from a transaction
//! until [`Store::write`] has returned `Ok`, and everything must bear being done again.

mod error;
mod rows;
mod sqlite;
pub mod testing;

pub use error::{StoreError, StoreFailure};
pub use rows::{
    BlobRow, EnvelopeRow, GenerationRow, HandsetRow, IntakeRow, IntakeState, Inventory, InvitationRow, LineRow,
    LineState, MailboxRow, PeerRow, ReservationRow, SlotRow, Standing, Stored,
};
pub use sqlite::SqliteStore;

use protocol::frames::MailboxAddress;
use protocol::wake::Subscription;
use protocol::{
    BlobId, EnvelopeHash, GenerationId, HandsetId, InvitationSecret, LineId, LookupId, MailboxId, QueueId,
    ReservationId, SwitchboardAddress, Timestamp,
};

/// What every method gives.
pub type Result<T> = std::result::Result<T, StoreError>;

/// A database of one switchboard.
pub trait Store: Send {
    /// Runs `work` in a transaction that can change things and is durable when this returns `Ok`. If `work` fails, all
    /// of it is undone. The work may be run only once per call.
    ///
    /// # Errors
    /// What `work` gave, or what went wrong in committing (see [`StoreError::nothing_kept`]).
    fn write(&mut self, work: &mut dyn FnMut(&mut dyn Tx) -> Result<()>) -> Result<()>;

    /// Runs `work` on one unchanging view. Changes are undone.
    ///
    /// # Errors
    /// What `work` gave, or what went wrong in reading.
    fn read(&mut self, work: &mut dyn FnMut(&mut dyn Tx) -> Result<()>) -> Result<()>;
}

impl<S: Store + ?Sized> Store for Box<S> {
    fn write(&mut self, work: &mut dyn FnMut(&mut dyn Tx) -> Result<()>) -> Result<()> {
        (**self).write(work)
    }

    fn read(&mut self, work: &mut dyn FnMut(&mut dyn Tx) -> Result<()>) -> Result<()> {
        (**self).read(work)
    }
}

/// One transaction.
pub trait Tx: Lines + Intakes + Mailboxes + Generations + Queues + Blobs + Revoked + Wakes {
    /// Remembers this point, so that what follows can be undone alone. Marks do not nest.
    ///
    /// # Errors
    /// [`StoreError`].
    fn mark(&mut self) -> Result<()>;

    /// Undoes everything since the mark, and forgets the mark.
    ///
    /// # Errors
    /// [`StoreError`].
    fn undo(&mut self) -> Result<()>;

    /// Forgets the mark and keeps what was done.
    ///
    /// # Errors
    /// [`StoreError`].
    fn keep(&mut self) -> Result<()>;

    /// Sums over all lines, by looking at all of them: for the operator, not for every write.
    ///
    /// # Errors
    /// [`StoreError`].
    fn inventory(&mut self, now: Timestamp) -> Result<Inventory>;

    /// After a return to an older copy: removes all intakes, generations and open invitations, what is awaited, and where
    /// handsets are woken; and
    /// lets the items of all lines go on after `item`, and after any number that they may have been given since.
    ///
    /// # Errors
    /// [`StoreError`].
    fn go_back(&mut self, item: u64) -> Result<()>;
}

/// Accounts: invitations, lines, their handsets, and the switchboard's own few settings.
///
/// # Errors
/// All methods: [`StoreError`].
#[allow(clippy::missing_errors_doc, reason = "said once for all methods above")]
pub trait Lines {
    /// A setting of the switchboard's own.
    fn setting(&mut self, name: &str) -> Result<Option<Vec<u8>>>;
    /// Sets it.
    fn put_setting(&mut self, name: &str, value: &[u8]) -> Result<()>;

    /// An invitation by the SHA-256 of its secret.
    fn invitation(&mut self, hash: &[u8; 32]) -> Result<Option<InvitationRow>>;
    /// Adds or changes one.
    fn put_invitation(&mut self, hash: &[u8; 32], row: &InvitationRow) -> Result<()>;
    /// All invitations with the SHA-256 of their secrets, the newest first.
    fn invitations(&mut self) -> Result<Vec<([u8; 32], InvitationRow)>>;
    /// The secret of an invitation that is open now and whose secret is kept, the oldest first.
    fn open_invitation(&mut self, now: Timestamp) -> Result<Option<InvitationSecret>>;
    /// Invitations that can be taken up now.
    fn count_open_invitations(&mut self, now: Timestamp) -> Result<u64>;

    /// A line's account.
    fn line(&mut self, line: &LineId) -> Result<Option<LineRow>>;
    /// Adds or changes one.
    fn put_line(&mut self, line: &LineId, row: &LineRow) -> Result<()>;
    /// Lines with an account.
    fn count_lines(&mut self) -> Result<u64>;
    /// A line's running numbers and sums; all zero for a line without any.
    fn line_state(&mut self, line: &LineId) -> Result<LineState>;
    /// Sets them.
    fn put_line_state(&mut self, line: &LineId, state: &LineState) -> Result<()>;

    /// A handset on its line's newest list.
    fn handset(&mut self, line: &LineId, handset: &HandsetId) -> Result<Option<HandsetRow>>;
    /// All handsets of a line.
    fn handsets(&mut self, line: &LineId) -> Result<Vec<(HandsetId, HandsetRow)>>;
    /// Adds or changes one.
    fn put_handset(&mut self, line: &LineId, handset: &HandsetId, row: &HandsetRow) -> Result<()>;
    /// Removes one, and what is known of its refused deeds.
    fn remove_handset(&mut self, line: &LineId, handset: &HandsetId) -> Result<()>;

    /// Numbers of deeds that were refused, ascending.
    fn refused_deeds(&mut self, line: &LineId, handset: &HandsetId) -> Result<Vec<u64>>;
    /// Remembers one; again does nothing.
    fn add_refused_deed(&mut self, line: &LineId, handset: &HandsetId, number: u64) -> Result<()>;
    /// Forgets one.
    fn remove_refused_deed(&mut self, line: &LineId, handset: &HandsetId, number: u64) -> Result<()>;
}

/// Lines as the operator numbers them, and handsets that he took out of service.
///
/// # Errors
/// All methods: [`StoreError`].
#[allow(clippy::missing_errors_doc, reason = "said once for all methods above")]
pub trait Revoked {
    /// All lines with an account by their running numbers, which never change.
    fn line_numbers(&mut self) -> Result<Vec<(u64, LineId)>>;
    /// Handsets that are out of service.
    fn handsets_revoked(&mut self) -> Result<Vec<(LineId, HandsetId)>>;
    /// Lines whose contacts are still to be told, since when their handsets are out of service, or whether they are in
    /// service again since then.
    fn unannounced(&mut self) -> Result<Vec<(LineId, Timestamp, bool)>>;
    /// Adds or changes one.
    fn put_unannounced(&mut self, line: &LineId, at: Timestamp, is_back: bool) -> Result<()>;
    /// Removes one; none does nothing.
    fn remove_unannounced(&mut self, line: &LineId) -> Result<()>;
    /// Open mailboxes of a line, each with the switchboard that it is bound to.
    fn mailboxes_of(&mut self, line: &LineId) -> Result<Vec<(MailboxId, SwitchboardAddress)>>;
}

/// Where handsets are woken while they are not connected.
///
/// # Errors
/// All methods: [`StoreError`].
#[allow(clippy::missing_errors_doc, reason = "said once for all methods above")]
pub trait Wakes {
    /// Where a handset is woken.
    fn wake(&mut self, line: &LineId, handset: &HandsetId) -> Result<Option<Subscription>>;
    /// Sets it.
    fn put_wake(&mut self, line: &LineId, handset: &HandsetId, subscription: &Subscription) -> Result<()>;
    /// Removes it; none does nothing. So does the handset's removal.
    fn remove_wake(&mut self, line: &LineId, handset: &HandsetId) -> Result<()>;
}

/// Intakes, their slots and the reservations of slots.
///
/// # Errors
/// All methods: [`StoreError`].
#[allow(clippy::missing_errors_doc, reason = "said once for all methods above")]
pub trait Intakes {
    /// An intake.
    fn intake(&mut self, lookup: &LookupId) -> Result<Option<IntakeRow>>;
    /// Adds or changes one.
    fn put_intake(&mut self, lookup: &LookupId, row: &IntakeRow) -> Result<()>;
    /// Removes one with its slots and reservations.
    fn remove_intake(&mut self, lookup: &LookupId) -> Result<()>;
    /// Open intakes of a line.
    fn count_intakes(&mut self, line: &LineId) -> Result<u64>;
    /// The same by their ids.
    fn intakes_open(&mut self, line: &LineId) -> Result<Vec<LookupId>>;
    /// Intakes whose time was over before this, at most `limit`.
    fn intakes_expired(&mut self, before: Timestamp, limit: usize) -> Result<Vec<LookupId>>;

    /// An intake's slots in order, without what is sealed in them.
    fn slots(&mut self, lookup: &LookupId) -> Result<Vec<SlotRow>>;
    /// What is sealed in a slot.
    fn slot_sealed(&mut self, lookup: &LookupId, position: u64) -> Result<Option<Vec<u8>>>;
    /// Adds one.
    fn add_slot(&mut self, lookup: &LookupId, slot: &SlotRow, sealed: &[u8]) -> Result<()>;
    /// Marks one as used and erases what was sealed in it.
    fn use_slot(&mut self, lookup: &LookupId, position: u64) -> Result<()>;
    /// Removes all of an intake's slots.
    fn remove_slots(&mut self, lookup: &LookupId) -> Result<()>;
    /// Whether a slot anywhere has this mailbox.
    fn slot_has_mailbox(&mut self, mailbox: &MailboxId) -> Result<bool>;

    /// A reservation.
    fn reservation(
        &mut self,
        lookup: &LookupId,
        peer: &SwitchboardAddress,
        reservation: &ReservationId,
    ) -> Result<Option<ReservationRow>>;
    /// All reservations of an intake, with the peer that made each.
    fn reservations(&mut self, lookup: &LookupId) -> Result<Vec<(SwitchboardAddress, ReservationRow)>>;
    /// Adds or changes one.
    fn put_reservation(
        &mut self,
        lookup: &LookupId,
        peer: &SwitchboardAddress,
        reservation: &ReservationId,
        row: &ReservationRow,
    ) -> Result<()>;
    /// Removes reservations that were made before `lapsed` and led to nothing, and those that led to an introduction
    /// and were made before `done`, at most `limit`; gives how many.
    fn remove_reservations(&mut self, lapsed: Timestamp, done: Timestamp, limit: usize) -> Result<u64>;
}

/// Mailboxes and what waits for a line.
///
/// # Errors
/// All methods: [`StoreError`].
#[allow(clippy::missing_errors_doc, reason = "said once for all methods above")]
pub trait Mailboxes {
    /// An open mailbox.
    fn mailbox(&mut self, mailbox: &MailboxId) -> Result<Option<MailboxRow>>;
    /// Adds or changes one.
    fn put_mailbox(&mut self, mailbox: &MailboxId, row: &MailboxRow) -> Result<()>;
    /// Sets the number of the last envelope that a mailbox accepted.
    fn set_mailbox_last(&mut self, mailbox: &MailboxId, last: u64) -> Result<()>;
    /// Removes one; none does nothing.
    fn remove_mailbox(&mut self, mailbox: &MailboxId) -> Result<()>;
    /// Removes all of a line's.
    fn remove_mailboxes(&mut self, line: &LineId) -> Result<()>;
    /// Open mailboxes of a line.
    fn count_mailboxes(&mut self, line: &LineId) -> Result<u64>;

    /// Remembers that an outcome from `peer` may come to a mailbox.
    fn await_outcome(
        &mut self,
        mailbox: &MailboxId,
        of: &EnvelopeHash,
        peer: &SwitchboardAddress,
        at: Timestamp,
    ) -> Result<()>;
    /// Forgets it; gives whether it was remembered.
    fn take_awaited(&mut self, mailbox: &MailboxId, of: &EnvelopeHash, peer: &SwitchboardAddress) -> Result<bool>;
    /// How many are remembered for a mailbox.
    fn count_awaited(&mut self, mailbox: &MailboxId) -> Result<u64>;
    /// Forgets those that were remembered before this, at most `limit`; gives how many.
    fn remove_awaited(&mut self, before: Timestamp, limit: usize) -> Result<u64>;

    /// Keeps an envelope, once for all rows that name it.
    fn add_envelope(&mut self, bytes: &[u8]) -> Result<EnvelopeRow>;
    /// Adds an item for a line, which came from a peer or from here.
    fn add_item(
        &mut self,
        line: &LineId,
        number: u64,
        head: &[u8],
        envelope: Option<(EnvelopeRow, usize)>,
        at: Timestamp,
        sender: Option<&SwitchboardAddress>,
    ) -> Result<()>;
    /// Bytes of items that wait for any line and came from a peer, or from all peers. A sum that is kept, not counted.
    fn item_bytes_from(&mut self, peer: Option<&SwitchboardAddress>) -> Result<u64>;
    /// Bytes of items that wait for one line and came from one peer, as above.
    fn item_bytes_for(&mut self, line: &LineId, peer: &SwitchboardAddress) -> Result<u64>;
    /// The items after a number, in order: at most `count`, and no more once `bytes` are exceeded; at least one.
    fn items(&mut self, line: &LineId, after: u64, count: usize, bytes: usize) -> Result<Vec<Stored>>;
    /// The number of the newest item that is kept for a line.
    fn newest_item(&mut self, line: &LineId) -> Result<Option<u64>>;
    /// Removes items up to a number, the first `limit` of them, and envelopes that nothing names any more; gives how many
    /// and the bytes freed.
    fn remove_items(&mut self, line: &LineId, through: u64, limit: usize) -> Result<(u64, u64)>;
    /// Lines with items that all of their handsets have acknowledged, each with the last such number; at most `limit`.
    fn items_acknowledged(&mut self, limit: usize) -> Result<Vec<(LineId, u64)>>;
    /// Lines of the first `limit` items from before this, each with the last such item's number.
    fn items_older(&mut self, before: Timestamp, limit: usize) -> Result<Vec<(LineId, u64)>>;
}

/// Generations that this switchboard sequences.
///
/// # Errors
/// All methods: [`StoreError`].
#[allow(clippy::missing_errors_doc, reason = "said once for all methods above")]
pub trait Generations {
    /// A generation.
    fn generation(&mut self, generation: &GenerationId) -> Result<Option<GenerationRow>>;
    /// Adds or changes one.
    fn put_generation(&mut self, generation: &GenerationId, row: &GenerationRow) -> Result<()>;
    /// Generations that a line founded here.
    fn count_generations(&mut self, line: &LineId) -> Result<u64>;
    /// Where a generation delivers.
    fn members(&mut self, generation: &GenerationId) -> Result<Vec<MailboxAddress>>;
    /// Generations that deliver to this mailbox on that switchboard, at most `limit`.
    fn generations_with(&mut self, member: &MailboxAddress, limit: usize) -> Result<Vec<GenerationId>>;
    /// Adds a mailbox; again does nothing.
    fn add_member(&mut self, generation: &GenerationId, member: &MailboxAddress) -> Result<()>;
    /// Removes a mailbox; none does nothing.
    fn remove_member(&mut self, generation: &GenerationId, mailbox: &MailboxId) -> Result<()>;
    /// Counts a word about a member's handset; gives how many there were since `since`, this one included, counted anew from
    /// `now` on after that.
    fn count_word(
        &mut self,
        generation: &GenerationId,
        mailbox: &MailboxId,
        since: Timestamp,
        now: Timestamp,
    ) -> Result<u64>;
    /// Removes generations that nothing was sent in since `before`; gives how many, at most `limit`.
    fn remove_generations(&mut self, before: Timestamp, limit: usize) -> Result<u64>;
}

/// Peers, and the queue to and from each.
///
/// # Errors
/// All methods: [`StoreError`].
#[allow(clippy::missing_errors_doc, reason = "said once for all methods above")]
pub trait Queues {
    /// What is known of a peer.
    fn peer(&mut self, peer: &SwitchboardAddress) -> Result<Option<PeerRow>>;
    /// Adds or changes one.
    fn put_peer(&mut self, peer: &SwitchboardAddress, row: &PeerRow) -> Result<()>;
    /// How many peers are known.
    fn peers_count(&mut self) -> Result<u64>;
    /// All peers.
    fn peers(&mut self) -> Result<Vec<(SwitchboardAddress, PeerRow)>>;
    /// Whether a mailbox takes from this peer, or a generation delivers to it.
    fn is_held(&mut self, peer: &SwitchboardAddress) -> Result<bool>;
    /// Forgets up to `limit` peers that nothing holds: the operator said nothing of them, no mailbox takes from them, no
    /// generation delivers to them, and nothing with an envelope waits for them, which is all that lines ever send.
    /// Answers that wait for them are forgotten with them. First those that never sent anything, then those that did so
    /// longest ago; and last, if need be, those that were never reached, with whatever waits for them: lines may name
    /// peers that do not exist. Gives how many.
    fn forget_strangers(&mut self, limit: usize) -> Result<u64>;
    /// Peers that something waits for.
    fn peers_waiting(&mut self) -> Result<Vec<SwitchboardAddress>>;

    /// Adds a message to the queue for a peer, on behalf of a line or of nobody.
    fn enqueue(
        &mut self,
        peer: &SwitchboardAddress,
        number: u64,
        head: &[u8],
        envelope: Option<(EnvelopeRow, usize)>,
        at: Timestamp,
        line: Option<&LineId>,
    ) -> Result<()>;
    /// Bytes that wait for all peers on behalf of a line, or in all. A sum that is kept, not counted.
    fn queued_bytes(&mut self, of: Option<&LineId>) -> Result<u64>;
    /// The messages after a number, in order: at most `count`, and no more once `bytes` are exceeded; at least one.
    fn queued(&mut self, peer: &SwitchboardAddress, after: u64, count: usize, bytes: usize) -> Result<Vec<Stored>>;
    /// Since when the oldest message waits for a peer.
    fn oldest_queued(&mut self, peer: &SwitchboardAddress) -> Result<Option<Timestamp>>;
    /// Since when the oldest message of a line's waits for a peer. Only the first `limit` are looked at: if there are
    /// more, and none of these is the line's, since when the oldest of all does.
    fn oldest_queued_of(&mut self, peer: &SwitchboardAddress, line: &LineId, limit: usize)
    -> Result<Option<Timestamp>>;
    /// Removes all messages up to a number, and envelopes that nothing names any more; gives the bytes freed.
    fn remove_queued(&mut self, peer: &SwitchboardAddress, through: u64) -> Result<u64>;
    /// Puts `head` in the place of every queued message from before this, so that the numbers stay whole; gives the
    /// bytes freed for each peer. Messages that are `head` already are left.
    fn blank_queued(&mut self, before: Timestamp, head: &[u8], limit: usize) -> Result<Vec<(SwitchboardAddress, u64)>>;

    /// The last number taken from a peer's queue.
    fn incoming(&mut self, peer: &SwitchboardAddress, queue: &QueueId) -> Result<Option<u64>>;
    /// Sets it, and forgets all but the `kept` queues of this peer that were used last.
    fn put_incoming(
        &mut self,
        peer: &SwitchboardAddress,
        queue: &QueueId,
        last: u64,
        at: Timestamp,
        kept: usize,
    ) -> Result<()>;
}

/// Blobs of lines here.
///
/// # Errors
/// All methods: [`StoreError`].
#[allow(clippy::missing_errors_doc, reason = "said once for all methods above")]
pub trait Blobs {
    /// A blob.
    fn blob(&mut self, blob: &BlobId) -> Result<Option<BlobRow>>;
    /// Adds one, or changes its copies and whether it is complete.
    fn put_blob(&mut self, blob: &BlobId, row: &BlobRow) -> Result<()>;
    /// Removes one; none does nothing.
    fn remove_blob(&mut self, blob: &BlobId) -> Result<()>;
    /// How many blobs a line has here, and their bytes.
    fn blobs_of(&mut self, line: &LineId) -> Result<(u64, u64)>;
    /// How many blobs there are, and their bytes.
    fn blobs(&mut self) -> Result<(u64, u64)>;
    /// Blobs that were opened before this, the oldest first, at most `limit`.
    fn blobs_older(&mut self, before: Timestamp, limit: usize) -> Result<Vec<BlobId>>;
}

//! The frames between a handset and its own switchboard, over one WebSocket, each one binary message.
//!
//! The switchboard speaks first ([`FromSwitchboard::Challenge`]); the handset answers with [`ToSwitchboard::Hello`],
//! [`ToSwitchboard::Claim`] or [`ToSwitchboard::Restore`]; after [`FromSwitchboard::Welcome`] either may send at any time.

use serde::{Deserialize, Serialize};
use serde_bytes::ByteBuf;

use crate::documents::SigningPublic;
use crate::wake::{Subscription, Urgency, Wake};
use crate::{
    BlobId, Capability, CapabilityHash, EnvelopeHash, GenerationId, HandsetId, InvitationSecret, LineId, LookupId,
    MailboxId, Refusal, ReservationId, RestoreId, SwitchboardAddress, Ticket, Timestamp,
};

/// Where a switchboard takes its handsets' WebSockets.
pub const LINE_PATH: &str = "/v1/line";

/// What a handset says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum ToSwitchboard {
    /// Opens the line's stream here.
    Hello {
        /// The version chosen from the challenge.
        version: u8,
        /// The line.
        line: LineId,
        /// The handset, on the line's newest list.
        handset: HandsetId,
        /// COSE_Sign by the handset over a [`Greeting`].
        signature: ByteBuf,
    },
    /// Takes up an invitation: a new line, or a line that moves here. Counts as Hello too.
    Claim {
        /// The version chosen from the challenge.
        version: u8,
        /// From the claim link.
        invitation: InvitationSecret,
        /// The line's identity key.
        identity: SigningPublic,
        /// The line's newest signed handset list.
        handsets: ByteBuf,
        /// The handset that speaks.
        handset: HandsetId,
        /// COSE_Sign by the handset over a [`Greeting`].
        signature: ByteBuf,
    },
    /// Something to do, once, in the order of the numbers.
    Do {
        /// The handset's own running number of deeds: repeated after a broken connection, never reused.
        number: u64,
        /// What.
        deed: Deed,
    },
    /// Something to find out; may be asked again freely.
    Ask {
        /// Comes back with the answer.
        id: u64,
        /// What.
        question: Question,
    },
    /// All items up to this number are in the handset's database.
    Ack {
        /// The number of the last item.
        through: u64,
    },
    /// The line was restored from a backup on this handset, which takes the place of all others. Counts as Hello too.
    Restore {
        /// The version chosen from the challenge.
        version: u8,
        /// The line's identity key.
        identity: SigningPublic,
        /// The handset list, signed by the successor key too.
        handsets: ByteBuf,
        /// The handset that speaks.
        handset: HandsetId,
        /// COSE_Sign by the handset over a [`Greeting`].
        signature: ByteBuf,
    },
}

/// What the handset's signature in Hello, Claim and Restore covers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Greeting {
    /// `entrenous greeting`.
    pub context: String,
    /// From the challenge.
    pub nonce: ByteBuf,
    /// The switchboard that is greeted.
    pub address: SwitchboardAddress,
    /// The line.
    pub line: LineId,
    /// The handset.
    pub handset: HandsetId,
}

/// A change that the switchboard makes in one transaction and confirms when it is durable.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Deed {
    /// Opens a mailbox that accepts from one switchboard only.
    OpenMailbox {
        /// Drawn by the handset.
        mailbox: MailboxId,
        /// The sequencer it is bound to.
        from: SwitchboardAddress,
    },
    /// Closes a mailbox; what comes later is dropped without a word.
    CloseMailbox {
        /// The mailbox.
        mailbox: MailboxId,
    },
    /// Puts an intake up.
    OpenIntake {
        /// From its token.
        lookup: LookupId,
        /// The sealed [`crate::intake::Bundle`].
        bundle: ByteBuf,
        /// Its slots, each for one use.
        slots: Vec<SealedSlot>,
        /// When it expires; never for a standing intake.
        expires_at: Option<Timestamp>,
        /// Whether the last slot may be given out again and again (a standing intake's last-resort key package).
        last_resort: bool,
    },
    /// Adds slots to an intake (replenishing, or giving a refused use back).
    AddSlots {
        /// The intake.
        lookup: LookupId,
        /// More slots.
        slots: Vec<SealedSlot>,
    },
    /// Takes an intake back, for good.
    RevokeIntake {
        /// The intake.
        lookup: LookupId,
    },
    /// Makes this switchboard the sequencer of a new generation.
    Found {
        /// The generation.
        generation: GenerationId,
        /// Its epoch now.
        epoch: u64,
        /// Of this epoch.
        capability: CapabilityHash,
        /// Where it delivers.
        members: Vec<MailboxAddress>,
    },
    /// Hands an introduction to the intake of another line.
    Introduce {
        /// The issuer's switchboard.
        to: SwitchboardAddress,
        /// The intake.
        lookup: LookupId,
        /// The slot's reservation.
        reservation: ReservationId,
        /// Where the outcome goes.
        reply_to: MailboxId,
        /// The sealed [`crate::intake::Introduction`].
        sealed: ByteBuf,
    },
    /// Gives an envelope to a generation's sequencer.
    Submit {
        /// The sequencer.
        to: SwitchboardAddress,
        /// The envelope and its way.
        submission: Submission,
    },
    /// Puts the line's newer handset list in place of the older.
    PutHandsets {
        /// The signed list.
        handsets: ByteBuf,
    },
    /// Makes room for a sealed file, whose bytes follow by HTTP (see [`crate::files`]).
    OpenBlob {
        /// Drawn by the handset.
        blob: BlobId,
        /// Sealed and padded, in bytes.
        size: u64,
        /// So many lines fetch it: once as many have released it, it is removed.
        copies: u16,
    },
    /// Says that this line has a blob, wherever it is, and needs it there no more.
    ReleaseBlob {
        /// The switchboard that has it.
        at: SwitchboardAddress,
        /// The blob.
        blob: BlobId,
    },
    /// Removes a blob that this line opened.
    RemoveBlob {
        /// The blob.
        blob: BlobId,
    },
    /// Says where this handset is woken while it is not connected, or that it is not any more.
    SetWake {
        /// Takes the place of the one before.
        subscription: Option<Subscription>,
    },
}

/// A slot as the switchboard keeps it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SealedSlot {
    /// Opened, and bound to the founder's switchboard, when the slot is used.
    pub mailbox: MailboxId,
    /// The sealed [`crate::intake::Slot`].
    pub sealed: ByteBuf,
}

/// A mailbox and the switchboard that has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MailboxAddress {
    /// The switchboard.
    pub address: SwitchboardAddress,
    /// The mailbox.
    pub mailbox: MailboxId,
}

/// An envelope on its way to the sequencer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Submission {
    /// The generation.
    pub generation: GenerationId,
    /// The epoch it was encrypted in.
    pub epoch: u64,
    /// Of that epoch.
    pub capability: Capability,
    /// Present if the envelope is a commit.
    pub commit: Option<Routing>,
    /// Where the outcome goes if it is not sequenced.
    pub reply_to: MailboxId,
    /// Whether it should wake somebody.
    pub urgent: Urgency,
    /// The MLS message.
    pub envelope: ByteBuf,
}

/// What a commit changes for the sequencer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Routing {
    /// Of the epoch that the commit begins.
    pub capability: CapabilityHash,
    /// Mailboxes that join with it.
    pub add: Vec<MailboxAddress>,
    /// Mailboxes that leave with it.
    pub remove: Vec<MailboxId>,
}

/// Something to find out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Question {
    /// Reserves a slot of an intake and fetches it.
    FetchSlot {
        /// The issuer's switchboard.
        at: SwitchboardAddress,
        /// The intake.
        lookup: LookupId,
        /// Made by the redeemer; the same one fetches the same slot.
        reservation: ReservationId,
    },
    /// Asks for a ticket for blob requests, good as long as this connection.
    Ticket,
    /// Asks how what this line sends to another switchboard gets on.
    Way {
        /// The other switchboard.
        to: SwitchboardAddress,
    },
    /// Asks how it stands with waking this handset.
    Wake,
    /// Has this handset woken once, though it is connected, to see whether that works.
    TryWake,
}

/// The answer to a [`Question`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Answer {
    /// To [`Question::FetchSlot`].
    Slot(FetchedSlot),
    /// To [`Question::Ticket`].
    Ticket(Ticket),
    /// To [`Question::Way`].
    Way(Way),
    /// To [`Question::Wake`] and, once it was tried, to [`Question::TryWake`].
    Wake(Wake),
}

/// How what a line sent to another switchboard gets on. Nothing in it means that the other has confirmed all of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Way {
    /// Since when the oldest of it waits that the other switchboard has not confirmed.
    pub waits_since: Option<Timestamp>,
    /// When, if something waits, the other switchboard last confirmed anything at all.
    pub confirmed_at: Option<Timestamp>,
}

/// A reserved slot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FetchedSlot {
    /// The sealed [`crate::intake::Bundle`].
    pub bundle: ByteBuf,
    /// The sealed [`crate::intake::Slot`].
    pub slot: ByteBuf,
}

/// What a switchboard says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum FromSwitchboard {
    /// First of all.
    Challenge {
        /// Versions it speaks.
        versions: Vec<u8>,
        /// 32 random bytes.
        nonce: ByteBuf,
        /// Where it is reached.
        address: SwitchboardAddress,
        /// The scheme of its public URL, `https` or (under the development flag) `http`.
        scheme: String,
        /// The office's name.
        office: String,
        /// Its clock.
        now: Timestamp,
    },
    /// The handset is in; items follow.
    Welcome {
        /// The last of this handset's deeds that is stored here; 0 if none.
        done: u64,
        /// The newest item that waits for the line at this moment; 0 if there never was one. A handset whose cursor
        /// has reached it is up to date.
        newest: u64,
    },
    /// The handset is not let in, or the connection ends for a reason.
    Refused(Refusal),
    /// A deed is stored: durable, and done as far as this switchboard can do it.
    Done {
        /// The deed's number.
        number: u64,
    },
    /// A deed is refused, and nothing of it kept. After a passing refusal ([`crate::RefusalCode::is_passing`]) the
    /// switchboard takes no further deed on this connection, so that the order of deeds holds: the handset connects
    /// again after a while and sends from this number on.
    NotDone {
        /// The deed's number.
        number: u64,
        /// Why.
        refusal: Refusal,
    },
    /// To a question.
    Answer {
        /// The question's id.
        id: u64,
        /// What was found.
        answer: Result<Answer, Refusal>,
    },
    /// What waits for the line, in order. Sent again until it is acknowledged.
    Items(Vec<Item>),
    /// The handset is not let in: the line was restored on another one, as this list shows. The list proves itself
    /// (the successor key signed it); the switchboard's word alone counts for nothing.
    Superseded {
        /// The line's newest signed list.
        handsets: ByteBuf,
    },
    /// Before the welcome, from a switchboard that went back to an older copy of its data: the last time that it did.
    /// What it confirmed after that copy was made, it may have no longer. A handset that has not heard of this return
    /// first takes what waits, and then puts up again whatever the switchboard lacks.
    Restored(RestoreId),
}

/// One thing that waits for a line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Item {
    /// The line's running number on this switchboard, from 1.
    pub number: u64,
    /// What.
    pub body: ItemBody,
}

/// What waits for a line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum ItemBody {
    /// An envelope that the sequencer numbered; one's own come back this way too.
    Envelope(Delivery),
    /// A submission or introduction that came to nothing, or an introduction that arrived.
    Outcome {
        /// Where it was to go.
        mailbox: MailboxId,
        /// SHA-256 of the envelope or sealed introduction.
        of: EnvelopeHash,
        /// What became of it.
        outcome: Outcome,
    },
    /// Somebody uses one of the line's intakes.
    Introduction {
        /// The intake.
        lookup: LookupId,
        /// The slot's mailbox, now open and bound to `from`.
        mailbox: MailboxId,
        /// The switchboard it came from.
        from: SwitchboardAddress,
        /// The sealed [`crate::intake::Introduction`].
        sealed: ByteBuf,
    },
    /// The office of the other line in a mailbox's conversation took that line's handset out of service. Its unsigned
    /// word, and no envelope: numbers go on as if it had not come.
    OutOfService {
        /// The mailbox that it came to.
        mailbox: MailboxId,
        /// When that was, by the office's clock.
        at: Timestamp,
    },
    /// As `OutOfService`: the office let that handset in again.
    BackInService {
        /// The mailbox that it came to.
        mailbox: MailboxId,
        /// When that was, by the office's clock.
        at: Timestamp,
    },
}

/// A numbered envelope.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delivery {
    /// Where to.
    pub mailbox: MailboxId,
    /// The generation's running number, from 1.
    pub number: u64,
    /// The sequencer's clock when it numbered it.
    pub at: Timestamp,
    /// Whether it should wake somebody.
    pub urgent: Urgency,
    /// The MLS message.
    pub envelope: ByteBuf,
}

/// What became of a submission or an introduction.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Outcome {
    /// An introduction is in the other line's mailbox.
    Introduced,
    /// The epoch is over; what was missed comes before this in the stream.
    Stale {
        /// The epoch now.
        epoch: u64,
    },
    /// The sequencer does not know the generation: it must be founded again.
    GenerationUnknown,
    /// Not accepted.
    Refused(Refusal),
}

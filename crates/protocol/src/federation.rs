//! What switchboards send each other, each as a [`SignedBytes`] in one HTTPS POST.
//!
//! Messages go through one queue per peer and direction: kept until the peer says that it has stored them, sent again
//! after any failure, taken once by their number in the queue. A fetch is a question of its own.

use serde::{Deserialize, Serialize};
use serde_bytes::ByteBuf;

use crate::frames::{Delivery, FetchedSlot, Outcome, Submission};
use crate::{
    BlobId, EnvelopeHash, LookupId, MailboxId, QueueId, Refusal, ReservationId, SwitchboardAddress, Timestamp,
};

/// Where a switchboard says who it is.
pub const WELL_KNOWN_PATH: &str = "/.well-known/entrenous";
/// Where it takes [`Parcel`]s.
pub const PARCEL_PATH: &str = "/v1/parcel";
/// Where it takes [`Fetch`]es.
pub const FETCH_PATH: &str = "/v1/fetch";
/// Where it takes [`FetchBlob`]s.
pub const FETCH_BLOB_PATH: &str = "/v1/fetch-blob";

/// A switchboard's card of its own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SwitchboardInfo {
    /// Versions it speaks.
    pub versions: Vec<u8>,
    /// Where it is reached.
    pub address: SwitchboardAddress,
    /// The office's name.
    pub office: String,
    /// What it signs with: an Ed25519 public key, 32 bytes.
    pub key: ByteBuf,
}

/// The exact bytes that were signed, so that what was verified is what is acted on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignedBytes {
    /// The sender, whose key the signature is checked with.
    pub from: SwitchboardAddress,
    /// An encoded [`Parcel`] or [`Fetch`].
    pub payload: ByteBuf,
    /// Ed25519 (RFC 8032) over a context string and the payload, 64 bytes. The channel is TLS with a post-quantum
    /// exchange; a signature that lives for one request need not outlive it.
    pub signature: ByteBuf,
}

/// Messages from one switchboard's queue for another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Parcel {
    /// The sender.
    pub from: SwitchboardAddress,
    /// The receiver.
    pub to: SwitchboardAddress,
    /// The queue's incarnation.
    pub queue: QueueId,
    /// The first message's number, from 1; the others follow one by one.
    pub first: u64,
    /// The messages.
    pub messages: Vec<PeerMessage>,
}

/// The answer to a parcel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum ParcelReply {
    /// All messages up to this number are stored (or were, before).
    Stored {
        /// The last number.
        through: u64,
    },
    /// The parcel begins after a gap: send from the number after this one.
    Behind {
        /// The last number stored.
        through: u64,
    },
    /// Not taken.
    Refused(Refusal),
}

/// One message between switchboards.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum PeerMessage {
    /// To a generation that the receiver sequences.
    Submit(Submission),
    /// To a mailbox of the receiver's.
    Deliver(Delivery),
    /// About what the receiver sent.
    Outcome {
        /// The mailbox that it named.
        mailbox: MailboxId,
        /// SHA-256 of the envelope or sealed introduction.
        of: EnvelopeHash,
        /// What became of it.
        outcome: Outcome,
    },
    /// To an intake of the receiver's.
    Introduce {
        /// The intake.
        lookup: LookupId,
        /// The reservation its slot was fetched under.
        reservation: ReservationId,
        /// Where the outcome goes.
        reply_to: MailboxId,
        /// The sealed introduction.
        sealed: ByteBuf,
    },
    /// A line of the sender's has a blob of the receiver's, and needs it there no more.
    ReleaseBlob {
        /// The blob.
        blob: BlobId,
    },
    /// To the sequencer: the handset behind this mailbox of the sender's was taken out of service by its operator. The
    /// other members are to be told.
    OutOfService {
        /// The member that is meant.
        mailbox: MailboxId,
        /// When that was.
        at: Timestamp,
    },
    /// From the sequencer, to a mailbox of the receiver's: that was said of another member.
    DeliverOutOfService {
        /// Whom to tell.
        mailbox: MailboxId,
        /// When that was.
        at: Timestamp,
    },
    /// As `OutOfService`: its operator let it in again.
    BackInService {
        /// The member that is meant.
        mailbox: MailboxId,
        /// When that was.
        at: Timestamp,
    },
    /// As `DeliverOutOfService`: that was said of another member.
    DeliverBackInService {
        /// Whom to tell.
        mailbox: MailboxId,
        /// When that was.
        at: Timestamp,
    },
}

/// Reserves and fetches a slot of an intake of the receiver's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fetch {
    /// The sender.
    pub from: SwitchboardAddress,
    /// The receiver.
    pub to: SwitchboardAddress,
    /// The intake.
    pub lookup: LookupId,
    /// Made by the redeemer.
    pub reservation: ReservationId,
}

/// Fetches a blob of the receiver's from an offset on. The answer is a partial HTTP response (RFC 9110, section 15.3.7)
/// with what is there so far, or a [`Refusal`] with an HTTP 4xx or 5xx.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FetchBlob {
    /// The sender.
    pub from: SwitchboardAddress,
    /// The receiver.
    pub to: SwitchboardAddress,
    /// The blob.
    pub blob: BlobId,
    /// The first byte wanted.
    pub offset: u64,
}

/// The answer to a fetch.
pub type FetchReply = Result<FetchedSlot, Refusal>;

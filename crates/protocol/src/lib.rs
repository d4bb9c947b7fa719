//! What crosses a boundary in Entrenous: ids, the frames between a handset and its switchboard, the parcels between
//! switchboards, the content inside the encryption, and the documents that are signed or sealed.
//!
//! Codecs only: no I/O, no cryptography, no clock. Every format is CBOR (RFC 8949) behind one version byte (see
//! [`codec`]), and everything that a stranger can send is bounded by [`limits`].
#![deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

pub mod address;
pub mod card;
pub mod codec;
pub mod content;
pub mod documents;
pub mod expiry;
pub mod federation;
mod file_part;
pub mod files;
pub mod frames;
pub mod ids;
pub mod inside;
pub mod intake;
pub mod limits;
pub mod refusal;
pub mod time;
pub mod wake;

pub use address::SwitchboardAddress;
pub use codec::{DecodeError, decode, encode};
pub use ids::{
    BlobId, Capability, CapabilityHash, ContentId, ConversationId, EnvelopeHash, FileKey, Fingerprint, GenerationId,
    HandsetId, InvitationSecret, LineId, LookupId, MailboxId, QueueId, ReservationId, RestoreId, Ticket, Token,
};
pub use refusal::{Refusal, RefusalCode, one_line};
pub use time::Timestamp;

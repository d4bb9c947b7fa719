//! Intakes: the one way into a line from outside. A card is an intake that a person hands out; a standing intake is one
//! that a contact keeps for refounding. Both are a token, a sealed bundle, and sealed slots that are used up one by one.

use serde::{Deserialize, Serialize};
use serde_bytes::ByteBuf;

use crate::documents::SigningPublic;
use crate::{ConversationId, GenerationId, HandsetId, MailboxId, SwitchboardAddress, Timestamp, Token};

/// Who issued an intake; sealed under a key from its token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bundle {
    /// The name the issuer goes by.
    pub name: String,
    /// The line's identity key; SHA-256 of it is the line's id.
    pub identity: SigningPublic,
    /// The newest signed handset list.
    pub handsets: ByteBuf,
    /// Whether the issuer wants to be asked before the redeemer becomes a contact.
    pub ask: bool,
}

/// One use of an intake; sealed under a key from its token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Slot {
    /// The handset whose key package it is, and to whose KEM key the introduction is sealed.
    pub handset: HandsetId,
    /// An MLS KeyPackage (RFC 9420, section 10), as an MLSMessage.
    pub key_package: ByteBuf,
    /// Where the new generation delivers to the issuer.
    pub mailbox: MailboxId,
}

/// Where a contact's standing intake is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IntakeAddress {
    /// The contact's switchboard.
    pub address: SwitchboardAddress,
    /// The intake's secret.
    pub token: Token,
}

/// What founds a generation: sealed to the KEM key of the slot's handset (HPKE, RFC 9180, with X-Wing), and bound to the
/// token. A first one makes two lines contacts, a later one refounds their conversation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Introduction {
    /// The name the founder goes by.
    pub name: String,
    /// The founder's line identity key.
    pub identity: SigningPublic,
    /// The founder's newest signed handset list.
    pub handsets: ByteBuf,
    /// Which of those handsets speaks.
    pub handset: HandsetId,
    /// The conversation, and which generation of it this is, from 1.
    pub conversation: ConversationId,
    /// The generation's number.
    pub number: u64,
    /// The generation's id.
    pub generation: GenerationId,
    /// The switchboard that sequences it: the founder's own.
    pub sequencer: SwitchboardAddress,
    /// MLS Welcome with the ratchet tree inside, as an MLSMessage.
    pub welcome: ByteBuf,
    /// The founder's standing intake for the one introduced to.
    pub intake: IntakeAddress,
    /// Pairing with the handset introduced to.
    pub pairing: Pairing,
    /// When, by the founder's clock.
    pub made_at: Timestamp,
}

/// One side of two handsets vouching for their leaf keys (see `seal::pairing`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pairing {
    /// A secret encapsulated to the other handset's certified KEM key: always the same one between the same two
    /// handsets, so that it may be said again.
    pub encapsulated: ByteBuf,
    /// MAC over both lines, conversation, generation and leaf keys under both sides' secrets and the token; none as
    /// long as the other side's secret is not known.
    pub mac: Option<ByteBuf>,
}

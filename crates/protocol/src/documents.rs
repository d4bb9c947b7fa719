//! Documents that a line signs. The signatures themselves (COSE_Sign, RFC 9052, section 4.1) are `seal`'s.

use serde::{Deserialize, Serialize};
use serde_bytes::ByteBuf;

use crate::{HandsetId, LineId, Timestamp};

/// The public half of a hybrid signing key: both signatures must hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SigningPublic {
    /// Ed25519 (RFC 8032), 32 bytes.
    #[serde(with = "serde_bytes")]
    pub ed25519: Vec<u8>,
    /// ML-DSA-65 (FIPS 204), 1952 bytes.
    #[serde(with = "serde_bytes")]
    pub ml_dsa_65: Vec<u8>,
}

/// One handset as its line certifies it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HandsetEntry {
    /// The handset.
    pub handset: HandsetId,
    /// What it signs with: its switchboard's challenge, and later what is on the record.
    pub signing: SigningPublic,
    /// X-Wing public key (X25519 with ML-KEM-768), 1216 bytes.
    #[serde(with = "serde_bytes")]
    pub kem: Vec<u8>,
}

/// A line's handsets: signed by the line's identity key, numbered from 1 and chained. Of two lists the one of more
/// restores counts, of two alike the one of higher number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HandsetList {
    /// The line.
    pub line: LineId,
    /// 1 for the first list, one more for each that follows.
    pub number: u64,
    /// SHA-256 of the signed list before; none for the first.
    pub previous: Option<ByteBuf>,
    /// SHA-256 of the successor key's public half, pinned by contacts with the first list they see.
    pub successor: ByteBuf,
    /// The handsets, at least one.
    pub handsets: Vec<HandsetEntry>,
    /// When the line made the list, by its own clock.
    pub made_at: Timestamp,
    /// Zero until the line is restored from a backup; grows with each restore (the time in seconds, or one more than before).
    /// Whoever has a handset of the line has its identity key; every list from the first restore on is therefore signed by
    /// the successor key too.
    pub restored: u64,
    /// The successor key's public half, in lists that it signed.
    pub successor_key: Option<SigningPublic>,
}

#![deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]
//! Keys, signatures, sealing and MLS: the only crate that touches primitives.
//!
//! Everything here is composed of maintained crates: Ed25519 with ML-DSA-65 for signatures (COSE_Sign, RFC 9052), HPKE
//! (RFC 9180) with X-Wing for sealing to a handset, ChaCha20-Poly1305 (RFC 8439) for sealing under a card, HKDF (RFC
//! 5869), Argon2id (RFC 9106), and OpenMLS (RFC 9420). Randomness is handed in by the caller; OpenMLS alone draws its
//! own.

mod backup_heading;
mod documents;
mod file;
mod hash;
mod intake;
mod kem;
pub mod mls;
mod pairing;
mod passphrase;
mod secret;
mod signing;
mod switchboard;
mod words;

pub use backup_heading::{BACKUP_HEADING, NotABackup, backup_heading, backup_key, backup_key_bytes};
pub use documents::{
    list_hash, read_handset_list, sign_greeting, sign_handset_list, sign_restored_list, successor_hash,
    verify_greeting, verify_handset_list,
};
pub use file::FileSeal;
pub use hash::{capability_hash, capability_matches, content_id, envelope_hash, same_bytes, sha256, tete_a_tete};
pub use intake::IntakeKeys;
pub use kem::{KemKey, PairSecret};
pub use pairing::{Vouched, vouch, vouched};
pub use passphrase::{WrappedKey, draw_database_key};
pub use secret::SecretWrappedKey;
pub use signing::{SigningKey, line_id};
pub use switchboard::{SwitchboardKey, verify_switchboard};
pub use words::{UnknownWord, draw_card_words, draw_token, safety_words, token_of_words};

/// A signature, seal or proof that does not hold. It does not say why, so that nobody can learn from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this is not authentic: it was altered, or made by somebody else")]
pub struct NotAuthentic;

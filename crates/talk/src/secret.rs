//! What unlocks a handset.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_bytes::ByteBuf;
use zeroize::Zeroize;

/// What unlocks a handset.
#[derive(Clone, Serialize, Deserialize)]
pub enum Secret {
    /// The passphrase.
    Passphrase(String),
    /// What a passkey's authenticator made of our salt (WebAuthn Level 3, `prf` extension): 32 bytes.
    Passkey(ByteBuf),
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret")
    }
}

impl Drop for Secret {
    fn drop(&mut self) {
        match self {
            Self::Passphrase(text) => text.zeroize(),
            Self::Passkey(bytes) => bytes.as_mut_slice().zeroize(),
        }
    }
}

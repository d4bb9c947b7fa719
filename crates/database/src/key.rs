//! The key of an encrypted database.

use std::fmt::{self, Write};

use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

/// The 32 bytes that encrypt one database; wiped from memory when dropped, never printed.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct DatabaseKey([u8; 32]);

impl DatabaseKey {
    /// Takes bytes that must be uniformly random: nothing stretches them.
    #[must_use]
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The bytes, to be wrapped under a passphrase.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// The statement that keys a connection: the raw form, which skips the cipher's key derivation.
    pub(crate) fn pragma(&self) -> Zeroizing<String> {
        // Long enough never to move: growing would leave a copy behind.
        let mut statement = Zeroizing::new(String::with_capacity(128));
        statement.push_str("PRAGMA key='raw:");
        for byte in self.0 {
            // Writing to a string cannot fail.
            let _ = write!(statement, "{byte:02x}");
        }
        statement.push('\'');
        statement
    }
}

impl From<[u8; 32]> for DatabaseKey {
    fn from(bytes: [u8; 32]) -> Self {
        Self::new(bytes)
    }
}

impl fmt::Debug for DatabaseKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DatabaseKey(..)")
    }
}

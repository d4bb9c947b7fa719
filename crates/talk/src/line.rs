//! The line itself and the handset on this device.

use serde::{Deserialize, Serialize};
use serde_bytes::ByteBuf;

use crate::Millis;

/// Where the handset is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Where {
    /// It cannot work in this browser.
    Unusable(Why),
    /// There is no line here: one can be claimed or restored.
    New,
    /// A claim or a restore waits for the switchboard's answer.
    Waiting,
    /// There is one, locked.
    Locked {
        /// Passkeys that open it; none if only the passphrase does.
        passkeys: Vec<Passkey>,
        /// After wrong passphrases: not to be tried before.
        not_before: Option<Millis>,
    },
    /// It is open.
    Open,
}

/// Why a browser cannot have a handset.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Why {
    /// It has no origin-private file system, or not here (private windows, say).
    NoStorage,
    /// Another program or page holds the storage and does not let go.
    StorageHeld,
    /// What is stored was made by a newer version of the app.
    Newer,
    /// What is stored cannot be read.
    Damaged,
}

/// A passkey that opens the handset.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Passkey {
    /// Its credential id.
    pub credential: ByteBuf,
    /// What its authenticator is asked to make a secret of (`prf.eval.first`): 32 bytes.
    pub salt: ByteBuf,
}

/// The connection to the switchboard.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Link {
    /// On the way.
    Connecting,
    /// Connected and up to date.
    Online,
    /// Not connected; tried again by itself.
    Offline,
    /// The switchboard does not let this handset in: a stable code.
    TurnedAway(String),
    /// The line was restored on another handset; this one is off for good.
    Elsewhere(Millis),
}

/// One's own line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Me {
    /// One's own name.
    pub name: String,
    /// The office's name.
    pub office: String,
    /// The switchboard's address.
    pub switchboard: String,
    /// What waits.
    pub pending: Vec<Waits>,
    /// When the last backup was made.
    pub backup_at: Option<Millis>,
    /// The connection.
    pub link: Link,
    /// How many passkeys open this handset.
    pub passkeys: usize,
}

/// Something that waits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Waits {
    /// For whom; absent if for the switchboard alone.
    pub person: Option<String>,
    /// How many.
    pub count: u64,
    /// `texts`, `delivery`, `cards`, `changes` or `files`, as the engine's `Pending`.
    pub what: String,
    /// Since when.
    pub since: Millis,
}

/// What a text that was pasted or scanned is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Given {
    /// A link to claim a line at this office.
    Claim {
        /// The office's address.
        office: String,
    },
    /// A card.
    Card {
        /// The office's address.
        office: String,
    },
}

/// What is in a backup.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BackupAbout {
    /// When it was made.
    pub made_at: Millis,
    /// Contacts.
    pub people: u64,
    /// Contents.
    pub texts: u64,
    /// Files of others whose bytes are not in it.
    pub files: u64,
}

/// What the app remembers of its principal's wishes; kept in the encrypted database, but for [`Wishes::language`],
/// [`Wishes::theme`] and [`Wishes::text_size`], which the lock screen needs too.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Wishes {
    /// A language of the catalogues; none follows the browser.
    pub language: Option<String>,
    /// `light` or `dark`; none follows the system.
    pub theme: Option<String>,
    /// `small`, `normal`, `large` or `huge`.
    pub text_size: String,
    /// What notifications show: `nothing`, `name` or `text`; `off` has none.
    pub notifications: String,
    /// Minutes without a touch after which it locks itself; 0 only when it is closed.
    pub lock_after: u32,
    /// Whether one is reminded of a backup not before this time.
    pub backup_reminder: Option<Millis>,
}

impl Default for Wishes {
    fn default() -> Self {
        Self {
            language: None,
            theme: None,
            text_size: "normal".to_owned(),
            notifications: "name".to_owned(),
            lock_after: 5,
            backup_reminder: None,
        }
    }
}

/// Room on this device.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Room {
    /// Bytes that the handset's database takes.
    pub database: u64,
    /// Bytes of sealed files.
    pub files: u64,
    /// Bytes that the browser lets us have in all, as far as it says.
    pub quota: Option<u64>,
    /// Whether the browser promised not to clear it.
    pub persistent: bool,
}

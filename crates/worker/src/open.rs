//! A handset that is open: its engine, its connection, and what is remembered as long as it is.

use std::collections::VecDeque;

use database::DatabaseKey;
use handset::{Event, Handset};
use protocol::Timestamp;
use talk::line::{Link, Passkey, Wishes};

use crate::driver::Driver;
use crate::key_file::KeyFile;
use crate::tabs::From;
use crate::transfers::Transfers;

/// An open handset. Dropping it drops keys and plaintext; whatever is freed is wiped.
pub(crate) struct Open {
    pub(crate) handset: Handset,
    pub(crate) driver: Driver,
    pub(crate) transfers: Transfers,
    /// What the engine said and nobody has dealt with yet.
    pub(crate) events: VecDeque<Event>,
    /// For other ways to open it; goes with it.
    pub(crate) key: DatabaseKey,
    pub(crate) key_file: KeyFile,
    pub(crate) wishes: Wishes,
    /// Whether a switchboard has taken the line.
    pub(crate) taken: bool,
    /// The page that waits for that.
    pub(crate) awaiting: Option<Awaiting>,
    /// Grows with every word on being woken.
    pub(crate) wake_changes: u64,
    /// When a person last did something.
    pub(crate) active_at: Timestamp,
    /// What was last said of the connection.
    pub(crate) link: Link,
}

/// A claim's or a restore's question, answered when the switchboard has.
pub(crate) struct Awaiting {
    pub(crate) from: From,
    pub(crate) number: u64,
    /// The answer if it goes well.
    pub(crate) answer: serde_bytes::ByteBuf,
}

impl std::fmt::Debug for Open {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Open")
    }
}

impl Open {
    /// Passkeys that open it.
    pub(crate) fn passkeys(&self) -> Vec<Passkey> {
        self.key_file.passkeys()
    }

    /// When it locks itself, if nobody does anything.
    pub(crate) fn locks_at(&self) -> Option<Timestamp> {
        let minutes = u64::from(self.wishes.lock_after);
        (minutes > 0).then(|| self.active_at.after(std::time::Duration::from_secs(minutes * 60)))
    }
}

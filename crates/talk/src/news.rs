//! What a worker tells unasked.

use serde::{Deserialize, Serialize};

use crate::Trouble;
use crate::line::{Link, Where};

/// Something changed. A page asks again for what it shows of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum News {
    /// Where the handset is: locked, open, and so on.
    Stage(Where),
    /// The connection to the switchboard came or went.
    Link(Link),
    /// Something about a person or their conversation.
    Person(i64),
    /// Who is there: contacts, requests, cards.
    People,
    /// A text arrived that is to be announced: the page says as much of it as the principal chose.
    Arrived {
        /// The contact.
        person: i64,
        /// Their name.
        name: String,
        /// Its beginning; empty for a file alone.
        beginning: String,
    },
    /// How far a file is carried.
    Carried {
        /// The file's blob.
        blob: String,
        /// Sealed bytes that are where they are to be.
        done: u64,
        /// All of them.
        of: u64,
    },
    /// How far something long is (a backup, a restore, sealing a file): rows or bytes of all.
    Progress {
        /// Of how many thousandths of it.
        permille: u16,
    },
    /// A card that was taken up led to somebody.
    TakenUp {
        /// Which.
        redemption: i64,
        /// The contact.
        person: i64,
    },
    /// A card that was taken up came to nothing.
    CardRefused {
        /// Which.
        redemption: i64,
        /// What its issuer was to be called.
        petname: Option<String>,
        /// Why.
        why: Trouble,
    },
    /// A file of ours is not taken by our switchboard.
    FileRefused {
        /// Whom it was for.
        person: i64,
        /// What it is called.
        name: String,
    },
    /// This device's clock differs from the switchboard's by so many seconds.
    ClockOff(i64),
    /// A card of one's own was not put up, and is gone.
    NewCardRefused {
        /// Why.
        why: Trouble,
    },
    /// The office did not take the line; nothing is left of it here.
    ClaimRefused {
        /// Why.
        why: Trouble,
    },
}

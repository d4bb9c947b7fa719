//! Conversations and what stands in them.

use serde::{Deserialize, Serialize};

use crate::Millis;

/// A conversation in the list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Row {
    /// The contact.
    pub id: i64,
    /// Their name here.
    pub person: String,
    /// `unverified`, `card` or `in person`.
    pub verified: String,
    /// `asked`, `open`, `refused` or `blocked`.
    pub state: String,
    /// Texts not seen here.
    pub unseen: u64,
    /// What stands last in it.
    pub last: Option<Entry>,
    /// When that was, or since when they are a contact.
    pub at: Millis,
    /// Since when something of ours waits on this handset.
    pub waiting_since: Option<Millis>,
    /// The beginning of what was written and not sent.
    pub draft: Option<String>,
}

/// What stands in a conversation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Entry {
    /// A text, perhaps with files.
    Text(Text),
    /// A word about how long texts stay.
    Expiry(Expiry),
    /// A line that no side wrote.
    Notice(Notice),
}

impl Entry {
    /// When it was said, or since when it stands there.
    pub fn at(&self) -> Millis {
        match self {
            Self::Text(text) => text.sent_at,
            Self::Expiry(expiry) => expiry.sent_at,
            Self::Notice(notice) => notice.at,
        }
    }
}

/// A text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Text {
    /// The same on both sides.
    pub id: String,
    /// Written by us.
    pub mine: bool,
    /// The words; empty if taken back.
    pub text: String,
    /// Taken back.
    pub gone: bool,
    /// Something that a newer version of the app shows.
    pub unknown: bool,
    /// When it was written.
    pub sent_at: Millis,
    /// `waiting`, `sent`, `delivered` or `seen`.
    pub state: String,
    /// What it answers, with its beginning if that is here.
    pub reply_to: Option<Quote>,
    /// Our reaction.
    pub my_reaction: Option<String>,
    /// Theirs.
    pub their_reaction: Option<String>,
    /// Files that go with it.
    pub files: Vec<File>,
    /// When it vanishes.
    pub expires_at: Option<Millis>,
}

/// A text that is answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quote {
    /// Its id.
    pub id: String,
    /// Whose it is.
    pub mine: bool,
    /// Its beginning; empty if it is not here, or has no words.
    pub beginning: String,
}

/// A file that goes with a text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct File {
    /// Names it.
    pub blob: String,
    /// What its sender calls it.
    pub name: String,
    /// Its media type, as its sender says.
    pub media_type: String,
    /// Bytes.
    pub size: u64,
    /// Of a voice note: milliseconds, and how loud over that time (0 to 255).
    pub voice: Option<(u32, Vec<u8>)>,
    /// `sealed`, `opened`, `stored`, `refused`, `offered`, `wanted`, `here` or `lost`, as the engine's `FileState`.
    pub state: String,
    /// Whether the principal paused it.
    pub paused: bool,
    /// Sealed bytes that are where they are to be, and all of them.
    pub carried: (u64, u64),
}

/// A word about how long texts stay.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Expiry {
    /// Its id.
    pub id: String,
    /// Said by us.
    pub mine: bool,
    /// When.
    pub sent_at: Millis,
    /// `proposed`, `accepted`, `declined` or `withdrawn`.
    pub act: String,
    /// `off`, `1d`, `1w` or `4w`; absent if the proposal is not here.
    pub term: Option<String>,
}

/// A line that no side wrote.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notice {
    /// What it says.
    pub code: String,
    /// Since when it stands there.
    pub at: Millis,
    /// The time that it speaks of.
    pub about: Option<Millis>,
}

/// From where a page of a conversation is wanted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum At {
    /// The newest.
    Newest,
    /// Around the first text that was not seen here; the newest if all were.
    Unseen,
    /// Before this entry (a text's or an expiry word's id).
    Before(String),
    /// After it.
    After(String),
    /// Around it.
    Around(String),
}

/// A stretch of a conversation, oldest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stretch {
    /// What stands in it.
    pub entries: Vec<Entry>,
    /// Whether there is more before it.
    pub more_before: bool,
    /// Whether there is more after it.
    pub more_after: bool,
    /// The first text that was not seen here, if it is asked for by [`At::Unseen`].
    pub first_unseen: Option<String>,
}

/// A text that was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Found {
    /// Whose conversation.
    pub id: i64,
    /// Their name here.
    pub person: String,
    /// The text.
    pub text: Text,
}

/// A draft.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Draft {
    /// The words.
    pub text: String,
    /// What they answer.
    pub reply_to: Option<Quote>,
}

/// A recording that was not sent: perhaps the app was closed while it was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Take {
    /// Names it.
    pub id: String,
    /// The contact it is for.
    pub person: i64,
    /// Milliseconds that are kept.
    pub duration: u32,
    /// How loud over that time.
    pub waveform: Vec<u8>,
    /// When it was begun.
    pub begun_at: Millis,
}

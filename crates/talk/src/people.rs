//! Contacts, requests and cards.

use serde::{Deserialize, Serialize};

use crate::Millis;

/// A contact.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    /// Names the contact on this handset, for good.
    pub id: i64,
    /// The name here.
    pub person: String,
    /// The name that they gave themselves.
    pub name: String,
    /// `unverified`, `card` or `in person`.
    pub verified: String,
    /// Ten words to compare.
    pub safety_words: String,
    /// The card of ours that they took up: its id and for whom it was.
    pub via_card: Option<(String, String)>,
    /// `asked`, `open`, `refused` or `blocked`.
    pub state: String,
    /// Since when.
    pub added_at: Millis,
    /// Texts of theirs that were not seen here.
    pub unseen: u64,
    /// How long texts stay, as agreed: `off`, `1d`, `1w` or `4w`.
    pub expiry: String,
    /// What we proposed instead.
    pub expiry_asked: Option<String>,
    /// What they proposed instead.
    pub expiry_proposed: Option<String>,
    /// Where a word of theirs is due: how far ours is known to have come (`office-silent`, `office-withholds`,
    /// `handset-silent`), and since when nothing more is known.
    pub silence: Option<(String, Millis)>,
}

/// Somebody who asks to become a contact.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    /// The name they gave; serves to admit or refuse them.
    pub person: String,
    /// The card they took up: its id and for whom it was.
    pub via_card: (String, String),
    /// When.
    pub made_at: Millis,
}

/// A card of one's own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Card {
    /// Names it.
    pub id: String,
    /// For whom it is.
    pub for_name: String,
    /// The link.
    pub url: String,
    /// The office's address.
    pub office: String,
    /// Eight words, to be said after it.
    pub words: Vec<String>,
    /// When it expires.
    pub expires_at: Millis,
    /// Uses that are left.
    pub uses_left: usize,
    /// Whether one is asked first.
    pub ask: bool,
    /// `open`, `used`, `expired` or `revoked`.
    pub state: String,
    /// Whether the switchboard has it: it can be taken up.
    pub stored: bool,
    /// Who took it up.
    pub taken_by: Vec<String>,
}

/// How far taking up a card is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Accepting {
    /// This card was taken up before: by it came this contact.
    Known(i64),
    /// Under way, by this number; ends in the news `TakenUp` or `CardRefused` of it.
    UnderWay(i64),
}

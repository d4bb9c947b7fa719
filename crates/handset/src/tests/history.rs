//! A database with a history in it.

use database::rusqlite::{Connection, params};
use protocol::documents::SigningPublic;
use protocol::{ContentId, HandsetId, LineId, encode};
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng as _;

use crate::Handset;

/// When it begins.
pub(super) const BEGUN: u64 = 1_795_000_000_000;

/// An engine without a history or a line.
pub(super) fn empty(db: Connection) -> Handset {
    Handset::open(db, ChaCha20Rng::seed_from_u64(1)).unwrap()
}

/// An id made of a number.
pub(super) fn content(number: u64) -> ContentId {
    let mut id = [7; 32];
    id[..8].copy_from_slice(&number.to_be_bytes());
    ContentId::from_slice(&id).unwrap()
}

/// Makes so many contacts, numbered from 1.
pub(super) fn contacts(db: &Connection, count: u8) {
    let identity = SigningPublic { ed25519: vec![0; 32], ml_dsa_65: Vec::new() };
    for number in 1..=count {
        let bytes = |size| vec![number; size];
        db.execute(
            "INSERT INTO contact (id, line, person, name, identity, handsets, list_number, successor, handset,
                conversation, state, verified, safety_words, added_at)
             VALUES (?1, ?2, ?3, ?3, ?4, x'', 1, x'', ?5, ?6, 'open', 'card', '', ?7)",
            params![
                number,
                LineId::from_slice(&bytes(32)).unwrap().as_bytes(),
                format!("Person {number}"),
                encode(&identity),
                HandsetId::from_slice(&bytes(16)).unwrap().as_bytes(),
                bytes(32),
                BEGUN + u64::from(number)
            ],
        )
        .unwrap();
    }
}

/// A row to be, with what such a row usually has.
#[derive(Debug, Clone)]
pub(super) struct Row<'a> {
    pub(super) number: u64,
    pub(super) contact: i64,
    pub(super) mine: bool,
    pub(super) kind: &'static str,
    pub(super) text: &'a str,
    pub(super) target: Option<ContentId>,
    /// Generation and place in it.
    pub(super) place: Option<(u64, u64)>,
    pub(super) state: &'static str,
}

impl<'a> Row<'a> {
    /// A text that has been seen.
    pub(super) fn text(number: u64, contact: i64, text: &'a str) -> Self {
        let (kind, state) = ("text", "seen");
        let mine = number.is_multiple_of(2);
        Self { number, contact, mine, kind, text, target: None, place: Some((1, number)), state }
    }

    /// Writes it, and into the index what can be found.
    pub(super) fn write(&self, db: &Connection) {
        let mut insert = db
            .prepare_cached(
                "INSERT INTO message (id, contact, mine, handset, number, kind, text, target, sent_at, mimi, state,
                    generation_number, rank, place)
                 VALUES (?1, ?2, ?3, x'01', ?4, ?5, ?6, ?7, ?8, zeroblob(?9), ?10, ?11, ?12, ?13)",
            )
            .unwrap();
        insert
            .execute(params![
                content(self.number).as_bytes(),
                self.contact,
                self.mine,
                self.number,
                self.kind,
                self.text,
                self.target.map(|id| id.as_bytes().to_vec()),
                BEGUN + self.number * 1000,
                // A content says the text again, and something of its own.
                self.text.len() + 40,
                self.state,
                self.place.map(|(generation, _)| generation),
                self.place.map(|_| [9_u8; 32]),
                self.place.map(|(_, place)| place),
            ])
            .unwrap();
        if self.kind == "text" {
            crate::search::insert(db, db.last_insert_rowid(), self.contact, self.text).unwrap();
        }
    }
}

/// A line that no side wrote, just before the text of this number.
pub(super) fn notice(db: &Connection, contact: i64, before: u64) {
    db.execute(
        "INSERT INTO notice (contact, code, at) VALUES (?1, 'founded-again', ?2)",
        params![contact, BEGUN + before * 1000 - 1],
    )
    .unwrap();
}

//! A part of a conversation, however long it is: found by its order's index, never by counting.

use database::rusqlite::{OptionalExtension as _, params};
use protocol::{ContentId, Timestamp};

use crate::contacts::Contact;
use crate::engine::Handset;
use crate::error::Error;
use crate::views::{COLUMNS, Entry, NOT_SETTLED, NoticeView, notices_between};

/// Entries of one page, at most.
const ENTRIES: usize = 500;

/// Where in a conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// Its end.
    Newest,
    /// What comes before this one, nearest to it.
    Before(ContentId),
    /// What comes after this one, nearest to it.
    After(ContentId),
    /// This one, and what stands on both sides of it.
    Around(ContentId),
    /// The first text of theirs that was not seen here, and what stands around it; the end if all were.
    FirstUnseen,
}

/// A part of a conversation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// Oldest first; an entry comes after a notice that is older.
    pub entries: Vec<Entry>,
    /// What no side wrote, oldest first: all that can stand before, between and after these entries by its time. Pages
    /// that are neighbours may both have one.
    pub notices: Vec<NoticeView>,
    /// There is something before.
    pub more_before: bool,
    /// There is something after.
    pub more_after: bool,
}

/// A message's place in its conversation's order.
#[derive(Debug)]
struct Key {
    /// Generation, rank and place; absent as long as it has none, which is after everything that has one.
    placed: Option<(i64, Vec<u8>, i64)>,
    row: i64,
    sent_at: Timestamp,
}

/// What is in a conversation, in the way that the indexes know.
pub(crate) const SHOWN: &str = "message.contact = ?1 AND message.kind IN ('text', 'expiry', 'unknown')
    AND message.doubtful = 0 AND message.expired = 0";
const FROM: &str = "FROM message CROSS JOIN contact ON contact.id = message.contact";

/// The parts of a conversation's order, and the way through each.
const PLACED_BEFORE: &str = "AND message.generation_number IS NOT NULL
    AND (message.generation_number, message.rank, message.place, message.row) < (?2, ?3, ?4, ?5)";
const PLACED_AFTER: &str = "AND message.generation_number IS NOT NULL
    AND (message.generation_number, message.rank, message.place, message.row) > (?2, ?3, ?4, ?5)";
const PLACED_DOWN: &str = "message.generation_number DESC, message.rank DESC, message.place DESC, message.row DESC";
const PLACED_UP: &str = "message.generation_number, message.rank, message.place, message.row";
const UNPLACED_BEFORE: &str = "AND message.generation_number IS NULL AND message.row < ?2";
const UNPLACED_AFTER: &str = "AND message.generation_number IS NULL AND message.row > ?2";

/// Two ways through each of two parts. (SQLite would compile a statement anew for each value of a bare limit.)
pub(crate) fn placed(is_down: bool) -> String {
    let (part, order) = if is_down { (PLACED_BEFORE, PLACED_DOWN) } else { (PLACED_AFTER, PLACED_UP) };
    format!("{COLUMNS} {FROM} WHERE {SHOWN} {part} AND {NOT_SETTLED} ORDER BY {order} LIMIT 0 + ?6")
}

pub(crate) fn unplaced(is_down: bool) -> String {
    let (part, order) = if is_down { (UNPLACED_BEFORE, "DESC") } else { (UNPLACED_AFTER, "ASC") };
    format!("{COLUMNS} {FROM} WHERE {SHOWN} {part} AND {NOT_SETTLED} ORDER BY message.row {order} LIMIT 0 + ?3")
}

impl Handset {
    /// A page of at most `limit` entries of a contact's conversation.
    ///
    /// # Errors
    /// If there is no such person, or nothing of this id was ever in the conversation.
    pub fn page(&self, person: i64, at: Place, limit: usize) -> Result<Page, Error> {
        Contact::check(self.db(), person)?;
        let limit = limit.clamp(1, ENTRIES);
        let (entries, anchor) = match at {
            Place::Newest => (self.before(person, None, limit)?, None),
            Place::Before(id) => {
                let key = self.key(person, &id)?;
                (self.before(person, Some(&key), limit)?, Some(key))
            }
            Place::After(id) => {
                let key = self.key(person, &id)?;
                (self.after(person, &key, limit)?, Some(key))
            }
            Place::Around(id) => (self.around(person, &self.key(person, &id)?, limit)?, None),
            Place::FirstUnseen => match self.first_unseen(person)? {
                Some(key) => (self.around(person, &key, limit)?, None),
                None => (self.before(person, None, limit)?, None),
            },
        };
        self.bound(person, at, entries, anchor)
    }

    /// What stands at the page's ends, and what no side wrote between them.
    fn bound(&self, person: i64, at: Place, entries: Vec<Entry>, anchor: Option<Key>) -> Result<Page, Error> {
        let (before, after) = match (entries.first(), entries.last()) {
            (Some(first), Some(last)) => (
                self.before(person, Some(&self.key(person, &first.id())?), 1)?.pop(),
                self.after(person, &self.key(person, &last.id())?, 1)?.pop(),
            ),
            // Beyond an end. Whatever there is lies on the other side of where that page would be.
            _ => {
                let any = self.before(person, None, 1)?.pop();
                if matches!(at, Place::After(_)) { (any, None) } else { (None, any) }
            }
        };
        let (mut from, mut to) =
            (before.as_ref().map(|entry| entry.sent_at()), after.as_ref().map(|entry| entry.sent_at()));
        if let Some(key) = anchor.filter(|_| entries.is_empty()) {
            (from, to) = (from.map(|_| key.sent_at), to.map(|_| key.sent_at));
        }
        let notices = notices_between(
            self.db(),
            person,
            from.unwrap_or_default(),
            to.unwrap_or(Timestamp::from_millis(i64::MAX.unsigned_abs())),
        )?;
        Ok(Page { entries, notices, more_before: before.is_some(), more_after: after.is_some() })
    }

    fn around(&self, person: i64, key: &Key, limit: usize) -> Result<Vec<Entry>, Error> {
        // The one itself comes after its own predecessor.
        let just_before = Key { placed: key.placed.clone(), row: key.row - 1, sent_at: key.sent_at };
        let after = self.after(person, &just_before, limit)?;
        let before = self.before(person, Some(key), limit)?;
        // Half of each, and more of one side where the other has less.
        let from = before.len().saturating_sub((limit / 2).max(limit - after.len()));
        Ok(before.into_iter().skip(from).chain(after).take(limit).collect())
    }

    /// What stands at a conversation's end.
    pub(crate) fn last_entry(&self, person: i64) -> Result<Option<Entry>, Error> {
        Ok(self.before(person, None, 1)?.pop())
    }

    /// At most so many entries before a place, or the last ones; oldest first.
    fn before(&self, person: i64, key: Option<&Key>, limit: usize) -> Result<Vec<Entry>, Error> {
        let mut down = Vec::new();
        if key.is_none_or(|key| key.placed.is_none()) {
            let row = key.map_or(i64::MAX, |key| key.row);
            down = self.entries(&unplaced(true), params![person, row, limit])?;
        }
        if down.len() < limit {
            let (generation, rank, place) =
                key.and_then(|key| key.placed.as_ref()).map_or((i64::MAX, &[][..], 0), |(g, r, p)| (*g, r, *p));
            let row = key.map_or(0, |key| key.row);
            let values = params![person, generation, rank, place, row, limit - down.len()];
            down.extend(self.entries(&placed(true), values)?);
        }
        down.reverse();
        Ok(down)
    }

    /// At most so many entries after a place.
    fn after(&self, person: i64, key: &Key, limit: usize) -> Result<Vec<Entry>, Error> {
        let mut up = Vec::new();
        let mut row = key.row;
        if let Some((generation, rank, place)) = &key.placed {
            up = self.entries(&placed(false), params![person, generation, rank, place, key.row, limit])?;
            row = 0;
        }
        if up.len() < limit {
            up.extend(self.entries(&unplaced(false), params![person, row, limit - up.len()])?);
        }
        Ok(up)
    }

    /// Where something stands, or stood before it expired.
    fn key(&self, person: i64, id: &ContentId) -> Result<Key, Error> {
        let sql = "SELECT generation_number, rank, place, row, sent_at FROM message WHERE id = ?1 AND contact = ?2";
        self.read_key(sql, params![id.as_bytes(), person])?.ok_or_else(|| Error::UnknownMessage(id.to_text()))
    }

    fn first_unseen(&self, person: i64) -> Result<Option<Key>, Error> {
        self.read_key(FIRST_UNSEEN, [person])
    }

    fn read_key(&self, sql: &str, values: impl database::rusqlite::Params) -> Result<Option<Key>, Error> {
        let key = self.db().prepare_cached(sql)?.query_row(values, |row| {
            let placed = match row.get(0)? {
                Some(generation) => Some((generation, row.get(1)?, row.get(2)?)),
                None => None,
            };
            Ok(Key { placed, row: row.get(3)?, sent_at: Timestamp::from_millis(row.get(4)?) })
        });
        Ok(key.optional()?)
    }
}

/// The first text of theirs, in the conversation's order, that was not seen here.
pub(crate) const FIRST_UNSEEN: &str = "SELECT generation_number, rank, place, row, sent_at FROM message
    WHERE contact = ?1 AND mine = 0 AND state <> 'seen' AND kind = 'text' AND gone = 0 AND doubtful = 0
    ORDER BY generation_number, rank, place LIMIT 1";

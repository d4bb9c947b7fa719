//! What is on the handset, for reading: conversations, what waits.

use database::rusqlite::{self, Connection, OptionalExtension as _, Row, params};
use protocol::{ContentId, LineId, SwitchboardAddress, Timestamp};

use crate::contacts::Contact;
use crate::emoji::is_emoji;
use crate::engine::Handset;
use crate::error::Error;
use crate::expiry::{self, ExpiryLine};
use crate::files::{FileView, files_of};
use crate::own::Own;
use crate::page::SHOWN;

/// How far a text is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum MessageState {
    /// On this handset only.
    Waiting,
    /// Our switchboard stored it.
    Sent,
    /// A handset of theirs decrypted and kept it (theirs: this one did).
    Delivered,
    /// A person saw it.
    Seen,
}

impl MessageState {
    /// As shown and stored.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Sent => "sent",
            Self::Delivered => "delivered",
            Self::Seen => "seen",
        }
    }

    fn parse(text: &str) -> Result<Self, Error> {
        [Self::Waiting, Self::Sent, Self::Delivered, Self::Seen]
            .into_iter()
            .find(|state| state.as_str() == text)
            .ok_or(Error::Corrupt("state"))
    }
}

/// A reaction to a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReactionView {
    /// Ours.
    pub mine: bool,
    /// The reaction.
    pub emoji: String,
}

/// A text as it is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MessageView {
    /// The same on both sides.
    pub id: ContentId,
    /// The conversation's other person.
    pub person: String,
    /// Written by us.
    pub mine: bool,
    /// The words; empty if taken back.
    pub text: String,
    /// Taken back by who wrote it.
    pub gone: bool,
    /// Something that a newer version of the app shows.
    pub unknown: bool,
    /// When it was written, by the writer's clock (theirs: never later than it was sequenced).
    pub sent_at: Timestamp,
    /// How far it is.
    pub state: MessageState,
    /// What it answers.
    pub reply_to: Option<ContentId>,
    /// Reactions to it, the last one of each side.
    pub reactions: Vec<ReactionView>,
    /// Files that go with it.
    pub files: Vec<FileView>,
    /// When it vanishes, here and there.
    pub expires_at: Option<Timestamp>,
}

/// What stands in a conversation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Entry {
    /// A text.
    Text(MessageView),
    /// A word about how long texts stay.
    Expiry(ExpiryLine),
}

impl Entry {
    /// Its id.
    pub const fn id(&self) -> ContentId {
        match self {
            Self::Text(text) => text.id,
            Self::Expiry(line) => line.id,
        }
    }

    /// When it was said.
    pub(crate) const fn sent_at(&self) -> Timestamp {
        match self {
            Self::Text(text) => text.sent_at,
            Self::Expiry(line) => line.sent_at,
        }
    }
}

/// A line in a conversation that no side wrote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoticeView {
    /// Its number, by which it is known again.
    pub id: i64,
    /// What it says: a stable code.
    pub code: String,
    /// Since when it stands there.
    pub at: Timestamp,
    /// The time that it speaks of, if it does.
    pub about: Option<Timestamp>,
}

/// What waits, in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pending {
    /// For whom; absent if for the switchboard alone.
    pub person: Option<String>,
    /// How many.
    pub count: u64,
    /// What: `texts` (not stored at our switchboard), `delivery` (not on their handset yet), `cards`, `changes`, `files`.
    pub what: &'static str,
    /// Since when.
    pub since: Timestamp,
}

/// How the handset stands.
#[derive(Debug, Clone)]
pub struct StatusView {
    /// One's own name.
    pub name: String,
    /// One's own line.
    pub line: LineId,
    /// The switchboard.
    pub switchboard: SwitchboardAddress,
    /// The office's name.
    pub office: String,
    /// What waits.
    pub pending: Vec<Pending>,
}

/// What an entry is read from.
pub(crate) const COLUMNS: &str =
    "SELECT message.row, message.id, contact.person, message.mine, message.text, message.gone,
        message.kind, message.sent_at, message.state, message.target, message.expires_at,
        (SELECT text FROM message answered WHERE answered.id = message.target AND answered.contact = message.contact
            AND answered.kind = 'expiry')";

/// The handset declines what was withdrawn, so that it is decided: no person said that.
pub(crate) const NOT_SETTLED: &str = "NOT (message.kind = 'expiry' AND message.text = 'decline' AND EXISTS
    (SELECT 1 FROM message taken WHERE taken.target = message.target AND taken.kind = 'expiry' AND taken.text = 'withdraw'))";

/// What the person has seen.
pub(crate) const SEE: &str = "UPDATE message INDEXED BY message_unseen SET state = 'seen'
    WHERE contact = ?1 AND mine = 0 AND state <> 'seen'";
/// What nobody there has, of whom.
pub(crate) const UNDELIVERED: &str = "SELECT contact.person, count(*), message.state = 'waiting' AS waiting,
        min(message.sent_at) FROM message JOIN contact ON contact.id = message.contact
    WHERE message.mine = 1 AND message.state IN ('waiting', 'sent')
    GROUP BY contact.id, waiting ORDER BY min(message.sent_at)";
pub(crate) const FILES_UNDER_WAY: &str = "SELECT count(*), min(sent_at) FROM file JOIN message ON row = message
    WHERE file.state IN ('sealed', 'opened')";
pub(crate) const NOTICES_BETWEEN: &str = "SELECT id, code, at, about FROM notice
    WHERE contact = ?1 AND at BETWEEN ?2 AND ?3 ORDER BY at, id";
pub(crate) const LAST_NOTICE: &str = "SELECT id, code, at, about FROM notice
    WHERE contact = ?1 ORDER BY at DESC, id DESC LIMIT 1";

impl Handset {
    /// A conversation's texts, oldest first; `since` gives only what comes after that text.
    ///
    /// # Errors
    /// If there is no such person or text.
    pub fn read(&self, person: &str, since: Option<&str>) -> Result<Vec<MessageView>, Error> {
        let texts = self.conversation(person, since)?.into_iter().filter_map(|entry| match entry {
            Entry::Text(text) => Some(text),
            Entry::Expiry(_) => None,
        });
        Ok(texts.collect())
    }

    /// A conversation, oldest first, with what was said about expiry; `since` gives only what comes after that text.
    ///
    /// # Errors
    /// If there is no such person or text.
    pub fn conversation(&self, person: &str, since: Option<&str>) -> Result<Vec<Entry>, Error> {
        let contact = Contact::named(self.db(), person)?;
        let mut all = self.entries(
            &format!(
                "{COLUMNS} FROM message JOIN contact ON contact.id = message.contact WHERE {SHOWN} AND {NOT_SETTLED}
                 ORDER BY message.generation_number IS NULL, message.generation_number, message.rank, message.place,
                    message.row"
            ),
            params![contact.id],
        )?;
        if let Some(since) = since {
            let unknown = || Error::UnknownMessage(since.to_owned());
            let id: ContentId = since.trim().parse().map_err(|_| unknown())?;
            let at = all.iter().position(|entry| entry.id() == id).ok_or_else(unknown)?;
            all.drain(..=at);
        }
        Ok(all)
    }

    /// The lines of a conversation that no side wrote, oldest first.
    ///
    /// # Errors
    /// If there is no such person.
    pub fn notices(&self, person: &str) -> Result<Vec<NoticeView>, Error> {
        let contact = Contact::named(self.db(), person)?;
        let mut all = self.db().prepare("SELECT id, code, at, about FROM notice WHERE contact = ?1 ORDER BY id")?;
        Ok(all.query_map([contact.id], read_notice)?.collect::<Result<_, _>>()?)
    }

    /// One text of a conversation.
    ///
    /// # Errors
    /// If the database fails.
    pub fn message(&self, id: &ContentId) -> Result<Option<MessageView>, Error> {
        let sql = format!(
            "{COLUMNS} FROM message JOIN contact ON contact.id = message.contact
             WHERE message.id = ?1 AND message.doubtful = 0 AND message.expired = 0"
        );
        Ok(match self.entries(&sql, params![id.as_bytes()])?.pop() {
            Some(Entry::Text(text)) => Some(text),
            Some(Entry::Expiry(_)) | None => None,
        })
    }

    /// Its place in the order of arrival.
    pub(crate) fn row_of(&self, id: &ContentId) -> Result<i64, Error> {
        let mut row = self.db().prepare_cached("SELECT row FROM message WHERE id = ?1")?;
        let row = row.query_row([id.as_bytes()], |row| row.get(0)).optional()?;
        row.ok_or_else(|| Error::UnknownMessage(id.to_text()))
    }

    /// How far a content is (a text, a reaction, a retraction).
    ///
    /// # Errors
    /// If the database fails or there is no such content.
    pub fn state_of(&self, id: &ContentId) -> Result<MessageState, Error> {
        let state: Option<String> = self
            .db()
            .query_row("SELECT state FROM message WHERE id = ?1", [id.as_bytes()], |row| row.get(0))
            .optional()?;
        MessageState::parse(&state.ok_or_else(|| Error::UnknownMessage(id.to_text()))?)
    }

    /// Notes that the person has seen a conversation's texts so far, and tells the other side.
    ///
    /// # Errors
    /// If there is no such person.
    pub fn mark_seen(&mut self, now: Timestamp, person: &str) -> Result<(), Error> {
        self.transact(now, |work| {
            let contact = Contact::named(work.db, person)?;
            let seen = work.run(SEE, [contact.id])?;
            if seen > 0 {
                work.run("UPDATE heard SET seen = through WHERE contact = ?1", [contact.id])?;
                work.run("UPDATE contact SET status_due = 1 WHERE id = ?1", [contact.id])?;
                work.pump()?;
            }
            Ok(())
        })
    }

    /// Whose line this is, and what waits for what since when.
    ///
    /// # Errors
    /// If the handset has no line.
    pub fn status(&self) -> Result<StatusView, Error> {
        let own = Own::taken(self.db())?;
        Ok(StatusView {
            name: own.name,
            line: own.line,
            switchboard: own.switchboard,
            office: own.office,
            pending: self.pending()?,
        })
    }

    /// How many contents were received in all; counted, which takes its time.
    ///
    /// # Errors
    /// If the database fails.
    pub fn received(&self) -> Result<u64, Error> {
        Ok(self.db().query_row("SELECT count(*) FROM message WHERE mine = 0", [], |row| row.get(0))?)
    }

    /// Whether a question is under way whose answer leads to more (a conversation that is founded again, say).
    pub fn is_asking(&self) -> bool {
        self.session.has_questions()
    }

    /// Whether nothing waits for our own switchboard.
    ///
    /// # Errors
    /// If the database fails.
    pub fn is_settled(&self) -> Result<bool, Error> {
        Ok(self.db().query_row(
            "SELECT NOT EXISTS (SELECT 1 FROM deed) AND NOT EXISTS (SELECT 1 FROM redemption)
                AND NOT EXISTS (SELECT 1 FROM message JOIN generation USING (contact) JOIN contact ON contact.id = message.contact
                    WHERE mine = 1 AND flight_generation IS NULL AND generation.current = 1 AND contact.state <> 'blocked')",
            [],
            |row| row.get(0),
        )?)
    }

    fn pending(&self) -> Result<Vec<Pending>, Error> {
        let mut all = Vec::new();
        let mut contents = self.db().prepare_cached(UNDELIVERED)?;
        let rows = contents.query_map([], |row| {
            Ok(Pending {
                person: row.get(0)?,
                count: row.get(1)?,
                what: if row.get(2)? { "texts" } else { "delivery" },
                since: Timestamp::from_millis(row.get(3)?),
            })
        })?;
        for row in rows {
            all.push(row?);
        }
        let others = [
            ("SELECT count(*), min(made_at) FROM redemption", "cards"),
            ("SELECT count(*), min(made_at) FROM deed WHERE envelope IS NULL AND blob IS NULL", "changes"),
            (FILES_UNDER_WAY, "files"),
        ];
        for (query, what) in others {
            let (count, since): (u64, Option<u64>) =
                self.db().query_row(query, [], |row| Ok((row.get(0)?, row.get(1)?)))?;
            if let Some(since) = since {
                all.push(Pending { person: None, count, what, since: Timestamp::from_millis(since) });
            }
        }
        Ok(all)
    }

    /// The entries that a question gives whose columns are [`COLUMNS`].
    pub(crate) fn entries(&self, query: &str, values: impl rusqlite::Params) -> Result<Vec<Entry>, Error> {
        let mut statement = self.db().prepare_cached(query)?;
        let mut rows = statement.query(values)?;
        let mut all = Vec::new();
        while let Some(row) = rows.next()? {
            all.push(read_entry(self.db(), row)?);
        }
        Ok(all)
    }
}

fn read_entry(db: &Connection, row: &Row<'_>) -> Result<Entry, Error> {
    let id = |bytes: Vec<u8>| ContentId::from_slice(&bytes).ok_or(Error::Corrupt("id"));
    let bytes: Vec<u8> = row.get(1)?;
    let kind: String = row.get(6)?;
    if kind == "expiry" {
        let (text, answered): (String, Option<String>) = (row.get(4)?, row.get(11)?);
        let sent_at = Timestamp::from_millis(row.get(7)?);
        let line = expiry::line(id(bytes)?, row.get(2)?, row.get(3)?, sent_at, &text, answered.as_deref());
        return Ok(Entry::Expiry(line));
    }
    Ok(Entry::Text(MessageView {
        reactions: reactions(db, &bytes)?,
        files: files_of(db, row.get(0)?)?,
        id: id(bytes)?,
        person: row.get(2)?,
        mine: row.get(3)?,
        text: row.get(4)?,
        gone: row.get(5)?,
        unknown: kind == "unknown",
        sent_at: Timestamp::from_millis(row.get(7)?),
        state: MessageState::parse(&row.get::<_, String>(8)?)?,
        reply_to: row.get::<_, Option<Vec<u8>>>(9)?.map(id).transpose()?,
        expires_at: row.get::<_, Option<u64>>(10)?.map(Timestamp::from_millis),
    }))
}

/// The last reaction of each side to a text.
fn reactions(db: &Connection, target: &[u8]) -> Result<Vec<ReactionView>, Error> {
    let mut all = db.prepare_cached(
        "SELECT mine, text FROM message reaction WHERE target = ?1 AND kind = 'reaction' AND text <> '' AND doubtful = 0
            AND NOT EXISTS (SELECT 1 FROM message later WHERE later.target = ?1 AND later.kind = 'reaction'
                AND later.mine = reaction.mine AND later.contact = reaction.contact
                -- Each handset of a side has its own numbers, and comes after the one before.
                AND CASE WHEN later.handset = reaction.handset THEN later.number > reaction.number
                    ELSE later.row > reaction.row END)
         ORDER BY mine DESC",
    )?;
    let all = all.query_map([target], |row| Ok(ReactionView { mine: row.get(0)?, emoji: row.get(1)? }))?;
    // Nobody's words go under a text but as a text.
    let all = all.filter(|reaction| reaction.as_ref().map_or(true, |reaction| is_emoji(&reaction.emoji)));
    Ok(all.collect::<Result<_, _>>()?)
}

fn read_notice(row: &Row<'_>) -> rusqlite::Result<NoticeView> {
    let about: Option<u64> = row.get(3)?;
    let at = Timestamp::from_millis(row.get(2)?);
    Ok(NoticeView { id: row.get(0)?, code: row.get(1)?, at, about: about.map(Timestamp::from_millis) })
}

/// Lines that no side wrote, of a time.
pub(crate) fn notices_between(
    db: &Connection,
    contact: i64,
    from: Timestamp,
    to: Timestamp,
) -> Result<Vec<NoticeView>, Error> {
    let mut all = db.prepare_cached(NOTICES_BETWEEN)?;
    let all = all.query_map(params![contact, from.as_millis(), to.as_millis()], read_notice)?;
    Ok(all.collect::<Result<_, _>>()?)
}

/// The last line that no side wrote.
pub(crate) fn last_notice(db: &Connection, contact: i64) -> Result<Option<NoticeView>, Error> {
    let mut last = db.prepare_cached(LAST_NOTICE)?;
    Ok(last.query_row([contact], read_notice).optional()?)
}

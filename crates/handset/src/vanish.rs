//! Contents that are over: when that is, and how they go for good.
//!
//! A text's time counts from when it was sent, by the sender's clock, but a clock that is off must neither end it at once
//! nor keep it for ever: it ends at the latest its term after it arrived, and one that seems to have been over before it
//! was even numbered counts from then. What is over leaves its number, so that nobody asks for it, and no word.

use database::rusqlite::{Connection, params};
use protocol::expiry::Expires;
use protocol::{ContentId, Timestamp};

use crate::contacts::Contact;
use crate::context::Work;
use crate::engine::Event;
use crate::error::Error;

/// The line that says that something was over before it came.
const TOO_LATE: &str = "over-before-it-came";

/// What comes within this time counts as come at a time.
const AT_A_TIME_MILLIS: u64 = 60 * 60 * 1000;

/// When a content is over.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Over {
    /// Seconds, where it was said so.
    pub(crate) after: Option<u32>,
    pub(crate) at: Timestamp,
}

impl Over {
    /// Of a content of ours, said now.
    pub(crate) fn of_ours(expires: Expires, now: Timestamp) -> Self {
        Self::of_theirs(expires, now, now, now)
    }

    /// Of a content said then by its sender's clock, numbered then by the sequencer's, and arrived now.
    pub(crate) fn of_theirs(expires: Expires, said: Timestamp, numbered: Timestamp, now: Timestamp) -> Self {
        let millis = u64::from(expires.time) * 1000;
        if !expires.relative {
            return Self { after: None, at: Timestamp::from_millis(millis) };
        }
        let end = |from: Timestamp| Timestamp::from_millis(from.min(now).as_millis().saturating_add(millis));
        // Its sender lets nothing go that is over: either that clock is slow, or it lay at a switchboard. (The sequencer
        // may lie about when, but only to let it stay a term from now.)
        let from = if end(said) <= numbered { numbered } else { said };
        Self { after: Some(expires.time), at: end(from) }
    }
}

impl Work<'_> {
    /// Lets go of what is over.
    pub(crate) fn expire(&mut self) -> Result<(), Error> {
        // By the index, since nothing is over in most calls; SQLite would go through all messages, to have them in order.
        let over: Vec<(i64, i64, Option<u32>)> = self
            .db
            .prepare_cached(
                "SELECT row, contact, CASE WHEN mine = 0 AND kind = 'text' THEN expires_in END
                 FROM message INDEXED BY message_expires WHERE expired = 0 AND expires_at <= ?1 ORDER BY row",
            )?
            .query_map([self.now.as_millis()], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?
            .collect::<Result<_, _>>()?;
        let mut told = None;
        for (row, contact, term) in over {
            // Only now, since what was agreed may come after the first text that follows it.
            if let Some(term) = term
                && !self.was_agreed(contact, term)?
            {
                self.run("UPDATE message SET expires_at = NULL, expires_in = NULL WHERE row = ?1", [row])?;
                continue;
            }
            self.let_go(row)?;
            if told.replace(contact) != Some(contact) {
                let person = Contact::by_id(self.db, contact)?.person;
                self.event(Event::Changed { person });
            }
        }
        Ok(())
    }

    /// Lets go of a content with all reactions to it.
    pub(crate) fn let_go(&mut self, row: i64) -> Result<(), Error> {
        self.erase(row)?;
        self.run(
            "UPDATE message SET gone = 1, expired = 1, text = '', mimi = x'', target = NULL
             WHERE kind = 'reaction' AND expired = 0 AND target = (SELECT id FROM message WHERE row = ?1)",
            [row],
        )?;
        self.run("UPDATE message SET expired = 1, target = NULL WHERE row = ?1", [row])?;
        // If it has left, its number goes after it.
        self.run(
            "UPDATE message SET flight_generation = NULL WHERE row = ?1 AND mine = 1 AND state = 'sent'
                AND (place IS NULL OR EXISTS (SELECT 1 FROM flight WHERE flight.message = message.row))",
            [row],
        )?;
        Ok(())
    }

    /// They have let go of a content of theirs. If it was over by its own time before it came, so do we; else it stays as
    /// long as was agreed: their clock may be wrong, or its text have gone with us as a contact.
    pub(crate) fn let_go_with_them(&mut self, contact: &Contact, row: i64) -> Result<(), Error> {
        let is_over: bool = self.row(
            "SELECT EXISTS (SELECT 1 FROM message WHERE row = ?1 AND expired = 0
                AND coalesce(sent_at + expires_in * 1000, expires_at) <= ?2)",
            params![row, self.now.as_millis()],
            |row| row.get(0),
        )?;
        if is_over {
            self.let_go(row)?;
            self.came_too_late(contact.id)?;
            self.event(Event::Changed { person: contact.person.clone() });
        }
        Ok(())
    }

    /// Takes a content's words out of the database: of its row, of what is searched, and the files that go with it.
    pub(crate) fn erase(&mut self, row: i64) -> Result<(), Error> {
        // First, since the index has to be told which words it has to forget.
        self.unindex("row = ?1", row)?;
        self.run("UPDATE message SET gone = 1, text = '', mimi = x'' WHERE row = ?1", [row])?;
        *self.erased = true;
        self.call_back(row)?;
        self.forget_files(row)
    }

    /// What has not left yet leaves without its words: its number alone.
    fn call_back(&mut self, row: i64) -> Result<(), Error> {
        self.run(
            "DELETE FROM deed WHERE envelope IN (SELECT envelope FROM flight JOIN message ON message.row = flight.message
                WHERE message.row = ?1 AND message.mine = 1 AND message.state = 'waiting')",
            [row],
        )?;
        self.run(
            "DELETE FROM flight WHERE message = (SELECT row FROM message WHERE row = ?1 AND mine = 1 AND state = 'waiting')",
            [row],
        )?;
        self.run(
            "UPDATE message SET flight_generation = NULL WHERE row = ?1 AND mine = 1 AND state = 'waiting'",
            [row],
        )?;
        Ok(())
    }

    /// Leaves a line where something was said and is over before anybody could read it: one for all that come at a time.
    pub(crate) fn came_too_late(&mut self, contact: i64) -> Result<(), Error> {
        let since = self.now.as_millis().saturating_sub(AT_A_TIME_MILLIS);
        let is_told: bool = self.row(
            "SELECT EXISTS (SELECT 1 FROM notice WHERE contact = ?1 AND code = ?2 AND at > ?3)",
            params![contact, TOO_LATE, since],
            |row| row.get(0),
        )?;
        if is_told { Ok(()) } else { self.notice(contact, TOO_LATE) }
    }

    /// Whether a content was there and is over.
    pub(crate) fn is_over(&self, id: Option<ContentId>) -> Result<bool, Error> {
        let Some(id) = id else { return Ok(false) };
        Ok(self.row("SELECT EXISTS (SELECT 1 FROM message WHERE id = ?1 AND expired = 1)", [id.as_bytes()], |row| {
            row.get(0)
        })?)
    }

    /// Ends that lie so far ahead that a clock must have been wrong.
    pub(crate) fn mend_expiry(&mut self) -> Result<(), Error> {
        self.run(
            "UPDATE message SET expires_at = ?1 + expires_in * 1000
             WHERE expired = 0 AND expires_at IS NOT NULL AND expires_in IS NOT NULL
                AND expires_at > ?1 + expires_in * 1000",
            [self.now.as_millis()],
        )?;
        Ok(())
    }
}

/// When the next content is over.
pub(crate) fn next_end(db: &Connection) -> Result<Option<Timestamp>, Error> {
    let at: Option<u64> = db
        .prepare_cached("SELECT min(expires_at) FROM message WHERE expires_at IS NOT NULL AND expired = 0")?
        .query_row(params![], |row| row.get(0))?;
    Ok(at.map(Timestamp::from_millis))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_senders_clock_counts_within_bounds() {
        let week = Expires { relative: true, time: 7 };
        let end = |said, numbered, now| {
            let at = |seconds: u64| Timestamp::from_millis(seconds * 1000);
            Over::of_theirs(week, at(said), at(numbered), at(now)).at.as_millis() / 1000
        };
        assert_eq!(end(100, 101, 102), 107, "from when it was said");
        assert_eq!(end(100, 101, 150), 107, "also if it arrives late");
        assert_eq!(end(500, 101, 102), 109, "a clock ahead: no longer than from now");
        assert_eq!(end(50, 101, 102), 108, "a clock behind: from when it was numbered");
        assert_eq!(end(50, 900, 102), 109, "a sequencer that lies: no longer than from now");
        assert_eq!(end(100, 3, 102), 107, "... and no shorter");
        let absolute = Expires { relative: false, time: 42 };
        assert_eq!(Over::of_ours(absolute, Timestamp::from_millis(9)).at.as_millis(), 42_000);
    }
}

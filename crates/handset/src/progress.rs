//! Running numbers: what we have of theirs, what they have of ours, and what has to be asked for again.

use std::time::Duration;

use database::rusqlite::{Connection, params};
use protocol::inside::Status;
use protocol::{HandsetId, Timestamp};

use crate::contacts::Contact;
use crate::context::Work;
use crate::engine::Event;
use crate::error::Error;
use crate::outgoing::UPDATE_AFTER;
use crate::session::{Session, SessionState};

/// How long after asking for a gap it is asked for again.
pub(crate) const ASK_AGAIN: Duration = Duration::from_secs(30);

/// How many missing numbers one status names.
const MISSING: u32 = 128;

impl Work<'_> {
    /// We have a content of theirs.
    pub(crate) fn heard(&mut self, contact: i64, handset: HandsetId, number: u64) -> Result<(), Error> {
        self.known_to_exist(contact, handset, number)?;
        let key = params![contact, handset.as_bytes(), number];
        let next: bool =
            self.row("SELECT through + 1 = ?3 FROM heard WHERE contact = ?1 AND handset = ?2", key, |row| row.get(0))?;
        if next {
            // As far as the numbers beyond it now follow one by one.
            self.run(
                "WITH RECURSIVE run (number) AS (
                        SELECT ?3
                        UNION ALL
                        SELECT run.number + 1 FROM run
                        JOIN heard_beyond b ON b.contact = ?1 AND b.handset = ?2 AND b.number = run.number + 1
                     )
                     UPDATE heard SET through = (SELECT max(number) FROM run) WHERE contact = ?1 AND handset = ?2",
                key,
            )?;
            self.run(
                "DELETE FROM heard_beyond WHERE contact = ?1 AND handset = ?2
                        AND number <= (SELECT through FROM heard WHERE contact = ?1 AND handset = ?2)",
                params![contact, handset.as_bytes()],
            )?;
        } else {
            self.run(
                "INSERT OR IGNORE INTO heard_beyond (contact, handset, number)
                     SELECT ?1, ?2, ?3 FROM heard WHERE contact = ?1 AND handset = ?2 AND through < ?3",
                key,
            )?;
        }
        self.run("UPDATE contact SET status_due = 1 WHERE id = ?1", [contact])?;
        Ok(())
    }

    /// Whether a number of theirs counts as received.
    pub(crate) fn has_heard(&mut self, contact: i64, handset: HandsetId, number: u64) -> Result<bool, Error> {
        Ok(self.row(
            "SELECT EXISTS (SELECT 1 FROM heard WHERE contact = ?1 AND handset = ?2 AND through >= ?3)
                    OR EXISTS (SELECT 1 FROM heard_beyond WHERE contact = ?1 AND handset = ?2 AND number = ?3)",
            params![contact, handset.as_bytes(), number],
            |row| row.get(0),
        )?)
    }

    /// A content of theirs exists, whether we have it or not.
    pub(crate) fn known_to_exist(&mut self, contact: i64, handset: HandsetId, number: u64) -> Result<(), Error> {
        self.run(
            "INSERT INTO heard (contact, handset, known) VALUES (?1, ?2, ?3)
                 ON CONFLICT (contact, handset) DO UPDATE SET known = max(known, ?3)",
            params![contact, handset.as_bytes(), number],
        )?;
        Ok(())
    }

    /// What we have to say about a contact's numbers and our own.
    pub(crate) fn own_status(&mut self, contact: &Contact) -> Result<Option<Status>, Error> {
        let (through, known, seen, said): (u64, u64, u64, u64) = self.row(
            "SELECT coalesce(through, 0), coalesce(known, 0), coalesce(seen, 0), next_number - 1
                 FROM contact LEFT JOIN heard ON heard.contact = contact.id AND heard.handset = contact.handset
                 WHERE contact.id = ?1",
            [contact.id],
            |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)),
        )?;
        if (through, known, said) == (0, 0, 0) {
            self.run("UPDATE contact SET status_due = 0 WHERE id = ?1", [contact.id])?;
            return Ok(None);
        }
        let seen = (seen > 0).then_some(seen);
        let mut status = Status { of: contact.handset, through, missing: Vec::new(), seen, said };
        if known > through {
            let mut missing = self.db.prepare_cached(
                "WITH RECURSIVE run (number) AS (SELECT ?3 UNION ALL SELECT number + 1 FROM run WHERE number < ?4)
                 SELECT number FROM run WHERE number NOT IN
                    (SELECT number FROM heard_beyond WHERE contact = ?1 AND handset = ?2) LIMIT ?5",
            )?;
            let keys = params![contact.id, contact.handset.as_bytes(), through + 1, known, MISSING];
            status.missing = missing.query_map(keys, |row| row.get(0))?.collect::<Result<_, _>>()?;
            // Through the highest that is not merely unnamed: beyond the list nothing is claimed.
            status.through = if status.missing.len() == MISSING as usize {
                status.missing.last().copied().unwrap_or(through)
            } else {
                known
            };
        }
        let ask_again = (!status.missing.is_empty()).then(|| self.now.after(ASK_AGAIN).as_millis());
        self.run("UPDATE contact SET status_due = 0, gap_ask_at = ?2 WHERE id = ?1", params![contact.id, ask_again])?;
        Ok(Some(status))
    }

    /// They say what they have of ours.
    pub(crate) fn status_arrived(&mut self, contact: &Contact, status: &Status) -> Result<(), Error> {
        let own = self.own()?;
        if status.of != own.handset {
            return Ok(());
        }
        self.may_be_missing(contact, status.said)?;
        let mut changed = self.run(
            "UPDATE message SET state = 'delivered' WHERE contact = ?1 AND mine = 1 AND number <= ?2
                    AND state IN ('waiting', 'sent') AND number NOT IN (SELECT value FROM json_each(?3))
                    AND handset = ?4",
            params![contact.id, status.through, json_numbers(&status.missing), own.handset.as_bytes()],
        )?;
        if let Some(seen) = status.seen {
            changed += self.run(
                "UPDATE message SET state = 'seen' WHERE contact = ?1 AND mine = 1 AND number <= ?2
                        AND state = 'delivered' AND handset = ?3",
                params![contact.id, seen, own.handset.as_bytes()],
            )?;
        }
        if !status.missing.is_empty() {
            self.run(
                "UPDATE message SET flight_generation = NULL WHERE contact = ?1 AND mine = 1
                    AND number IN (SELECT value FROM json_each(?2)) AND handset = ?3
                    AND NOT EXISTS (SELECT 1 FROM flight WHERE flight.message = message.row)",
                params![contact.id, json_numbers(&status.missing), own.handset.as_bytes()],
            )?;
        }
        self.stand_in(contact, &status.missing)?;
        if changed > 0 {
            self.event(Event::Changed { person: contact.person.clone() });
        }
        Ok(())
    }

    /// The contact's handset has given itself numbers up to this one: what we lack of them is asked for.
    fn may_be_missing(&mut self, contact: &Contact, said: u64) -> Result<(), Error> {
        self.run(
            "UPDATE contact SET status_due = 1 WHERE id = ?1 AND ?3 >
                    coalesce((SELECT known FROM heard WHERE contact = ?1 AND handset = ?2), 0)",
            params![contact.id, contact.handset.as_bytes(), said],
        )?;
        if said > 0 { self.known_to_exist(contact.id, contact.handset, said) } else { Ok(()) }
    }

    /// For numbers of ours that are missed and that we do not have any more (their texts went with a contact that was
    /// removed), something without words is sent, so that nobody asks for ever.
    fn stand_in(&mut self, contact: &Contact, missing: &[u64]) -> Result<(), Error> {
        let own = self.own()?;
        let mut gone = self.db.prepare_cached(
            "SELECT value FROM json_each(?2) JOIN contact ON contact.id = ?1 WHERE value BETWEEN 1 AND next_number - 1
                AND value NOT IN (SELECT number FROM message WHERE contact = ?1 AND mine = 1 AND handset = ?4) LIMIT ?3",
        )?;
        let gone: Vec<u64> = gone
            .query_map(params![contact.id, json_numbers(missing), MISSING, own.handset.as_bytes()], |row| row.get(0))?
            .collect::<Result<_, _>>()?;
        for number in gone {
            let id: [u8; 32] = self.random();
            self.run(
                "INSERT INTO message (id, contact, mine, handset, number, kind, text, sent_at, mimi, gone, state)
                 VALUES (?1, ?2, 1, ?3, ?4, 'retraction', '', ?5, x'', 1, 'waiting')",
                params![id, contact.id, own.handset.as_bytes(), number, self.now.as_millis()],
            )?;
        }
        Ok(())
    }

    /// Gaps that were asked for and not filled are asked for again.
    pub(crate) fn ask_for_gaps(&mut self) -> Result<(), Error> {
        self.run(
            "UPDATE contact SET status_due = 1, gap_ask_at = NULL WHERE gap_ask_at <= ?1",
            [self.now.as_millis()],
        )?;
        Ok(())
    }
}

/// Numbers as a JSON array, for SQLite's `json_each`.
fn json_numbers(numbers: &[u64]) -> String {
    let numbers: Vec<String> = numbers.iter().map(u64::to_string).collect();
    format!("[{}]", numbers.join(","))
}

/// When something is due by itself, while the handset is online.
pub(crate) fn next_timeout(db: &Connection, session: &Session) -> Result<Option<Timestamp>, Error> {
    if session.state() != SessionState::Online || !session.may_do() {
        return Ok(None);
    }
    let due: Option<u64> = db
        .prepare_cached(
            "SELECT min(at) FROM (
                SELECT min(refound_at) AS at FROM contact WHERE state <> 'blocked' AND ?2 = 0
                UNION ALL SELECT min(gap_ask_at) FROM contact
                UNION ALL SELECT min(resume_at) FROM contact
                UNION ALL SELECT min(updated_at) + ?1 FROM generation JOIN contact ON contact.id = generation.contact
                    WHERE current = 1 AND vouched = 1 AND commit_hash IS NULL AND lost = 0
                    AND resume_at IS NULL AND state <> 'blocked')",
        )?
        .query_row(
            params![u64::try_from(UPDATE_AFTER.as_millis()).unwrap_or(u64::MAX), session.is_refounding()],
            |row| row.get(0),
        )?;
    let look = crate::silence::next_look(db, &session.ways)?;
    Ok(due.map(Timestamp::from_millis).into_iter().chain(look).min())
}

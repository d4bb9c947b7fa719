//! A contact's handset that their office took out of service, or let in again: one line in the conversation each time.
//!
//! It is the word of their office, which nobody signed, passed on by the conversation's sequencer. Nothing follows from it
//! but the line, and that comes once for each time, and a few times a day at most.

use std::time::Duration;

use database::rusqlite::params;
use protocol::{MailboxId, Timestamp};

use crate::contacts::Contact;
use crate::context::Work;
use crate::engine::Event;
use crate::error::Error;

const OUT: &str = "out-of-service";
const BACK: &str = "back-in-service";

/// A hostile office fills no conversation: so many lines of a kind...
const AT_MOST: u64 = 3;
/// ... in so long.
const IN: Duration = Duration::from_hours(24);

/// What was said of one kind with a contact.
#[derive(Debug, Clone, Copy, Default)]
struct Said {
    /// The newest time that was told of.
    about: Option<Timestamp>,
    /// How many lines there are of the last day.
    lately: u64,
}

impl Said {
    /// Whether another time is told of.
    fn leaves_room_for(self, about: Timestamp) -> bool {
        self.lately < AT_MOST && self.about.is_none_or(|known| about > known)
    }
}

impl Work<'_> {
    /// Takes note of what came to a mailbox of ours.
    pub(crate) fn out_of_service(&mut self, mailbox: MailboxId, at: Timestamp) -> Result<(), Error> {
        let Some(contact) = self.of_trusted_mailbox(mailbox)? else { return Ok(()) };
        let about = at.min(self.now);
        if self.said(contact, OUT)?.leaves_room_for(about) { self.say(contact, OUT, about) } else { Ok(()) }
    }

    /// The same, of a handset that we were told was out of service: once for each time.
    pub(crate) fn back_in_service(&mut self, mailbox: MailboxId, at: Timestamp) -> Result<(), Error> {
        let Some(contact) = self.of_trusted_mailbox(mailbox)? else { return Ok(()) };
        let about = at.min(self.now);
        let (out, back) = (self.said(contact, OUT)?.about, self.said(contact, BACK)?.about);
        if out.is_some_and(|out| about >= out && back.is_none_or(|back| back < out)) {
            self.say(contact, BACK, about)?;
        }
        Ok(())
    }

    /// Whether a line of this kind came with a contact within a day.
    pub(crate) fn was_said_today(&self, contact: i64, code: &str) -> Result<bool, Error> {
        Ok(self.said(contact, code)?.lately > 0)
    }

    /// The contact behind a mailbox of ours. In a generation that somebody else may have forged it says nothing.
    fn of_trusted_mailbox(&self, mailbox: MailboxId) -> Result<Option<i64>, Error> {
        let generation = self.generation_of_mailbox(mailbox)?.filter(|generation| generation.trusted);
        Ok(generation.map(|generation| generation.contact))
    }

    fn said(&self, contact: i64, code: &str) -> Result<Said, Error> {
        let since = self.now.as_millis().saturating_sub(u64::try_from(IN.as_millis()).unwrap_or(u64::MAX));
        let (about, lately): (Option<u64>, u64) = self.row(
            "SELECT max(about), count(*) FILTER (WHERE at > ?3) FROM notice WHERE contact = ?1 AND code = ?2",
            params![contact, code, since],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )?;
        Ok(Said { about: about.map(Timestamp::from_millis), lately })
    }

    fn say(&mut self, contact: i64, code: &str, about: Timestamp) -> Result<(), Error> {
        self.notice_about(contact, code, about)?;
        let person = Contact::by_id(self.db, contact)?.person;
        self.event(Event::Changed { person });
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_time_is_told_once_and_a_few_a_day() {
        let at = Timestamp::from_millis;
        let said = |about: Option<u64>, lately| Said { about: about.map(at), lately };
        assert!(said(None, 0).leaves_room_for(at(1)));
        assert!(!said(Some(1), 0).leaves_room_for(at(1)), "the same again, after whatever time");
        assert!(!said(Some(1), 0).leaves_room_for(at(0)), "an older one that comes late");
        assert!(said(Some(1), 1).leaves_room_for(at(2)), "another within a day");
        assert!(!said(Some(1), AT_MOST).leaves_room_for(at(2)), "one too many within a day");
    }
}

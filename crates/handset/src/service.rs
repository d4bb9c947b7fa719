//! A contact's handset that their office took out of service: one line in the conversation.
//!
//! It is the word of their office, which nobody signed, passed on by the conversation's sequencer. Nothing follows from it
//! but the line, and that comes once for each time, and at most once a day.

use std::time::Duration;

use database::rusqlite::params;
use protocol::{MailboxId, Timestamp};

use crate::contacts::Contact;
use crate::context::Work;
use crate::engine::Event;
use crate::error::Error;

const CODE: &str = "out-of-service";

/// A hostile office fills no conversation.
const AT_MOST_EVERY: Duration = Duration::from_hours(24);

impl Work<'_> {
    /// Takes note of what came to a mailbox of ours. In a generation that somebody else may have forged it says nothing.
    pub(crate) fn out_of_service(&mut self, mailbox: MailboxId, at: Timestamp) -> Result<(), Error> {
        let Some(generation) = self.generation_of_mailbox(mailbox)?.filter(|generation| generation.trusted) else {
            return Ok(());
        };
        let about = at.min(self.now);
        let last = self.row(
            "SELECT max(about), max(at) FROM notice WHERE contact = ?1 AND code = ?2",
            params![generation.contact, CODE],
            |row| {
                let (about, at): (Option<u64>, Option<u64>) = (row.get(0)?, row.get(1)?);
                Ok(about.map(Timestamp::from_millis).zip(at.map(Timestamp::from_millis)))
            },
        )?;
        if !is_worth_a_line(last, about, self.now) {
            return Ok(());
        }
        let contact = Contact::by_id(self.db, generation.contact)?;
        self.notice_about(contact.id, CODE, about)?;
        self.event(Event::Changed { person: contact.person });
        Ok(())
    }
}

/// Whether it is told, with the newest time that was told of and when the last line came.
fn is_worth_a_line(last: Option<(Timestamp, Timestamp)>, about: Timestamp, now: Timestamp) -> bool {
    last.is_none_or(|(known, said)| about > known && now >= said.after(AT_MOST_EVERY))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_time_is_told_once_and_no_more_than_one_a_day() {
        let hours = |hours: u64| Timestamp::from_millis(hours * 3_600_000);
        assert!(is_worth_a_line(None, hours(1), hours(2)));
        let last = Some((hours(1), hours(2)));
        assert!(!is_worth_a_line(last, hours(1), hours(100)), "the same again, after whatever time");
        assert!(!is_worth_a_line(last, hours(0), hours(100)), "an older one that comes late");
        assert!(!is_worth_a_line(last, hours(25), hours(25)), "another within a day");
        assert!(!is_worth_a_line(last, hours(25), hours(1)), "a clock set back");
        assert!(is_worth_a_line(last, hours(25), hours(26)));
    }
}

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
        let last: (Option<u64>, Option<u64>) = self.row(
            "SELECT max(about), max(at) FROM notice WHERE contact = ?1 AND code = ?2",
            params![generation.contact, CODE],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )?;
        if let (Some(known), Some(said)) = last {
            let said = Timestamp::from_millis(said);
            if about.as_millis() <= known || self.now < said.after(AT_MOST_EVERY) {
                return Ok(());
            }
        }
        let contact = Contact::by_id(self.db, generation.contact)?;
        self.notice_about(contact.id, CODE, about)?;
        self.event(Event::Changed { person: contact.person });
        Ok(())
    }
}

//! What is being written to somebody, and the small things that the app remembers. Both stay on this handset.

use database::rusqlite::{OptionalExtension as _, params};
use protocol::{ContentId, Timestamp, limits};

use crate::contacts::Contact;
use crate::engine::Handset;
use crate::error::Error;

/// How many settings there may be, and how large.
const SETTINGS: u32 = 64;
const KEY_BYTES: usize = 64;
const VALUE_BYTES: usize = 4096;

/// What is being written and not sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    /// The words so far.
    pub text: String,
    /// What they answer, as long as it is there.
    pub reply_to: Option<ContentId>,
}

impl Handset {
    /// Keeps what is being written to a contact; nothing at all ends the draft, and so does sending a text to them.
    ///
    /// # Errors
    /// If there is no such person, or it is longer than a text can be.
    pub fn set_draft(
        &mut self,
        now: Timestamp,
        person: i64,
        text: &str,
        reply_to: Option<&ContentId>,
    ) -> Result<(), Error> {
        if text.len() > limits::TEXT_BYTES {
            return Err(Error::TextTooLong { length: text.len(), limit: limits::TEXT_BYTES });
        }
        self.transact(now, |work| {
            Contact::check(work.db, person)?;
            if text.is_empty() && reply_to.is_none() {
                let ended = work.run("DELETE FROM draft WHERE contact = ?1", [person])?;
                *work.erased |= ended > 0;
                return Ok(());
            }
            work.run(
                "INSERT INTO draft (contact, text, reply_to) VALUES (?1, ?2, ?3)
                    ON CONFLICT (contact) DO UPDATE SET text = ?2, reply_to = ?3",
                params![person, text, reply_to.map(|id| id.as_bytes().as_slice())],
            )?;
            Ok(())
        })
    }

    /// What is being written to a contact.
    ///
    /// # Errors
    /// If there is no such person.
    pub fn draft(&self, person: i64) -> Result<Option<Draft>, Error> {
        Contact::check(self.db(), person)?;
        let draft: Option<(String, Option<Vec<u8>>)> = self
            .db()
            .prepare_cached(
                "SELECT draft.text, message.id FROM draft LEFT JOIN message
                    ON message.id = draft.reply_to AND message.contact = draft.contact AND message.expired = 0
                 WHERE draft.contact = ?1",
            )?
            .query_row([person], |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?;
        let Some((text, reply_to)) = draft else { return Ok(None) };
        let reply_to = reply_to.map(|id| ContentId::from_slice(&id).ok_or(Error::Corrupt("id"))).transpose()?;
        Ok(Some(Draft { text, reply_to }))
    }

    /// What the app remembers under this key.
    ///
    /// # Errors
    /// If the database fails.
    pub fn setting(&self, key: &str) -> Result<Option<String>, Error> {
        let mut setting = self.db().prepare_cached("SELECT value FROM setting WHERE key = ?1")?;
        Ok(setting.query_row([key], |row| row.get(0)).optional()?)
    }

    /// Remembers something small for the app, or forgets it.
    ///
    /// # Errors
    /// If it is too large, or too much is remembered already.
    pub fn set_setting(&mut self, now: Timestamp, key: &str, value: Option<&str>) -> Result<(), Error> {
        self.transact(now, |work| {
            let Some(value) = value else {
                work.run("DELETE FROM setting WHERE key = ?1", [key])?;
                return Ok(());
            };
            let others: u32 = work.row("SELECT count(*) FROM setting WHERE key <> ?1", [key], |row| row.get(0))?;
            if key.is_empty() || key.len() > KEY_BYTES || value.len() > VALUE_BYTES || others >= SETTINGS {
                return Err(Error::BadSetting { count: SETTINGS, limit: VALUE_BYTES });
            }
            work.run(
                "INSERT INTO setting (key, value) VALUES (?1, ?2) ON CONFLICT (key) DO UPDATE SET value = ?2",
                [key, value],
            )?;
            Ok(())
        })
    }
}

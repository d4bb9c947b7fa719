//! The deeds that wait for the switchboard: written in the transaction that decides on them, sent in order, deleted when
//! confirmed.

use database::rusqlite::{OptionalExtension as _, params};
use protocol::frames::{Deed, ToSwitchboard};
use protocol::{BlobId, EnvelopeHash, GenerationId, Refusal, encode};

use crate::context::Work;
use crate::engine::{Event, Output};
use crate::error::Error;

/// What a deed concerns, so that its end can be shown.
#[derive(Debug, Clone, Default)]
pub(crate) struct Concern<'a> {
    pub(crate) card: Option<&'a str>,
    pub(crate) contact: Option<i64>,
    pub(crate) envelope: Option<EnvelopeHash>,
    pub(crate) blob: Option<BlobId>,
    /// Where this handset is woken.
    pub(crate) wake: bool,
}

impl Work<'_> {
    /// Has the switchboard do something, in order after all that was decided before.
    pub(crate) fn deed(&mut self, deed: Deed, concern: Concern<'_>) -> Result<(), Error> {
        let Concern { card, contact, envelope, blob, wake } = concern;
        self.run(
            "INSERT INTO deed (body, made_at, card, contact, envelope, blob, wake) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            params![
                encode(&deed),
                self.now.as_millis(),
                card,
                contact,
                envelope.as_ref().map(|hash| hash.as_bytes().as_slice()),
                blob.as_ref().map(|blob| blob.as_bytes().as_slice()),
                wake
            ],
        )?;
        let number = u64::try_from(self.db.last_insert_rowid()).map_err(|_| Error::Corrupt("deed"))?;
        if self.session.may_do() {
            self.outputs.push(Output::Send(encode(&ToSwitchboard::Do { number, deed })));
        }
        Ok(())
    }

    /// After Welcome: a number that the switchboard has must never be given again, even if our database fell behind it.
    pub(crate) fn number_deeds_after(&mut self, done: u64) -> Result<(), Error> {
        self.run(
            "INSERT OR REPLACE INTO sqlite_sequence (rowid, name, seq)
             SELECT (SELECT rowid FROM sqlite_sequence WHERE name = 'deed'), 'deed',
                    max(?1, coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'deed'), 0))",
            [done],
        )?;
        Ok(())
    }

    /// After Welcome: forgets what the switchboard has, and sends the rest again in order.
    pub(crate) fn resume_deeds(&mut self, done: u64) -> Result<(), Error> {
        let mut confirmed = self.db.prepare_cached("SELECT number FROM deed WHERE number <= ?1 ORDER BY number")?;
        let confirmed: Vec<u64> = confirmed.query_map([done], |row| row.get(0))?.collect::<Result<_, _>>()?;
        for number in confirmed {
            self.deed_done(number)?;
        }
        let mut waiting = self.db.prepare_cached("SELECT number, body FROM deed ORDER BY number")?;
        let mut rows = waiting.query([])?;
        while let Some(row) = rows.next()? {
            let body: Vec<u8> = row.get(1)?;
            let deed = protocol::decode(&body, protocol::limits::FRAME_BYTES).map_err(|_| Error::Corrupt("deed"))?;
            self.outputs.push(Output::Send(encode(&ToSwitchboard::Do { number: row.get(0)?, deed })));
        }
        Ok(())
    }

    /// The switchboard has stored a deed.
    pub(crate) fn deed_done(&mut self, number: u64) -> Result<(), Error> {
        let Some(ended) = self.end_deed(number)? else { return Ok(()) };
        if let Some(card) = ended.card {
            self.run("UPDATE card SET stored = 1 WHERE id = ?1", [&card])?;
            self.event(Event::CardStored(card));
        }
        if let Some(envelope) = ended.envelope {
            self.stored(&envelope)?;
        }
        if let Some(blob) = ended.blob {
            self.file_opened(&blob, None)?;
        }
        if ended.wake {
            self.wake_is_set(true)?;
        }
        Ok(())
    }

    /// The switchboard did not do a deed. A passing reason: connect again later and send it again. Else it is over.
    pub(crate) fn deed_refused(&mut self, number: u64, refusal: Refusal) -> Result<(), Error> {
        if refusal.code.is_passing() {
            self.session.pause();
            self.outputs.push(Output::Close);
            return Ok(());
        }
        let Some(ended) = self.end_deed(number)? else { return Ok(()) };
        if let Some(blob) = ended.blob {
            return self.file_opened(&blob, Some(&refusal));
        }
        if ended.wake {
            return self.wake_is_set(false);
        }
        if let Some(card) = ended.card {
            let stored: bool =
                self.row("SELECT coalesce((SELECT stored FROM card WHERE id = ?1), 1)", [&card], |row| row.get(0))?;
            if !stored {
                self.run("DELETE FROM card WHERE id = ?1", [&card])?;
                self.event(Event::CardRefused(card, refusal));
            }
        } else if let Some(envelope) = ended.envelope {
            let introduced: Option<Vec<u8>> = self
                .row(
                    "SELECT generation FROM flight WHERE envelope = ?1 AND kind = 'introduction'",
                    [envelope.as_bytes()],
                    |row| row.get(0),
                )
                .optional()?;
            self.not_taken(&envelope)?;
            match (introduced, ended.contact) {
                (Some(generation), Some(contact)) => {
                    let generation = GenerationId::from_slice(&generation).ok_or(Error::Corrupt("flight"))?;
                    self.not_introduced(contact, generation, &refusal)?;
                }
                // Said again, but not at once: it would be refused again.
                (None, Some(contact)) => self.pause(contact)?,
                (_, None) => {}
            }
        }
        Ok(())
    }

    fn end_deed(&mut self, number: u64) -> Result<Option<Ended>, Error> {
        let mut ended = self
            .db
            .prepare_cached("DELETE FROM deed WHERE number = ?1 RETURNING card, envelope, contact, blob, wake")?;
        let mut rows = ended.query([number])?;
        let Some(row) = rows.next()? else { return Ok(None) };
        let envelope: Option<Vec<u8>> = row.get(1)?;
        Ok(Some(Ended {
            card: row.get(0)?,
            contact: row.get(2)?,
            envelope: envelope.and_then(|hash| EnvelopeHash::from_slice(&hash)),
            blob: row.get::<_, Option<Vec<u8>>>(3)?.and_then(|blob| BlobId::from_slice(&blob)),
            wake: row.get(4)?,
        }))
    }
}

struct Ended {
    card: Option<String>,
    contact: Option<i64>,
    envelope: Option<EnvelopeHash>,
    blob: Option<BlobId>,
    wake: bool,
}

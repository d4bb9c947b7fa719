//! What goes out by itself once the handset is online: contents that wait, vouching, status, fresh keys.

use std::time::Duration;

use database::rusqlite::params;
use protocol::Timestamp;
use protocol::frames::{Deed, Routing, Submission};
use protocol::inside::{Inside, Numbered};
use protocol::wake::Urgency;
use seal::envelope_hash;
use serde_bytes::ByteBuf;

use crate::contacts::Contact;
use crate::context::Work;
use crate::deeds::Concern;
use crate::error::Error;
use crate::generations::{Generation, group};
use crate::own::Own;
use crate::session::SessionState;

/// Fresh keys at least this often in a conversation that is used at all; after a longer silence at once.
pub(crate) const UPDATE_AFTER: Duration = Duration::from_secs(24 * 60 * 60);

/// A generation that no longer counts is kept this long, for what still arrives in it.
const RETIRED_FOR: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// How long nothing is submitted after a switchboard had no room for it.
const PAUSE: Duration = Duration::from_secs(60);

/// Contents of one conversation on their way at once: what has to be encrypted again after a change of keys.
const IN_FLIGHT: u32 = 64;

impl Work<'_> {
    /// Sends what is due. Only when the handset is up to date, since what is encrypted before would be stale.
    pub(crate) fn pump(&mut self) -> Result<(), Error> {
        if self.session.state() != SessionState::Online || !self.session.may_do() {
            return Ok(());
        }
        if self.session.is_time_to_look(self.now) {
            self.mend_times()?;
            self.ask_for_refoundings()?;
            self.ask_for_gaps()?;
            self.ask_for_ways()?;
            self.forget_retired()?;
        }
        self.ask_for_redemptions()?;
        self.ask_for_ticket()?;
        self.vouch_where_due()?;
        let mut due = self.db.prepare_cached(
            "SELECT contact.id FROM contact JOIN generation ON generation.contact = contact.id AND generation.current = 1
             WHERE contact.state <> 'blocked' AND contact.resume_at IS NULL AND generation.commit_hash IS NULL
                AND generation.lost = 0 AND (
                contact.status_due = 1
                OR (generation.vouched = 1 AND generation.updated_at <= ?1)
                OR EXISTS (SELECT 1 FROM message WHERE message.contact = contact.id AND mine = 1
                    AND flight_generation IS NULL))
             ORDER BY contact.id",
        )?;
        let overdue = self.now.as_millis().saturating_sub(millis(UPDATE_AFTER));
        let due: Vec<i64> = due.query_map([overdue], |row| row.get(0))?.collect::<Result<_, _>>()?;
        if due.is_empty() {
            return Ok(());
        }
        let own = self.own()?;
        for id in due {
            self.pump_conversation(&own, id, overdue)?;
        }
        Ok(())
    }

    /// Ends pauses that are over, and those that lie so far ahead that the clock must have been wrong.
    fn mend_times(&mut self) -> Result<(), Error> {
        let now = self.now.as_millis();
        self.run(
            "UPDATE contact SET resume_at = NULL
                 WHERE resume_at IS NOT NULL AND resume_at NOT BETWEEN ?1 + 1 AND ?1 + ?2",
            params![now, millis(PAUSE)],
        )?;
        self.run(
            "UPDATE contact SET refound_at = ?1 WHERE refound_at > ?1 + ?2",
            params![now, millis(crate::refound::LONGEST)],
        )?;
        self.run(
            "UPDATE contact SET gap_ask_at = ?1 WHERE gap_ask_at > ?1 + ?2",
            params![now, millis(crate::progress::ASK_AGAIN)],
        )?;
        Ok(())
    }

    /// Submits nothing to a contact for a while: a switchboard on the way does not take it now.
    pub(crate) fn pause(&mut self, contact: i64) -> Result<(), Error> {
        self.run(
            "UPDATE contact SET resume_at = ?2 WHERE id = ?1",
            params![contact, self.now.after(PAUSE).as_millis()],
        )?;
        Ok(())
    }

    fn pump_conversation(&mut self, own: &Own, id: i64, overdue: u64) -> Result<(), Error> {
        let contact = Contact::by_id(self.db, id)?;
        let Some(generation) = self.current_generation(id)? else { return Ok(()) };
        self.send_contents(own, &generation)?;
        let status_due: bool = self.row("SELECT status_due FROM contact WHERE id = ?1", [id], |row| row.get(0))?;
        if status_due && let Some(status) = self.own_status(&contact)? {
            self.submit(&generation, &Inside::Status(status), "status", None, false)?;
        }
        let updated_at: u64 =
            self.row("SELECT updated_at FROM generation WHERE id = ?1", [generation.id.as_bytes()], |row| row.get(0))?;
        // Never before the other handset vouched: a commit would be the first thing that a wrong leaf could read.
        if generation.vouched && updated_at <= overdue {
            self.commit_fresh_keys(&generation)?;
        }
        Ok(())
    }

    fn send_contents(&mut self, own: &Own, generation: &Generation) -> Result<(), Error> {
        let mut waiting = self.db.prepare_cached(
            "SELECT row, number, sent_at, mimi FROM message
             WHERE contact = ?1 AND mine = 1 AND flight_generation IS NULL ORDER BY number
             LIMIT max(0, ?2 - (SELECT count(*) FROM flight WHERE contact = ?1 AND kind = 'content'))",
        )?;
        let waiting: Vec<(i64, Numbered)> = waiting
            .query_map(params![generation.contact, IN_FLIGHT], |row| {
                let numbered = Numbered {
                    handset: own.handset,
                    number: row.get(1)?,
                    sent_at: Timestamp::from_millis(row.get(2)?),
                    mimi: ByteBuf::from(row.get::<_, Vec<u8>>(3)?),
                };
                Ok((row.get(0)?, numbered))
            })?
            .collect::<Result<_, _>>()?;
        for (row, numbered) in waiting {
            self.submit(generation, &Inside::Content(numbered), "content", Some(row), true)?;
            self.run(
                "UPDATE message SET flight_generation = ?2, left_at = ?3 WHERE row = ?1",
                params![row, generation.id.as_bytes(), self.now.as_millis()],
            )?;
        }
        Ok(())
    }

    fn vouch_where_due(&mut self) -> Result<(), Error> {
        let mut due = self.db.prepare_cached(
            "SELECT generation.mailbox FROM generation JOIN contact ON contact.id = generation.contact
             WHERE vouch_due = 1 AND commit_hash IS NULL AND lost = 0 AND contact.resume_at IS NULL
                AND contact.state <> 'blocked' ORDER BY generation.id",
        )?;
        let due: Vec<Vec<u8>> = due.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
        for mailbox in due {
            let mailbox = protocol::MailboxId::from_slice(&mailbox).ok_or(Error::Corrupt("mailbox"))?;
            let Some(generation) = self.generation_of_mailbox(mailbox)? else { continue };
            let own = self.own()?;
            let contact = Contact::by_id(self.db, generation.contact)?;
            let intake = self.standing_intake(&own, &contact)?;
            let Some(pairing) = self.own_vouch(&own, &contact, &generation)? else { continue };
            let inside = Inside::Vouch { handset: own.handset, pairing, intake, name: own.name.clone() };
            self.submit(&generation, &inside, "vouch", None, false)?;
            self.run("UPDATE generation SET vouch_due = 0, vouch_said = 1 WHERE id = ?1", [generation.id.as_bytes()])?;
        }
        Ok(())
    }

    fn commit_fresh_keys(&mut self, generation: &Generation) -> Result<(), Error> {
        let group = group(self.groups, &self.mls, generation.id)?;
        let (epoch, capability) = (group.epoch(), group.capability(&self.mls)?);
        let pending = group.self_update(&self.mls)?;
        let routing = Routing { capability: pending.capability, add: Vec::new(), remove: Vec::new() };
        let hash = envelope_hash(&pending.commit);
        self.run(
            "UPDATE generation SET commit_hash = ?2 WHERE id = ?1",
            params![generation.id.as_bytes(), hash.as_bytes()],
        )?;
        let sealed = Sealed { epoch, capability, commit: Some(routing), envelope: pending.commit };
        self.send(generation, sealed, "commit", None, false)
    }

    /// Encrypts and hands to the sequencer.
    fn submit(
        &mut self,
        generation: &Generation,
        inside: &Inside,
        kind: &str,
        message: Option<i64>,
        urgent: bool,
    ) -> Result<(), Error> {
        let group = group(self.groups, &self.mls, generation.id)?;
        let envelope = group.encrypt(&self.mls, &inside.to_padded())?;
        let sealed = Sealed { epoch: group.epoch(), capability: group.capability(&self.mls)?, commit: None, envelope };
        self.send(generation, sealed, kind, message, urgent)
    }

    fn send(
        &mut self,
        generation: &Generation,
        sealed: Sealed,
        kind: &str,
        message: Option<i64>,
        urgent: bool,
    ) -> Result<(), Error> {
        let hash = envelope_hash(&sealed.envelope);
        self.run(
            "INSERT INTO flight (envelope, generation, epoch, contact, message, kind) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            params![hash.as_bytes(), generation.id.as_bytes(), sealed.epoch, generation.contact, message, kind],
        )?;
        let submission = Submission {
            generation: generation.id,
            epoch: sealed.epoch,
            capability: sealed.capability,
            commit: sealed.commit,
            reply_to: generation.mailbox,
            urgent: if urgent { Urgency::Waiting } else { Urgency::Quiet },
            envelope: ByteBuf::from(sealed.envelope),
        };
        let concern = Concern { contact: Some(generation.contact), envelope: Some(hash), ..Concern::default() };
        self.deed(Deed::Submit { to: generation.sequencer.clone(), submission }, concern)
    }

    /// Forgets generations that no longer count, with their keys.
    fn forget_retired(&mut self) -> Result<(), Error> {
        let mut old = self.db.prepare_cached("SELECT id, mailbox FROM generation WHERE retired_at <= ?1")?;
        let before = self.now.as_millis().saturating_sub(millis(RETIRED_FOR));
        let old: Vec<(Vec<u8>, Vec<u8>)> =
            old.query_map([before], |row| Ok((row.get(0)?, row.get(1)?)))?.collect::<Result<_, _>>()?;
        for (id, mailbox) in old {
            let id = protocol::GenerationId::from_slice(&id).ok_or(Error::Corrupt("generation"))?;
            let mailbox = protocol::MailboxId::from_slice(&mailbox).ok_or(Error::Corrupt("mailbox"))?;
            self.deed(Deed::CloseMailbox { mailbox }, Concern::default())?;
            self.groups.remove(&id);
            self.mls.delete(&id)?;
            self.run("DELETE FROM flight WHERE generation = ?1", [id.as_bytes()])?;
            self.run("DELETE FROM held WHERE mailbox = ?1", [mailbox.as_bytes()])?;
            self.run("DELETE FROM generation WHERE id = ?1", [id.as_bytes()])?;
        }
        Ok(())
    }
}

/// An envelope with what its sequencer wants to know.
struct Sealed {
    epoch: u64,
    capability: protocol::Capability,
    commit: Option<Routing>,
    envelope: Vec<u8>,
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

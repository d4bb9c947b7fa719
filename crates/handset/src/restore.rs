//! A line that is restored from a backup on a new handset; and what becomes of the old one.
//!
//! The new handset has keys of its own, and a handset list that shows the restore: signed by the successor key too, whose
//! private half only backups have. The switchboard takes it in place of the older list; contacts learn of it as their
//! conversations are founded again, through their standing intakes.

use database::rusqlite::types::Value;
use database::rusqlite::{Connection, OptionalExtension as _, params, params_from_iter};
use protocol::documents::{HandsetEntry, HandsetList};
use protocol::{HandsetId, LineId, Timestamp};
use seal::{KemKey, SigningKey, line_id, list_hash, sha256, sign_restored_list, successor_hash, verify_handset_list};
use serde_bytes::ByteBuf;

use crate::backup::{
    APPLICATION_ID, BackupView, Meter, OWN_LEFT_OUT, Progress, TABLES, columns, copy, count, received,
};
use crate::claim::ClaimLink;
use crate::contacts::{Contact, ContactState, Identified};
use crate::context::Work;
use crate::engine::{Event, Handset, Output};
use crate::error::Error;
use crate::own::Own;

/// How far the numbers of generations leap with a restore, and at most: generations may have been founded since the
/// backup, by this line's other restores too, and a contact refuses too long a leap of somebody who has not vouched yet.
/// Where it was too short all the same, the contact founds the next one.
const LEAP: (u64, u64) = (100, 900);
const HOUR_MILLIS: u64 = 60 * 60 * 1000;

impl Handset {
    /// Whether a database is a backup that can be restored here, and of when.
    ///
    /// # Errors
    /// If it is none, is of a newer version, or is damaged.
    pub fn look_at_backup(from: &Connection) -> Result<BackupView, Error> {
        let number = |name: &str| -> Result<u32, Error> {
            let number = from.query_row(&format!("PRAGMA {name}"), [], |row| row.get::<_, i32>(0));
            Ok(number.map_err(|_| Error::BackupDamaged)?.cast_unsigned())
        };
        if number("application_id")? != APPLICATION_ID {
            return Err(Error::BackupDamaged);
        }
        if number("user_version")? > crate::engine::VERSION {
            return Err(Error::BackupNewer);
        }
        let sound: String =
            from.query_row("PRAGMA integrity_check(1)", [], |row| row.get(0)).map_err(|_| Error::BackupDamaged)?;
        if sound != "ok" {
            return Err(Error::BackupDamaged);
        }
        let made_at = from.query_row("SELECT made_at FROM about", [], |row| row.get(0));
        let made_at = Timestamp::from_millis(made_at.map_err(|_| Error::BackupDamaged)?);
        let (people, texts, files) = (count(from, "contact")?, count(from, "message")?, received(from)?);
        Ok(BackupView { made_at, people, texts, files })
    }

    /// Begins to restore a line from a backup on this handset, which has none. It is done when the line's switchboard
    /// (or, with a claim link, that one) has taken it: [`Event::Restored`], or [`Event::ClaimRefused`].
    ///
    /// # Errors
    /// If the handset has a line, or the backup is damaged or of a newer version.
    pub fn restore(
        &mut self,
        now: Timestamp,
        from: &Connection,
        link: Option<&ClaimLink>,
        progress: Progress<'_>,
    ) -> Result<BackupView, Error> {
        let view = Self::look_at_backup(from)?;
        self.transact(now, |work| {
            if Own::load(work.db)?.is_some() {
                return Err(Error::AlreadyClaimed);
            }
            work.restore_own(from, view.made_at, link)?;
            let mut meter = Meter::of(from, progress)?;
            for (table, left_out) in TABLES {
                let here = columns(work.db, table)?;
                let mut names = columns(from, table)?;
                names.retain(|name| here.contains(name) && !left_out.contains(&name.as_str()));
                copy(from, work.db, table, &names, &mut meter)?;
            }
            work.begin_anew(from)
        })?;
        Ok(view)
    }

    /// When the line was restored on another handset, if it was: this one is off, but for what it has to read.
    ///
    /// # Errors
    /// If storage fails.
    pub fn superseded(&self) -> Result<Option<Timestamp>, Error> {
        Ok(Own::load(self.db())?.and_then(|own| own.superseded))
    }

    /// Makes what was deleted unreadable on the disk, also for whoever has the key.
    ///
    /// # Errors
    /// If storage fails.
    pub fn erase_deleted(&mut self) -> Result<(), Error> {
        database::erase_deleted(self.db())?;
        Ok(())
    }
}

impl Work<'_> {
    fn restore_own(&mut self, from: &Connection, made_at: Timestamp, link: Option<&ClaimLink>) -> Result<(), Error> {
        let (seed, wrapped): (Vec<u8>, Vec<u8>) =
            from.query_row("SELECT seed, wrapped FROM successor", [], |row| Ok((row.get(0)?, row.get(1)?)))?;
        let here = columns(self.db, "own")?;
        let mut names = columns(from, "own")?;
        names.retain(|name| here.contains(name) && !OWN_LEFT_OUT.contains(&name.as_str()));
        let mut values: Vec<Value> = from.query_row(&format!("SELECT {} FROM own", names.join(", ")), [], |row| {
            (0..names.len()).map(|at| row.get(at)).collect()
        })?;
        let (signing, kem) = (SigningKey::generate(self.rng), KemKey::generate(self.rng));
        let handset: [u8; 16] = self.random();
        let more: [(&str, Value); 8] = [
            ("id", 1.into()),
            ("successor", seed.into()),
            ("successor_wrapped", wrapped.into()),
            ("handset", handset.to_vec().into()),
            ("signing", signing.to_seed().to_vec().into()),
            ("kem", kem.to_bytes().to_vec().into()),
            ("restoring", 1.into()),
            ("invitation", link.map_or(Value::Null, |link| link.invitation.as_bytes().to_vec().into())),
        ];
        for (name, value) in more {
            names.push(name.to_owned());
            values.push(value);
        }
        let places: Vec<String> = (1..=names.len()).map(|at| format!("?{at}")).collect();
        self.run(
            &format!("INSERT INTO own ({}) VALUES ({})", names.join(", "), places.join(", ")),
            params_from_iter(values),
        )?;
        self.run("UPDATE own SET backup_at = ?1, restored_from = ?1", [made_at.as_millis()])?;
        if let Some(link) = link {
            self.run("UPDATE own SET switchboard = ?1, scheme = ?2", params![link.address.as_str(), link.scheme])?;
        }
        let own = Own::load(self.db)?.ok_or(Error::BackupDamaged)?;
        let newest = verify_handset_list(&Own::handsets(self.db)?, &Own::identity(self.db)?.public())
            .map_err(|_| Error::BackupDamaged)?;
        let is_own = newest.line == own.line && line_id(&Own::identity(self.db)?.public()) == own.line;
        if !is_own || successor_hash(&Own::successor(self.db)?.public()).as_slice() != newest.successor.as_slice() {
            return Err(Error::BackupDamaged);
        }
        self.sign_after(&own, &newest, &Own::handsets(self.db)?)
    }

    /// Signs the list of the restored line, after the newest that is known.
    fn sign_after(&mut self, own: &Own, newest: &HandsetList, signed: &[u8]) -> Result<(), Error> {
        let successor = Own::successor(self.db)?;
        let entry = HandsetEntry {
            handset: own.handset,
            signing: Own::signing(self.db)?.public(),
            kem: Own::kem(self.db)?.public(),
        };
        let list = HandsetList {
            line: own.line,
            number: newest.number.saturating_add(1),
            previous: Some(ByteBuf::from(list_hash(signed))),
            successor: newest.successor.clone(),
            handsets: vec![entry],
            made_at: self.now,
            restored: restored_after(newest.restored, self.now),
            successor_key: Some(successor.public()),
        };
        self.run("UPDATE own SET handsets = ?1", [sign_restored_list(&Own::identity(self.db)?, &successor, &list)])?;
        Ok(())
    }

    /// What the backup's handset had under way is over: numbers begin anew, and what was not delivered is said again.
    fn begin_anew(&mut self, from: &Connection) -> Result<(), Error> {
        let own = Own::load(self.db)?.ok_or(Error::BackupDamaged)?;
        // Whoever has an old handset knows every card.
        self.run("UPDATE card SET revoked = 1", [])?;
        self.run("UPDATE forgotten SET next_number = 1", [])?;
        // An older backup does not say.
        self.run("UPDATE own SET contacts = max(contacts, (SELECT coalesce(max(id), 0) FROM contact))", [])?;
        self.run(
            "UPDATE message SET flight_generation = coalesce(generation, x'00')
             WHERE mine = 1 AND state IN ('delivered', 'seen')",
            [],
        )?;
        crate::search::fill(self.db)?;
        // The sealed bytes of files are not in a backup: theirs can be fetched if they never were, ours not be brought
        // there any more.
        self.run("UPDATE file SET state = 'offered' WHERE mine = 0 AND state = 'wanted'", [])?;
        self.run("UPDATE file SET state = 'lost' WHERE mine = 0 AND state = 'here'", [])?;
        self.bring_no_files()?;
        let mut contacts = self.db.prepare("SELECT id, line FROM contact ORDER BY id")?;
        let contacts: Vec<(i64, Vec<u8>)> =
            contacts.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect::<Result<_, _>>()?;
        for (id, line) in contacts {
            let line = LineId::from_slice(&line).ok_or(Error::BackupDamaged)?;
            let newest: Option<u64> =
                from.query_row("SELECT number FROM newest WHERE contact = ?1", [id], |row| row.get(0)).optional()?;
            let number = self.forgotten_number(line)?.max(newest.unwrap_or_default());
            self.run(
                "INSERT INTO forgotten (line_hash, number, next_number, heard_through) VALUES (?1, ?2, 1, 0)
                    ON CONFLICT (line_hash) DO UPDATE SET number = ?2",
                params![sha256(line.as_bytes()), number],
            )?;
            self.number_again(own.handset, id)?;
            self.pair_anew(id)?;
        }
        Ok(())
    }

    /// Gives what was not delivered numbers of this handset.
    fn number_again(&mut self, handset: HandsetId, contact: i64) -> Result<(), Error> {
        let mut waiting = self.db.prepare_cached(
            "SELECT row FROM message WHERE contact = ?1 AND mine = 1 AND state IN ('waiting', 'sent') ORDER BY row",
        )?;
        let waiting: Vec<i64> = waiting.query_map([contact], |row| row.get(0))?.collect::<Result<_, _>>()?;
        for (row, number) in waiting.iter().zip(1_u64..) {
            self.run(
                "UPDATE message SET handset = ?2, number = ?3, state = 'waiting' WHERE row = ?1",
                params![row, handset.as_bytes(), number],
            )?;
        }
        self.run("UPDATE contact SET next_number = ?2 WHERE id = ?1", params![contact, waiting.len() as u64 + 1])?;
        Ok(())
    }

    fn pair_anew(&mut self, id: i64) -> Result<(), Error> {
        let contact = Contact::by_id(self.db, id)?;
        let (encapsulated, secret) = KemKey::encapsulate(&contact.kem()?, self.rng)?;
        self.run(
            "UPDATE contact SET own_encapsulated = ?2, own_secret = ?3 WHERE id = ?1",
            params![id, encapsulated, secret.as_bytes()],
        )?;
        Ok(())
    }

    /// The switchboard has taken the restored line: from here on it is this handset's.
    pub(crate) fn restored(&mut self) -> Result<(), Error> {
        self.run(
            "UPDATE own SET claimed = 1, restoring = 0, invitation = NULL, successor = x'', cursor = 0, previous = NULL,
                previous_scheme = NULL, previous_cursor = NULL",
            [],
        )?;
        let own = self.own()?;
        let age = self.now.as_millis().saturating_sub(own.restored_from.unwrap_or_default().as_millis());
        self.run("UPDATE forgotten SET number = number + ?1", [LEAP.0.saturating_add(age / HOUR_MILLIS).min(LEAP.1)])?;
        let mut contacts = self.db.prepare("SELECT id FROM contact ORDER BY id")?;
        let contacts: Vec<i64> = contacts.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
        for id in contacts {
            let contact = Contact::by_id(self.db, id)?;
            self.notice_about(id, "restored", own.restored_from.unwrap_or_default())?;
            if let Some(token) = &contact.own_intake {
                self.put_up_standing(&own, id, token)?;
            }
            match (contact.state, &contact.peer_intake) {
                (ContactState::Open | ContactState::Asked, Some(_)) => self.run(
                    "UPDATE contact SET refound_at = ?2, announced = 1 WHERE id = ?1",
                    params![id, self.now.as_millis()],
                )?,
                // No way to them is known.
                (ContactState::Open | ContactState::Asked, None) => {
                    self.notice(id, "needs-card")?;
                    self.run("UPDATE contact SET state = 'refused' WHERE id = ?1", [id])?
                }
                (ContactState::Refused | ContactState::Blocked, _) => 0,
            };
        }
        self.event(Event::Restored);
        Ok(())
    }

    /// The switchboard shows a list with which the line was restored on another handset. Only the list itself counts.
    pub(crate) fn line_restored_elsewhere(&mut self, signed: &[u8]) -> Result<(), Error> {
        let own = Own::load(self.db)?.ok_or(Error::NotClaimed)?;
        let identity = Own::identity(self.db)?.public();
        let (list, ours) =
            (verify_handset_list(signed, &identity)?, verify_handset_list(&Own::handsets(self.db)?, &identity)?);
        let is_ours = list.handsets.iter().any(|entry| entry.handset == own.handset);
        if list.restored == 0 || list.successor != ours.successor || is_ours {
            return Err(seal::NotAuthentic.into());
        }
        self.session.pause();
        self.outputs.push(Output::Close);
        if own.restoring {
            // Restored before from the same backup, or a later one: this restore is the newest.
            if list.restored >= ours.restored {
                self.sign_after(&own, &list, signed)?;
            }
            return Ok(());
        }
        if (list.restored, list.number) <= (ours.restored, ours.number) {
            return Err(seal::NotAuthentic.into());
        }
        self.run("UPDATE own SET superseded = ?1", [signed])?;
        self.event(Event::RestoredElsewhere { at: list.made_at });
        Ok(())
    }

    /// Takes over a contact's newer handset list, if it continues the one that is pinned. One of a restored line is
    /// signed by the successor key that it names, so that it only has to be the pinned one.
    pub(crate) fn renew_handsets(&mut self, contact: &Contact, who: &Identified) -> Result<(), Error> {
        let unchanged = who.signed == contact.handsets && who.handset == contact.handset;
        if unchanged {
            return Ok(());
        }
        let pinned = verify_handset_list(&contact.handsets, &contact.identity)?;
        let (theirs, ours) = ((who.list.restored, who.list.number), (pinned.restored, contact.list_number));
        let older = theirs < ours || (theirs == ours && who.signed != contact.handsets);
        if older || who.list.successor.as_slice() != contact.successor || who.identity != contact.identity {
            return Err(seal::NotAuthentic.into());
        }
        let (encapsulated, secret) = seal::KemKey::encapsulate(who.kem()?, self.rng)?;
        self.run(
            "UPDATE contact SET handsets = ?2, list_number = ?3, handset = ?4, own_encapsulated = ?5, own_secret = ?6,
                peer_secret = NULL WHERE id = ?1",
            params![contact.id, who.signed, who.list.number, who.handset.as_bytes(), encapsulated, secret.as_bytes()],
        )?;
        if who.list.restored > pinned.restored { self.contact_restored(contact, &who.list) } else { Ok(()) }
    }

    /// A contact's line was restored on another handset: what was founded with the one before is over, and what did not
    /// arrive there goes out again to the new one. Who they are has not changed.
    fn contact_restored(&mut self, contact: &Contact, list: &HandsetList) -> Result<(), Error> {
        // What they found now may have the number of what there was: it has to be behind then.
        self.remember_numbers(contact)?;
        self.run("UPDATE forgotten SET number = number + 1 WHERE line_hash = ?1", [sha256(contact.line.as_bytes())])?;
        self.run(
            "UPDATE generation SET trusted = 0, current = 0, lost = 1, vouch_due = 0, commit_hash = NULL, retired_at = ?2
             WHERE contact = ?1",
            params![contact.id, self.now.as_millis()],
        )?;
        self.run("DELETE FROM flight WHERE contact = ?1", [contact.id])?;
        self.run(
            "UPDATE message SET flight_generation = NULL
             WHERE contact = ?1 AND mine = 1 AND state IN ('waiting', 'sent')",
            [contact.id],
        )?;
        self.run("UPDATE contact SET announced = 1, refound_tries = 0, gap_ask_at = NULL WHERE id = ?1", [contact.id])?;
        if !self.was_said_today(contact.id, "contact-restored")? {
            // Not to wait for them with what we have to say: what they founded cannot be trusted before they answer.
            self.refound_soon(contact.id)?;
            self.notice_about(contact.id, "contact-restored", list.made_at)?;
        }
        self.event(Event::Changed { person: contact.person.clone() });
        Ok(())
    }
}

/// What a list says of the restore that it shows: it grows from one to the next, also of two from the same backup at
/// different offices, which know nothing of each other. So it is the time, in seconds, unless the last was later.
fn restored_after(last: u64, now: Timestamp) -> u64 {
    last.saturating_add(1).max(now.as_millis() / 1000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_restore_counts_more_than_the_one_before() {
        let at = |seconds: u64| Timestamp::from_millis(seconds * 1000);
        assert_eq!(restored_after(0, at(1_795_000_000)), 1_795_000_000);
        assert_eq!(restored_after(1_795_000_000, at(1_795_000_000)), 1_795_000_001, "in the same second");
        assert_eq!(restored_after(2_000_000_000, at(1_795_000_000)), 2_000_000_001, "after a clock that was ahead");
        assert_eq!(restored_after(u64::MAX, at(1)), u64::MAX);
    }
}

//! Generations of a conversation: founding, joining, which of several counts, and vouching within one.
//!
//! A generation counts (is *current*) if it is trusted and beats the others: the higher number; of two with the same
//! number one that was vouched for before one that was not (whose introduction may never have arrived); of two alike the
//! one whose id has the lower hash. Both sides reach the same choice, since both end up with the same ones vouched for.
//! Trusted are those founded by us (the introduction is sealed to the contact's certified key) unless another works, the
//! first one of a new contact, and every one for whose leaf key the other side vouched. Beside one that works, one of ours
//! waits for that: a card can be made of somebody's public keys, and lead nowhere.

use database::rusqlite::{OptionalExtension as _, Row, params};
use protocol::frames::{Deed, MailboxAddress};
use protocol::intake::{IntakeAddress, Introduction, Pairing, Slot};
use protocol::{GenerationId, MailboxId, ReservationId, SwitchboardAddress, Timestamp, Token, encode};
use seal::mls::{Group, Mls};
use seal::{IntakeKeys, PairSecret, Vouched, capability_hash, envelope_hash, same_bytes, sha256, vouch, vouched};
use serde_bytes::ByteBuf;

use crate::contacts::Contact;
use crate::context::{Groups, Work};
use crate::deeds::Concern;
use crate::engine::Event;
use crate::error::Error;
use crate::own::Own;

/// Envelopes of one generation that did not decrypt before it is founded again.
pub(crate) const TROUBLES: u32 = 3;

/// How far ahead the number of a generation that nobody vouched for may be.
const LEAP: u64 = 1000;

/// A generation's row.
#[derive(Clone)]
pub(crate) struct Generation {
    pub(crate) id: GenerationId,
    pub(crate) contact: i64,
    pub(crate) number: u64,
    pub(crate) sequencer: SwitchboardAddress,
    pub(crate) mailbox: MailboxId,
    pub(crate) token: Token,
    pub(crate) trusted: bool,
    pub(crate) current: bool,
    pub(crate) vouched: bool,
    /// What its founder encapsulated to us, if we joined it.
    pub(crate) peer_secret: Option<PairSecret>,
}

/// A slot of a contact's intake, fetched and opened.
pub(crate) struct OpenSlot<'a> {
    pub(crate) slot: Slot,
    pub(crate) intake: &'a IntakeAddress,
    pub(crate) keys: &'a IntakeKeys,
    pub(crate) reservation: ReservationId,
}

const COLUMNS: &str = "id, contact, number, sequencer, mailbox, token, trusted, current, vouched, peer_secret";

impl Generation {
    fn read(row: &Row<'_>) -> Result<Self, Error> {
        Ok(Self {
            id: GenerationId::from_slice(&row.get::<_, Vec<u8>>(0)?).ok_or(Error::Corrupt("generation"))?,
            contact: row.get(1)?,
            number: row.get(2)?,
            sequencer: row.get::<_, String>(3)?.parse().map_err(|_| Error::Corrupt("sequencer"))?,
            mailbox: MailboxId::from_slice(&row.get::<_, Vec<u8>>(4)?).ok_or(Error::Corrupt("mailbox"))?,
            token: Token::from_slice(&row.get::<_, Vec<u8>>(5)?).ok_or(Error::Corrupt("token"))?,
            trusted: row.get(6)?,
            current: row.get(7)?,
            vouched: row.get(8)?,
            peer_secret: row
                .get::<_, Option<Vec<u8>>>(9)?
                .map(|b| b.try_into().map(PairSecret::from_bytes).map_err(|_| Error::Corrupt("secret")))
                .transpose()?,
        })
    }

    /// Where this one stands among those of its number, in the order of what was said: the one of lower hash last, since
    /// that is the one that goes on.
    pub(crate) fn rank(&self) -> [u8; 8] {
        let hash = sha256(self.id.as_bytes());
        std::array::from_fn(|i| !hash.get(i).copied().unwrap_or_default())
    }

    /// Whether this one counts before another.
    fn beats(&self, other: &Self) -> bool {
        let rank = |one: &Self| (one.number, one.vouched, std::cmp::Reverse(sha256(one.id.as_bytes())));
        rank(self) > rank(other)
    }
}

/// The group of a generation, from memory or the database.
pub(crate) fn group<'g>(groups: &'g mut Groups, mls: &Mls<'_>, id: GenerationId) -> Result<&'g mut Group, Error> {
    use std::collections::btree_map::Entry;
    match groups.entry(id) {
        Entry::Occupied(entry) => Ok(entry.into_mut()),
        Entry::Vacant(entry) => Ok(entry.insert(mls.load(&id)?.ok_or(Error::Corrupt("group"))?)),
    }
}

impl Work<'_> {
    fn one_generation(&self, which: &str, value: impl database::rusqlite::ToSql) -> Result<Option<Generation>, Error> {
        self.row(&format!("SELECT {COLUMNS} FROM generation WHERE {which}"), [value], |row| Ok(Generation::read(row)))
            .optional()?
            .transpose()
    }

    pub(crate) fn current_generation(&self, contact: i64) -> Result<Option<Generation>, Error> {
        self.one_generation("contact = ?1 AND current = 1", contact)
    }

    pub(crate) fn generation_of_mailbox(&self, mailbox: MailboxId) -> Result<Option<Generation>, Error> {
        self.one_generation("mailbox = ?1", mailbox.as_bytes())
    }

    pub(crate) fn generation(&self, id: GenerationId) -> Result<Option<Generation>, Error> {
        self.one_generation("id = ?1", id.as_bytes())
    }

    pub(crate) fn generations_of(&self, contact: i64) -> Result<Vec<GenerationId>, Error> {
        let mut ids = self.db.prepare_cached("SELECT id FROM generation WHERE contact = ?1 ORDER BY number, id")?;
        let ids = ids.query_map([contact], |row| row.get::<_, Vec<u8>>(0))?;
        ids.map(|id| GenerationId::from_slice(&id?).ok_or(Error::Corrupt("generation"))).collect()
    }

    /// The number that a contact's next generation has.
    pub(crate) fn next_generation_number(&self, contact: &Contact) -> Result<u64, Error> {
        let newest: u64 =
            self.row("SELECT coalesce(max(number), 0) FROM generation WHERE contact = ?1", [contact.id], |row| {
                row.get(0)
            })?;
        Ok(newest.max(self.forgotten_number(contact.line)?) + 1)
    }

    /// Founds a generation with our own switchboard as sequencer, and introduces it through a slot of the contact's
    /// intake.
    pub(crate) fn found(&mut self, own: &Own, contact: &Contact, open: OpenSlot<'_>) -> Result<(), Error> {
        let id = GenerationId::new(self.random());
        let mailbox = MailboxId::new(self.random());
        let number = self.next_generation_number(contact)?;
        let (group, welcome) = self.mls.found(&id, &open.slot.key_package)?;
        let (epoch, leaf_keys) = (group.epoch(), group.leaf_keys());
        let capability = capability_hash(&group.capability(&self.mls)?);
        self.groups.insert(id, group);
        let mut generation = Generation {
            id,
            contact: contact.id,
            number,
            sequencer: own.switchboard.clone(),
            mailbox,
            token: open.intake.token.clone(),
            trusted: !self.works(contact.id)?,
            current: false,
            vouched: false,
            peer_secret: None,
        };
        // A contact's new handset, of which nothing but its own founding is known, can thus believe this one at once. Whoever
        // founded that in its name learns nothing: this one is sealed to the contact's certified key.
        if contact.peer_secret.is_none() {
            generation.peer_secret = self.secret_of_newest(contact.id)?;
        }
        let mac = self.own_mac(own, contact, &generation, &leaf_keys)?;
        generation.peer_secret = None;
        self.keep_generation(&generation, true, mac.is_some())?;
        let members = vec![
            MailboxAddress { address: own.switchboard.clone(), mailbox },
            MailboxAddress { address: open.intake.address.clone(), mailbox: open.slot.mailbox },
        ];
        let intake = self.standing_intake(own, contact)?;
        let introduction = Introduction {
            name: own.name.clone(),
            identity: Own::identity(self.db)?.public(),
            handsets: ByteBuf::from(Own::handsets(self.db)?),
            handset: own.handset,
            conversation: contact.conversation,
            number,
            generation: id,
            sequencer: own.switchboard.clone(),
            welcome: ByteBuf::from(welcome),
            intake,
            pairing: own_pairing(contact, mac)?,
            made_at: self.now,
        };
        let sealed = open.keys.seal_introduction(&contact.kem()?, &encode(&introduction), self.rng)?;
        let hash = envelope_hash(&sealed);
        self.deed(Deed::OpenMailbox { mailbox, from: own.switchboard.clone() }, Concern::default())?;
        self.deed(Deed::Found { generation: id, epoch, capability, members }, Concern::default())?;
        self.deed(
            Deed::Introduce {
                to: open.intake.address.clone(),
                lookup: open.keys.lookup(),
                reservation: open.reservation,
                reply_to: mailbox,
                sealed: ByteBuf::from(sealed),
            },
            Concern { contact: Some(contact.id), envelope: Some(hash), ..Concern::default() },
        )?;
        self.run(
            "INSERT INTO flight (envelope, generation, epoch, contact, kind) VALUES (?1, ?2, ?3, ?4, 'introduction')",
            params![hash.as_bytes(), id.as_bytes(), epoch, contact.id],
        )?;
        generation.current = self.settle(contact.id)?;
        self.run("UPDATE contact SET refound_at = NULL, reservation = NULL WHERE id = ?1", [contact.id])?;
        Ok(())
    }

    /// Whether what is said in the contact's current generation arrives, as far as we can tell.
    pub(crate) fn works(&self, contact: i64) -> Result<bool, Error> {
        Ok(self.row(
            "SELECT EXISTS (SELECT 1 FROM generation WHERE contact = ?1 AND current = 1 AND vouched = 1 AND lost = 0
                AND troubled < ?2)",
            params![contact, TROUBLES],
            |row| row.get(0),
        )?)
    }

    /// Joins the generation of an introduction. `known` is whether its founder was a contact before.
    pub(crate) fn join(
        &mut self,
        own: &Own,
        contact: &Contact,
        introduction: &Introduction,
        token: &Token,
        mailbox: MailboxId,
        known: bool,
    ) -> Result<(), Error> {
        if self.generation(introduction.generation)?.is_some() {
            return Err(seal::NotAuthentic.into());
        }
        let group = self.mls.join(&introduction.welcome)?;
        let leaf_keys = group.leaf_keys();
        if group.generation() != introduction.generation || leaf_keys.len() != 2 {
            return Err(seal::NotAuthentic.into());
        }
        self.groups.insert(introduction.generation, group);
        let secret = Own::kem(self.db)?.decapsulate(&introduction.pairing.encapsulated)?;
        let mut generation = Generation {
            id: introduction.generation,
            contact: contact.id,
            number: introduction.number,
            sequencer: introduction.sequencer.clone(),
            mailbox,
            token: token.clone(),
            trusted: !known,
            current: false,
            vouched: false,
            peer_secret: Some(secret.clone()),
        };
        if let Some(mac) = &introduction.pairing.mac
            && self.check_mac(own, contact, &generation, &leaf_keys, &secret, mac).is_ok()
        {
            generation.vouched = true;
            generation.trusted = true;
        }
        // Somebody else may found one in a contact's name: what follows must not be out of numbers.
        if !generation.vouched && generation.number >= self.next_generation_number(contact)? + LEAP {
            return Err(seal::NotAuthentic.into());
        }
        self.rebind(mailbox)?;
        self.keep_generation(&generation, false, false)?;
        self.run("UPDATE generation SET vouch_due = 1 WHERE id = ?1", [generation.id.as_bytes()])?;
        if generation.trusted {
            self.learn(contact.id, &secret, &introduction.intake, &introduction.name)?;
            self.card_used(token, contact, &introduction.name)?;
        }
        if generation.vouched {
            self.distrust(contact.id)?;
            self.pinned(contact)?;
        }
        self.settle(contact.id)?;
        self.take_held(mailbox)
    }

    /// A last-resort slot's mailbox serves one generation after the other: what had it before gets a name that nobody
    /// knows.
    fn rebind(&mut self, mailbox: MailboxId) -> Result<(), Error> {
        let nobody = MailboxId::new(self.random());
        let rebound = self.run(
            "UPDATE generation SET mailbox = ?2, lost = 1 WHERE mailbox = ?1",
            params![mailbox.as_bytes(), nobody.as_bytes()],
        )?;
        if rebound > 0 {
            self.run("DELETE FROM held WHERE mailbox = ?1", [mailbox.as_bytes()])?;
        }
        Ok(())
    }

    fn keep_generation(&mut self, generation: &Generation, founder: bool, vouch_said: bool) -> Result<(), Error> {
        self.run(
            "INSERT INTO generation (id, contact, number, sequencer, mailbox, token, founder, trusted, vouched,
                vouch_said, updated_at, peer_secret) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
            params![
                generation.id.as_bytes(),
                generation.contact,
                generation.number,
                generation.sequencer.as_str(),
                generation.mailbox.as_bytes(),
                generation.token.as_bytes(),
                founder,
                generation.trusted,
                generation.vouched,
                vouch_said,
                self.now.as_millis(),
                generation.peer_secret.as_ref().map(|s| s.as_bytes().as_slice()),
            ],
        )?;
        Ok(())
    }

    /// Keeps what a contact's handset said of itself.
    fn learn(&mut self, contact: i64, secret: &PairSecret, intake: &IntakeAddress, name: &str) -> Result<(), Error> {
        self.run(
            "UPDATE contact SET peer_secret = ?2, peer_intake = ?3, peer_token = ?4, name = ?5 WHERE id = ?1",
            params![contact, secret.as_bytes(), intake.address.as_str(), intake.token.as_bytes(), name],
        )?;
        Ok(())
    }

    /// Makes the trusted generation current that beats the others; says whether that changed. What was not delivered
    /// goes out again in it.
    pub(crate) fn settle(&mut self, contact: i64) -> Result<bool, Error> {
        let mut all =
            self.db.prepare_cached(&format!("SELECT {COLUMNS} FROM generation WHERE contact = ?1 AND trusted = 1"))?;
        let mut best: Option<Generation> = None;
        let mut rows = all.query([contact])?;
        while let Some(row) = rows.next()? {
            let candidate = Generation::read(row)?;
            if best.as_ref().is_none_or(|best| candidate.beats(best)) {
                best = Some(candidate);
            }
        }
        let Some(best) = best else { return Ok(false) };
        self.run(
            "UPDATE generation SET current = 0, retired_at = ?3 WHERE contact = ?1 AND id <> ?2 AND retired_at IS NULL",
            params![contact, best.id.as_bytes(), self.now.as_millis()],
        )?;
        // A restore has said why there are new ones, also those that are founded before one is vouched for.
        let announced: bool = self.row("SELECT announced FROM contact WHERE id = ?1", [contact], |row| row.get(0))?;
        if announced && best.vouched {
            self.run("UPDATE contact SET announced = 0 WHERE id = ?1", [contact])?;
        }
        if best.current {
            return Ok(false);
        }
        self.run("UPDATE generation SET current = 1, retired_at = NULL WHERE id = ?1", [best.id.as_bytes()])?;
        // What never came back numbered too, even if it was delivered: it needs one place on both sides.
        self.run(
            "UPDATE message SET flight_generation = NULL WHERE contact = ?1 AND mine = 1
                AND (state IN ('waiting', 'sent') OR row IN (SELECT message FROM flight WHERE kind = 'content'))",
            [contact],
        )?;
        self.run("DELETE FROM flight WHERE contact = ?1 AND kind IN ('content', 'status')", [contact])?;
        self.run(
            "UPDATE contact SET status_due = EXISTS (SELECT 1 FROM heard WHERE contact = ?1), refound_at = NULL,
                reservation = NULL WHERE id = ?1",
            [contact],
        )?;
        // Nobody who founds again and again, or is restored so, fills the conversation with it.
        let mut is_said = announced;
        for why in ["founded-again", "restored", "contact-restored"] {
            is_said = is_said || self.was_said_today(contact, why)?;
        }
        if best.number > 1 && !is_said {
            self.notice(contact, "founded-again")?;
        }
        Ok(true)
    }

    /// A line in the conversation that no side wrote.
    pub(crate) fn notice(&mut self, contact: i64, code: &str) -> Result<(), Error> {
        self.run(
            "INSERT INTO notice (contact, code, at) VALUES (?1, ?2, ?3)",
            params![contact, code, self.now.as_millis()],
        )?;
        Ok(())
    }

    /// The same, about something of that time.
    pub(crate) fn notice_about(&mut self, contact: i64, code: &str, about: Timestamp) -> Result<(), Error> {
        self.run(
            "INSERT INTO notice (contact, code, at, about) VALUES (?1, ?2, ?3, ?4)",
            params![contact, code, self.now.as_millis(), about.as_millis()],
        )?;
        Ok(())
    }

    /// What the founder of the newest generation that we joined and that still counts encapsulated to us.
    fn secret_of_newest(&self, contact: i64) -> Result<Option<PairSecret>, Error> {
        let newest = "id = (SELECT id FROM generation WHERE contact = ?1 AND founder = 0 AND retired_at IS NULL
            ORDER BY number DESC LIMIT 1)";
        Ok(self.one_generation(newest, contact)?.and_then(|generation| generation.peer_secret))
    }

    /// Our MAC for a generation; none as long as the contact's secret is not known.
    fn own_mac(
        &self,
        own: &Own,
        contact: &Contact,
        generation: &Generation,
        leaf_keys: &[Vec<u8>],
    ) -> Result<Option<[u8; 32]>, Error> {
        let theirs = generation.peer_secret.as_ref().or(contact.peer_secret.as_ref());
        let (Some(ours), Some(theirs)) = (&contact.own_secret, theirs) else { return Ok(None) };
        let said = Vouched {
            conversation: contact.conversation,
            number: generation.number,
            generation: generation.id,
            leaf_keys,
            from: (own.line, own.handset),
            to: (contact.line, contact.handset),
        };
        Ok(Some(vouch(&said, ours, theirs, &generation.token)))
    }

    fn check_mac(
        &self,
        own: &Own,
        contact: &Contact,
        generation: &Generation,
        leaf_keys: &[Vec<u8>],
        theirs: &PairSecret,
        mac: &[u8],
    ) -> Result<(), Error> {
        let ours = contact.own_secret.as_ref().ok_or(seal::NotAuthentic)?;
        let said = Vouched {
            conversation: contact.conversation,
            number: generation.number,
            generation: generation.id,
            leaf_keys,
            from: (contact.line, contact.handset),
            to: (own.line, own.handset),
        };
        Ok(vouched(mac, &said, theirs, ours, &generation.token)?)
    }

    /// Our side of the vouching in a generation that we joined or founded; none if there is nothing to say yet.
    pub(crate) fn own_vouch(
        &mut self,
        own: &Own,
        contact: &Contact,
        generation: &Generation,
    ) -> Result<Option<Pairing>, Error> {
        let leaf_keys = group(self.groups, &self.mls, generation.id)?.leaf_keys();
        match self.own_mac(own, contact, generation, &leaf_keys)? {
            None => Ok(None),
            mac => own_pairing(contact, mac).map(Some),
        }
    }

    /// The contact's handset vouched for its leaf key in a generation.
    pub(crate) fn vouch_arrived(
        &mut self,
        generation: &Generation,
        pairing: &Pairing,
        intake: &IntakeAddress,
        name: &str,
    ) -> Result<(), Error> {
        let own = self.own()?;
        let contact = Contact::by_id(self.db, generation.contact)?;
        let mac = pairing.mac.as_ref().ok_or(seal::NotAuthentic)?;
        let secret = Own::kem(self.db)?.decapsulate(&pairing.encapsulated)?;
        let leaf_keys = group(self.groups, &self.mls, generation.id)?.leaf_keys();
        self.check_mac(&own, &contact, generation, &leaf_keys, &secret, mac)?;
        crate::claim::check_name(name)?;
        // A secret that we did not know when we vouched (they had forgotten us, say): our MAC did not hold for them.
        let known = generation.peer_secret.as_ref().or(contact.peer_secret.as_ref());
        let renewed = known.is_none_or(|known| !same_bytes(known.as_bytes(), secret.as_bytes()));
        self.learn(contact.id, &secret, intake, name)?;
        self.card_used(&generation.token, &contact, name)?;
        self.run(
            "UPDATE generation SET vouched = 1, trusted = 1, vouch_due = max(vouch_due, ?2, 1 - vouch_said),
                peer_secret = CASE WHEN peer_secret IS NULL THEN NULL ELSE ?3 END WHERE id = ?1",
            params![generation.id.as_bytes(), renewed, secret.as_bytes()],
        )?;
        if renewed {
            // What we said before they could know that it was us may count for nothing with them: told how much it was,
            // they ask for what they miss. Said again unasked, it would come to stand after their answers.
            self.run("UPDATE contact SET status_due = 1 WHERE id = ?1", [contact.id])?;
        }
        self.distrust(contact.id)?;
        let said: u64 =
            self.row("SELECT said FROM generation WHERE id = ?1", [generation.id.as_bytes()], |row| row.get(0))?;
        if said > 0 {
            self.known_to_exist(contact.id, contact.handset, said)?;
            self.run("UPDATE contact SET status_due = 1 WHERE id = ?1", [contact.id])?;
        }
        self.run("UPDATE message SET doubtful = 0 WHERE generation = ?1", [generation.id.as_bytes()])?;
        self.pinned(&contact)?;
        self.settle(contact.id)?;
        if generation.trusted { Ok(()) } else { self.catch_up(&contact, generation.number) }
    }

    /// A contact that is behind (restored from a backup, say) has founded anew: found one that counts for both.
    pub(crate) fn catch_up(&mut self, contact: &Contact, number: u64) -> Result<(), Error> {
        let newest = self.next_generation_number(contact)? - 1;
        // One that we founded since is on its way to them.
        let goes_on: bool = self.row(
            "SELECT EXISTS (SELECT 1 FROM generation WHERE contact = ?1 AND current = 1 AND founder = 1 AND lost = 0
                AND number > ?2)",
            params![contact.id, number],
            |row| row.get(0),
        )?;
        if number < newest && !goes_on { self.refound_soon(contact.id) } else { Ok(()) }
    }

    /// Now that the contact's own handset has vouched, generations that others may have founded in its name no longer
    /// count, and what was said there is not shown, until it vouches for them too. What it really said there counts as
    /// not received, and is asked for again.
    fn distrust(&mut self, contact: i64) -> Result<(), Error> {
        let doubtful = self.run(
            "UPDATE generation SET trusted = 0, current = 0, retired_at = ?2
             WHERE contact = ?1 AND founder = 0 AND vouched = 0 AND trusted = 1",
            params![contact, self.now.as_millis()],
        )?;
        if doubtful > 0 {
            self.run(
                "UPDATE message SET doubtful = 1 WHERE contact = ?1 AND mine = 0 AND generation IN
                    (SELECT id FROM generation WHERE contact = ?1 AND trusted = 0 AND vouched = 0)",
                [contact],
            )?;
            self.run("DELETE FROM heard WHERE contact = ?1", [contact])?;
            self.run("DELETE FROM heard_beyond WHERE contact = ?1", [contact])?;
            // Nor is it sure who received what we said there.
            self.run(
                "UPDATE message SET state = 'waiting', flight_generation = NULL
                 WHERE contact = ?1 AND mine = 1 AND generation IN
                    (SELECT id FROM generation WHERE contact = ?1 AND trusted = 0 AND vouched = 0)
                    AND NOT EXISTS (SELECT 1 FROM flight WHERE flight.message = message.row)",
                [contact],
            )?;
        }
        Ok(())
    }

    /// The contact is who the card said.
    pub(crate) fn pinned(&mut self, contact: &Contact) -> Result<(), Error> {
        self.run(
            "UPDATE contact SET verified = CASE verified WHEN 'unverified' THEN 'card' ELSE verified END,
                state = CASE state WHEN 'blocked' THEN state ELSE 'open' END, refound_tries = 0 WHERE id = ?1",
            [contact.id],
        )?;
        self.event(Event::Changed { person: contact.person.clone() });
        Ok(())
    }
}

fn own_pairing(contact: &Contact, mac: Option<[u8; 32]>) -> Result<Pairing, Error> {
    let encapsulated = contact.own_encapsulated.clone().ok_or(Error::Corrupt("pairing"))?;
    Ok(Pairing { encapsulated: ByteBuf::from(encapsulated), mac: mac.map(ByteBuf::from) })
}

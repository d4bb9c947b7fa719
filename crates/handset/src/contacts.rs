//! Contacts: who they are, what holds between us, and what a principal does with them.

use database::rusqlite::{Connection, OptionalExtension as _, Row, params};
use protocol::documents::{HandsetList, SigningPublic};
use protocol::expiry::Term;
use protocol::frames::Deed;
use protocol::intake::IntakeAddress;
use protocol::{ConversationId, HandsetId, LineId, LookupId, MailboxId, Timestamp, Token, decode, encode, limits};
use seal::{IntakeKeys, PairSecret, draw_token, safety_words, sha256, tete_a_tete, verify_handset_list};
use serde_bytes::ByteBuf;

use crate::claim::check_name;
use crate::context::Work;
use crate::deeds::Concern;
use crate::engine::{Event, Handset};
use crate::error::Error;
use crate::expiry;
use crate::own::Own;
use crate::silence::{Silence, Ways, silence};

/// Key packages that a standing intake keeps ready, beside the last-resort one.
const STANDING_SLOTS: usize = 2;

/// How sure it is that a contact is who they say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verified {
    /// Their handset has not vouched yet.
    Unverified,
    /// Pinned when the card was taken up.
    Card,
    /// Safety words compared.
    InPerson,
}

impl Verified {
    /// As shown and stored.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Unverified => "unverified",
            Self::Card => "card",
            Self::InPerson => "in person",
        }
    }

    pub(crate) fn parse(text: &str) -> Option<Self> {
        [Self::Unverified, Self::Card, Self::InPerson].into_iter().find(|v| v.as_str() == text)
    }
}

/// How things stand with a contact.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ContactState {
    /// They have our request and have not admitted it yet.
    Asked,
    /// Open both ways.
    Open,
    /// Their office turned our introduction away: the card was not good any more when it arrived there.
    Refused,
    /// Blocked by us.
    Blocked,
}

impl ContactState {
    /// As shown and stored.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Asked => "asked",
            Self::Open => "open",
            Self::Refused => "refused",
            Self::Blocked => "blocked",
        }
    }

    pub(crate) fn parse(text: &str) -> Option<Self> {
        [Self::Asked, Self::Open, Self::Refused, Self::Blocked].into_iter().find(|v| v.as_str() == text)
    }
}

/// A contact as it is shown.
#[derive(Debug, Clone)]
pub struct PersonView {
    /// Their number here, which never names anybody else.
    pub id: i64,
    /// The name here; serves wherever a person is named.
    pub person: String,
    /// The name that they gave themselves.
    pub name: String,
    /// Their line.
    pub line: LineId,
    /// How sure it is that it is them.
    pub verified: Verified,
    /// Ten words to compare.
    pub safety_words: String,
    /// The card of ours that they took up.
    pub via_card: Option<String>,
    /// How things stand.
    pub state: ContactState,
    /// Since when.
    pub added_at: Timestamp,
    /// Texts of theirs that were not seen here.
    pub unseen: u64,
    /// How long texts stay after they were sent, as agreed.
    pub expiry: Term,
    /// What we proposed instead.
    pub expiry_asked: Option<Term>,
    /// What they proposed instead.
    pub expiry_proposed: Option<Term>,
    /// Where a word of theirs is due.
    pub silence: Option<Silence>,
}

/// A contact as the engine uses it.
pub(crate) struct Contact {
    pub(crate) id: i64,
    pub(crate) line: LineId,
    pub(crate) person: String,
    pub(crate) identity: SigningPublic,
    pub(crate) handsets: Vec<u8>,
    pub(crate) list_number: u64,
    pub(crate) successor: Vec<u8>,
    pub(crate) handset: HandsetId,
    pub(crate) conversation: ConversationId,
    pub(crate) state: ContactState,
    pub(crate) verified: Verified,
    pub(crate) own_encapsulated: Option<Vec<u8>>,
    pub(crate) own_secret: Option<PairSecret>,
    pub(crate) peer_secret: Option<PairSecret>,
    pub(crate) own_intake: Option<Token>,
    pub(crate) peer_intake: Option<IntakeAddress>,
}

/// Who somebody is, as verified from a bundle or an introduction.
pub(crate) struct Identified {
    pub(crate) name: String,
    pub(crate) identity: SigningPublic,
    pub(crate) signed: Vec<u8>,
    pub(crate) list: HandsetList,
    pub(crate) handset: HandsetId,
}

impl Identified {
    /// Checks that the list is the line's own and that the handset is on it.
    pub(crate) fn check(
        name: String,
        identity: SigningPublic,
        signed: ByteBuf,
        handset: HandsetId,
    ) -> Result<Self, Error> {
        check_name(&name)?;
        let list = verify_handset_list(&signed, &identity)?;
        if !list.handsets.iter().any(|entry| entry.handset == handset) {
            return Err(seal::NotAuthentic.into());
        }
        Ok(Self { name, identity, signed: signed.into_vec(), list, handset })
    }

    /// The KEM key of the handset.
    pub(crate) fn kem(&self) -> Result<&[u8], Error> {
        kem_of(&self.list, self.handset)
    }
}

fn kem_of(list: &HandsetList, handset: HandsetId) -> Result<&[u8], Error> {
    let entry = list.handsets.iter().find(|entry| entry.handset == handset).ok_or(seal::NotAuthentic)?;
    Ok(&entry.kem)
}

/// Whom of these somebody means by a name, whole or its beginning.
pub(crate) fn meant(people: &[(i64, String)], person: &str) -> Result<i64, Error> {
    let wanted = person.trim().to_lowercase();
    let same: Vec<_> = people.iter().filter(|(_, name)| name.to_lowercase() == wanted).collect();
    let begun: Vec<_> = people.iter().filter(|(_, name)| name.to_lowercase().starts_with(&wanted)).collect();
    match (same.as_slice(), begun.as_slice()) {
        _ if wanted.is_empty() => Err(Error::UnknownPerson(person.to_owned())),
        ([(id, _)], _) | ([], [(id, _)]) => Ok(*id),
        ([], []) => Err(Error::UnknownPerson(person.to_owned())),
        _ => Err(Error::AmbiguousPerson(person.to_owned())),
    }
}

impl Contact {
    const COLUMNS: &str = "id, line, person, identity, handsets, list_number, successor, handset, conversation, state,
        verified, own_encapsulated, own_secret, peer_secret, own_intake, peer_intake, peer_token";

    pub(crate) fn by_id(db: &Connection, id: i64) -> Result<Self, Error> {
        Self::one(db, "id = ?1", id)?.ok_or(Error::Corrupt("contact"))
    }

    pub(crate) fn by_line(db: &Connection, line: LineId) -> Result<Option<Self>, Error> {
        Self::one(db, "line = ?1", line.as_bytes())
    }

    /// Whom a person means: the name as shown, in any case; a line's id; or the beginning of just one name.
    pub(crate) fn named(db: &Connection, person: &str) -> Result<Self, Error> {
        // First, lest somebody be called as another's line is.
        if let Ok(line) = person.parse::<LineId>()
            && let Some(contact) = Self::by_line(db, line)?
        {
            return Ok(contact);
        }
        if let Some(contact) = Self::one(db, "person = ?1", person)? {
            return Ok(contact);
        }
        let mut people = db.prepare("SELECT id, person FROM contact ORDER BY id")?;
        let people: Vec<(i64, String)> =
            people.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect::<Result<_, _>>()?;
        Self::by_id(db, meant(&people, person)?)
    }

    fn one(db: &Connection, which: &str, value: impl database::rusqlite::ToSql) -> Result<Option<Self>, Error> {
        db.prepare_cached(&format!("SELECT {} FROM contact WHERE {which}", Self::COLUMNS))?
            .query_row([value], |row| Ok(Self::read(row)))
            .optional()?
            .transpose()
    }

    fn read(row: &Row<'_>) -> Result<Self, Error> {
        let secret = |bytes: Option<Vec<u8>>| {
            bytes.map(|b| b.try_into().map(PairSecret::from_bytes).map_err(|_| Error::Corrupt("secret"))).transpose()
        };
        let token =
            |bytes: Option<Vec<u8>>| bytes.map(|b| Token::from_slice(&b).ok_or(Error::Corrupt("token"))).transpose();
        let peer_intake = match (row.get::<_, Option<String>>(15)?, token(row.get(16)?)?) {
            (Some(address), Some(token)) => {
                Some(IntakeAddress { address: address.parse().map_err(|_| Error::Corrupt("address"))?, token })
            }
            _ => None,
        };
        Ok(Self {
            id: row.get(0)?,
            line: LineId::from_slice(&row.get::<_, Vec<u8>>(1)?).ok_or(Error::Corrupt("line"))?,
            person: row.get(2)?,
            identity: decode(&row.get::<_, Vec<u8>>(3)?, limits::SLOT_BYTES).map_err(|_| Error::Corrupt("identity"))?,
            handsets: row.get(4)?,
            list_number: row.get(5)?,
            successor: row.get(6)?,
            handset: HandsetId::from_slice(&row.get::<_, Vec<u8>>(7)?).ok_or(Error::Corrupt("handset"))?,
            conversation: ConversationId::from_slice(&row.get::<_, Vec<u8>>(8)?)
                .ok_or(Error::Corrupt("conversation"))?,
            state: ContactState::parse(&row.get::<_, String>(9)?).ok_or(Error::Corrupt("state"))?,
            verified: Verified::parse(&row.get::<_, String>(10)?).ok_or(Error::Corrupt("verified"))?,
            own_encapsulated: row.get(11)?,
            own_secret: secret(row.get(12)?)?,
            peer_secret: secret(row.get(13)?)?,
            own_intake: token(row.get(14)?)?,
            peer_intake,
        })
    }

    /// The KEM key of the handset spoken with.
    pub(crate) fn kem(&self) -> Result<Vec<u8>, Error> {
        let list = verify_handset_list(&self.handsets, &self.identity)?;
        Ok(kem_of(&list, self.handset)?.to_vec())
    }
}

impl Work<'_> {
    /// Makes somebody a contact, with a pairing secret for their handset ready.
    pub(crate) fn add_contact(
        &mut self,
        own: &Own,
        who: &Identified,
        petname: Option<&str>,
        state: ContactState,
        verified: Verified,
        via_card: Option<&str>,
    ) -> Result<i64, Error> {
        let person = self.free_name(petname.unwrap_or(&who.name))?;
        let (encapsulated, secret) = seal::KemKey::encapsulate(who.kem()?, self.rng)?;
        let id: i64 = self.row("UPDATE own SET contacts = contacts + 1 RETURNING contacts", [], |row| row.get(0))?;
        self.run(
            "INSERT INTO contact (id, line, person, name, identity, handsets, list_number, successor, handset,
                conversation, state, verified, via_card, safety_words, own_encapsulated, own_secret, added_at)
             VALUES (?17, ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?16, ?11, ?12, ?13, ?14, ?15)",
            params![
                who.list.line.as_bytes(),
                person,
                who.name,
                encode(&who.identity),
                who.signed,
                who.list.number,
                who.list.successor.as_slice(),
                who.handset.as_bytes(),
                tete_a_tete(&own.line, &who.list.line).as_bytes(),
                state.as_str(),
                via_card,
                safety_words(&own.line, &who.list.line).join(" "),
                encapsulated,
                secret.as_bytes(),
                self.now.as_millis(),
                verified.as_str(),
                id,
            ],
        )?;
        self.run(
            "UPDATE contact SET next_number = coalesce((SELECT next_number FROM forgotten WHERE line_hash = ?2), 1)
             WHERE id = ?1",
            params![id, sha256(who.list.line.as_bytes())],
        )?;
        self.run(
            "INSERT INTO heard (contact, handset, through, known)
             SELECT ?1, ?3, heard_through, heard_through FROM forgotten WHERE line_hash = ?2 AND handset = ?4",
            params![id, sha256(who.list.line.as_bytes()), who.handset.as_bytes(), sha256(who.handset.as_bytes())],
        )?;
        self.recall_expiry(id, who.list.line)?;
        Ok(id)
    }

    /// Our standing intake for a contact, put up if it is not there yet.
    pub(crate) fn standing_intake(&mut self, own: &Own, contact: &Contact) -> Result<IntakeAddress, Error> {
        if let Some(token) = &contact.own_intake {
            return Ok(IntakeAddress { address: own.switchboard.clone(), token: token.clone() });
        }
        let token = draw_token(self.rng);
        self.put_up_standing(own, contact.id, &token)?;
        self.run("UPDATE contact SET own_intake = ?2 WHERE id = ?1", params![contact.id, token.as_bytes()])?;
        Ok(IntakeAddress { address: own.switchboard.clone(), token })
    }

    pub(crate) fn put_up_standing(&mut self, own: &Own, contact: i64, token: &Token) -> Result<(), Error> {
        let keys = IntakeKeys::of(token);
        self.keep_intake(&keys, token, None, Some(contact))?;
        let mut slots = (0..STANDING_SLOTS).map(|_| self.new_slot(own, &keys, false)).collect::<Result<Vec<_>, _>>()?;
        slots.push(self.new_slot(own, &keys, true)?);
        let bundle = self.bundle(own, &keys, false)?;
        let lookup = keys.lookup();
        self.deed(Deed::OpenIntake { lookup, bundle, slots, expires_at: None, last_resort: true }, Concern::default())
    }

    /// A name that nobody has here yet.
    pub(crate) fn free_name(&self, wanted: &str) -> Result<String, Error> {
        let wanted = wanted.trim();
        check_name(wanted)?;
        // Whoever wrote a text oneself is called "me".
        let mut taken = self.db.prepare_cached(
            "SELECT lower(?1) = 'me' OR EXISTS (SELECT 1 FROM contact WHERE lower(person) = lower(?1)
                UNION ALL SELECT 1 FROM request WHERE lower(person) = lower(?1))",
        )?;
        let mut name = wanted.to_owned();
        for again in 2.. {
            if !taken.query_row([&name], |row| row.get::<_, bool>(0))? {
                break;
            }
            name = format!("{wanted} ({again})");
        }
        Ok(name)
    }

    /// What a removed contact's generations had come to; 0 for one never met.
    pub(crate) fn forgotten_number(&self, line: LineId) -> Result<u64, Error> {
        let hash = sha256(line.as_bytes());
        Ok(self
            .row("SELECT number FROM forgotten WHERE line_hash = ?1", [hash], |row| row.get(0))
            .optional()?
            .unwrap_or(0))
    }

    /// Closes every way in that a contact has: mailboxes and standing intake.
    fn shut(&mut self, contact: &Contact) -> Result<(), Error> {
        let mut mailboxes = self.db.prepare_cached("SELECT mailbox FROM generation WHERE contact = ?1")?;
        let mailboxes: Vec<Vec<u8>> = mailboxes.query_map([contact.id], |row| row.get(0))?.collect::<Result<_, _>>()?;
        for mailbox in mailboxes {
            let mailbox = MailboxId::from_slice(&mailbox).ok_or(Error::Corrupt("mailbox"))?;
            self.deed(Deed::CloseMailbox { mailbox }, Concern::default())?;
        }
        if let Some(token) = &contact.own_intake {
            let lookup: LookupId = IntakeKeys::of(token).lookup();
            self.run("DELETE FROM intake WHERE lookup = ?1", [lookup.as_bytes()])?;
            self.run("UPDATE contact SET own_intake = NULL WHERE id = ?1", [contact.id])?;
            self.deed(Deed::RevokeIntake { lookup }, Concern::default())?;
        }
        Ok(())
    }

    /// Keeps what the numbers with a contact have come to, so that they go on from there when its generations are gone.
    /// Contents that nobody vouched for do not count as received: somebody else may have said them.
    pub(crate) fn remember_numbers(&mut self, contact: &Contact) -> Result<(), Error> {
        self.run(
            "INSERT OR REPLACE INTO forgotten (line_hash, handset, number, next_number, heard_through)
             SELECT ?2, ?4,
                max(?3, coalesce((SELECT max(number) FROM generation WHERE contact = ?1), 0)),
                next_number,
                CASE verified WHEN 'unverified' THEN 0 ELSE
                    coalesce((SELECT through FROM heard WHERE contact = ?1 AND heard.handset = contact.handset), 0) END
             FROM contact WHERE id = ?1",
            params![
                contact.id,
                sha256(contact.line.as_bytes()),
                self.forgotten_number(contact.line)?,
                sha256(contact.handset.as_bytes())
            ],
        )?;
        self.remember_expiry(contact)
    }

    fn drop_generations(&mut self, contact: i64) -> Result<(), Error> {
        for generation in self.generations_of(contact)? {
            self.groups.remove(&generation);
            self.mls.delete(&generation)?;
        }
        self.run("DELETE FROM flight WHERE contact = ?1", [contact])?;
        self.run("DELETE FROM held WHERE mailbox IN (SELECT mailbox FROM generation WHERE contact = ?1)", [contact])?;
        self.run("DELETE FROM generation WHERE contact = ?1", [contact])?;
        Ok(())
    }
}

impl Handset {
    /// All contacts, by name.
    ///
    /// # Errors
    /// If the database fails.
    pub fn people(&self) -> Result<Vec<PersonView>, Error> {
        let mut ids = self.db().prepare("SELECT id FROM contact ORDER BY person COLLATE NOCASE")?;
        let ids: Vec<i64> = ids.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
        ids.into_iter().map(|id| self.view(id)).collect()
    }

    /// One contact.
    ///
    /// # Errors
    /// If nobody, or more than one, is called so.
    pub fn person(&self, person: &str) -> Result<PersonView, Error> {
        self.view(Contact::named(self.db(), person)?.id)
    }

    pub(crate) fn view(&self, id: i64) -> Result<PersonView, Error> {
        view(self.db(), &self.session.ways, id)
    }

    /// Notes that safety words were compared in person. They are those of the lines: that the handset at the other end is
    /// their line's shows in its vouching, without which nobody is verified.
    ///
    /// # Errors
    /// If nobody is called so, or their handset has not vouched.
    pub fn verify_person(&mut self, now: Timestamp, person: &str) -> Result<PersonView, Error> {
        let id = self.transact(now, |work| {
            let contact = Contact::named(work.db, person)?;
            if contact.verified == Verified::Unverified {
                return Err(Error::NotVouched(contact.person));
            }
            work.run("UPDATE contact SET verified = 'in person' WHERE id = ?1", [contact.id])?;
            Ok(contact.id)
        })?;
        self.view(id)
    }

    /// Calls a contact by another name here.
    ///
    /// # Errors
    /// If nobody is called so, or somebody has the new name.
    pub fn rename_person(&mut self, now: Timestamp, person: &str, to: &str) -> Result<PersonView, Error> {
        let id = self.transact(now, |work| {
            let contact = Contact::named(work.db, person)?;
            let to = to.trim();
            if !to.eq_ignore_ascii_case(&contact.person) && work.free_name(to)? != to {
                return Err(Error::NameTaken(to.to_owned()));
            }
            check_name(to)?;
            work.run("UPDATE contact SET person = ?2 WHERE id = ?1", params![contact.id, to])?;
            work.event(Event::Changed { person: to.to_owned() });
            Ok(contact.id)
        })?;
        self.view(id)
    }

    /// Blocks a contact: nothing of theirs arrives any more, and for them this handset looks off.
    ///
    /// # Errors
    /// If nobody is called so.
    pub fn block_person(&mut self, now: Timestamp, person: &str) -> Result<PersonView, Error> {
        let id = self.transact(now, |work| {
            let contact = Contact::named(work.db, person)?;
            work.shut(&contact)?;
            work.remember_numbers(&contact)?;
            work.fetch_no_files_of(contact.id)?;
            work.drop_generations(contact.id)?;
            work.run("UPDATE contact SET state = 'blocked', refound_at = NULL WHERE id = ?1", [contact.id])?;
            Ok(contact.id)
        })?;
        self.view(id)
    }

    /// Lets a blocked contact in again: the conversation is founded anew.
    ///
    /// # Errors
    /// If nobody is called so.
    pub fn unblock_person(&mut self, now: Timestamp, person: &str) -> Result<PersonView, Error> {
        let id = self.transact(now, |work| {
            let contact = Contact::named(work.db, person)?;
            work.run(
                "UPDATE contact SET state = 'open', refound_at = ?2, refound_tries = 0 WHERE id = ?1 AND state = 'blocked'",
                params![contact.id, now.as_millis()],
            )?;
            work.pump()?;
            Ok(contact.id)
        })?;
        self.view(id)
    }

    /// Removes a contact with all that was said.
    ///
    /// # Errors
    /// If nobody is called so.
    pub fn remove_person(&mut self, now: Timestamp, person: &str) -> Result<(), Error> {
        self.transact(now, |work| {
            let contact = Contact::named(work.db, person)?;
            work.shut(&contact)?;
            work.remember_numbers(&contact)?;
            work.forget_files_with(contact.id)?;
            work.drop_generations(contact.id)?;
            work.unindex("contact = ?1", contact.id)?;
            *work.erased = true;
            work.run("DELETE FROM contact WHERE id = ?1", [contact.id])?;
            Ok(())
        })
    }
}

fn view(db: &Connection, ways: &Ways, id: i64) -> Result<PersonView, Error> {
    let contact = Contact::by_id(db, id)?;
    let (name, safety_words, via_card, added_at, unseen) = db.query_row(
        "SELECT name, safety_words, via_card, added_at,
            (SELECT count(*) FROM message WHERE contact = ?1 AND mine = 0 AND state <> 'seen'
                AND kind = 'text' AND gone = 0 AND doubtful = 0)
         FROM contact WHERE id = ?1",
        [id],
        |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?)),
    )?;
    let (expiry, expiry_asked, expiry_proposed) = expiry::view(db, id)?;
    Ok(PersonView {
        id,
        person: contact.person,
        name,
        line: contact.line,
        verified: contact.verified,
        safety_words,
        via_card,
        state: contact.state,
        added_at: Timestamp::from_millis(added_at),
        unseen,
        expiry,
        expiry_asked,
        expiry_proposed,
        silence: silence(db, ways, id)?,
    })
}

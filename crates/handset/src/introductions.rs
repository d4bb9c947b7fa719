//! Introductions that arrive: somebody used one of our intakes.

use database::rusqlite::{OptionalExtension as _, params};
use protocol::frames::Deed;
use protocol::intake::Introduction;
use protocol::{LookupId, MailboxId, SwitchboardAddress, Token, decode, limits};
use seal::{IntakeKeys, tete_a_tete};

use crate::contacts::{Contact, ContactState, Identified, Verified};
use crate::context::Work;
use crate::deeds::Concern;
use crate::engine::Event;
use crate::error::{Error, Fault};
use crate::own::Own;

/// More generations than a conversation can ever have had: a number beyond is made up.
const GENERATIONS: u64 = 1 << 32;

/// An intake of ours that was used.
struct Used {
    token: Token,
    card: Option<String>,
    contact: Option<i64>,
    /// The principal is to be asked: as the card was made, or since it was taken back before this arrived.
    ask: bool,
}

impl Work<'_> {
    /// Takes an introduction from the stream.
    pub(crate) fn introduced(
        &mut self,
        lookup: LookupId,
        mailbox: MailboxId,
        from: &SwitchboardAddress,
        sealed: &[u8],
    ) -> Result<(), Error> {
        let own = self.own()?;
        let Some(used) = self.intake_used(lookup)? else { return Ok(()) };
        let keys = IntakeKeys::of(&used.token);
        // The switchboard has spent the slot, whatever was in it.
        let last_resort = self.use_slot(&own, &keys, mailbox, used.contact)?;
        match self.attempt(|work| work.introduce(&own, &used, &keys, (lookup, mailbox), from, sealed)) {
            Err(error) if error.fault() == Fault::Fatal => Err(error),
            // Nobody will ever speak there, unless somebody does already, or it is of last resort.
            Err(_) if !last_resort && !self.is_used(mailbox)? => {
                let reference: Option<Vec<u8>> = self
                    .row("SELECT key_package FROM slot WHERE mailbox = ?1", [mailbox.as_bytes()], |row| row.get(0))
                    .optional()?;
                reference.map(|reference| self.mls.forget_key_package(&reference)).transpose()?;
                self.deed(Deed::CloseMailbox { mailbox }, Concern::default())
            }
            Err(_) | Ok(()) => Ok(()),
        }
    }

    fn is_used(&self, mailbox: MailboxId) -> Result<bool, Error> {
        Ok(self.row(
            "SELECT EXISTS (SELECT 1 FROM generation WHERE mailbox = ?1 UNION ALL SELECT 1 FROM request WHERE mailbox = ?1)",
            [mailbox.as_bytes()],
            |row| row.get(0),
        )?)
    }

    fn introduce(
        &mut self,
        own: &Own,
        used: &Used,
        keys: &IntakeKeys,
        (lookup, mailbox): (LookupId, MailboxId),
        from: &SwitchboardAddress,
        sealed: &[u8],
    ) -> Result<(), Error> {
        let introduction = keys.open_introduction(&Own::kem(self.db)?, sealed)?;
        let introduction: Introduction = decode(&introduction, limits::ENVELOPE_BYTES)?;
        // The mailbox is bound to the switchboard that it came from: that one must be the sequencer.
        if introduction.sequencer != *from {
            return Err(seal::NotAuthentic.into());
        }
        let who = identify(own, &introduction)?;
        let known = Contact::by_line(self.db, who.list.line)?;
        match known {
            // A standing intake is for one contact only.
            _ if used.contact.is_some() && used.contact != known.as_ref().map(|c| c.id) => {
                Err(seal::NotAuthentic.into())
            }
            Some(contact) => {
                self.introduced_again(own, &contact, &who, &introduction, &used.token, mailbox)?;
                let vouched = self.generation(introduction.generation)?.is_some_and(|generation| generation.vouched);
                // Whom we told of the standing intake, we told our secret with it: whoever has the one and not the other
                // is not the contact, but somebody whom we took for them once.
                let has_secret = contact.peer_secret.is_some() && contact.handset == who.handset;
                if used.contact.is_some() && has_secret && !vouched { Err(seal::NotAuthentic.into()) } else { Ok(()) }
            }
            None if used.ask => self.keep_request(&who, used, lookup, mailbox, from, &introduction),
            None => self.admit(own, &who, &introduction, &used.token, mailbox, used.card.as_deref(), None).map(|_| ()),
        }
    }

    /// Makes the founder of an introduction a contact and joins.
    #[expect(clippy::too_many_arguments, reason = "an introduction and where it came from")]
    pub(crate) fn admit(
        &mut self,
        own: &Own,
        who: &Identified,
        introduction: &Introduction,
        token: &Token,
        mailbox: MailboxId,
        card: Option<&str>,
        petname: Option<&str>,
    ) -> Result<String, Error> {
        let asked = self.take_requests(who.list.line)?;
        let id = self.add_contact(own, who, petname, ContactState::Open, Verified::Unverified, card)?;
        let contact = Contact::by_id(self.db, id)?;
        self.join(own, &contact, introduction, token, mailbox, false)?;
        self.join_requested(own, id, &asked)?;
        self.event(Event::ContactAdded { person: contact.person.clone(), redemption: None });
        Ok(contact.person)
    }

    /// A contact founds the conversation again, or crossed or repeated a card.
    pub(crate) fn introduced_again(
        &mut self,
        own: &Own,
        contact: &Contact,
        who: &Identified,
        introduction: &Introduction,
        token: &Token,
        mailbox: MailboxId,
    ) -> Result<(), Error> {
        if contact.state == ContactState::Blocked {
            return self.deed(Deed::CloseMailbox { mailbox }, Concern::default());
        }
        self.renew_handsets(contact, who)?;
        let contact = Contact::by_id(self.db, contact.id)?;
        self.join(own, &contact, introduction, token, mailbox, true)?;
        // Until somebody has vouched for it, this may be anybody.
        let vouched = self.generation(introduction.generation)?.is_some_and(|generation| generation.vouched);
        if vouched { self.catch_up(&contact, introduction.number) } else { Ok(()) }
    }

    fn intake_used(&self, lookup: LookupId) -> Result<Option<Used>, Error> {
        self.row(
            "SELECT intake.token, intake.card, intake.contact, coalesce(max(card.ask, card.revoked), 0)
                 FROM intake LEFT JOIN card ON card.id = intake.card WHERE intake.lookup = ?1",
            [lookup.as_bytes()],
            |row| Ok((row.get::<_, Vec<u8>>(0)?, row.get(1)?, row.get(2)?, row.get(3)?)),
        )
        .optional()?
        .map(|(token, card, contact, ask)| {
            let token = Token::from_slice(&token).ok_or(Error::Corrupt("token"))?;
            Ok(Used { token, card, contact, ask })
        })
        .transpose()
    }

    /// Notes that a slot is used, and says whether it is of last resort; a standing intake gets a new one for it.
    fn use_slot(
        &mut self,
        own: &Own,
        keys: &IntakeKeys,
        mailbox: MailboxId,
        contact: Option<i64>,
    ) -> Result<bool, Error> {
        let last_resort: Option<bool> = self
            .row(
                "UPDATE slot SET used = 1 WHERE mailbox = ?1 AND used = 0 RETURNING last_resort",
                [mailbox.as_bytes()],
                |row| row.get(0),
            )
            .optional()?;
        if contact.is_some() && last_resort.is_some() {
            let slot = self.new_slot(own, keys, false)?;
            self.deed(Deed::AddSlots { lookup: keys.lookup(), slots: vec![slot] }, Concern::default())?;
        }
        Ok(self
            .row("SELECT last_resort FROM slot WHERE mailbox = ?1", [mailbox.as_bytes()], |row| row.get(0))
            .optional()?
            .unwrap_or_default())
    }

    fn keep_request(
        &mut self,
        who: &Identified,
        used: &Used,
        lookup: LookupId,
        mailbox: MailboxId,
        from: &SwitchboardAddress,
        introduction: &Introduction,
    ) -> Result<(), Error> {
        let person = self.free_name(&who.name)?;
        self.run(
            "INSERT INTO request (person, line, card, lookup, mailbox, origin, introduction, made_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
            params![
                person,
                who.list.line.as_bytes(),
                used.card,
                lookup.as_bytes(),
                mailbox.as_bytes(),
                from.as_str(),
                protocol::encode(introduction),
                self.now.as_millis(),
            ],
        )?;
        self.event(Event::Requested(person));
        Ok(())
    }
}

/// Who founds, as far as an introduction alone can tell: the line's own signature on its handsets. That the handset is
/// theirs shows only in the MAC.
pub(crate) fn identify(own: &Own, introduction: &Introduction) -> Result<Identified, Error> {
    let who = Identified::check(
        introduction.name.clone(),
        introduction.identity.clone(),
        introduction.handsets.clone(),
        introduction.handset,
    )?;
    let ours = introduction.conversation == tete_a_tete(&own.line, &who.list.line)
        && (1..=GENERATIONS).contains(&introduction.number);
    if ours && who.list.line != own.line { Ok(who) } else { Err(seal::NotAuthentic.into()) }
}

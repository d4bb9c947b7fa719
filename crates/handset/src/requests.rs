//! Requests to become a contact, through cards that ask first.

use database::rusqlite::OptionalExtension as _;
use protocol::frames::Deed;
use protocol::intake::Introduction;
use protocol::{LineId, LookupId, MailboxId, Timestamp, Token, decode, limits};
use seal::IntakeKeys;

use crate::contacts::{Contact, PersonView, meant};
use crate::context::Work;
use crate::deeds::Concern;
use crate::engine::Handset;
use crate::error::{Error, Fault};
use crate::introductions::identify;
use crate::own::Own;

/// A request as it is shown.
#[derive(Debug, Clone)]
pub struct RequestView {
    /// The name they gave; serves to admit or refuse them.
    pub person: String,
    /// The line they say is theirs; not proven before they are admitted.
    pub line: LineId,
    /// The card they took up, by its id.
    pub via_card: String,
    /// When.
    pub made_at: Timestamp,
}

/// A request with all that came with it.
pub(crate) struct Request {
    id: i64,
    card: String,
    lookup: LookupId,
    mailbox: MailboxId,
    introduction: Introduction,
}

impl Handset {
    /// All requests, oldest first.
    ///
    /// # Errors
    /// If the database fails.
    pub fn requests(&self) -> Result<Vec<RequestView>, Error> {
        let mut all = self.db().prepare("SELECT person, line, card, made_at FROM request ORDER BY id")?;
        let rows = all.query_map([], |row| {
            Ok((row.get::<_, String>(0)?, row.get::<_, Vec<u8>>(1)?, row.get::<_, String>(2)?, row.get(3)?))
        })?;
        rows.map(|row| {
            let (person, line, via_card, made_at) = row?;
            let line = LineId::from_slice(&line).ok_or(Error::Corrupt("line"))?;
            Ok(RequestView { person, line, via_card, made_at: Timestamp::from_millis(made_at) })
        })
        .collect()
    }

    /// Admits somebody who asked.
    ///
    /// # Errors
    /// If nobody of that name asked.
    pub fn admit(&mut self, now: Timestamp, person: &str) -> Result<PersonView, Error> {
        let name = self.transact(now, |work| {
            let own = work.own()?;
            let request = work.request(person)?;
            let who = identify(&own, &request.introduction)?;
            let name = match Contact::by_line(work.db, who.list.line)? {
                // Became a contact by another card meanwhile.
                Some(contact) => {
                    let requests = work.take_requests(contact.line)?;
                    work.join_requested(&own, contact.id, &requests)?;
                    contact.person
                }
                None => {
                    let token = work.token_of(request.lookup)?.ok_or(Error::Corrupt("intake"))?;
                    work.run("DELETE FROM request WHERE id = ?1", [request.id])?;
                    let card = Some(request.card.as_str());
                    work.admit(&own, &who, &request.introduction, &token, request.mailbox, card, None)?
                }
            };
            work.pump()?;
            Ok(name)
        })?;
        self.person(&name)
    }

    /// Refuses somebody who asked, without their learning it; the card gets its use back.
    ///
    /// # Errors
    /// If nobody of that name asked.
    pub fn refuse(&mut self, now: Timestamp, person: &str) -> Result<(), Error> {
        self.transact(now, |work| {
            let own = work.own()?;
            let request = work.request(person)?;
            work.run("DELETE FROM request WHERE id = ?1", [request.id])?;
            work.run("DELETE FROM held WHERE mailbox = ?1", [request.mailbox.as_bytes()])?;
            work.run("DELETE FROM slot WHERE mailbox = ?1", [request.mailbox.as_bytes()])?;
            work.deed(Deed::CloseMailbox { mailbox: request.mailbox }, Concern::default())?;
            if let Some(token) = work.token_of(request.lookup)? {
                let slot = work.new_slot(&own, &IntakeKeys::of(&token), false)?;
                work.deed(Deed::AddSlots { lookup: request.lookup, slots: vec![slot] }, Concern::default())?;
            }
            Ok(())
        })
    }
}

impl Work<'_> {
    fn token_of(&self, lookup: LookupId) -> Result<Option<Token>, Error> {
        let token: Option<Vec<u8>> =
            self.row("SELECT token FROM intake WHERE lookup = ?1", [lookup.as_bytes()], |row| row.get(0)).optional()?;
        token.map(|t| Token::from_slice(&t).ok_or(Error::Corrupt("token"))).transpose()
    }

    /// Takes out what a line asked that becomes a contact in another way: its card was taken up, or it took up another.
    pub(crate) fn take_requests(&mut self, line: LineId) -> Result<Vec<Request>, Error> {
        let mut people = self.db.prepare_cached("SELECT person FROM request WHERE line = ?1 ORDER BY id")?;
        let people: Vec<String> = people.query_map([line.as_bytes()], |row| row.get(0))?.collect::<Result<_, _>>()?;
        let requests = people.iter().map(|person| self.request(person)).collect::<Result<Vec<_>, _>>()?;
        self.run("DELETE FROM request WHERE line = ?1", [line.as_bytes()])?;
        Ok(requests)
    }

    /// Joins what a contact had founded when it asked, so that both sides have the same to choose from.
    pub(crate) fn join_requested(&mut self, own: &Own, contact: i64, requests: &[Request]) -> Result<(), Error> {
        for Request { lookup, mailbox, introduction, .. } in requests {
            let joined = self.attempt(|work| {
                let contact = Contact::by_id(work.db, contact)?;
                let who = identify(own, introduction)?;
                let token = work.token_of(*lookup)?.ok_or(seal::NotAuthentic)?;
                work.introduced_again(own, &contact, &who, introduction, &token, *mailbox)
            });
            match joined {
                Err(error) if error.fault() == Fault::Fatal => return Err(error),
                Err(_) | Ok(()) => {}
            }
        }
        Ok(())
    }

    fn request(&self, person: &str) -> Result<Request, Error> {
        let mut people = self.db.prepare_cached("SELECT id, person FROM request ORDER BY id")?;
        let people: Vec<(i64, String)> =
            people.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect::<Result<_, _>>()?;
        let found = self
            .row(
                "SELECT id, card, lookup, mailbox, introduction FROM request WHERE id = ?1",
                [meant(&people, person)?],
                |row| {
                    Ok((
                        row.get(0)?,
                        row.get(1)?,
                        row.get::<_, Vec<u8>>(2)?,
                        row.get::<_, Vec<u8>>(3)?,
                        row.get::<_, Vec<u8>>(4)?,
                    ))
                },
            )
            .optional()?;
        let (id, card, lookup, mailbox, introduction) = found.ok_or_else(|| Error::UnknownPerson(person.to_owned()))?;
        Ok(Request {
            id,
            card,
            lookup: LookupId::from_slice(&lookup).ok_or(Error::Corrupt("lookup"))?,
            mailbox: MailboxId::from_slice(&mailbox).ok_or(Error::Corrupt("mailbox"))?,
            introduction: decode(&introduction, limits::ENVELOPE_BYTES).map_err(|_| Error::Corrupt("introduction"))?,
        })
    }
}

//! Taking up a card: fetch a slot through our own switchboard, check who stands behind it, found the conversation.

use std::str::FromStr as _;
use std::time::Duration;

use database::rusqlite::{OptionalExtension as _, params};
use protocol::card::CardText;
use protocol::frames::{Answer, FetchedSlot, Question};
use protocol::intake::{Bundle, IntakeAddress, Slot};
use protocol::{Fingerprint, LookupId, Refusal, ReservationId, SwitchboardAddress, Timestamp, Token, decode, limits};
use seal::{IntakeKeys, token_of_words};

use crate::claim::check_name;
use crate::contacts::{Contact, ContactState, Identified, Verified};
use crate::context::Work;
use crate::engine::{Event, Handset};
use crate::error::Error;
use crate::generations::OpenSlot;
use crate::session::Asked;

/// How long a reservation may hold a slot at the most: beyond it nothing is gained by asking with the same one.
const RESERVED: Duration = Duration::from_secs(24 * 60 * 60);

/// How far taking up a card is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Accepting {
    /// This very card was taken up before: its issuer is this person.
    Known(String),
    /// Under way; ends in [`Event::ContactAdded`] or [`Event::AcceptRefused`] with this number.
    UnderWay(i64),
}

struct Redemption {
    token: Token,
    address: SwitchboardAddress,
    fingerprint: Option<Fingerprint>,
    petname: Option<String>,
    reservation: ReservationId,
}

impl Handset {
    /// Takes up a card, given as a link or as an address with eight words; `petname` is what its issuer is to be called
    /// here.
    ///
    /// # Errors
    /// If it is no card, or one's own.
    pub fn accept(&mut self, now: Timestamp, card: &str, petname: Option<&str>) -> Result<Accepting, Error> {
        self.transact(now, |work| {
            let own = work.own()?;
            petname.map(check_name).transpose()?;
            let (address, token, fingerprint) = match CardText::from_str(card)? {
                CardText::Link(link) => (link.address, link.token, Some(link.fingerprint)),
                CardText::Words { address, words } => {
                    let token = token_of_words(&words, &address)?;
                    (address, token, None)
                }
            };
            let lookup = IntakeKeys::of(&token).lookup();
            let ours: bool =
                work.row("SELECT EXISTS (SELECT 1 FROM intake WHERE lookup = ?1)", [lookup.as_bytes()], |row| {
                    row.get(0)
                })?;
            if ours || fingerprint == Some(own.line.into()) {
                return Err(Error::OwnCard);
            }
            let known: Option<String> = work
                .row(
                    "SELECT person FROM contact JOIN generation ON generation.contact = contact.id
                     WHERE founder = 1 AND token = ?1 AND state IN ('asked', 'open')",
                    [token.as_bytes()],
                    |row| row.get(0),
                )
                .optional()?;
            if let Some(person) = known {
                return Ok(Accepting::Known(person));
            }
            let reservation = work.reservation_for(&lookup)?;
            work.run(
                "INSERT INTO redemption (lookup, token, address, fingerprint, petname, reservation, made_at)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
                 ON CONFLICT (lookup) DO UPDATE SET petname = excluded.petname",
                params![
                    lookup.as_bytes(),
                    token.as_bytes(),
                    address.as_str(),
                    fingerprint.as_ref().map(|f| f.as_bytes().as_slice()),
                    petname,
                    reservation.as_bytes(),
                    work.now.as_millis(),
                ],
            )?;
            let id = work.row("SELECT id FROM redemption WHERE lookup = ?1", [lookup.as_bytes()], |row| row.get(0))?;
            work.pump()?;
            Ok(Accepting::UnderWay(id))
        })
    }

    /// Gives up taking up a card, as if it had never begun.
    ///
    /// # Errors
    /// If the database fails.
    pub fn forget_redemption(&mut self, now: Timestamp, redemption: i64) -> Result<(), Error> {
        self.transact(now, |work| {
            work.run("DELETE FROM redemption WHERE id = ?1", [redemption])?;
            Ok(())
        })
    }
}

impl Work<'_> {
    /// Asks for the slots of cards that are being taken up.
    pub(crate) fn ask_for_redemptions(&mut self) -> Result<(), Error> {
        let mut waiting = self.db.prepare_cached("SELECT id FROM redemption ORDER BY id")?;
        let waiting: Vec<i64> = waiting.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
        for id in waiting {
            if self.session.is_asking(&Asked::Redemption(id)) {
                continue;
            }
            if let Some(redemption) = self.redemption(id)? {
                let lookup = IntakeKeys::of(&redemption.token).lookup();
                let question =
                    Question::FetchSlot { at: redemption.address, lookup, reservation: redemption.reservation };
                self.ask(Asked::Redemption(id), question);
            }
        }
        Ok(())
    }

    /// The answer for a card that is being taken up. Every end but a contact leaves nothing behind.
    pub(crate) fn redemption_answered(&mut self, id: i64, answer: Result<Answer, Refusal>) -> Result<(), Error> {
        let Some(redemption) = self.redemption(id)? else { return Ok(()) };
        let is_held = answer.is_ok();
        let result = match answer {
            Ok(Answer::Slot(fetched)) => self.attempt(|work| work.redeem(&redemption, &fetched)),
            Ok(_) => Err(Error::PeerMisbehaved),
            Err(refusal) => Err(Error::Refused(refusal)),
        };
        match result {
            Ok(person) => {
                self.run("DELETE FROM redemption WHERE id = ?1", [id])?;
                let lookup = IntakeKeys::of(&redemption.token).lookup();
                self.run("DELETE FROM reserved WHERE lookup = ?1", [lookup.as_bytes()])?;
                self.event(Event::ContactAdded { person, redemption: Some(id) });
                Ok(())
            }
            Err(error) if error.fault() == crate::Fault::Fatal => Err(error),
            Err(error) => {
                self.run("DELETE FROM redemption WHERE id = ?1", [id])?;
                if is_held {
                    self.keep_reservation(&redemption)?;
                }
                self.event(Event::AcceptRefused {
                    redemption: id,
                    petname: redemption.petname,
                    code: error.code(),
                    sentence: error.to_string(),
                });
                Ok(())
            }
        }
    }

    /// The reservation to fetch a card's slot with: the one that holds it already, or a new one.
    fn reservation_for(&mut self, lookup: &LookupId) -> Result<ReservationId, Error> {
        let longest = u64::try_from(RESERVED.as_millis()).unwrap_or(u64::MAX);
        let lapsed = self.now.as_millis().saturating_sub(longest);
        self.run("DELETE FROM reserved WHERE made_at < ?1", [lapsed])?;
        let held: Option<Vec<u8>> = self
            .row("SELECT reservation FROM reserved WHERE lookup = ?1", [lookup.as_bytes()], |row| row.get(0))
            .optional()?;
        match held {
            Some(held) => ReservationId::from_slice(&held).ok_or(Error::Corrupt("reservation")),
            None => Ok(ReservationId::new(self.random())),
        }
    }

    /// Remembers a reservation that came to nothing here, or else it would stand in the way of the next attempt (the
    /// right link after a damaged one).
    fn keep_reservation(&mut self, redemption: &Redemption) -> Result<(), Error> {
        self.run(
            "INSERT OR REPLACE INTO reserved (lookup, reservation, made_at) VALUES (?1, ?2, ?3)",
            params![
                IntakeKeys::of(&redemption.token).lookup().as_bytes(),
                redemption.reservation.as_bytes(),
                self.now.as_millis()
            ],
        )?;
        Ok(())
    }

    fn redemption(&self, id: i64) -> Result<Option<Redemption>, Error> {
        self.row(
            "SELECT token, address, fingerprint, petname, reservation FROM redemption WHERE id = ?1",
            [id],
            |row| {
                Ok((
                    row.get::<_, Vec<u8>>(0)?,
                    row.get::<_, String>(1)?,
                    row.get::<_, Option<Vec<u8>>>(2)?,
                    row.get(3)?,
                    row.get::<_, Vec<u8>>(4)?,
                ))
            },
        )
        .optional()?
        .map(|(token, address, fingerprint, petname, reservation)| {
            Ok(Redemption {
                token: Token::from_slice(&token).ok_or(Error::Corrupt("token"))?,
                address: address.parse().map_err(|_| Error::Corrupt("address"))?,
                fingerprint: fingerprint
                    .map(|f| Fingerprint::from_slice(&f).ok_or(Error::Corrupt("fingerprint")))
                    .transpose()?,
                petname,
                reservation: ReservationId::from_slice(&reservation).ok_or(Error::Corrupt("reservation"))?,
            })
        })
        .transpose()
    }

    /// Becomes a contact of the card's issuer; the name they are called here.
    fn redeem(&mut self, redemption: &Redemption, fetched: &FetchedSlot) -> Result<String, Error> {
        let own = self.own()?;
        let keys = IntakeKeys::of(&redemption.token);
        let (slot, who, ask) = open_slot(&keys, fetched)?;
        if redemption.fingerprint.is_some_and(|f| f != who.list.line.into()) {
            return Err(Error::FingerprintMismatch);
        }
        if who.list.line == own.line {
            return Err(Error::OwnCard);
        }
        let state = if ask { ContactState::Asked } else { ContactState::Open };
        // Who asked to become a contact and whose card is taken up now need not be admitted besides.
        let asked = self.take_requests(who.list.line)?;
        let id = match Contact::by_line(self.db, who.list.line)? {
            Some(known) => self.meet_again(&known, &who, redemption.petname.as_deref(), state)?,
            // Pinned by the card itself: what founds the conversation is sealed to the handset that the card's line
            // certified, so that nobody else can be in it.
            None => {
                let petname = redemption.petname.as_deref();
                self.add_contact(&own, &who, petname, state, Verified::Card, None)?
            }
        };
        // Until they tell their standing intake, the card itself is the way to them.
        self.run(
            "UPDATE contact SET peer_intake = ?2, peer_token = ?3 WHERE id = ?1 AND peer_intake IS NULL",
            params![id, redemption.address.as_str(), redemption.token.as_bytes()],
        )?;
        let contact = Contact::by_id(self.db, id)?;
        let intake = IntakeAddress { address: redemption.address.clone(), token: redemption.token.clone() };
        let reservation = redemption.reservation;
        self.found(&own, &contact, OpenSlot { slot, intake: &intake, keys: &keys, reservation })?;
        self.join_requested(&own, id, &asked)?;
        Ok(contact.person)
    }

    /// A further card of somebody who is a contact already: the conversation is founded again through it, which mends
    /// it if they had lost or removed us.
    fn meet_again(
        &mut self,
        known: &Contact,
        who: &Identified,
        petname: Option<&str>,
        state: ContactState,
    ) -> Result<i64, Error> {
        if known.state == ContactState::Blocked {
            return Err(Error::Blocked(known.person.clone()));
        }
        self.renew_handsets(known, who)?;
        if known.state == ContactState::Refused {
            self.run("UPDATE contact SET state = ?2 WHERE id = ?1", params![known.id, state.as_str()])?;
        }
        if let Some(petname) = petname.map(str::trim).filter(|name| *name != known.person) {
            let name = self.free_name(petname)?;
            self.run("UPDATE contact SET person = ?2 WHERE id = ?1", params![known.id, name])?;
        }
        Ok(known.id)
    }
}

/// Opens a fetched slot: its key package, and who stands behind it.
pub(crate) fn open_slot(keys: &IntakeKeys, fetched: &FetchedSlot) -> Result<(Slot, Identified, bool), Error> {
    let open = || -> Result<_, Error> {
        let bundle: Bundle = decode(&keys.open_bundle(&fetched.bundle)?, limits::SLOT_BYTES)?;
        let slot: Slot = decode(&keys.open_slot(&fetched.slot)?, limits::SLOT_BYTES)?;
        let ask = bundle.ask;
        let who = Identified::check(bundle.name, bundle.identity, bundle.handsets, slot.handset)?;
        Ok((slot, who, ask))
    };
    open().map_err(|_| Error::CardNotAuthentic)
}

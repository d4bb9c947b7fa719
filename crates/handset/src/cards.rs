//! One's own cards: an intake each, with a slot for every use.

use std::time::Duration;

use database::rusqlite::{Connection, OptionalExtension as _, Row, params};
use protocol::card::{CardLink, SpokenCard};
use protocol::frames::{Deed, SealedSlot};
use protocol::intake::{Bundle, Slot};
use protocol::{LookupId, MailboxId, Timestamp, Token, encode, limits};
use seal::{IntakeKeys, draw_card_words, token_of_words};
use serde_bytes::ByteBuf;

use crate::claim::check_name;
use crate::contacts::Contact;
use crate::context::Work;
use crate::deeds::Concern;
use crate::engine::Handset;
use crate::error::Error;
use crate::own::Own;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// What a new card is to be.
#[derive(Debug, Clone)]
pub struct NewCard {
    /// For whom; seen by nobody else.
    pub for_name: String,
    /// How many may take it up.
    pub uses: usize,
    /// How long it is good for.
    pub expires: Duration,
    /// Whether to be asked before somebody becomes a contact through it.
    pub ask: bool,
}

/// Whether a card can still be taken up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CardState {
    /// It can.
    Open,
    /// All its uses are used.
    Used,
    /// Its time is over.
    Expired,
    /// It was taken back.
    Revoked,
}

impl CardState {
    /// The state in one lower-case word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Used => "used",
            Self::Expired => "expired",
            Self::Revoked => "revoked",
        }
    }
}

/// A card as it is shown.
#[derive(Debug, Clone)]
pub struct CardView {
    /// Names it to its issuer.
    pub id: String,
    /// For whom it is.
    pub for_name: String,
    /// The link.
    pub url: String,
    /// The office's address and eight words, to be said aloud.
    pub words: String,
    /// When it expires.
    pub expires_at: Timestamp,
    /// Uses that are left.
    pub uses_left: usize,
    /// Whether its issuer is asked first.
    pub ask: bool,
    /// Whether it can be taken up.
    pub state: CardState,
    /// Whether the switchboard has it.
    pub stored: bool,
    /// Who took it up.
    pub taken_by: Vec<String>,
}

impl Handset {
    /// Makes a card. It can be taken up once the switchboard has stored it ([`crate::Event::CardStored`]).
    ///
    /// # Errors
    /// If the handset has no line, or the card cannot be so.
    pub fn new_card(&mut self, now: Timestamp, new: &NewCard) -> Result<CardView, Error> {
        let id = self.transact(now, |work| work.new_card(new))?;
        card(self.db(), now, &id)?.ok_or(Error::UnknownCard(id))
    }

    /// All cards, oldest first.
    ///
    /// # Errors
    /// If the database fails.
    pub fn cards(&self, now: Timestamp) -> Result<Vec<CardView>, Error> {
        let mut ids = self.db().prepare("SELECT id FROM card ORDER BY made_at, id")?;
        let ids: Vec<String> = ids.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
        ids.iter().filter_map(|id| card(self.db(), now, id).transpose()).collect()
    }

    /// Takes a card back, for good; who took it up already stays a contact.
    ///
    /// # Errors
    /// If there is no such card.
    pub fn revoke_card(&mut self, now: Timestamp, id: &str) -> Result<CardView, Error> {
        self.transact(now, |work| work.revoke_card(id))?;
        card(self.db(), now, id)?.ok_or_else(|| Error::UnknownCard(id.to_owned()))
    }
}

impl Work<'_> {
    fn new_card(&mut self, new: &NewCard) -> Result<String, Error> {
        let own = self.own()?;
        check_name(&new.for_name)?;
        if !(1..=limits::SLOTS).contains(&new.uses) || new.expires.as_secs() < 1 || new.expires > DAY * 366 {
            return Err(Error::BadCard(limits::SLOTS));
        }
        let words = draw_card_words(self.rng);
        let token = token_of_words(&words, &own.switchboard)?;
        let id = card_id(&self.random());
        let expires_at = self.now.after(new.expires);
        let keys = IntakeKeys::of(&token);
        self.run(
            "INSERT INTO card (id, lookup, token, for_name, words, ask, uses, made_at, expires_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
            params![
                id,
                keys.lookup().as_bytes(),
                token.as_bytes(),
                new.for_name.trim(),
                SpokenCard { address: &own.switchboard, words: &words }.to_string(),
                new.ask,
                new.uses,
                self.now.as_millis(),
                expires_at.as_millis(),
            ],
        )?;
        self.keep_intake(&keys, &token, Some(&id), None)?;
        self.open_card(&own, &id, &keys, new.uses, new.ask, expires_at)?;
        Ok(id)
    }

    /// Has the switchboard put a card up, with new slots.
    pub(crate) fn open_card(
        &mut self,
        own: &Own,
        id: &str,
        keys: &IntakeKeys,
        uses: usize,
        ask: bool,
        expires_at: Timestamp,
    ) -> Result<(), Error> {
        let slots = (0..uses).map(|_| self.new_slot(own, keys, false)).collect::<Result<_, _>>()?;
        let deed = Deed::OpenIntake {
            lookup: keys.lookup(),
            bundle: self.bundle(own, keys, ask)?,
            slots,
            expires_at: Some(expires_at),
            last_resort: false,
        };
        self.deed(deed, Concern { card: Some(id), ..Concern::default() })
    }

    fn revoke_card(&mut self, id: &str) -> Result<(), Error> {
        self.own()?;
        let lookup: Option<Vec<u8>> = self
            .row("UPDATE card SET revoked = 1 WHERE id = ?1 RETURNING lookup", [id], |row| row.get(0))
            .optional()?;
        let lookup = lookup.ok_or_else(|| Error::UnknownCard(id.to_owned()))?;
        let lookup = LookupId::from_slice(&lookup).ok_or(Error::Corrupt("lookup"))?;
        self.deed(Deed::RevokeIntake { lookup }, Concern { card: Some(id), ..Concern::default() })
    }

    pub(crate) fn keep_intake(
        &mut self,
        keys: &IntakeKeys,
        token: &Token,
        card: Option<&str>,
        contact: Option<i64>,
    ) -> Result<(), Error> {
        self.run(
            "INSERT INTO intake (lookup, token, card, contact) VALUES (?1, ?2, ?3, ?4)",
            params![keys.lookup().as_bytes(), token.as_bytes(), card, contact],
        )?;
        Ok(())
    }

    /// A contact came by this token: notes whose use of the card it was, if it is that of a card of ours.
    pub(crate) fn card_used(&self, token: &Token, contact: &Contact, name: &str) -> Result<(), Error> {
        self.run(
            "INSERT OR IGNORE INTO card_use (card, line, name, at) SELECT id, ?2, ?3, ?4 FROM card WHERE token = ?1",
            params![token.as_bytes(), contact.line.as_bytes(), name, self.now.as_millis()],
        )?;
        Ok(())
    }

    /// The sealed bundle of an intake: who stands behind it.
    pub(crate) fn bundle(&mut self, own: &Own, keys: &IntakeKeys, ask: bool) -> Result<ByteBuf, Error> {
        let bundle = Bundle {
            name: own.name.clone(),
            identity: Own::identity(self.db)?.public(),
            handsets: ByteBuf::from(Own::handsets(self.db)?),
            ask,
        };
        Ok(ByteBuf::from(keys.seal_bundle(&encode(&bundle), self.rng)))
    }

    /// A new slot: a key package and the mailbox that opens with it.
    pub(crate) fn new_slot(&mut self, own: &Own, keys: &IntakeKeys, last_resort: bool) -> Result<SealedSlot, Error> {
        let made = self.mls.key_package(last_resort)?;
        let mailbox = MailboxId::new(self.random());
        self.run(
            "INSERT INTO slot (mailbox, lookup, key_package, last_resort) VALUES (?1, ?2, ?3, ?4)",
            params![mailbox.as_bytes(), keys.lookup().as_bytes(), made.reference, last_resort],
        )?;
        let slot = Slot { handset: own.handset, key_package: ByteBuf::from(made.bytes), mailbox };
        Ok(SealedSlot { mailbox, sealed: ByteBuf::from(keys.seal_slot(&encode(&slot), self.rng)) })
    }
}

/// 40 bits in Crockford's spirit: no letter that is mistaken for another.
fn card_id(bytes: &[u8; 8]) -> String {
    const LETTERS: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
    bytes.iter().map(|byte| char::from(LETTERS[usize::from(byte % 32)])).collect()
}

fn card(db: &Connection, now: Timestamp, id: &str) -> Result<Option<CardView>, Error> {
    let own = Own::load(db)?.ok_or(Error::NotClaimed)?;
    let view = db
        .prepare_cached(
            "SELECT id, for_name, token, words, expires_at, ask, revoked, stored, uses,
                    (SELECT count(*) FROM slot WHERE slot.lookup = card.lookup AND used = 1)
             FROM card WHERE id = ?1",
        )?
        .query_row([id], |row| Ok(read_card(row, &own, now)))
        .optional()?
        .transpose()?;
    let Some(mut view) = view else { return Ok(None) };
    let mut taken = db.prepare_cached(
        "SELECT who FROM (
            SELECT coalesce(contact.person, card_use.name) AS who, at
                FROM card_use LEFT JOIN contact USING (line) WHERE card = ?1
            UNION ALL SELECT person, made_at FROM request WHERE card = ?1) ORDER BY at",
    )?;
    view.taken_by = taken.query_map([id], |row| row.get(0))?.collect::<Result<_, _>>()?;
    Ok(Some(view))
}

fn read_card(row: &Row<'_>, own: &Own, now: Timestamp) -> Result<CardView, Error> {
    let token = Token::from_slice(&row.get::<_, Vec<u8>>(2)?).ok_or(Error::Corrupt("token"))?;
    let expires_at = Timestamp::from_millis(row.get(4)?);
    let uses_left = row.get::<_, usize>(8)?.saturating_sub(row.get(9)?);
    let state = if row.get(6)? {
        CardState::Revoked
    } else if uses_left == 0 {
        CardState::Used
    } else if expires_at <= now {
        CardState::Expired
    } else {
        CardState::Open
    };
    let words: String = row.get(3)?;
    // A card of a switchboard that the line has left keeps its own address.
    let address = words.split(' ').next().and_then(|a| a.parse().ok()).unwrap_or_else(|| own.switchboard.clone());
    Ok(CardView {
        id: row.get(0)?,
        for_name: row.get(1)?,
        url: CardLink { address, token, fingerprint: own.line.into() }.to_url(&own.scheme),
        words,
        expires_at,
        uses_left,
        ask: row.get(5)?,
        state,
        stored: row.get(7)?,
        taken_by: Vec::new(),
    })
}

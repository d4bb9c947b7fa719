//! How long texts stay, as agreed with each contact (see [`protocol::expiry`] for how that is decided).
//!
//! Nothing is stored but the words themselves: what holds is read from them, so that it does not matter in which order
//! they came. Of a contact that was removed, what held is kept and goes on when they are met again.

use database::rusqlite::{Connection, OptionalExtension as _, Row, params};
use protocol::content::{Content, What};
use protocol::expiry::{ExpiryWord, Term};
use protocol::{ContentId, Timestamp};
use seal::sha256;

use crate::contacts::Contact;
use crate::context::Work;
use crate::engine::Handset;
use crate::error::Error;
use crate::own::Own;

/// How many agreements more than we know of a proposal may come after.
const LEAP: u64 = 1000;

/// What holds with a contact.
struct Agreed {
    term: Term,
    /// How many agreements there were.
    turn: u64,
    by: Vec<u8>,
}

/// A proposal that can be answered.
struct Proposal {
    id: ContentId,
    term: Term,
}

/// A word about expiry as it is shown in its place in the conversation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExpiryLine {
    /// Its id.
    pub id: ContentId,
    /// The conversation's other person.
    pub person: String,
    /// Said by us.
    pub mine: bool,
    /// When, as for texts.
    pub sent_at: Timestamp,
    /// `proposed`, `accepted`, `declined` or `withdrawn`.
    pub act: &'static str,
    /// What was proposed; absent if we do not know the proposal any more.
    pub term: Option<Term>,
}

/// What is stored of a word as its text.
pub(crate) fn stored(word: ExpiryWord) -> String {
    match word {
        ExpiryWord::Propose { term, after } => format!("{} {after}", term.seconds()),
        ExpiryWord::Accept => "accept".to_owned(),
        ExpiryWord::Decline => "decline".to_owned(),
        ExpiryWord::Withdraw => "withdraw".to_owned(),
    }
}

fn proposed(text: &str) -> Option<(Term, u64)> {
    let (seconds, after) = text.split_once(' ')?;
    Some((Term::from_seconds(seconds.parse().ok()?)?, after.parse().ok()?))
}

/// A line of the conversation from its row's id, person, whose, time, text and its target's text.
pub(crate) fn line(
    id: ContentId,
    person: String,
    mine: bool,
    sent_at: Timestamp,
    text: &str,
    answered: Option<&str>,
) -> ExpiryLine {
    let (act, of) = match text {
        "accept" => ("accepted", answered),
        "decline" => ("declined", answered),
        "withdraw" => ("withdrawn", answered),
        proposal => ("proposed", Some(proposal)),
    };
    ExpiryLine { id, person, mine, sent_at, act, term: of.and_then(proposed).map(|(term, _)| term) }
}

/// What holds.
fn agreed(db: &Connection, contact: i64) -> Result<Agreed, Error> {
    let (first, others) = agreements(db, contact)?;
    Ok(others.into_iter().fold(first, |held, one| if (one.turn, &one.by) > (held.turn, &held.by) { one } else { held }))
}

/// All that was agreed: what held when the contact was met again, if not for the first time, and what came since.
fn agreements(db: &Connection, contact: i64) -> Result<(Agreed, Vec<Agreed>), Error> {
    let first: Agreed = db
        .prepare_cached("SELECT expiry_seconds, expiry_turn, expiry_by FROM contact WHERE id = ?1")?
        .query_row([contact], |row| {
            let term = Term::from_seconds(row.get(0)?).unwrap_or_default();
            Ok(Agreed { term, turn: row.get(1)?, by: row.get(2)? })
        })?;
    // Ours that they accepted with their first answer, and theirs that we accepted.
    let mut accepted = db.prepare_cached(
        "SELECT id, text FROM message said WHERE contact = ?1 AND mine = 1 AND kind = 'expiry' AND target IS NULL
            AND 'accept' = (SELECT text FROM message WHERE contact = ?1 AND target = said.id AND kind = 'expiry'
                AND mine = 0 AND doubtful = 0 ORDER BY number LIMIT 1)
         UNION ALL
         SELECT said.id, said.text FROM message answer JOIN message said ON said.id = answer.target
            AND said.contact = ?1 AND said.mine = 0 AND said.kind = 'expiry' AND said.target IS NULL AND said.doubtful = 0
         WHERE answer.contact = ?1 AND answer.mine = 1 AND answer.kind = 'expiry' AND answer.text = 'accept'",
    )?;
    let mut rows = accepted.query([contact])?;
    let mut others = Vec::new();
    while let Some(row) = rows.next()? {
        if let Some((term, after)) = proposed(&row.get::<_, String>(1)?) {
            others.push(Agreed { term, turn: after.saturating_add(1), by: row.get(0)? });
        }
    }
    Ok((first, others))
}

/// Whether a contact's line was ever restored on another handset.
fn was_restored(db: &Connection, contact: i64) -> Result<bool, Error> {
    let sql = "SELECT EXISTS (SELECT 1 FROM notice WHERE contact = ?1 AND code = 'contact-restored')";
    Ok(db.prepare_cached(sql)?.query_row([contact], |row| row.get(0))?)
}

/// The last proposal of one side, if it can still be answered.
fn open(db: &Connection, contact: i64, mine: bool, turn: u64) -> Result<Option<Proposal>, Error> {
    let Some(last) = last(db, contact, mine)? else { return Ok(None) };
    let (id, term, after, withdrawn, answered) = last;
    let open = !withdrawn && !answered && (turn..=turn.saturating_add(LEAP)).contains(&after);
    Ok(open.then_some(Proposal { id, term }))
}

type Last = (ContentId, Term, u64, bool, bool);

/// The last proposal of one side: whether it was withdrawn, and whether it was answered.
fn last(db: &Connection, contact: i64, mine: bool) -> Result<Option<Last>, Error> {
    let read = |row: &Row<'_>| {
        Ok((row.get::<_, Vec<u8>>(0)?, row.get::<_, String>(1)?, row.get::<_, bool>(2)?, row.get::<_, bool>(3)?))
    };
    let found = db
        .prepare_cached(
            "SELECT id, text,
                EXISTS (SELECT 1 FROM message WHERE contact = ?1 AND target = said.id AND kind = 'expiry' AND mine = ?2),
                EXISTS (SELECT 1 FROM message WHERE contact = ?1 AND target = said.id AND kind = 'expiry' AND mine <> ?2
                    AND doubtful = 0)
             FROM message said WHERE contact = ?1 AND mine = ?2 AND kind = 'expiry' AND target IS NULL AND doubtful = 0
             -- Each handset of a side has its own numbers, and what the one before said comes first.
             ORDER BY handset IN (SELECT handset FROM own UNION ALL SELECT handset FROM contact WHERE id = ?1) DESC,
                number DESC LIMIT 1",
        )?
        .query_row(params![contact, mine], read)
        .optional()?;
    let Some((id, text, withdrawn, answered)) = found else { return Ok(None) };
    let id = ContentId::from_slice(&id).ok_or(Error::Corrupt("id"))?;
    Ok(proposed(&text).map(|(term, after)| (id, term, after, withdrawn, answered)))
}

/// What holds with a contact, what we proposed, and what they did.
pub(crate) fn view(db: &Connection, contact: i64) -> Result<(Term, Option<Term>, Option<Term>), Error> {
    let held = agreed(db, contact)?;
    let ours = open(db, contact, true, held.turn)?.map(|proposal| proposal.term);
    let theirs = open(db, contact, false, held.turn)?.map(|proposal| proposal.term);
    Ok((held.term, ours, theirs))
}

impl Work<'_> {
    /// The term that a text to this contact gets.
    pub(crate) fn term(&self, contact: &Contact) -> Result<Term, Error> {
        Ok(agreed(self.db, contact.id)?.term)
    }

    /// Whether this term held with a contact at any time: one side alone makes no text vanish. A restored handset may not
    /// know of it any more.
    pub(crate) fn was_agreed(&self, contact: i64, seconds: u32) -> Result<bool, Error> {
        if Own::load(self.db)?.is_some_and(|own| own.restored_from.is_some()) {
            return Ok(true);
        }
        let (first, others) = agreements(self.db, contact)?;
        Ok(others.iter().chain([&first]).any(|one| one.term.seconds() == seconds))
    }

    fn word(&mut self, contact: &Contact, word: ExpiryWord, to: Option<ContentId>) -> Result<ContentId, Error> {
        let (salt, what, files) = (self.random(), What::Expiry(word), Vec::new());
        let content = Content { salt, replaces: None, in_reply_to: to, expires: None, what, files };
        self.write(contact, &content)
    }

    /// A word of theirs about expiry came: what they withdrew is declined, so that it is decided, and what both sides
    /// proposed is agreed.
    pub(crate) fn expiry_arrived(&mut self, contact: &Contact) -> Result<(), Error> {
        if let Some((id, .., withdrawn, answered)) = last(self.db, contact.id, false)?
            && withdrawn
            && !answered
        {
            self.word(contact, ExpiryWord::Decline, Some(id))?;
        }
        let turn = agreed(self.db, contact.id)?.turn;
        let (ours, theirs) = (open(self.db, contact.id, true, turn)?, open(self.db, contact.id, false, turn)?);
        if let (Some(ours), Some(theirs)) = (ours, theirs)
            && ours.term == theirs.term
        {
            self.word(contact, ExpiryWord::Accept, Some(theirs.id))?;
        }
        Ok(())
    }

    /// Keeps what holds with a contact that goes, for when they are met again.
    pub(crate) fn remember_expiry(&mut self, contact: &Contact) -> Result<(), Error> {
        let held = agreed(self.db, contact.id)?;
        let turn = i64::try_from(held.turn).unwrap_or(i64::MAX);
        self.run(
            "UPDATE forgotten SET expiry_seconds = ?2, expiry_turn = ?3, expiry_by = ?4 WHERE line_hash = ?1",
            params![sha256(contact.line.as_bytes()), held.term.seconds(), turn, held.by],
        )?;
        Ok(())
    }

    /// Goes on with what held before a contact was removed.
    pub(crate) fn recall_expiry(&mut self, contact: i64, line: protocol::LineId) -> Result<(), Error> {
        self.run(
            "UPDATE contact SET (expiry_seconds, expiry_turn, expiry_by) =
                (SELECT expiry_seconds, expiry_turn, expiry_by FROM forgotten WHERE line_hash = ?2)
             WHERE id = ?1 AND EXISTS (SELECT 1 FROM forgotten WHERE line_hash = ?2)",
            params![contact, sha256(line.as_bytes())],
        )?;
        Ok(())
    }
}

impl Handset {
    /// Proposes how long texts are to stay from now on; the same as they proposed is an acceptance.
    ///
    /// # Errors
    /// If there is no such person, or it holds or is proposed already.
    pub fn propose_expiry(&mut self, now: Timestamp, person: &str, term: Term) -> Result<ContentId, Error> {
        self.about_expiry(now, person, |work, contact| {
            let held = agreed(work.db, contact.id)?;
            let ours = open(work.db, contact.id, true, held.turn)?;
            if let Some(theirs) = open(work.db, contact.id, false, held.turn)?.filter(|theirs| theirs.term == term) {
                return work.word(contact, ExpiryWord::Accept, Some(theirs.id));
            }
            // Whoever was restored since may not know any more what holds.
            let is_known = ours.is_none() && held.term == term && !was_restored(work.db, contact.id)?;
            if ours.as_ref().is_some_and(|ours| ours.term == term) || is_known {
                return Err(Error::ExpirySame(contact.person.clone()));
            }
            work.word(contact, ExpiryWord::Propose { term, after: held.turn }, None)
        })
    }

    /// Accepts what they proposed: it holds from here on.
    ///
    /// # Errors
    /// If there is no such person or proposal.
    pub fn accept_expiry(&mut self, now: Timestamp, person: &str) -> Result<ContentId, Error> {
        self.answer_expiry(now, person, false, ExpiryWord::Accept)
    }

    /// Declines what they proposed.
    ///
    /// # Errors
    /// If there is no such person or proposal.
    pub fn decline_expiry(&mut self, now: Timestamp, person: &str) -> Result<ContentId, Error> {
        self.answer_expiry(now, person, false, ExpiryWord::Decline)
    }

    /// Withdraws what we proposed, unless they accepted it first.
    ///
    /// # Errors
    /// If there is no such person or proposal.
    pub fn withdraw_expiry(&mut self, now: Timestamp, person: &str) -> Result<ContentId, Error> {
        self.answer_expiry(now, person, true, ExpiryWord::Withdraw)
    }

    fn answer_expiry(
        &mut self,
        now: Timestamp,
        person: &str,
        mine: bool,
        word: ExpiryWord,
    ) -> Result<ContentId, Error> {
        self.about_expiry(now, person, |work, contact| {
            let turn = agreed(work.db, contact.id)?.turn;
            let proposal = open(work.db, contact.id, mine, turn)?;
            let proposal = proposal.ok_or_else(|| Error::NothingProposed(contact.person.clone()))?;
            work.word(contact, word, Some(proposal.id))
        })
    }

    fn about_expiry(
        &mut self,
        now: Timestamp,
        person: &str,
        step: impl FnOnce(&mut Work<'_>, &Contact) -> Result<ContentId, Error>,
    ) -> Result<ContentId, Error> {
        self.transact(now, |work| {
            let contact = work.addressee(person)?;
            let id = step(work, &contact)?;
            work.pump()?;
            Ok(id)
        })
    }
}

//! Texts that the other side has not confirmed: how far they are known to have come, asked of our own switchboard and
//! kept no longer than the connection.

use std::time::Duration;

use database::rusqlite::{Connection, OptionalExtension as _, params};
use protocol::frames::{Answer, Question, Way};
use protocol::{Refusal, SwitchboardAddress, Timestamp};

use crate::context::Work;
use crate::engine::Handset;
use crate::error::Error;
use crate::own::Own;
use crate::session::Asked;

/// A text may take so long before anybody is asked about it.
const PATIENCE: Duration = Duration::from_secs(60);
/// How often is asked.
const ASK_AGAIN: Duration = Duration::from_secs(180);
/// Switchboards that are asked about at a time.
const PEERS: u32 = 32;

/// The other switchboard: from where the conversation is ordered, or where they want to be reached.
const PEER: &str = "CASE WHEN generation.sequencer <> ?1 THEN generation.sequencer ELSE contact.peer_intake END";
/// Texts of ours that our switchboard has, and nobody there confirmed. (The first words of it name an index.)
const UNCONFIRMED: &str =
    "mine = 1 AND state IN ('waiting', 'sent') AND state = 'sent' AND kind = 'text' AND expired = 0";
/// When such a text left: it may have been written long before.
const LEFT: &str = "coalesce(left_at, sent_at)";

/// How far the oldest text is known to have come that nobody there confirmed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reached {
    /// Our switchboard has it; theirs has confirmed nothing since.
    OurOffice,
    /// Their switchboard, which has to give it its place in the conversation, and has not.
    TheirOffice,
    /// Their switchboard, and its place in the conversation; no handset of theirs has confirmed it.
    TheirMailbox,
}

impl Reached {
    /// As shown.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::OurOffice => "office-silent",
            Self::TheirOffice => "office-withholds",
            Self::TheirMailbox => "handset-silent",
        }
    }
}

/// Silence where a word of theirs is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Silence {
    /// How far a text of ours is known to have come.
    pub reached: Reached,
    /// Since when nothing more is known.
    pub since: Timestamp,
}

/// What was asked about on this connection.
#[derive(Debug, Clone, Default)]
pub(crate) struct Ways {
    looked_at: Option<Timestamp>,
    answers: std::collections::BTreeMap<SwitchboardAddress, (Timestamp, Way)>,
}

impl Ways {
    /// Whether it is time to look again, whatever became of the clock.
    fn is_due(&self, now: Timestamp) -> bool {
        self.looked_at.is_none_or(|at| at > now || now.since(at) >= ASK_AGAIN)
    }
}

impl Work<'_> {
    /// Asks our switchboard about others that texts of ours were for which nobody has confirmed.
    pub(crate) fn ask_for_ways(&mut self) -> Result<(), Error> {
        if !self.session.ways.is_due(self.now) {
            return Ok(());
        }
        self.session.ways.looked_at = Some(self.now);
        let own = self.own()?;
        let before = self.now.as_millis().saturating_sub(PATIENCE.as_millis().try_into().unwrap_or(u64::MAX));
        let mut peers = self.db.prepare_cached(&format!(
            "SELECT DISTINCT {PEER} AS peer FROM contact
             JOIN generation ON generation.contact = contact.id AND generation.current = 1
             WHERE contact.state = 'open' AND peer IS NOT NULL AND peer <> ?1 AND EXISTS
                (SELECT 1 FROM message WHERE message.contact = contact.id AND {UNCONFIRMED} AND {LEFT} <= ?2) LIMIT ?3"
        ))?;
        let peers: Vec<String> = peers
            .query_map(params![own.switchboard.as_str(), before, PEERS], |row| row.get(0))?
            .collect::<Result<_, _>>()?;
        self.session.ways.answers.retain(|peer, _| peers.iter().any(|due| due == peer.as_str()));
        for peer in peers {
            let to: SwitchboardAddress = peer.parse().map_err(|_| Error::Corrupt("switchboard"))?;
            let asked = Asked::Way(to.clone());
            if !self.session.is_asking(&asked) {
                self.ask(asked, Question::Way { to });
            }
        }
        Ok(())
    }

    /// The answer to that.
    pub(crate) fn way_answered(
        &mut self,
        to: SwitchboardAddress,
        answer: Result<Answer, Refusal>,
    ) -> Result<(), Error> {
        match answer {
            Ok(Answer::Way(way)) => {
                self.session.ways.answers.insert(to, (self.now, way));
                Ok(())
            }
            Ok(_) => Err(Error::PeerMisbehaved),
            // An older switchboard, or one that cannot read now.
            Err(_) => Ok(()),
        }
    }
}

/// When to ask next, as long as something is unconfirmed.
pub(crate) fn next_look(db: &Connection, ways: &Ways) -> Result<Option<Timestamp>, Error> {
    let Some(looked_at) = ways.looked_at else { return Ok(None) };
    let sql = format!("SELECT EXISTS (SELECT 1 FROM message WHERE {UNCONFIRMED})");
    let is_waiting: bool = db.prepare_cached(&sql)?.query_row([], |row| row.get(0))?;
    Ok(is_waiting.then(|| looked_at.after(ASK_AGAIN)))
}

/// Where silence is, in a conversation with a contact.
pub(crate) fn silence(db: &Connection, ways: &Ways, contact: i64) -> Result<Option<Silence>, Error> {
    let Some(own) = Own::load(db)? else { return Ok(None) };
    let sql = format!(
        "SELECT {PEER}, generation.sequencer <> ?1 FROM contact
         JOIN generation ON generation.contact = contact.id AND generation.current = 1 WHERE contact.id = ?2"
    );
    let peer: Option<(Option<String>, bool)> = db
        .prepare_cached(&sql)?
        .query_row(params![own.switchboard.as_str(), contact], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    let Some((Some(peer), they_order)) = peer else { return Ok(None) };
    let answer = ways.answers.iter().find(|(address, _)| address.as_str() == peer);
    let Some((_, (asked_at, way))) = answer else { return Ok(None) };
    let before = asked_at.as_millis().saturating_sub(PATIENCE.as_millis().try_into().unwrap_or(u64::MAX));
    let sql = format!(
        "SELECT min(left) FILTER (WHERE in_flight), min(left) FROM (SELECT {LEFT} AS left,
            EXISTS (SELECT 1 FROM flight WHERE flight.message = message.row) AS in_flight
            FROM message WHERE contact = ?1 AND {UNCONFIRMED} AND {LEFT} <= ?2)"
    );
    let (in_flight, oldest): (Option<u64>, Option<u64>) =
        db.prepare_cached(&sql)?.query_row(params![contact, before], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let Some(oldest) = oldest else { return Ok(None) };
    Ok(match way.waits_since {
        // It is on its way just now.
        Some(since) if since.as_millis() > before => None,
        Some(since) => {
            Some(Silence { reached: Reached::OurOffice, since: since.max(way.confirmed_at.unwrap_or(since)) })
        }
        None => Some(match in_flight {
            Some(at) if they_order => Silence { reached: Reached::TheirOffice, since: Timestamp::from_millis(at) },
            _ => Silence { reached: Reached::TheirMailbox, since: Timestamp::from_millis(oldest) },
        }),
    })
}

impl Handset {
    /// Whether our switchboard is still to say how texts get on that nobody has confirmed.
    pub fn is_asking_for_ways(&self) -> bool {
        self.session.is_asking_for_ways()
    }
}

//! One connection to the switchboard: greeting, then frames in both directions.

use std::collections::BTreeMap;
use std::time::Duration;

use protocol::codec::VERSION;
use protocol::frames::{Answer, FromSwitchboard, Greeting, Question, ToSwitchboard};
use protocol::{InvitationSecret, Refusal, RestoreId, SwitchboardAddress, Ticket, Timestamp, encode};
use seal::sign_greeting;
use serde_bytes::ByteBuf;

use crate::context::Work;
use crate::engine::{Event, Output};
use crate::error::Error;
use crate::own::Own;
use crate::silence::Ways;

/// A clock this far off the switchboard's is worth a word.
const CLOCK_TOLERANCE_SECONDS: i64 = 120;

/// More deeds than a line can ever have done.
const NUMBERS: u64 = 1 << 48;

/// How often a burst of calls looks at what is due at a time.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

/// How far the connection is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SessionState {
    /// No connection.
    #[default]
    Offline,
    /// Connected, not yet let in.
    Greeting,
    /// Let in; what waited there is still coming.
    CatchingUp,
    /// Up to date.
    Online,
}

/// What is known of this connection; nothing of it outlives it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Session {
    state: SessionState,
    /// The line's newest item when the handset was let in.
    newest: u64,
    /// A passing refusal: no more deeds on this connection.
    paused: bool,
    /// The switchboard went back to an older copy of its data, which is still to be made up for: no deeds before.
    restored: Option<RestoreId>,
    next_question: u64,
    questions: BTreeMap<u64, Asked>,
    /// This clock is far from the switchboard's.
    clock_is_off: bool,
    /// For blob requests; good as long as the connection.
    ticket: Option<Ticket>,
    /// The switchboard gives none on this connection.
    lacks_ticket: bool,
    /// How what we sent gets on.
    pub(crate) ways: Ways,
    /// When it was last looked at what is due at a time.
    looked_at: Option<Timestamp>,
}

/// Why a question was asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Asked {
    /// To take a card up.
    Redemption(i64),
    /// To found a contact's conversation again.
    Refounding(i64),
    /// To carry files.
    Ticket,
    /// To know how it stands with being woken.
    Wake,
    /// To know how what we sent to a switchboard gets on.
    Way(SwitchboardAddress),
}

impl Session {
    pub(crate) fn connected() -> Self {
        Self { state: SessionState::Greeting, ..Self::default() }
    }

    pub(crate) const fn state(&self) -> SessionState {
        self.state
    }

    /// Whether to look at what is due at a time: when such a time has come ([`Self::look_again`]), and otherwise, since
    /// clocks leap, with the first call that is a second away from the last look.
    pub(crate) fn is_time_to_look(&mut self, now: Timestamp) -> bool {
        let is_time = self.looked_at.is_none_or(|at| now.since(at).max(at.since(now)) >= LOOK_AGAIN);
        if is_time {
            self.looked_at = Some(now);
        }
        is_time
    }

    pub(crate) const fn look_again(&mut self) {
        self.looked_at = None;
    }

    /// Whether deeds may go out.
    pub(crate) fn may_do(&self) -> bool {
        !self.paused && self.restored.is_none() && matches!(self.state, SessionState::CatchingUp | SessionState::Online)
    }

    /// The return of the switchboard that is to be made up for; taken when that is done.
    pub(crate) const fn restored(&mut self) -> &mut Option<RestoreId> {
        &mut self.restored
    }

    pub(crate) const fn pause(&mut self) {
        self.paused = true;
    }

    /// Whether an answer is awaited that decides about founding again.
    pub(crate) fn is_refounding(&self) -> bool {
        self.questions.values().any(|asked| matches!(asked, Asked::Refounding(_)))
    }

    /// Whether any answer is awaited.
    pub(crate) fn has_questions(&self) -> bool {
        !self.questions.is_empty()
    }

    pub(crate) const fn ticket(&self) -> Option<&Ticket> {
        self.ticket.as_ref()
    }

    pub(crate) const fn has_or_lacks_ticket(&self) -> bool {
        self.ticket.is_some() || self.lacks_ticket
    }

    pub(crate) const fn lack_ticket(&mut self) {
        self.lacks_ticket = true;
    }

    pub(crate) fn keep_ticket(&mut self, ticket: Ticket) {
        self.ticket = Some(ticket);
    }

    pub(crate) fn forget_ticket(&mut self) {
        self.ticket = None;
    }

    pub(crate) fn is_asking(&self, asked: &Asked) -> bool {
        self.questions.values().any(|a| a == asked)
    }

    pub(crate) fn is_asking_for_ways(&self) -> bool {
        self.questions.values().any(|asked| matches!(asked, Asked::Way(_)))
    }
}

impl Work<'_> {
    /// Takes a frame from the switchboard.
    pub(crate) fn frame(&mut self, frame: FromSwitchboard) -> Result<(), Error> {
        match (self.session.state, frame) {
            (SessionState::Greeting, FromSwitchboard::Challenge { versions, nonce, address, scheme, office, now }) => {
                if !versions.contains(&VERSION) {
                    return Err(Error::ProtocolMismatch);
                }
                self.check_clock(now);
                self.greet(nonce, address, &scheme, &office)
            }
            (SessionState::Greeting, FromSwitchboard::Restored(id)) => {
                self.session.restored = Some(id);
                Ok(())
            }
            (SessionState::Greeting, FromSwitchboard::Welcome { done, newest }) => self.welcome(done, newest),
            (_, FromSwitchboard::Refused(refusal)) => self.turned_away(refusal),
            (_, FromSwitchboard::Superseded { handsets }) => self.line_restored_elsewhere(&handsets),
            (SessionState::CatchingUp | SessionState::Online, frame) => match frame {
                FromSwitchboard::Done { number } => {
                    self.deed_done(number)?;
                    self.pump()
                }
                FromSwitchboard::NotDone { number, refusal } => {
                    self.deed_refused(number, refusal)?;
                    self.pump()
                }
                FromSwitchboard::Answer { id, answer } => self.answered(id, answer),
                FromSwitchboard::Items(items) => {
                    self.items(items)?;
                    self.check_caught_up()?;
                    self.pump()
                }
                _ => Err(Error::PeerMisbehaved),
            },
            _ => Err(Error::PeerMisbehaved),
        }
    }

    /// Asks something; the answer comes to [`Self::answered`], if the connection lasts so long.
    pub(crate) fn ask(&mut self, asked: Asked, question: Question) {
        self.session.next_question += 1;
        let id = self.session.next_question;
        self.session.questions.insert(id, asked);
        self.outputs.push(Output::Send(encode(&ToSwitchboard::Ask { id, question })));
    }

    fn answered(&mut self, id: u64, answer: Result<Answer, Refusal>) -> Result<(), Error> {
        let Some(asked) = self.session.questions.remove(&id) else { return Err(Error::PeerMisbehaved) };
        match asked {
            Asked::Redemption(redemption) => self.redemption_answered(redemption, answer)?,
            Asked::Refounding(contact) => self.refounding_answered(contact, answer)?,
            Asked::Ticket => self.ticket_answered(answer)?,
            Asked::Wake => self.wake_answered(answer)?,
            Asked::Way(to) => self.way_answered(to, answer)?,
        }
        self.pump()
    }

    fn greet(&mut self, nonce: ByteBuf, address: SwitchboardAddress, scheme: &str, office: &str) -> Result<(), Error> {
        let own = Own::load(self.db)?.ok_or(Error::NotClaimed)?;
        // Greeting another address than the one connected to would let a switchboard pass us on to a third.
        if address != own.switchboard || scheme != own.scheme {
            return Err(Error::PeerMisbehaved);
        }
        self.run("UPDATE own SET office = ?1 WHERE office <> ?1", [office])?;
        let greeting =
            Greeting { context: "entrenous greeting".to_owned(), nonce, address, line: own.line, handset: own.handset };
        let signature = ByteBuf::from(sign_greeting(&Own::signing(self.db)?, &greeting));
        let hello = match own.invitation.as_deref().map(InvitationSecret::from_slice) {
            Some(Some(invitation)) => ToSwitchboard::Claim {
                version: VERSION,
                invitation,
                identity: Own::identity(self.db)?.public(),
                handsets: ByteBuf::from(Own::handsets(self.db)?),
                handset: own.handset,
                signature,
            },
            Some(None) => return Err(Error::Corrupt("invitation")),
            None if own.restoring => ToSwitchboard::Restore {
                version: VERSION,
                identity: Own::identity(self.db)?.public(),
                handsets: ByteBuf::from(Own::handsets(self.db)?),
                handset: own.handset,
                signature,
            },
            None => ToSwitchboard::Hello { version: VERSION, line: own.line, handset: own.handset, signature },
        };
        self.outputs.push(Output::Send(encode(&hello)));
        Ok(())
    }

    fn welcome(&mut self, done: u64, newest: u64) -> Result<(), Error> {
        // Numbers follow what it says: from one that nobody can have come to, there would be no going on.
        if done > NUMBERS {
            return Err(Error::PeerMisbehaved);
        }
        self.number_deeds_after(done)?;
        // A wrong clock is a reason to leave ends alone.
        if !self.session.clock_is_off {
            self.mend_expiry()?;
        }
        let own = Own::load(self.db)?.ok_or(Error::NotClaimed)?;
        if own.restoring {
            self.restored()?;
        } else if own.invitation.is_some() {
            self.claimed(&own, done)?;
        }
        self.session.restored = self.not_made_up_for(own.invitation.is_some())?;
        self.session.state = SessionState::CatchingUp;
        self.session.newest = newest;
        // What an older copy has done is no sign of what the switchboard has now.
        if self.session.restored.is_none() {
            self.resume_deeds(done)?;
        }
        self.check_caught_up()?;
        self.pump()
    }

    fn check_caught_up(&mut self) -> Result<(), Error> {
        let cursor: u64 = self.row("SELECT cursor FROM own", [], |row| row.get(0))?;
        if self.session.state == SessionState::CatchingUp && cursor >= self.session.newest {
            self.session.state = SessionState::Online;
            self.make_up_for_return()?;
            self.event(Event::CaughtUp);
        }
        Ok(())
    }

    fn turned_away(&mut self, refusal: Refusal) -> Result<(), Error> {
        self.session.paused = true;
        self.outputs.push(Output::Close);
        let own = Own::load(self.db)?.ok_or(Error::NotClaimed)?;
        if (own.invitation.is_some() || own.restoring) && !refusal.code.is_passing() {
            self.claim_refused(&own)?;
            self.event(Event::ClaimRefused(refusal));
        } else {
            self.event(Event::TurnedAway(refusal));
        }
        Ok(())
    }

    fn check_clock(&mut self, theirs: Timestamp) {
        let seconds = |time: Timestamp| i64::try_from(time.as_millis() / 1000).unwrap_or(i64::MAX);
        let ahead = seconds(self.now).saturating_sub(seconds(theirs));
        self.session.clock_is_off = ahead.abs() > CLOCK_TOLERANCE_SECONDS;
        if self.session.clock_is_off {
            self.event(Event::ClockOff { seconds: ahead });
        }
    }
}

//! The conversation with one peer: what to send it next, and when.
//!
//! One parcel is under way at a time, with all that waits (up to the limits of a parcel), so that a slow way makes
//! parcels larger and not more. Nothing is lost by dropping this and beginning anew: the store knows what the peer has.

use std::time::Duration;

use protocol::federation::{Parcel, ParcelReply};
use protocol::limits::PARCEL_MESSAGES;
use protocol::{QueueId, RefusalCode, SwitchboardAddress, Timestamp};
use rand_core::CryptoRng;

use super::Work;
use super::reads::Waiting;

/// Bytes of messages in one parcel: well below what the receiver takes, and little to keep in memory.
const PARCEL_BYTES: usize = 1 << 20;
const FIRST_WAIT: Duration = Duration::from_millis(250);
const LONGEST_WAIT: Duration = Duration::from_mins(5);

/// The queue for one peer.
#[derive(Debug)]
pub struct PeerQueue {
    own: SwitchboardAddress,
    peer: SwitchboardAddress,
    state: State,
    /// The incarnation that was read last.
    queue: Option<QueueId>,
    /// Read from after this number (the store's); what the peer has stored may be more.
    after: u64,
    /// Messages in the next parcel at most.
    count: usize,
    failures: u32,
    due: Timestamp,
    /// The wait was cut short since the last time that one ran out or something was stored.
    hurried: bool,
    waits: bool,
    /// The peer has had more of this incarnation than there is here.
    is_ahead: bool,
}

#[derive(Debug)]
enum State {
    Idle,
    Reading,
    /// Read and not yet sent.
    Loaded(Box<Parcel>, Sent),
    Sending(Sent),
    /// What is to be written first, and whether the queue begins anew with it.
    Writing(Work, bool),
    Restarting,
}

#[derive(Debug, Clone)]
struct Sent {
    queue: QueueId,
    base: u64,
    stored: u64,
    first: u64,
    last: u64,
    /// The last that was ever queued.
    newest: u64,
}

/// What to do now for a peer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Next {
    /// Read what waits ([`super::reads::waiting`]), then [`PeerQueue::loaded`].
    Read {
        /// After this number in the store.
        after: u64,
        /// At most as many messages.
        count: usize,
        /// No more once as many bytes are exceeded.
        bytes: usize,
    },
    /// Send this, then [`PeerQueue::replied`] or [`PeerQueue::failed`].
    Send(Box<Parcel>),
    /// Have this done; then [`PeerQueue::applied`].
    Apply(Work),
    /// Nothing before this time, unless the peer is heard of ([`PeerQueue::reachable`]).
    Wait(Timestamp),
    /// Nothing until something is queued ([`PeerQueue::wake`]), or until what was asked for last is answered.
    Idle,
}

impl PeerQueue {
    /// The queue from `own` to `peer`; begins with reading what waits.
    pub fn new(own: SwitchboardAddress, peer: SwitchboardAddress) -> Self {
        Self {
            own,
            peer,
            state: State::Idle,
            queue: None,
            after: 0,
            count: PARCEL_MESSAGES,
            failures: 0,
            due: Timestamp::default(),
            hurried: false,
            waits: true,
            is_ahead: false,
        }
    }

    /// The peer.
    pub fn peer(&self) -> &SwitchboardAddress {
        &self.peer
    }

    /// How many times in a row nothing could be handed over.
    pub fn failures(&self) -> u32 {
        self.failures
    }

    /// Whether the peer has shown that it had more of this switchboard's messages than there are here: then these data
    /// are an older copy.
    pub fn is_ahead(&self) -> bool {
        self.is_ahead
    }

    /// Something was queued.
    pub fn wake(&mut self) {
        self.waits = true;
    }

    /// The peer was heard of, so it is up: do not wait any longer. One wait in two at most is cut short, so that a peer
    /// that takes nothing and speaks all the time is not sent the same in a loop.
    pub fn reachable(&mut self) {
        if self.failures > 0 && !self.hurried {
            self.hurried = true;
            self.due = Timestamp::default();
        }
    }

    /// What to do now. Each answer but `Wait` and `Idle` is given once.
    pub fn poll(&mut self, now: Timestamp) -> Next {
        match std::mem::replace(&mut self.state, State::Idle) {
            State::Idle if !self.waits => Next::Idle,
            State::Idle if now < self.due => {
                // A clock that was set back makes nobody wait for longer.
                self.due = self.due.min(now.after(LONGEST_WAIT));
                Next::Wait(self.due)
            }
            State::Idle => {
                self.waits = false;
                // Cut short, it is back at the beginning of time.
                self.hurried &= self.due == Timestamp::default();
                self.state = State::Reading;
                Next::Read { after: self.after, count: self.count, bytes: PARCEL_BYTES }
            }
            State::Loaded(parcel, sent) => {
                self.state = State::Sending(sent);
                Next::Send(parcel)
            }
            State::Writing(work, restarts) => {
                self.state = if restarts { State::Restarting } else { State::Idle };
                Next::Apply(work)
            }
            same @ (State::Reading | State::Sending(_) | State::Restarting) => {
                self.state = same;
                Next::Idle
            }
        }
    }

    /// What was read; none if there is nothing to do with this peer.
    pub fn loaded(&mut self, waiting: Option<Waiting>) {
        self.state = State::Idle;
        let Some(Waiting { queue, base, stored, last: newest, messages }) = waiting else { return };
        if self.queue.replace(queue).is_some_and(|before| before != queue) && self.after > stored {
            // The peer was forgotten and is known again: its numbers begin anew.
            self.after = 0;
            self.waits = true;
            return;
        }
        let (Some(first), Some(last)) = (messages.first().map(|m| m.0), messages.last().map(|m| m.0)) else { return };
        let sent = Sent { queue, base, stored, first, last, newest };
        let parcel = Parcel {
            from: self.own.clone(),
            to: self.peer.clone(),
            queue,
            first: first.saturating_sub(base),
            messages: messages.into_iter().map(|(_, message)| message).collect(),
        };
        self.state = State::Loaded(Box::new(parcel), sent);
    }

    /// The peer's answer.
    pub fn replied(&mut self, now: Timestamp, reply: &ParcelReply, rng: &mut dyn CryptoRng) {
        let State::Sending(sent) = std::mem::replace(&mut self.state, State::Idle) else { return };
        self.waits = true;
        match reply {
            ParcelReply::Stored { through } | ParcelReply::Behind { through }
                if sent.base.saturating_add(*through) > sent.newest =>
            {
                // These data are an older copy, and the peer took what is new for a repetition: all that waits goes
                // again in another incarnation.
                self.is_ahead = true;
                self.back_off(now, rng);
                let restart = Work::Restart { peer: self.peer.clone(), queue: sent.queue };
                self.state = State::Writing(restart, true);
            }
            ParcelReply::Stored { through } if sent.base.saturating_add(*through) >= sent.first => {
                let through = sent.base.saturating_add(*through).min(sent.last);
                self.after = through;
                self.count = PARCEL_MESSAGES;
                self.failures = 0;
                self.hurried = false;
                let stored = Work::Stored { peer: self.peer.clone(), queue: sent.queue, through: through - sent.base };
                self.state = State::Writing(stored, false);
            }
            ParcelReply::Stored { through } | ParcelReply::Behind { through } => {
                let through = sent.base.saturating_add(*through);
                self.back_off(now, rng);
                if through.saturating_add(1) >= sent.first {
                    // It says that it lacks what comes before, and that it has it: all is sent again from where it was.
                    self.after = 0;
                } else if through >= sent.stored {
                    self.after = through;
                } else {
                    let restart = Work::Restart { peer: self.peer.clone(), queue: sent.queue };
                    self.state = State::Writing(restart, true);
                }
            }
            ParcelReply::Refused(refusal) => {
                match refusal.code {
                    // Something in it; find out what by sending less at a time.
                    RefusalCode::Malformed | RefusalCode::TooLarge if self.count > 1 => {
                        self.count = (self.count / 2).max(1);
                    }
                    code if code.is_passing() => {}
                    _ => self.failures = self.failures.max(10),
                }
                self.back_off(now, rng);
            }
        }
    }

    /// The peer could not be reached, or did not answer as it should.
    pub fn failed(&mut self, now: Timestamp, rng: &mut dyn CryptoRng) {
        self.state = State::Idle;
        self.waits = true;
        self.back_off(now, rng);
    }

    /// What was to be written is durable (`Ok`), or may not be: then all is read anew.
    pub fn applied(&mut self, durable: bool) {
        if matches!(self.state, State::Restarting) {
            self.state = State::Idle;
            self.waits = true;
        }
        if !durable {
            self.after = 0;
        }
    }

    /// Twice as long each time, between half and all of it by chance, so that peers do not knock in step.
    fn back_off(&mut self, now: Timestamp, rng: &mut dyn CryptoRng) {
        let longest = FIRST_WAIT.saturating_mul(1 << self.failures.min(16)).min(LONGEST_WAIT);
        self.failures = self.failures.saturating_add(1);
        let chance = f64::from(rng.next_u32()) / f64::from(u32::MAX);
        self.due = now.after(longest.mul_f64(0.5 + chance / 2.0));
    }
}

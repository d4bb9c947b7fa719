//! The conversation with one handset, without a socket: frames in, frames and requests out.
//!
//! Whoever drives it carries out each [`Output`] in order, and gives answers back as they come. After
//! [`Output::Opened`], [`Connection::wake`] tells it that its line has new items.

use std::collections::VecDeque;

use protocol::codec::{DecodeError, VERSION, decode};
use protocol::federation::FetchReply;
use protocol::frames::{Answer, FromSwitchboard, Greeting, Item, ItemBody, Question, ToSwitchboard, Way};
use protocol::limits::{FRAME_BYTES, ITEMS_IN_FLIGHT, STRANGER_FRAME_BYTES};
use protocol::wake::Wake;
use protocol::{
    HandsetId, LineId, LookupId, Refusal, RefusalCode, ReservationId, SwitchboardAddress, Ticket, Timestamp,
};
use rand_core::CryptoRng;
use serde_bytes::ByteBuf;

use super::reads::{Known, NotKnown, Welcome};
use super::{Claim, Done, Office, Work};
use crate::store::{StoreError, StoreFailure};

/// What a handset's greeting is for.
pub const GREETING_CONTEXT: &str = "entrenous greeting";

/// Bytes of items in one frame, before the last; well below what a frame may have.
const ITEMS_BYTES: usize = FRAME_BYTES / 2;
/// More than one item ever has.
const ITEM_BYTES: usize = FRAME_BYTES / 4;

/// What whoever drives the connection has to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Output {
    /// Send this frame.
    Send(Box<FromSwitchboard>),
    /// Look a handset up ([`super::reads::known`]), then [`Connection::known`].
    Look {
        /// The line.
        line: LineId,
        /// The handset.
        handset: HandsetId,
    },
    /// Have this done, then [`Connection::done`] (or [`Connection::failed`]), in the order of asking.
    Apply(Work),
    /// Read items ([`super::reads::items`]), then [`Connection::items`].
    Read {
        /// The line.
        line: LineId,
        /// The handset.
        handset: HandsetId,
        /// After this number.
        after: u64,
        /// At most as many.
        count: usize,
        /// No more once as many bytes are exceeded.
        bytes: usize,
    },
    /// Fetch a slot from another switchboard, then [`Connection::fetched`].
    Fetch {
        /// Comes back with the answer.
        id: u64,
        /// The issuer's switchboard.
        at: SwitchboardAddress,
        /// The intake.
        lookup: LookupId,
        /// Made by the redeemer.
        reservation: ReservationId,
    },
    /// Draw a ticket for blob requests that is good as long as this connection, then [`Connection::ticket`].
    Ticket {
        /// Comes back with the answer.
        id: u64,
    },
    /// Read how what a line sent gets on ([`super::reads::way`]), then [`Connection::way`].
    Way {
        /// Comes back with the answer.
        id: u64,
        /// The line.
        line: LineId,
        /// The other switchboard.
        to: SwitchboardAddress,
    },
    /// Say how it stands with waking the handset, or wake it first, then [`Connection::woken`].
    Wake {
        /// Comes back with the answer.
        id: u64,
        /// The line.
        line: LineId,
        /// The handset.
        handset: HandsetId,
        /// Whether to wake it first.
        tries: bool,
    },
    /// The handset is in: from now on it wants to be woken. An older connection of the same handset may be closed.
    Opened {
        /// The line.
        line: LineId,
        /// The handset.
        handset: HandsetId,
    },
    /// End the connection once all before this is sent.
    Close,
}

/// A connection of one handset.
#[derive(Debug)]
pub struct Connection {
    office: Office,
    nonce: [u8; 32],
    phase: Phase,
    outputs: VecDeque<Output>,
    /// Works asked for and not answered, in order.
    asked: VecDeque<Asked>,
    /// Fetches from elsewhere asked for and not answered.
    fetching: usize,
}

#[derive(Debug)]
enum Asked {
    Claim,
    Deed(u64),
    Ack,
    Fetch(u64),
}

#[derive(Debug)]
enum Phase {
    /// Challenged.
    Greeting,
    /// Said Hello; being looked up.
    Looking {
        line: LineId,
        handset: HandsetId,
        signature: Vec<u8>,
    },
    /// Claims.
    Claiming {
        handset: HandsetId,
    },
    Open(Open),
    Closed,
}

#[derive(Debug)]
struct Open {
    line: LineId,
    handset: HandsetId,
    /// The last item sent.
    sent: u64,
    /// The last item acknowledged on this connection.
    acknowledged: u64,
    reading: bool,
    /// Whether there may be more to read.
    more: bool,
    /// The last deed that came on this connection.
    last_deed: Option<u64>,
    /// A deed was refused in passing: no other is taken on this connection.
    stopped: bool,
}

impl Connection {
    /// A new connection; begins with the challenge.
    pub fn new(office: Office, now: Timestamp, rng: &mut dyn CryptoRng) -> Self {
        let mut nonce = [0; 32];
        rng.fill_bytes(&mut nonce);
        let challenge = FromSwitchboard::Challenge {
            versions: vec![VERSION],
            nonce: ByteBuf::from(nonce),
            address: office.address.clone(),
            scheme: office.scheme().to_owned(),
            office: office.name.clone(),
            now,
        };
        let outputs = VecDeque::from([Output::Send(Box::new(challenge))]);
        Self { office, nonce, phase: Phase::Greeting, outputs, asked: VecDeque::new(), fetching: 0 }
    }

    /// What to do next.
    pub fn poll(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// Works and fetches that were asked for and not answered: whoever drives takes no more frames beyond some.
    pub fn pending(&self) -> usize {
        self.asked.len() + self.fetching
    }

    /// Whether the handset has said who it is, and is who it says.
    pub fn is_open(&self) -> bool {
        matches!(self.phase, Phase::Open(_))
    }

    /// Whether it is over.
    pub fn is_closed(&self) -> bool {
        matches!(self.phase, Phase::Closed)
    }

    /// Bytes that a frame may have now.
    pub fn frame_limit(&self) -> usize {
        if self.is_open() { FRAME_BYTES } else { STRANGER_FRAME_BYTES }
    }

    /// A frame as it came.
    pub fn receive(&mut self, bytes: &[u8]) {
        match decode(bytes, self.frame_limit()) {
            Ok(frame) => self.handle(frame),
            Err(DecodeError::Version(_)) => {
                self.refuse(
                    RefusalCode::VersionUnknown,
                    "this switchboard does not speak that version: update the app",
                );
            }
            Err(DecodeError::TooLarge { .. }) => self.refuse(RefusalCode::TooLarge, "this frame is too large"),
            Err(_) => self.malformed(),
        }
    }

    /// A frame.
    pub fn handle(&mut self, frame: ToSwitchboard) {
        match (&mut self.phase, frame) {
            (Phase::Closed, _) => {}
            (Phase::Greeting, ToSwitchboard::Hello { version, line, handset, signature }) => {
                if self.speaks(version) {
                    self.phase = Phase::Looking { line, handset, signature: signature.into_vec() };
                    self.outputs.push_back(Output::Look { line, handset });
                }
            }
            (Phase::Greeting, ToSwitchboard::Claim { version, invitation, identity, handsets, handset, signature }) => {
                if self.speaks(version) {
                    let greeting = self.greeting(seal::line_id(&identity), handset);
                    let (handsets, signature) = (handsets.into_vec(), signature.into_vec());
                    let invitation = Some(invitation);
                    let claim = Claim { invitation, identity, handsets, handset, greeting, signature };
                    self.phase = Phase::Claiming { handset };
                    self.apply(Asked::Claim, Work::Claim(Box::new(claim)));
                }
            }
            (Phase::Greeting, ToSwitchboard::Restore { version, identity, handsets, handset, signature }) => {
                if self.speaks(version) {
                    let greeting = self.greeting(seal::line_id(&identity), handset);
                    let (handsets, signature) = (handsets.into_vec(), signature.into_vec());
                    let claim = Claim { invitation: None, identity, handsets, handset, greeting, signature };
                    self.phase = Phase::Claiming { handset };
                    self.apply(Asked::Claim, Work::Claim(Box::new(claim)));
                }
            }
            (Phase::Open(open), ToSwitchboard::Do { .. }) if open.stopped => {}
            (Phase::Open(open), ToSwitchboard::Do { number, deed }) => {
                let (line, handset, after) = (open.line, open.handset, open.last_deed.replace(number));
                let work = Work::Deed { line, handset, after, number, deed: Box::new(deed) };
                self.apply(Asked::Deed(number), work);
            }
            (Phase::Open(open), ToSwitchboard::Ack { through }) => {
                let (line, handset) = (open.line, open.handset);
                open.acknowledged = open.acknowledged.max(through.min(open.sent));
                self.apply(Asked::Ack, Work::Ack { line, handset, through });
                self.read_on();
            }
            (Phase::Open(_), ToSwitchboard::Ask { id, question }) => self.ask(id, question),
            _ => self.malformed(),
        }
    }

    fn ask(&mut self, id: u64, question: Question) {
        let (at, lookup, reservation) = match question {
            Question::FetchSlot { at, lookup, reservation } => (at, lookup, reservation),
            Question::Ticket => return self.outputs.push_back(Output::Ticket { id }),
            Question::Way { to } => {
                let Phase::Open(Open { line, .. }) = self.phase else { return };
                return self.outputs.push_back(Output::Way { id, line, to });
            }
            question @ (Question::Wake | Question::TryWake) => {
                let Phase::Open(Open { line, handset, .. }) = self.phase else { return };
                let tries = question == Question::TryWake;
                return self.outputs.push_back(Output::Wake { id, line, handset, tries });
            }
        };
        if at == self.office.address {
            self.apply(Asked::Fetch(id), Work::Fetch { from: at, lookup, reservation, id });
        } else {
            self.fetching += 1;
            self.outputs.push_back(Output::Fetch { id, at, lookup, reservation });
        }
    }

    /// The answer to [`Output::Look`].
    pub fn known(&mut self, known: Result<Known, NotKnown>) {
        let Phase::Looking { line, handset, signature } = &self.phase else { return };
        let (line, handset) = (*line, *handset);
        match known {
            Err(why) => self.turn_away(why),
            Ok(known) => {
                let greeting = self.greeting(line, handset);
                if seal::verify_greeting(signature, &known.signing, &greeting).is_ok() {
                    self.open(line, handset, known.welcome);
                } else {
                    self.refuse(RefusalCode::NotAuthentic, "the handset's signature does not hold");
                }
            }
        }
    }

    fn turn_away(&mut self, why: NotKnown) {
        match why {
            NotKnown::Line => {
                self.refuse(RefusalCode::LineUnknown, "this line has no account here: claim one with a claim link");
            }
            NotKnown::Handset => {
                self.refuse(RefusalCode::HandsetUnknown, "this handset is not on the line's newest list");
            }
            NotKnown::Superseded(list) => self.superseded(list),
            NotKnown::Revoked => self.revoked(),
        }
    }

    /// Ends the connection of a handset whose line was restored on another.
    fn superseded(&mut self, list: Vec<u8>) {
        self.send(FromSwitchboard::Superseded { handsets: ByteBuf::from(list) });
        self.outputs.push_back(Output::Close);
        self.phase = Phase::Closed;
    }

    /// What came of the work asked for first of those not answered.
    pub fn done(&mut self, done: Done) {
        self.asked.pop_front();
        match (&mut self.phase, done) {
            (Phase::Claiming { handset }, Done::Claimed { line, welcome }) => {
                let handset = *handset;
                self.open(line, handset, welcome);
            }
            (Phase::Claiming { .. }, Done::NotClaimed(refusal)) => self.end(refusal),
            (Phase::Claiming { .. }, Done::Superseded(list)) => self.superseded(list),
            (Phase::Open(open), Done::Deed { .. }) if open.stopped => {}
            (Phase::Open(_), Done::Deed { number, result: Ok(()) }) => self.send(FromSwitchboard::Done { number }),
            (Phase::Open(_), Done::Deed { number, result: Err(refusal) }) => self.not_done(number, refusal),
            (Phase::Open(_), Done::Fetched { id, reply }) => self.answer(id, reply),
            _ => {}
        }
    }

    /// The work asked for first of those not answered came to nothing, or nobody knows whether it did. Both is in order
    /// for the handset: it asks again, and what was done after all is not done twice.
    pub fn failed(&mut self, error: &StoreError) {
        let refusal = unavailable(error);
        match self.asked.pop_front() {
            _ if self.is_closed() => {}
            Some(Asked::Deed(number)) => self.not_done(number, refusal),
            Some(Asked::Fetch(id)) => self.answer(id, Err(refusal)),
            // What the handset has, it will say again.
            Some(Asked::Ack) => {}
            Some(Asked::Claim) | None => self.end(refusal),
        }
    }

    /// A handset could not be looked up, or items could not be read.
    pub fn unreadable(&mut self, error: &StoreError) {
        self.end(unavailable(error));
    }

    fn not_done(&mut self, number: u64, refusal: Refusal) {
        let Phase::Open(open) = &mut self.phase else { return };
        if open.stopped {
            return;
        }
        // Not answered, so that the handset does it when it is let in again.
        if refusal.code == RefusalCode::HandsetRevoked {
            return self.end(refusal);
        }
        open.stopped = refusal.code.is_passing();
        let is_gone = refusal.code == RefusalCode::HandsetUnknown;
        self.send(FromSwitchboard::NotDone { number, refusal: refusal.clone() });
        if is_gone {
            self.end(refusal);
        }
    }

    /// The answer to [`Output::Fetch`].
    pub fn fetched(&mut self, id: u64, reply: FetchReply) {
        self.fetching = self.fetching.saturating_sub(1);
        if self.is_open() {
            self.answer(id, reply);
        }
    }

    /// The answer to [`Output::Ticket`].
    pub fn ticket(&mut self, id: u64, ticket: Ticket) {
        if self.is_open() {
            self.send(FromSwitchboard::Answer { id, answer: Ok(Answer::Ticket(ticket)) });
        }
    }

    /// The answer to [`Output::Way`].
    pub fn way(&mut self, id: u64, way: Result<Way, StoreError>) {
        if self.is_open() {
            let answer = way.map(Answer::Way).map_err(|error| unavailable(&error));
            self.send(FromSwitchboard::Answer { id, answer });
        }
    }

    /// The answer to [`Output::Wake`].
    pub fn woken(&mut self, id: u64, wake: Result<Wake, Refusal>) {
        if self.is_open() {
            self.send(FromSwitchboard::Answer { id, answer: wake.map(Answer::Wake) });
        }
    }

    /// The line has new items, or another list of handsets.
    pub fn wake(&mut self) {
        if let Phase::Open(open) = &mut self.phase {
            open.more = true;
            self.read_on();
        }
    }

    /// The line has these new items, one after the other, which are durable. Sent on if they are just what the handset has
    /// to have next, and read with whatever else there is if not.
    pub fn wake_with(&mut self, items: Vec<Item>) {
        let Phase::Open(open) = &mut self.phase else { return };
        let follows = open.sent > 0
            && !open.more
            && !open.reading
            && items.first().is_some_and(|first| first.number == open.sent + 1)
            && items.len() <= open.window()
            && items.iter().map(bytes_of).sum::<usize>() <= ITEMS_BYTES;
        match items.last() {
            Some(last) if follows => {
                open.sent = last.number;
                self.send(FromSwitchboard::Items(items));
            }
            // Sent already by a reading that was later than they.
            Some(last) if last.number <= open.sent => {}
            _ => self.wake(),
        }
    }

    /// The answer to [`Output::Read`]; an error if the handset is not on the line's newest list any more.
    pub fn items(&mut self, items: Result<Vec<Item>, NotKnown>) {
        let Phase::Open(open) = &mut self.phase else { return };
        open.reading = false;
        let items = match items {
            Ok(items) => items,
            Err(why) => return self.turn_away(why),
        };
        if let Some(last) = items.last() {
            let window = open.window();
            if open.sent == 0 {
                // The line's numbers go on from earlier connections.
                open.acknowledged = items.first().map_or(0, |first| first.number.saturating_sub(1));
            }
            open.sent = last.number;
            let bytes: usize = items.iter().map(bytes_of).sum();
            open.more |= items.len() >= window || bytes + ITEM_BYTES > ITEMS_BYTES;
            self.send(FromSwitchboard::Items(items));
        }
        self.read_on();
    }

    /// The operator took the handset out of service.
    pub fn revoked(&mut self) {
        self.end(super::revoked::refusal());
    }

    /// Ends the connection from this side, with a reason.
    pub fn end(&mut self, refusal: Refusal) {
        if !self.is_closed() {
            self.send(FromSwitchboard::Refused(refusal));
            self.outputs.push_back(Output::Close);
            self.phase = Phase::Closed;
        }
    }

    fn open(&mut self, line: LineId, handset: HandsetId, welcome: Welcome) {
        let (sent, acknowledged, reading, more, last_deed, stopped) = (0, 0, false, true, None, false);
        self.phase = Phase::Open(Open { line, handset, sent, acknowledged, reading, more, last_deed, stopped });
        self.outputs.push_back(Output::Opened { line, handset });
        if let Some(restored) = welcome.restored {
            self.send(FromSwitchboard::Restored(restored));
        }
        self.send(FromSwitchboard::Welcome { done: welcome.done, newest: welcome.newest });
        self.read_on();
    }

    /// Asks for items if there may be some and the handset may have some.
    fn read_on(&mut self) {
        let Phase::Open(open) = &mut self.phase else { return };
        let count = open.window();
        if open.more && !open.reading && count > 0 {
            open.more = false;
            open.reading = true;
            let (line, handset, after) = (open.line, open.handset, open.sent);
            self.outputs.push_back(Output::Read { line, handset, after, count, bytes: ITEMS_BYTES });
        }
    }

    fn greeting(&self, line: LineId, handset: HandsetId) -> Greeting {
        Greeting {
            context: GREETING_CONTEXT.to_owned(),
            nonce: ByteBuf::from(self.nonce),
            address: self.office.address.clone(),
            line,
            handset,
        }
    }

    fn speaks(&mut self, version: u8) -> bool {
        let speaks = version == VERSION;
        if !speaks {
            self.refuse(RefusalCode::VersionUnknown, "this switchboard does not speak that version: update the app");
        }
        speaks
    }

    fn apply(&mut self, asked: Asked, work: Work) {
        self.asked.push_back(asked);
        self.outputs.push_back(Output::Apply(work));
    }

    fn send(&mut self, frame: FromSwitchboard) {
        self.outputs.push_back(Output::Send(Box::new(frame)));
    }

    fn answer(&mut self, id: u64, reply: FetchReply) {
        self.send(FromSwitchboard::Answer { id, answer: reply.map(Answer::Slot) });
    }

    fn malformed(&mut self) {
        self.refuse(RefusalCode::Malformed, "this frame does not have the form that is expected here");
    }

    fn refuse(&mut self, code: RefusalCode, sentence: &str) {
        self.end(Refusal::new(code, sentence));
    }
}

impl Open {
    /// Items that may be sent before the next acknowledgement.
    fn window(&self) -> usize {
        let in_flight = usize::try_from(self.sent - self.acknowledged.min(self.sent)).unwrap_or(usize::MAX);
        ITEMS_IN_FLIGHT.saturating_sub(in_flight)
    }
}

/// What the handset is told of a store's failure; the operator's log says more.
pub(crate) fn unavailable(error: &StoreError) -> Refusal {
    let sentence = match error.kind() {
        StoreFailure::Full => "the switchboard's disk is full; nothing is lost, and it goes on once there is space",
        _ => "the switchboard cannot store anything at the moment; nothing is lost: try again later",
    };
    Refusal::new(RefusalCode::Unavailable, sentence)
}

/// Bytes of an item, but for the little that is said about it.
pub(crate) fn bytes_of(item: &Item) -> usize {
    match &item.body {
        ItemBody::Envelope(delivery) => delivery.envelope.len(),
        ItemBody::Introduction { sealed, .. } => sealed.len(),
        ItemBody::Outcome { .. } | ItemBody::OutOfService { .. } | ItemBody::BackInService { .. } => 0,
    }
}

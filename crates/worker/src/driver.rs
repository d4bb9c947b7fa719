//! Runs the engine: keeps its connection to the switchboard, feeds it what arrives and what is due, sends what it says.

use std::rc::Rc;
use std::time::Duration;

use handset::{Event, Fault, Output, SessionState};
use protocol::frames::ToSwitchboard;
use protocol::{Timestamp, limits};
use talk::line::Link;

use crate::clock::now;
use crate::failure::Result;
use crate::open::Open;
use crate::random::jitter;
use crate::socket::Socket;
use crate::worker::Worker;

/// The first wait before connecting again, in milliseconds; doubled each time.
pub(crate) const FIRST_WAIT: u64 = 200;
/// The longest wait before connecting again.
const LONGEST_WAIT: u64 = 30_000;
/// The wait after the engine closed the connection: the switchboard asked for patience.
pub(crate) const PATIENT_WAIT: u64 = 2_000;
/// How long a connection may take to come about.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long an answer may take. (A browser answers pings by itself and shows none, so silence alone says nothing.)
const ANSWER: Duration = Duration::from_secs(30);
/// What is due is done at most this often: something due that cannot be done yet must not keep the device busy.
const SHORTEST_TIMEOUT: Duration = Duration::from_millis(100);

/// An engine's connection.
#[derive(Debug)]
pub(crate) struct Driver {
    line: Line,
    /// Connections in a row that did not come to be let in.
    failed: u32,
    serial: u64,
    /// Since when an answer is awaited.
    asked_at: Option<Timestamp>,
    /// Why the switchboard does not let this handset in.
    turned_away: Option<String>,
}

#[derive(Debug)]
enum Line {
    Down { until: Timestamp },
    Dialing { socket: Socket, since: Timestamp },
    Up(Socket),
}

impl Driver {
    /// One that connects at once.
    pub(crate) const fn new() -> Self {
        let line = Line::Down { until: Timestamp::from_millis(0) };
        Self { line, failed: 0, serial: 0, asked_at: None, turned_away: None }
    }

    fn is_current(&self, serial: u64) -> bool {
        match &self.line {
            Line::Down { .. } => false,
            Line::Dialing { socket, .. } | Line::Up(socket) => socket.serial == serial,
        }
    }
}

impl Open {
    /// The connection is there.
    pub(crate) fn connected(&mut self, serial: u64) {
        if !self.driver.is_current(serial) {
            return;
        }
        let down = Line::Down { until: Timestamp::from_millis(0) };
        if let Line::Dialing { socket, .. } = std::mem::replace(&mut self.driver.line, down) {
            self.driver.line = Line::Up(socket);
            // It speaks first.
            self.driver.asked_at = Some(now());
            self.handset.connected();
        }
    }

    /// The connection is gone.
    pub(crate) fn disconnected(&mut self, serial: u64) {
        if self.driver.is_current(serial) {
            self.hang_up(FIRST_WAIT);
        }
    }

    /// A frame arrived.
    ///
    /// # Errors
    /// If the handset's storage fails.
    pub(crate) fn heard(&mut self, serial: u64, frame: &[u8]) -> Result<()> {
        if !self.driver.is_current(serial) {
            return Ok(());
        }
        self.driver.asked_at = None;
        match self.handset.receive(now(), frame) {
            Ok(()) => {
                if self.handset.session_state() == SessionState::Online {
                    self.driver.failed = 0;
                    self.driver.turned_away = None;
                }
            }
            Err(error) if error.is_full() => self.hang_up(PATIENT_WAIT),
            Err(error) if error.fault() == Fault::Fatal => return Err(error.into()),
            Err(_) => self.hang_up(PATIENT_WAIT),
        }
        Ok(())
    }

    /// Connects if it is time, gives up what takes too long, and tells the engine that its time has come.
    ///
    /// # Errors
    /// If the handset's storage fails.
    pub(crate) fn wake(&mut self, worker: &Rc<Worker>) -> Result<()> {
        let now = now();
        match &self.driver.line {
            Line::Down { until } if now >= *until => self.dial(worker)?,
            Line::Dialing { since, .. } if now.since(*since) > PATIENCE => self.hang_up(FIRST_WAIT),
            Line::Up(_) if self.driver.asked_at.is_some_and(|at| now.since(at) > ANSWER) => self.hang_up(FIRST_WAIT),
            _ => {}
        }
        if self.handset.next_timeout()?.is_some_and(|at| at <= now) {
            match self.handset.timeout(now) {
                Err(error) if !error.is_full() => return Err(error.into()),
                _ => {}
            }
        }
        Ok(())
    }

    fn dial(&mut self, worker: &Rc<Worker>) -> Result<()> {
        let url = match self.handset.superseded()? {
            None => self.handset.switchboard_url()?,
            Some(_) => None,
        };
        // Off for good: looked at again in a while, lest this be done over and over.
        let Some(url) = url else {
            self.driver.line = Line::Down { until: now().after(Duration::from_secs(3600)) };
            return Ok(());
        };
        self.driver.serial += 1;
        match Socket::dial(worker, &url, self.driver.serial) {
            Ok(socket) => self.driver.line = Line::Dialing { socket, since: now() },
            Err(_) => self.hang_up(FIRST_WAIT),
        }
        Ok(())
    }

    /// Tries at once, if there is no connection: the network came back, or somebody wants to see.
    pub(crate) fn hurry(&mut self) {
        if let Line::Down { until } = &mut self.driver.line {
            *until = Timestamp::from_millis(0);
        }
    }

    /// There is no network, or there was none: whatever connection there is, is gone.
    pub(crate) fn cut(&mut self) {
        if !matches!(self.driver.line, Line::Down { .. }) {
            self.hang_up(FIRST_WAIT);
        }
    }

    fn hang_up(&mut self, first: u64) {
        self.handset.disconnected();
        self.transfers.stop();
        let wait = first.saturating_mul(1 << self.driver.failed.min(10)).min(LONGEST_WAIT);
        self.driver.failed = self.driver.failed.saturating_add(1);
        self.driver.asked_at = None;
        self.driver.line = Line::Down { until: now().after(Duration::from_millis(jitter(wait))) };
    }

    /// Does what the engine says; its events are kept.
    pub(crate) fn deal_out(&mut self) {
        while let Some(output) = self.handset.poll_output() {
            match (output, &self.driver.line) {
                (Output::Send(frame), Line::Up(socket)) => {
                    socket.send(&frame);
                    if self.driver.asked_at.is_none() && is_answered(&frame) {
                        self.driver.asked_at = Some(now());
                    }
                }
                // Of a connection that is gone; the engine says it again on the next one.
                (Output::Send(_), _) => {}
                (Output::Close, _) => self.hang_up(PATIENT_WAIT),
                (Output::Event(event), _) => {
                    if let Event::TurnedAway(refusal) | Event::ClaimRefused(refusal) = &event
                        && !refusal.code.is_passing()
                    {
                        self.driver.turned_away = Some(refusal.code.as_str().to_owned());
                    }
                    self.events.push_back(event);
                }
            }
        }
    }

    /// When to look again, in milliseconds from now.
    ///
    /// # Errors
    /// If the handset's storage fails.
    pub(crate) fn due(&self) -> Result<Option<u64>> {
        let now = now();
        let millis = |at: Timestamp| u64::try_from(at.since(now).as_millis()).unwrap_or(u64::MAX);
        let shortest = u64::try_from(SHORTEST_TIMEOUT.as_millis()).unwrap_or_default();
        let engine = self.handset.next_timeout()?.map(|at| millis(at).max(shortest));
        let line = match &self.driver.line {
            Line::Down { until } => Some(millis(*until)),
            Line::Dialing { since, .. } => Some(millis(since.after(PATIENCE)).max(shortest)),
            Line::Up(_) => self.driver.asked_at.map(|at| millis(at.after(ANSWER)).max(shortest)),
        };
        let lock = self.locks_at().map(millis);
        let transfers = self.transfers.due().map(millis);
        Ok([engine, line, lock, transfers].into_iter().flatten().min())
    }

    /// How the connection is.
    ///
    /// # Errors
    /// If the handset's storage fails.
    pub(crate) fn link_now(&self) -> Result<Link> {
        if let Some(at) = self.handset.superseded()? {
            return Ok(Link::Elsewhere(at.as_millis()));
        }
        Ok(match (&self.driver.line, &self.driver.turned_away) {
            _ if self.handset.session_state() == SessionState::Online => Link::Online,
            (_, Some(code)) => Link::TurnedAway(code.clone()),
            (Line::Down { .. }, None) if self.driver.failed > 0 => Link::Offline,
            // Once it has failed, trying again is no news.
            (Line::Dialing { .. }, None) if self.driver.failed > 0 => Link::Offline,
            _ => Link::Connecting,
        })
    }
}

/// Whether the switchboard says something after this frame.
fn is_answered(frame: &[u8]) -> bool {
    !matches!(protocol::decode(frame, limits::FRAME_BYTES), Ok(ToSwitchboard::Ack { .. }))
}

//! Runs an engine: keeps its connection to the switchboard, feeds it what arrives and what is due, sends what it says.

use std::collections::VecDeque;
use std::time::Duration;

use handset::{Event, Fault, Handset, Output, SessionState};
use protocol::BlobId;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, sleep_until};

use crate::clock;
use crate::exit::Failure;
use crate::files::Files;
use crate::net::{Connection, DialError, Dialer};
use crate::random;
use crate::transfers::{Ended, Transfers};

/// The first wait before connecting again; doubled each time.
const FIRST_WAIT: Duration = Duration::from_millis(200);

/// The longest wait before connecting again.
const LONGEST_WAIT: Duration = Duration::from_secs(30);

/// The wait after the engine closed the connection: the switchboard asked for patience.
const PATIENT_WAIT: Duration = Duration::from_secs(2);

/// What is due is done at most this often: something due that cannot be done yet must not keep the machine busy.
const SHORTEST_TIMEOUT: Duration = Duration::from_millis(100);

/// An engine with its connection.
#[derive(Debug)]
pub(crate) struct Driver {
    handset: Handset,
    dialer: Dialer,
    link: Link,
    events: VecDeque<Event>,
    /// Connections in a row that did not come to be let in.
    failed: u32,
    /// Why there is no connection.
    trouble: Option<DialError>,
    /// Whether any switchboard ever answered.
    answered: bool,
    /// For a handset that keeps files.
    transfers: Option<Transfers>,
}

#[derive(Debug)]
enum Link {
    Down { until: Instant },
    Dialing(Dialing),
    Up(Connection),
}

/// A connection coming about; given up when dropped.
#[derive(Debug)]
struct Dialing(JoinHandle<Result<Connection, DialError>>);

impl Drop for Dialing {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// What a step led to.
#[derive(Debug)]
pub(crate) enum Step {
    /// The engine says that something happened.
    Event(Event),
    /// Something was taken in; the engine may be further.
    Further,
    /// A connection did not come about, or ended.
    Offline,
}

enum Woken {
    Dial,
    Dialed(Result<Connection, DialError>),
    Frame(Option<Vec<u8>>),
    Timeout,
    Transfer(Option<Ended>),
}

impl Driver {
    /// Drives an engine, which connects with the first step.
    pub(crate) fn new(handset: Handset, dialer: Dialer) -> Self {
        let link = Link::Down { until: Instant::now() };
        Self {
            handset,
            dialer,
            link,
            events: VecDeque::new(),
            failed: 0,
            trouble: None,
            answered: false,
            transfers: None,
        }
    }

    /// Carries the handset's files too, which are kept here.
    pub(crate) fn with_files(self, files: Files) -> Self {
        let transfers = Some(Transfers::new(files, self.dialer.clone()));
        Self { transfers, ..self }
    }

    /// Bytes of a file that are where they are to be.
    pub(crate) fn carried(&self, blob: &BlobId) -> u64 {
        self.transfers.as_ref().map_or(0, |transfers| transfers.carried(blob))
    }

    /// The engine, to be asked and told things; what that gives to do is done with the next step.
    pub(crate) fn handset(&mut self) -> &mut Handset {
        &mut self.handset
    }

    /// Why there is no connection, if there is none.
    pub(crate) fn trouble(&self) -> Option<&DialError> {
        self.trouble.as_ref()
    }

    /// Whether the switchboard has ever said a word to this engine.
    pub(crate) fn was_answered(&self) -> bool {
        self.answered
    }

    /// Waits for the next thing to happen and has the engine deal with it. Safe to drop while it waits.
    ///
    /// # Errors
    /// If the handset's storage fails.
    pub(crate) async fn step(&mut self) -> Result<Step, Failure> {
        if let Some(step) = self.deal_out() {
            return Ok(step);
        }
        if let Some(transfers) = &mut self.transfers {
            transfers.begin(&self.handset)?;
        }
        match self.wake().await? {
            Woken::Dial => {
                if self.handset.superseded()?.is_some() {
                    return Err(handset::Error::RestoredElsewhere.into());
                }
                let url = self.handset.switchboard_url()?.ok_or(handset::Error::NotClaimed)?;
                let dialer = self.dialer.clone();
                self.link = Link::Dialing(Dialing(tokio::spawn(async move { dialer.dial(&url).await })));
                Ok(Step::Further)
            }
            Woken::Dialed(Ok(connection)) => {
                self.link = Link::Up(connection);
                self.trouble = None;
                self.handset.connected();
                Ok(Step::Further)
            }
            Woken::Dialed(Err(error)) => {
                self.trouble = Some(error);
                self.hang_up(FIRST_WAIT);
                Ok(Step::Offline)
            }
            Woken::Frame(None) => {
                self.trouble = Some(DialError::Unreachable("the connection broke".to_owned()));
                self.hang_up(FIRST_WAIT);
                Ok(Step::Offline)
            }
            Woken::Frame(Some(frame)) => self.take(&frame),
            Woken::Timeout => {
                self.handset.timeout(clock::now())?;
                Ok(self.deal_out().unwrap_or(Step::Further))
            }
            Woken::Transfer(ended) => {
                if let (Some(transfers), Some(ended)) = (&mut self.transfers, ended) {
                    transfers.settle(&mut self.handset, &ended)?;
                }
                Ok(self.deal_out().unwrap_or(Step::Further))
            }
        }
    }

    /// Sends what is still to be sent, closes the connection, and gives the engine back.
    pub(crate) async fn close(mut self) -> Handset {
        while self.deal_out().is_some() {}
        if let Link::Up(connection) = std::mem::replace(&mut self.link, Link::Down { until: Instant::now() }) {
            connection.close().await;
        }
        self.handset.disconnected();
        self.handset
    }

    fn take(&mut self, frame: &[u8]) -> Result<Step, Failure> {
        self.answered = true;
        match self.handset.receive(clock::now(), frame) {
            Ok(()) => {}
            Err(error) if error.fault() == Fault::Fatal => return Err(error.into()),
            Err(error) => {
                self.trouble = Some(DialError::NotASwitchboard(error.to_string()));
                self.hang_up(PATIENT_WAIT);
                return Ok(Step::Offline);
            }
        }
        if self.handset.session_state() == SessionState::Online {
            self.failed = 0;
        }
        Ok(self.deal_out().unwrap_or(Step::Further))
    }

    /// Does what the engine says, up to the first event.
    fn deal_out(&mut self) -> Option<Step> {
        let mut step = None;
        while let Some(output) = self.handset.poll_output() {
            match (output, &self.link) {
                (Output::Send(frame), Link::Up(connection)) => connection.send(frame),
                // Of a connection that is gone; the engine says it again on the next one.
                (Output::Send(_), _) => {}
                (Output::Close, _) => {
                    self.trouble = Some(DialError::Unreachable("it asks to come again later".to_owned()));
                    self.hang_up(PATIENT_WAIT);
                    step = Some(Step::Offline);
                }
                (Output::Event(Event::FileGone(blob)), _) => {
                    if let Some(transfers) = &self.transfers {
                        transfers.files().remove(&blob);
                    }
                }
                (Output::Event(event), _) => self.events.push_back(event),
            }
        }
        self.events.pop_front().map(Step::Event).or(step)
    }

    fn hang_up(&mut self, first: Duration) {
        self.handset.disconnected();
        let wait = first.saturating_mul(1 << self.failed.min(10)).min(LONGEST_WAIT);
        self.failed += 1;
        self.link = Link::Down { until: Instant::now() + wait.mul_f64(0.5 + random::fraction() / 2.0) };
    }

    async fn wake(&mut self) -> Result<Woken, Failure> {
        let timeout = self.handset.next_timeout()?.map(|at| at.since(clock::now()).max(SHORTEST_TIMEOUT));
        let due = async {
            match timeout {
                Some(timeout) => sleep(timeout).await,
                None => std::future::pending().await,
            }
        };
        let transfers = &mut self.transfers;
        let transfer = async {
            match transfers {
                Some(transfers) => transfers.next().await,
                None => std::future::pending().await,
            }
        };
        let link = async {
            match &mut self.link {
                Link::Down { until } => {
                    sleep_until(*until).await;
                    Woken::Dial
                }
                Link::Dialing(task) => match (&mut task.0).await {
                    Ok(result) => Woken::Dialed(result),
                    Err(error) => Woken::Dialed(Err(DialError::Unreachable(error.to_string()))),
                },
                Link::Up(connection) => Woken::Frame(connection.next().await),
            }
        };
        Ok(tokio::select! {
            woken = link => woken,
            () = due => Woken::Timeout,
            ended = transfer => Woken::Transfer(ended),
        })
    }
}

//! A handset's WebSocket: carries out what its [`Connection`] asks for.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use axum::Extension;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use futures_util::{SinkExt as _, StreamExt as _};
use hyper_util::rt::TokioIo;
use protocol::federation::FetchReply;
use protocol::frames::FromSwitchboard;
use protocol::wake::Wake;
use protocol::{LineId, Refusal, RefusalCode, encode};
use tokio::sync::{Notify, watch};
use tokio::time::{Interval, MissedTickBehavior, interval, sleep_until, timeout};
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::{Error as WsError, Message};

use super::gate::Guest;
use super::hub::{Bell, Place, Unseen};
use super::listen::Alive;
use super::socket::Socket;
use super::tickets::Issued;
use super::{Shared, now, peers, push, rng, socket};
use crate::core::connection::{Connection, Output};
use crate::core::{Done, reads};
use crate::store::StoreError;

/// Works of one handset that are under way before its next frame is read.
const PENDING: usize = 128;
/// How long a frame may take to be sent before the handset counts as gone.
const PATIENCE: Duration = Duration::from_secs(30);
/// How often a handset is asked for a sign of life; it counts as gone when none came twice.
const PING: Duration = Duration::from_secs(45);
/// After the last word, the other side has this long to close.
const GOODBYE: Duration = Duration::from_millis(500);
/// What is under way when the switchboard shuts down has this long.
const DRAIN: Duration = Duration::from_secs(5);

/// Takes a handset's connection.
pub(super) async fn open(
    State(shared): State<Arc<Shared>>,
    Extension(guest): Extension<Arc<Guest>>,
    Extension(alive): Extension<Alive>,
    request: Request,
) -> Response {
    if !shared.gate.ask(&guest) {
        return StatusCode::TOO_MANY_REQUESTS.into_response();
    }
    let (response, upgrade) = match socket::answer(request) {
        Ok(answered) => answered,
        Err(status) => return status.into_response(),
    };
    tokio::spawn(async move {
        if let Ok(stream) = upgrade.await {
            let socket = socket::over(TokioIo::new(stream)).await;
            Line::new(shared, guest, socket).run().await;
        }
        drop(alive);
    });
    response
}

/// What comes back from elsewhere.
enum Event {
    Done(Result<Done, StoreError>),
    Fetched(u64, FetchReply),
    Woken(u64, Result<Wake, Refusal>),
}

/// What came back and was not looked at yet: no more than may be under way. Takes up nothing while there is none, as a
/// channel would.
#[derive(Default)]
struct Answers {
    events: Mutex<Vec<Event>>,
    come: Notify,
}

impl Answers {
    fn add(&self, event: Event) {
        self.events.lock().unwrap_or_else(PoisonError::into_inner).push(event);
        self.come.notify_one();
    }

    fn take(&self) -> Vec<Event> {
        std::mem::take(&mut *self.events.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

struct Line {
    shared: Arc<Shared>,
    guest: Arc<Guest>,
    /// None only while it is made anew.
    socket: Option<Socket>,
    connection: Connection,
    answers: Arc<Answers>,
    bell: Arc<Bell>,
    place: Option<Place>,
    /// Whose handset it is, once that is known.
    line: Option<LineId>,
    /// Its ticket for blob requests, once it asked for one.
    ticket: Option<Issued>,
    /// No frame is read before this.
    not_before: Instant,
    draining: watch::Receiver<bool>,
}

/// Why the loop ends.
struct Over;

impl Line {
    fn new(shared: Arc<Shared>, guest: Arc<Guest>, socket: Socket) -> Self {
        let connection = Connection::new(shared.office.clone(), now(), &mut rng());
        let draining = shared.draining.clone();
        Self {
            shared,
            guest,
            socket: Some(socket),
            connection,
            answers: Arc::default(),
            bell: Arc::default(),
            place: None,
            line: None,
            ticket: None,
            not_before: Instant::now(),
            draining,
        }
    }

    async fn run(mut self) {
        let greeted_by = Instant::now() + self.shared.limits.greeting;
        let mut ping = interval(PING);
        ping.set_missed_tick_behavior(MissedTickBehavior::Delay);
        ping.reset();
        let ended = self.talk(greeted_by, &mut ping).await;
        if self.place.take().is_some() {
            self.shared.metrics.handsets.less();
        }
        if ended.is_ok()
            && let Some(mut socket) = self.socket
        {
            let close = CloseFrame { code: CloseCode::Normal, reason: "".into() };
            // The handset may be gone.
            let _ = timeout(PATIENCE, socket.send(Message::Close(Some(close)))).await;
            // What it still sends is read, so that the system does not take back what was said last.
            let _ = timeout(GOODBYE, async { while let Some(Ok(_)) = socket.next().await {} }).await;
        }
    }

    /// Ends with `Ok` if this side has said all it has to say, with `Over` if the other is gone.
    async fn talk(&mut self, greeted_by: Instant, ping: &mut Interval) -> Result<(), Over> {
        let mut answered = true;
        while self.carry_out().await? {
            let is_open = self.connection.is_open();
            let may_read = self.connection.pending() < PENDING;
            if *self.draining.borrow() {
                self.finish().await?;
                continue;
            }
            tokio::select! {
                message = read(self.socket.as_mut(), self.not_before), if may_read => {
                    answered = true;
                    self.hear(message?);
                }
                () = self.answers.come.notified() => self.take_answers(),
                () = self.bell.news.notified(), if is_open => match self.bell.seen() {
                    Unseen::Nothing => {}
                    Unseen::Items(items) => self.connection.wake_with(items),
                    Unseen::Unknown => self.connection.wake(),
                },
                () = self.bell.replaced.notified() => {
                    self.end(RefusalCode::Unavailable, "this handset has connected again elsewhere");
                }
                () = self.bell.revoked.notified() => self.connection.revoked(),
                () = sleep_until(greeted_by.into()), if !is_open => {
                    self.end(RefusalCode::TooMany, "this took too long: say who you are at once");
                }
                _ = ping.tick() => {
                    if !answered {
                        return Err(Over);
                    }
                    answered = false;
                    self.send(Message::Ping(Vec::new().into())).await?;
                }
                () = drained(&mut self.draining) => {}
            }
        }
        Ok(())
    }

    /// Waits for what is under way when the switchboard shuts down.
    async fn finish(&mut self) -> Result<(), Over> {
        let deadline = Instant::now() + DRAIN;
        while self.connection.pending() > 0 && self.carry_out().await? {
            tokio::select! {
                () = self.answers.come.notified() => self.take_answers(),
                () = sleep_until(deadline.into()) => break,
            }
        }
        self.end(RefusalCode::Unavailable, "the switchboard is shutting down: connect again in a moment");
        Ok(())
    }

    fn take_answers(&mut self) {
        for event in self.answers.take() {
            match event {
                Event::Done(Ok(done)) => self.connection.done(done),
                Event::Done(Err(error)) => self.connection.failed(&error),
                Event::Fetched(id, reply) => self.connection.fetched(id, reply),
                Event::Woken(id, wake) => self.connection.woken(id, wake),
            }
        }
    }

    fn end(&mut self, code: RefusalCode, sentence: &str) {
        self.connection.end(Refusal::new(code, sentence));
    }

    fn hear(&mut self, message: Message) {
        match message {
            Message::Binary(bytes) => {
                self.shared.metrics.frames_in.one();
                // Who has said nothing yet has one frame.
                if let Some(line) = &self.line {
                    self.not_before = Instant::now() + self.shared.gate.frame(line);
                }
                self.connection.receive(&bytes);
            }
            Message::Text(_) => self.end(RefusalCode::Malformed, "frames are binary here"),
            Message::Ping(_) | Message::Pong(_) | Message::Close(_) | Message::Frame(_) => {}
        }
    }

    /// Does what the connection asks for; gives whether it goes on. What it says leaves together.
    async fn carry_out(&mut self) -> Result<bool, Over> {
        let (mut says, mut goes_on) = (false, true);
        while let Some(output) = self.connection.poll() {
            match output {
                Output::Send(frame) => {
                    says = true;
                    self.say(&frame).await?;
                }
                Output::Look { line, handset } => {
                    let known = reads::known(&mut *self.shared.reader.store(), &line, &handset);
                    match known {
                        Ok(known) => self.connection.known(known),
                        Err(error) => self.connection.unreadable(&error),
                    }
                }
                Output::Read { line, handset, after, count, bytes } => {
                    let items = reads::items(&mut *self.shared.reader.store(), &line, &handset, after, count, bytes);
                    match items {
                        Ok(items) => self.connection.items(items),
                        Err(error) => self.connection.unreadable(&error),
                    }
                }
                Output::Apply(work) => {
                    let answers = Arc::clone(&self.answers);
                    self.shared.writer.bring(work, move |done| answers.add(Event::Done(done))).await;
                }
                Output::Fetch { id, at, lookup, reservation } => {
                    let (shared, answers) = (Arc::clone(&self.shared), Arc::clone(&self.answers));
                    let may_ask = self.line.and_then(|line| shared.gate.question(&line));
                    tokio::spawn(async move {
                        let reply = if may_ask.is_some() {
                            peers::fetch(&shared, at, lookup, reservation).await
                        } else {
                            Err(Refusal::new(RefusalCode::TooMany, "too many cards at once: try again in a minute"))
                        };
                        drop(may_ask);
                        answers.add(Event::Fetched(id, reply));
                    });
                }
                Output::Ticket { id } => {
                    if let Some(line) = self.line {
                        let (ticket, issued) = self.shared.tickets.issue(line);
                        self.ticket = Some(issued);
                        self.connection.ticket(id, ticket);
                    }
                }
                Output::Way { id, line, to } => {
                    let way = reads::way(&mut *self.shared.reader.store(), &line, &to);
                    self.connection.way(id, way);
                }
                Output::Wake { id, line, handset, tries } => {
                    let (shared, answers) = (Arc::clone(&self.shared), Arc::clone(&self.answers));
                    let may_ask = shared.gate.question(&line);
                    tokio::spawn(async move {
                        let wake = if may_ask.is_some() {
                            push::state(&shared, line, handset, tries).await
                        } else {
                            Err(Refusal::new(RefusalCode::TooMany, "too many questions at once: try again in a minute"))
                        };
                        drop(may_ask);
                        answers.add(Event::Woken(id, wake));
                    });
                }
                Output::Opened { line, handset } => {
                    self.shared.gate.is_handset(&self.guest);
                    if let Some(socket) = self.socket.take() {
                        self.socket = Some(socket::anew(socket).await);
                    }
                    self.line = Some(line);
                    self.shared.metrics.handsets.one();
                    self.place = Some(self.shared.hub.enter(line, handset, Arc::clone(&self.bell)));
                    self.shared.push.connected(line, handset);
                }
                Output::Close => {
                    goes_on = false;
                    break;
                }
            }
        }
        if says {
            in_time(self.socket()?.flush()).await?;
        }
        Ok(goes_on)
    }

    async fn say(&mut self, frame: &FromSwitchboard) -> Result<(), Over> {
        match frame {
            FromSwitchboard::Items(items) => self.shared.metrics.items_out.add(items.len() as u64),
            FromSwitchboard::Refused(_) | FromSwitchboard::Superseded { .. } if self.place.is_none() => {
                self.shared.metrics.greetings_refused.one()
            }
            _ => {}
        }
        in_time(self.socket()?.feed(Message::Binary(encode(frame).into()))).await
    }

    async fn send(&mut self, message: Message) -> Result<(), Over> {
        in_time(self.socket()?.send(message)).await
    }

    fn socket(&mut self) -> Result<&mut Socket, Over> {
        self.socket.as_mut().ok_or(Over)
    }
}

/// Waits for something to be sent, but not for ever.
async fn in_time(sent: impl Future<Output = Result<(), WsError>>) -> Result<(), Over> {
    match timeout(PATIENCE, sent).await {
        Ok(Ok(())) => Ok(()),
        _ => Err(Over),
    }
}

/// Waits until the switchboard shuts down.
async fn drained(draining: &mut watch::Receiver<bool>) {
    // A sender that is gone is a switchboard that is gone.
    let _ = draining.wait_for(|draining| *draining).await;
}

/// The next message, not before its time.
async fn read(socket: Option<&mut Socket>, not_before: Instant) -> Result<Message, Over> {
    if not_before > Instant::now() {
        sleep_until(not_before.into()).await;
    }
    match socket.ok_or(Over)?.next().await {
        Some(Ok(Message::Close(_)) | Err(_)) | None => Err(Over),
        Some(Ok(message)) => Ok(message),
    }
}

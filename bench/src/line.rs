//! A handset in the benchmark: the real engine over a real encrypted file, with a real WebSocket over TLS.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use database::DatabaseKey;
use futures_util::{SinkExt as _, StreamExt as _};
use handset::{Event, Handset, Output};
use protocol::{ContentId, Timestamp};
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng as _;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use tokio::net::TcpStream;
use tokio::sync::{mpsc, oneshot};
use tokio_rustls::TlsConnector;
use tokio_tungstenite::tungstenite::Message;

use crate::Result;

/// Frames that are kept to be looked at.
const FIRST: usize = 16;

/// When each text was begun, and how long it took to be kept at the other side.
#[derive(Debug, Default)]
pub(crate) struct Board {
    pub(crate) begun: BTreeMap<ContentId, Instant>,
    pub(crate) took: Vec<Duration>,
    /// Time inside the engine: to say a text, and to take a frame.
    pub(crate) said: Vec<Duration>,
    pub(crate) taken: Vec<Duration>,
    /// The first frames that were sent to a switchboard.
    pub(crate) sent: Vec<Vec<u8>>,
}

impl Board {
    fn note(&mut self, frame: &[u8]) {
        if self.sent.len() < FIRST {
            self.sent.push(frame.to_vec());
        }
    }
}

type Deed = Box<dyn FnOnce(&mut Handset, Timestamp) -> Result<String> + Send>;

/// What a handset is asked to do.
pub(crate) enum Order {
    Do(Deed, oneshot::Sender<Result<String>>),
    Text(String, String),
}

/// The way to a handset's task.
#[derive(Clone)]
pub(crate) struct Line {
    orders: mpsc::UnboundedSender<Order>,
}

pub(crate) fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_millis(u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
}

impl Line {
    /// Claims a line and stays connected. `file` is where its database is; none keeps it in memory.
    pub(crate) async fn claim(
        root: &Path,
        url: &str,
        name: &str,
        file: Option<&Path>,
        seed: u64,
        board: Arc<Mutex<Board>>,
    ) -> Result<Self> {
        let db = match file {
            Some(file) => database::open_encrypted(file, &DatabaseKey::new([7; 32]))?,
            None => database::open_memory()?,
        };
        let mut handset = Handset::open(db, ChaCha20Rng::seed_from_u64(seed))?;
        handset.claim(now(), &url.parse()?, name, false)?;
        let url = handset.switchboard_url()?.ok_or("no switchboard")?;
        let socket = connect(root, &url).await?;
        handset.connected();
        let (orders, received) = mpsc::unbounded_channel();
        let (ready, is_ready) = oneshot::channel();
        tokio::spawn(drive(handset, socket, received, ready, board));
        is_ready.await?;
        Ok(Self { orders })
    }

    /// Has the engine do something, and waits for what it says.
    pub(crate) async fn ask(
        &self,
        what: impl FnOnce(&mut Handset, Timestamp) -> Result<String> + Send + 'static,
    ) -> Result<String> {
        let (answer, answered) = oneshot::channel();
        self.orders.send(Order::Do(Box::new(what), answer)).map_err(|_| "the handset is gone")?;
        answered.await?
    }

    /// Says something.
    pub(crate) fn text(&self, person: &str, text: &str) {
        drop(self.orders.send(Order::Text(person.to_owned(), text.to_owned())));
    }
}

type Socket = tokio_tungstenite::WebSocketStream<tokio_rustls::client::TlsStream<TcpStream>>;

/// TLS 1.3 to servers that the benchmark's own authority certified. No connection resumes an earlier one: each handset is
/// another.
pub(crate) fn trust(root: &Path) -> Result<Arc<rustls::ClientConfig>> {
    let mut roots = rustls::RootCertStore::empty();
    for certificate in CertificateDer::pem_file_iter(root)? {
        roots.add(certificate?)?;
    }
    let mut config =
        rustls::ClientConfig::builder_with_provider(Arc::new(rustls::crypto::aws_lc_rs::default_provider()))
            .with_protocol_versions(&[&rustls::version::TLS13])?
            .with_root_certificates(roots)
            .with_no_client_auth();
    config.resumption = rustls::client::Resumption::disabled();
    Ok(Arc::new(config))
}

async fn connect(root: &Path, url: &str) -> Result<Socket> {
    let config = trust(root)?;
    let place = url.strip_prefix("wss://").and_then(|rest| rest.split('/').next()).ok_or("no wss URL")?;
    let tcp = TcpStream::connect(place).await?;
    tcp.set_nodelay(true)?;
    let tls = TlsConnector::from(config).connect(ServerName::try_from("127.0.0.1")?, tcp).await?;
    Ok(tokio_tungstenite::client_async(url, tls).await?.0)
}

async fn drive(
    mut handset: Handset,
    mut socket: Socket,
    mut orders: mpsc::UnboundedReceiver<Order>,
    ready: oneshot::Sender<()>,
    board: Arc<Mutex<Board>>,
) -> Result<()> {
    let mut ready = Some(ready);
    loop {
        let frame = tokio::select! {
            order = orders.recv() => match order {
                None => return Ok(()),
                Some(Order::Do(what, answer)) => {
                    drop(answer.send(what(&mut handset, now())));
                    None
                }
                Some(Order::Text(person, text)) => {
                    let begun = Instant::now();
                    let id = handset.text(now(), &person, &text, None)?;
                    let mut board = board.lock().map_err(|_| "the board")?;
                    board.said.push(begun.elapsed());
                    board.begun.insert(id, begun);
                    None
                }
            },
            frame = socket.next() => match frame {
                Some(Ok(Message::Binary(frame))) => Some(frame),
                Some(Ok(_)) => None,
                _ => return Ok(()),
            },
        };
        if let Some(frame) = frame {
            let begun = Instant::now();
            handset.receive(now(), &frame)?;
            let took = begun.elapsed();
            board.lock().map_err(|_| "the board")?.taken.push(took);
        }
        let mut sent = false;
        while let Some(output) = handset.poll_output() {
            match output {
                Output::Send(frame) => {
                    board.lock().map_err(|_| "the board")?.note(&frame);
                    socket.feed(Message::binary(frame)).await?;
                    sent = true;
                }
                Output::Close => return Err("the switchboard asks for patience".into()),
                Output::Event(Event::CaughtUp) => drop(ready.take().map(|ready| ready.send(()))),
                Output::Event(Event::Arrived { id, .. }) => {
                    // Kept: the transaction is committed before an event is given out.
                    let mut board = board.lock().map_err(|_| "the board")?;
                    if let Some(begun) = board.begun.remove(&id) {
                        board.took.push(begun.elapsed());
                    }
                }
                Output::Event(_) => {}
            }
        }
        if sent {
            socket.flush().await?;
        }
    }
}

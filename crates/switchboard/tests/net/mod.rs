//! Real switchboards on loopback sockets, and handsets that speak to them by hand.
#![allow(dead_code, unreachable_pub, reason = "each test file uses a part of it")]

use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use protocol::frames::{Deed, FromSwitchboard, Item, ItemBody, Outcome, Question, ToSwitchboard};
use protocol::{InvitationSecret, Refusal, SwitchboardAddress, decode, encode};
use serde_bytes::ByteBuf;
use switchboard::{Config, Running, start};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{WebSocketStream, client_async};

use crate::world::Line;

/// Longer than anything here takes.
pub const PATIENCE: Duration = Duration::from_secs(20);

pub fn config(data: &Path, port: u16) -> Config {
    let listen = SocketAddr::from(([127, 0, 0, 1], port));
    let mut config = Config::new(data, listen, "Office of Example");
    config.insecure_loopback = true;
    config
}

/// A switchboard and its data.
pub struct Board {
    pub data: tempfile::TempDir,
    pub running: Running,
}

impl Board {
    pub async fn new() -> Self {
        Self::with(|_| {}).await
    }

    pub async fn with(change: impl FnOnce(&mut Config)) -> Self {
        let data = tempfile::tempdir().unwrap();
        let mut config = config(&data.path().join("data"), 0);
        change(&mut config);
        Self { running: start(config).await.unwrap(), data }
    }

    pub fn address(&self) -> SwitchboardAddress {
        SwitchboardAddress::from_url(&self.running.public_url).unwrap()
    }

    pub fn path(&self) -> std::path::PathBuf {
        self.data.path().join("data")
    }

    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.running.public_url)
    }

    /// Stops; [`Stopped::start`] starts it again on the same port.
    pub async fn stop(self) -> Stopped {
        let port = self.running.listening.port();
        self.running.shutdown().await;
        Stopped { data: self.data, port }
    }

    pub async fn metric(&self, name: &str) -> u64 {
        let text = get(&self.url("/metrics")).await.text().await.unwrap();
        let line = text.lines().find_map(|line| line.strip_prefix(&format!("entrenous_{name} ")));
        line.unwrap_or_else(|| panic!("{name} in {text}")).parse().unwrap()
    }
}

pub struct Stopped {
    pub data: tempfile::TempDir,
    pub port: u16,
}

impl Stopped {
    pub async fn start(self) -> Board {
        let running = start(config(&self.data.path().join("data"), self.port)).await.unwrap();
        Board { data: self.data, running }
    }
}

/// A client with a time limit, that follows nobody.
pub fn http() -> reqwest::Client {
    reqwest::Client::builder().timeout(PATIENCE).redirect(reqwest::redirect::Policy::none()).build().unwrap()
}

pub async fn get(url: &str) -> reqwest::Response {
    http().get(url).send().await.unwrap()
}

/// A socket, encrypted or not.
pub trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}

impl<S: AsyncRead + AsyncWrite + Unpin + Send> Stream for S {}

/// A handset's connection.
pub struct Phone {
    socket: WebSocketStream<Box<dyn Stream>>,
    pub address: SwitchboardAddress,
    pub nonce: Vec<u8>,
    /// Items heard and not asked for yet.
    items: Vec<Item>,
}

impl Phone {
    /// Connects and hears the challenge.
    pub async fn dial(board: &Board) -> Self {
        let stream = TcpStream::connect(board.running.listening).await.unwrap();
        stream.set_nodelay(true).unwrap();
        Self::dial_over(board, Box::new(stream)).await
    }

    /// As [`Self::dial`], over a stream that may be encrypted.
    pub async fn dial_over(board: &Board, stream: Box<dyn Stream>) -> Self {
        let url = format!("ws://{}/v1/line", board.running.listening);
        let (socket, _) = client_async(url, stream).await.unwrap();
        let mut phone = Self { socket, address: board.address(), nonce: Vec::new(), items: Vec::new() };
        let Some(FromSwitchboard::Challenge { nonce, address, .. }) = phone.hear().await else {
            panic!("no challenge")
        };
        assert_eq!(address, board.address());
        phone.nonce = nonce.into_vec();
        phone
    }

    pub async fn claim(board: &Board, line: &Line) -> Self {
        let url = board.running.claim_url_of_first_invitation().unwrap();
        Self::claim_with(board, line, url).await
    }

    pub async fn claim_with(board: &Board, line: &Line, url: &str) -> Self {
        Self::dial(board).await.claiming(line, url).await
    }

    /// Claims on a connection that was just opened.
    pub async fn claiming(mut self, line: &Line, url: &str) -> Self {
        let secret: InvitationSecret = url.rsplit_once("/claim#").unwrap().1.parse().unwrap();
        let phone = &mut self;
        let signature = seal::sign_greeting(&line.signing, &line.greeting(&phone.nonce, &phone.address));
        phone
            .say(&ToSwitchboard::Claim {
                version: 1,
                invitation: secret,
                identity: line.identity.public(),
                handsets: ByteBuf::from(line.signed.clone()),
                handset: line.handset,
                signature: ByteBuf::from(signature),
            })
            .await;
        assert!(matches!(phone.hear().await, Some(FromSwitchboard::Welcome { .. })));
        self
    }

    pub async fn hello(board: &Board, line: &Line) -> Self {
        let mut phone = Self::dial(board).await;
        let signature = seal::sign_greeting(&line.signing, &line.greeting(&phone.nonce, &phone.address));
        let signature = ByteBuf::from(signature);
        phone.say(&ToSwitchboard::Hello { version: 1, line: line.line, handset: line.handset, signature }).await;
        assert!(matches!(phone.hear().await, Some(FromSwitchboard::Welcome { .. })));
        phone
    }

    pub async fn say(&mut self, frame: &ToSwitchboard) {
        self.say_bytes(encode(frame)).await;
    }

    pub async fn say_bytes(&mut self, bytes: Vec<u8>) {
        self.socket.send(Message::Binary(bytes.into())).await.unwrap();
    }

    /// The next frame; none once the connection is closed.
    pub async fn hear(&mut self) -> Option<FromSwitchboard> {
        loop {
            match timeout(PATIENCE, self.socket.next()).await.expect("an answer in time") {
                Some(Ok(Message::Binary(bytes))) => return Some(decode(&bytes, 1 << 20).unwrap()),
                Some(Ok(Message::Close(_)) | Err(_)) | None => return None,
                Some(Ok(_)) => {}
            }
        }
    }

    pub async fn deed(&mut self, line: &mut Line, deed: Deed) -> Result<(), Refusal> {
        let number = line.next_deed;
        line.next_deed += 1;
        self.say(&ToSwitchboard::Do { number, deed }).await;
        loop {
            match self.hear().await.expect("an answer to a deed") {
                FromSwitchboard::Done { number: done } if done == number => return Ok(()),
                FromSwitchboard::NotDone { number: refused, refusal } if refused == number => return Err(refusal),
                FromSwitchboard::Items(items) => self.items.extend(items),
                // To a question that nobody waits for any more.
                FromSwitchboard::Answer { .. } => {}
                other => panic!("{other:?}"),
            }
        }
    }

    pub async fn ask(&mut self, question: Question) -> Result<protocol::frames::Answer, Refusal> {
        self.say(&ToSwitchboard::Ask { id: 1, question }).await;
        loop {
            match self.hear().await.expect("an answer to a question") {
                FromSwitchboard::Answer { id: 1, answer } => return answer,
                FromSwitchboard::Items(items) => self.items.extend(items),
                other => panic!("{other:?}"),
            }
        }
    }

    /// The next item, acknowledged.
    pub async fn item(&mut self) -> ItemBody {
        while self.items.is_empty() {
            match self.hear().await.expect("items") {
                FromSwitchboard::Items(items) => self.items.extend(items),
                other => panic!("{other:?}"),
            }
        }
        let item = self.items.remove(0);
        self.say(&ToSwitchboard::Ack { through: item.number }).await;
        item.body
    }

    pub async fn envelope(&mut self) -> (u64, Vec<u8>) {
        match self.item().await {
            ItemBody::Envelope(delivery) => (delivery.number, delivery.envelope.into_vec()),
            other => panic!("{other:?}"),
        }
    }

    pub async fn outcome(&mut self) -> Outcome {
        match self.item().await {
            ItemBody::Outcome { outcome, .. } => outcome,
            other => panic!("{other:?}"),
        }
    }

    /// Whether nothing comes for a moment.
    pub async fn is_quiet(&mut self) -> bool {
        self.items.is_empty() && timeout(Duration::from_millis(300), self.socket.next()).await.is_err()
    }
}

//! A peer that is run by somebody else: a socket on which a test says what it likes.
#![allow(unreachable_pub, reason = "a part of one test")]

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use protocol::federation::{
    PARCEL_PATH, Parcel, ParcelReply, PeerMessage, SignedBytes, SwitchboardInfo, WELL_KNOWN_PATH,
};
use protocol::{QueueId, SwitchboardAddress, decode, encode};
use serde_bytes::ByteBuf;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use crate::net::{Board, http};

/// What a hostile peer says to a request.
#[derive(Clone)]
pub enum Says {
    /// With this status and as many headers as given, this body.
    Whole(&'static str, String, Vec<u8>),
    /// Nothing, with the connection open.
    Nothing,
    /// This, one byte a second.
    Drips(Vec<u8>),
    /// This, and then zeros for ever.
    Endless(Vec<u8>),
}

pub type Way = dyn Fn(&str, &[u8], &SwitchboardAddress) -> Says + Send + Sync;

/// A peer whose answers the test makes, on a socket of its own. It says who it is, unless its way is to say otherwise.
pub struct Hostile {
    pub address: SwitchboardAddress,
    key: seal::SwitchboardKey,
    way: Arc<Mutex<Arc<Way>>>,
    /// Parcels that came.
    parcels: Arc<AtomicUsize>,
}

impl Hostile {
    pub async fn new(way: impl Fn(&str, &[u8], &SwitchboardAddress) -> Says + Send + Sync + 'static) -> Self {
        let key = seal::SwitchboardKey::from_bytes(&[7; 32]);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address: SwitchboardAddress = listener.local_addr().unwrap().to_string().parse().unwrap();
        let way: Arc<Mutex<Arc<Way>>> = Arc::new(Mutex::new(Arc::new(way)));
        let parcels = Arc::new(AtomicUsize::new(0));
        let (its, ways, count) = (address.clone(), Arc::clone(&way), Arc::clone(&parcels));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (its, ways, count) = (its.clone(), Arc::clone(&ways), Arc::clone(&count));
                tokio::spawn(async move { answer(stream, &its, &ways, &count).await });
            }
        });
        Self { address, key, way, parcels }
    }

    pub fn becomes(&self, way: impl Fn(&str, &[u8], &SwitchboardAddress) -> Says + Send + Sync + 'static) {
        *self.way.lock().unwrap() = Arc::new(way);
    }

    pub fn parcels(&self) -> usize {
        self.parcels.load(Ordering::SeqCst)
    }

    pub fn signed<T: serde::Serialize>(&self, context: &str, value: &T) -> Vec<u8> {
        let payload = encode(value);
        let signature = ByteBuf::from(self.key.sign(context, &payload));
        encode(&SignedBytes { from: self.address.clone(), payload: ByteBuf::from(payload), signature })
    }

    pub async fn parcel(&self, to: &Board, queue: u8, first: u64, messages: Vec<PeerMessage>) -> ParcelReply {
        let queue = QueueId::new([queue; 16]);
        let parcel = Parcel { from: self.address.clone(), to: to.address(), queue, first, messages };
        let body = self.signed("entrenous parcel v1", &parcel);
        let answer = http().post(to.url(PARCEL_PATH)).body(body).send().await.unwrap();
        decode(&answer.bytes().await.unwrap(), 4096).unwrap()
    }
}

async fn answer(mut stream: TcpStream, its: &SwitchboardAddress, way: &Mutex<Arc<Way>>, parcels: &AtomicUsize) {
    let mut bytes = Vec::new();
    while let Some((path, body)) = request(&mut stream, &mut bytes).await {
        if path == PARCEL_PATH {
            parcels.fetch_add(1, Ordering::SeqCst);
        }
        let way = Arc::clone(&way.lock().unwrap());
        let (beginning, and_then) = match way(&path, &body, its) {
            Says::Whole(status, headers, body) => {
                let head = format!("HTTP/1.1 {status}\r\n{headers}content-length: {}\r\n\r\n", body.len());
                ([head.into_bytes(), body].concat(), None)
            }
            Says::Nothing => {
                // Until the other side hangs up.
                let _ = stream.read(&mut [0; 1]).await;
                return;
            }
            Says::Drips(bytes) => {
                for byte in bytes {
                    if stream.write_all(&[byte]).await.is_err() {
                        return;
                    }
                    tokio::time::sleep(Duration::from_secs(1)).await;
                }
                return;
            }
            Says::Endless(head) => (head, Some([0; 65536])),
        };
        if stream.write_all(&beginning).await.is_err() {
            return;
        }
        while let Some(more) = and_then {
            if stream.write_all(&more).await.is_err() {
                return;
            }
        }
    }
}

/// The next request's path and body.
pub async fn request(stream: &mut TcpStream, bytes: &mut Vec<u8>) -> Option<(String, Vec<u8>)> {
    loop {
        let head = bytes.windows(4).position(|four| four == b"\r\n\r\n");
        if let Some(end) = head {
            let text = String::from_utf8_lossy(&bytes[..end]).to_ascii_lowercase();
            let length = text.lines().find_map(|line| line.strip_prefix("content-length: "));
            let all = end + 4 + length.map_or(0, |length| length.parse().unwrap());
            if bytes.len() >= all {
                let body = bytes[end + 4..all].to_vec();
                bytes.drain(..all);
                return Some((text.split(' ').nth(1)?.to_owned(), body));
            }
        }
        if stream.read_buf(bytes).await.ok()? == 0 {
            return None;
        }
    }
}

pub fn ok(body: Vec<u8>) -> Says {
    Says::Whole("200 OK", String::new(), body)
}

pub fn who(its: &SwitchboardAddress) -> Vec<u8> {
    encode(&SwitchboardInfo {
        versions: vec![1],
        address: its.clone(),
        office: "Office of Elsewhere".into(),
        key: ByteBuf::from(seal::SwitchboardKey::from_bytes(&[7; 32]).public()),
    })
}

/// Says who it is, and this to everything else.
pub fn to_all(
    says: impl Fn(&str, &[u8]) -> Says + Send + Sync + 'static,
) -> impl Fn(&str, &[u8], &SwitchboardAddress) -> Says {
    move |path, body, its| if path == WELL_KNOWN_PATH { ok(who(its)) } else { says(path, body) }
}

/// A head that promises more than anybody should read, with the status that blobs come with.
pub fn endless(status: &str) -> Vec<u8> {
    let range = "content-range: bytes 0-99999/100000\r\n";
    format!("HTTP/1.1 {status}\r\n{range}content-length: 99999999999\r\n\r\n").into_bytes()
}

/// What a peer does that takes everything, and knows how it is meant.
pub fn honest(_: &str, body: &[u8]) -> Says {
    ok(encode(&ParcelReply::Stored { through: last_of(body) }))
}

/// The number of a parcel's last message.
fn last_of(body: &[u8]) -> u64 {
    let outside: SignedBytes = decode(body, 5 << 20).unwrap();
    let parcel: Parcel = decode(&outside.payload, 5 << 20).unwrap();
    parcel.first - 1 + parcel.messages.len() as u64
}

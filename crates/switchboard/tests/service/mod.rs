//! A push service on this machine, and a browser that it is for: what is sent to it is checked and opened here by the
//! standards' own words (RFC 8188, 8291, 8292).
#![allow(unreachable_pub, reason = "a module of a test")]

use std::sync::atomic::{AtomicU16, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aws_lc_rs::aead::{AES_128_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::agreement::{ECDH_P256, PrivateKey, UnparsedPublicKey, agree};
use aws_lc_rs::hkdf::{HKDF_SHA256, KeyType, Prk, Salt};
use aws_lc_rs::signature::{self, ECDSA_P256_SHA256_FIXED};
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri};
use data_encoding::BASE64URL_NOPAD;
use protocol::wake::Subscription;
use serde_bytes::ByteBuf;
use tokio::net::TcpListener;
use tokio::time::sleep;

/// A message as it came.
#[derive(Debug, Clone)]
pub struct Message {
    pub path: String,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

impl Message {
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

#[derive(Debug)]
struct Said {
    messages: Mutex<Vec<Message>>,
    status: AtomicU16,
}

/// A push service.
#[derive(Debug)]
pub struct Service {
    origin: String,
    said: Arc<Said>,
}

impl Service {
    pub async fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let origin = format!("http://{}", listener.local_addr().unwrap());
        let said = Arc::new(Said { messages: Mutex::default(), status: AtomicU16::new(201) });
        let router = Router::new().fallback(take).with_state(Arc::clone(&said));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { origin, said }
    }

    /// What it answers from now on.
    pub fn answer(&self, status: u16) {
        self.said.status.store(status, Ordering::Relaxed);
    }

    pub fn messages(&self) -> Vec<Message> {
        self.said.messages.lock().unwrap().clone()
    }

    /// Waits until so many came.
    pub async fn wait_for(&self, count: usize) -> Vec<Message> {
        for _ in 0..200 {
            if self.messages().len() >= count {
                break;
            }
            sleep(Duration::from_millis(50)).await;
        }
        // And whether there are more than that.
        sleep(Duration::from_millis(300)).await;
        let messages = self.messages();
        assert_eq!(messages.len(), count);
        messages
    }

    /// A browser that has made a subscription here.
    pub fn browser(&self, path: &str) -> Browser {
        Browser {
            key: PrivateKey::generate(&ECDH_P256).unwrap(),
            auth: [path.len() as u8; 16],
            origin: self.origin.clone(),
            endpoint: format!("{}/{path}", self.origin),
        }
    }
}

async fn take(State(said): State<Arc<Said>>, uri: Uri, headers: HeaderMap, body: Bytes) -> (StatusCode, HeaderMap) {
    said.messages.lock().unwrap().push(Message { path: uri.path().to_owned(), headers, body: body.to_vec() });
    let status = StatusCode::from_u16(said.status.load(Ordering::Relaxed)).unwrap();
    let mut answer = HeaderMap::new();
    if status.is_redirection() {
        answer.insert("location", "/elsewhere".parse().unwrap());
    }
    (status, answer)
}

/// A browser's side of a subscription.
pub struct Browser {
    key: PrivateKey,
    auth: [u8; 16],
    origin: String,
    endpoint: String,
}

struct Length(usize);

impl KeyType for Length {
    fn len(&self) -> usize {
        self.0
    }
}

fn expand(key: &Prk, info: &[&[u8]], length: usize) -> Vec<u8> {
    let mut out = vec![0; length];
    key.expand(info, Length(length)).unwrap().fill(&mut out).unwrap();
    out
}

impl Browser {
    pub fn subscription(&self) -> Subscription {
        Subscription {
            endpoint: self.endpoint.clone(),
            p256dh: ByteBuf::from(self.key.compute_public_key().unwrap().as_ref()),
            auth: ByteBuf::from(self.auth),
        }
    }

    /// What a message says.
    pub fn open(&self, message: &Message) -> Vec<u8> {
        let (header, record) = message.body.split_at(16 + 4 + 1 + 65);
        let (salt, sender) = (&header[..16], &header[21..]);
        assert_eq!((header[20], sender[0]), (65, 4));
        assert!(u32::from_be_bytes(header[16..20].try_into().unwrap()) as usize >= record.len());
        let own = self.key.compute_public_key().unwrap();
        let theirs = UnparsedPublicKey::new(&ECDH_P256, sender);
        let input = agree(&self.key, theirs, (), |shared| {
            let key = Salt::new(HKDF_SHA256, &self.auth).extract(shared);
            Ok(expand(&key, &[b"WebPush: info\0", own.as_ref(), sender], 32))
        });
        let key = Salt::new(HKDF_SHA256, salt).extract(&input.unwrap());
        let content_key = expand(&key, &[b"Content-Encoding: aes128gcm\0"], 16);
        let nonce = expand(&key, &[b"Content-Encoding: nonce\0"], 12);
        let content_key = LessSafeKey::new(UnboundKey::new(&AES_128_GCM, &content_key).unwrap());
        let mut record = record.to_vec();
        let nonce = Nonce::try_assume_unique_for_key(&nonce).unwrap();
        let plain = content_key.open_in_place(nonce, Aad::empty(), &mut record).unwrap();
        let end = plain.iter().rposition(|byte| *byte != 0).unwrap();
        assert_eq!(plain[end], 2, "the last record's delimiter");
        plain[..end].to_vec()
    }

    /// Checks whose message it is: signed with this key, for this push service, good for a day at most.
    pub fn check(&self, message: &Message, key: &[u8], contact: &str) {
        assert_eq!(message.header("content-encoding"), "aes128gcm");
        let fields = message.header("authorization").strip_prefix("vapid ").unwrap();
        let field = |name: &str| fields.split(", ").find_map(|field| field.strip_prefix(name)).unwrap();
        assert_eq!(BASE64URL_NOPAD.decode(field("k=").as_bytes()).unwrap(), key);
        let (signed, signature) = field("t=").rsplit_once('.').unwrap();
        let signature = BASE64URL_NOPAD.decode(signature.as_bytes()).unwrap();
        let public = signature::UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, key);
        public.verify(signed.as_bytes(), &signature).expect("a signature that holds");
        assert!(public.verify(b"other", &signature).is_err());
        let read = |part: &str| -> serde_json::Value {
            serde_json::from_slice(&BASE64URL_NOPAD.decode(part.as_bytes()).unwrap()).unwrap()
        };
        let (head, claims) = signed.split_once('.').unwrap();
        assert_eq!(read(head)["alg"], "ES256");
        let claims = read(claims);
        assert_eq!((&claims["aud"], &claims["sub"]), (&self.origin.as_str().into(), &contact.into()));
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
        let expires = claims["exp"].as_u64().unwrap();
        assert!(expires > now && expires <= now + 24 * 60 * 60);
    }
}

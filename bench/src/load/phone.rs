//! A handset's wire without its engine: TLS, WebSocket, the real frames, real signatures. What is inside its envelopes
//! is random, since no switchboard looks there.

use std::sync::Arc;

use futures_util::{FutureExt as _, SinkExt as _, StreamExt as _};
use protocol::documents::{HandsetEntry, HandsetList};
use protocol::frames::{Deed, FromSwitchboard, Greeting, LINE_PATH, ToSwitchboard};
use protocol::{HandsetId, InvitationSecret, LineId, SwitchboardAddress, decode, encode};
use rand_chacha::ChaCha20Rng;
use rand_core::{Rng as _, SeedableRng as _};
use rustls::pki_types::ServerName;
use serde_bytes::ByteBuf;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;

use crate::Result;

/// What a handset's greeting is for.
const GREETING: &str = "entrenous greeting";

/// Who a handset is.
pub(crate) struct Identity {
    identity: seal::SigningKey,
    signing: seal::SigningKey,
    handset: HandsetId,
    line: LineId,
    pub(crate) rng: ChaCha20Rng,
}

impl Identity {
    pub(crate) fn new(seed: u64) -> Self {
        let mut rng = ChaCha20Rng::seed_from_u64(seed);
        let identity = seal::SigningKey::generate(&mut rng);
        let signing = seal::SigningKey::generate(&mut rng);
        let line = seal::line_id(&identity.public());
        let mut handset = [0; HandsetId::LENGTH];
        rng.fill_bytes(&mut handset);
        Self { identity, signing, handset: HandsetId::new(handset), line, rng }
    }

    /// The line's first list, with one handset on it.
    fn list(&self) -> Vec<u8> {
        let entry = HandsetEntry { handset: self.handset, signing: self.signing.public(), kem: vec![0; 1216] };
        let list = HandsetList {
            line: self.line,
            number: 1,
            previous: None,
            successor: ByteBuf::from([0; 32]),
            handsets: vec![entry],
            made_at: crate::line::now(),
            restored: 0,
            successor_key: None,
        };
        seal::sign_handset_list(&self.identity, &list)
    }

    fn claim(&self, invitation: InvitationSecret, nonce: ByteBuf, address: SwitchboardAddress) -> ToSwitchboard {
        let (line, handset) = (self.line, self.handset);
        let greeting = Greeting { context: GREETING.to_owned(), nonce, address, line, handset };
        ToSwitchboard::Claim {
            version: 1,
            invitation,
            identity: self.identity.public(),
            handsets: self.list().into(),
            handset,
            signature: seal::sign_greeting(&self.signing, &greeting).into(),
        }
    }
}

/// A connected handset.
pub(crate) struct Phone {
    socket: WebSocketStream<TlsStream<TcpStream>>,
    deeds: u64,
}

impl Phone {
    /// Connects to where an invitation is from, and takes it up.
    pub(crate) async fn claim(
        tls: &Arc<rustls::ClientConfig>,
        place: &SwitchboardAddress,
        invitation: InvitationSecret,
        identity: &Identity,
    ) -> Result<Self> {
        let tcp = TcpStream::connect(place.as_str()).await?;
        tcp.set_nodelay(true)?;
        let stream = TlsConnector::from(Arc::clone(tls)).connect(ServerName::try_from("127.0.0.1")?, tcp).await?;
        let url = format!("wss://{place}{LINE_PATH}");
        let config = WebSocketConfig::default().read_buffer_size(16 * 1024).write_buffer_size(16 * 1024);
        let (socket, _) = tokio_tungstenite::client_async_with_config(url, stream, Some(config)).await?;
        let mut phone = Self { socket, deeds: 0 };
        let FromSwitchboard::Challenge { nonce, address, .. } = phone.hear().await? else {
            return Err("the switchboard did not challenge".into());
        };
        phone.say(&identity.claim(invitation, nonce, address)).await?;
        phone.flush().await?;
        match phone.hear().await? {
            FromSwitchboard::Welcome { .. } => Ok(phone),
            other => Err(format!("a claim was not welcomed: {other:?}").into()),
        }
    }

    /// The next frame. May be given up at any time.
    pub(crate) async fn hear(&mut self) -> Result<FromSwitchboard> {
        loop {
            let message = self.socket.next().await.ok_or("the switchboard closed a connection")??;
            if let Message::Binary(bytes) = message {
                return Ok(decode(&bytes, protocol::limits::FRAME_BYTES)?);
            }
        }
    }

    /// A frame that is there already.
    pub(crate) fn heard(&mut self) -> Result<Option<FromSwitchboard>> {
        self.hear().now_or_never().transpose()
    }

    /// Puts a frame on its way, with [`Self::flush`].
    pub(crate) async fn say(&mut self, frame: &ToSwitchboard) -> Result<()> {
        Ok(self.socket.feed(Message::binary(encode(frame))).await?)
    }

    pub(crate) async fn flush(&mut self) -> Result<()> {
        Ok(self.socket.flush().await?)
    }

    /// Puts a deed on its way, with [`Self::flush`].
    pub(crate) async fn deed(&mut self, deed: Deed) -> Result<()> {
        self.deeds += 1;
        self.say(&ToSwitchboard::Do { number: self.deeds, deed }).await
    }

    /// Has a deed done.
    pub(crate) async fn done(&mut self, deed: Deed) -> Result<()> {
        self.deed(deed).await?;
        self.flush().await?;
        loop {
            match self.hear().await? {
                FromSwitchboard::Done { number } if number == self.deeds => return Ok(()),
                FromSwitchboard::Items(_) => {}
                other => return Err(format!("a deed was not done: {other:?}").into()),
            }
        }
    }
}

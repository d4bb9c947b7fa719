//! As much of XMPP (RFC 6120, 6121) as two clients need to text each other over plain TCP: in-band registration
//! (XEP-0077), SASL PLAIN, binding, messages.
//!
//! Nothing is parsed: what our own clients write holds no end tag of a message but its own, so that counting those
//! counts messages.

use std::time::Duration;

use data_encoding::BASE64;
use tokio::time::timeout;

use super::drive::Way;
use super::plain::{Heard, Plain, either};
use crate::Result;

/// The host that the servers are set up for.
pub(crate) const HOST: &str = "localhost";
const END: &[u8] = b"</message>";

/// A client that has said who it is.
struct Client(Plain);

impl Client {
    async fn register_and_enter(port: u16, name: &str) -> Result<Self> {
        let mut client = Self(Plain::connect(port).await?);
        client.open().await?;
        let register = format!(
            "<iq type='set' id='register'><query xmlns='jabber:iq:register'><username>{name}</username>\
             <password>secret</password></query></iq>"
        );
        client.ask(&register, "register").await?;
        let plain = BASE64.encode(format!("\0{name}\0secret").as_bytes());
        let auth = format!("<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>{plain}</auth>");
        client.0.say(auth.as_bytes()).await?;
        client.wait("<success").await?;
        client.open().await?;
        let bind = "<iq type='set' id='bind'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'>\
                    <resource>bench</resource></bind></iq>";
        client.ask(bind, "bind").await?;
        client.0.say(b"<presence/>").await?;
        client.wait("<presence").await?;
        Ok(client)
    }

    async fn open(&mut self) -> Result<()> {
        let open = format!(
            "<?xml version='1.0'?><stream:stream to='{HOST}' version='1.0' xmlns='jabber:client' \
             xmlns:stream='http://etherx.jabber.org/streams'>"
        );
        self.0.say(open.as_bytes()).await?;
        self.wait("</stream:features>").await
    }

    async fn ask(&mut self, iq: &str, id: &str) -> Result<()> {
        self.0.say(iq.as_bytes()).await?;
        self.wait("result").await.map_err(|error| format!("{id}: {error}").into())
    }

    /// Waits for something, and forgets all that was heard.
    async fn wait(&mut self, for_this: &str) -> Result<()> {
        loop {
            let heard = String::from_utf8_lossy(&self.0.heard).into_owned();
            if heard.contains("type='error'")
                || heard.contains("type=\"error\"")
                || heard.contains("<failure")
                || heard.contains("stream:error")
            {
                return Err(format!("an XMPP server refused: {heard}").into());
            }
            if heard.contains(for_this) {
                self.0.heard.clear();
                return Ok(());
            }
            if timeout(Duration::from_secs(30), self.0.hear()).await.is_err() {
                return Err(format!("an XMPP server did not say {for_this:?} but {heard:?}").into());
            }
        }
    }
}

/// Two clients.
pub(crate) struct Pair {
    speaker: Client,
    listener: Client,
    stanza: Vec<u8>,
}

impl Pair {
    pub(crate) async fn connect(port: u16, number: usize, length: usize) -> Result<Self> {
        let (a, b) = (format!("speaker{number}"), format!("listener{number}"));
        let speaker = Client::register_and_enter(port, &a).await?;
        let listener = Client::register_and_enter(port, &b).await?;
        let text = "x".repeat(length);
        let stanza = format!("<message to='{b}@{HOST}/bench' type='chat' id='text'><body>{text}</body></message>");
        Ok(Self { speaker, listener, stanza: stanza.into_bytes() })
    }
}

impl Way for Pair {
    type Heard = Heard;

    async fn send(&mut self, texts: usize) -> Result<()> {
        self.speaker.0.say(&self.stanza.repeat(texts)).await
    }

    async fn hear(&mut self) -> Result<Heard> {
        either(&mut self.speaker.0, &mut self.listener.0).await
    }

    async fn take(&mut self, heard: Heard) -> Result<(usize, usize)> {
        if matches!(heard, Heard::Speaker) {
            let heard = std::mem::take(&mut self.speaker.0.heard);
            let wrong = heard.windows(5).any(|window| window == b"error");
            return if wrong { Err(String::from_utf8_lossy(&heard).into_owned().into()) } else { Ok((0, 0)) };
        }
        let heard = &mut self.listener.0.heard;
        let (mut at, mut count) = (0, 0);
        while let Some(end) = heard[at..].windows(END.len()).position(|window| window == END) {
            (at, count) = (at + end + END.len(), count + 1);
        }
        heard.drain(..at);
        // These servers say nothing when a message is kept; they keep it before they pass it on.
        Ok((count, count))
    }
}

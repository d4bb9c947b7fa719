//! The connection to a switchboard: TCP, TLS 1.3, WebSocket, and nothing else.

use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use futures_util::stream::SplitStream;
use futures_util::{SinkExt as _, StreamExt as _};
use protocol::limits;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout_at};
use tokio_rustls::TlsConnector;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{Error as WsError, Message};
use tokio_tungstenite::{WebSocketStream, client_async_with_config};

/// How long a connection may take to come about.
const PATIENCE: Duration = Duration::from_secs(10);

/// How often to show that this side is there.
const PING_EVERY: Duration = Duration::from_secs(25);

/// After this long without anything the other side is gone: three pings without an answer.
const SILENCE: Duration = Duration::from_secs(80);

/// Why there is no connection.
#[derive(Debug, Clone, thiserror::Error)]
pub(crate) enum DialError {
    #[error("the switchboard cannot be reached ({0}): check the network, or try again later")]
    Unreachable(String),
    #[error("the switchboard's certificate is not to be trusted ({0}): tell your office's operator")]
    NotTrusted(String),
    #[error("what answers at the switchboard's address is no switchboard ({0}): tell your office's operator")]
    NotASwitchboard(String),
    #[error(
        "the certificates to trust cannot be read ({0}): give a file of certificates in PEM to --trust-root, or leave it out"
    )]
    TrustRoot(String),
    #[error("without TLS a handset speaks only to its own machine: the switchboard's address is elsewhere")]
    NotLoopback,
}

impl From<DialError> for crate::exit::Failure {
    fn from(error: DialError) -> Self {
        Self::refused(error.code(), error.to_string())
    }
}

impl DialError {
    /// Whether trying again would come to the same.
    pub(crate) const fn is_certain(&self) -> bool {
        !matches!(self, Self::Unreachable(_))
    }

    pub(crate) fn code(&self) -> &'static str {
        match self {
            Self::Unreachable(_) => "switchboard-unreachable",
            Self::NotTrusted(_) => "switchboard-not-trusted",
            Self::NotASwitchboard(_) => "not-a-switchboard",
            Self::TrustRoot(_) => "trust-root-unreadable",
            Self::NotLoopback => "not-loopback",
        }
    }
}

/// Makes connections, all under the same trust.
#[derive(Debug, Clone, Default)]
pub(crate) struct Dialer {
    trust_root: Option<PathBuf>,
    /// Made when first needed: reading the system's certificates takes a few milliseconds.
    tls: Arc<OnceLock<Arc<ClientConfig>>>,
}

trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}

/// A connection that is up.
pub(crate) struct Connection {
    frames: SplitStream<WebSocketStream<Box<dyn Stream>>>,
    outgoing: Option<mpsc::UnboundedSender<Vec<u8>>>,
    writer: Option<JoinHandle<()>>,
    /// When the other side last gave a sign of life.
    heard_at: Instant,
}

impl Dialer {
    /// Trusts the certificates in a file instead of the system's.
    pub(crate) fn new(trust_root: Option<PathBuf>) -> Self {
        Self { trust_root, tls: Arc::default() }
    }

    /// Whether the certificates to trust, where they are named, can be read.
    ///
    /// # Errors
    /// If they cannot.
    pub(crate) fn check(&self) -> Result<(), DialError> {
        if self.trust_root.is_some() {
            self.tls()?;
        }
        Ok(())
    }

    /// Connects to a `ws` or `wss` URL.
    ///
    /// # Errors
    /// Says whether nothing is there or something wrong is.
    pub(crate) async fn dial(&self, url: &str) -> Result<Connection, DialError> {
        tokio::time::timeout(PATIENCE, self.connect(url))
            .await
            .unwrap_or_else(|_| Err(DialError::Unreachable("no answer in time".to_owned())))
    }

    /// A client for blob requests, under the same trust.
    ///
    /// # Errors
    /// If the certificates to trust cannot be read.
    pub(crate) fn http(&self) -> Result<reqwest::Client, DialError> {
        reqwest::Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .http1_only()
            .connect_timeout(PATIENCE)
            .tcp_nodelay(true)
            .tls_backend_preconfigured(ClientConfig::clone(&*self.tls()?))
            .build()
            .map_err(|error| DialError::Unreachable(error.to_string()))
    }

    async fn connect(&self, url: &str) -> Result<Connection, DialError> {
        let odd = |error: &dyn std::fmt::Display| DialError::NotASwitchboard(error.to_string());
        let request = url.into_client_request().map_err(|error| odd(&error))?;
        let secure = request.uri().scheme_str() == Some("wss");
        let host = request.uri().host().unwrap_or_default().trim_matches(['[', ']']).to_owned();
        let port = request.uri().port_u16().unwrap_or(if secure { 443 } else { 80 });
        if !secure && !host.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback()) {
            return Err(DialError::NotLoopback);
        }
        // Before connecting: a file that is missing should not look like a network that is down.
        let tls = if secure { Some(self.tls()?) } else { None };
        let unreachable = |error: std::io::Error| DialError::Unreachable(plain(&error));
        let tcp = TcpStream::connect((host.as_str(), port)).await.map_err(unreachable)?;
        tcp.set_nodelay(true).map_err(unreachable)?;
        let stream: Box<dyn Stream> = match tls {
            None => Box::new(tcp),
            Some(tls) => {
                let name = ServerName::try_from(host).map_err(|error| odd(&error))?;
                Box::new(TlsConnector::from(tls).connect(name, tcp).await.map_err(tls_failure)?)
            }
        };
        let config = WebSocketConfig::default()
            .max_message_size(Some(limits::FRAME_BYTES))
            .max_frame_size(Some(limits::FRAME_BYTES));
        let (socket, _) = client_async_with_config(request, stream, Some(config)).await.map_err(upgrade_failure)?;
        Ok(Connection::new(socket))
    }

    fn tls(&self) -> Result<Arc<ClientConfig>, DialError> {
        if let Some(config) = self.tls.get() {
            return Ok(Arc::clone(config));
        }
        let unreadable = |error: Box<dyn std::error::Error>| {
            let file = self.trust_root.as_ref().map_or_else(String::new, |path| format!("{}: ", path.display()));
            DialError::TrustRoot(format!("{file}{error}"))
        };
        let config = Arc::new(tls_config(self.trust_root.as_deref()).map_err(unreadable)?);
        Ok(Arc::clone(self.tls.get_or_init(|| config)))
    }
}

/// TLS 1.3 only, X25519 with ML-KEM-768 first.
fn tls_config(trust_root: Option<&Path>) -> Result<ClientConfig, Box<dyn std::error::Error>> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_protocol_versions(&[&rustls::version::TLS13])?;
    let config = match trust_root {
        None => {
            let verifier = rustls_platform_verifier::Verifier::new(provider)?;
            builder.dangerous().with_custom_certificate_verifier(Arc::new(verifier)).with_no_client_auth()
        }
        Some(path) => {
            let mut roots = RootCertStore::empty();
            for certificate in CertificateDer::pem_file_iter(path)? {
                roots.add(certificate?)?;
            }
            if roots.is_empty() {
                return Err("there is no certificate in the file".into());
            }
            builder.with_root_certificates(roots).with_no_client_auth()
        }
    };
    Ok(config)
}

fn tls_failure(error: std::io::Error) -> DialError {
    match error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
        Some(rustls::Error::InvalidCertificate(reason)) => DialError::NotTrusted(distrust(reason).to_owned()),
        Some(rustls::Error::InvalidMessage(_)) => DialError::NotASwitchboard("it does not speak TLS".to_owned()),
        Some(other) => DialError::NotASwitchboard(other.to_string()),
        None => DialError::Unreachable(plain(&error)),
    }
}

/// Why a certificate is not trusted, in a few words.
const fn distrust(reason: &rustls::CertificateError) -> &'static str {
    use rustls::CertificateError as Reason;
    match reason {
        Reason::Expired | Reason::ExpiredContext { .. } => "it has expired, or this machine's clock is wrong",
        Reason::NotValidYet | Reason::NotValidYetContext { .. } => {
            "it is not valid yet, or this machine's clock is wrong"
        }
        Reason::UnknownIssuer => "it is from no authority that this machine trusts",
        Reason::NotValidForName | Reason::NotValidForNameContext { .. } => "it is for another name",
        Reason::Revoked => "its authority took it back",
        _ => "it is not made as a server's certificate has to be",
    }
}

fn upgrade_failure(error: WsError) -> DialError {
    match error {
        WsError::Http(response) if [429, 503].contains(&response.status().as_u16()) => {
            DialError::Unreachable("it is busy".to_owned())
        }
        WsError::Io(error) => DialError::Unreachable(plain(&error)),
        other => DialError::NotASwitchboard(other.to_string()),
    }
}

/// An I/O error without the operating system's number.
fn plain(error: &std::io::Error) -> String {
    let text = error.to_string();
    text.split(" (os error").next().unwrap_or(&text).to_lowercase()
}

impl Connection {
    fn new(socket: WebSocketStream<Box<dyn Stream>>) -> Self {
        let (mut sink, frames) = socket.split();
        let (outgoing, mut waiting) = mpsc::unbounded_channel::<Vec<u8>>();
        let writer = tokio::spawn(async move {
            let mut ping = tokio::time::interval(PING_EVERY);
            ping.reset();
            loop {
                let message = tokio::select! {
                    frame = waiting.recv() => match frame {
                        Some(frame) => Message::binary(frame),
                        None => break,
                    },
                    _ = ping.tick() => Message::Ping(Vec::new().into()),
                };
                // What is there already goes in one write.
                if sink.feed(message).await.is_err() {
                    return;
                }
                while let Ok(frame) = waiting.try_recv() {
                    if sink.feed(Message::binary(frame)).await.is_err() {
                        return;
                    }
                }
                if sink.flush().await.is_err() {
                    return;
                }
            }
            let _ = sink.close().await;
        });
        Self { frames, outgoing: Some(outgoing), writer: Some(writer), heard_at: Instant::now() }
    }

    /// Sends a frame, after those before it. A connection that is gone shows when reading.
    pub(crate) fn send(&self, frame: Vec<u8>) {
        if let Some(outgoing) = &self.outgoing {
            let _ = outgoing.send(frame);
        }
    }

    /// The next frame; none once the connection is gone. Safe to drop while it waits.
    pub(crate) async fn next(&mut self) -> Option<Vec<u8>> {
        loop {
            let message = timeout_at(self.heard_at + SILENCE, self.frames.next()).await;
            self.heard_at = Instant::now();
            match message {
                Ok(Some(Ok(Message::Binary(frame)))) => return Some(frame.into()),
                Ok(Some(Ok(Message::Ping(_) | Message::Pong(_)))) => {}
                _ => return None,
            }
        }
    }

    /// Sends what is still to be sent, and closes.
    pub(crate) async fn close(mut self) {
        self.outgoing = None;
        if let Some(writer) = self.writer.take() {
            let _ = tokio::time::timeout(Duration::from_secs(1), writer).await;
        }
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        if let Some(writer) = &self.writer {
            writer.abort();
        }
    }
}

impl std::fmt::Debug for Connection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Connection")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn nothing_there_is_told_from_something_wrong() {
        let dialer = Dialer::default();
        let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let error = dialer.dial(&format!("ws://{closed}/v1/line")).await.unwrap_err();
        assert_eq!(error.code(), "switchboard-unreachable");
        assert!(error.to_string().contains("connection refused"), "{error}");
        assert_eq!(dialer.dial("ws://192.0.2.1/v1/line").await.unwrap_err().code(), "not-loopback");
        let dialer = Dialer::new(Some("/nonexistent".into()));
        assert_eq!(dialer.dial(&format!("wss://{closed}/v1/line")).await.unwrap_err().code(), "trust-root-unreadable");
    }

    #[test]
    fn hybrid_key_exchange_comes_first() {
        let provider = rustls::crypto::aws_lc_rs::default_provider();
        assert_eq!(provider.kx_groups[0].name(), rustls::NamedGroup::X25519MLKEM768);
    }
}

//! Two switchboards over TLS, with a certificate authority of the office's own.

mod net;
mod world;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use net::{Board, Phone, Stream};
use protocol::frames::{Answer, Deed, Question};
use protocol::{RefusalCode, ReservationId};
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::crypto::aws_lc_rs::{default_provider, kx_group};
use rustls::pki_types::{CertificateDer, ServerName, pem::PemObject as _};
use rustls::{ClientConfig, NamedGroup, ProtocolVersion, RootCertStore, SupportedProtocolVersion};
use serde_bytes::ByteBuf;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use world::{Line, lookup, slot};

/// An authority, and a certificate for this machine from it.
struct Authority {
    folder: tempfile::TempDir,
}

impl Authority {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (key, mut params) = (KeyPair::generate().unwrap(), CertificateParams::default());
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let root = params.self_signed(&key).unwrap();
        let issuer = Issuer::new(params, key);
        let leaf_key = KeyPair::generate().unwrap();
        let leaf = CertificateParams::new(["127.0.0.1".to_owned()]).unwrap().signed_by(&leaf_key, &issuer).unwrap();
        let write = |name: &str, text: String| std::fs::write(folder.path().join(name), text).unwrap();
        write("root.pem", root.pem());
        write("cert.pem", leaf.pem());
        write("key.pem", leaf_key.serialize_pem());
        Self { folder }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    async fn board(&self, trusted: Option<&Path>) -> Board {
        Board::with(|config| {
            config.tls_cert = Some(self.path("cert.pem"));
            config.tls_key = Some(self.path("key.pem"));
            config.trust_roots = trusted.map(Path::to_owned);
        })
        .await
    }

    async fn dial(
        &self,
        board: &Board,
        version: &'static SupportedProtocolVersion,
        group: Option<&'static dyn rustls::crypto::SupportedKxGroup>,
    ) -> std::io::Result<TlsStream<TcpStream>> {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_file(self.path("root.pem")).unwrap()).unwrap();
        let mut provider = default_provider();
        if let Some(group) = group {
            provider.kx_groups = vec![group];
        }
        let config = ClientConfig::builder_with_provider(Arc::new(provider))
            .with_protocol_versions(&[version])
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        let stream = TcpStream::connect(board.running.listening).await?;
        TlsConnector::from(Arc::new(config)).connect(ServerName::try_from("127.0.0.1").unwrap(), stream).await
    }
}

#[tokio::test]
async fn a_card_is_fetched_over_tls_if_the_authority_is_trusted() {
    let authority = Authority::new();
    let root = authority.path("root.pem");
    let (a, b) = (authority.board(Some(&root)).await, authority.board(Some(&root)).await);
    let careful = authority.board(None).await;
    assert!(a.running.public_url.starts_with("https://127.0.0.1:"));
    let open = async |board: &Board, line: &Line| {
        let stream = authority.dial(board, &rustls::version::TLS13, None).await.unwrap();
        let phone = Phone::dial_over(board, Box::new(stream) as Box<dyn Stream>).await;
        phone.claiming(line, board.running.claim_url_of_first_invitation().unwrap()).await
    };
    let mut lines = [Line::new(1), Line::new(2), Line::new(3)];
    let mut issuer = open(&b, &lines[1]).await;
    let intake = Deed::OpenIntake {
        lookup: lookup(1),
        bundle: ByteBuf::from(b"bundle".to_vec()),
        slots: vec![slot(10)],
        expires_at: None,
        last_resort: false,
    };
    issuer.deed(&mut lines[1], intake).await.unwrap();
    let fetch = Question::FetchSlot { at: b.address(), lookup: lookup(1), reservation: ReservationId::new([1; 16]) };
    assert!(matches!(open(&a, &lines[0]).await.ask(fetch.clone()).await, Ok(Answer::Slot(_))));
    let refusal = open(&careful, &lines[2]).await.ask(fetch).await.unwrap_err();
    assert_eq!(refusal.code, RefusalCode::PeerUnreachable);
}

#[tokio::test]
async fn tls_is_1_3_with_the_post_quantum_exchange_first() {
    let authority = Authority::new();
    let board = authority.board(None).await;
    let stream = authority.dial(&board, &rustls::version::TLS13, None).await.unwrap();
    let (_, session) = stream.get_ref();
    assert_eq!(session.protocol_version(), Some(ProtocolVersion::TLSv1_3));
    let group = session.negotiated_key_exchange_group().map(|group| group.name());
    assert_eq!(group, Some(NamedGroup::X25519MLKEM768));
    let plain = authority.dial(&board, &rustls::version::TLS13, Some(kx_group::X25519)).await;
    assert!(plain.is_ok(), "who has no post-quantum exchange is still served");
    assert!(authority.dial(&board, &rustls::version::TLS12, None).await.is_err());
}

#[tokio::test]
async fn a_stranger_who_asks_too_much_is_told_so_before_its_request_is_read() {
    let authority = Authority::new();
    let board = Board::with(|config| {
        config.tls_cert = Some(authority.path("cert.pem"));
        config.tls_key = Some(authority.path("key.pem"));
        // Without the flag: this machine is a stranger like any other.
        config.insecure_loopback = false;
        config.public_url = Some("https://office.example.org".to_owned());
        config.limits.stranger_requests_per_minute = 1;
    })
    .await;
    let ask = async |path: &str| {
        let mut stream = authority.dial(&board, &rustls::version::TLS13, None).await.unwrap();
        let head = format!("POST {path} HTTP/1.1\r\nhost: office.example.org\r\ncontent-length: 4000\r\n\r\n");
        stream.write_all(head.as_bytes()).await.unwrap();
        stream
    };
    let mut waits = ask("/v1/parcel").await;
    let mut answer = [0; 1024];
    assert!(timeout(Duration::from_millis(300), waits.read(&mut answer)).await.is_err(), "its request is awaited");
    for path in ["/v1/parcel", "/v1/fetch"] {
        let length = timeout(net::PATIENCE, ask(path).await.read(&mut answer)).await.unwrap().unwrap();
        let answer = String::from_utf8_lossy(&answer[..length]);
        assert!(answer.contains("200 OK") && answer.contains("too-many"), "{answer}");
    }
}

//! Certificates by ACME, from a real authority on this machine.

mod net;
mod pebble;
mod world;

use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use net::PATIENCE;
use pebble::{Pebble, free_port};
use rustls::crypto::aws_lc_rs::default_provider;
use rustls::pki_types::{CertificateDer, ServerName, pem::PemObject as _};
use rustls::{ClientConfig, RootCertStore};
use switchboard::{Acme, CertificateState, Config, StartError, start, status};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::sleep;
use tokio_rustls::TlsConnector;

const NAME: &str = "line.example.org";
/// As long as no test.
const LONG: u32 = 90 * 86_400;

fn config(data: &Path, port: u16, pebble: &Pebble) -> Config {
    let acme = Acme {
        directory: pebble.directory(),
        contact: Some("mailto:operator@example.org".to_owned()),
        agreed: true,
        root: Some(pebble.root()),
        retry: Duration::from_millis(200),
        ..Acme::new(NAME)
    };
    Config { acme: Some(acme), ..Config::new(data, SocketAddr::from(([127, 0, 0, 1], port)), "Office of Example") }
}

/// What the operator is told of it.
fn told(data: &Path) -> CertificateState {
    status(data).unwrap().certificate.unwrap()
}

/// The certificate that the switchboard shows, if it holds under this root; and whether the switchboard then answers.
async fn shown(port: u16, root: &Path, spoken: &[u8]) -> std::io::Result<(CertificateDer<'static>, bool)> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(root).unwrap()).unwrap();
    let mut config = ClientConfig::builder_with_provider(Arc::new(default_provider()))
        .with_protocol_versions(&[&rustls::version::TLS13])
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![spoken.to_vec()];
    let stream = TcpStream::connect(("127.0.0.1", port)).await?;
    let mut stream = TlsConnector::from(Arc::new(config)).connect(ServerName::try_from(NAME).unwrap(), stream).await?;
    let leaf = stream.get_ref().1.peer_certificates().unwrap()[0].clone().into_owned();
    stream.write_all(format!("GET /healthz HTTP/1.1\r\nhost: {NAME}\r\nconnection: close\r\n\r\n").as_bytes()).await?;
    let mut answer = String::new();
    // An end without farewell is one too.
    let _ = stream.read_to_string(&mut answer).await;
    Ok((leaf, answer.starts_with("HTTP/1.1 200")))
}

/// Waits until a certificate is shown that is not `old`.
async fn newer(port: u16, root: &Path, old: Option<&CertificateDer<'_>>) -> CertificateDer<'static> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        match shown(port, root, b"http/1.1").await {
            Ok((leaf, answers)) if Some(&leaf) != old => {
                assert!(answers);
                return leaf;
            }
            other => assert!(Instant::now() < deadline, "no newer certificate: {other:?}"),
        }
        sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test]
async fn a_certificate_is_obtained_kept_and_not_asked_for_again() {
    let (folder, port) = (tempfile::tempdir().unwrap(), free_port());
    let data = folder.path().join("data");
    let mut pebble = Pebble::new(port, LONG);
    let running = start(config(&data, port, &pebble)).await.unwrap();
    assert!(!running.is_reachable);
    assert_eq!(running.public_url, "https://line.example.org");
    let root = pebble.root();
    assert!(shown(port, &root, b"http/1.1").await.is_err(), "nobody gets in before there is a certificate");

    // The authority cannot be reached at first.
    let deadline = Instant::now() + PATIENCE;
    let error = loop {
        let status = told(&data);
        assert_eq!(status.valid_until, None);
        if let Some(error) = status.renewal.unwrap().last_error {
            break error;
        }
        assert!(Instant::now() < deadline);
        sleep(Duration::from_millis(20)).await;
    };
    assert!(error.contains("cannot be reached"), "{error}");

    pebble.start();
    let leaf = newer(port, &pebble.issued_by(), None).await;
    assert!(shown(port, &pebble.issued_by(), b"acme-tls/1").await.is_err(), "nothing is asked now");
    let deadline = Instant::now() + PATIENCE;
    let status = loop {
        // What came of it is noted once it is in use.
        let status = told(&data);
        if status.renewal.as_ref().unwrap().last_error.is_none() {
            break status;
        }
        assert!(Instant::now() < deadline, "{status:?}");
        sleep(Duration::from_millis(20)).await;
    };
    assert_eq!(status.names, [NAME]);
    let (from, until) = (status.valid_from.unwrap(), status.valid_until.unwrap());
    assert_eq!(
        until.since(from).as_secs() / 86_400,
        90 - u64::from(!until.since(from).as_secs().is_multiple_of(86_400))
    );
    let renewal = status.renewal.unwrap();
    assert_eq!((renewal.domain.as_str(), renewal.directory), (NAME, pebble.directory()));
    let days = renewal.next_attempt.unwrap().since(from).as_secs_f64() / 86_400.0;
    assert!((59.9..62.0).contains(&days), "two thirds of its time: {days} days");
    for name in ["certificate.json", "tls/acme/account.json", "tls/acme/certificate.pem"] {
        assert_eq!(std::fs::metadata(data.join(name)).unwrap().permissions().mode() & 0o777, 0o600, "{name}");
    }
    assert_eq!(std::fs::metadata(data.join("tls/acme")).unwrap().permissions().mode() & 0o777, 0o700);
    running.shutdown().await;
    assert_eq!(told(&data).names, [NAME], "also when it does not run");

    let running = start(config(&data, port, &pebble)).await.unwrap();
    assert!(running.is_reachable);
    sleep(Duration::from_millis(500)).await;
    assert_eq!(shown(port, &pebble.issued_by(), b"http/1.1").await.unwrap(), (leaf, true), "the same still");
    running.shutdown().await;
}

#[tokio::test]
async fn a_certificate_is_renewed_in_time_and_an_authority_that_is_gone_stops_nothing() {
    let (folder, port) = (tempfile::tempdir().unwrap(), free_port());
    let data = folder.path().join("data");
    let mut pebble = Pebble::started(port, 6);
    let running = start(config(&data, port, &pebble)).await.unwrap();
    let first = newer(port, &pebble.issued_by(), None).await;
    let at = Instant::now();
    let second = newer(port, &pebble.issued_by(), Some(&first)).await;
    let took = at.elapsed().as_secs_f64();
    assert!((2.0..6.0).contains(&took), "renewed before the six seconds were over, not at once: {took} s");

    let account = std::fs::read(data.join("tls/acme/account.json")).unwrap();
    let trusted = pebble.issued_by();
    let kept = std::fs::read(&trusted).unwrap();
    pebble.stop();
    let deadline = Instant::now() + PATIENCE;
    while told(&data).renewal.unwrap().last_error.is_none() {
        match shown(port, &trusted, b"http/1.1").await {
            Ok((_, answers)) => assert!(answers),
            Err(error) => panic!("it stopped serving: {error}"),
        }
        assert!(Instant::now() < deadline, "the authority is gone, and nothing is said about it");
        sleep(Duration::from_millis(100)).await;
    }
    assert_eq!(std::fs::read(&trusted).unwrap(), kept);

    // It comes back and knows nothing any more, our account included.
    pebble.start();
    let third = newer(port, &pebble.issued_by(), Some(&second)).await;
    assert_ne!(third, second);
    assert_ne!(std::fs::read(data.join("tls/acme/account.json")).unwrap(), account, "an account anew");
    running.shutdown().await;
}

#[tokio::test]
async fn who_cannot_prove_the_name_gets_no_certificate_and_is_told_why() {
    let (folder, port) = (tempfile::tempdir().unwrap(), free_port());
    let data = folder.path().join("data");
    // Its name leads elsewhere: the authority asks at another port.
    let pebble = Pebble::started(free_port(), LONG);
    let running = start(config(&data, port, &pebble)).await.unwrap();
    let deadline = Instant::now() + PATIENCE;
    let error = loop {
        if let Some(error) = told(&data).renewal.unwrap().last_error {
            break error;
        }
        assert!(Instant::now() < deadline);
        sleep(Duration::from_millis(20)).await;
    };
    assert!(
        error.starts_with("the authority could not find this switchboard at line.example.org, port 443: "),
        "{error}"
    );
    assert!(error.contains("Failed to connect"), "what the authority found: {error}");
    assert!(shown(port, &pebble.issued_by(), b"http/1.1").await.is_err());
    running.shutdown().await;
}

#[tokio::test]
async fn nothing_is_asked_without_consent_or_for_another_name() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("outer").join("data");
    let pebble = Pebble::new(1, LONG);
    let with = |change: fn(&mut Config)| {
        let mut config = config(&data, 0, &pebble);
        change(&mut config);
        start(config)
    };
    let refused = with(|config| config.acme.as_mut().unwrap().agreed = false).await.unwrap_err();
    assert!(matches!(&refused, StartError::AcmeTerms(directory) if *directory == pebble.directory()), "{refused}");
    let refused = with(|config| config.public_url = Some("https://other.example.org".to_owned())).await.unwrap_err();
    assert!(matches!(refused, StartError::AcmeDomain(_)), "{refused}");
    let refused = with(|config| config.acme.as_mut().unwrap().root = Some("missing.pem".into())).await.unwrap_err();
    assert!(matches!(refused, StartError::TrustRoots { .. }), "{refused}");
    let refused = with(|config| config.office = "  \t".to_owned()).await.unwrap_err();
    assert!(matches!(refused, StartError::OfficeName), "{refused}");
    assert!(!folder.path().join("outer").exists(), "and nothing is left behind");
}

//! A real authority on this machine: Pebble, and the name server that its makers give along. It checks signatures,
//! nonces and challenges as a public one does; every name leads to 127.0.0.1.
#![allow(dead_code, unreachable_pub, reason = "each test file uses a part of it")]

use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::crypto::aws_lc_rs::default_provider;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

/// Longer than anything here takes.
const PATIENCE: Duration = Duration::from_secs(30);

/// An authority that certifies whoever answers at 127.0.0.1 and one port.
pub struct Pebble {
    folder: tempfile::TempDir,
    ports: [u16; 4],
    processes: Vec<Killed>,
}

impl Pebble {
    /// Everything made, nothing running: questions will go to `asks`, certificates last for `seconds`.
    pub fn new(asks: u16, seconds: u32) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        let key = KeyPair::generate().unwrap();
        let own = CertificateParams::new(["127.0.0.1".to_owned()]).unwrap().signed_by(&key, &issuer).unwrap();
        let ports: [u16; 4] = std::array::from_fn(|_| free_port());
        let [acme, management, ..] = ports;
        let pebble = Self { folder, ports, processes: Vec::new() };
        let write = |name: &str, text: &str| std::fs::write(pebble.path(name), text).unwrap();
        write("root.pem", &issuer.pem());
        write("own.pem", &own.pem());
        write("own-key.pem", &key.serialize_pem());
        let (own, key) = (pebble.path("own.pem"), pebble.path("own-key.pem"));
        write(
            "config.json",
            &format!(
                r#"{{"pebble": {{"listenAddress": "127.0.0.1:{acme}", "managementListenAddress": "127.0.0.1:{management}",
                "certificate": {own:?}, "privateKey": {key:?}, "httpPort": 9, "tlsPort": {asks},
                "ocspResponderURL": "", "externalAccountBindingRequired": false, "certificateValidityPeriod": {seconds}}}}}"#
            ),
        );
        pebble
    }

    /// Starts it; what it knew before a [`Self::stop`] it has forgotten.
    pub fn start(&mut self) {
        let [acme, management, names, control] = self.ports;
        let mut dns = Command::new("pebble-challtestsrv");
        dns.args(["-defaultIPv4", "127.0.0.1", "-defaultIPv6", "", "-http01", "", "-https01", "", "-tlsalpn01", ""]);
        dns.args(["-dns01", &format!("127.0.0.1:{names}"), "-management", &format!("127.0.0.1:{control}")]);
        let mut pebble = Command::new("pebble");
        pebble.arg("-config").arg(self.path("config.json")).args(["-dnsserver", &format!("127.0.0.1:{names}")]);
        // No pauses, and nothing remembered as proved: each order asks.
        pebble.env("PEBBLE_VA_NOSLEEP", "1").env("PEBBLE_AUTHZREUSE", "0");
        for command in [&mut dns, &mut pebble] {
            let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
            let child = child.expect("pebble, the authority for tests (on Debian: apt-get install pebble)");
            self.processes.push(Killed(child));
        }
        for port in [control, acme, management] {
            let deadline = Instant::now() + PATIENCE;
            while TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_err() {
                assert!(Instant::now() < deadline, "the authority does not start");
                std::thread::sleep(Duration::from_millis(20));
            }
        }
        std::fs::write(self.path("issued-by.pem"), self.issuer()).unwrap();
    }

    pub fn started(asks: u16, seconds: u32) -> Self {
        let mut pebble = Self::new(asks, seconds);
        pebble.start();
        pebble
    }

    pub fn stop(&mut self) {
        self.processes.clear();
    }

    pub fn directory(&self) -> String {
        format!("https://127.0.0.1:{}/dir", self.ports[0])
    }

    /// Whom to trust when speaking to it.
    pub fn root(&self) -> PathBuf {
        self.path("root.pem")
    }

    /// Whom to trust for what it certifies, since the last start.
    pub fn issued_by(&self) -> PathBuf {
        self.path("issued-by.pem")
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Asks its management which root it issues under.
    fn issuer(&self) -> String {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_file(self.root()).unwrap()).unwrap();
        let config = ClientConfig::builder_with_provider(Arc::new(default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        let session = ClientConnection::new(Arc::new(config), ServerName::try_from("127.0.0.1").unwrap()).unwrap();
        let socket = TcpStream::connect((Ipv4Addr::LOCALHOST, self.ports[1])).unwrap();
        let mut stream = StreamOwned::new(session, socket);
        stream.write_all(b"GET /roots/0 HTTP/1.0\r\nhost: 127.0.0.1\r\n\r\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer.split_once("\r\n\r\n").unwrap().1.to_owned()
    }
}

/// A process that ends with the test.
struct Killed(Child);

impl Drop for Killed {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A port of this machine that nobody listens on.
pub fn free_port() -> u16 {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port()
}

//! Two switchboards: the release binary, each a process of its own, with TLS on loopback.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};

use crate::Result;

/// A certificate authority of the benchmark's own, and where its root is.
pub(crate) struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
    pub(crate) root: PathBuf,
}

impl Authority {
    pub(crate) fn new(folder: &Path) -> Result<Self> {
        let mut params = CertificateParams::new(Vec::<String>::new())?;
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate()?)?;
        let root = folder.join("root.pem");
        fs::write(&root, issuer.pem())?;
        Ok(Self { issuer, root })
    }

    fn certify(&self, folder: &Path) -> Result<()> {
        let key = KeyPair::generate()?;
        let certificate = CertificateParams::new(vec!["127.0.0.1".to_owned()])?.signed_by(&key, &self.issuer)?;
        fs::create_dir_all(folder)?;
        fs::write(folder.join("cert.pem"), certificate.pem())?;
        fs::write(folder.join("key.pem"), key.serialize_pem())?;
        Ok(())
    }
}

/// A running switchboard; ends when dropped.
pub(crate) struct Office {
    child: Child,
    pub(crate) data: PathBuf,
    /// Where it listens.
    pub(crate) listening: String,
    /// From starting the process to its first line.
    pub(crate) started_in: Duration,
}

impl Office {
    pub(crate) fn start(authority: &Authority, folder: &Path, name: &str) -> Result<Self> {
        let data = folder.join(name);
        let tls = folder.join(format!("{name}-tls"));
        authority.certify(&tls)?;
        let begun = Instant::now();
        let mut child = Command::new(binary()?)
            .args(["serve", "--json", "--insecure-loopback", "--listen", "127.0.0.1:0", "--office", name, "--data"])
            .arg(&data)
            .arg("--tls-cert")
            .arg(tls.join("cert.pem"))
            .arg("--tls-key")
            .arg(tls.join("key.pem"))
            .arg("--trust-root")
            .arg(&authority.root)
            .env("RUST_LOG", "warn")
            .stdout(Stdio::piped())
            .spawn()?;
        let mut line = String::new();
        BufReader::new(child.stdout.take().ok_or("no output")?).read_line(&mut line)?;
        let started_in = begun.elapsed();
        let ready: serde_json::Value = serde_json::from_str(&line)?;
        let listening = ready["listening"].as_str().ok_or("the switchboard did not start")?.to_owned();
        Ok(Self { child, data, listening, started_in })
    }

    /// A claim link for a further line.
    pub(crate) fn invite(&self) -> Result<String> {
        let output = Command::new(binary()?).args(["office", "invite", "--json", "--data"]).arg(&self.data).output()?;
        let said: serde_json::Value = serde_json::from_slice(&output.stdout)?;
        Ok(said["claim_url"].as_str().ok_or("no claim link")?.to_owned())
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Proportional set size, in KiB.
    pub(crate) fn memory(&self) -> Result<u64> {
        let rollup = fs::read_to_string(format!("/proc/{}/smaps_rollup", self.child.id()))?;
        let pss = rollup.lines().find_map(|line| line.strip_prefix("Pss:")).ok_or("no Pss")?;
        Ok(pss.trim().trim_end_matches("kB").trim().parse()?)
    }
}

impl Drop for Office {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

fn binary() -> Result<PathBuf> {
    let path = std::env::current_exe()?.with_file_name("entrenous");
    if path.is_file() { Ok(path) } else { Err("the release binary is missing: run cargo xtask build first".into()) }
}

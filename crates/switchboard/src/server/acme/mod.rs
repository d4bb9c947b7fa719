//! The certificate from an authority by ACME (RFC 8555): asked for when there is none, and again when two thirds of its
//! time are over. Whatever goes wrong with it stops nothing else: what is there is used on, and it is tried again.

mod account;
mod http;
mod leaf;
mod order;
mod when;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use protocol::Timestamp;
use rand_core::Rng as _;
use tokio::sync::watch;
use tokio::time::{sleep, timeout};

use super::certificate_state::{Attempts, State};
use super::data::keep;
use super::tls::Certificate;
use super::{StartError, now, rng};
use http::Http;
pub(super) use leaf::Leaf;
use when::{Plan, due};

/// Let's Encrypt, for everybody.
pub const LETS_ENCRYPT: &str = "https://acme-v02.api.letsencrypt.org/directory";

/// One attempt may take this long.
const ATTEMPT: Duration = Duration::from_mins(5);
/// The clock is looked at this often, since it may be set meanwhile.
const LOOK: Duration = Duration::from_hours(1);

/// How a certificate is obtained.
#[derive(Debug, Clone)]
pub struct Acme {
    /// The name that the certificate is for.
    pub domain: String,
    /// The authority's directory.
    pub directory: String,
    /// Whom the authority may write to: a `mailto:` URL.
    pub contact: Option<String>,
    /// Whether the operator has agreed to the authority's terms.
    pub agreed: bool,
    /// The roots in PEM that the authority itself is trusted by, instead of the system's.
    pub root: Option<PathBuf>,
    /// How long to wait after a first failure. It doubles with each further one, up to six hours.
    pub retry: Duration,
}

impl Acme {
    /// From Let's Encrypt, not agreed to yet.
    pub fn new(domain: impl Into<String>) -> Self {
        Self {
            domain: domain.into(),
            directory: LETS_ENCRYPT.to_owned(),
            contact: None,
            agreed: false,
            root: None,
            // Let's Encrypt bears five failures of one name in an hour: these are at 0, 2, 6, 14, 30 and 62 minutes.
            retry: Duration::from_mins(2),
        }
    }

    /// Where chain and key are kept, in one file, so that they always go together.
    pub(super) fn file(data: &Path) -> PathBuf {
        folder(data).join("certificate.pem")
    }

    /// Whether it may be begun with.
    pub(super) fn check(&self) -> Result<(), StartError> {
        if !self.agreed {
            return Err(StartError::AcmeTerms(self.directory.clone()));
        }
        Ok(())
    }
}

fn folder(data: &Path) -> PathBuf {
    data.join("tls").join("acme")
}

/// Looks after the certificate until the switchboard shuts down.
pub(super) struct Renewal {
    acme: Acme,
    data: PathBuf,
    http: Http,
    certificate: Arc<Certificate>,
}

impl Renewal {
    /// Asks nobody yet.
    pub(super) fn new(acme: Acme, data: &Path, certificate: Arc<Certificate>) -> Result<Self, StartError> {
        let http = Http::new(&acme.directory, acme.root.as_deref())?;
        Ok(Self { acme, data: data.to_owned(), http, certificate })
    }

    /// Runs until the switchboard shuts down.
    pub(super) async fn run(self, mut draining: watch::Receiver<bool>) {
        let mut attempts = self.attempts_before();
        if attempts.failures == 0 && self.leaf().is_none() {
            // The one that a former run obtained is gone: there is nothing to wait for.
            attempts.last = None;
        }
        // Drawn once for each certificate: otherwise many offices that began on one day would come on one day again.
        let mut chance = chance();
        loop {
            let plan = Plan { leaf: self.leaf(), attempts: &attempts, retry: self.acme.retry, chance };
            let due = due(&plan, now());
            attempts.next = Some(due);
            self.note(&attempts);
            if !self.wait_until(due, &mut draining).await {
                return;
            }
            attempts.last = Some(now());
            let attempt = timeout(ATTEMPT, self.attempt());
            let outcome = tokio::select! {
                outcome = attempt => outcome.unwrap_or_else(|_| Err("the authority took too long".to_owned())),
                _ = draining.wait_for(|draining| *draining) => return,
            };
            match outcome {
                Ok(()) => {
                    (attempts.failures, attempts.error) = (0, None);
                    chance = self::chance();
                }
                Err(error) => {
                    tracing::warn!("no new certificate, it will be tried again: {error}");
                    attempts.failures = attempts.failures.saturating_add(1);
                    attempts.error = Some(error);
                }
            }
        }
    }

    /// Whether it is time, rather than over.
    async fn wait_until(&self, due: Timestamp, draining: &mut watch::Receiver<bool>) -> bool {
        loop {
            let left = due.since(now());
            if left.is_zero() {
                return true;
            }
            tokio::select! {
                () = sleep(left.min(LOOK)) => {}
                _ = draining.wait_for(|draining| *draining) => return false,
            }
        }
    }

    /// Gets a certificate, keeps it, and uses it.
    async fn attempt(&self) -> Result<(), String> {
        try_keeping(&folder(&self.data))?;
        let account = account::open(&self.acme, &folder(&self.data), &self.http).await?;
        let pem = order::certificate(&account, &self.acme.domain, &self.certificate).await.map_err(|error| {
            account::forget_if_unknown(&error, &folder(&self.data));
            error.sentence
        })?;
        let (chain, name) = (Acme::file(&self.data), &self.acme.domain);
        let leaf = Leaf::from_pem(pem.as_bytes()).ok_or("the authority sent something that is no certificate")?;
        if !leaf.is_for(name) {
            return Err(format!("the authority sent a certificate that is not for {name}"));
        }
        self.certificate.try_out(pem.as_bytes()).map_err(|error| error.to_string())?;
        keep(&chain, pem.as_bytes()).map_err(|error| format!("the certificate cannot be kept: {error}"))?;
        self.certificate.refresh();
        Ok(())
    }

    /// The certificate that is there, if it is for our name.
    fn leaf(&self) -> Option<Leaf> {
        let pem = std::fs::read(Acme::file(&self.data)).ok()?;
        Leaf::from_pem(&pem).filter(|leaf| leaf.is_for(&self.acme.domain))
    }

    /// What a former run tried, if it was about the same.
    pub(super) fn attempts_before(&self) -> Attempts {
        State::read(&self.data)
            .and_then(|state| state.acme)
            .filter(|before| before.domain == self.acme.domain && before.directory == self.acme.directory)
            .unwrap_or_else(|| Attempts {
                domain: self.acme.domain.clone(),
                directory: self.acme.directory.clone(),
                ..Attempts::default()
            })
    }

    fn note(&self, attempts: &Attempts) {
        State { file: Acme::file(&self.data), acme: Some(attempts.clone()) }.keep(&self.data);
    }
}

/// Whether certificates can be kept in this folder, before one is asked for: authorities give out few of them.
fn try_keeping(folder: &Path) -> Result<(), String> {
    let probe = folder.join("probe");
    keep(&probe, b"").and_then(|()| std::fs::remove_file(&probe)).map_err(|error| {
        format!("a certificate could not be kept in {}, so that none is asked for: {error}", folder.display())
    })
}

/// Between 0 and 1.
fn chance() -> f64 {
    f64::from(rng().next_u32()) / f64::from(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn nobody_is_asked_for_a_certificate_that_could_not_be_kept() {
        let data = tempfile::tempdir().unwrap();
        let acme = Acme { directory: "https://127.0.0.1:1/".to_owned(), ..Acme::new("line.example.org") };
        let certificate = Certificate::obtained(Acme::file(data.path()));
        let renewal = Renewal::new(acme, data.path(), certificate).unwrap();
        let error = renewal.attempt().await.unwrap_err();
        assert!(error.contains("cannot be reached"), "{error}");
        assert_eq!(std::fs::read_dir(folder(data.path())).unwrap().count(), 0, "nothing is left of the trial");
        std::fs::remove_dir_all(data.path().join("tls")).unwrap();
        std::fs::write(data.path().join("tls"), "in the way").unwrap();
        let error = renewal.attempt().await.unwrap_err();
        assert!(error.contains("could not be kept in"), "{error}");
    }
}

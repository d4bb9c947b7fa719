//! The certificate: TLS 1.3 only, the post-quantum hybrid X25519MLKEM768 first, read again when it has changed. While an
//! authority asks whether our name leads here, it is answered here too (TLS-ALPN-01).

use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::SystemTime;

use rustls::ServerConfig;
use rustls::crypto::CryptoProvider;
use rustls::crypto::aws_lc_rs::default_provider;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;

use super::StartError;

/// The certificate in use and where it comes from.
#[derive(Debug)]
pub(super) struct Certificate {
    chain: PathBuf,
    key: PathBuf,
    provider: Arc<CryptoProvider>,
    /// None only while an authority has not given the first one yet.
    now: RwLock<(Option<Arc<CertifiedKey>>, Stamp)>,
    /// What an authority is answered that asks for this name.
    answer: RwLock<Option<Answer>>,
}

/// A name, and the certificate that answers an authority's question about it.
type Answer = (String, Arc<CertifiedKey>);

/// What an authority speaks when it asks (RFC 8737).
const CHALLENGE: &[u8] = b"acme-tls/1";

/// When the two files were changed last.
type Stamp = (Option<SystemTime>, Option<SystemTime>);

impl Certificate {
    /// Reads it.
    pub(super) fn load(chain: PathBuf, key: PathBuf) -> Result<Arc<Self>, StartError> {
        let provider = Arc::new(default_provider());
        let stamp = stamp(&chain, &key);
        let read = read(&chain, &key, &provider)?;
        let now = RwLock::new((Some(read), stamp));
        Ok(Arc::new(Self { chain, key, provider, now, answer: RwLock::default() }))
    }

    /// Reads one that an authority gave, chain and key in one file. There may be none yet; another is asked for if the one
    /// that is there cannot be used.
    pub(super) fn obtained(file: PathBuf) -> Arc<Self> {
        Self::load(file.clone(), file.clone()).unwrap_or_else(|error| {
            let is_missing = std::fs::metadata(&file).is_err_and(|error| error.kind() == std::io::ErrorKind::NotFound);
            if let StartError::Certificate { path, reason } = &error
                && !is_missing
            {
                tracing::warn!("the certificate that the authority gave, {}, cannot be used: {reason}", path.display());
            }
            let (provider, now) = (Arc::new(default_provider()), RwLock::new((None, (None, None))));
            Arc::new(Self { chain: file.clone(), key: file, provider, now, answer: RwLock::default() })
        })
    }

    /// Whether there is one. Without it, only an authority's question is answered.
    pub(super) fn is_there(&self) -> bool {
        self.now.read().unwrap_or_else(PoisonError::into_inner).0.is_some()
    }

    /// Where the chain is.
    pub(super) fn file(&self) -> &Path {
        &self.chain
    }

    /// Whether this chain and key could be used.
    pub(super) fn try_out(&self, pem: &[u8]) -> Result<(), StartError> {
        certified((&self.chain, pem), (&self.key, pem), &self.provider).map(drop)
    }

    /// Answers an authority that asks for a name, or no more.
    pub(super) fn show(&self, answer: Option<Answer>) {
        *self.answer.write().unwrap_or_else(PoisonError::into_inner) = answer;
    }

    /// Reads it again if one of the files has changed. What does not hold together is left, and the old one used on.
    pub(super) fn refresh(&self) {
        let stamp = stamp(&self.chain, &self.key);
        if self.now.read().unwrap_or_else(PoisonError::into_inner).1 == stamp {
            return;
        }
        match read(&self.chain, &self.key, &self.provider) {
            Ok(read) => {
                *self.now.write().unwrap_or_else(PoisonError::into_inner) = (Some(read), stamp);
                tracing::info!("a new certificate is in use");
            }
            Err(error) => tracing::warn!(code = error.code(), "the certificate on disk has changed and cannot be used"),
        }
    }

    /// How connections are taken with it.
    pub(super) fn server_config(self: &Arc<Self>) -> Result<Arc<ServerConfig>, StartError> {
        let mut config = ServerConfig::builder_with_provider(Arc::clone(&self.provider))
            .with_protocol_versions(&[&rustls::version::TLS13])
            .map_err(|error| wrong(&self.chain, error.to_string()))?
            .with_no_client_auth()
            .with_cert_resolver(Arc::clone(self) as Arc<dyn ResolvesServerCert>);
        config.alpn_protocols = vec![b"http/1.1".to_vec(), CHALLENGE.to_vec()];
        Ok(Arc::new(config))
    }
}

impl ResolvesServerCert for Certificate {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        if hello.alpn().is_some_and(|mut spoken| spoken.next() == Some(CHALLENGE) && spoken.next().is_none()) {
            let answer = self.answer.read().unwrap_or_else(PoisonError::into_inner);
            let (name, certificate) = answer.as_ref()?;
            return (hello.server_name() == Some(name)).then(|| Arc::clone(certificate));
        }
        self.now.read().unwrap_or_else(PoisonError::into_inner).0.clone()
    }
}

/// Whether this connection was only an authority's question, which is answered by now.
pub(super) fn was_a_question(connection: &rustls::ServerConnection) -> bool {
    connection.alpn_protocol() == Some(CHALLENGE)
}

fn stamp(chain: &Path, key: &Path) -> Stamp {
    let changed = |path: &Path| std::fs::metadata(path).and_then(|file| file.modified()).ok();
    (changed(chain), changed(key))
}

fn read(chain: &Path, key: &Path, provider: &CryptoProvider) -> Result<Arc<CertifiedKey>, StartError> {
    let pem = |path: &Path| std::fs::read(path).map_err(|error| wrong(path, error.to_string()));
    certified((chain, &pem(chain)?), (key, &pem(key)?), provider)
}

fn certified(
    (chain, chain_pem): (&Path, &[u8]),
    (key, key_pem): (&Path, &[u8]),
    provider: &CryptoProvider,
) -> Result<Arc<CertifiedKey>, StartError> {
    let certificates = CertificateDer::pem_slice_iter(chain_pem)
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| wrong(chain, error.to_string()))?;
    if certificates.is_empty() {
        return Err(wrong(chain, "there is no certificate in it".to_owned()));
    }
    let secret = PrivateKeyDer::from_pem_slice(key_pem).map_err(|error| wrong(key, error.to_string()))?;
    let certified = CertifiedKey::from_der(certificates, secret, provider);
    certified.map(Arc::new).map_err(|error| wrong(chain, format!("certificate and key do not go together: {error}")))
}

fn wrong(path: &Path, reason: String) -> StartError {
    StartError::Certificate { path: path.to_owned(), reason }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn make(folder: &Path, name: &str) -> (PathBuf, PathBuf) {
        let made = rcgen::generate_simple_self_signed([name.to_owned()]).unwrap();
        let (chain, key) = (folder.join("cert.pem"), folder.join("key.pem"));
        std::fs::write(&chain, made.cert.pem()).unwrap();
        std::fs::write(&key, made.signing_key.serialize_pem()).unwrap();
        (chain, key)
    }

    #[test]
    fn a_changed_certificate_is_used_and_a_broken_one_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let (chain, key) = make(folder.path(), "one.example.org");
        let certificate = Certificate::load(chain.clone(), key.clone()).unwrap();
        let leaf = || certificate.now.read().unwrap().0.as_ref().unwrap().cert.first().cloned().unwrap();
        let first = leaf();
        assert_eq!(
            default_provider().kx_groups.first().map(|group| group.name()),
            Some(rustls::NamedGroup::X25519MLKEM768)
        );

        let later = |path: &Path, seconds| {
            let file = std::fs::File::options().write(true).open(path).unwrap();
            file.set_modified(SystemTime::now() + std::time::Duration::from_secs(seconds)).unwrap();
        };
        std::fs::write(&chain, "broken").unwrap();
        later(&chain, 10);
        certificate.refresh();
        assert_eq!(leaf(), first);
        make(folder.path(), "two.example.org");
        later(&chain, 20);
        certificate.refresh();
        assert_ne!(leaf(), first);
    }

    #[test]
    fn what_is_wrong_with_a_certificate_is_said() {
        let folder = tempfile::tempdir().unwrap();
        let (chain, key) = make(folder.path(), "one.example.org");
        let missing = folder.path().join("missing.pem");
        for (chain, key) in [(missing.clone(), key.clone()), (chain.clone(), missing), (key, chain)] {
            assert!(matches!(Certificate::load(chain, key), Err(StartError::Certificate { .. })));
        }
    }
}

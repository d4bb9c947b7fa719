//! What is known of the certificate, in a small file, so that another process can say it: which file it is in, and how
//! obtaining it goes.

use std::path::{Path, PathBuf};

use protocol::Timestamp;
use serde::{Deserialize, Serialize};

use super::acme::Leaf;
use super::data::keep;

/// What is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct State {
    /// Where the chain is.
    pub(super) file: PathBuf,
    /// None for a certificate that the operator looks after.
    pub(super) acme: Option<Attempts>,
}

/// How obtaining it goes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Attempts {
    pub(super) domain: String,
    pub(super) directory: String,
    pub(super) last: Option<Timestamp>,
    /// Why the last attempt came to nothing; none if it did not.
    pub(super) error: Option<String>,
    /// Attempts that came to nothing, since one that did not.
    pub(super) failures: u32,
    pub(super) next: Option<Timestamp>,
}

impl State {
    pub(super) fn read(data: &Path) -> Option<Self> {
        serde_json::from_slice(&std::fs::read(file(data)).ok()?).ok()
    }

    /// Keeps it as well as may be: without it, only less can be said.
    pub(super) fn keep(&self, data: &Path) {
        let file_as_seen_from_anywhere = std::path::absolute(&self.file).unwrap_or_else(|_| self.file.clone());
        let kept = serde_json::to_vec(&Self { file: file_as_seen_from_anywhere, ..self.clone() })
            .map_err(std::io::Error::other)
            .and_then(|json| keep(&file(data), &json));
        if let Err(error) = kept {
            tracing::warn!("the state of the certificate cannot be kept: {error}");
        }
    }
}

fn file(data: &Path) -> PathBuf {
    data.join("certificate.json")
}

/// What an operator may want to know of a switchboard's certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CertificateState {
    /// Where the chain is.
    pub file: PathBuf,
    /// The names and network addresses that it is for.
    pub names: Vec<String>,
    /// From when on it is good; none if there is no certificate that can be read.
    pub valid_from: Option<Timestamp>,
    /// Until when.
    pub valid_until: Option<Timestamp>,
    /// How obtaining it goes; none for one that the operator looks after.
    pub renewal: Option<RenewalState>,
}

/// How obtaining a certificate goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RenewalState {
    /// The name that it is for.
    pub domain: String,
    /// The authority's directory.
    pub directory: String,
    /// When it was tried last.
    pub last_attempt: Option<Timestamp>,
    /// Why that came to nothing, in a sentence; none if it did not.
    pub last_error: Option<String>,
    /// When it will be tried next, if the switchboard runs.
    pub next_attempt: Option<Timestamp>,
}

/// What is known of the certificate of the switchboard with this data directory, also while it runs; none if it never ran,
/// or without one.
pub(super) fn certificate_state(data: &Path) -> Option<CertificateState> {
    let State { file, acme } = State::read(data)?;
    let leaf = std::fs::read(&file).ok().and_then(|pem| Leaf::from_pem(&pem));
    let renewal = acme.map(|attempts| RenewalState {
        domain: attempts.domain,
        directory: attempts.directory,
        last_attempt: attempts.last,
        last_error: attempts.error,
        next_attempt: attempts.next,
    });
    let (valid_from, valid_until) = leaf.as_ref().map(|leaf| (leaf.from, leaf.until)).unzip();
    Some(CertificateState {
        file,
        names: leaf.map(|leaf| leaf.names).unwrap_or_default(),
        valid_from,
        valid_until,
        renewal,
    })
}

//! What an operator decides.

use std::net::SocketAddr;
use std::path::PathBuf;

use protocol::SwitchboardAddress;

use super::StartError;
use super::acme::Acme;
use super::app::App;
use crate::core::{Federation, Office};
use crate::limits::Limits;

/// How a switchboard is run.
#[derive(Debug, Clone)]
pub struct Config {
    /// Where everything is kept: made if it is not there, readable by its owner only.
    pub data: PathBuf,
    /// Where to listen; port 0 takes a free one.
    pub listen: SocketAddr,
    /// Where handsets and peers reach it, such as `https://line.example.org`. May be left out with the development flag.
    pub public_url: Option<String>,
    /// The office's name, as shown to its lines.
    pub office: String,
    /// The development flag: loopback addresses only, peers included; plain http unless a certificate is given below.
    pub insecure_loopback: bool,
    /// The certificate chain in PEM; `tls/cert.pem` in the data directory if not given.
    pub tls_cert: Option<PathBuf>,
    /// Its private key in PEM; `tls/key.pem` in the data directory if not given.
    pub tls_key: Option<PathBuf>,
    /// How a certificate is obtained and renewed; none if the operator looks after it.
    pub acme: Option<Acme>,
    /// Further roots in PEM, beside the system's, that peers' certificates may come from.
    pub trust_roots: Option<PathBuf>,
    /// Who may be a peer.
    pub federation: Federation,
    /// Whether handsets that are not connected may be woken by their browsers' push services.
    pub web_push: bool,
    /// How much anybody may use.
    pub limits: Limits,
    /// The phone app that it serves; none if it has none.
    pub app: App,
}

impl Config {
    /// A configuration with defaults for everything that has some.
    pub fn new(data: impl Into<PathBuf>, listen: SocketAddr, office: impl Into<String>) -> Self {
        Self {
            data: data.into(),
            listen,
            public_url: None,
            office: office.into(),
            insecure_loopback: false,
            tls_cert: None,
            tls_key: None,
            acme: None,
            trust_roots: None,
            federation: Federation::default(),
            web_push: true,
            limits: Limits::default(),
            app: App::default(),
        }
    }

    /// Where certificate and key are; none for plain http.
    pub(super) fn certificate(&self) -> Option<(PathBuf, PathBuf)> {
        if self.acme.is_some() {
            let file = Acme::file(&self.data);
            return Some((file.clone(), file));
        }
        if self.insecure_loopback && self.tls_cert.is_none() && self.tls_key.is_none() {
            return None;
        }
        let or_in_data =
            |path: &Option<PathBuf>, name: &str| path.clone().unwrap_or_else(|| self.data.join("tls").join(name));
        Some((or_in_data(&self.tls_cert, "cert.pem"), or_in_data(&self.tls_key, "key.pem")))
    }

    /// Who this switchboard is, once it is known where it listens.
    pub(super) fn office(&self, listening: SocketAddr) -> Result<Office, StartError> {
        if self.office.trim().is_empty() || self.office.len() > protocol::limits::NAME_BYTES {
            return Err(StartError::OfficeName);
        }
        let plain_http = self.certificate().is_none();
        let scheme = if plain_http { "http" } else { "https" };
        let of_domain = self.acme.as_ref().map(|acme| format!("{scheme}://{}", acme.domain));
        let address = match self.public_url.as_ref().or(of_domain.as_ref()) {
            Some(url) if url.starts_with(&format!("{scheme}://")) => {
                SwitchboardAddress::from_url(url).map_err(|_| StartError::PublicUrl(scheme))?
            }
            Some(_) => return Err(StartError::PublicUrl(scheme)),
            None if self.insecure_loopback => {
                listening.to_string().parse().map_err(|_| StartError::PublicUrl(scheme))?
            }
            None => return Err(StartError::PublicUrlMissing),
        };
        if let Some(acme) = &self.acme
            && acme.domain != address.host()
        {
            return Err(StartError::AcmeDomain(acme.domain.clone()));
        }
        if self.insecure_loopback && !address.is_loopback() {
            return Err(StartError::NotLoopback);
        }
        let (name, federation) = (self.office.clone(), self.federation);
        Ok(Office { address, name, federation, loopback_only: self.insecure_loopback, plain_http })
    }
}

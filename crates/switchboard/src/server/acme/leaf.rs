//! What a certificate says of itself, as far as it matters here.

use std::net::IpAddr;

use protocol::Timestamp;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use x509_parser::prelude::{FromDer as _, GeneralName, X509Certificate};

/// The first certificate of a chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::server) struct Leaf {
    pub(in crate::server) from: Timestamp,
    pub(in crate::server) until: Timestamp,
    /// Names in lower case, and network addresses.
    pub(in crate::server) names: Vec<String>,
}

impl Leaf {
    /// Reads the first certificate; none if there is none that can be read.
    pub(in crate::server) fn from_pem(pem: &[u8]) -> Option<Self> {
        let der = CertificateDer::from_pem_slice(pem).ok()?;
        let (_, certificate) = X509Certificate::from_der(&der).ok()?;
        let time = |seconds: i64| Timestamp::from_millis(u64::try_from(seconds).unwrap_or(0).saturating_mul(1000));
        let alternative = certificate.subject_alternative_name().ok().flatten();
        let names = alternative.map_or(&[][..], |names| &names.value.general_names);
        let names = names.iter().filter_map(|name| match name {
            GeneralName::DNSName(name) => Some(name.to_ascii_lowercase()),
            GeneralName::IPAddress(bytes) => address(bytes).map(|address| address.to_string()),
            _ => None,
        });
        let names = names.collect();
        let validity = certificate.validity();
        Some(Self { from: time(validity.not_before.timestamp()), until: time(validity.not_after.timestamp()), names })
    }

    /// Whether it is for this name.
    pub(super) fn is_for(&self, name: &str) -> bool {
        self.names.iter().any(|own| own == name)
    }
}

fn address(bytes: &[u8]) -> Option<IpAddr> {
    let four = || <[u8; 4]>::try_from(bytes).map(IpAddr::from);
    let sixteen = || <[u8; 16]>::try_from(bytes).map(IpAddr::from);
    four().or_else(|_| sixteen()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_certificate_says_for_whom_and_how_long_it_is() {
        let names = ["Line.Example.org", "127.0.0.1", "::1"].map(str::to_owned);
        let mut params = rcgen::CertificateParams::new(names).unwrap();
        params.not_before = rcgen::date_time_ymd(2030, 1, 1);
        params.not_after = rcgen::date_time_ymd(2030, 4, 1);
        let key = rcgen::KeyPair::generate().unwrap();
        let pem = key.serialize_pem() + &params.self_signed(&key).unwrap().pem();
        let leaf = Leaf::from_pem(pem.as_bytes()).unwrap();
        assert_eq!((leaf.from.as_millis(), leaf.until.since(leaf.from).as_secs()), (1_893_456_000_000, 90 * 86_400));
        assert!(leaf.is_for("line.example.org") && !leaf.is_for("example.org"));
        assert_eq!(leaf.names, ["line.example.org", "127.0.0.1", "::1"]);
        assert_eq!(Leaf::from_pem(b"nothing"), None);
        assert_eq!(Leaf::from_pem(key.serialize_pem().as_bytes()), None);
    }
}

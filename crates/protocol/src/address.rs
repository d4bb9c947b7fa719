//! Where a switchboard is: `host` or `host:port`, as in its public URL and on its cards.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::limits::ADDRESS_BYTES;

/// A switchboard's address: a lower-case host name or IP address, with a port unless it is the scheme's own.
///
/// The scheme is not part of it: switchboards speak https, or all of them http under the development flag.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct SwitchboardAddress(String);

/// Text that is not an address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("this is not a switchboard's address: write a host, or host:port, such as line.example.org")]
pub struct ParseAddressError;

impl SwitchboardAddress {
    /// The address as text, such as `line.example.org` or `127.0.0.1:4700`.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// From the public URL of a switchboard (`https://line.example.org`, `http://127.0.0.1:4700/`).
    ///
    /// # Errors
    /// [`ParseAddressError`] if it is no http or https URL of a bare host.
    pub fn from_url(url: &str) -> Result<Self, ParseAddressError> {
        let (rest, default_port) = match (url.strip_prefix("https://"), url.strip_prefix("http://")) {
            (Some(rest), _) => (rest, ":443"),
            (_, Some(rest)) => (rest, ":80"),
            _ => return Err(ParseAddressError),
        };
        let rest = rest.strip_suffix('/').unwrap_or(rest);
        rest.strip_suffix(default_port).unwrap_or(rest).parse()
    }

    /// The host without port; an IPv6 address without its brackets.
    pub fn host(&self) -> &str {
        let host = match self.0.rsplit_once(':') {
            Some((host, port)) if port.bytes().all(|b| b.is_ascii_digit()) => host,
            _ => &self.0,
        };
        host.trim_start_matches('[').trim_end_matches(']')
    }

    /// Whether this is an address on the machine's own loopback interface, written as an IP address.
    pub fn is_loopback(&self) -> bool {
        self.host().parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
    }
}

impl FromStr for SwitchboardAddress {
    type Err = ParseAddressError;

    fn from_str(text: &str) -> Result<Self, ParseAddressError> {
        let text = text.to_ascii_lowercase();
        let valid = text.len() <= ADDRESS_BYTES && (is_ip(&text) || is_named(&text));
        if valid { Ok(Self(text)) } else { Err(ParseAddressError) }
    }
}

fn is_ip(text: &str) -> bool {
    let bare = text.trim_start_matches('[').trim_end_matches(']');
    text.parse::<SocketAddr>().is_ok()
        || (text.starts_with('[') == text.ends_with(']')
            && bare.parse::<IpAddr>().is_ok()
            && (text.starts_with('[') || !text.contains(':')))
}

/// A DNS name (RFC 1123 labels) and perhaps a port.
fn is_named(text: &str) -> bool {
    let (host, port) = text.split_once(':').map_or((text, None), |(host, port)| (host, Some(port)));
    let label = |l: &str| {
        !l.is_empty()
            && l.len() <= 63
            && l.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
            && !l.starts_with('-')
            && !l.ends_with('-')
    };
    let all_digits = host.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    !all_digits && host.split('.').all(label) && port.is_none_or(|p| p.parse::<u16>().is_ok_and(|p| p > 0))
}

impl fmt::Display for SwitchboardAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Hidden like an id: whom an office talks to is nobody's business in a log.
impl fmt::Debug for SwitchboardAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SwitchboardAddress")
    }
}

impl TryFrom<String> for SwitchboardAddress {
    type Error = ParseAddressError;

    fn try_from(text: String) -> Result<Self, ParseAddressError> {
        let address: Self = text.parse()?;
        // One spelling only on the wire, since addresses are compared as text.
        if address.0 == text { Ok(address) } else { Err(ParseAddressError) }
    }
}

impl From<SwitchboardAddress> for String {
    fn from(address: SwitchboardAddress) -> Self {
        address.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_lose_scheme_and_default_port() {
        for (url, address) in [
            ("https://Line.Example.org", "line.example.org"),
            ("https://line.example.org:443/", "line.example.org"),
            ("https://line.example.org:8443", "line.example.org:8443"),
            ("http://127.0.0.1:4700", "127.0.0.1:4700"),
            ("https://[2001:db8::1]:4700", "[2001:db8::1]:4700"),
        ] {
            assert_eq!(SwitchboardAddress::from_url(url).map(String::from), Ok(address.into()), "{url}");
        }
    }

    #[test]
    fn what_is_no_bare_host_is_refused() {
        for url in [
            "line.example.org",
            "ftp://a.org",
            "https://a.org/path",
            "https://user@a.org",
            "https://",
            "https://a..b",
            "https://1.2.3",
            "https://a.org:0",
            "https://a_b.org",
            "https://::1",
        ] {
            assert_eq!(SwitchboardAddress::from_url(url), Err(ParseAddressError), "{url}");
        }
    }

    #[test]
    fn loopback_is_seen() {
        assert!("127.0.0.1:1".parse::<SwitchboardAddress>().unwrap().is_loopback());
        assert!("[::1]:1".parse::<SwitchboardAddress>().unwrap().is_loopback());
        assert!(!"localhost.example.org".parse::<SwitchboardAddress>().unwrap().is_loopback());
    }
}

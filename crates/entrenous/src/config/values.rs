//! What may be said in a setting, the same on the command line, in the environment and in a file.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, ToSocketAddrs as _};
use std::str::FromStr;
use std::time::Duration;

use protocol::SwitchboardAddress;

/// Where to listen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Listen {
    /// A name or an IP address without brackets; empty for all addresses.
    host: String,
    port: u16,
}

impl Listen {
    /// Where a switchboard listens that is told nothing else.
    pub(crate) fn usual(for_everybody: bool) -> Self {
        if for_everybody {
            Self { host: String::new(), port: 443 }
        } else {
            Self { host: Ipv4Addr::LOCALHOST.to_string(), port: 4700 }
        }
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// The address that it leads to; of several an IPv4 one, since it is what people expect of `localhost`.
    pub(crate) fn resolve(&self) -> Result<SocketAddr, String> {
        if self.host.is_empty() {
            // Where IPv6 is there, its unspecified address takes IPv4 connections too.
            let six = TcpListener::bind((Ipv6Addr::UNSPECIFIED, 0)).is_ok();
            let all = if six { IpAddr::from(Ipv6Addr::UNSPECIFIED) } else { Ipv4Addr::UNSPECIFIED.into() };
            return Ok(SocketAddr::new(all, self.port));
        }
        let found = (self.host.as_str(), self.port).to_socket_addrs();
        let found = found.map_err(|error| format!("the address to listen on, {self}, cannot be found: {error}"))?;
        let nowhere = || format!("the address to listen on, {self}, leads nowhere");
        found.min_by_key(SocketAddr::is_ipv6).ok_or_else(nowhere)
    }
}

impl FromStr for Listen {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parsed = || {
            let (host, port) = text.rsplit_once(':')?;
            let port = port.parse().ok()?;
            let host = match host.strip_prefix('[') {
                Some(rest) => rest.strip_suffix(']')?.parse::<Ipv6Addr>().ok()?.to_string(),
                None => host.to_owned(),
            };
            let is_name = host.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._".contains(&b));
            (is_name || host.parse::<IpAddr>().is_ok() && text.starts_with('[')).then_some(Self { host, port })
        };
        parsed().ok_or_else(|| {
            format!("{text:?} is no address to listen on: write host:port, such as 127.0.0.1:4700 or localhost:4700, or :443 for all addresses")
        })
    }
}

impl fmt::Display for Listen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.host.contains(':') {
            write!(f, "[{}]:{}", self.host, self.port)
        } else {
            write!(f, "{}:{}", self.host, self.port)
        }
    }
}

/// A URL of nothing but a host. Which scheme it must have depends on the certificate.
pub(crate) fn public_url(text: &str) -> Result<String, String> {
    SwitchboardAddress::from_url(text).map(|_| text.to_owned()).map_err(|_| {
        format!("{text:?} is no public URL: write https:// and a host, with a port if need be, such as https://line.example.org")
    })
}

/// A name that an authority may certify.
pub(crate) fn domain(text: &str) -> Result<String, String> {
    let name = text.to_ascii_lowercase();
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    if name.len() <= 253 && name.split('.').all(is_label) && name.parse::<IpAddr>().is_err() {
        Ok(name)
    } else {
        Err(format!("{text:?} is no domain name: write one such as line.example.org, without https:// and port"))
    }
}

/// An e-mail address, as ACME writes it.
pub(crate) fn contact(text: &str) -> Result<String, String> {
    let email = text.strip_prefix("mailto:").unwrap_or(text);
    let is_one = email.split_once('@').is_some_and(|(who, host)| !who.is_empty() && domain(host).is_ok());
    if is_one && email.bytes().all(|b| b.is_ascii_graphic() && !b"?,".contains(&b)) {
        Ok(format!("mailto:{email}"))
    } else {
        Err(format!("{text:?} is no e-mail address, such as operator@example.org"))
    }
}

/// Where an authority is spoken to.
pub(crate) fn directory(text: &str) -> Result<String, String> {
    let host = text.strip_prefix("https://").and_then(|rest| rest.split('/').next());
    let is_one = host.is_some_and(|host| host.parse::<SwitchboardAddress>().is_ok())
        && text.bytes().all(|b| b.is_ascii_graphic());
    if is_one { Ok(text.to_owned()) } else { Err(format!("{text:?} is no ACME directory: write its https:// URL")) }
}

/// Units of bytes, largest first.
const SIZES: [(&str, u64); 7] = [
    ("TiB", 1 << 40),
    ("GiB", 1 << 30),
    ("MiB", 1 << 20),
    ("KiB", 1 << 10),
    ("GB", 1_000_000_000),
    ("MB", 1_000_000),
    ("kB", 1000),
];

/// `512 MiB`, `1GB`.
pub(crate) fn parse_size(text: &str) -> Result<u64, String> {
    let wrong =
        || format!("{text:?} is no size: write a number and kB, MB, GB, KiB, MiB, GiB or TiB, such as \"512 MiB\"");
    let (number, unit) =
        SIZES.iter().find_map(|(name, unit)| Some((text.strip_suffix(name)?.trim_end(), *unit))).ok_or_else(wrong)?;
    number.parse::<u64>().ok().and_then(|number| number.checked_mul(unit)).ok_or_else(wrong)
}

/// As [`parse_size`] reads it.
pub(crate) fn size(bytes: u64) -> String {
    let fits = SIZES.iter().find(|(_, unit)| bytes >= *unit && bytes.is_multiple_of(*unit));
    // Whatever was read is a multiple of some unit.
    fits.map_or_else(|| format!("{} kB", bytes / 1000), |(name, unit)| format!("{} {name}", bytes / unit))
}

/// As [`crate::clock::parse_duration`] reads it.
pub(crate) fn duration(time: Duration) -> String {
    let seconds = time.as_secs();
    let units = [("d", 86_400), ("h", 3600), ("m", 60)];
    let fits = units.iter().find(|(_, unit)| seconds >= *unit && seconds.is_multiple_of(*unit));
    fits.map_or_else(|| format!("{seconds}s"), |(name, unit)| format!("{}{name}", seconds / unit))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::parse_duration;

    #[test]
    fn a_switchboard_listens_on_addresses_names_or_all() {
        for (text, to) in
            [("127.0.0.1:4700", "127.0.0.1:4700"), ("[::1]:80", "[::1]:80"), ("localhost:4700", "127.0.0.1:4700")]
        {
            let listen: Listen = text.parse().unwrap();
            assert_eq!((listen.to_string().as_str(), listen.resolve().unwrap().to_string().as_str()), (text, to));
        }
        let all: Listen = ":443".parse().unwrap();
        assert!(all.resolve().unwrap().ip().is_unspecified() && all.resolve().unwrap().port() == 443);
        for wrong in [
            "",
            "4700",
            "localhost",
            "localhost:",
            "localhost:70000",
            "::1:80",
            "[x]:80",
            "http://localhost:80",
            "a b:1",
        ] {
            assert!(wrong.parse::<Listen>().unwrap_err().contains("write host:port"), "{wrong}");
        }
        let nowhere: Listen = "no-such-host.invalid:1".parse().unwrap();
        assert!(nowhere.resolve().unwrap_err().contains("no-such-host.invalid:1"));
    }

    #[test]
    fn names_contacts_and_directories_are_told_from_what_only_looks_like_them() {
        assert_eq!(domain("Line.Example.org").unwrap(), "line.example.org");
        for wrong in ["", "https://a.org", "a.org:443", "*.a.org", "127.0.0.1", "-a.org", "ä.org", "a..org", "a.org/"]
        {
            assert!(domain(wrong).is_err(), "{wrong}");
        }
        assert_eq!(contact("op@example.org").unwrap(), "mailto:op@example.org");
        assert_eq!(contact("mailto:op@example.org").unwrap(), "mailto:op@example.org");
        for wrong in ["", "op", "@a.org", "op@", "a b@c.org", "a,b@c.org", "a@b@c"] {
            assert!(contact(wrong).is_err(), "{wrong}");
        }
        assert!(directory("https://ca.example.org:9000/acme/acme/directory").is_ok());
        for wrong in ["http://ca.example.org/dir", "https://", "ca.example.org", "https://a.org/ b"] {
            assert!(directory(wrong).is_err(), "{wrong}");
        }
        assert!(public_url("https://a.org:8443").is_ok() && public_url("https://a.org/x").is_err());
    }

    #[test]
    fn sizes_and_times_are_written_as_they_are_read() {
        for (text, bytes) in [("512 MiB", 512 << 20), ("1GB", 1_000_000_000), ("4 GiB", 4 << 30), ("3 kB", 3000)] {
            assert_eq!(parse_size(text), Ok(bytes), "{text}");
            assert_eq!(parse_size(&size(bytes)), Ok(bytes), "{text}");
        }
        for wrong in ["", "5", "MiB", "1.5 GiB", "-1 GiB", "1 gb", "99999999999999 TiB"] {
            assert!(parse_size(wrong).is_err(), "{wrong}");
        }
        for text in ["45s", "90m", "2h", "30d"] {
            assert_eq!(duration(parse_duration(text).unwrap()), text);
        }
    }
}

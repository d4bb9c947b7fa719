//! Which network addresses another switchboard may have: only such as anybody on the internet could reach. Otherwise
//! a stranger's card could make this server knock on doors inside its own network.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// Whether an address is globally reachable unicast, by the IANA special-purpose registries (RFC 6890 and its
/// successors).
pub fn is_public(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => is_public_v4(ip),
        IpAddr::V6(ip) => is_public_v6(ip),
    }
}

/// Whether the URL of a push service may be asked, as far as it can be seen from it: names are looked at once they are
/// resolved. Only `https` on its own port, and with the development flag only this machine.
pub(crate) fn may_push(endpoint: &str, loopback_only: bool) -> bool {
    let schemes: &[&str] = if loopback_only { &["https://", "http://"] } else { &["https://"] };
    let Some(rest) = schemes.iter().find_map(|scheme| endpoint.strip_prefix(scheme)) else { return false };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    if loopback_only {
        return authority.parse::<SocketAddr>().is_ok_and(|address| address.ip().is_loopback());
    }
    // An address may be written in odd ways, so that it has to have a name: whose last label is no number.
    let name = authority.strip_suffix(":443").unwrap_or(authority);
    let labels: Vec<&str> = name.split('.').collect();
    let is_label = |label: &&str| !label.is_empty() && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    labels.len() > 1
        && labels.iter().all(is_label)
        && labels.last().is_some_and(|last| last.bytes().all(|b| b.is_ascii_alphabetic() || b == b'-'))
}

fn is_public_v4(ip: Ipv4Addr) -> bool {
    let [a, b, c, _] = ip.octets();
    let special = a == 0 // this network (RFC 791)
        || ip.is_private() // RFC 1918
        || (a == 100 && (64..128).contains(&b)) // carrier-grade NAT (RFC 6598)
        || ip.is_loopback()
        || ip.is_link_local()
        || (a == 192 && b == 0 && c == 0) // protocol assignments (RFC 6890)
        || ip.is_documentation() // RFC 5737
        || (a == 192 && b == 88 && c == 99) // 6to4 relays (RFC 7526)
        || (a == 198 && (b == 18 || b == 19)) // benchmarks (RFC 2544)
        || a >= 224; // multicast, reserved, broadcast
    !special
}

fn is_public_v6(ip: Ipv6Addr) -> bool {
    let segments = ip.segments();
    // Only global unicast (RFC 4291, section 2.4) at all: leaves out loopback, mapped and translated IPv4
    // (::ffff:0:0/96, 64:ff9b::/96), unique local, link-local, multicast.
    let global = segments[0] & 0xe000 == 0x2000;
    let special = match segments[0] {
        0x2001 => segments[1] < 0x0200 || segments[1] == 0x0db8, // protocol assignments, Teredo (RFC 2928); documentation (RFC 3849)
        0x2002 => true,                                          // 6to4: an IPv4 address inside (RFC 3056)
        first => first & 0xfff0 == 0x3ff0,                       // documentation (RFC 9637)
    };
    global && !special
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn doors_inside_are_seen() {
        for inside in [
            "0.0.0.0",
            "10.1.2.3",
            "100.64.0.1",
            "127.0.0.1",
            "169.254.169.254",
            "172.16.0.1",
            "192.0.0.8",
            "192.0.2.1",
            "192.168.1.1",
            "198.18.0.1",
            "198.51.100.1",
            "203.0.113.1",
            "224.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "::ffff:8.8.8.8",
            "::127.0.0.1",
            "64:ff9b::7f00:1",
            "fc00::1",
            "fe80::1",
            "ff02::1",
            "2001::1",
            "2001:db8::1",
            "2002:7f00:1::",
            "3fff::1",
        ] {
            assert!(!is_public(inside.parse().unwrap()), "{inside}");
        }
    }

    #[test]
    fn push_services_have_names_and_https() {
        for good in ["https://push.example/x", "https://a.b-c.example:443/x?y=1", "https://push.example"] {
            assert!(may_push(good, false), "{good}");
            assert!(!may_push(good, true), "{good}: nobody outside with the development flag");
        }
        for bad in [
            "http://push.example/x",
            "https://push.example:8443/x",
            "https://localhost/x",
            "https://10.0.0.1/x",
            "https://0x7f.1/x",
            "https://127.0.0.0x1/x",
            "https://[::1]/x",
            "https://user@push.example/x",
            "https://push.example@10.0.0.1/x",
            "https://push.example\\@10.0.0.1/x",
            "https:///x",
            "https://.example/x",
            "https://push%2eexample/x",
            "ftp://push.example/x",
            "",
        ] {
            assert!(!may_push(bad, false), "{bad}");
        }
        assert!(may_push("http://127.0.0.1:81/x", true) && may_push("http://[::1]:81/x", true));
        assert!(!may_push("http://10.0.0.1:81/x", true) && !may_push("http://localhost:81/x", true));
    }

    #[test]
    fn public_ones_are_let_through() {
        for outside in ["8.8.8.8", "100.63.0.1", "172.32.0.1", "2606:4700::1111", "2a00:1450::1"] {
            assert!(is_public(outside.parse().unwrap()), "{outside}");
        }
    }
}

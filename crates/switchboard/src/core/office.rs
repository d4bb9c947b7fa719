//! Who a switchboard is, and which others it deals with.

use std::net::IpAddr;

use protocol::{InvitationSecret, SwitchboardAddress};

use crate::reach::is_public;
use crate::store::Standing;

/// Who may be a peer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Federation {
    /// Everybody whom the operator has not blocked.
    #[default]
    Open,
    /// Only whom the operator has allowed.
    AllowList,
}

/// Who a switchboard is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Office {
    /// Where it is reached.
    pub address: SwitchboardAddress,
    /// The office's name.
    pub name: String,
    /// Who may be a peer.
    pub federation: Federation,
    /// The development flag: loopback addresses only, peers included.
    pub loopback_only: bool,
    /// Under the development flag and without a certificate: plain http, here and at peers.
    pub plain_http: bool,
}

impl Office {
    /// The scheme of public URLs here.
    pub fn scheme(&self) -> &'static str {
        if self.plain_http { "http" } else { "https" }
    }

    /// The public URL, without a slash at its end.
    pub fn url(&self) -> String {
        format!("{}://{}", self.scheme(), self.address)
    }

    /// The link that takes an invitation up.
    pub fn claim_url(&self, secret: &InvitationSecret) -> String {
        format!("{}/claim#{}", self.url(), secret.to_text())
    }

    /// Whether another switchboard may be dealt with, given what the operator said about it.
    pub fn allows(&self, peer: &SwitchboardAddress, standing: Standing) -> bool {
        let reachable = match peer.host().parse::<IpAddr>() {
            Ok(ip) if self.loopback_only => ip.is_loopback(),
            Ok(ip) => is_public(ip),
            Err(_) => !self.loopback_only,
        };
        let wanted = match (standing, self.federation) {
            (Standing::Blocked, _) | (Standing::Unknown, Federation::AllowList) => false,
            (Standing::Allowed, _) | (Standing::Unknown, Federation::Open) => true,
        };
        *peer != self.address && reachable && wanted
    }
}

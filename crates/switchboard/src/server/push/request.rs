//! One request to a push service: over HTTPS, at public addresses only, following nobody elsewhere, and nothing of what it
//! answers is read.

use std::path::PathBuf;
use std::sync::OnceLock;
use std::time::Duration;

use protocol::Timestamp;
use protocol::wake::{CALL_MESSAGE, PushOutcome, Subscription, Urgency, WAITING_MESSAGE};
use reqwest::header::{AUTHORIZATION, CONTENT_ENCODING, CONTENT_TYPE};
use reqwest::redirect::Policy;
use reqwest::{Certificate, StatusCode, Url};

use super::seal::{VapidKey, seal};
use crate::core::Office;
use crate::reach::may_push;
use crate::server::StartError;
use crate::server::client::{PublicOnly, roots};

const CONNECT: Duration = Duration::from_secs(5);
const ANSWER: Duration = Duration::from_secs(15);
const IDLE: Duration = Duration::from_secs(60);
/// A push service keeps a message so long for a handset that is off: the longest that the large ones allow.
const KEPT_SECONDS: u64 = 28 * 24 * 60 * 60;
/// Nobody is called any more after this time.
const CALL_SECONDS: u64 = 60;
/// Of messages on one topic that wait at the push service, the last is kept.
const TOPIC: &str = "0";

/// What came of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Tried {
    pub(super) outcome: PushOutcome,
    /// It may go another time.
    pub(super) may_pass: bool,
}

impl Tried {
    const UNREACHABLE: Self = Self { outcome: PushOutcome::Unreachable, may_pass: true };
    const NEVER: Self = Self { outcome: PushOutcome::Unreachable, may_pass: false };

    const fn of(status: StatusCode) -> Self {
        let outcome = match status.as_u16() {
            200..=299 => PushOutcome::Taken,
            404 | 410 => PushOutcome::Gone,
            _ => PushOutcome::Refused,
        };
        Self { outcome, may_pass: matches!(status.as_u16(), 408 | 429 | 500..=599) }
    }
}

/// Who asks push services.
#[derive(Debug)]
pub(super) struct Client {
    key: VapidKey,
    contact: String,
    loopback_only: bool,
    trust_roots: Vec<Certificate>,
    http: OnceLock<Option<reqwest::Client>>,
}

impl Client {
    pub(super) fn new(office: &Office, key: VapidKey, trust_roots: Option<&PathBuf>) -> Result<Self, StartError> {
        let trust_roots = trust_roots.map_or_else(|| Ok(Vec::new()), |path| roots(path))?;
        let (contact, loopback_only) = (office.url(), office.loopback_only);
        Ok(Self { key, contact, loopback_only, trust_roots, http: OnceLock::new() })
    }

    pub(super) const fn key(&self) -> &VapidKey {
        &self.key
    }

    /// Asks a push service to wake a handset.
    pub(super) async fn push(&self, to: &Subscription, urgency: Urgency, now: Timestamp) -> Tried {
        if !may_push(&to.endpoint, self.loopback_only) {
            return Tried::NEVER;
        }
        let (Ok(url), Some(http)) = (Url::parse(&to.endpoint), self.http()) else { return Tried::NEVER };
        let is_call = urgency == Urgency::Call;
        let (message, kept) = if is_call { (CALL_MESSAGE, CALL_SECONDS) } else { (WAITING_MESSAGE, KEPT_SECONDS) };
        let audience = url.origin().ascii_serialization();
        let Ok(authorization) = self.key.authorization(&audience, &self.contact, now) else { return Tried::NEVER };
        // A key that is no point of the curve: nobody can be woken by it.
        let Ok(body) = seal(message, to) else { return Tried { outcome: PushOutcome::Gone, may_pass: false } };
        let mut request = http
            .post(url)
            .header(AUTHORIZATION, authorization)
            .header(CONTENT_TYPE, "application/octet-stream")
            .header(CONTENT_ENCODING, "aes128gcm")
            .header("TTL", kept)
            .header("Urgency", if is_call { "high" } else { "normal" });
        if !is_call {
            request = request.header("Topic", TOPIC);
        }
        match request.body(body).send().await {
            Ok(response) => Tried::of(response.status()),
            Err(_) => Tried::UNREACHABLE,
        }
    }

    fn http(&self) -> Option<&reqwest::Client> {
        self.http.get_or_init(|| self.build()).as_ref()
    }

    fn build(&self) -> Option<reqwest::Client> {
        let mut builder = reqwest::Client::builder()
            .no_proxy()
            .redirect(Policy::none())
            .connect_timeout(CONNECT)
            .timeout(ANSWER)
            .pool_idle_timeout(IDLE)
            .pool_max_idle_per_host(2);
        if !self.loopback_only {
            builder = builder.https_only(true).dns_resolver(PublicOnly);
        }
        builder = builder.tls_certs_merge(self.trust_roots.iter().cloned());
        builder.build().inspect_err(|error| tracing::error!("no push service can be reached: {error}")).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_of_push_services_are_understood() {
        let of = |status: u16| {
            let tried = Tried::of(StatusCode::from_u16(status).unwrap());
            (tried.outcome, tried.may_pass)
        };
        assert_eq!(of(201), (PushOutcome::Taken, false));
        assert_eq!(of(410), (PushOutcome::Gone, false));
        assert_eq!(of(404), (PushOutcome::Gone, false));
        assert_eq!(of(413), (PushOutcome::Refused, false));
        assert_eq!(of(301), (PushOutcome::Refused, false), "nobody is followed");
        assert_eq!(of(429), (PushOutcome::Refused, true));
        assert_eq!(of(503), (PushOutcome::Refused, true));
    }
}

//! Asking other switchboards: over HTTPS, at public addresses only, following nobody elsewhere, reading no more than
//! expected.

use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::Duration;

use protocol::codec::{decode, encode};
use protocol::federation::{
    FETCH_BLOB_PATH, FETCH_PATH, FetchReply, PARCEL_PATH, ParcelReply, SwitchboardInfo, WELL_KNOWN_PATH,
};
use protocol::limits::{QUERY_BYTES, SLOT_BYTES};
use protocol::{Refusal, SwitchboardAddress};
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::header::CONTENT_RANGE;
use reqwest::redirect::Policy;
use reqwest::{Certificate, RequestBuilder, Response, StatusCode, Url};

use super::StartError;
use super::blobs::Span;
use crate::core::Office;
use crate::reach::is_public;

const CONNECT: Duration = Duration::from_secs(10);
const ANSWER: Duration = Duration::from_secs(30);
/// A blob may take so long in all; its bytes have to come steadily (see [`super::blobs`]).
const BLOB: Duration = Duration::from_hours(1);
/// Shorter than peers keep a connection that idles.
const IDLE: Duration = Duration::from_secs(60);

/// Why a peer did not answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unanswered {
    /// It cannot be reached, or its address is none that may be.
    Unreachable,
    /// What it answered is not what was asked for.
    Malformed,
}

/// The client, built when it is first needed.
#[derive(Debug)]
pub(super) struct Client {
    scheme: &'static str,
    loopback_only: bool,
    trust_roots: Vec<Certificate>,
    http: OnceLock<Option<reqwest::Client>>,
}

impl Client {
    pub(super) fn new(office: &Office, trust_roots: Option<&PathBuf>) -> Result<Self, StartError> {
        let trust_roots = trust_roots.map_or_else(|| Ok(Vec::new()), |path| roots(path))?;
        let (scheme, loopback_only) = (office.scheme(), office.loopback_only);
        Ok(Self { scheme, loopback_only, trust_roots, http: OnceLock::new() })
    }

    /// Who a switchboard says it is.
    pub(super) async fn info(&self, of: &SwitchboardAddress) -> Result<SwitchboardInfo, Unanswered> {
        let request = self.http()?.get(self.url(of, WELL_KNOWN_PATH)?);
        read(request, QUERY_BYTES).await
    }

    /// Hands a signed parcel over.
    pub(super) async fn parcel(&self, to: &SwitchboardAddress, signed: Vec<u8>) -> Result<ParcelReply, Unanswered> {
        let request = self.http()?.post(self.url(to, PARCEL_PATH)?).body(signed);
        read(request, QUERY_BYTES).await
    }

    /// Fetches a slot.
    pub(super) async fn fetch(&self, from: &SwitchboardAddress, signed: Vec<u8>) -> Result<FetchReply, Unanswered> {
        let request = self.http()?.post(self.url(from, FETCH_PATH)?).body(signed);
        read(request, 2 * SLOT_BYTES + QUERY_BYTES).await
    }

    /// Fetches a blob: which bytes come, and the response that they come in; or why none do.
    pub(super) async fn fetch_blob(
        &self,
        from: &SwitchboardAddress,
        signed: Vec<u8>,
    ) -> Result<Result<(Span, reqwest::Response), Refusal>, Unanswered> {
        let request = self.http()?.post(self.url(from, FETCH_BLOB_PATH)?).body(signed).timeout(BLOB);
        let response = tokio::time::timeout(ANSWER, request.send()).await.map_err(|_| Unanswered::Unreachable)?;
        let response = response.map_err(|_| Unanswered::Unreachable)?;
        if response.status() != StatusCode::PARTIAL_CONTENT {
            return collect(response, QUERY_BYTES).await.map(Err);
        }
        let span = response.headers().get(CONTENT_RANGE).and_then(|header| Span::from_header(header.to_str().ok()?));
        span.map(|span| Ok((span, response))).ok_or(Unanswered::Malformed)
    }

    /// The URL, unless its host is an address that must not be asked. A name is looked at once it is resolved.
    fn url(&self, of: &SwitchboardAddress, path: &str) -> Result<Url, Unanswered> {
        let url = Url::parse(&format!("{}://{of}{path}", self.scheme)).map_err(|_| Unanswered::Unreachable)?;
        // What counts is the host as the client will read it: some odd names are addresses to it.
        let host = url.host_str().unwrap_or_default().trim_start_matches('[').trim_end_matches(']');
        let allowed = match host.parse::<IpAddr>() {
            Ok(ip) if self.loopback_only => ip.is_loopback(),
            Ok(ip) => is_public(ip),
            Err(_) => !self.loopback_only,
        };
        if allowed { Ok(url) } else { Err(Unanswered::Unreachable) }
    }

    fn http(&self) -> Result<&reqwest::Client, Unanswered> {
        self.http.get_or_init(|| self.build()).as_ref().ok_or(Unanswered::Unreachable)
    }

    fn build(&self) -> Option<reqwest::Client> {
        let mut builder = reqwest::Client::builder()
            .no_proxy()
            .redirect(Policy::none())
            .http1_only()
            .connect_timeout(CONNECT)
            .timeout(ANSWER)
            .pool_idle_timeout(IDLE)
            .pool_max_idle_per_host(2)
            .tcp_nodelay(true)
            .dns_resolver(PublicOnly);
        if self.scheme == "https" {
            builder = builder
                .https_only(true)
                .tls_version_min(reqwest::tls::Version::TLS_1_3)
                .tls_certs_merge(self.trust_roots.iter().cloned());
        }
        builder.build().inspect_err(|error| tracing::error!("no peer can be reached: {error}")).ok()
    }
}

async fn read<T: serde::de::DeserializeOwned>(request: RequestBuilder, limit: usize) -> Result<T, Unanswered> {
    let response = request.send().await.map_err(|_| Unanswered::Unreachable)?;
    if response.status() != StatusCode::OK {
        return Err(Unanswered::Malformed);
    }
    collect(response, limit).await
}

async fn collect<T: serde::de::DeserializeOwned>(mut response: Response, limit: usize) -> Result<T, Unanswered> {
    let mut body = Vec::new();
    while let Some(part) = response.chunk().await.map_err(|_| Unanswered::Unreachable)? {
        if body.len() + part.len() > limit {
            return Err(Unanswered::Malformed);
        }
        body.extend_from_slice(&part);
    }
    decode(&body, limit).map_err(|_| Unanswered::Malformed)
}

/// Resolves names, and keeps only addresses that anybody could reach.
#[derive(Debug)]
pub(super) struct PublicOnly;

impl Resolve for PublicOnly {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let public: Vec<SocketAddr> = found.filter(|address| is_public(address.ip())).collect();
            if public.is_empty() {
                return Err("this name has no public address".into());
            }
            Ok(Box::new(public.into_iter()) as Addrs)
        })
    }
}

/// Certificates from a file.
pub(super) fn roots(path: &Path) -> Result<Vec<Certificate>, StartError> {
    let wrong = |reason: String| StartError::TrustRoots { path: path.to_owned(), reason };
    let pem = std::fs::read(path).map_err(|error| wrong(error.to_string()))?;
    let roots = Certificate::from_pem_bundle(&pem).map_err(|_| wrong("it holds no certificates in PEM".to_owned()))?;
    if roots.is_empty() { Err(wrong("it holds no certificate".to_owned())) } else { Ok(roots) }
}

/// A payload with the signature that says whose it is.
pub(super) fn signed<T: serde::Serialize>(
    key: &seal::SwitchboardKey,
    from: &SwitchboardAddress,
    context: &str,
    value: &T,
) -> Vec<u8> {
    let payload = encode(value);
    let signature = key.sign(context, &payload).to_vec().into();
    encode(&protocol::federation::SignedBytes { from: from.clone(), payload: payload.into(), signature })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::Federation;

    fn client(loopback_only: bool) -> Client {
        let address = "office.example.org".parse().unwrap();
        let name = "Office".to_owned();
        let office = Office { address, name, federation: Federation::Open, loopback_only, plain_http: loopback_only };
        Client::new(&office, None).unwrap()
    }

    #[tokio::test]
    async fn no_door_inside_is_knocked_on() {
        let outside = client(false);
        let inside =
            ["127.0.0.1:1", "10.0.0.1", "[::1]:1", "169.254.169.254", "[::ffff:127.0.0.1]:1", "0x7f.1", "a.0x7f000001"];
        for address in inside {
            let address: SwitchboardAddress = address.parse().unwrap();
            assert_eq!(outside.info(&address).await, Err(Unanswered::Unreachable), "{}", address.as_str());
        }
        let name: SwitchboardAddress = "localhost:1".parse().unwrap();
        assert_eq!(outside.info(&name).await, Err(Unanswered::Unreachable), "a name that leads inside");
        let public: SwitchboardAddress = "8.8.8.8".parse().unwrap();
        assert_eq!(client(true).info(&public).await, Err(Unanswered::Unreachable), "and loopback only with the flag");
    }
}

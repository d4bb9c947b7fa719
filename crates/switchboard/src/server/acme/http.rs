//! How the authority is spoken to: HTTPS only, at its directory's host and port and nowhere else, whatever it names, and
//! reading no more than a certificate needs.

use std::error::Error as _;
use std::future::Future;
use std::path::Path;
use std::pin::Pin;
use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::http::{Request, Response, Uri};
use bytes::Bytes;
use instant_acme::{BodyWrapper, BytesResponse, Error, HttpClient};
use reqwest::redirect::Policy;

use crate::server::StartError;
use crate::server::client::roots;

const CONNECT: Duration = Duration::from_secs(10);
const ANSWER: Duration = Duration::from_secs(30);
/// More than any authority's chain, order or directory.
const LIMIT: usize = 256 * 1024;

/// The client of the authority. Unlike those of peers it may reach private addresses: the operator named it.
#[derive(Debug, Clone)]
pub(super) struct Http {
    client: reqwest::Client,
    /// The directory's host, with its port.
    at: Option<(String, u16)>,
}

impl Http {
    /// For this directory, trusting the system's roots, or these instead.
    pub(super) fn new(directory: &str, root: Option<&Path>) -> Result<Self, StartError> {
        let mut builder = reqwest::Client::builder()
            .no_proxy()
            .redirect(Policy::none())
            .https_only(true)
            .connect_timeout(CONNECT)
            .timeout(ANSWER);
        if let Some(root) = root {
            builder = builder.tls_certs_only(roots(root)?);
        }
        let client = builder.build().map_err(|error| StartError::AcmeClient(innermost(&error)))?;
        let at = directory.parse().ok().as_ref().and_then(place);
        Ok(Self { client, at })
    }

    async fn send(self, request: Request<BodyWrapper<Bytes>>) -> Result<BytesResponse, Error> {
        let (head, body) = request.into_parts();
        // Whom it names may be anybody, in our own network too.
        if place(&head.uri) != self.at {
            return Err(Error::Other("it wants to be asked at another host than its directory's".into()));
        }
        let body = to_bytes(Body::new(body), LIMIT).await.map_err(|error| Error::Other(error.into()))?;
        let asked = self.client.request(head.method, head.uri.to_string()).headers(head.headers).body(body);
        let mut answer = asked.send().await.map_err(|error| unreachable(&error))?;
        let mut response = Response::new(());
        *response.status_mut() = answer.status();
        *response.headers_mut() = std::mem::take(answer.headers_mut());
        let mut read = Vec::new();
        while let Some(part) = answer.chunk().await.map_err(|error| unreachable(&error))? {
            if read.len() + part.len() > LIMIT {
                return Err(Error::Other("it answered more than there can be to say".into()));
            }
            read.extend_from_slice(&part);
        }
        Ok(BytesResponse { parts: response.into_parts().0, body: Box::new(Bytes::from(read)) })
    }
}

impl HttpClient for Http {
    fn request(
        &self,
        request: Request<BodyWrapper<Bytes>>,
    ) -> Pin<Box<dyn Future<Output = Result<BytesResponse, Error>> + Send>> {
        Box::pin(self.clone().send(request))
    }
}

/// Host and port.
fn place(uri: &Uri) -> Option<(String, u16)> {
    Some((uri.host()?.to_ascii_lowercase(), uri.port_u16().unwrap_or(443)))
}

fn unreachable(error: &reqwest::Error) -> Error {
    Error::Other(format!("it cannot be reached: {}", innermost(error)).into())
}

/// What an error is about in the end; its outside only says that there is one.
fn innermost(error: &reqwest::Error) -> String {
    let mut inner = error.source();
    while let Some(next) = inner.and_then(std::error::Error::source) {
        inner = Some(next);
    }
    inner.map_or_else(|| error.to_string(), ToString::to_string)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn nobody_but_the_directorys_host_is_asked() {
        let http = Http::new("https://localhost:1/dir", None).unwrap();
        for (url, said) in [
            ("https://LOCALHOST:1/order", "cannot be reached"),
            ("https://127.0.0.1:1/order", "another host"),
            ("https://localhost:2/order", "another host"),
            ("/order", "another host"),
        ] {
            let request = Request::get(url).body(BodyWrapper::default()).unwrap();
            let error = http.request(request).await.err().unwrap().to_string();
            assert!(error.contains(said), "{url}: {error}");
        }
    }
}

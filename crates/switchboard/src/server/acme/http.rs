//! How the authority is spoken to: HTTPS only, following nobody elsewhere, reading no more than a certificate needs.

use std::error::Error as _;
use std::future::Future;
use std::path::Path;
use std::pin::Pin;
use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::http::{Request, Response};
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
pub(super) struct Http(reqwest::Client);

impl Http {
    /// Trusting the system's roots, or these instead.
    pub(super) fn new(root: Option<&Path>) -> Result<Self, StartError> {
        let mut builder = reqwest::Client::builder()
            .no_proxy()
            .redirect(Policy::none())
            .https_only(true)
            .connect_timeout(CONNECT)
            .timeout(ANSWER);
        if let Some(root) = root {
            builder = builder.tls_certs_only(roots(root)?);
        }
        builder.build().map(Self).map_err(|error| StartError::AcmeClient(innermost(&error)))
    }

    async fn send(self, request: Request<BodyWrapper<Bytes>>) -> Result<BytesResponse, Error> {
        let (head, body) = request.into_parts();
        let body = to_bytes(Body::new(body), LIMIT).await.map_err(|error| Error::Other(error.into()))?;
        let asked = self.0.request(head.method, head.uri.to_string()).headers(head.headers).body(body);
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

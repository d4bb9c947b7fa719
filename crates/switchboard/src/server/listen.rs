//! Taking connections: TLS, then HTTP/1.1, each in its own task, each within limits of time and number.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::StatusCode;
use axum::response::IntoResponse as _;
use hyper::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use rustls::ServerConfig;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, watch};
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;
use tower_service::Service as _;

use super::Shared;
use super::gate::Guest;
use super::tls::was_a_question;

/// How long a handshake may take, and the end of a connection.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long a request's head may take, and so how long a connection may idle: longer than peers keep theirs.
const IDLE: Duration = Duration::from_secs(90);
/// How long a request may take with its body and its answer.
const REQUEST: Duration = Duration::from_secs(60);
/// After a failure to take a connection (no file descriptor left, say).
const PAUSE: Duration = Duration::from_millis(100);

/// Held by every task that has to end before the switchboard does.
pub(super) type Alive = mpsc::Sender<()>;

/// Where connections come in.
pub(super) struct Entrance {
    pub(super) listener: TcpListener,
    pub(super) tls: Option<Arc<ServerConfig>>,
    pub(super) router: Router,
    pub(super) shared: Arc<Shared>,
}

impl Entrance {
    /// Takes connections until the switchboard shuts down.
    pub(super) async fn run(self, alive: Alive) {
        let mut draining = self.shared.draining.clone();
        loop {
            let accepted = tokio::select! {
                accepted = self.listener.accept() => accepted,
                _ = draining.wait_for(|draining| *draining) => return,
            };
            match accepted {
                Ok((stream, from)) => self.take(stream, from, alive.clone()),
                Err(error) if is_of_one_connection(&error) => {}
                Err(error) => {
                    tracing::error!("no connection can be taken: {error}");
                    tokio::time::sleep(PAUSE).await;
                }
            }
        }
    }

    fn take(&self, stream: TcpStream, from: SocketAddr, alive: Alive) {
        let Some(guest) = self.shared.gate.enter(from.ip()) else {
            self.shared.metrics.turned_away.one();
            return;
        };
        // A socket without it is only slower.
        let _ = stream.set_nodelay(true);
        let (router, draining) = (self.router.clone(), self.shared.draining.clone());
        match self.tls.clone() {
            None => drop(tokio::spawn(serve(stream, router, guest, draining, alive))),
            Some(config) => drop(tokio::spawn(async move {
                let Ok(Ok(mut stream)) = timeout(PATIENCE, TlsAcceptor::from(config).accept(stream)).await else {
                    return;
                };
                if was_a_question(stream.get_ref().1) {
                    // The handshake was the answer; how the connection ends is the authority's affair.
                    let _ = timeout(PATIENCE, stream.shutdown()).await;
                } else {
                    serve(stream, router, guest, draining, alive).await;
                }
            })),
        }
    }
}

/// Answers one connection's requests.
async fn serve(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    router: Router,
    guest: Arc<Guest>,
    mut draining: watch::Receiver<bool>,
    alive: Alive,
) {
    let service = service_fn(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(Arc::clone(&guest));
        request.extensions_mut().insert(alive.clone());
        // A router is always ready.
        let answer = router.clone().call(request.map(Body::new));
        async { timeout(REQUEST, answer).await.unwrap_or_else(|_| Ok(StatusCode::REQUEST_TIMEOUT.into_response())) }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(IDLE)
        .max_buf_size(64 * 1024)
        .serve_connection(TokioIo::new(stream), service)
        .with_upgrades();
    let mut connection = std::pin::pin!(connection);
    // How a connection ends is the other side's affair.
    let _ =
        until(connection.as_mut(), draining.wait_for(|draining| *draining)).await.is_some_and(|ended| ended.is_ok());
    if *draining.borrow() {
        connection.as_mut().graceful_shutdown();
        let _ = timeout(PATIENCE, connection).await;
    }
}

/// Runs `work` until it ends or `stop` does; gives what it gave.
async fn until<W: Future>(work: W, stop: impl Future) -> Option<W::Output> {
    tokio::select! {
        ended = work => Some(ended),
        _ = stop => None,
    }
}

fn is_of_one_connection(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionRefused | ConnectionAborted | ConnectionReset)
}

//! Handsets' WebSockets (RFC 6455), and how little of each is kept in memory while nothing is said.

use axum::body::Body;
use axum::extract::Request;
use axum::http::header::{
    CONNECTION, HeaderName, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_VERSION, UPGRADE,
};
use axum::http::{Method, StatusCode};
use axum::response::Response;
use hyper::upgrade::{OnUpgrade, Upgraded};
use hyper_util::rt::TokioIo;
use protocol::limits::FRAME_BYTES;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocketConfig};

/// Bytes that are read at once: every connection that idles holds as many.
const READ: usize = 1024;
/// Bytes of frames that are gathered before they are written, unless there are no more.
const WRITE: usize = 16 * 1024;

/// A handset's connection.
pub(super) type Socket = WebSocketStream<TokioIo<Upgraded>>;

/// Answers a request for a WebSocket, which is there once that is sent.
pub(super) fn answer(mut request: Request) -> Result<(Response, OnUpgrade), StatusCode> {
    let key = request.headers().get(SEC_WEBSOCKET_KEY).map(|key| derive_accept_key(key.as_bytes()));
    let asks = request.method() == Method::GET
        && has(&request, &CONNECTION, "upgrade")
        && has(&request, &UPGRADE, "websocket")
        && has(&request, &SEC_WEBSOCKET_VERSION, "13");
    let key = key.filter(|_| asks).ok_or(StatusCode::BAD_REQUEST)?;
    let response = Response::builder()
        .status(StatusCode::SWITCHING_PROTOCOLS)
        .header(CONNECTION, "upgrade")
        .header(UPGRADE, "websocket")
        .header(SEC_WEBSOCKET_ACCEPT, key)
        .body(Body::empty())
        .map_err(|_| StatusCode::BAD_REQUEST)?;
    Ok((response, hyper::upgrade::on(&mut request)))
}

/// Whether a header has this among its words.
fn has(request: &Request, name: &HeaderName, word: &str) -> bool {
    let values = request.headers().get_all(name).iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).any(|value| value.trim().eq_ignore_ascii_case(word))
}

/// A socket over a connection that was upgraded.
pub(super) async fn over(stream: TokioIo<Upgraded>) -> Socket {
    let config = WebSocketConfig::default()
        .read_buffer_size(READ)
        .write_buffer_size(WRITE)
        .max_frame_size(Some(FRAME_BYTES))
        .max_message_size(Some(FRAME_BYTES));
    WebSocketStream::from_raw_socket(stream, Role::Server, Some(config)).await
}

/// The same socket without the memory that the greeting took up, which its buffers would hold as long as it lives. A
/// handset says nothing between its greeting and its welcome, so nothing is lost between them.
pub(super) async fn anew(socket: Socket) -> Socket {
    over(socket.into_inner()).await
}

//! Handsets' WebSockets (RFC 6455), and how little of each is kept in memory while nothing is said.

use axum::body::Body;
use axum::extract::Request;
use axum::http::StatusCode;
use axum::response::Response;
use hyper::upgrade::{OnUpgrade, Upgraded};
use hyper_util::rt::TokioIo;
use protocol::limits::FRAME_BYTES;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::handshake::server::create_response_with_body;
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocketConfig};

/// Bytes that are read at once: every connection that idles holds as many.
const READ: usize = 1024;
/// Bytes of frames that are gathered before they are written, unless there are no more.
const WRITE: usize = 16 * 1024;

/// A handset's connection.
pub(super) type Socket = WebSocketStream<TokioIo<Upgraded>>;

/// Answers a request for a WebSocket, which is there once that is sent.
pub(super) fn answer(mut request: Request) -> Result<(Response, OnUpgrade), StatusCode> {
    let response = create_response_with_body(&request, Body::empty).map_err(|_| StatusCode::BAD_REQUEST)?;
    Ok((response, hyper::upgrade::on(&mut request)))
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

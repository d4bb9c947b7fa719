//! The few pages for people: no script, nothing from elsewhere, nothing about who looks at them.
//!
//! What follows `#` in a link never reaches the server, and no script here reads it.

use std::sync::Arc;

use axum::Extension;
use axum::extract::State;
use axum::http::{HeaderName, StatusCode};
use axum::response::{IntoResponse, Response};

use super::Shared;
use super::gate::Guest;

const CARD: &str = include_str!("pages/card.html");
const CLAIM: &str = include_str!("pages/claim.html");
const NONE: &str = include_str!("pages/none.html");
const STYLE: &str = include_str!("pages/page.css");

/// Nothing but this page and its style, in no frame, and no word of it to anybody.
const HEADERS: [(HeaderName, &str); 6] = [
    (
        HeaderName::from_static("content-security-policy"),
        "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    ),
    (HeaderName::from_static("referrer-policy"), "no-referrer"),
    (HeaderName::from_static("x-content-type-options"), "nosniff"),
    (HeaderName::from_static("x-robots-tag"), "noindex"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("cache-control"), "no-cache"),
];

/// What a card's link shows in a browser.
pub(super) async fn card(State(shared): State<Arc<Shared>>, Extension(guest): Extension<Arc<Guest>>) -> Response {
    page(&shared, &guest, "text/html; charset=utf-8", CARD)
}

/// What a claim link shows in a browser.
pub(super) async fn claim(State(shared): State<Arc<Shared>>, Extension(guest): Extension<Arc<Guest>>) -> Response {
    page(&shared, &guest, "text/html; charset=utf-8", CLAIM)
}

/// The style of both.
pub(super) async fn style(State(shared): State<Arc<Shared>>, Extension(guest): Extension<Arc<Guest>>) -> Response {
    page(&shared, &guest, "text/css; charset=utf-8", STYLE)
}

/// At the front door of a switchboard that serves no app.
pub(super) fn none() -> impl IntoResponse {
    (StatusCode::NOT_FOUND, HEADERS, [("content-type", "text/html; charset=utf-8")], NONE)
}

fn page(shared: &Shared, guest: &Guest, kind: &'static str, text: &'static str) -> Response {
    if !shared.gate.ask(guest) {
        return StatusCode::TOO_MANY_REQUESTS.into_response();
    }
    (HEADERS, [("content-type", kind)], text).into_response()
}

/// Whether the switchboard can do its work.
pub(super) async fn health(State(shared): State<Arc<Shared>>) -> Response {
    let wrong = if !shared.metrics.is_healthy() {
        "the database takes no writes\n"
    } else if shared.blobs.is_short(shared.limits.disk_floor) {
        "the disk is nearly full: nothing new is taken\n"
    } else {
        return "ok\n".into_response();
    };
    (StatusCode::SERVICE_UNAVAILABLE, wrong).into_response()
}

/// The counters, for the machine itself only: even sums tell strangers when an office is busy.
pub(super) async fn metrics(State(shared): State<Arc<Shared>>, Extension(guest): Extension<Arc<Guest>>) -> Response {
    if !guest.counted.is_loopback() {
        return StatusCode::NOT_FOUND.into_response();
    }
    ([("content-type", "text/plain; version=0.0.4; charset=utf-8")], shared.metrics.text()).into_response()
}

//! What is where.

use std::sync::Arc;

use axum::routing::{get, post};
use axum::{Extension, Router};
use protocol::federation::{FETCH_PATH, PARCEL_PATH, WELL_KNOWN_PATH};
use protocol::frames::LINE_PATH;

use super::peers::Unheard;
use super::{Shared, federation, line, pages};

/// All routes.
pub(super) fn router(shared: Arc<Shared>) -> Router {
    Router::new()
        .route(LINE_PATH, get(line::open))
        .route(PARCEL_PATH, post(federation::parcel))
        .route(FETCH_PATH, post(federation::fetch))
        .route(WELL_KNOWN_PATH, get(federation::info))
        .route("/c", get(pages::card))
        .route("/claim", get(pages::claim))
        .route("/page.css", get(pages::style))
        .route("/healthz", get(pages::health))
        .route("/metrics", get(pages::metrics))
        .layer(Extension(Arc::new(Unheard::default())))
        .with_state(shared)
}

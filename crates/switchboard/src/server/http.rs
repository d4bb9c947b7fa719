//! What is where.

use std::sync::Arc;

use axum::routing::{get, head, post};
use axum::{Extension, Router};
use protocol::federation::{FETCH_BLOB_PATH, FETCH_PATH, PARCEL_PATH, WELL_KNOWN_PATH};
use protocol::files::BLOB_PATH;
use protocol::frames::LINE_PATH;

use super::peers::Unheard;
use super::{Shared, app, blobs, federation, line, pages};

/// All routes.
pub(super) fn router(shared: Arc<Shared>) -> Router {
    Router::new()
        .route(LINE_PATH, get(line::open))
        .route(PARCEL_PATH, post(federation::parcel))
        .route(FETCH_PATH, post(federation::fetch))
        .route(FETCH_BLOB_PATH, post(blobs::fetch))
        .route(&format!("{BLOB_PATH}/{{blob}}"), head(blobs::head).patch(blobs::bring))
        .route(&format!("{BLOB_PATH}/{{blob}}/{{at}}"), get(blobs::give))
        .route(WELL_KNOWN_PATH, get(federation::info))
        .route("/c", get(pages::card))
        .route("/claim", get(app::claim))
        .route("/page.css", get(pages::style))
        .route("/healthz", get(pages::health))
        .route("/metrics", get(pages::metrics))
        .fallback(app::serve)
        .layer(Extension(Arc::new(Unheard::default())))
        .with_state(shared)
}

//! Azure, Vertex AI and Bedrock, which serve the same models with routes, errors and tokens of their own.

mod azure;
mod bedrock;
mod oauth;
mod sigv4;
mod vertex;

use std::sync::Arc;

use axum::Router;
use axum::extract::Request;
use axum::middleware::Next;
use axum::response::Response;

pub(crate) use self::bedrock::ACCESS_KEY_ID;
use crate::state::AppState;

pub(crate) fn router(state: &Arc<AppState>) -> Router<Arc<AppState>> {
    azure::router(state)
        .merge(bedrock::router(state))
        .merge(vertex::router(state))
        .merge(oauth::router())
}

/// Wraps all routes: the metadata server of Google is found by a request for the root.
pub(crate) async fn metadata_flavor(request: Request, next: Next) -> Response {
    oauth::metadata_flavor(request, next).await
}

//! Azure and Vertex AI, which serve the same models with routes, errors and tokens of their own.

mod azure;
mod oauth;
mod vertex;

use std::sync::Arc;

use axum::Router;

use crate::state::AppState;

pub(crate) fn router(state: &Arc<AppState>) -> Router<Arc<AppState>> {
    azure::router(state)
        .merge(vertex::router(state))
        .merge(oauth::router())
}

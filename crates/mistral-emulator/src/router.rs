//! Every path the server knows, in one table.

use std::sync::Arc;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::middleware::{self, Next};
use axum::response::Response;
use axum::routing::{get, post};
use http::{HeaderMap, StatusCode, header};

use crate::errors::ApiError;
use crate::routes::{
    agents, chat, classifiers, embeddings, fim, models, ocr, speech, transcriptions, voices,
};
use crate::shared::{RequestId, Shared};

pub(crate) fn router(shared: &Arc<Shared>) -> Router {
    Router::new()
        .route("/v1/chat/completions", post(chat::complete))
        .route("/v1/embeddings", post(embeddings::create))
        .route("/v1/models", get(models::list))
        .route("/v1/models/{model_id}", get(models::retrieve))
        .route("/v1/fim/completions", post(fim::complete))
        .route("/v1/agents/completions", post(agents::complete))
        .route("/v1/moderations", post(classifiers::moderate))
        .route("/v1/chat/moderations", post(classifiers::moderate_chat))
        .route("/v1/classifications", post(classifiers::classify))
        .route("/v1/chat/classifications", post(classifiers::classify_chat))
        .route("/v1/ocr", post(ocr::process))
        .route("/v1/audio/transcriptions", post(transcriptions::transcribe))
        .route("/v1/audio/speech", post(speech::speak))
        .route("/v1/audio/voices", get(voices::list).post(voices::create))
        .route(
            "/v1/audio/voices/{voice_id}",
            get(voices::retrieve)
                .patch(voices::update)
                .delete(voices::delete),
        )
        .route("/v1/audio/voices/{voice_id}/sample", get(voices::sample))
        .route_layer(middleware::from_fn_with_state(
            Arc::clone(shared),
            check_key,
        ))
        .method_not_allowed_fallback(refuse_method)
        .fallback(refuse_path)
        // Documents and recordings are larger than what axum takes by itself.
        .layer(DefaultBodyLimit::disable())
        .with_state(Arc::clone(shared))
}

async fn check_key(
    State(shared): State<Arc<Shared>>,
    request: Request,
    next: Next,
) -> Result<Response, ApiError> {
    match bearer(request.headers()) {
        Some(key) if key == shared.api_key => Ok(next.run(request).await),
        Some(_) => Err(ApiError::detail(
            StatusCode::UNAUTHORIZED,
            "Invalid API Key",
        )),
        None => Err(ApiError::detail(StatusCode::UNAUTHORIZED, "Unauthorized")),
    }
}

/// The key of an `Authorization: Bearer …` header.
fn bearer(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, key) = value.split_once(' ')?;
    let key = key.trim();
    (scheme.eq_ignore_ascii_case("bearer") && !key.is_empty()).then_some(key)
}

async fn refuse_method() -> ApiError {
    ApiError::detail(StatusCode::METHOD_NOT_ALLOWED, "Method Not Allowed")
}

async fn refuse_path(request: Request) -> ApiError {
    let path = request.uri().path();
    if path == "/v1" || path.starts_with("/v1/") {
        return ApiError::detail(StatusCode::NOT_FOUND, "Not Found");
    }
    // The gateway in front of the API knows only paths below /v1.
    let id = request
        .extensions()
        .get::<RequestId>()
        .map_or("", |id| id.0.as_str());
    ApiError::gateway(
        StatusCode::NOT_FOUND,
        "no Route matched with those values",
        id,
    )
}

//! The routes and errors of Vertex AI.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Path, Request, State};
use axum::middleware::{self, Next};
use axum::response::Response;
use axum::routing::post;
use http::StatusCode;
use serde_json::{Value, json};

use crate::requests::{JsonBody, bearer_token};
use crate::responses::ApiError;
use crate::routes::{chat, fim, ocr};
use crate::state::AppState;
use crate::state::models::{self, CODESTRAL, MISTRAL_OCR, MISTRAL_SMALL};

pub(super) fn router(state: &Arc<AppState>) -> Router<Arc<AppState>> {
    Router::new()
        .route(
            "/v1/projects/{project}/locations/{location}/publishers/mistralai/models/{model_and_method}",
            post(predict),
        )
        .route_layer(middleware::from_fn_with_state(
            Arc::clone(state),
            authenticate,
        ))
}

/// Serves `{model}:rawPredict` and `{model}:streamRawPredict`.
///
/// The operation follows from the fields of the body: `prompt` is FIM, `document` is OCR.
async fn predict(
    state: State<Arc<AppState>>,
    Path((project, location, model_and_method)): Path<(String, String, String)>,
    JsonBody(mut request): JsonBody,
) -> Result<Response, ApiError> {
    let (model, method) = model_and_method
        .rsplit_once(':')
        .unwrap_or((&model_and_method, ""));
    let is_stream = request.get("stream") == Some(&Value::Bool(true));
    match (method, is_stream) {
        ("rawPredict", false) | ("streamRawPredict", true) => {}
        ("rawPredict" | "streamRawPredict", _) => {
            let message = format!("`stream` does not go with {method}.");
            return Err(error(StatusCode::BAD_REQUEST, "INVALID_ARGUMENT", &message));
        }
        _ => {
            let message = format!(
                "projects/{project}/locations/{location}/publishers/mistralai/models/{model} has \
                 no method `{method}`."
            );
            return Err(error(StatusCode::NOT_FOUND, "NOT_FOUND", &message));
        }
    }
    let is_fim = request.get("prompt").is_some();
    let is_ocr = request.get("document").is_some();
    let default_model = match (is_fim, is_ocr) {
        (true, _) => CODESTRAL,
        (_, true) => MISTRAL_OCR,
        _ => MISTRAL_SMALL,
    };
    models::replace_unknown_model(&mut request, default_model);
    let request = JsonBody(request);
    match (is_fim, is_ocr) {
        (true, _) => fim::complete(request).await,
        (_, true) => ocr::process(state, request).await,
        _ => chat::complete(state, request).await,
    }
}

async fn authenticate(
    State(state): State<Arc<AppState>>,
    request: Request,
    next: Next,
) -> Result<Response, ApiError> {
    match bearer_token(request.headers()) {
        Some(token) if state.is_authorized(token) => Ok(next.run(request).await),
        _ => Err(error(
            StatusCode::UNAUTHORIZED,
            "UNAUTHENTICATED",
            "Request had invalid authentication credentials. Expected OAuth 2 access token, \
             login cookie or other valid authentication credential.",
        )),
    }
}

fn error(status: StatusCode, error_status: &str, message: &str) -> ApiError {
    ApiError {
        status,
        body: json!({
            "error": { "code": status.as_u16(), "message": message, "status": error_status },
        }),
    }
}

//! The routes and errors of Azure.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Path, RawQuery, Request, State};
use axum::middleware::{self, Next};
use axum::response::Response;
use axum::routing::post;
use http::StatusCode;
use serde_json::json;

use crate::json::set_member;
use crate::requests::{JsonBody, bearer_token};
use crate::responses::ApiError;
use crate::routes::{chat, ocr};
use crate::state::AppState;
use crate::state::models::{self, MISTRAL_OCR, MISTRAL_SMALL};

pub(super) fn router(state: &Arc<AppState>) -> Router<Arc<AppState>> {
    Router::new()
        .route("/models/chat/completions", post(complete_versioned))
        .route("/providers/mistral/azure/ocr", post(process_ocr))
        .route("/openai/v1/chat/completions", post(complete))
        .route(
            "/api/projects/{project}/openai/v1/chat/completions",
            post(complete),
        )
        .route(
            "/openai/deployments/{deployment}/chat/completions",
            post(complete_with_deployment),
        )
        // A serverless deployment has the paths of the API itself, which knows no deployments.
        .route("/azure/v1/chat/completions", post(complete))
        .route("/azure/v1/ocr", post(process_ocr))
        .route_layer(middleware::from_fn_with_state(
            Arc::clone(state),
            authenticate,
        ))
}

async fn complete_versioned(
    state: State<Arc<AppState>>,
    RawQuery(query): RawQuery,
    request: JsonBody,
) -> Result<Response, ApiError> {
    check_api_version(query.as_deref())?;
    complete(state, request).await
}

async fn complete_with_deployment(
    state: State<Arc<AppState>>,
    Path(deployment): Path<String>,
    RawQuery(query): RawQuery,
    JsonBody(mut request): JsonBody,
) -> Result<Response, ApiError> {
    check_api_version(query.as_deref())?;
    set_member(&mut request, "model", deployment.into());
    complete(state, JsonBody(request)).await
}

async fn complete(
    state: State<Arc<AppState>>,
    JsonBody(mut request): JsonBody,
) -> Result<Response, ApiError> {
    models::replace_unknown_model(&mut request, MISTRAL_SMALL);
    chat::complete(state, JsonBody(request)).await
}

async fn process_ocr(
    state: State<Arc<AppState>>,
    JsonBody(mut request): JsonBody,
) -> Result<Response, ApiError> {
    models::replace_unknown_model(&mut request, MISTRAL_OCR);
    ocr::process(state, JsonBody(request)).await
}

fn check_api_version(query: Option<&str>) -> Result<(), ApiError> {
    let mut parameters = query.unwrap_or_default().split('&');
    let has_version = parameters.any(|parameter| {
        let version = parameter.strip_prefix("api-version=");
        version.is_some_and(|version| !version.is_empty())
    });
    has_version.then_some(()).ok_or_else(|| {
        let message =
            "The api-version query parameter (?api-version=) is required for all requests";
        error(
            StatusCode::BAD_REQUEST,
            "MissingApiVersionParameter",
            message,
        )
    })
}

async fn authenticate(
    State(state): State<Arc<AppState>>,
    request: Request,
    next: Next,
) -> Result<Response, ApiError> {
    let headers = request.headers();
    let key = headers.get("api-key").and_then(|key| key.to_str().ok());
    match key.or_else(|| bearer_token(headers)) {
        Some(key) if state.is_authorized(key) => Ok(next.run(request).await),
        _ => Err(error(
            StatusCode::UNAUTHORIZED,
            "401",
            "Access denied due to invalid subscription key or wrong API endpoint. Make sure to \
             provide a valid key for an active subscription.",
        )),
    }
}

fn error(status: StatusCode, code: &str, message: &str) -> ApiError {
    ApiError {
        status,
        body: json!({ "error": { "code": code, "message": message } }),
    }
}

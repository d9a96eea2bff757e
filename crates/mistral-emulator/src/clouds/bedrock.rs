//! The routes and errors of Amazon Bedrock, the metadata service of its instances, and the
//! credentials of its containers.

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use axum::Router;
use axum::body::Body;
use axum::extract::{Path, Request, State};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post, put};
use http::request::Parts;
use http::{HeaderMap, StatusCode};
use http_body_util::BodyExt;
use serde_json::json;

use super::sigv4::{Rejection, Signature};
use crate::requests::{JsonBody, bearer_token};
use crate::responses::{ApiError, json_response};
use crate::routes::chat;
use crate::state::AppState;
use crate::state::models::{self, MISTRAL_SMALL};
use crate::time::format_timestamp;

/// The id of the permanent access key. Its secret is an API key.
pub(crate) const ACCESS_KEY_ID: &str = "AKIAEMULATOR";
/// The id of temporary access keys. Their secret is their session token.
const TEMPORARY_KEY_ID: &str = "ASIAEMULATOR";
const ROLE: &str = "emulator";
const SESSION: &str = "emulator-metadata-session";
const SESSION_HEADER: &str = "x-aws-ec2-metadata-token";
const SESSION_LIFETIME_HEADER: &str = "x-aws-ec2-metadata-token-ttl-seconds";
const KEY_LIFETIME_SECONDS: u64 = 3600;
const SERVICES: [&str; 2] = ["bedrock-mantle", "bedrock"];

pub(super) fn router(state: &Arc<AppState>) -> Router<Arc<AppState>> {
    Router::new()
        .route("/bedrock/v1/chat/completions", post(complete))
        .route("/bedrock/openai/v1/chat/completions", post(complete))
        .route_layer(middleware::from_fn_with_state(
            Arc::clone(state),
            authenticate,
        ))
        .route("/latest/api/token", put(start_session))
        .route(
            "/latest/meta-data/iam/security-credentials/",
            get(list_roles),
        )
        .route(
            "/latest/meta-data/iam/security-credentials/{role}",
            get(role_key),
        )
        .route("/v2/credentials/{role}", get(container_key))
}

async fn complete(
    state: State<Arc<AppState>>,
    JsonBody(mut request): JsonBody,
) -> Result<Response, ApiError> {
    models::replace_unknown_model(&mut request, MISTRAL_SMALL);
    chat::complete(state, JsonBody(request)).await
}

async fn authenticate(
    State(state): State<Arc<AppState>>,
    request: Request,
    next: Next,
) -> Result<Response, ApiError> {
    if let Some(token) = bearer_token(request.headers()) {
        return match state.is_authorized(token) {
            true => Ok(next.run(request).await),
            false => Err(invalid_api_key()),
        };
    }
    let (parts, body) = request.into_parts();
    let body = body.collect().await.map_err(|error| {
        let message = format!("Cannot read the body: {error}");
        ApiError::detail(StatusCode::BAD_REQUEST, &message)
    })?;
    let body = body.to_bytes();
    verify(&state, &parts, &body).map_err(Rejection::into_error)?;
    let request = Request::from_parts(parts, Body::from(body));
    Ok(next.run(request).await)
}

fn verify(state: &AppState, request: &Parts, body: &[u8]) -> Result<(), Rejection> {
    let Some(signature) = Signature::parse(&request.headers) else {
        let message = "Missing Authentication Token";
        return Err(Rejection::new(
            "MissingAuthenticationTokenException",
            message,
        ));
    };
    let signature = signature?;
    if !SERVICES.contains(&signature.service) {
        let message = "Credential should be scoped to correct service: 'bedrock-mantle'.";
        return Err(Rejection::new("InvalidSignatureException", message));
    }
    if state.settings.any_key {
        return Ok(()); // the secret of another key is not known
    }
    let token = request.headers.get("x-amz-security-token");
    let token = token.and_then(|token| token.to_str().ok());
    let now = now().try_into().unwrap_or(i64::MAX);
    let secrets = match (signature.access_key_id, token) {
        (TEMPORARY_KEY_ID, Some(token)) if state.is_authorized(token) => vec![token],
        (TEMPORARY_KEY_ID, Some(_)) => {
            let message = "The security token included in the request is expired";
            return Err(Rejection::new("ExpiredTokenException", message));
        }
        (ACCESS_KEY_ID, None) => state.settings.keys.iter().map(String::as_str).collect(),
        _ => {
            let message = "The security token included in the request is invalid.";
            return Err(Rejection::new("UnrecognizedClientException", message));
        }
    };
    let verify = |secret| signature.verify(request, body, secret, now);
    let results = secrets.into_iter().map(verify);
    let accepted = results.reduce(|one, other| one.or(other));
    accepted.unwrap_or_else(|| verify(""))
}

fn invalid_api_key() -> ApiError {
    ApiError {
        status: StatusCode::UNAUTHORIZED,
        body: json!({ "error": {
            "code": "invalid_api_key",
            "message": "Invalid bearer token",
            "param": null,
            "type": "invalid_request_error",
        } }),
    }
}

/// `PUT /latest/api/token`
async fn start_session(headers: HeaderMap) -> Response {
    match headers.contains_key(SESSION_LIFETIME_HEADER) {
        true => SESSION.into_response(),
        false => StatusCode::BAD_REQUEST.into_response(),
    }
}

async fn list_roles(headers: HeaderMap) -> Response {
    match has_session(&headers) {
        true => ROLE.into_response(),
        false => StatusCode::UNAUTHORIZED.into_response(),
    }
}

async fn role_key(
    State(state): State<Arc<AppState>>,
    Path(role): Path<String>,
    headers: HeaderMap,
) -> Response {
    match (has_session(&headers), role == ROLE) {
        (false, _) => StatusCode::UNAUTHORIZED.into_response(),
        (true, false) => StatusCode::NOT_FOUND.into_response(),
        (true, true) => temporary_key(&state),
    }
}

async fn container_key(State(state): State<Arc<AppState>>, Path(role): Path<String>) -> Response {
    match role == ROLE {
        true => temporary_key(&state),
        false => StatusCode::NOT_FOUND.into_response(),
    }
}

fn has_session(headers: &HeaderMap) -> bool {
    headers.get(SESSION_HEADER).is_some_and(|it| it == SESSION)
}

fn temporary_key(state: &AppState) -> Response {
    let token = state.issue_token();
    json_response(
        StatusCode::OK,
        &json!({
            "Code": "Success",
            "Type": "AWS-HMAC",
            "AccessKeyId": TEMPORARY_KEY_ID,
            "SecretAccessKey": token,
            "Token": token,
            "Expiration": format_timestamp(now() + KEY_LIFETIME_SECONDS),
        }),
    )
}

/// Returns the time of this machine, which clients compare with, in Unix seconds.
fn now() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    now.unwrap_or_default().as_secs()
}

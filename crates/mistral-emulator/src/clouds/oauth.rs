//! The token endpoints of Google and Entra ID, and Google's metadata server.

use std::sync::Arc;

use axum::extract::{Query, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Form, Router};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use serde_json::json;

use crate::responses::json_response;
use crate::state::AppState;

const SERVICE_ACCOUNT: &str = "emulator@emulator.iam.gserviceaccount.com";
const TOKEN_LIFETIME_SECONDS: u64 = 3599;

type FormFields = Form<Vec<(String, String)>>;

pub(super) fn router() -> Router<Arc<AppState>> {
    Router::new()
        .route("/token", post(google_token))
        .route("/{tenant}/oauth2/v2.0/token", post(entra_token))
        .route(
            "/computeMetadata/v1/instance/service-accounts/{account}/",
            get(metadata_account),
        )
        .route(
            "/computeMetadata/v1/instance/service-accounts/{account}/token",
            get(metadata_token),
        )
        .route(
            "/computeMetadata/v1/project/project-id",
            get(metadata_project_id),
        )
}

async fn google_token(State(state): State<Arc<AppState>>, form: FormFields) -> Response {
    let grant = form_field(&form, "grant_type").unwrap_or_default();
    let required = match grant {
        "urn:ietf:params:oauth:grant-type:jwt-bearer" => "assertion",
        "refresh_token" => "refresh_token",
        _ => return token_error("unsupported_grant_type", "Invalid grant_type"),
    };
    match form_field(&form, required) {
        Some(value) if !value.is_empty() => token_response(&state),
        _ => token_error("invalid_request", &format!("Missing parameter: {required}")),
    }
}

async fn entra_token(State(state): State<Arc<AppState>>, form: FormFields) -> Response {
    let scope = form_field(&form, "scope").unwrap_or_default();
    if !scope.contains("/.default") {
        return token_error(
            "invalid_scope",
            "AADSTS70011: The provided value for 'scope' is not valid.",
        );
    }
    token_response(&state)
}

/// Responds as Google's metadata server to requests that say they are for it.
///
/// A client first requests the root, to find out whether it runs on Google's cloud, and believes
/// only responses with the header.
pub(super) async fn metadata_flavor(request: Request, next: Next) -> Response {
    const FLAVOR: &str = "metadata-flavor";
    let is_metadata = request.headers().contains_key(FLAVOR);
    let path = request.uri().path();
    let is_root = path == "/";
    if !is_metadata || !(is_root || path.starts_with("/computeMetadata/")) {
        return next.run(request).await;
    }
    let mut response = if is_root {
        metadata_text("computeMetadata/\n")
    } else {
        next.run(request).await
    };
    response
        .headers_mut()
        .insert(FLAVOR, HeaderValue::from_static("Google"));
    response
}

/// `GET /computeMetadata/v1/instance/service-accounts/{account}/`
async fn metadata_account(Query(query): Query<Vec<(String, String)>>) -> Response {
    if form_field(&query, "recursive") != Some("true") {
        return metadata_text("aliases\nemail\nidentity\nscopes\ntoken\n");
    }
    json_response(
        StatusCode::OK,
        &json!({
            "aliases": ["default"],
            "email": SERVICE_ACCOUNT,
            "scopes": ["https://www.googleapis.com/auth/cloud-platform"],
        }),
    )
}

async fn metadata_token(State(state): State<Arc<AppState>>, headers: HeaderMap) -> Response {
    if headers.get("metadata-flavor").is_none() {
        return StatusCode::FORBIDDEN.into_response();
    }
    token_response(&state)
}

async fn metadata_project_id() -> Response {
    metadata_text("emulator")
}

fn metadata_text(text: &'static str) -> Response {
    ([(header::CONTENT_TYPE, "application/text")], text).into_response()
}

fn form_field<'a>(form: &'a [(String, String)], name: &str) -> Option<&'a str> {
    let (_, value) = form.iter().find(|(field, _)| field == name)?;
    Some(value)
}

fn token_response(state: &AppState) -> Response {
    json_response(
        StatusCode::OK,
        &json!({
            "access_token": state.issue_token(),
            "expires_in": TOKEN_LIFETIME_SECONDS,
            "token_type": "Bearer",
        }),
    )
}

fn token_error(error: &str, description: &str) -> Response {
    let body = json!({ "error": error, "error_description": description });
    json_response(StatusCode::BAD_REQUEST, &body)
}

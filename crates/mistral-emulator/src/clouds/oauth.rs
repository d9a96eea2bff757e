//! The token endpoints of Google and Entra ID, and Google's metadata server.

use std::sync::Arc;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Form, Router};
use http::{HeaderMap, StatusCode, header};
use serde_json::json;

use crate::responses::json_response;
use crate::state::AppState;

const TOKEN_LIFETIME_SECONDS: u64 = 3599;

type FormFields = Form<Vec<(String, String)>>;

pub(super) fn router() -> Router<Arc<AppState>> {
    Router::new()
        .route("/token", post(google_token))
        .route("/{tenant}/oauth2/v2.0/token", post(entra_token))
        .route(
            "/computeMetadata/v1/instance/service-accounts/default/token",
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

async fn metadata_token(State(state): State<Arc<AppState>>, headers: HeaderMap) -> Response {
    if headers.get("metadata-flavor").is_none() {
        return StatusCode::FORBIDDEN.into_response();
    }
    token_response(&state)
}

async fn metadata_project_id() -> Response {
    ([(header::CONTENT_TYPE, "application/text")], "emulator").into_response()
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

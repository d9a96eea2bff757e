//! Credentials of connectors: their names and kinds, never their secrets.

use axum::response::Response;
use http::StatusCode;
use serde_json::{Value, json};

use super::connectors::{find, message};
use super::spec_response::{Handlers, json};
use crate::json::set_member;
use crate::requests::spec_request::SpecRequest;
use crate::responses::ApiError;
use crate::state::AppState;
use crate::state::resources::has;

const KIND: &str = "connector credentials";

pub(super) static HANDLERS: Handlers = &[
    ("beta.connectors.create_credentials", create),
    ("beta.connectors.update_credentials", update),
    ("beta.connectors.delete_credentials", delete),
    ("beta.connectors.delete_all_user_credentials", delete_all),
    (
        "beta.connectors.list_organization_credentials",
        list_of_organization,
    ),
    ("beta.connectors.list_user_credentials", list_of_user),
    (
        "beta.connectors.list_workspace_credentials",
        list_of_workspace,
    ),
];

/// Returns the id of the connector, and the scope as credentials name it.
fn place(state: &AppState, request: &SpecRequest) -> Result<(String, String), ApiError> {
    let connector = find(state, request)?;
    let id = connector
        .get("id")
        .and_then(Value::as_str)
        .unwrap_or_default();
    let scope = match request.in_path("consumer_scope") {
        "organization" => "org",
        "" => "user",
        scope => scope,
    };
    Ok((id.to_owned(), scope.to_owned()))
}

fn is_at(entry: &Value, (connector, scope): &(String, String)) -> bool {
    has(entry, "connector", connector)
        && entry.pointer("/shown/scope").and_then(Value::as_str) == Some(scope)
}

fn is_named(entry: &Value, name: &str) -> bool {
    entry.pointer("/shown/name").and_then(Value::as_str) == Some(name)
}

fn create(state: &AppState, request: &SpecRequest) -> Result<Response, ApiError> {
    let place = place(state, request)?;
    let name = request.body_text("name").unwrap_or_default();
    let mut resources = state.resources();
    if resources
        .find(KIND, |it| is_at(it, &place) && is_named(it, name))
        .is_some()
    {
        let message = "Credentials with this name exist already";
        return Err(ApiError::detail(StatusCode::CONFLICT, message));
    }
    let shown = json!({
        "name": name,
        "title": request.in_body("title"),
        "authentication_type": authentication_type(request),
        "scope": place.1,
        "status": { "status_type": "valid" },
        "is_default": request.in_body("is_default").cloned().unwrap_or(false.into()),
    });
    resources.add(KIND, json!({ "connector": place.0, "shown": shown }));
    Ok(message(request, "Credentials created"))
}

fn authentication_type(request: &SpecRequest) -> &'static str {
    let has = |name: &str| {
        let credentials = request.in_body("credentials");
        credentials
            .and_then(|it| it.get(name))
            .is_some_and(|it| !it.is_null())
    };
    match (has("oauth"), has("bearer_token")) {
        (true, _) => "oauth2",
        (_, true) => "bearer",
        _ => "none",
    }
}

fn not_found() -> ApiError {
    ApiError::detail(StatusCode::NOT_FOUND, "Credentials not found")
}

fn update(state: &AppState, request: &SpecRequest) -> Result<Response, ApiError> {
    let place = place(state, request)?;
    let name = request.body_text("name").unwrap_or_default();
    let is_wanted = |it: &Value| is_at(it, &place) && is_named(it, name);
    let changed = state.resources().change(KIND, is_wanted, |entry| {
        let Some(shown) = entry.get_mut("shown") else {
            return;
        };
        for name in ["title", "is_default"] {
            if let Some(value) = request.in_body(name) {
                set_member(shown, name, value.clone());
            }
        }
        if request.in_body("credentials").is_some() {
            set_member(
                shown,
                "authentication_type",
                authentication_type(request).into(),
            );
        }
    });
    changed.ok_or_else(not_found)?;
    Ok(message(request, "Credentials updated"))
}

fn delete(state: &AppState, request: &SpecRequest) -> Result<Response, ApiError> {
    let place = place(state, request)?;
    let name = request.in_path("credentials_name");
    let is_wanted = |it: &Value| is_at(it, &place) && is_named(it, name);
    if state.resources().remove(KIND, is_wanted).is_empty() {
        return Err(not_found());
    }
    Ok(message(request, "Credentials deleted"))
}

fn delete_all(state: &AppState, request: &SpecRequest) -> Result<Response, ApiError> {
    let place = place(state, request)?;
    state.resources().remove(KIND, |it| is_at(it, &place));
    Ok(message(request, "Credentials deleted"))
}

fn list_of_organization(state: &AppState, request: &SpecRequest) -> Result<Response, ApiError> {
    list(state, request, "org")
}

fn list_of_user(state: &AppState, request: &SpecRequest) -> Result<Response, ApiError> {
    list(state, request, "user")
}

fn list_of_workspace(state: &AppState, request: &SpecRequest) -> Result<Response, ApiError> {
    list(state, request, "workspace")
}

fn list(state: &AppState, request: &SpecRequest, scope: &str) -> Result<Response, ApiError> {
    let (connector, _) = place(state, request)?;
    let place = (connector, scope.to_owned());
    let resources = state.resources();
    let entries = resources.all(KIND).iter().filter(|it| is_at(it, &place));
    let shown = entries.filter_map(|it| it.get("shown"));
    let wanted = request.query_text("auth_type");
    let shown =
        shown.filter(|it| wanted.is_none_or(|wanted| has(it, "authentication_type", wanted)));
    let credentials: Vec<&Value> = shown.collect();
    Ok(json(request, &json!({ "credentials": credentials })))
}

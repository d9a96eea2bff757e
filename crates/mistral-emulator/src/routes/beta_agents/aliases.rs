//! The aliases of the versions of an agent.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use serde_json::Value;

use super::{not_found, version_not_found, with_agent};
use crate::requests::query::{ParameterType, Parameters, Query, invalid};
use crate::responses::{ApiError, json_response};
use crate::state::AppState;
use crate::state::agent::Alias;

const MAX_ALIAS_CHARS: usize = 64;

/// `GET /v1/agents/{agent_id}/aliases`
pub(super) async fn list(
    State(state): State<Arc<AppState>>,
    Path(id): Path<String>,
) -> Result<Response, ApiError> {
    let store = state.store();
    let agent = store.agents.iter().find(|agent| agent.id == id);
    let agent = agent.ok_or_else(not_found)?;
    let aliases: Vec<Value> = agent.aliases.iter().map(Alias::to_json).collect();
    Ok(json_response(StatusCode::OK, &aliases.into()))
}

/// `PUT /v1/agents/{agent_id}/aliases`, which creates an alias or moves it to another version
pub(super) async fn create(
    State(state): State<Arc<AppState>>,
    Path(id): Path<String>,
    query: Query,
) -> Result<Response, ApiError> {
    let parameters = query.validate(&[
        ("alias", ParameterType::String),
        ("version", ParameterType::Integer(0)),
    ])?;
    parameters.require(&["alias", "version"])?;
    let alias = alias(&parameters)?;
    let version = parameters.integer("version").unwrap_or_default();
    with_agent(&state, &id, |agent, now| {
        agent
            .set_alias(now, alias, version.unsigned_abs())
            .ok_or_else(version_not_found)
    })
}

/// `DELETE /v1/agents/{agent_id}/aliases`
pub(super) async fn delete(
    State(state): State<Arc<AppState>>,
    Path(id): Path<String>,
    query: Query,
) -> Result<Response, ApiError> {
    let parameters = query.validate(&[("alias", ParameterType::String)])?;
    parameters.require(&["alias"])?;
    let name = alias(&parameters)?;
    let mut store = state.store();
    let agent = store.agents.iter_mut().find(|agent| agent.id == id);
    let agent = agent.ok_or_else(not_found)?;
    let count = agent.aliases.len();
    agent.aliases.retain(|alias| alias.name != name);
    if agent.aliases.len() == count {
        return Err(ApiError::detail(StatusCode::NOT_FOUND, "Alias not found"));
    }
    Ok(StatusCode::NO_CONTENT.into_response())
}

fn alias(parameters: &Parameters) -> Result<&str, ApiError> {
    let alias = parameters.string("alias").unwrap_or_default();
    if alias.chars().count() > MAX_ALIAS_CHARS {
        let message = format!("String should have at most {MAX_ALIAS_CHARS} characters");
        return Err(invalid("alias", "string_too_long", &message, &alias.into()));
    }
    if !is_alias(alias) {
        let message = "String should match pattern '^[a-z]([a-z0-9_-]*[a-z0-9])?$'";
        let error = invalid("alias", "string_pattern_mismatch", message, &alias.into());
        return Err(error);
    }
    Ok(alias)
}

/// Whether a text has the form of an alias: a letter first, and a letter or a digit last.
fn is_alias(text: &str) -> bool {
    let is_letter = |byte: &u8| byte.is_ascii_lowercase();
    let is_inner = |byte: &u8| is_letter(byte) || byte.is_ascii_digit() || b"_-".contains(byte);
    let bytes = text.as_bytes();
    bytes.first().is_some_and(is_letter)
        && bytes.iter().all(is_inner)
        && bytes.last().is_some_and(u8::is_ascii_alphanumeric)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn alias_pattern_accepts_lowercase_names_only() {
        for valid in ["a", "prod", "v2", "a-b_c9"] {
            assert!(is_alias(valid), "{valid}");
        }
        for wrong in ["", "2a", "Prod", "a-", "a b", "é", "_a"] {
            assert!(!is_alias(wrong), "{wrong}");
        }
    }
}

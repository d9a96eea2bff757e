//! The entities that a library is shared with.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::Response;
use http::StatusCode;
use serde_json::{Value, json};

use super::with_library;
use crate::requests::JsonBody;
use crate::requests::fields::{self, Field, Type, error_detail, optional, required};
use crate::requests::path::is_uuid;
use crate::responses::{ApiError, json_response};
use crate::state::AppState;
use crate::state::library::{Share, user_id};

const ENTITY: Field = required("share_with_uuid", Type::String);
const KIND: Field = required("share_with_type", Type::Enum(&["User", "Workspace"]));
const ORGANIZATION: Field = optional("org_id", Type::String);

static SHARE_FIELDS: &[Field] = &[
    required("level", Type::Enum(&["Viewer", "Editor"])),
    ENTITY,
    KIND,
    ORGANIZATION,
];

static UNSHARE_FIELDS: &[Field] = &[ENTITY, KIND, ORGANIZATION];

/// `GET /v1/libraries/{library_id}/share`
pub(super) async fn list(
    State(state): State<Arc<AppState>>,
    Path(id): Path<String>,
) -> Result<Response, ApiError> {
    let access = with_library(&state, &id, |library| Ok(library.access_json()))?;
    Ok(json_response(StatusCode::OK, &json!({ "data": access })))
}

/// `PUT /v1/libraries/{library_id}/share`
pub(super) async fn share(
    State(state): State<Arc<AppState>>,
    Path(id): Path<String>,
    JsonBody(request): JsonBody,
) -> Result<Response, ApiError> {
    let (entity, kind) = entity(SHARE_FIELDS, &request)?;
    let role = request.get("level").and_then(Value::as_str);
    let share = Share {
        role: role.unwrap_or_default().to_owned(),
        entity,
        kind,
    };
    let json = with_library(&state, &id, |library| {
        check_not_owner(&share.entity)?;
        drop(library.unshare(&share.entity, &share.kind));
        let json = share.to_json(&library.id);
        library.shares.push(share);
        Ok(json)
    })?;
    Ok(json_response(StatusCode::OK, &json))
}

/// `DELETE /v1/libraries/{library_id}/share`, which has a body
pub(super) async fn unshare(
    State(state): State<Arc<AppState>>,
    Path(id): Path<String>,
    JsonBody(request): JsonBody,
) -> Result<Response, ApiError> {
    let (entity, kind) = entity(UNSHARE_FIELDS, &request)?;
    let json = with_library(&state, &id, |library| {
        check_not_owner(&entity)?;
        library
            .unshare(&entity, &kind)
            .ok_or_else(|| ApiError::detail(StatusCode::NOT_FOUND, "Sharing not found"))
    })?;
    Ok(json_response(StatusCode::OK, &json))
}

/// Returns the id and the type of the entity in a request, which is validated.
fn entity(table: &'static [Field], request: &Value) -> Result<(String, String), ApiError> {
    fields::validate_open(table, request)?;
    let text = |name: &str| {
        let text = request.get(name).and_then(Value::as_str);
        text.unwrap_or_default().to_owned()
    };
    for name in ["share_with_uuid", "org_id"] {
        let id = request.get(name).and_then(Value::as_str);
        if let Some(id) = id.filter(|id| !is_uuid(id)) {
            let location = ["body".into(), name.into()];
            let message = "Input should be a valid UUID";
            let error = error_detail("uuid_parsing", &location, message, &id.into());
            return Err(ApiError::validation(vec![error]));
        }
    }
    Ok((text("share_with_uuid"), text("share_with_type")))
}

fn check_not_owner(entity: &str) -> Result<(), ApiError> {
    if entity != user_id() {
        return Ok(());
    }
    Err(ApiError::detail(
        StatusCode::FORBIDDEN,
        "The access of the owner cannot be changed",
    ))
}

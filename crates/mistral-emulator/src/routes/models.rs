//! The list of models, and the operations on fine-tuned models.

use std::collections::HashMap;
use std::sync::Arc;

use axum::extract::{Path, Query, State};
use axum::response::Response;
use http::StatusCode;
use serde_json::{Value, json};

use crate::requests::JsonBody;
use crate::requests::fields::{self, Field, Type, optional};
use crate::responses::{ApiError, json_response};
use crate::state::AppState;
use crate::state::fine_tuned_model::FineTunedModel;
use crate::state::models;

static UPDATE_FIELDS: &[Field] = &[
    optional("name", Type::String),
    optional("description", Type::String),
];

/// `GET /v1/models`
pub(crate) async fn list(
    State(state): State<Arc<AppState>>,
    Query(filters): Query<HashMap<String, String>>,
) -> Response {
    let matches = |card: &Value, member: &str, filter: &str| {
        let wanted = filters.get(filter).filter(|wanted| !wanted.is_empty());
        wanted.is_none_or(|wanted| card.get(member) == Some(&Value::from(wanted.as_str())))
    };
    let by_name = filters.get("model").filter(|name| !name.is_empty());
    let cards: Vec<Value> = match by_name {
        Some(name) => card(&state, name).into_iter().collect(),
        None => {
            let store = state.store();
            models::cards()
                .chain(store.fine_tuned_models.iter().map(FineTunedModel::card))
                .collect()
        }
    };
    let cards: Vec<Value> = cards
        .into_iter()
        .filter(|card| matches(card, "owned_by", "provider"))
        .collect();
    json_response(StatusCode::OK, &json!({ "object": "list", "data": cards }))
}

/// `GET /v1/models/{model_id}`
pub(crate) async fn retrieve(
    State(state): State<Arc<AppState>>,
    Path(name): Path<String>,
) -> Result<Response, ApiError> {
    let card = card(&state, &name).ok_or_else(|| not_found(&name))?;
    Ok(json_response(StatusCode::OK, &card))
}

fn card(state: &AppState, name: &str) -> Option<Value> {
    match state.store().fine_tuned_model(name) {
        Some(tuned) => Some(tuned.card()),
        None => models::find(name).map(|model| model.card(name)),
    }
}

/// `DELETE /v1/models/{model_id}`
pub(crate) async fn delete(
    State(state): State<Arc<AppState>>,
    Path(name): Path<String>,
) -> Result<Response, ApiError> {
    with_fine_tuned(&state, &name, |_| ())?;
    state
        .store()
        .fine_tuned_models
        .retain(|model| model.id != name);
    let body = json!({ "id": name, "object": "model", "deleted": true });
    Ok(json_response(StatusCode::OK, &body))
}

/// `PATCH /v1/fine_tuning/models/{model_id}`
pub(crate) async fn update(
    State(state): State<Arc<AppState>>,
    Path(name): Path<String>,
    JsonBody(request): JsonBody,
) -> Result<Response, ApiError> {
    fields::validate(UPDATE_FIELDS, &request)?;
    let update_member = |member: &str, value: &mut Option<String>| {
        if let Some(new) = request.get(member) {
            *value = new.as_str().map(str::to_owned);
        }
    };
    let details = with_fine_tuned(&state, &name, |model| {
        update_member("name", &mut model.name);
        update_member("description", &mut model.description);
        model.to_json()
    })?;
    Ok(json_response(StatusCode::OK, &details))
}

/// `POST /v1/fine_tuning/models/{model_id}/archive`
pub(crate) async fn archive(
    State(state): State<Arc<AppState>>,
    Path(name): Path<String>,
) -> Result<Response, ApiError> {
    set_archived(&state, &name, true)
}

/// `DELETE /v1/fine_tuning/models/{model_id}/archive`
pub(crate) async fn unarchive(
    State(state): State<Arc<AppState>>,
    Path(name): Path<String>,
) -> Result<Response, ApiError> {
    set_archived(&state, &name, false)
}

fn set_archived(state: &AppState, name: &str, archived: bool) -> Result<Response, ApiError> {
    with_fine_tuned(state, name, |model| model.archived = archived)?;
    let body = json!({ "id": name, "object": "model", "archived": archived });
    Ok(json_response(StatusCode::OK, &body))
}

fn with_fine_tuned<T>(
    state: &AppState,
    name: &str,
    action: impl FnOnce(&mut FineTunedModel) -> T,
) -> Result<T, ApiError> {
    match state.store().fine_tuned_model(name) {
        Some(model) => Ok(action(model)),
        None if models::find(name).is_some() => Err(ApiError::bad_request(
            "invalid_model",
            Some("1500"),
            format!("The model `{name}` is not a fine-tuned model."),
        )),
        None => Err(not_found(name)),
    }
}

fn not_found(name: &str) -> ApiError {
    ApiError::coded(
        StatusCode::NOT_FOUND,
        "invalid_model",
        Some("1500"),
        format!("The model `{name}` does not exist."),
    )
}

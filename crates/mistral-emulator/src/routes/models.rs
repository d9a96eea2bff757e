//! The list of models.

use std::collections::HashMap;

use axum::extract::{Path, Query};
use axum::response::Response;
use http::StatusCode;
use serde_json::{Value, json};

use crate::catalogue;
use crate::errors::{ApiError, json_response};

/// `GET /v1/models`
pub(crate) async fn list(Query(filters): Query<HashMap<String, String>>) -> Response {
    let matches = |card: &Value, member: &str, filter: &str| {
        let wanted = filters.get(filter).filter(|wanted| !wanted.is_empty());
        wanted.is_none_or(|wanted| card.get(member) == Some(&Value::from(wanted.as_str())))
    };
    let by_name = filters.get("model").filter(|name| !name.is_empty());
    let cards: Vec<Value> = match by_name {
        Some(name) => catalogue::find(name)
            .map(|model| model.card(name))
            .into_iter()
            .collect(),
        None => catalogue::all().map(|model| model.card(model.id)).collect(),
    };
    let cards: Vec<Value> = cards
        .into_iter()
        .filter(|card| matches(card, "owned_by", "provider"))
        .collect();
    json_response(StatusCode::OK, &json!({ "object": "list", "data": cards }))
}

/// `GET /v1/models/{model_id}`
pub(crate) async fn retrieve(Path(name): Path<String>) -> Result<Response, ApiError> {
    let model = catalogue::find(&name).ok_or_else(|| {
        let message = format!("The model `{name}` does not exist.");
        ApiError::coded(
            StatusCode::NOT_FOUND,
            "invalid_model",
            Some("1500"),
            message,
        )
    })?;
    Ok(json_response(StatusCode::OK, &model.card(&name)))
}

//! The operations, one file per group of the API.

pub(crate) mod batch;
pub(crate) mod chat;
pub(crate) mod embeddings;
pub(crate) mod files;
pub(crate) mod fine_tuning;
pub(crate) mod models;
pub(crate) mod upload;

pub(crate) mod agents;
pub(crate) mod classifiers;
pub(crate) mod fim;
pub(crate) mod ocr;
pub(crate) mod speech;
pub(crate) mod transcriptions;
pub(crate) mod voices;

use axum::extract::{FromRequest, Request};
use bytes::Bytes;
use http::{HeaderMap, StatusCode, header};
use serde_json::{Value, json};

use crate::check;
use crate::errors::ApiError;

/// The tokens a request cost, as an extension of its response.
#[derive(Debug, Clone, Copy)]
pub(crate) struct TokenCost(pub(crate) u64);

/// A request body that is JSON and says so.
#[derive(Debug)]
pub(crate) struct JsonBody(pub(crate) Value);

impl<S: Send + Sync> FromRequest<S> for JsonBody {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        let is_json = says_json(request.headers());
        let bytes = Bytes::from_request(request, state).await.map_err(|error| {
            ApiError::detail(
                StatusCode::BAD_REQUEST,
                &format!("Cannot read the body: {error}"),
            )
        })?;
        if !is_json {
            let text = String::from_utf8_lossy(&bytes).into_owned();
            return Err(not_an_object(&text.into()));
        }
        match serde_json::from_slice(&bytes) {
            Ok(value @ Value::Object(_)) => Ok(Self(value)),
            Ok(other) => Err(not_an_object(&other)),
            Err(error) => Err(not_json(&error)),
        }
    }
}

fn says_json(headers: &HeaderMap) -> bool {
    let content_type = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok());
    let kind = content_type
        .and_then(|value| value.split(';').next())
        .unwrap_or_default();
    let kind = kind.trim().to_ascii_lowercase();
    kind == "application/json" || (kind.starts_with("application/") && kind.ends_with("+json"))
}

fn not_an_object(input: &Value) -> ApiError {
    let message = "Input should be a valid dictionary or object to extract fields from";
    let place = ["body".into()];
    ApiError::invalid(vec![check::problem(
        "model_attributes_type",
        &place,
        message,
        input,
    )])
}

fn not_json(error: &serde_json::Error) -> ApiError {
    let place = ["body".into(), error.column().into()];
    let mut problem = check::problem("json_invalid", &place, "JSON decode error", &json!({}));
    if let Some(members) = problem.as_object_mut() {
        members.insert("ctx".into(), json!({ "error": error.to_string() }));
    }
    ApiError::invalid(vec![problem])
}

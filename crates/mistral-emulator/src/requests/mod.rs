//! Extracts and validates requests.

pub(crate) mod chat_fields;
pub(crate) mod conversation_fields;
pub(crate) mod fields;
pub(crate) mod form;
pub(crate) mod messages;
pub(crate) mod multipart;
pub(crate) mod path;
pub(crate) mod query;
pub(crate) mod schema;
mod spec_parameters;
pub(crate) mod spec_request;

use axum::extract::{FromRequest, Request};
use bytes::Bytes;
use http::{HeaderMap, StatusCode, header};
use serde_json::{Value, json};

use self::fields::error_detail;
use crate::responses::ApiError;

/// Extracts a body that is a JSON object and has a JSON content type.
#[derive(Debug)]
pub(crate) struct JsonBody(pub(crate) Value);

impl<S: Send + Sync> FromRequest<S> for JsonBody {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        let is_json = is_json(&media_type(request.headers()));
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

/// Returns the content type without its parameters, in lower case.
fn media_type(headers: &HeaderMap) -> String {
    let value = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok());
    let media_type = value.and_then(|value| value.split(';').next());
    media_type.unwrap_or_default().trim().to_ascii_lowercase()
}

fn is_json(media_type: &str) -> bool {
    media_type == "application/json"
        || (media_type.starts_with("application/") && media_type.ends_with("+json"))
}

fn not_an_object(input: &Value) -> ApiError {
    let message = "Input should be a valid dictionary or object to extract fields from";
    let location = ["body".into()];
    ApiError::validation(vec![error_detail(
        "model_attributes_type",
        &location,
        message,
        input,
    )])
}

fn not_json(error: &serde_json::Error) -> ApiError {
    let location = ["body".into(), error.column().into()];
    let mut detail = error_detail("json_invalid", &location, "JSON decode error", &json!({}));
    if let Some(members) = detail.as_object_mut() {
        members.insert("ctx".into(), json!({ "error": error.to_string() }));
    }
    ApiError::validation(vec![detail])
}

/// Returns the token of an `Authorization: Bearer …` header.
pub(crate) fn bearer_token(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    let token = token.trim();
    (scheme.eq_ignore_ascii_case("bearer") && !token.is_empty()).then_some(token)
}

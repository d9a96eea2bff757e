//! Voices of speech.

use std::collections::HashMap;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use serde_json::{Value, json};

use crate::json::array;
use crate::requests::JsonBody;
use crate::requests::fields::{self, Field, INTEGER, Type, optional, required};
use crate::requests::path;
use crate::requests::query::{self, Parameter, ParameterType, Parameters};
use crate::responses::{ApiError, json_response};
use crate::state::AppState;
use crate::state::voices::VoiceError;
use crate::time::{format_timestamp, unix_now};

const GENDER: Type = Type::Enum(&["female", "male", "neutral"]);

static CREATE_FIELDS: &[Field] = &[
    required("name", Type::String),
    optional("slug", Type::String),
    optional("description", Type::String),
    optional("languages", Type::Array(0, &Type::String)),
    optional("gender", GENDER),
    optional("age", INTEGER),
    optional("tags", Type::Array(0, &Type::String)),
    optional("color", Type::String),
    optional("retention_notice", INTEGER),
    optional("sample_audio", Type::String),
    optional("sample_filename", Type::String),
];

static UPDATE_FIELDS: &[Field] = &[
    optional("name", Type::String),
    optional("description", Type::String),
    optional("languages", Type::Array(0, &Type::String)),
    optional("gender", GENDER),
    optional("age", INTEGER),
    optional("tags", Type::Array(0, &Type::String)),
    optional("retention_notice", INTEGER),
];

static SEARCH: &[Parameter] = &[
    ("page_size", ParameterType::Integer(1)),
    ("page_token", ParameterType::String),
    ("type", ParameterType::Enum(&["all", "custom", "preset"])),
    (
        "gender",
        ParameterType::Enums(&["female", "male", "neutral"]),
    ),
    ("language", ParameterType::Strings),
    ("query", ParameterType::String),
    ("kind", ParameterType::String),
];
const DEFAULT_PAGE_SIZE: i64 = 10;

/// `GET /v2/audio/voices`
pub(crate) async fn search(
    State(state): State<Arc<AppState>>,
    query: query::Query,
) -> Result<Response, ApiError> {
    let filters = query.validate(SEARCH)?;
    let start = match filters.string("page_token") {
        None => 0,
        Some(token) => page_start(token).ok_or_else(|| {
            let location = ["query".into(), "page_token".into()];
            validation_error(
                "value_error",
                &location,
                "Value error, Invalid page token",
                token,
            )
        })?,
    };
    let size = filters.integer("page_size").unwrap_or(DEFAULT_PAGE_SIZE);
    let size = usize::try_from(size).unwrap_or(1);
    let voice_type = filters.string("type").filter(|kind| *kind != "all");
    let mut voices = state.voices.list(voice_type);
    voices.retain(|voice| matches_search(voice, &filters));
    let end = start.saturating_add(size);
    let token = (end < voices.len()).then(|| format!("{PAGE_TOKEN}{end}"));
    let page: Vec<Value> = voices.into_iter().skip(start).take(size).collect();
    let body = json!({ "data": page, "next_page_token": token });
    Ok(json_response(StatusCode::OK, &body))
}

/// The beginning of a page token, before the index of the first voice of the page.
const PAGE_TOKEN: &str = "voices-";

fn page_start(token: &str) -> Option<usize> {
    token.strip_prefix(PAGE_TOKEN)?.parse().ok()
}

fn matches_search(voice: &Value, filters: &Parameters) -> bool {
    let text = |name: &str| voice.get(name).and_then(Value::as_str);
    let languages = array(voice, "languages").iter();
    let mut languages = languages.filter_map(Value::as_str);
    let contains =
        |name: &str, part: &str| text(name).is_some_and(|text| text.to_lowercase().contains(part));
    filters.accepts("gender", text("gender"))
        && (filters.accepts("language", None)
            || languages.any(|language| filters.accepts("language", Some(language))))
        && filters.accepts("kind", text("kind"))
        && filters.string("query").is_none_or(|part| {
            let part = part.to_lowercase();
            contains("name", &part) || contains("description", &part)
        })
}

/// `GET /v1/audio/voices`
pub(crate) async fn list(
    State(state): State<Arc<AppState>>,
    Query(query): Query<HashMap<String, String>>,
) -> Result<Response, ApiError> {
    let limit = pagination_parameter(&query, "limit", 10)?.max(1);
    let offset = pagination_parameter(&query, "offset", 0)?;
    let voice_type = query.get("type").map(String::as_str);
    let voices = state
        .voices
        .list(voice_type.filter(|voice_type| *voice_type != "all"));
    let items: Vec<&Value> = voices.iter().skip(offset).take(limit).collect();
    let body = json!({
        "items": items,
        "total": voices.len(),
        "page": offset / limit + 1,
        "page_size": limit,
        "total_pages": voices.len().div_ceil(limit),
    });
    Ok(json_response(StatusCode::OK, &body))
}

/// `POST /v1/audio/voices`
pub(crate) async fn create(
    State(state): State<Arc<AppState>>,
    JsonBody(request): JsonBody,
) -> Result<Response, ApiError> {
    fields::validate(CREATE_FIELDS, &request)?;
    let recording = match request.get("sample_audio").and_then(Value::as_str) {
        Some(text) => Some(STANDARD.decode(text).map_err(|_| {
            let message = "Value error, sample_audio should be base64";
            let location = ["body".into(), "sample_audio".into()];
            validation_error("value_error", &location, message, text)
        })?),
        None => None,
    };
    let created_at = format_timestamp(unix_now());
    let voice = state.voices.create(&request, recording, &created_at);
    Ok(json_response(StatusCode::OK, &voice))
}

/// `GET /v1/audio/voices/{voice_id}`
pub(crate) async fn retrieve(
    State(state): State<Arc<AppState>>,
    Path(id): Path<String>,
) -> Result<Response, ApiError> {
    let voice = state.voices.find(&id).ok_or_else(not_found)?;
    Ok(json_response(StatusCode::OK, &voice))
}

/// `PATCH /v1/audio/voices/{voice_id}`
pub(crate) async fn update(
    State(state): State<Arc<AppState>>,
    Path(id): Path<String>,
    JsonBody(request): JsonBody,
) -> Result<Response, ApiError> {
    path::validate_uuid("voice_id", &id)?;
    fields::validate(UPDATE_FIELDS, &request)?;
    let voice = state.voices.update(&id, &request).map_err(voice_error)?;
    Ok(json_response(StatusCode::OK, &voice))
}

/// `DELETE /v1/audio/voices/{voice_id}`
pub(crate) async fn delete(
    State(state): State<Arc<AppState>>,
    Path(id): Path<String>,
) -> Result<Response, ApiError> {
    path::validate_uuid("voice_id", &id)?;
    let voice = state.voices.delete(&id).map_err(voice_error)?;
    Ok(json_response(StatusCode::OK, &voice))
}

/// `GET /v1/audio/voices/{voice_id}/sample`
pub(crate) async fn sample(
    State(state): State<Arc<AppState>>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let sample = state.voices.sample(&id).ok_or_else(not_found)?;
    if !prefers_wav(&headers) {
        let text = STANDARD.encode(sample).into();
        return Ok(json_response(StatusCode::OK, &text));
    }
    let mut response = Response::new(Body::from(sample));
    response
        .headers_mut()
        .insert(header::CONTENT_TYPE, HeaderValue::from_static("audio/wav"));
    Ok(response)
}

pub(super) fn not_found() -> ApiError {
    ApiError::detail(StatusCode::NOT_FOUND, "Voice not found")
}

fn voice_error(error: VoiceError) -> ApiError {
    match error {
        VoiceError::NotFound => not_found(),
        VoiceError::Preset => {
            ApiError::detail(StatusCode::FORBIDDEN, "Preset voices cannot be changed")
        }
    }
}

fn validation_error(error_type: &str, location: &[Value], message: &str, input: &str) -> ApiError {
    ApiError::validation(vec![fields::error_detail(
        error_type,
        location,
        message,
        &input.into(),
    )])
}

fn pagination_parameter(
    query: &HashMap<String, String>,
    name: &str,
    default: usize,
) -> Result<usize, ApiError> {
    let Some(text) = query.get(name) else {
        return Ok(default);
    };
    text.parse().map_err(|_| {
        let message = "Input should be a valid integer, unable to parse string as an integer";
        validation_error("int_parsing", &["query".into(), name.into()], message, text)
    })
}

/// Whether the `Accept` header prefers audio to JSON, which is the default.
fn prefers_wav(headers: &HeaderMap) -> bool {
    let accepted = headers.get_all(header::ACCEPT).iter();
    let accepted = accepted.filter_map(|value| value.to_str().ok());
    let (mut wav, mut json) = (0.0, 0.0);
    for item in accepted.flat_map(|value| value.split(',')) {
        let (media_type, rest) = item.split_once(';').unwrap_or((item, ""));
        let weight = rest.trim().strip_prefix("q=");
        let weight: f32 = weight.and_then(|weight| weight.parse().ok()).unwrap_or(1.0);
        match media_type.trim() {
            "audio/wav" | "audio/*" => wav = weight.max(wav),
            "application/json" | "application/*" | "*/*" => json = weight.max(json),
            _ => {}
        }
    }
    wav > json
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accept_header_with_higher_weight_is_preferred() {
        let wav = |accept: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT, HeaderValue::from_static(accept));
            prefers_wav(&headers)
        };
        assert!(wav("audio/wav"));
        assert!(wav("application/json;q=0.5, audio/wav"));
        assert!(!wav("application/json, audio/wav;q=0"));
        assert!(!wav("*/*"));
        assert!(!prefers_wav(&HeaderMap::new()));
    }
}

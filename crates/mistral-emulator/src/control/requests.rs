//! The log of requests.

use std::sync::Arc;
use std::time::UNIX_EPOCH;

use axum::extract::{RawQuery, State};
use axum::response::Response;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::StatusCode;
use serde_json::{Map, Value, json};

use crate::operations;
use crate::recording::scrub;
use crate::responses::{ApiError, json_response};
use crate::state::{AppState, RecordedRequest};
use crate::time::format_timestamp;

/// `GET /_emulator/requests`
pub(super) async fn list(
    State(state): State<Arc<AppState>>,
    RawQuery(query): RawQuery,
) -> Result<Response, ApiError> {
    let selection = Selection::parse(query.as_deref().unwrap_or_default())
        .map_err(|reason| ApiError::detail(StatusCode::BAD_REQUEST, &reason))?;
    let requests = state.requests();
    let mut selected: Vec<&RecordedRequest> = requests
        .iter()
        .filter(|request| selection.includes(request))
        .collect();
    if let Some(last) = selection.last {
        selected.drain(..selected.len().saturating_sub(last));
    }
    let requests: Vec<Value> = selected.into_iter().map(to_json).collect();
    Ok(json_response(
        StatusCode::OK,
        &json!({ "requests": requests }),
    ))
}

/// The parameters of the query.
#[derive(Debug, Default)]
struct Selection<'a> {
    operation: Option<&'a str>,
    path: Option<&'a str>,
    last: Option<usize>,
}

impl<'a> Selection<'a> {
    fn parse(query: &'a str) -> Result<Self, String> {
        let mut selection = Self::default();
        for parameter in query.split('&').filter(|parameter| !parameter.is_empty()) {
            let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
            match name {
                "operation" if operations::is_known(value) => selection.operation = Some(value),
                "operation" => {
                    return Err(format!(
                        "The parameter `operation` must be an operation such as chat.complete, or \
                         a group such as chat, but is {value:?}"
                    ));
                }
                "path" => selection.path = Some(value),
                "last" => {
                    selection.last = Some(value.parse().map_err(|_| {
                        format!("The parameter `last` must be a whole number, but is {value:?}")
                    })?);
                }
                _ => {
                    return Err(format!(
                        "There is no parameter `{name}`; there are operation, path and last"
                    ));
                }
            }
        }
        Ok(selection)
    }

    fn includes(&self, request: &RecordedRequest) -> bool {
        self.path.is_none_or(|path| request.path == path)
            && self.operation.is_none_or(|name| {
                let operation = request.operation();
                operation.is_some_and(|operation| operations::is_within(operation, name))
            })
    }
}

fn to_json(request: &RecordedRequest) -> Value {
    let mut headers = Map::new();
    for (name, value) in scrub::masked_headers(&request.headers) {
        match headers.get_mut(&name) {
            Some(Value::String(first)) => first.push_str(&format!(", {value}")),
            _ => drop(headers.insert(name, value.into())),
        }
    }
    let received_at = request.received_at.duration_since(UNIX_EPOCH);
    let received_at = received_at.map_or(0, |since| since.as_secs());
    let duration = request.duration.map(|took| took.as_secs_f64() * 1000.0);
    let mut json = json!({
        "method": request.method.as_str(),
        "path": request.path,
        "query": request.query.as_deref().map(masked_query),
        "operation": request.operation(),
        "headers": headers,
        "body_length": request.body_length,
        "received_at": format_timestamp(received_at),
        "status": request.status,
        "duration_ms": duration,
    });
    if let Some(members) = json.as_object_mut() {
        let (name, body) = body(request);
        members.insert(name.to_owned(), body);
    }
    json
}

fn masked_query(query: &str) -> String {
    let masked = scrub::url(&format!("?{query}"), &[]);
    masked.trim_start_matches('?').to_owned()
}

/// Returns the body as JSON or as text, else as base64 under another name.
fn body(request: &RecordedRequest) -> (&'static str, Value) {
    // The body of a request for a token is a credential.
    if request.path.ends_with("/token") {
        return ("body", "***".into());
    }
    if let Ok(value) = serde_json::from_slice(&request.body) {
        return ("body", value);
    }
    match std::str::from_utf8(&request.body) {
        Ok("") => ("body", Value::Null),
        Ok(text) => ("body", text.into()),
        Err(_) => ("body_base64", STANDARD.encode(&request.body).into()),
    }
}

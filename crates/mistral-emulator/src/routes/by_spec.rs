//! Operations that have no route: served from the spec, some of them with a state.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::request::Parts;
use http::{HeaderValue, StatusCode, header};
use http_body_util::BodyExt;
use serde_json::Value;

use super::{connector_credentials, connectors, dataset_imports, datasets, responses, workflows};
use crate::generate::response;
use crate::json_format::to_ordered_string;
use crate::requests::bearer_token;
use crate::requests::spec_request::SpecRequest;
use crate::responses::{ApiError, json_response, sse};
use crate::spec::{SpecOperation, SpecResponse, spec};
use crate::state::AppState;

/// A function that serves an operation with the state of the emulator.
pub(crate) type Handler = fn(&AppState, &SpecRequest) -> Result<Response, ApiError>;

/// The operations of a group that have a state, with the functions that serve them.
pub(crate) type Handlers = &'static [(&'static str, Handler)];

static GROUPS: &[Handlers] = &[
    workflows::executions::HANDLERS,
    workflows::events::HANDLERS,
    workflows::schedules::HANDLERS,
    workflows::definitions::HANDLERS,
    workflows::deployments::HANDLERS,
    connectors::HANDLERS,
    connector_credentials::HANDLERS,
    datasets::HANDLERS,
    dataset_imports::HANDLERS,
    responses::HANDLERS,
];

/// Serves a request for an operation of the spec, or returns it if there is none.
pub(crate) async fn serve(state: &Arc<AppState>, request: Request) -> Result<Response, Request> {
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    let find = |is_streamed: bool| spec().find(method.as_str(), &path, || is_streamed);
    if find(false).is_none() && find(true).is_none() {
        return Err(request);
    }
    let (parts, body) = request.into_parts();
    let bytes = body
        .collect()
        .await
        .map(|body| body.to_bytes())
        .unwrap_or_default();
    let is_streamed = is_streamed(&bytes);
    let Some(operation) = find(is_streamed) else {
        return Err(Request::from_parts(parts, Body::from(bytes)));
    };
    let response = respond(state, operation, parts, bytes, is_streamed).await;
    Ok(response.unwrap_or_else(IntoResponse::into_response))
}

fn is_streamed(body: &[u8]) -> bool {
    let body: Option<Value> = serde_json::from_slice(body).ok();
    body.is_some_and(|body| body.get("stream") == Some(&Value::Bool(true)))
}

async fn respond(
    state: &AppState,
    operation: &'static SpecOperation,
    parts: Parts,
    bytes: Bytes,
    is_streamed: bool,
) -> Result<Response, ApiError> {
    authenticate(state, operation, &parts)?;
    let request = SpecRequest::read(operation, parts, bytes).await?;
    let handlers = GROUPS.iter().copied().flatten();
    let handler = handlers.clone().find(|(name, _)| *name == operation.name);
    match handler {
        Some((_, handler)) => handler(state, &request),
        None => Ok(generated(&request, is_streamed)),
    }
}

fn authenticate(
    state: &AppState,
    operation: &SpecOperation,
    parts: &Parts,
) -> Result<(), ApiError> {
    let in_header = |name: &String| parts.headers.get(name)?.to_str().ok();
    let key =
        bearer_token(&parts.headers).or_else(|| operation.key_headers.iter().find_map(in_header));
    let message = match key {
        Some(key) if state.is_authorized(key) => return Ok(()),
        Some(_) => "Invalid API Key",
        None => "Unauthorized",
    };
    Err(ApiError::detail(StatusCode::UNAUTHORIZED, message))
}

/// Responds with an instance of the schema of the response.
pub(crate) fn generated(request: &SpecRequest, is_streamed: bool) -> Response {
    let Some(described) = request.operation.response(is_streamed) else {
        return StatusCode::NO_CONTENT.into_response();
    };
    match described.kind.as_str() {
        "json" => respond_json(described, &response::instance(request, &described.schema)),
        "event-stream" => event_stream(request, described),
        "json-lines" => {
            let events = response::events(request, &described.schema);
            let lines = events.iter().map(|event| Bytes::from(format!("{event}\n")));
            with_type(
                sse::chunked_body(lines.collect::<Vec<_>>()),
                "application/x-ndjson",
            )
        }
        "bytes" => {
            let media_type = described.media_type.as_deref();
            let content = request.fingerprint();
            with_type(
                Body::from(content),
                media_type.unwrap_or("application/octet-stream"),
            )
        }
        _ => with_status(Response::default(), described),
    }
}

fn event_stream(request: &SpecRequest, described: &SpecResponse) -> Response {
    let events = response::events(request, &described.schema);
    let mut texts: Vec<String> = events
        .iter()
        .enumerate()
        .map(|(index, data)| {
            let name = data
                .get("type")
                .and_then(Value::as_str)
                .unwrap_or("message");
            let data = to_ordered_string(data);
            match described.has_frame {
                true => format!("event: {name}\nid: {index}\ndata: {data}\n\n"),
                false => format!("data: {data}\n\n"),
            }
        })
        .collect();
    texts.extend(described.end.as_ref().map(|end| format!("data: {end}\n\n")));
    sse::event_stream(texts.into_iter())
}

/// Responds with a body and the status of the operation.
pub(crate) fn json(request: &SpecRequest, body: &Value) -> Response {
    match request.operation.response(false) {
        Some(described) => respond_json(described, body),
        None => json_response(StatusCode::OK, body),
    }
}

/// Responds with these members and those that the schema of the response requires.
pub(crate) fn json_with(request: &SpecRequest, members: Value) -> Response {
    match request.operation.response(false) {
        Some(described) => {
            let body = response::instance_with(request, &described.schema, members);
            respond_json(described, &body)
        }
        None => json_response(StatusCode::OK, &members),
    }
}

/// Responds with a page of a list, and with what else the schema of the response requires. A list
/// without pages is the whole body.
pub(crate) fn list(request: &SpecRequest, items: Vec<Value>) -> Response {
    let described = request.operation.response(false);
    let (Some(described), Some(page)) = (described, &request.operation.page) else {
        return json(request, &items.into());
    };
    let mut body = response::instance(request, &described.schema);
    response::put_page(request, page, items, &mut body);
    respond_json(described, &body)
}

/// Responds with the status of the operation alone.
pub(crate) fn done(request: &SpecRequest) -> Response {
    match request.operation.response(false) {
        Some(described) => with_status(Response::default(), described),
        None => StatusCode::NO_CONTENT.into_response(),
    }
}

fn respond_json(described: &SpecResponse, body: &Value) -> Response {
    with_status(json_response(StatusCode::OK, body), described)
}

fn with_status(mut response: Response, described: &SpecResponse) -> Response {
    if let Ok(status) = StatusCode::from_u16(described.status) {
        *response.status_mut() = status;
    }
    response
}

fn with_type(body: Body, media_type: &str) -> Response {
    let mut response = Response::new(body);
    if let Ok(value) = HeaderValue::try_from(media_type) {
        response.headers_mut().insert(header::CONTENT_TYPE, value);
    }
    response
}

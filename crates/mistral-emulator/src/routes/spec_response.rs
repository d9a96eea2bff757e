//! Responses to operations of the spec, and the functions that create them.

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::{HeaderValue, StatusCode, header};
use serde_json::Value;

use super::spec_instance;
use crate::json_format::to_ordered_string;
use crate::requests::spec_request::SpecRequest;
use crate::responses::{ApiError, json_response, sse};
use crate::spec::SpecResponse;
use crate::state::AppState;

/// A function that serves an operation with the state of the emulator.
pub(crate) type Handler = fn(&AppState, &SpecRequest) -> Result<Response, ApiError>;

/// The operations of a group that have a state, with the functions that serve them.
pub(crate) type Handlers = &'static [(&'static str, Handler)];

/// Responds with an instance of the schema of the response.
pub(crate) fn generated(request: &SpecRequest, is_streamed: bool) -> Response {
    let Some(described) = request.operation.response(is_streamed) else {
        return StatusCode::NO_CONTENT.into_response();
    };
    match described.kind.as_str() {
        "json" => respond_json(
            described,
            &spec_instance::instance(request, &described.schema),
        ),
        "event-stream" => event_stream(request, described),
        "json-lines" => {
            let events = spec_instance::events(request, &described.schema);
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
    let events = spec_instance::events(request, &described.schema);
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
            let body = spec_instance::instance_with(request, &described.schema, members);
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
    let mut body = spec_instance::instance(request, &described.schema);
    spec_instance::put_page(request, page, items, &mut body);
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

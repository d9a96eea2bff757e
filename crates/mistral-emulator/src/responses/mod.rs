//! Response bodies: JSON, errors and server-sent events.

mod error;
pub(crate) mod sse;

use axum::body::Body;
use axum::response::Response;
use http::{StatusCode, header};
use serde_json::Value;

pub(crate) use error::ApiError;

/// The tokens a request cost, as an extension of its response.
#[derive(Debug, Clone, Copy)]
pub(crate) struct TokenCost(pub(crate) u64);

/// A response with a JSON body.
pub(crate) fn json_response(status: StatusCode, body: &Value) -> Response {
    let mut response = Response::new(Body::from(body.to_string()));
    *response.status_mut() = status;
    response.headers_mut().insert(
        header::CONTENT_TYPE,
        http::HeaderValue::from_static("application/json"),
    );
    response
}

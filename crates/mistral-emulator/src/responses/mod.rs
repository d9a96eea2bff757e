//! Response bodies: JSON, errors and server-sent events.

pub(crate) mod sse;

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use http::{StatusCode, header};
use serde_json::{Value, json};

use crate::json_format::to_ordered_string;

/// The number of tokens that a request consumed, as an extension of its response.
#[derive(Debug, Clone, Copy)]
pub(crate) struct TokenCost(pub(crate) u64);

/// Creates a response with a JSON body.
pub(crate) fn json_response(status: StatusCode, body: &Value) -> Response {
    let mut response = Response::new(Body::from(to_ordered_string(body)));
    *response.status_mut() = status;
    response.headers_mut().insert(
        header::CONTENT_TYPE,
        http::HeaderValue::from_static("application/json"),
    );
    response
}

/// An error response of the API: its status and its body.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct ApiError {
    pub(crate) status: StatusCode,
    pub(crate) body: Value,
}

impl ApiError {
    /// Creates an error with a `detail` alone, as for authentication and routing.
    pub(crate) fn detail(status: StatusCode, detail: &str) -> Self {
        Self {
            status,
            body: json!({ "detail": detail }),
        }
    }

    /// Creates an error of the gateway in front of the API.
    pub(crate) fn gateway(status: StatusCode, message: &str, request_id: &str) -> Self {
        Self {
            status,
            body: json!({ "message": message, "request_id": request_id }),
        }
    }

    /// Creates an error with a type and, if the server has one for it, a code.
    pub(crate) fn coded(
        status: StatusCode,
        error_type: &str,
        code: Option<&str>,
        message: impl Into<Value>,
    ) -> Self {
        Self {
            status,
            body: json!({
                "object": "error",
                "message": message.into(),
                "type": error_type,
                "param": null,
                "code": code,
                "raw_status_code": status.as_u16(),
            }),
        }
    }

    /// Creates a 400 for a valid request that cannot be served.
    pub(crate) fn bad_request(
        error_type: &str,
        code: Option<&str>,
        message: impl Into<Value>,
    ) -> Self {
        Self::coded(StatusCode::BAD_REQUEST, error_type, code, message)
    }

    /// Creates a 422 with one entry per invalid value.
    pub(crate) fn validation(errors: Vec<Value>) -> Self {
        Self {
            status: StatusCode::UNPROCESSABLE_ENTITY,
            body: json!({ "detail": errors }),
        }
    }

    /// Creates the error that the server usually returns with a status.
    pub(crate) fn for_status(status: StatusCode) -> Self {
        match status.as_u16() {
            401 => Self::detail(status, "Unauthorized"),
            404 => Self::detail(status, "Not Found"),
            405 => Self::detail(status, "Method Not Allowed"),
            422 => Self::validation(vec![json!({
                "type": "value_error",
                "loc": ["body"],
                "msg": "Value error, refused on demand",
                "input": {},
            })]),
            429 => Self::coded(status, "rate_limited", Some("1300"), "Rate limit exceeded"),
            503 => Self::coded(
                status,
                "invalid_request_error",
                None,
                "Service tier capacity exceeded for this model.",
            ),
            other => {
                let error_type = if other >= 500 {
                    "internal_server_error"
                } else {
                    "invalid_request_error"
                };
                let message = status.canonical_reason().unwrap_or("Unknown error");
                Self::coded(status, error_type, None, message)
            }
        }
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        json_response(self.status, &self.body)
    }
}

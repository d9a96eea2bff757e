//! The error bodies of the server, in the shapes it really uses.

use axum::response::{IntoResponse, Response};
use http::StatusCode;
use serde_json::{Value, json};

use super::json_response;

/// A refusal: the status and the body that goes with it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct ApiError {
    pub(crate) status: StatusCode,
    pub(crate) body: Value,
}

impl ApiError {
    /// The short form: authorization, unknown paths and methods.
    pub(crate) fn detail(status: StatusCode, detail: &str) -> Self {
        Self {
            status,
            body: json!({ "detail": detail }),
        }
    }

    /// The form of the gateway in front of the API.
    pub(crate) fn gateway(status: StatusCode, message: &str, request_id: &str) -> Self {
        Self {
            status,
            body: json!({ "message": message, "request_id": request_id }),
        }
    }

    /// The long form, with a type and, where the server has one, a code.
    pub(crate) fn coded(
        status: StatusCode,
        kind: &str,
        code: Option<&str>,
        message: impl Into<Value>,
    ) -> Self {
        Self {
            status,
            body: json!({
                "object": "error",
                "message": message.into(),
                "type": kind,
                "param": null,
                "code": code,
                "raw_status_code": status.as_u16(),
            }),
        }
    }

    /// 400 for a request that is well formed and still cannot be served.
    pub(crate) fn bad_request(kind: &str, code: Option<&str>, message: impl Into<Value>) -> Self {
        Self::coded(StatusCode::BAD_REQUEST, kind, code, message)
    }

    /// 422 with one entry per problem found in the body.
    pub(crate) fn invalid(problems: Vec<Value>) -> Self {
        Self::coded(
            StatusCode::UNPROCESSABLE_ENTITY,
            "invalid_request_error",
            None,
            json!({ "detail": problems }),
        )
    }

    /// 422 in the short form: files, jobs, and queries.
    pub(crate) fn details(problems: Vec<Value>) -> Self {
        Self {
            status: StatusCode::UNPROCESSABLE_ENTITY,
            body: json!({ "detail": problems }),
        }
    }

    /// What the server is known to answer with this status when nothing more is known.
    pub(crate) fn for_status(status: StatusCode) -> Self {
        match status.as_u16() {
            401 => Self::detail(status, "Unauthorized"),
            404 => Self::detail(status, "Not Found"),
            405 => Self::detail(status, "Method Not Allowed"),
            422 => Self::invalid(vec![json!({
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
                let kind = if other >= 500 {
                    "internal_server_error"
                } else {
                    "invalid_request_error"
                };
                let message = status.canonical_reason().unwrap_or("Unknown error");
                Self::coded(status, kind, None, message)
            }
        }
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        json_response(self.status, &self.body)
    }
}

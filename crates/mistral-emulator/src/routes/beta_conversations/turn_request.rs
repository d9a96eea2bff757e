//! Extracts the request for a turn, and the scripted reply for it.

use axum::body::Body;
use axum::extract::{FromRequest, Request};
use bytes::Bytes;
use http::request::Parts;
use serde_json::Value;

use crate::faults::filter::RequestView;
use crate::replies::Reply;
use crate::requests::JsonBody;
use crate::responses::ApiError;
use crate::routes::batch::InBatchJob;
use crate::state::AppState;

/// A request whose body is a JSON object, as it was received.
#[derive(Debug)]
pub(super) struct TurnRequest {
    pub(super) body: Value,
    head: Parts,
    bytes: Bytes,
}

impl<S: Send + Sync> FromRequest<S> for TurnRequest {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        let (head, body) = request.into_parts();
        let bytes = Bytes::from_request(Request::from_parts(head.clone(), body), state)
            .await
            .map_err(|error| ApiError::detail(error.status(), &error.body_text()))?;
        let copy = Request::from_parts(head.clone(), Body::from(bytes.clone()));
        let JsonBody(body) = JsonBody::from_request(copy, state).await?;
        Ok(Self { body, head, bytes })
    }
}

impl TurnRequest {
    /// Returns the queued completion for the request, and counts one use of it. As with other
    /// completions, none applies to the requests of a batch job.
    pub(super) fn take_reply(&self, state: &AppState) -> Option<Reply> {
        if self.head.extensions.get::<InBatchJob>().is_some() {
            return None;
        }
        state.next_reply(&RequestView::new(&self.head, &self.bytes), true)
    }

    pub(super) fn flag(&self, name: &str) -> Option<bool> {
        self.body.get(name).and_then(Value::as_bool)
    }
}

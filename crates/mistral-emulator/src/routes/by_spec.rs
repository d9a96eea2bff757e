//! Operations that have no route: served from the spec, some of them with a state.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::StatusCode;
use http::request::Parts;
use http_body_util::BodyExt;
use serde_json::Value;

use super::spec_response::{Handlers, generated};
use super::{
    connector_credentials, connectors, dataset_imports, datasets, responses, search_indexes,
    workflows,
};
use crate::requests::bearer_token;
use crate::requests::spec_request::SpecRequest;
use crate::responses::ApiError;
use crate::spec::{SpecOperation, spec};
use crate::state::AppState;

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
    search_indexes::HANDLERS,
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn handlers_are_of_operations_of_spec() {
        let mut names: Vec<&str> = GROUPS
            .iter()
            .copied()
            .flatten()
            .map(|(name, _)| *name)
            .collect();
        let unknown = names
            .iter()
            .find(|name| !spec().names().any(|known| known == **name));
        assert_eq!(unknown, None);
        names.sort_unstable();
        let twice = names.windows(2).find(|pair| pair[0] == pair[1]);
        assert_eq!(twice, None);
    }
}

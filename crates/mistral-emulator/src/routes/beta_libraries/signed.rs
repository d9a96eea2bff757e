//! URLs that download a document or its text without a key.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::Response;
use http::{HeaderMap, StatusCode, Uri};

use super::documents::{not_found, with_document};
use crate::requests::query::Query;
use crate::responses::{ApiError, json_response};
use crate::routes::files::{attachment, check_signature, host, signature};
use crate::state::AppState;
use crate::state::library::Document;

/// The lifetime of a URL in seconds.
const LIFETIME: u64 = 30 * 60;

/// `GET …/{document_id}/signed-url`
pub(super) async fn url(
    State(state): State<Arc<AppState>>,
    Path(ids): Path<(String, String)>,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    signed_url(&state, &ids, host(&uri, &headers), "")
}

/// `GET …/{document_id}/extracted-text-signed-url`
pub(super) async fn text_url(
    State(state): State<Arc<AppState>>,
    Path(ids): Path<(String, String)>,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    signed_url(&state, &ids, host(&uri, &headers), "/text")
}

fn signed_url(
    state: &AppState,
    ids: &(String, String),
    host: &str,
    suffix: &str,
) -> Result<Response, ApiError> {
    let id = with_document(state, ids, |document, _| Ok(document.id.clone()))?;
    let expires = state.store().now().saturating_add(LIFETIME).to_string();
    let signature = signature(state, &id, &expires);
    let url = format!(
        "http://{host}/signed/documents/{id}{suffix}?expires={expires}&signature={signature}"
    );
    Ok(json_response(StatusCode::OK, &url.into()))
}

/// `GET /signed/documents/{document_id}`
pub(super) async fn download(
    State(state): State<Arc<AppState>>,
    Path(id): Path<String>,
    query: Query,
) -> Result<Response, ApiError> {
    let document = signed_document(&state, &id, &query)?;
    Ok(attachment(
        &document.name,
        &document.mimetype,
        document.content,
    ))
}

/// `GET /signed/documents/{document_id}/text`
pub(super) async fn text(
    State(state): State<Arc<AppState>>,
    Path(id): Path<String>,
    query: Query,
) -> Result<Response, ApiError> {
    let document = signed_document(&state, &id, &query)?;
    let name = format!("{}.txt", document.name);
    let text = document.pages().join("\n\n");
    Ok(attachment(&name, "text/plain; charset=utf-8", text.into()))
}

fn signed_document(state: &AppState, id: &str, query: &Query) -> Result<Document, ApiError> {
    check_signature(state, id, query)?;
    let store = state.store();
    let mut documents = store.libraries.iter().flat_map(|it| &it.documents);
    let document = documents.find(|document| document.id == id);
    document.cloned().ok_or_else(not_found)
}

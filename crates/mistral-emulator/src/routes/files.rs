//! Files: upload, list, download and delete.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Path, State};
use axum::response::Response;
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use serde_json::{Value, json};

use super::file_upload::Upload;
use crate::generate::random::{hash, hex_id};
use crate::requests::query::{PAGE, PAGE_SIZE, Parameter, ParameterType, Parameters, Query};
use crate::responses::{ApiError, json_response};
use crate::state::AppState;
use crate::state::file::{BINARY, File};

const DEFAULT_EXPIRY_HOURS: i64 = 24;

static FILTERS: &[Parameter] = &[
    PAGE,
    PAGE_SIZE,
    ("include_total", ParameterType::Boolean),
    (
        "sample_type",
        ParameterType::Enums(&[
            "pretrain",
            "instruct",
            "batch_request",
            "batch_result",
            "batch_error",
            "ocr_input",
            "audio_input",
        ]),
    ),
    (
        "source",
        ParameterType::Enums(&["upload", "repository", "mistral"]),
    ),
    ("search", ParameterType::String),
    ("purpose", ParameterType::Enum(super::file_upload::PURPOSES)),
    ("mimetypes", ParameterType::Strings),
];

/// `POST /v1/files`
pub(crate) async fn upload(State(state): State<Arc<AppState>>, upload: Upload) -> Response {
    let file = state.store().add_file(upload.0);
    json_response(StatusCode::OK, &file.to_json())
}

/// `GET /v1/files`, the newest first
pub(crate) async fn list(
    State(state): State<Arc<AppState>>,
    query: Query,
) -> Result<Response, ApiError> {
    let filters = query.validate(FILTERS)?;
    let files: Vec<Value> = {
        let store = state.store();
        let newest_first = store.files.iter().rev();
        newest_first
            .filter(|file| matches_filters(file, &filters))
            .map(File::to_json)
            .collect()
    };
    let total = filters
        .boolean("include_total")
        .unwrap_or(true)
        .then_some(files.len());
    let body = json!({ "object": "list", "data": filters.page(files), "total": total });
    Ok(json_response(StatusCode::OK, &body))
}

fn matches_filters(file: &File, filters: &Parameters) -> bool {
    let found = filters.string("search").is_none_or(|part| {
        let name = file.name.to_lowercase();
        name.contains(&part.to_lowercase())
    });
    found
        && filters.accepts("sample_type", Some(file.sample_type))
        && filters.accepts("source", Some(file.source))
        && filters.accepts("purpose", Some(&file.purpose))
        && filters.accepts("mimetypes", Some(&file.mimetype))
}

/// `GET /v1/files/{file_id}`
pub(crate) async fn retrieve(
    State(state): State<Arc<AppState>>,
    Path(id): Path<String>,
) -> Result<Response, ApiError> {
    let mut file = find(&state, &id)?.to_json();
    if let Some(members) = file.as_object_mut() {
        members.insert("deleted".into(), false.into());
    }
    Ok(json_response(StatusCode::OK, &file))
}

/// `DELETE /v1/files/{file_id}`
pub(crate) async fn delete(
    State(state): State<Arc<AppState>>,
    Path(id): Path<String>,
) -> Result<Response, ApiError> {
    find(&state, &id)?;
    state.store().files.retain(|file| file.id != id);
    let body = json!({ "id": id, "object": "file", "deleted": true });
    Ok(json_response(StatusCode::OK, &body))
}

/// `GET /v1/files/{file_id}/content`
pub(crate) async fn content(
    State(state): State<Arc<AppState>>,
    Path(id): Path<String>,
) -> Result<Response, ApiError> {
    let file = find(&state, &id)?;
    Ok(attachment(&file.name, BINARY, file.content))
}

/// `GET /v1/files/{file_id}/url`
pub(crate) async fn url(
    State(state): State<Arc<AppState>>,
    Path(id): Path<String>,
    query: Query,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let parameters = query.validate(&[("expiry", ParameterType::Integer(1))])?;
    find(&state, &id)?;
    let hours = parameters.integer("expiry").unwrap_or(DEFAULT_EXPIRY_HOURS);
    let hours = u64::try_from(hours).unwrap_or(0);
    let url = signed_url(&state, &uri, &headers, &id, hours);
    Ok(json_response(StatusCode::OK, &json!({ "url": url })))
}

/// Creates a URL of a file that needs no key, on the host that a request was sent to.
pub(super) fn signed_url(
    state: &AppState,
    uri: &Uri,
    headers: &HeaderMap,
    id: &str,
    hours: u64,
) -> String {
    let expires = state
        .store()
        .now()
        .saturating_add(hours.saturating_mul(3600))
        .to_string();
    let host = host(uri, headers);
    let signature = signature(state, id, &expires);
    format!("http://{host}/signed/files/{id}?expires={expires}&signature={signature}")
}

/// Returns the host that the client has addressed.
pub(super) fn host<'a>(uri: &'a Uri, headers: &'a HeaderMap) -> &'a str {
    // HTTP/2 has an authority in the request target, HTTP/1.1 a `Host` header.
    match uri.authority() {
        Some(authority) => authority.as_str(),
        None => headers
            .get(header::HOST)
            .and_then(|host| host.to_str().ok())
            .unwrap_or("127.0.0.1"),
    }
}

/// `GET /signed/files/{file_id}`, which needs no key
pub(crate) async fn signed(
    State(state): State<Arc<AppState>>,
    Path(id): Path<String>,
    query: Query,
) -> Result<Response, ApiError> {
    check_signature(&state, &id, &query)?;
    let file = find(&state, &id)?;
    Ok(attachment(&file.name, &file.mimetype, file.content))
}

/// Rejects a signed URL unless its signature is that of the resource and the time in it.
pub(super) fn check_signature(state: &AppState, id: &str, query: &Query) -> Result<(), ApiError> {
    let parameters = query.validate(&[
        ("expires", ParameterType::String),
        ("signature", ParameterType::String),
    ])?;
    let expected = signature(state, id, parameters.string("expires").unwrap_or_default());
    if parameters.string("signature") != Some(&expected) {
        return Err(ApiError::detail(
            StatusCode::FORBIDDEN,
            "The signature does not match",
        ));
    }
    Ok(())
}

pub(super) fn signature(state: &AppState, id: &str, expires: &str) -> String {
    hex_id(hash(format!("{} {id} {expires}", state.api_key).as_bytes()))
}

/// Returns the file behind a URL that `GET /v1/files/{file_id}/url` created, or `None` for the URL
/// of another server.
pub(super) fn find_signed(state: &AppState, url: &str) -> Option<File> {
    let (_, rest) = url.split_once("/signed/files/")?;
    let (id, query) = rest.split_once('?')?;
    let parameter = |name: &str| {
        let mut parameters = query.split('&').filter_map(|part| part.split_once('='));
        parameters.find(|(found, _)| *found == name)
    };
    let (_, expires) = parameter("expires")?;
    let (_, found) = parameter("signature")?;
    let file = find(state, id).ok()?;
    (found == signature(state, id, expires)).then_some(file)
}

pub(super) fn find(state: &AppState, id: &str) -> Result<File, ApiError> {
    let found = state.store().file(id).cloned();
    found.ok_or_else(|| ApiError::detail(StatusCode::NOT_FOUND, "File not found"))
}

pub(super) fn attachment(name: &str, mimetype: &str, content: Bytes) -> Response {
    let mut response = Response::new(Body::from(content));
    let headers = response.headers_mut();
    let mimetype = HeaderValue::try_from(mimetype);
    headers.insert(
        header::CONTENT_TYPE,
        mimetype.unwrap_or(HeaderValue::from_static(BINARY)),
    );
    if let Ok(content_disposition) = HeaderValue::try_from(content_disposition(name)) {
        headers.insert(header::CONTENT_DISPOSITION, content_disposition);
    }
    response
}

/// Formats a `Content-Disposition` header, with a percent-encoded name if necessary (RFC 6266).
fn content_disposition(name: &str) -> String {
    let is_quotable =
        |character: char| character.is_ascii_graphic() && character != '"' && character != '\\';
    let plain: String = name
        .chars()
        .map(|character| {
            let plain = is_quotable(character) || character == ' ';
            if plain { character } else { '_' }
        })
        .collect();
    if plain == name {
        return format!("attachment; filename=\"{plain}\"");
    }
    let encoded: String = name
        .bytes()
        .map(|byte| {
            if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
                char::from(byte).to_string()
            } else {
                format!("%{byte:02X}")
            }
        })
        .collect();
    format!("attachment; filename=\"{plain}\"; filename*=UTF-8''{encoded}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_disposition_encodes_any_file_name() {
        assert_eq!(
            content_disposition("my file.pdf"),
            "attachment; filename=\"my file.pdf\""
        );
        assert_eq!(
            content_disposition("é\"\n"),
            "attachment; filename=\"___\"; filename*=UTF-8''%C3%A9%22%0A"
        );
    }
}

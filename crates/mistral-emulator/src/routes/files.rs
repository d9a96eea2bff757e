//! Files: uploading, finding, downloading.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Path, State};
use axum::response::Response;
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use serde_json::{Value, json};

use super::file_upload::Upload;
use crate::generate::random::{hash, hex_id};
use crate::requests::query::{Kind, PAGE, PAGE_SIZE, Parameter, Parameters, Query};
use crate::responses::{ApiError, json_response};
use crate::state::Shared;
use crate::state::file::{BINARY, File};

const DEFAULT_EXPIRY_HOURS: i64 = 24;

static FILTERS: &[Parameter] = &[
    PAGE,
    PAGE_SIZE,
    ("include_total", Kind::Flag),
    (
        "sample_type",
        Kind::Choices(&[
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
        Kind::Choices(&["upload", "repository", "mistral"]),
    ),
    ("search", Kind::Text),
    ("purpose", Kind::Choice(super::file_upload::PURPOSES)),
    ("mimetypes", Kind::Texts),
];

/// `POST /v1/files`
pub(crate) async fn upload(State(shared): State<Arc<Shared>>, upload: Upload) -> Response {
    let file = shared.state().add_file(upload.0);
    json_response(StatusCode::OK, &file.card())
}

/// `GET /v1/files`, the newest first
pub(crate) async fn list(
    State(shared): State<Arc<Shared>>,
    query: Query,
) -> Result<Response, ApiError> {
    let wanted = query.read(FILTERS)?;
    let cards: Vec<Value> = {
        let state = shared.state();
        let newest_first = state.files.iter().rev();
        newest_first
            .filter(|file| is_wanted(file, &wanted))
            .map(File::card)
            .collect()
    };
    let total = wanted
        .flag("include_total")
        .unwrap_or(true)
        .then_some(cards.len());
    let body = json!({ "object": "list", "data": wanted.page(cards), "total": total });
    Ok(json_response(StatusCode::OK, &body))
}

fn is_wanted(file: &File, wanted: &Parameters) -> bool {
    let found = wanted.text("search").is_none_or(|part| {
        let name = file.name.to_lowercase();
        name.contains(&part.to_lowercase())
    });
    found
        && wanted.allow("sample_type", Some(file.sample_type))
        && wanted.allow("source", Some(file.source))
        && wanted.allow("purpose", Some(&file.purpose))
        && wanted.allow("mimetypes", Some(&file.mimetype))
}

/// `GET /v1/files/{file_id}`
pub(crate) async fn retrieve(
    State(shared): State<Arc<Shared>>,
    Path(id): Path<String>,
) -> Result<Response, ApiError> {
    let mut card = find(&shared, &id)?.card();
    if let Some(members) = card.as_object_mut() {
        members.insert("deleted".into(), false.into());
    }
    Ok(json_response(StatusCode::OK, &card))
}

/// `DELETE /v1/files/{file_id}`
pub(crate) async fn delete(
    State(shared): State<Arc<Shared>>,
    Path(id): Path<String>,
) -> Result<Response, ApiError> {
    find(&shared, &id)?;
    shared.state().files.retain(|file| file.id != id);
    let body = json!({ "id": id, "object": "file", "deleted": true });
    Ok(json_response(StatusCode::OK, &body))
}

/// `GET /v1/files/{file_id}/content`
pub(crate) async fn content(
    State(shared): State<Arc<Shared>>,
    Path(id): Path<String>,
) -> Result<Response, ApiError> {
    let file = find(&shared, &id)?;
    Ok(attachment(&file.name, BINARY, file.content))
}

/// `GET /v1/files/{file_id}/url`
pub(crate) async fn url(
    State(shared): State<Arc<Shared>>,
    Path(id): Path<String>,
    query: Query,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let wanted = query.read(&[("expiry", Kind::Integer(1))])?;
    find(&shared, &id)?;
    let hours = wanted.integer("expiry").unwrap_or(DEFAULT_EXPIRY_HOURS);
    let hours = u64::try_from(hours).unwrap_or(0);
    let expires = shared
        .state()
        .now()
        .saturating_add(hours.saturating_mul(3600))
        .to_string();
    // HTTP/2 names the host in the request's target, HTTP/1.1 in a header.
    let host = match uri.authority() {
        Some(authority) => authority.as_str(),
        None => headers
            .get(header::HOST)
            .and_then(|host| host.to_str().ok())
            .unwrap_or("127.0.0.1"),
    };
    let signature = signature(&shared, &id, &expires);
    let url = format!("http://{host}/signed/files/{id}?expires={expires}&signature={signature}");
    Ok(json_response(StatusCode::OK, &json!({ "url": url })))
}

/// `GET /signed/files/{file_id}`, which needs no key
pub(crate) async fn signed(
    State(shared): State<Arc<Shared>>,
    Path(id): Path<String>,
    query: Query,
) -> Result<Response, ApiError> {
    let sent = query.read(&[("expires", Kind::Text), ("signature", Kind::Text)])?;
    let expected = signature(&shared, &id, sent.text("expires").unwrap_or_default());
    if sent.text("signature") != Some(&expected) {
        return Err(ApiError::detail(
            StatusCode::FORBIDDEN,
            "The signature does not match",
        ));
    }
    let file = find(&shared, &id)?;
    Ok(attachment(&file.name, &file.mimetype, file.content))
}

fn signature(shared: &Shared, id: &str, expires: &str) -> String {
    hex_id(hash(
        format!("{} {id} {expires}", shared.api_key).as_bytes(),
    ))
}

fn find(shared: &Shared, id: &str) -> Result<File, ApiError> {
    let found = shared.state().file(id).cloned();
    found.ok_or_else(|| ApiError::detail(StatusCode::NOT_FOUND, "File not found"))
}

fn attachment(name: &str, mimetype: &str, content: Bytes) -> Response {
    let mut response = Response::new(Body::from(content));
    let headers = response.headers_mut();
    let mimetype = HeaderValue::try_from(mimetype);
    headers.insert(
        header::CONTENT_TYPE,
        mimetype.unwrap_or(HeaderValue::from_static(BINARY)),
    );
    if let Ok(disposition) = HeaderValue::try_from(disposition(name)) {
        headers.insert(header::CONTENT_DISPOSITION, disposition);
    }
    response
}

/// A name that a header cannot hold as it is also comes percent-encoded (RFC 6266).
fn disposition(name: &str) -> String {
    let is_plain = |letter: char| letter.is_ascii_graphic() && letter != '"' && letter != '\\';
    let plain: String = name
        .chars()
        .map(|letter| {
            let plain = is_plain(letter) || letter == ' ';
            if plain { letter } else { '_' }
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
    fn any_name_fits_into_the_header() {
        assert_eq!(
            disposition("my file.pdf"),
            "attachment; filename=\"my file.pdf\""
        );
        assert_eq!(
            disposition("é\"\n"),
            "attachment; filename=\"___\"; filename*=UTF-8''%C3%A9%22%0A"
        );
    }
}

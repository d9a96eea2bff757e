//! The multipart form that uploads a document.

use std::sync::Arc;

use axum::extract::{FromRequest, Path, Request, State};
use axum::response::Response;
use bytes::Bytes;
use http::StatusCode;
use serde_json::Value;

use super::with_library;
use crate::requests::fields::error_detail;
use crate::requests::multipart::{self, Part};
use crate::responses::{ApiError, json_response};
use crate::routes::file_upload::encoded_name;
use crate::state::AppState;
use crate::state::file::{BINARY, guess_mimetype};
use crate::state::library::{Document, content_hash};

/// The document that a request uploads.
#[derive(Debug)]
pub(super) struct Upload {
    name: String,
    mimetype: String,
    content: Bytes,
}

impl<S: Send + Sync> FromRequest<S> for Upload {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        let parts = multipart::read_parts(request, state).await?;
        let mut parts = parts.unwrap_or_default().into_iter();
        let file = parts.find(|part| part.name().as_deref() == Some("file"));
        file.and_then(Self::from_part).ok_or_else(|| {
            let location = ["body".into(), "file".into()];
            let error = error_detail("missing", &location, "Field required", &Value::Null);
            ApiError::validation(vec![error])
        })
    }
}

impl Upload {
    /// Returns `None` for a part without a file name, which is a text field.
    fn from_part(part: Part) -> Option<Self> {
        let name = part.file_name().or_else(|| encoded_name(&part.headers))?;
        let mimetype = match part.content_type() {
            Some(content_type) if content_type != BINARY => content_type.to_owned(),
            _ => guess_mimetype(&name).to_owned(),
        };
        (!name.is_empty()).then_some(Self {
            name,
            mimetype,
            content: part.content,
        })
    }
}

/// `POST /v1/libraries/{library_id}/documents`, which returns an equal document of the library if
/// there is one
pub(super) async fn upload(
    State(state): State<Arc<AppState>>,
    Path(id): Path<String>,
    upload: Upload,
) -> Result<Response, ApiError> {
    let (new_id, now) = {
        let mut store = state.store();
        (store.new_id("document"), store.tick())
    };
    let (status, json) = with_library(&state, &id, |library| {
        let hash = content_hash(&upload.content);
        let known = library.documents.iter().find(|it| it.hash() == hash);
        if let Some(document) = known {
            return Ok((StatusCode::OK, document.to_json(&library.id)));
        }
        let document = Document::new(new_id, now, upload.name, upload.mimetype, upload.content);
        let json = document.to_json(&library.id);
        library.documents.push(document);
        library.updated_at = now;
        Ok((StatusCode::CREATED, json))
    })?;
    Ok(json_response(status, &json))
}

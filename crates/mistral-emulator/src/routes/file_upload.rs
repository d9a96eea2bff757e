//! The multipart form that uploads a file.

use axum::extract::{FromRequest, Request};
use bytes::Bytes;
use http::{HeaderMap, StatusCode, header};
use serde_json::{Value, json};

use crate::requests::fields::{error_detail, format_choices};
use crate::requests::multipart::{self, Part};
use crate::responses::ApiError;
use crate::state::file::{BINARY, NewFile, guess_mimetype, lines};

/// `audio` is from the API reference, `agentic_safety` from the official SDK.
pub(crate) const PURPOSES: &[&str] = &["fine-tune", "batch", "ocr", "audio", "agentic_safety"];

/// The MIME types that the server accepts for OCR, besides images.
const OCR_MIMETYPES: &[&str] = &[
    "application/pdf",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    "application/epub+zip",
    "application/docbook+xml",
    "application/rtf",
    "application/vnd.oasis.opendocument.text",
    "application/x-biblatex",
    "application/x-bibtex",
    "application/x-endnote+xml",
    "application/x-fictionbook+xml",
    "application/x-ipynb+json",
    "application/x-jats+xml",
    "application/x-latex",
    "application/x-opml+xml",
    "text/troff",
    "text/x-dokuwiki",
];

/// Extracts the file that a request uploads.
#[derive(Debug)]
pub(crate) struct Upload(pub(crate) NewFile);

#[derive(Debug, Default)]
struct UploadForm {
    file: Option<UploadedFile>,
    purpose: Option<String>,
    visibility: Option<String>,
    expiry: Option<String>,
}

#[derive(Debug)]
struct UploadedFile {
    name: String,
    mimetype: String,
    content: Bytes,
}

impl<S: Send + Sync> FromRequest<S> for Upload {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        let mut form = UploadForm::default();
        // A body of another type is reported as a form without a file.
        let parts = multipart::read_parts(request, state).await?;
        for part in parts.unwrap_or_default() {
            form.add(part);
        }
        form.into_file().map(Self)
    }
}

impl UploadForm {
    fn add(&mut self, part: Part) {
        match part.name().unwrap_or_default().as_str() {
            "file" => {
                let name = match part.file_name() {
                    Some(name) => name,
                    None => encoded_name(&part.headers).unwrap_or_default(),
                };
                let mimetype = match part.content_type() {
                    Some(content_type) if content_type != BINARY => content_type.to_owned(),
                    _ => guess_mimetype(&name).to_owned(),
                };
                // A part without a file name is a text field.
                if !name.is_empty() {
                    self.file = Some(UploadedFile {
                        name,
                        mimetype,
                        content: part.content,
                    });
                }
            }
            "purpose" => self.purpose = Some(part.text()),
            "visibility" => self.visibility = Some(part.text()),
            "expiry" => self.expiry = Some(part.text()),
            _ => {}
        }
    }

    fn into_file(self) -> Result<NewFile, ApiError> {
        let mut errors = Vec::new();
        let purpose = choice("purpose", self.purpose, PURPOSES, &mut errors);
        let visibility = choice(
            "visibility",
            self.visibility,
            &["workspace", "user"],
            &mut errors,
        );
        let expiry_hours = parse_expiry(self.expiry.as_deref(), &mut errors);
        let Some(file) = self.file else {
            let location = ["file".into(), "file".into()];
            errors.push(error_detail(
                "missing",
                &location,
                "Field required",
                &Value::Null,
            ));
            return Err(ApiError::validation(errors));
        };
        if !errors.is_empty() {
            return Err(ApiError::validation(errors));
        }
        let sample_type = sample_type(&purpose, &file)?;
        Ok(NewFile {
            name: file.name,
            content: file.content,
            mimetype: file.mimetype,
            purpose,
            sample_type,
            source: "upload",
            visibility,
            expiry_hours,
        })
    }
}

/// Returns the file name in the encoding that some clients use for non-ASCII characters:
/// `filename*=UTF-8''na%C3%AFve`.
pub(super) fn encoded_name(headers: &HeaderMap) -> Option<String> {
    let disposition = headers.get(header::CONTENT_DISPOSITION)?.to_str().ok()?;
    let value = disposition.split(';').find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        name.trim()
            .eq_ignore_ascii_case("filename*")
            .then_some(value.trim())
    })?;
    let (charset, rest) = value.split_once('\'')?;
    let (_language, encoded) = rest.split_once('\'')?;
    if !charset.eq_ignore_ascii_case("utf-8") {
        return None;
    }
    let mut escapes = encoded.split('%');
    let mut bytes = escapes.next()?.as_bytes().to_vec();
    for escape in escapes {
        let (digits, plain) = escape.split_at_checked(2)?;
        bytes.push(u8::from_str_radix(digits, 16).ok()?);
        bytes.extend_from_slice(plain.as_bytes());
    }
    String::from_utf8(bytes).ok()
}

/// Returns the value of a field. The default is the first choice.
fn choice(name: &str, value: Option<String>, choices: &[&str], errors: &mut Vec<Value>) -> String {
    let Some(value) = value else {
        return choices.first().copied().unwrap_or_default().to_owned();
    };
    if !choices.contains(&value.as_str()) {
        let location = ["form".into(), name.into()];
        let message = format!("Input should be {}", format_choices(choices));
        errors.push(error_detail(
            "enum",
            &location,
            &message,
            &value.as_str().into(),
        ));
    }
    value
}

fn parse_expiry(value: Option<&str>, errors: &mut Vec<Value>) -> Option<u64> {
    let value = value.filter(|text| !text.is_empty())?;
    let (error_type, message) = match value.parse::<i64>() {
        Ok(hours) => match u64::try_from(hours) {
            Ok(hours) => return Some(hours),
            Err(_) => (
                "greater_than_equal",
                "Input should be greater than or equal to 0",
            ),
        },
        Err(_) => (
            "int_parsing",
            "Input should be a valid integer, unable to parse string as an integer",
        ),
    };
    let location = ["form".into(), "expiry".into()];
    errors.push(error_detail(error_type, &location, message, &value.into()));
    None
}

/// Returns the sample type of the content. Fails if the content does not match the purpose.
fn sample_type(purpose: &str, file: &UploadedFile) -> Result<&'static str, ApiError> {
    match purpose {
        "batch" => validate_lines(&file.content).map(|()| "batch_request"),
        "ocr" => validate_mimetype(&file.mimetype).map(|()| "ocr_input"),
        "audio" => Ok("audio_input"),
        _ => {
            validate_lines(&file.content)?;
            let first = lines(&file.content).next().map(|(_, line)| line);
            let first: Option<Value> = first.and_then(|line| serde_json::from_slice(line).ok());
            let is_text = first
                .is_some_and(|line| line.get("text").is_some() && line.get("labels").is_none());
            Ok(if is_text { "pretrain" } else { "instruct" })
        }
    }
}

fn validate_mimetype(mimetype: &str) -> Result<(), ApiError> {
    let is_known = mimetype != BINARY;
    if is_known && !OCR_MIMETYPES.contains(&mimetype) && !mimetype.starts_with("image/") {
        let message = format!(
            "Received file with mimetype {mimetype}, only {}, image/.* are currently supported",
            OCR_MIMETYPES.join(", ")
        );
        return Err(invalid_format(json!({ "message": message })));
    }
    Ok(())
}

fn validate_lines(content: &[u8]) -> Result<(), ApiError> {
    if std::str::from_utf8(content).is_err() {
        return Err(ApiError::detail(
            StatusCode::UNPROCESSABLE_ENTITY,
            "Failed to decode data, please encode your file using UTF-8.",
        ));
    }
    let errors: Vec<Value> = lines(content)
        .filter_map(|(number, line)| {
            let message = match serde_json::from_slice(line) {
                Ok(Value::Object(_)) => return None,
                Ok(_) => "line is not a JSON object".to_owned(),
                Err(error) => format!("line contains invalid json: {error}"),
            };
            Some(json!({ "message": message, "line_number": number }))
        })
        .collect();
    if errors.is_empty() {
        return Ok(());
    }
    let description = format!("Found {} errors in this file.", errors.len());
    Err(invalid_format(
        json!({ "description": description, "errors": errors }),
    ))
}

fn invalid_format(members: Value) -> ApiError {
    let status = StatusCode::UNPROCESSABLE_ENTITY;
    let mut error = ApiError::detail(status, "Invalid file format.");
    if let (Some(body), Value::Object(members)) = (error.body.as_object_mut(), members) {
        body.extend(members);
    }
    error
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(disposition: &str) -> Option<String> {
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_DISPOSITION, disposition.parse().unwrap());
        encoded_name(&headers)
    }

    #[test]
    fn file_name_with_percent_encoding_is_decoded() {
        assert_eq!(
            name("form-data; name=\"file\"; filename*=utf-8''na%C3%AFve%20.pdf").as_deref(),
            Some("naïve .pdf")
        );
        for wrong in [
            "form-data; name=\"file\"",
            "form-data; filename*=latin1''a",
            "form-data; filename*=utf-8''a%C",
            "form-data; filename*=utf-8''a%GG",
            "form-data; filename*=utf-8''%FF",
        ] {
            assert_eq!(name(wrong), None, "{wrong}");
        }
    }
}

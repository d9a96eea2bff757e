//! Records the exchanges with a real server, and replays them.
//!
//! The file has the form of the SDK's cassettes.

mod file;
mod passing;
pub(crate) mod scrub;
mod upstream;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::body::Body;
use axum::response::Response;
use bytes::Bytes;
use http::request::Parts;
use http::{HeaderName, HeaderValue, StatusCode, header};
use serde_json::Value;

use self::passing::{RawResponse, pass_on};
use self::upstream::Upstream;
use crate::operations::operation_name;
use crate::responses::{ApiError, sse};

/// A file of exchanges.
#[derive(Debug, Clone)]
pub(crate) struct Tape {
    path: PathBuf,
    mode: Mode,
    exchanges: Arc<Mutex<Vec<Exchange>>>,
}

#[derive(Debug, Clone)]
enum Mode {
    /// Forwards requests that are not on the tape.
    Record(Upstream),
    /// Responds from the tape. `emulates` decides what becomes of other requests.
    Replay { emulates: bool },
}

/// A request and its response, scrubbed.
#[derive(Debug, Clone)]
struct Exchange {
    request: RecordedRequest,
    response: RecordedResponse,
    /// Whether the response was replayed since the start.
    is_used: bool,
}

/// The parts of a request that are compared.
#[derive(Debug, Clone, PartialEq)]
struct RecordedRequest {
    method: String,
    /// The path and the query.
    url: String,
    content_type: Option<String>,
    body: Content,
}

#[derive(Debug, Clone, PartialEq)]
struct RecordedResponse {
    status: u16,
    headers: Vec<(String, String)>,
    body: Content,
}

/// A body.
#[derive(Debug, Clone, PartialEq)]
enum Content {
    Json(Value),
    /// Chunks of any other body. The events of a stream are a chunk each.
    Chunks(Vec<Bytes>),
}

impl Tape {
    /// Opens a file to add exchanges with `upstream` to it. The file need not exist.
    pub(crate) fn record(path: &Path, upstream: &str) -> io::Result<Self> {
        let exchanges = match file::read(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
            other => other?,
        };
        let upstream = Upstream::new(upstream)
            .map_err(|reason| io::Error::new(io::ErrorKind::InvalidInput, reason))?;
        let tape = Self::new(path, Mode::Record(upstream), exchanges);
        file::write(path, &tape.lock())?; // a file that cannot be written is reported at once
        Ok(tape)
    }

    /// Opens a file to respond from it.
    pub(crate) fn replay(path: &Path, emulates: bool) -> io::Result<Self> {
        Ok(Self::new(
            path,
            Mode::Replay { emulates },
            file::read(path)?,
        ))
    }

    fn new(path: &Path, mode: Mode, exchanges: Vec<Exchange>) -> Self {
        Self {
            path: path.to_owned(),
            mode,
            exchanges: Arc::new(Mutex::new(exchanges)),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Exchange>> {
        self.exchanges
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns the response to a request, or `None` if the emulator is to generate it.
    pub(crate) async fn respond(&self, request: &Parts, body: &Bytes) -> Option<Response> {
        let secrets = scrub::credentials(&request.headers);
        let recorded = RecordedRequest::new(request, body, &secrets);
        if let Some(response) = self.find(&recorded) {
            return Some(response.to_response());
        }
        match &self.mode {
            Mode::Replay { emulates: true } => None,
            Mode::Replay { emulates: false } => Some(self.not_recorded(&recorded)),
            Mode::Record(upstream) => match upstream.forward(request, body).await {
                Ok(response) => {
                    let tape = self.clone();
                    let store = move |response| tape.store(recorded, &response, &secrets);
                    Some(pass_on(response, Box::new(store)))
                }
                Err(reason) => Some(bad_gateway(&reason)),
            },
        }
    }

    /// Finds the response: of equal requests the next one that was not replayed, else the last.
    fn find(&self, request: &RecordedRequest) -> Option<RecordedResponse> {
        let mut exchanges = self.lock();
        let is_equal = |exchange: &&mut Exchange| exchange.request == *request;
        let mut last = None;
        for exchange in exchanges.iter_mut().filter(|it| is_equal(it)) {
            last = Some(exchange.response.clone());
            if !std::mem::replace(&mut exchange.is_used, true) {
                break;
            }
        }
        last
    }

    /// Adds an exchange to the file.
    fn store(&self, request: RecordedRequest, response: &RawResponse, secrets: &[String]) {
        let exchange = Exchange {
            request,
            response: RecordedResponse::new(response, secrets),
            is_used: true,
        };
        let mut exchanges = self.lock();
        exchanges.push(exchange);
        if let Err(error) = file::write(&self.path, &exchanges) {
            eprintln!(
                "mistral-emulator: cannot write {}: {error}",
                self.path.display()
            );
        }
    }

    fn not_recorded(&self, request: &RecordedRequest) -> Response {
        let count = self.lock().len();
        let message = format!(
            "{} {} with this body is not among the {count} exchanges of {}",
            request.method,
            request.url,
            self.path.display()
        );
        let error = ApiError::coded(StatusCode::NOT_FOUND, "not_recorded", None, message);
        axum::response::IntoResponse::into_response(error)
    }
}

fn bad_gateway(reason: &str) -> Response {
    let message = format!("The upstream server cannot be reached: {reason}");
    let error = ApiError::coded(StatusCode::BAD_GATEWAY, "upstream_error", None, message);
    axum::response::IntoResponse::into_response(error)
}

impl RecordedRequest {
    fn new(request: &Parts, body: &Bytes, secrets: &[String]) -> Self {
        let content_type = request.headers.get(header::CONTENT_TYPE);
        let content_type = content_type.and_then(|value| value.to_str().ok());
        let boundary = content_type.and_then(boundary);
        let fixed = |text: &str| match boundary {
            Some(boundary) => text.replace(boundary, "boundary"),
            None => text.to_owned(),
        };
        let body = match (boundary, std::str::from_utf8(body)) {
            (Some(_), Ok(text)) => Bytes::from(fixed(text)),
            (Some(boundary), Err(_)) => replace_bytes(body, boundary.as_bytes(), b"boundary"),
            (None, _) => body.clone(),
        };
        let target = request.uri.path_and_query();
        Self {
            method: request.method.to_string(),
            url: scrub::url(target.map_or("/", |target| target.as_str()), secrets),
            content_type: content_type.map(fixed),
            body: Content::new(&[body], secrets),
        }
    }

    fn operation(&self) -> &'static str {
        let path = self.url.split('?').next().unwrap_or_default();
        let body = match &self.body {
            Content::Json(value) => Some(value),
            Content::Chunks(_) => None,
        };
        let method = http::Method::from_bytes(self.method.as_bytes()).unwrap_or_default();
        operation_name(&method, path, || body).unwrap_or("request")
    }
}

/// Returns the boundary of a form, which differs from request to request.
fn boundary(content_type: &str) -> Option<&str> {
    let (media_type, parameters) = content_type.split_once(';')?;
    if !media_type
        .trim()
        .eq_ignore_ascii_case("multipart/form-data")
    {
        return None;
    }
    let boundary = parameters.trim().strip_prefix("boundary=")?;
    let boundary = boundary.trim_matches('"');
    (!boundary.is_empty()).then_some(boundary)
}

fn replace_bytes(bytes: &[u8], from: &[u8], to: &[u8]) -> Bytes {
    let mut replaced = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    while let Some((first, after_first)) = rest.split_first() {
        if let Some(after) = rest.strip_prefix(from) {
            replaced.extend_from_slice(to);
            rest = after;
        } else {
            replaced.push(*first);
            rest = after_first;
        }
    }
    replaced.into()
}

impl RecordedResponse {
    fn new(response: &RawResponse, secrets: &[String]) -> Self {
        Self {
            status: response.status.as_u16(),
            headers: scrub::response_headers(&response.headers),
            body: Content::new(&response.chunks, secrets),
        }
    }

    fn to_response(&self) -> Response {
        let chunks = match &self.body {
            Content::Json(value) => vec![Bytes::from(value.to_string())],
            Content::Chunks(chunks) => chunks.clone(),
        };
        let mut response = respond_with(chunks);
        *response.status_mut() = StatusCode::from_u16(self.status).unwrap_or(StatusCode::OK);
        for (name, value) in &self.headers {
            if let (Ok(name), Ok(value)) =
                (HeaderName::try_from(name), HeaderValue::try_from(value))
            {
                response.headers_mut().append(name, value);
            }
        }
        response
    }
}

/// Creates a response whose body is sent in these chunks.
fn respond_with(mut chunks: Vec<Bytes>) -> Response {
    match (chunks.pop(), chunks.is_empty()) {
        (None, _) => Response::default(),
        (Some(only), true) => Response::new(Body::from(only)),
        (Some(last), false) => {
            chunks.push(last);
            Response::new(sse::chunked_body(chunks))
        }
    }
}

impl Content {
    fn new(chunks: &[Bytes], secrets: &[String]) -> Self {
        let whole = chunks.concat();
        match serde_json::from_slice(&whole) {
            Ok(mut value @ (Value::Object(_) | Value::Array(_))) => {
                scrub::json(&mut value, secrets);
                Self::Json(value)
            }
            _ => Self::Chunks(match String::from_utf8(whole) {
                Ok(text) => {
                    let events = text.split_inclusive("\n\n");
                    events
                        .map(|event| scrub::text(event, secrets).into())
                        .collect()
                }
                Err(_) => chunks.to_vec(),
            }),
        }
    }
}

//! Requests and responses on stderr, for debugging.

use std::fmt::Write as _;
use std::io::Write as _;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use async_trait::async_trait;
use bytes::{Bytes, BytesMut};
use futures_core::Stream;
use http::{HeaderMap, HeaderName, HeaderValue};

use super::{Body, RequestContext, Transport, TransportError, UpgradeResponse};
use crate::environment::unquote;
use crate::redact::names::is_shown_header;
use crate::redact::{MASK, RedactContent, Redactor};

/// The largest part of a body that is printed, in bytes.
const MAX_PRINTED: usize = 4096;
/// The largest part of a body that is buffered, in bytes. More than is printed, because a secret
/// that is cut off is not recognized.
const MAX_BUFFERED: usize = 2 * MAX_PRINTED;

/// Whether the variable `MISTRAL_DEBUG` turns debug output on.
pub(crate) fn is_debugging() -> bool {
    let value = std::env::var_os("MISTRAL_DEBUG").unwrap_or_default();
    let value = unquote(&value.to_string_lossy()).to_ascii_lowercase();
    !matches!(value.as_str(), "" | "0" | "false" | "no" | "off")
}

/// Prints the exchanges of another transport: without credentials, and with bodies shortened.
#[derive(Debug)]
pub(crate) struct DebugTransport {
    transport: Arc<dyn Transport>,
    /// The redaction of bodies.
    redaction: RedactContent,
}

impl DebugTransport {
    pub(crate) fn new(transport: Arc<dyn Transport>, redaction: RedactContent) -> Self {
        Self {
            transport,
            redaction,
        }
    }

    fn redactor(&self, headers: &HeaderMap) -> BodyRedactor {
        BodyRedactor {
            credentials: Redactor::new(headers),
            content: self.redaction.clone(),
        }
    }
}

/// Redacts the credentials of a request, and the content of bodies.
struct BodyRedactor {
    credentials: Redactor,
    content: RedactContent,
}

impl BodyRedactor {
    /// Returns `text` without credentials.
    fn text(&self, text: &str) -> String {
        self.credentials.text(text)
    }
}

#[async_trait]
impl Transport for DebugTransport {
    async fn send(
        &self,
        request: http::Request<Body>,
    ) -> Result<http::Response<Body>, TransportError> {
        let redactor = self.redactor(request.headers());
        print(&format_request(&request, &redactor));
        let result = self.transport.send(request).await;
        let (head, body) = match result {
            Ok(response) => response.into_parts(),
            Err(error) => {
                let text = redactor.text(&format!("{error}: {}", error.source_text()));
                print(&format!("mistral < {text}\n"));
                return Err(error);
            }
        };
        let mut text = format!("mistral < {}\n", head.status);
        write_headers(&mut text, '<', &head.headers, &redactor);
        if let Some(bytes) = body.bytes() {
            write_body(&mut text, '<', bytes, bytes.len(), &redactor);
            print(&text);
            return Ok(http::Response::from_parts(head, body));
        }
        print(&text);
        let length = body.content_length();
        let printed = Body::from_stream(PrintedBody {
            body,
            buffer: BytesMut::new(),
            read: 0,
            redactor,
        });
        let body = match length {
            Some(length) => printed.with_content_length(length),
            None => printed,
        };
        Ok(http::Response::from_parts(head, body))
    }

    async fn upgrade(&self, request: http::Request<()>) -> Result<UpgradeResponse, TransportError> {
        let redactor = self.redactor(request.headers());
        let uri = redactor.text(&request.uri().to_string());
        let mut text = format!("mistral > {} {uri}\n", request.method());
        write_headers(&mut text, '>', request.headers(), &redactor);
        print(&text);
        self.transport.upgrade(request).await
    }
}

/// A response body that is printed when it is dropped.
struct PrintedBody {
    body: Body,
    buffer: BytesMut,
    read: usize,
    redactor: BodyRedactor,
}

impl Stream for PrintedBody {
    type Item = Result<Bytes, TransportError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let item = ready!(Pin::new(&mut self.body).poll_next(cx));
        if let Some(Ok(bytes)) = &item {
            self.read += bytes.len();
            let capacity = MAX_BUFFERED.saturating_sub(self.buffer.len());
            let chunk = bytes.get(..capacity).unwrap_or(bytes);
            self.buffer.extend_from_slice(chunk);
        }
        Poll::Ready(item)
    }
}

impl Drop for PrintedBody {
    fn drop(&mut self) {
        let mut text = String::new();
        write_body(&mut text, '<', &self.buffer, self.read, &self.redactor);
        print(&text);
    }
}

/// Writes to stderr. Unlike `eprint!`, it does not panic when stderr is closed.
fn print(text: &str) {
    let _ = std::io::stderr().write_all(text.as_bytes());
}

fn format_request(request: &http::Request<Body>, redactor: &BodyRedactor) -> String {
    let uri = redactor.text(&request.uri().to_string());
    let mut text = format!("mistral > {} {uri}", request.method());
    if let Some(context) = request.extensions().get::<RequestContext>() {
        let (name, attempt) = (context.name(), context.attempt());
        text += &format!(" ({name}, attempt {attempt})");
    }
    text.push('\n');
    write_headers(&mut text, '>', request.headers(), redactor);
    match request.body().bytes() {
        Some(bytes) => write_body(&mut text, '>', bytes, bytes.len(), redactor),
        None => text += "mistral > (a body that is streamed)\n",
    }
    text
}

fn write_headers(text: &mut String, direction: char, headers: &HeaderMap, redactor: &BodyRedactor) {
    for (name, value) in headers {
        let value = format_value(name, value, redactor);
        let _ = writeln!(text, "mistral {direction} {name}: {value}"); // never fails
    }
}

fn format_value(name: &HeaderName, value: &HeaderValue, redactor: &BodyRedactor) -> String {
    if value.is_sensitive() || !is_shown_header(name) {
        return MASK.to_owned();
    }
    redactor.text(&String::from_utf8_lossy(value.as_bytes()))
}

/// Writes the beginning of a body of `length` bytes.
fn write_body(
    text: &mut String,
    direction: char,
    bytes: &[u8],
    length: usize,
    redactor: &BodyRedactor,
) {
    if length == 0 {
        return;
    }
    let mut redacted = None;
    if redactor.content.is_set() {
        redacted = redactor
            .content
            .json(bytes)
            .filter(|_| bytes.len() == length);
        // What the redaction cannot read whole is not printed.
        if redacted.is_none() {
            let _ = writeln!(text, "mistral {direction} ({length} bytes)"); // never fails
            return;
        }
    }
    let (bytes, length) = match &redacted {
        Some(json) => (json.as_bytes(), json.len()),
        None => (bytes, length),
    };
    let buffered = bytes.get(..MAX_BUFFERED).unwrap_or(bytes);
    let is_text = !buffered
        .iter()
        .any(|byte| byte.is_ascii_control() && !byte.is_ascii_whitespace());
    if !is_text {
        let _ = writeln!(text, "mistral {direction} ({length} bytes)"); // never fails
        return;
    }
    let redacted = redactor.text(&String::from_utf8_lossy(buffered));
    let is_cut = buffered.len() < length;
    // A credential that is cut off is not recognized: the text near the cut is not printed.
    let whole = redacted.len()
        - if is_cut {
            redacted.len().min(MAX_BUFFERED - MAX_PRINTED)
        } else {
            0
        };
    let end = (0..=whole.min(MAX_PRINTED))
        .rev()
        .find(|&at| redacted.is_char_boundary(at));
    let printed = redacted.get(..end.unwrap_or(0)).unwrap_or_default();
    for line in printed.lines() {
        let _ = writeln!(text, "mistral {direction} {line}"); // never fails
    }
    if printed.len() < redacted.len() || is_cut {
        let _ = writeln!(text, "mistral {direction} … ({length} bytes in all)"); // never fails
    }
}

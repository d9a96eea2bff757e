//! Requests and responses on stderr, for a person who wants to see them.

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
use crate::redact::{MASK, Redactor, is_secret_header};

/// How much of a body is printed, in bytes.
const SHOWN: usize = 4096;
/// How much of a body is kept until it is printed: secrets that are cut are not found.
const KEPT: usize = 2 * SHOWN;

/// Whether `MISTRAL_DEBUG` asks for it.
pub(crate) fn is_debugging() -> bool {
    let wish = std::env::var_os("MISTRAL_DEBUG").unwrap_or_default();
    let wish = wish.to_string_lossy().trim().to_ascii_lowercase();
    !matches!(wish.as_str(), "" | "0" | "false" | "no" | "off")
}

/// Prints what goes through another transport: never credentials, and of bodies not all.
#[derive(Debug)]
pub(crate) struct DebugTransport(pub(crate) Arc<dyn Transport>);

#[async_trait]
impl Transport for DebugTransport {
    async fn send(
        &self,
        request: http::Request<Body>,
    ) -> Result<http::Response<Body>, TransportError> {
        let redactor = Redactor::new(request.headers());
        print(&show_request(&request, &redactor));
        let sent = self.0.send(request).await;
        let (head, body) = match sent {
            Ok(response) => response.into_parts(),
            Err(error) => {
                let text = redactor.text(&format!("{error}: {}", error.source_text()));
                print(&format!("mistral < {text}\n"));
                return Err(error);
            }
        };
        let mut text = format!("mistral < {}\n", head.status);
        show_headers(&mut text, '<', &head.headers, &redactor);
        if let Some(bytes) = body.bytes() {
            show_bytes(&mut text, '<', bytes, bytes.len(), &redactor);
            print(&text);
            return Ok(http::Response::from_parts(head, body));
        }
        print(&text);
        let length = body.content_length();
        let shown = Body::from_stream(Shown {
            body,
            kept: BytesMut::new(),
            read: 0,
            redactor,
        });
        let body = match length {
            Some(length) => shown.with_content_length(length),
            None => shown,
        };
        Ok(http::Response::from_parts(head, body))
    }

    async fn upgrade(&self, request: http::Request<()>) -> Result<UpgradeResponse, TransportError> {
        let redactor = Redactor::new(request.headers());
        let uri = redactor.text(&request.uri().to_string());
        let mut text = format!("mistral > {} {uri}\n", request.method());
        show_headers(&mut text, '>', request.headers(), &redactor);
        print(&text);
        self.0.upgrade(request).await
    }
}

/// The body of a response, printed when it has been read or dropped.
struct Shown {
    body: Body,
    kept: BytesMut,
    read: usize,
    redactor: Redactor,
}

impl Stream for Shown {
    type Item = Result<Bytes, TransportError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let item = ready!(Pin::new(&mut self.body).poll_next(cx));
        if let Some(Ok(bytes)) = &item {
            self.read += bytes.len();
            let room = KEPT.saturating_sub(self.kept.len());
            let piece = bytes.get(..room).unwrap_or(bytes);
            self.kept.extend_from_slice(piece);
        }
        Poll::Ready(item)
    }
}

impl Drop for Shown {
    fn drop(&mut self) {
        let mut text = String::new();
        show_bytes(&mut text, '<', &self.kept, self.read, &self.redactor);
        print(&text);
    }
}

/// Unlike `eprint!` it does not panic when nobody reads.
fn print(text: &str) {
    let _ = std::io::stderr().write_all(text.as_bytes());
}

fn show_request(request: &http::Request<Body>, redactor: &Redactor) -> String {
    let uri = redactor.text(&request.uri().to_string());
    let mut text = format!("mistral > {} {uri}", request.method());
    if let Some(operation) = request.extensions().get::<RequestContext>() {
        let (name, attempt) = (operation.name(), operation.attempt());
        text += &format!(" ({name}, attempt {attempt})");
    }
    text.push('\n');
    show_headers(&mut text, '>', request.headers(), redactor);
    match request.body().bytes() {
        Some(bytes) => show_bytes(&mut text, '>', bytes, bytes.len(), redactor),
        None => text += "mistral > (a body that is streamed)\n",
    }
    text
}

fn show_headers(text: &mut String, way: char, headers: &HeaderMap, redactor: &Redactor) {
    for (name, value) in headers {
        let value = show_value(name, value, redactor);
        let _ = writeln!(text, "mistral {way} {name}: {value}"); // never fails
    }
}

fn show_value(name: &HeaderName, value: &HeaderValue, redactor: &Redactor) -> String {
    if value.is_sensitive() || is_secret_header(name) {
        return MASK.to_owned();
    }
    redactor.text(&String::from_utf8_lossy(value.as_bytes()))
}

/// Prints the beginning of a body of `length` bytes.
fn show_bytes(text: &mut String, way: char, bytes: &[u8], length: usize, redactor: &Redactor) {
    if length == 0 {
        return;
    }
    let kept = bytes.get(..KEPT).unwrap_or(bytes);
    let is_text = !kept
        .iter()
        .any(|byte| byte.is_ascii_control() && !byte.is_ascii_whitespace());
    if !is_text {
        let _ = writeln!(text, "mistral {way} ({length} bytes)"); // never fails
        return;
    }
    let redactored = redactor.text(&String::from_utf8_lossy(kept));
    let is_cut = kept.len() < length;
    // A credential that is cut is not found: what is near the cut is not printed.
    let whole = redactored.len()
        - if is_cut {
            redactored.len().min(KEPT - SHOWN)
        } else {
            0
        };
    let end = (0..=whole.min(SHOWN))
        .rev()
        .find(|&at| redactored.is_char_boundary(at));
    let shown = redactored.get(..end.unwrap_or(0)).unwrap_or_default();
    for line in shown.lines() {
        let _ = writeln!(text, "mistral {way} {line}"); // never fails
    }
    if shown.len() < redactored.len() || is_cut {
        let _ = writeln!(text, "mistral {way} … ({length} bytes in all)"); // never fails
    }
}

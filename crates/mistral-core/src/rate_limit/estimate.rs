//! The number of tokens of a request: estimated from its body, then read from the response.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use futures_core::Stream;
use memchr::{memchr, memmem};

use crate::transport::{Body, RequestContext, TransportError};

/// The groups of operations that are charged in tokens. `request` is
/// [`Client::request`](crate::Client::request).
const TOKEN_GROUPS: &[&str] = &[
    "agents",
    "chat",
    "classifiers",
    "embeddings",
    "fim",
    "request",
];

const BYTES_PER_TOKEN: usize = 4;

/// Estimates the number of tokens of a request from the length of its body.
pub(super) fn estimate(request: &http::Request<Body>) -> u64 {
    let name = request
        .extensions()
        .get::<RequestContext>()
        .map(RequestContext::name);
    let group = name.and_then(|name| name.split('.').next());
    if !group.is_some_and(|group| TOKEN_GROUPS.contains(&group)) {
        return 0;
    }
    let body = request.body().bytes().unwrap_or_default();
    let text = body.len().saturating_sub(embedded_bytes(body));
    text.div_ceil(BYTES_PER_TOKEN) as u64
}

/// Returns the number of bytes in data URLs, which are files and not text.
fn embedded_bytes(body: &[u8]) -> usize {
    const MARKER: &[u8] = b";base64,";
    let (mut rest, mut bytes) = (body, 0);
    while let Some(at) = memmem::find(rest, MARKER) {
        rest = rest.get(at + MARKER.len()..).unwrap_or_default();
        let Some(length) = memchr(b'"', rest) else {
            break;
        };
        bytes += length;
        // A marker within the file does not start another one.
        rest = rest.get(length..).unwrap_or_default();
    }
    bytes
}

/// Calls `on_usage` with the number of tokens in the usage of the body, if there is one, when
/// the body has been read or is dropped.
pub(super) fn report_usage(
    body: Body,
    on_usage: impl FnOnce(u64) + Send + Unpin + 'static,
) -> Body {
    let mut scanner = UsageScanner::default();
    if let Some(bytes) = body.bytes() {
        scanner.scan(bytes);
        if let Some(tokens) = scanner.total {
            on_usage(tokens);
        }
        return body;
    }
    let length = body.content_length();
    let stream = Body::from_stream(UsageStream {
        body,
        scanner,
        on_usage: Some(on_usage),
    });
    match length {
        Some(length) => stream.with_content_length(length),
        None => stream,
    }
}

struct UsageStream<F: FnOnce(u64)> {
    body: Body,
    scanner: UsageScanner,
    on_usage: Option<F>,
}

impl<F: FnOnce(u64) + Unpin> Stream for UsageStream<F> {
    type Item = Result<Bytes, TransportError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let item = ready!(Pin::new(&mut self.body).poll_next(cx));
        if let Some(Ok(chunk)) = &item {
            self.scanner.scan(chunk);
        }
        Poll::Ready(item)
    }
}

impl<F: FnOnce(u64)> Drop for UsageStream<F> {
    fn drop(&mut self) {
        if let (Some(on_usage), Some(tokens)) = (self.on_usage.take(), self.scanner.total) {
            on_usage(tokens);
        }
    }
}

/// Finds the last `total_tokens` in a body of JSON or of events, however it is split into
/// chunks.
///
/// It scans the bytes, because decoding the response a second time would be expensive. Text of
/// the model cannot match: within a string, the quotes of the name are escaped.
#[derive(Debug, Default)]
struct UsageScanner {
    total: Option<u64>,
    /// The end of the last chunk, where a match may begin.
    tail: Vec<u8>,
}

impl UsageScanner {
    const NAME: &[u8] = b"\"total_tokens\":";
    /// An upper bound for the length of the name and its number.
    const MAX_MATCH_LENGTH: usize = 64;

    fn scan(&mut self, chunk: &[u8]) {
        let mut seam = std::mem::take(&mut self.tail);
        seam.extend(chunk.iter().take(Self::MAX_MATCH_LENGTH));
        self.find(&seam);
        self.find(chunk);
        let end = if chunk.len() < Self::MAX_MATCH_LENGTH {
            &seam
        } else {
            chunk
        };
        let start = end.len().saturating_sub(Self::MAX_MATCH_LENGTH);
        self.tail = end.get(start..).unwrap_or_default().to_vec();
    }

    fn find(&mut self, text: &[u8]) {
        let Some(at) = memmem::rfind(text, Self::NAME) else {
            return;
        };
        let number = text.get(at + Self::NAME.len()..).unwrap_or_default();
        let number = number.trim_ascii_start();
        let digits = number.iter().take_while(|byte| byte.is_ascii_digit());
        let digits = String::from_utf8_lossy(number.get(..digits.count()).unwrap_or_default());
        if let Ok(total) = digits.parse() {
            self.total = Some(total);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn total(chunks: &[&str]) -> Option<u64> {
        let mut scanner = UsageScanner::default();
        for chunk in chunks {
            scanner.scan(chunk.as_bytes());
        }
        scanner.total
    }

    #[test]
    fn usage_split_at_any_byte_is_found() {
        let text = format!(
            r#"data: {{"usage":{{"total_tokens":null}}}} {} data: {{"usage":{{"total_tokens": 1234}},"text":"\"total_tokens\":9"}}"#,
            "x".repeat(200)
        );
        assert_eq!(total(&[&text]), Some(1234));
        for at in 0..text.len() {
            let (one, two) = text.split_at(at);
            assert_eq!(total(&[one, two]), Some(1234), "at {at}");
        }
        let bytes: Vec<_> = text.split("").collect();
        assert_eq!(total(&bytes), Some(1234));
        assert_eq!(total(&["no usage"]), None);
    }

    #[test]
    fn estimate_data_urls_are_excluded() {
        let body = br#"{"a":"data:image/png;base64,AAAA","b":"data:;base64,BB"}"#;
        assert_eq!(embedded_bytes(body), 6);
        assert_eq!(embedded_bytes(b"no file"), 0);
        assert_eq!(embedded_bytes(b"cut ;base64,AAAA"), 0);
        // Quadratic time would not finish.
        let markers = format!("\"{}\"", ";base64,".repeat(1_000_000));
        assert_eq!(embedded_bytes(markers.as_bytes()), markers.len() - 2 - 8);
    }
}

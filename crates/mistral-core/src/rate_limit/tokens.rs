//! How many tokens a request takes: at first a guess, then what its answer says.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use futures_core::Stream;
use memchr::{memchr, memmem};

use crate::transport::{Body, RequestContext, TransportError};

/// The groups of operations that are counted in tokens, and what is not modelled.
const COUNTED: &[&str] = &[
    "agents",
    "chat",
    "classifiers",
    "embeddings",
    "fim",
    "request",
];

const BYTES_PER_TOKEN: usize = 4;

/// How many tokens a request may take, by its length.
pub(super) fn estimate(request: &http::Request<Body>) -> u64 {
    let name = request
        .extensions()
        .get::<RequestContext>()
        .map(RequestContext::name);
    let group = name.and_then(|name| name.split('.').next());
    if !group.is_some_and(|group| COUNTED.contains(&group)) {
        return 0;
    }
    let body = request.body().bytes().unwrap_or_default();
    let text = body.len().saturating_sub(embedded(body));
    text.div_ceil(BYTES_PER_TOKEN) as u64
}

/// How many bytes belong to files that are embedded as data URLs: tokens are not made of them.
fn embedded(body: &[u8]) -> usize {
    const MARK: &[u8] = b";base64,";
    let (mut rest, mut bytes) = (body, 0);
    while let Some(at) = memmem::find(rest, MARK) {
        rest = rest.get(at + MARK.len()..).unwrap_or_default();
        let Some(length) = memchr(b'"', rest) else {
            break;
        };
        bytes += length;
        rest = rest.get(length..).unwrap_or_default(); // a mark within a file is none
    }
    bytes
}

/// Tells `done` how many tokens the body says were used, if it says so: once it has been read
/// to its end, or is dropped.
pub(super) fn watch(body: Body, done: impl FnOnce(u64) + Send + Unpin + 'static) -> Body {
    let mut usage = Usage::default();
    if let Some(bytes) = body.bytes() {
        usage.read(bytes);
        if let Some(tokens) = usage.total {
            done(tokens);
        }
        return body;
    }
    let length = body.content_length();
    let watched = Body::from_stream(Watched {
        body,
        usage,
        done: Some(done),
    });
    match length {
        Some(length) => watched.with_content_length(length),
        None => watched,
    }
}

struct Watched<F: FnOnce(u64)> {
    body: Body,
    usage: Usage,
    done: Option<F>,
}

impl<F: FnOnce(u64) + Unpin> Stream for Watched<F> {
    type Item = Result<Bytes, TransportError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let item = ready!(Pin::new(&mut self.body).poll_next(cx));
        if let Some(Ok(chunk)) = &item {
            self.usage.read(chunk);
        }
        Poll::Ready(item)
    }
}

impl<F: FnOnce(u64)> Drop for Watched<F> {
    fn drop(&mut self) {
        if let (Some(done), Some(tokens)) = (self.done.take(), self.usage.total) {
            done(tokens);
        }
    }
}

/// Finds the last `total_tokens` in JSON or in events of it, however it is split.
///
/// The answer is not decoded a second time for it. Within a string the quotes of the name
/// would be escaped, so no text of a model passes for it.
#[derive(Debug, Default)]
struct Usage {
    total: Option<u64>,
    tail: Vec<u8>,
}

impl Usage {
    const NAME: &[u8] = b"\"total_tokens\":";
    /// More than the name and its number take.
    const SPAN: usize = 64;

    fn read(&mut self, chunk: &[u8]) {
        let mut seam = std::mem::take(&mut self.tail);
        seam.extend(chunk.iter().take(Self::SPAN));
        self.find(&seam);
        self.find(chunk);
        let end = if chunk.len() < Self::SPAN {
            &seam
        } else {
            chunk
        };
        let start = end.len().saturating_sub(Self::SPAN);
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
        let mut usage = Usage::default();
        for chunk in chunks {
            usage.read(chunk.as_bytes());
        }
        usage.total
    }

    #[test]
    fn usage_is_found_wherever_an_answer_is_split() {
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
    fn files_that_are_embedded_do_not_count() {
        let body = br#"{"a":"data:image/png;base64,AAAA","b":"data:;base64,BB"}"#;
        assert_eq!(embedded(body), 6);
        assert_eq!(embedded(b"no file"), 0);
        assert_eq!(embedded(b"cut ;base64,AAAA"), 0);
        let marks = format!("\"{}\"", ";base64,".repeat(1_000_000)); // each once, or it takes for ever
        assert_eq!(embedded(marks.as_bytes()), marks.len() - 2 - 8);
    }
}

//! Classification of responses: a document, a stream of events, or an error.

use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::time::Duration;

use bytes::BytesMut;
use http::HeaderMap;
use http::header::{CONTENT_ENCODING, CONTENT_TYPE};
use tokio::time::Instant;

use super::deadline::{Deadline, IdleTimer, timeout_at};
use super::telemetry::Trace;
use crate::error::{ApiError, Error, ErrorKind, Result, TimeoutPhase, unexpected};
use crate::provider::Framing;
use crate::transport::Body;

/// The bounds in size and time for reading the body of an error.
const ERROR_BODY_BYTES: usize = 1024 * 1024;
const ERROR_BODY_TIME: Duration = Duration::from_secs(10);

/// A successful response. Its body is in memory, unless it is streamed.
#[derive(Debug)]
pub(crate) struct RawResponse {
    /// Boxed, because it is moved several times.
    pub(crate) response: Box<http::Response<Body>>,
    pub(crate) attempts: u32,
    pub(crate) deadline: Option<Deadline>,
    pub(crate) idle: Duration,
    /// Boxed: tracing is usually disabled.
    pub(crate) trace: Option<Box<Trace>>,
}

/// Creates the error of a response that is not a success. The status alone is enough: a body
/// that stalls or breaks off only leaves the message out.
///
/// Boxed by itself: errors are rare, and would make the future of every call larger.
#[cold]
pub(crate) fn error_response(
    response: Box<http::Response<Body>>,
    deadline: Option<Deadline>,
) -> Pin<Box<dyn Future<Output = Error> + Send>> {
    Box::pin(async move {
        let (head, mut body) = response.into_parts();
        if let Some(encoding) = compression(&head.headers) {
            let encoding = encoding.to_owned();
            let mut error = ApiError::parse(head.status, head.headers, &[]);
            error.message = compressed_message(&encoding);
            return Error::from(error);
        }
        let mut text = BytesMut::new();
        read_text(&mut body, &mut text, deadline).await;
        Error::from(ApiError::parse(head.status, head.headers, &text))
    })
}

/// Returns the compression that a response declares. The SDK does not ask for one and cannot
/// read it; a transport that decompresses removes the header.
pub(crate) fn compression(headers: &HeaderMap) -> Option<&str> {
    const KNOWN: [&str; 7] = [
        "gzip", "x-gzip", "deflate", "compress", "br", "zstd", "x-zstd",
    ];
    let encoding = headers.get(CONTENT_ENCODING)?.to_str().ok()?;
    let mut names = encoding.split(',').map(str::trim);
    names
        .any(|name| KNOWN.iter().any(|known| name.eq_ignore_ascii_case(known)))
        .then_some(encoding)
}

/// Creates the error of a success that cannot be read because it is compressed.
#[cold]
pub(crate) fn compressed(response: &http::Response<Body>, encoding: &str) -> Error {
    unexpected(
        response.status(),
        response.headers().clone(),
        &[],
        compressed_message(encoding),
    )
}

fn compressed_message(encoding: &str) -> String {
    format!(
        "the body is compressed (`{encoding}`), which the client did not request: \
         use a transport that decompresses it"
    )
}

fn content_type(headers: &HeaderMap) -> Option<&str> {
    headers.get(CONTENT_TYPE)?.to_str().ok()
}

pub(crate) fn is_event_stream(headers: &HeaderMap) -> bool {
    has_media_type(headers, &["text/event-stream"])
}

fn has_media_type(headers: &HeaderMap, media_types: &[&str]) -> bool {
    let essence = content_type(headers).and_then(|value| value.split(';').next());
    essence.is_some_and(|essence| {
        let essence = essence.trim();
        media_types
            .iter()
            .any(|media_type| essence.eq_ignore_ascii_case(media_type))
    })
}

/// The possible beginnings of a stream of server-sent events.
const SSE_STARTS: [&[u8]; 6] = [
    b"data:",
    b"event:",
    b"id:",
    b"retry:",
    b":",
    b"\xEF\xBB\xBF",
];
/// The possible beginnings of a line of JSON.
const JSON_STARTS: [&[u8]; 1] = [b"{"];
const JSON_LINES_TYPES: [&str; 4] = [
    "application/x-ndjson",
    "application/ndjson",
    "application/jsonl",
    "application/x-jsonlines",
];

/// Checks that a response is a stream of events.
///
/// Some gateways omit the content type, so the first bytes decide where it is another one. A
/// body that is no such stream is read for the error, as long as `timer` allows.
pub(crate) async fn check_event_stream(
    framing: Framing,
    response: &mut http::Response<Body>,
    timer: IdleTimer,
) -> Result<()> {
    let (is_declared, starts): (_, &[&[u8]]) = if framing == Framing::JsonLines {
        (
            has_media_type(response.headers(), &JSON_LINES_TYPES),
            &JSON_STARTS,
        )
    } else {
        (is_event_stream(response.headers()), &SSE_STARTS)
    };
    if is_declared {
        return Ok(());
    }
    Box::pin(sniff_event_stream(response, starts, timer)).await
}

async fn sniff_event_stream(
    response: &mut http::Response<Body>,
    starts: &[&[u8]],
    mut timer: IdleTimer,
) -> Result<()> {
    let body = response.body_mut();
    let mut first = BytesMut::new();
    let may_be_events = |first: &[u8]| starts.iter().any(|start| start.starts_with(first));
    while may_be_events(&first)
        && let Some(chunk) = poll_fn(|cx| timer.poll_chunk(body, cx)).await
    {
        first.extend_from_slice(&chunk?);
    }
    if first.is_empty() {
        return Err(Error::new(ErrorKind::Truncated, "the response is empty"));
    }
    if starts.iter().any(|start| first.starts_with(start)) {
        body.unread(first.freeze());
        return Ok(());
    }
    let mut text = first;
    read_text(body, &mut text, timer.next_deadline()).await;
    let headers = response.headers();
    let cause = match content_type(headers) {
        Some(found) => format!("expected a stream of events, but the content type is `{found}`"),
        None => "expected a stream of events, but the response has no content type".to_owned(),
    };
    Err(unexpected(response.status(), headers.clone(), &text, cause))
}

/// Reads the text of an error up to a bound in size and time, and ignores that it stalls or
/// breaks off.
async fn read_text(body: &mut Body, text: &mut BytesMut, until: Option<Deadline>) {
    let bound = Instant::now() + ERROR_BODY_TIME;
    let until = until.map_or(bound, |deadline| bound.min(deadline.at));
    let read = async {
        while text.len() < ERROR_BODY_BYTES
            && let Some(Ok(chunk)) = body.chunk().await
        {
            let room = ERROR_BODY_BYTES.saturating_sub(text.len());
            text.extend_from_slice(chunk.get(..room).unwrap_or(&chunk));
        }
    };
    let deadline = Deadline {
        at: until,
        limit: ERROR_BODY_TIME,
        phase: TimeoutPhase::Idle,
    };
    let _ = timeout_at(pin!(None), Some(deadline), pin!(read)).await;
    text.truncate(ERROR_BODY_BYTES);
}

//! Classification of responses: a document, a stream of events, or an error.

use std::future::{Future, poll_fn};
use std::ops::{Deref, DerefMut};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::time::Duration;

use bytes::BytesMut;
use http::HeaderMap;
use http::header::CONTENT_TYPE;
use tokio::time::Instant;

use super::compression::{compressed_message, compression, is_plain_text};
use super::credentials::Credentials;
use super::deadline::{Deadline, IdleTimer, timeout_at};
use super::telemetry::Trace;
use crate::error::{ApiError, Error, ErrorKind, Result, TimeoutPhase, not_a_stream};
use crate::provider::Framing;
use crate::transport::{Body, RequestTarget};

/// The bounds in size and time for reading the body of an error.
const ERROR_BODY_BYTES: usize = 1024 * 1024;
const ERROR_BODY_TIME: Duration = Duration::from_secs(10);

/// A successful response. Its body is in memory, unless it is streamed.
#[derive(Debug)]
pub(crate) struct RawResponse {
    /// Boxed, because it is moved several times.
    pub(crate) response: Box<Received>,
    pub(crate) attempts: u32,
    pub(crate) deadline: Option<Deadline>,
    pub(crate) idle: Duration,
    /// Boxed: tracing is usually disabled.
    pub(crate) trace: Option<Box<Trace>>,
}

/// A response, and the request that it answers.
#[derive(Debug)]
pub(crate) struct Received {
    pub(crate) http: http::Response<Body>,
    pub(crate) context: ErrorContext,
}

/// The parts of a request that the errors of its response need.
#[derive(Debug)]
pub(crate) struct ErrorContext {
    /// The credentials, which the server may quote.
    pub(crate) credentials: Credentials,
    pub(crate) target: Arc<RequestTarget>,
}

impl ErrorContext {
    /// Completes an error of the response: adds the URL, and masks the credentials.
    #[cold]
    pub(crate) fn complete(&self, error: Error) -> Error {
        self.credentials.mask(error.with_url(&self.target.url))
    }
}

impl Received {
    #[inline]
    pub(super) fn new(http: http::Response<Body>, target: Arc<RequestTarget>) -> Box<Self> {
        let credentials = Credentials::default();
        let context = ErrorContext {
            credentials,
            target,
        };
        Box::new(Self { http, context })
    }
}

impl Deref for Received {
    type Target = http::Response<Body>;

    fn deref(&self) -> &Self::Target {
        &self.http
    }
}

impl DerefMut for Received {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.http
    }
}

/// Creates the error of a response that is not a success. The status alone is enough: a body
/// that stalls or breaks off only leaves the message out.
///
/// Boxed by itself: errors are rare, and would make the future of every call larger.
#[cold]
pub(crate) fn error_response(
    response: Box<Received>,
    deadline: Option<Deadline>,
) -> Pin<Box<dyn Future<Output = Error> + Send>> {
    Box::pin(async move {
        let (head, mut body) = response.http.into_parts();
        let mut text = BytesMut::new();
        read_text(&mut body, &mut text, deadline).await;
        if let Some(encoding) = compression(&head.headers).filter(|_| !is_plain_text(&text)) {
            let encoding = encoding.to_owned();
            let mut error = ApiError::parse(head.status, head.headers, &[]);
            error.message = compressed_message(&encoding);
            return Error::from(error);
        }
        Error::from(ApiError::parse(head.status, head.headers, &text))
    })
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

/// The possible beginnings of a line of server-sent events.
const SSE_STARTS: [&[u8]; 5] = [b"data:", b"event:", b"id:", b"retry:", b":"];
/// The possible beginnings of a line of JSON.
const JSON_STARTS: [&[u8]; 1] = [b"{"];
const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";
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
    let is_stream = loop {
        if let Some(is_stream) = is_start_of_stream(&first, starts) {
            break is_stream;
        }
        if without_blank_lines(&first).trim_ascii().is_empty() {
            first.clear(); // a server may send blank lines for minutes
        }
        match poll_fn(|cx| timer.poll_chunk(body, cx)).await {
            Some(chunk) => first.extend_from_slice(&chunk?),
            None => break false,
        }
    };
    if is_stream {
        body.unread(first.freeze());
        return Ok(());
    }
    if first.trim_ascii().is_empty() {
        return Err(Error::new(ErrorKind::Truncated, "the response is empty"));
    }
    let mut text = first;
    read_text(body, &mut text, timer.next_deadline()).await;
    let headers = response.headers();
    let found = match content_type(headers) {
        Some(found) => format!("the content type is `{found}`"),
        None => "the response has no content type".to_owned(),
    };
    Err(not_a_stream(
        response.status(),
        headers.clone(),
        &text,
        &found,
    ))
}

/// Whether a body that begins with `first` is a stream. `None` if too little is known.
fn is_start_of_stream(first: &[u8], starts: &[&[u8]]) -> Option<bool> {
    let line = without_blank_lines(first);
    if starts.iter().any(|start| line.starts_with(start)) {
        return Some(true);
    }
    if line.trim_ascii().is_empty() {
        return None;
    }
    let mut possible = starts.iter().chain([&BYTE_ORDER_MARK]);
    if possible.any(|start| start.starts_with(line)) {
        return None;
    }
    Some(false)
}

/// Returns the bytes after the byte order mark and the blank lines at the start of a stream.
fn without_blank_lines(first: &[u8]) -> &[u8] {
    let mut rest = first.strip_prefix(BYTE_ORDER_MARK).unwrap_or(first);
    let is_end = |byte: &u8| matches!(byte, b'\n' | b'\r');
    while let Some((line, after)) = rest
        .iter()
        .position(is_end)
        .and_then(|end| rest.split_at_checked(end))
        && line.trim_ascii().is_empty()
    {
        rest = after.get(1..).unwrap_or_default();
    }
    rest
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

//! What a response turns out to be: an answer, a stream of events, or an error.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use bytes::BytesMut;
use http::HeaderMap;
use http::header::{CONTENT_ENCODING, CONTENT_TYPE};
use tokio::time::{Instant, timeout_at};

use crate::error::{ApiError, Error, ErrorKind, Result, unexpected};
use crate::pipeline::deadline::Deadline;
use crate::pipeline::telemetry::Trace;
use crate::retry::retry_after;
use crate::transport::Body;

/// How much of an error's body is read, and for how long.
const ERROR_BODY_BYTES: usize = 1024 * 1024;
const ERROR_BODY_TIME: Duration = Duration::from_secs(10);

/// A successful response. Its body is all here, unless it is streamed.
#[derive(Debug)]
pub(crate) struct Answer {
    /// Boxed, because it is handed on several times.
    pub(crate) response: Box<http::Response<Body>>,
    pub(crate) attempts: u32,
    pub(crate) deadline: Option<Deadline>,
    pub(crate) idle: Duration,
    /// Boxed, because mostly nobody listens.
    pub(crate) trace: Option<Box<Trace>>,
}

/// Makes an error of a response that is not a success. What its body says helps, but the
/// status alone must do: a body that stalls or breaks off changes nothing.
///
/// Boxed, and boxed apart: what is rare would make every call's future larger.
#[cold]
pub(crate) fn failure(
    response: Box<http::Response<Body>>,
    deadline: Option<Deadline>,
) -> Pin<Box<dyn Future<Output = Error> + Send>> {
    Box::pin(async move {
        let (head, mut body) = response.into_parts();
        if let Some(encoding) = compression(&head.headers) {
            let encoding = encoding.to_owned();
            let delay = retry_after(&head.headers);
            let mut error = ApiError::parse(head.status, head.headers, &[]);
            error.message = unasked(&encoding);
            return Error::from(error).with_retry_after(delay);
        }
        let mut text = BytesMut::new();
        read_text(&mut body, &mut text, deadline).await;
        let delay = retry_after(&head.headers);
        Error::from(ApiError::parse(head.status, head.headers, &text)).with_retry_after(delay)
    })
}

/// The compression that a response says it has. None is asked for, so none can be read;
/// a transport that decompresses takes the header away.
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

/// Makes an error of a success that cannot be read because it is compressed.
#[cold]
pub(crate) fn compressed(response: &http::Response<Body>, encoding: &str) -> Error {
    let headers = response.headers().clone();
    let delay = retry_after(&headers);
    unexpected(response.status(), headers, &[], unasked(encoding)).with_retry_after(delay)
}

fn unasked(encoding: &str) -> String {
    format!(
        "the body is compressed (`{encoding}`), which was not asked for: \
         use a transport that decompresses it"
    )
}

fn content_type(headers: &HeaderMap) -> Option<&str> {
    headers.get(CONTENT_TYPE)?.to_str().ok()
}

pub(crate) fn is_event_stream(headers: &HeaderMap) -> bool {
    let essence = content_type(headers).and_then(|value| value.split(';').next());
    essence.is_some_and(|essence| essence.trim().eq_ignore_ascii_case("text/event-stream"))
}

/// What the first line of a stream of events starts with.
const EVENT_STARTS: [&[u8]; 6] = [
    b"data:",
    b"event:",
    b"id:",
    b"retry:",
    b":",
    b"\xEF\xBB\xBF",
];

/// Checks that a response is a stream of events although its content type is another one:
/// some gateways forget it, so the first bytes decide. What is no such stream is read until
/// `until`, for the error.
pub(crate) async fn sniff_event_stream(
    response: &mut http::Response<Body>,
    until: Option<Deadline>,
) -> Result<()> {
    let body = response.body_mut();
    let mut first = BytesMut::new();
    let may_be_events = |first: &[u8]| EVENT_STARTS.iter().any(|start| start.starts_with(first));
    while may_be_events(&first)
        && let Some(chunk) = body.chunk().await.transpose()?
    {
        first.extend_from_slice(&chunk);
    }
    if first.is_empty() {
        return Err(Error::new(ErrorKind::Truncated, "the response is empty"));
    }
    if EVENT_STARTS.iter().any(|start| first.starts_with(start)) {
        body.unread(first.freeze());
        return Ok(());
    }
    let mut text = first;
    read_text(body, &mut text, until).await;
    let headers = response.headers();
    let found = content_type(headers).unwrap_or("no content type");
    let cause = format!("a stream of events was asked for, and `{found}` came");
    let delay = retry_after(headers);
    let error = unexpected(response.status(), headers.clone(), &text, cause);
    Err(error.with_retry_after(delay))
}

/// Reads what explains an error, up to a bound in size and time. That it stalls or breaks
/// off changes nothing.
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
    let _ = timeout_at(until, read).await;
    text.truncate(ERROR_BODY_BYTES);
}

//! What a response turns out to be: an answer, a stream of events, or an error.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::header::{CONTENT_TYPE, LOCATION};
use http::{HeaderMap, StatusCode};
use tokio::time::{Instant, timeout_at};

use crate::error::{ApiError, Error, ErrorKind, Result, one_line, unexpected};
use crate::http::Body;
use crate::timeouts::Deadline;

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
        let until = Instant::now() + ERROR_BODY_TIME;
        let until = deadline.map_or(until, |deadline| until.min(deadline.at));
        let (head, mut body) = response.into_parts();
        let mut text = BytesMut::new();
        let read = async {
            while let Some(Ok(chunk)) = body.chunk().await {
                let room = ERROR_BODY_BYTES.saturating_sub(text.len());
                text.extend_from_slice(chunk.get(..room).unwrap_or(&chunk));
                if text.len() == ERROR_BODY_BYTES {
                    break;
                }
            }
        };
        let _ = timeout_at(until, read).await;
        if head.status.is_redirection() {
            let to = head.headers.get(LOCATION).and_then(|to| to.to_str().ok());
            return redirected(head.status, to);
        }
        ApiError::parse(head.status, head.headers, &text).into()
    })
}

fn redirected(status: StatusCode, to: Option<&str>) -> Error {
    let to = one_line(to.unwrap_or("another address"));
    Error::config(format!(
        "{status}: the server redirects to `{to}`, which is not followed because the \
         credentials would go there: set that address as the base URL if you trust it"
    ))
}

fn content_type(headers: &HeaderMap) -> Option<&str> {
    headers.get(CONTENT_TYPE)?.to_str().ok()
}

pub(crate) fn is_event_stream(headers: &HeaderMap) -> bool {
    let essence = content_type(headers).and_then(|value| value.split(';').next());
    essence.is_some_and(|essence| essence.trim().eq_ignore_ascii_case("text/event-stream"))
}

/// Checks that a response is a stream of events although its content type is another one:
/// some gateways forget it, so the first bytes decide.
pub(crate) async fn sniff_event_stream(response: &mut http::Response<Body>) -> Result<()> {
    let body = response.body_mut();
    let mut first = Bytes::new();
    while first.is_empty() {
        first = match body.chunk().await.transpose()? {
            Some(chunk) => chunk,
            None => return Err(Error::new(ErrorKind::Truncated, "the response is empty")),
        };
    }
    let looks_like_events = [b"data:".as_slice(), b"event:", b"id:", b":"]
        .into_iter()
        .any(|start| first.starts_with(start));
    if looks_like_events {
        body.unread(first);
        return Ok(());
    }
    let mut text = BytesMut::from(first);
    while text.len() < ERROR_BODY_BYTES
        && let Some(Ok(chunk)) = body.chunk().await
    {
        text.extend_from_slice(&chunk);
    }
    text.truncate(ERROR_BODY_BYTES);
    let headers = response.headers();
    let found = content_type(headers).unwrap_or("no content type");
    let cause = format!("a stream of events was asked for, and `{found}` came");
    Err(unexpected(response.status(), headers.clone(), &text, cause))
}

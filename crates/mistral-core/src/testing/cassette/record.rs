//! Recording: exchanges on their way through a cassette, and what is written of them.

use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use futures_core::Stream;
use http::header::{CONTENT_TYPE, LOCATION};
use http::request::Parts;
use http::{HeaderMap, Response, StatusCode};
use serde_json::Value;

use super::lock;
use super::scrub::{Scrubber, lines};
use super::tape::{End, RecordedContent, TapeExchange, TapeRequest, TapeResponse};
use crate::error::REQUEST_ID_HEADERS;
use crate::redact::MASK;
use crate::transport::{Body, RequestContext, TransportError};

/// The boundary of every recorded multipart form, since real ones are random.
const BOUNDARY: &str = "boundary";

/// Response headers that are written beside those of rate limits.
const KEPT: [&str; 3] = ["content-type", "retry-after", "retry-after-ms"];
const RATE_LIMIT: &str = "x-ratelimit-";

/// An exchange that passed through the cassette.
pub(super) struct RecordedExchange {
    request: (Parts, Bytes),
    status: StatusCode,
    headers: HeaderMap,
    chunks: Vec<Bytes>,
    end: End,
}

/// Forwards `response`, and records what is read of its body.
pub(super) fn record_body(
    request: (Parts, Bytes),
    response: Response<Body>,
) -> (Response<Body>, Arc<Mutex<RecordedExchange>>) {
    let (head, body) = response.into_parts();
    let mut exchange = RecordedExchange {
        request,
        status: head.status,
        headers: head.headers.clone(),
        chunks: Vec::new(),
        end: End::Dropped,
    };
    let (body, exchange) = match body.into_bytes() {
        Ok(bytes) => {
            exchange.chunks.push(bytes.clone());
            exchange.end = End::Proper;
            (bytes.into(), Arc::new(Mutex::new(exchange)))
        }
        Err(body) => {
            let length = body.content_length();
            let exchange = Arc::new(Mutex::new(exchange));
            let recorded = Body::from_stream(RecordedBody(body, Arc::clone(&exchange)));
            let recorded = match length {
                Some(length) => recorded.with_content_length(length),
                None => recorded,
            };
            (recorded, exchange)
        }
    };
    (Response::from_parts(head, body), exchange)
}

/// Records every chunk that is read.
struct RecordedBody(Body, Arc<Mutex<RecordedExchange>>);

impl Stream for RecordedBody {
    type Item = Result<Bytes, TransportError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let item = ready!(Pin::new(&mut self.0).poll_next(cx));
        let mut exchange = lock(&self.1);
        match &item {
            Some(Ok(bytes)) => exchange.chunks.push(bytes.clone()),
            Some(Err(_)) => exchange.end = End::Broken,
            None if exchange.end == End::Dropped => exchange.end = End::Proper,
            None => {}
        }
        drop(exchange);
        Poll::Ready(item)
    }
}

/// Returns what is written of a request and compared, and a scrubber with its secrets.
pub(super) fn request(parts: &Parts, body: &Bytes, named: &[String]) -> (TapeRequest, Scrubber) {
    let mut scrubber = Scrubber::new(named);
    scrubber.add_headers(&parts.headers);
    scrubber.add_url(&parts.uri);
    let media_type = text(&parts.headers, CONTENT_TYPE.as_str()).unwrap_or_default();
    let (media_type, body) = match media_type.split_once("boundary=") {
        Some((before, boundary)) if !boundary.is_empty() => {
            let boundary = boundary.split(';').next().unwrap_or_default();
            let boundary = boundary.trim_matches('"');
            let body = replace(body, boundary.as_bytes(), BOUNDARY.as_bytes());
            (format!("{before}boundary={BOUNDARY}"), body.into())
        }
        _ => (media_type.to_owned(), body.clone()),
    };
    let body = content(&media_type, &[body], End::Proper, &mut scrubber);
    let mut headers = BTreeMap::new();
    if !media_type.is_empty() {
        headers.insert(CONTENT_TYPE.to_string(), media_type);
    }
    let request = TapeRequest {
        method: parts.method.to_string(),
        url: scrubber.url(parts.uri.path(), parts.uri.query()),
        headers,
        body,
    };
    (request, scrubber)
}

impl RecordedExchange {
    /// Returns what is written of the exchange.
    pub(super) fn to_tape(&self, named: &[String]) -> TapeExchange {
        let (parts, body) = &self.request;
        let (request, mut scrubber) = request(parts, body, named);
        for name in REQUEST_ID_HEADERS {
            scrubber.add(text(&self.headers, name).unwrap_or_default());
        }
        let media_type = text(&self.headers, CONTENT_TYPE.as_str()).unwrap_or_default();
        let end = self.end();
        let body = content(media_type, &self.chunks, end, &mut scrubber);
        let operation = parts.extensions.get::<RequestContext>();
        TapeExchange {
            operation: operation.map_or_else(String::new, |it| it.name().to_owned()),
            request,
            response: TapeResponse {
                status: self.status.as_u16(),
                headers: self.kept_headers(&scrubber),
                body,
                end,
            },
        }
    }

    /// A stream is not read beyond `[DONE]`.
    fn end(&self) -> End {
        let is_marked = || {
            let whole = self.chunks.concat();
            whole.ends_with(b"\n") && whole.trim_ascii_end().ends_with(b"data: [DONE]")
        };
        match self.end {
            End::Dropped if is_marked() => End::Proper,
            end => end,
        }
    }

    fn kept_headers(&self, scrubber: &Scrubber) -> BTreeMap<String, String> {
        let mut kept = BTreeMap::new();
        for name in self.headers.keys().map(|name| name.as_str()) {
            let Some(value) = text(&self.headers, name) else {
                continue;
            };
            let value = if REQUEST_ID_HEADERS.contains(&name) {
                MASK.to_owned()
            } else if KEPT.contains(&name) || name.starts_with(RATE_LIMIT) {
                scrubber.text(value).into_owned()
            } else if name == LOCATION {
                self.location(value, scrubber)
            } else {
                continue;
            };
            kept.insert(name.to_owned(), value);
        }
        kept
    }

    /// The target of a redirect, scrubbed like the URL of the request that follows it.
    fn location(&self, value: &str, scrubber: &Scrubber) -> String {
        let location = self.without_origin(value);
        if !location.starts_with('/') {
            return scrubber.text(location).into_owned();
        }
        match location.split_once('?') {
            Some((path, query)) => scrubber.url(path, Some(query)),
            None => scrubber.url(location, None),
        }
    }

    /// The host is not written: a redirect within it has none.
    fn without_origin<'a>(&self, location: &'a str) -> &'a str {
        let uri = &self.request.0.uri;
        let origin = match (uri.scheme_str(), uri.authority()) {
            (Some(scheme), Some(authority)) => format!("{scheme}://{authority}"),
            _ => return location,
        };
        let path = location.strip_prefix(&origin);
        path.filter(|path| path.starts_with('/'))
            .unwrap_or(location)
    }
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

/// Returns a body as it is written.
fn content(
    media_type: &str,
    chunks: &[Bytes],
    end: End,
    scrubber: &mut Scrubber,
) -> RecordedContent {
    let mut whole = chunks.concat();
    if end != End::Proper {
        // The secrets of an incomplete line cannot be recognized.
        let lines = whole.iter().rposition(|byte| *byte == b'\n');
        whole.truncate(lines.map_or(0, |last| last + 1));
    }
    let essence = media_type.split(';').next().unwrap_or_default().trim();
    let is_json = essence.eq_ignore_ascii_case("application/json") || essence.ends_with("+json");
    if is_json
        && end == End::Proper
        && let Ok(mut value) = serde_json::from_slice::<Value>(&whole)
    {
        scrubber.add_json(&value);
        scrubber.json(&mut value);
        return RecordedContent::Json(value);
    }
    if essence.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
        let as_text = String::from_utf8_lossy(&whole);
        scrubber.add_form(&as_text);
        return RecordedContent::from_chunks([scrubber.form(&as_text).as_bytes()].into_iter());
    }
    for value in lines(&whole).filter_map(|(_, line)| serde_json::from_str(line).ok()) {
        scrubber.add_json(&value);
    }
    let mut at = 0;
    let mut ends: Vec<_> = chunks
        .iter()
        .map(|chunk| {
            at += chunk.len();
            at.min(whole.len())
        })
        .collect();
    let clean = scrubber.bytes(&whole, &mut ends);
    let mut start = 0;
    RecordedContent::from_chunks(ends.into_iter().map(|end| {
        let chunk = clean.get(start..end).unwrap_or_default();
        start = end;
        chunk
    }))
}

fn replace(body: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    let mut replaced = Vec::with_capacity(body.len());
    let mut at = 0;
    for start in memchr::memmem::find_iter(body, from) {
        replaced.extend_from_slice(body.get(at..start).unwrap_or_default());
        replaced.extend_from_slice(to);
        at = start + from.len();
    }
    replaced.extend_from_slice(body.get(at..).unwrap_or_default());
    replaced
}

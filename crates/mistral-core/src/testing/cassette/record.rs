//! What passes through a cassette, and what of it is written.

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
use super::tape::{Content, End, Exchange, TapeRequest, TapeResponse};
use crate::error::REQUEST_ID_HEADERS;
use crate::redact::MASK;
use crate::transport::{Body, RequestContext, TransportError};

/// The boundary that every multipart form gets, since real ones are random.
const BOUNDARY: &str = "boundary";

/// Headers of an answer that are written beside those of its rate limits.
const KEPT: [&str; 3] = ["content-type", "retry-after", "retry-after-ms"];
const RATE_LIMIT: &str = "x-ratelimit-";

/// An exchange as it was seen.
pub(super) struct Taken {
    asked: (Parts, Bytes),
    status: StatusCode,
    headers: HeaderMap,
    chunks: Vec<Bytes>,
    end: End,
}

/// Passes `response` on, and notes what of it is read.
pub(super) fn watch(
    asked: (Parts, Bytes),
    response: Response<Body>,
) -> (Response<Body>, Arc<Mutex<Taken>>) {
    let (head, body) = response.into_parts();
    let mut taken = Taken {
        asked,
        status: head.status,
        headers: head.headers.clone(),
        chunks: Vec::new(),
        end: End::Dropped,
    };
    let (body, taken) = match body.into_bytes() {
        Ok(bytes) => {
            taken.chunks.push(bytes.clone());
            taken.end = End::Proper;
            (bytes.into(), Arc::new(Mutex::new(taken)))
        }
        Err(body) => {
            let length = body.content_length();
            let taken = Arc::new(Mutex::new(taken));
            let watched = Body::from_stream(Watched(body, Arc::clone(&taken)));
            let watched = match length {
                Some(length) => watched.with_content_length(length),
                None => watched,
            };
            (watched, taken)
        }
    };
    (Response::from_parts(head, body), taken)
}

/// Notes every chunk that is read.
struct Watched(Body, Arc<Mutex<Taken>>);

impl Stream for Watched {
    type Item = Result<Bytes, TransportError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let item = ready!(Pin::new(&mut self.0).poll_next(cx));
        let mut taken = lock(&self.1);
        match &item {
            Some(Ok(bytes)) => taken.chunks.push(bytes.clone()),
            Some(Err(_)) => taken.end = End::Broken,
            None if taken.end == End::Dropped => taken.end = End::Proper,
            None => {}
        }
        drop(taken);
        Poll::Ready(item)
    }
}

/// What is written of a request, and compared; and what knows its secrets.
pub(super) fn request(parts: &Parts, body: &Bytes, named: &[String]) -> (TapeRequest, Scrubber) {
    let mut scrubber = Scrubber::new(named);
    scrubber.learn_headers(&parts.headers);
    scrubber.learn_url(&parts.uri);
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

impl Taken {
    /// What is written of it.
    pub(super) fn exchange(&self, named: &[String]) -> Exchange {
        let (parts, body) = &self.asked;
        let (request, mut scrubber) = request(parts, body, named);
        for name in REQUEST_ID_HEADERS {
            scrubber.learn(text(&self.headers, name).unwrap_or_default());
        }
        let media_type = text(&self.headers, CONTENT_TYPE.as_str()).unwrap_or_default();
        let end = self.end();
        let body = content(media_type, &self.chunks, end, &mut scrubber);
        let operation = parts.extensions.get::<RequestContext>();
        Exchange {
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

    /// A stream is not read beyond its end mark.
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

    /// Where a redirect leads, scrubbed as the URL of the request that follows it.
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

    /// The host is not written: a redirect within it must do without.
    fn without_origin<'a>(&self, location: &'a str) -> &'a str {
        let uri = &self.asked.0.uri;
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

/// A body as it is written.
fn content(media_type: &str, chunks: &[Bytes], end: End, scrubber: &mut Scrubber) -> Content {
    let mut whole = chunks.concat();
    if end != End::Proper {
        // What a line would have said cannot be told from its beginning.
        let lines = whole.iter().rposition(|byte| *byte == b'\n');
        whole.truncate(lines.map_or(0, |last| last + 1));
    }
    let essence = media_type.split(';').next().unwrap_or_default().trim();
    let is_json = essence.eq_ignore_ascii_case("application/json") || essence.ends_with("+json");
    if is_json
        && end == End::Proper
        && let Ok(mut value) = serde_json::from_slice::<Value>(&whole)
    {
        scrubber.learn_json(&value);
        scrubber.json(&mut value);
        return Content::Json(value);
    }
    if essence.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
        let as_text = String::from_utf8_lossy(&whole);
        scrubber.learn_query(&as_text);
        return Content::from_chunks([scrubber.query(&as_text).as_bytes()].into_iter());
    }
    for value in lines(&whole).filter_map(|(_, line)| serde_json::from_str(line).ok()) {
        scrubber.learn_json(&value);
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
    Content::from_chunks(ends.into_iter().map(|end| {
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

//! The requests that the emulator has received.

use std::cell::OnceCell;
use std::collections::VecDeque;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use serde_json::Value;

use crate::operations::operation_name;
use crate::recording::scrub::is_secret;

/// A request as the emulator received it.
///
/// ```
/// let emulator = mistral_emulator::Emulator::start()?;
/// for request in emulator.requests() {
///     println!("{} {} with {} bytes", request.method, request.path, request.body.len());
/// }
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct RecordedRequest {
    /// The method.
    pub method: Method,
    /// The path as it was sent, percent-encoded.
    pub path: String,
    /// The query as it was sent, without the `?`; `None` if there is no `?`.
    pub query: Option<String>,
    /// The headers. `Debug` output omits the values of those that are credentials.
    pub headers: HeaderMap,
    /// The body. Complete, unless [`body_length`](Self::body_length) is larger.
    pub body: Bytes,
    /// The length of the complete body in bytes.
    pub body_length: usize,
    /// The time at which the request was complete, by the system clock.
    pub received_at: SystemTime,
    /// The status of the response. `None` before the response and if a fault closed the
    /// connection.
    pub status: Option<u16>,
    /// The time until the headers of the response, or until the connection was closed.
    pub duration: Option<Duration>,
}

impl RecordedRequest {
    /// Returns the name of the operation in the official SDKs, such as `chat.complete`. `None` if
    /// the emulator does not know the route.
    #[must_use]
    pub fn operation(&self) -> Option<&'static str> {
        let body: OnceCell<Option<Value>> = OnceCell::new();
        let parse = || serde_json::from_slice(&self.body).ok();
        operation_name(&self.method, &self.path, || {
            body.get_or_init(parse).as_ref()
        })
    }
}

/// The bounds of the log of requests.
#[derive(Debug, Clone, Copy)]
pub(crate) struct LogLimits {
    /// The maximum number of requests.
    pub(crate) requests: usize,
    /// The maximum number of bytes of all bodies.
    pub(crate) body_bytes: usize,
}

impl Default for LogLimits {
    fn default() -> Self {
        Self {
            requests: 10_000,
            body_bytes: 64 * 1024 * 1024,
        }
    }
}

/// The last requests, with as much of their bodies as the limit allows.
#[derive(Debug)]
pub(super) struct RequestLog {
    requests: VecDeque<RecordedRequest>,
    /// The number of the request at the front.
    first: u64,
    /// The number of requests at the front whose body has been dropped.
    without_body: usize,
    body_bytes: usize,
    limits: LogLimits,
}

impl RequestLog {
    pub(super) fn new(limits: LogLimits) -> Self {
        Self {
            requests: VecDeque::new(),
            first: 0,
            without_body: 0,
            body_bytes: 0,
            limits,
        }
    }

    pub(super) fn requests(&self) -> Vec<RecordedRequest> {
        self.requests.iter().cloned().collect()
    }

    /// Adds a request and returns its number.
    pub(super) fn record(&mut self, request: &Parts, body: &Bytes) -> u64 {
        let LogLimits {
            requests,
            body_bytes,
        } = self.limits;
        if requests == 0 {
            return 0;
        }
        while self.requests.len() >= requests {
            self.drop_first();
        }
        // Copied: a part of a connection's read buffer would keep the whole buffer in memory.
        let kept = Bytes::copy_from_slice(body.get(..body_bytes).unwrap_or(body));
        self.body_bytes += kept.len();
        self.requests.push_back(RecordedRequest {
            method: request.method.clone(),
            path: request.uri.path().to_owned(),
            query: request.uri.query().map(str::to_owned),
            headers: copy(&request.headers),
            body: kept,
            body_length: body.len(),
            received_at: SystemTime::now(),
            status: None,
            duration: None,
        });
        while self.body_bytes > body_bytes
            && let Some(oldest) = self.requests.get_mut(self.without_body)
        {
            self.body_bytes -= std::mem::take(&mut oldest.body).len();
            self.without_body += 1;
        }
        self.first + self.requests.len() as u64 - 1
    }

    /// Adds the response to the request with this number, if the log still has it.
    pub(super) fn record_response(&mut self, number: u64, status: Option<u16>, took: Duration) {
        let index = number.checked_sub(self.first);
        let index = index.and_then(|index| usize::try_from(index).ok());
        if let Some(request) = index.and_then(|index| self.requests.get_mut(index)) {
            request.status = status;
            request.duration = Some(took);
        }
    }

    /// Removes all requests.
    pub(super) fn clear(&mut self) {
        self.first += self.requests.len() as u64;
        self.requests = VecDeque::new();
        (self.without_body, self.body_bytes) = (0, 0);
    }

    fn drop_first(&mut self) {
        let Some(first) = self.requests.pop_front() else {
            return;
        };
        self.first += 1;
        self.body_bytes -= first.body.len();
        self.without_body = self.without_body.saturating_sub(1);
    }
}

/// Copies headers into memory of their own.
fn copy(headers: &HeaderMap) -> HeaderMap {
    let mut copies = HeaderMap::with_capacity(headers.len());
    for (name, value) in headers {
        let name = HeaderName::from_bytes(name.as_str().as_bytes());
        if let (Ok(name), Ok(mut value)) = (name, HeaderValue::from_bytes(value.as_bytes())) {
            // Debug output of a recorded request must not contain a key, which may be a real one.
            value.set_sensitive(is_secret(name.as_str()));
            copies.append(name, value);
        }
    }
    copies
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(log: &mut RequestLog, path: &str, body: &'static [u8]) {
        let request = http::Request::builder().uri(path).body(()).unwrap();
        log.record(&request.into_parts().0, &Bytes::from_static(body));
    }

    /// The paths, the bodies, and the lengths of the complete bodies.
    fn kept(log: &RequestLog) -> Vec<(String, String, usize)> {
        let requests = log.requests().into_iter();
        let text = |body: Bytes| String::from_utf8(body.to_vec()).unwrap();
        requests
            .map(|it| (it.path, text(it.body), it.body_length))
            .collect()
    }

    fn entry(path: &str, body: &str, length: usize) -> (String, String, usize) {
        (path.to_owned(), body.to_owned(), length)
    }

    #[test]
    fn request_log_keeps_the_last_requests() {
        let mut log = RequestLog::new(LogLimits {
            requests: 2,
            ..LogLimits::default()
        });
        for path in ["/1", "/2", "/3"] {
            record(&mut log, path, b"body");
        }
        assert_eq!(kept(&log), [entry("/2", "body", 4), entry("/3", "body", 4)]);
        let mut none = RequestLog::new(LogLimits {
            requests: 0,
            ..LogLimits::default()
        });
        record(&mut none, "/1", b"body");
        assert_eq!(kept(&none), []);
    }

    #[test]
    fn request_log_adds_response_to_its_request() {
        let mut log = RequestLog::new(LogLimits {
            requests: 2,
            ..LogLimits::default()
        });
        let parts = http::Request::new(()).into_parts().0;
        let record = |log: &mut RequestLog| log.record(&parts, &Bytes::new());
        let [first, second, third] = [record(&mut log), record(&mut log), record(&mut log)];
        for (number, status) in [(first, 1), (third, 3)] {
            log.record_response(number, Some(status), Duration::ZERO);
        }
        let statuses = |log: &RequestLog| -> Vec<_> {
            log.requests()
                .iter()
                .map(|request| request.status)
                .collect()
        };
        assert_eq!(statuses(&log), [None, Some(3)]);
        log.record_response(second, Some(2), Duration::ZERO);
        assert_eq!(statuses(&log), [Some(2), Some(3)]);
        log.clear();
        assert!(record(&mut log) > third);
        log.record_response(third, Some(4), Duration::ZERO);
        assert_eq!(statuses(&log), [None]);
    }

    #[test]
    fn request_log_drops_the_oldest_bodies_first() {
        let mut log = RequestLog::new(LogLimits {
            requests: 3,
            body_bytes: 6,
        });
        record(&mut log, "/1", b"aaaa");
        record(&mut log, "/2", b"bbbb");
        let expected = [entry("/1", "", 4), entry("/2", "bbbb", 4)];
        assert_eq!(kept(&log), expected);
        record(&mut log, "/3", b"cccccccccc");
        let expected = [
            entry("/1", "", 4),
            entry("/2", "", 4),
            entry("/3", "cccccc", 10),
        ];
        assert_eq!(kept(&log), expected);
        record(&mut log, "/4", b"");
        record(&mut log, "/5", b"eeeeee");
        let expected = [
            entry("/3", "", 10),
            entry("/4", "", 0),
            entry("/5", "eeeeee", 6),
        ];
        assert_eq!(kept(&log), expected);
        assert_eq!(log.body_bytes, 6);
    }
}

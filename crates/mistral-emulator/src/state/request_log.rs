//! The requests that the emulator has received.

use std::collections::VecDeque;

use bytes::Bytes;
use http::request::Parts;
use http::{HeaderMap, Method, header};

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
    /// The headers. `Debug` output omits the value of `authorization`.
    pub headers: HeaderMap,
    /// The body. Complete, unless [`body_length`](Self::body_length) is larger.
    pub body: Bytes,
    /// The length of the complete body in bytes.
    pub body_length: usize,
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
    /// The number of requests at the front whose body has been dropped.
    without_body: usize,
    body_bytes: usize,
    limits: LogLimits,
}

impl RequestLog {
    pub(super) fn new(limits: LogLimits) -> Self {
        Self {
            requests: VecDeque::new(),
            without_body: 0,
            body_bytes: 0,
            limits,
        }
    }

    pub(super) fn requests(&self) -> Vec<RecordedRequest> {
        self.requests.iter().cloned().collect()
    }

    pub(super) fn record(&mut self, request: &Parts, body: &Bytes) {
        let LogLimits {
            requests,
            body_bytes,
        } = self.limits;
        if requests == 0 {
            return;
        }
        while self.requests.len() >= requests {
            self.drop_first();
        }
        let mut headers = request.headers.clone();
        // Debug output of a recorded request must not contain a key, which may be a real one.
        if let Some(key) = headers.get_mut(header::AUTHORIZATION) {
            key.set_sensitive(true);
        }
        let kept = match body.get(..body_bytes) {
            // Copied: a part of the body would keep the whole in memory.
            Some(start) if body.len() > body_bytes => Bytes::copy_from_slice(start),
            _ => body.clone(),
        };
        self.body_bytes += kept.len();
        self.requests.push_back(RecordedRequest {
            method: request.method.clone(),
            path: request.uri.path().to_owned(),
            query: request.uri.query().map(str::to_owned),
            headers,
            body: kept,
            body_length: body.len(),
        });
        while self.body_bytes > body_bytes
            && let Some(oldest) = self.requests.get_mut(self.without_body)
        {
            self.body_bytes -= std::mem::take(&mut oldest.body).len();
            self.without_body += 1;
        }
    }

    fn drop_first(&mut self) {
        let Some(first) = self.requests.pop_front() else {
            return;
        };
        self.body_bytes -= first.body.len();
        self.without_body = self.without_body.saturating_sub(1);
    }
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

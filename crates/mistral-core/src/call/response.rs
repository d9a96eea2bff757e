use bytes::Bytes;
use http::{HeaderMap, StatusCode};

use crate::json::lenient::Scalar;

/// A decoded response body with the status and headers of its HTTP response.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Response<T> {
    /// The decoded body.
    pub body: T,
    /// The HTTP status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body as it was received. Empty for a stream.
    pub raw_body: Bytes,
    /// The number of attempts that were made.
    pub attempts: u32,
}

impl<T> Response<T> {
    /// Returns the server's id of the request, which its support may ask for.
    pub fn request_id(&self) -> Option<&str> {
        crate::error::request_id(&self.headers)
    }

    #[cfg(feature = "blocking")]
    pub(crate) fn map<B>(self, change: impl FnOnce(T) -> B) -> Response<B> {
        Response {
            body: change(self.body),
            status: self.status,
            headers: self.headers,
            raw_body: self.raw_body,
            attempts: self.attempts,
        }
    }

    /// Returns the rate limits that the server reports in the headers.
    pub fn rate_limit(&self) -> RateLimit {
        RateLimit::read(&self.headers)
    }
}

/// The rate limits that a server reports in the headers of a response. Every one is optional.
///
/// Servers sometimes report negative remaining counts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct RateLimit {
    /// The number of requests allowed per minute.
    pub limit_requests: Option<i64>,
    /// The number of requests left in this minute.
    pub remaining_requests: Option<i64>,
    /// The number of tokens allowed per minute.
    pub limit_tokens: Option<i64>,
    /// The number of tokens left in this minute.
    pub remaining_tokens: Option<i64>,
    /// The number of tokens that this request was charged.
    pub query_cost: Option<i64>,
}

impl RateLimit {
    /// Reads the rate limits from the headers of a response.
    pub fn read(headers: &HeaderMap) -> Self {
        let first = |names: &[&str]| {
            names
                .iter()
                .find_map(|name| i64::from_string(headers.get(*name)?.to_str().ok()?.into()).ok())
        };
        Self {
            limit_requests: first(&["x-ratelimit-limit-req-minute", "x-ratelimit-limit-requests"]),
            remaining_requests: first(&[
                "x-ratelimit-remaining-req-minute",
                "x-ratelimit-remaining-requests",
            ]),
            limit_tokens: first(&[
                "x-ratelimit-limit-tokens-minute",
                "x-ratelimit-limit-tokens",
            ]),
            remaining_tokens: first(&[
                "x-ratelimit-remaining-tokens-minute",
                "x-ratelimit-remaining-tokens",
            ]),
            query_cost: first(&["x-ratelimit-tokens-query-cost"]),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rate_limit_headers_missing_or_invalid_are_none() {
        let mut headers = HeaderMap::new();
        assert_eq!(RateLimit::read(&headers), RateLimit::default());
        for (name, value) in [
            ("x-ratelimit-limit-req-minute", "60"),
            ("x-ratelimit-remaining-tokens", "-12"),
            ("x-ratelimit-limit-tokens-minute", "many"),
            ("x-ratelimit-tokens-query-cost", " 8.0 "),
        ] {
            headers.insert(name, value.parse().unwrap());
        }
        let limit = RateLimit::read(&headers);
        assert_eq!(limit.limit_requests, Some(60));
        assert_eq!(limit.remaining_requests, None);
        assert_eq!(limit.remaining_tokens, Some(-12));
        assert_eq!(limit.limit_tokens, None);
        assert_eq!(limit.query_cost, Some(8));
    }
}

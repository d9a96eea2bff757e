use bytes::Bytes;
use http::{HeaderMap, StatusCode};

/// A decoded answer together with the HTTP response that it came in.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Response<T> {
    /// The answer.
    pub body: T,
    /// The HTTP status.
    pub status: StatusCode,
    /// The response's headers.
    pub headers: HeaderMap,
    /// The response's body as it came. Empty for a stream.
    pub raw_body: Bytes,
    /// How many attempts were made.
    pub attempts: u32,
}

impl<T> Response<T> {
    /// The server's id of the request, to be given to its support.
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

    /// What the server says about its rate limits.
    pub fn rate_limit(&self) -> RateLimit {
        RateLimit::read(&self.headers)
    }
}

/// What a server says about its rate limits. Servers leave out what they like.
///
/// Remaining counts may be negative; that has been seen.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct RateLimit {
    /// Requests allowed per minute.
    pub limit_requests: Option<i64>,
    /// Requests left in this minute.
    pub remaining_requests: Option<i64>,
    /// Tokens allowed per minute.
    pub limit_tokens: Option<i64>,
    /// Tokens left in this minute.
    pub remaining_tokens: Option<i64>,
    /// What this request counted for, in tokens.
    pub query_cost: Option<i64>,
}

impl RateLimit {
    /// Reads the headers of a response.
    pub fn read(headers: &HeaderMap) -> Self {
        let first = |names: &[&str]| {
            names
                .iter()
                .find_map(|name| headers.get(*name)?.to_str().ok()?.trim().parse().ok())
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
    fn rate_limits_are_read_where_they_make_sense() {
        let mut headers = HeaderMap::new();
        assert_eq!(RateLimit::read(&headers), RateLimit::default());
        for (name, value) in [
            ("x-ratelimit-limit-req-minute", "60"),
            ("x-ratelimit-remaining-tokens", "-12"),
            ("x-ratelimit-limit-tokens-minute", "many"),
            ("x-ratelimit-tokens-query-cost", " 8 "),
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

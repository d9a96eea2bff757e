//! The delay that a server requests before a retry.

use std::time::{Duration, SystemTime};

use http::HeaderMap;
use http::header::RETRY_AFTER;

use crate::error::{Error, duration_of_seconds};

impl Error {
    /// Returns the delay that the server requested before the next attempt, from its headers
    /// `retry-after`, `retry-after-ms` or `x-ms-retry-after-ms`, or from the `RetryInfo` in the
    /// body of one of Google's errors. A date counts from now. A delay that is too long for a
    /// [`Duration`] is [`Duration::MAX`].
    ///
    /// For an error of a [`RateLimiter`](crate::rate_limit::RateLimiter), returns the time until the
    /// request could have been sent.
    pub fn retry_after(&self) -> Option<Duration> {
        let Some(api) = self.api() else {
            return self.local_retry_after();
        };
        retry_after(&api.headers).or(api.retry_delay())
    }
}

/// Reads the delay that the server requests: `retry-after-ms` and `x-ms-retry-after-ms` in
/// milliseconds, or `retry-after` in seconds or as a date.
pub(crate) fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = |name| headers.get(name)?.to_str().ok().map(str::trim);
    let milliseconds = ["retry-after-ms", "x-ms-retry-after-ms"]
        .into_iter()
        .find_map(|name| text(name)?.parse::<f64>().ok())
        .and_then(|milliseconds| duration_of_seconds(milliseconds / 1000.0));
    if milliseconds.is_some() {
        return milliseconds;
    }
    let value = text(RETRY_AFTER.as_str())?;
    if let Ok(seconds) = value.parse() {
        return duration_of_seconds(seconds);
    }
    let date = httpdate::parse_http_date(value).ok()?;
    Some(date.duration_since(SystemTime::now()).unwrap_or_default())
}

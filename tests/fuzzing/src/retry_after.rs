//! `Retry-After` headers.
//!
//! An input is header lines.

use std::time::Duration;

use http::{HeaderMap, StatusCode};
use mistral_sdk::call::RateLimit;
use mistral_sdk::{ErrorKind, MistralApi, RetryPolicy};
use tokio::time::Instant;

use crate::fixed_response::{FixedResponse, add_header, run};

/// Checks that any headers are accepted, that plain numbers are parsed exactly, and that no call
/// waits longer than its policy permits.
pub fn check(input: &[u8]) {
    let mut response = FixedResponse::new(StatusCode::TOO_MANY_REQUESTS, "");
    for line in input.split(|byte| *byte == b'\n') {
        add_header(&mut response.headers, line);
    }
    let _ = RateLimit::read(&response.headers);

    let policy = RetryPolicy::default();
    let client = response.client_of(MistralApi::new("key").unwrap(), policy.clone());
    let (error, waited) = run(async {
        let start = Instant::now();
        let error = client.models().list().await.unwrap_err();
        (error, start.elapsed())
    });
    assert_eq!(error.kind(), ErrorKind::RateLimited, "{error}");
    let retry_after = error.retry_after();
    if let Some(plain) = plain(&response.headers) {
        assert_eq!(retry_after, Some(plain), "{:?}", response.headers);
    }
    let attempts = response.sent.lock().unwrap().len();
    assert_eq!(Ok(attempts), usize::try_from(error.attempts()));
    assert!(waited <= policy.max_elapsed, "{waited:?}");
    let waits = u32::try_from(attempts - 1).unwrap();
    match retry_after {
        Some(retry_after) if retry_after > policy.max_retry_after => {
            assert_eq!(attempts, 1, "{retry_after:?}")
        }
        // The timer has millisecond resolution, and the delay until a date decreases.
        Some(retry_after) if plain(&response.headers).is_some() => {
            assert!(waited >= retry_after * waits)
        }
        Some(_) => {}
        None => assert!(waited <= policy.max_delay * waits, "{waited:?}"),
    }
    assert!(!error.to_string().contains('\n'));
}

/// Returns the delay of headers with whole milliseconds or seconds.
fn plain(headers: &HeaderMap) -> Option<Duration> {
    let number = |name: &str| {
        let text = headers.get(name)?.to_str().ok()?;
        let is_plain = (1..=9).contains(&text.len()) && text.bytes().all(|it| it.is_ascii_digit());
        is_plain.then(|| text.parse().ok()).flatten()
    };
    let milliseconds = number("retry-after-ms").map(Duration::from_millis);
    let no_milliseconds = ["retry-after-ms", "x-ms-retry-after-ms"]
        .into_iter()
        .all(|name| !headers.contains_key(name));
    let seconds = number("retry-after").filter(|_| no_milliseconds);
    milliseconds.or(seconds.map(Duration::from_secs))
}

//! How long a server asks to wait.
//!
//! An input is header lines.

use std::time::Duration;

use http::{HeaderMap, StatusCode};
use mistral_sdk::call::RateLimit;
use mistral_sdk::{ErrorKind, MistralApi, RetryPolicy};
use tokio::time::Instant;

use crate::answer::{Answer, add_header, run};

/// Any headers are read without harm, plain numbers as what they say, and no call waits
/// longer than its policy allows.
pub fn check(input: &[u8]) {
    let mut answer = Answer::new(StatusCode::TOO_MANY_REQUESTS, "");
    for line in input.split(|byte| *byte == b'\n') {
        add_header(&mut answer.headers, line);
    }
    let _ = RateLimit::read(&answer.headers);

    let policy = RetryPolicy::default();
    let client = answer.client_of(MistralApi::new("key").unwrap(), policy.clone());
    let (error, waited) = run(async {
        let start = Instant::now();
        let error = client.models().list().await.unwrap_err();
        (error, start.elapsed())
    });
    assert_eq!(error.kind(), ErrorKind::RateLimited, "{error}");
    let asked = error.retry_after();
    if let Some(plain) = plain(&answer.headers) {
        assert_eq!(asked, Some(plain), "{:?}", answer.headers);
    }
    let attempts = answer.sent.lock().unwrap().len();
    assert_eq!(Ok(attempts), usize::try_from(error.attempts()));
    assert!(waited <= policy.max_elapsed, "{waited:?}");
    let waits = u32::try_from(attempts - 1).unwrap();
    match asked {
        Some(asked) if asked > policy.max_retry_after => assert_eq!(attempts, 1, "{asked:?}"),
        // The timer counts in whole milliseconds, and a date comes nearer.
        Some(asked) if plain(&answer.headers).is_some() => assert!(waited >= asked * waits),
        Some(_) => {}
        None => assert!(waited <= policy.max_delay * waits, "{waited:?}"),
    }
    assert!(!error.to_string().contains('\n'));
}

/// What headers say in whole milliseconds, or in whole seconds.
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

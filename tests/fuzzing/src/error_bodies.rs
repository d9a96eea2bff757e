//! Error responses.
//!
//! An input is a response: its status, header lines, a blank line, the body.

use http::StatusCode;
use mistral_sdk::{Error, ErrorKind};

use crate::fixed_response::{FixedResponse, run};

/// The limit of a message's length.
const MAX_LINE: usize = 2000;

/// Checks that any response without a success status is an error of the status's kind, which keeps
/// the body and is displayed as one line.
pub fn check(input: &[u8]) {
    let response = FixedResponse::read(input);
    let Some(error) = error_of(&response) else {
        assert!(response.status.is_success(), "{}", response.status);
        return;
    };
    for displayed in [error.to_string(), format!("{error:#}")] {
        assert!(is_one_line(&displayed), "{displayed:?}");
        assert!(displayed.len() <= MAX_LINE, "{} bytes", displayed.len());
        assert!(displayed.contains(error.message()), "{displayed}");
    }
    let lines = format!("{error:?}");
    assert!(lines.split('\n').all(is_one_line), "{error:?}");

    let again = error_of(&response).unwrap();
    assert_eq!(again.kind(), error.kind());
    assert_eq!(again.message(), error.message());
    assert_eq!(again.code(), error.code());
    assert_eq!(again.request_id(), error.request_id());

    check_kind(response.status, &error);
    if let Some(api) = error.api() {
        assert_eq!(api.status, response.status);
        assert_eq!(api.headers, response.headers);
        assert_eq!(api.body, String::from_utf8_lossy(&response.body));
    } else {
        assert!(response.status.is_redirection() || response.status.is_success());
    }
}

fn error_of(response: &FixedResponse) -> Option<Error> {
    let client = response.client();
    run(async { client.models().retrieve("m").await }).err()
}

/// Checks that the status takes precedence over the body.
fn check_kind(status: StatusCode, error: &Error) {
    use ErrorKind::{
        Authentication, Config, Decode, Gone, InvalidRequest, NotFound, Overloaded,
        PermissionDenied, QuotaExceeded, RateLimited, Server, Timeout,
    };
    let possible: &[ErrorKind] = match status.as_u16() {
        200..=299 => return assert_ne!(error.kind(), Config, "{error}"),
        300..=399 => &[Config],
        401 => &[Authentication],
        402 => &[QuotaExceeded],
        403 => &[PermissionDenied],
        404 => &[NotFound],
        408 | 504 => &[Timeout],
        410 => &[Gone],
        429 => &[RateLimited, QuotaExceeded, Overloaded],
        503 | 529 => &[Overloaded],
        500 if error.is_context_length_exceeded() => &[InvalidRequest],
        500..=599 => &[Server, Overloaded],
        _ => &[InvalidRequest],
    };
    assert!(
        possible.contains(&error.kind()),
        "{:?}: {error}",
        error.kind()
    );
    assert_ne!(error.kind(), Decode, "{error}");
}

fn is_one_line(text: &str) -> bool {
    !text.contains(|it: char| it.is_control() || matches!(it, '\u{2028}' | '\u{2029}'))
}

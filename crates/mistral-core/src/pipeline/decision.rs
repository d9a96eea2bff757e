//! The decision that follows an exchange without a final response.

use std::time::Duration;

use http::StatusCode;

use super::redirect::{Redirect, Redirection};
use crate::error::Error;
use crate::provider::RetrySafety;
use crate::retry::RetryPolicy;

/// The next step of a call.
#[derive(Debug)]
pub(crate) enum Decision {
    /// Sends the request again after the delay.
    Retry(Duration, Error),
    /// Sends the request again with other credentials, if the provider has any.
    Reauthenticate(Error),
    /// Sends the request to the URL that the server named.
    Redirect(Box<Redirect>),
    /// Fails the call.
    GiveUp(Error),
}

/// The state of a call that a decision depends on.
#[derive(Debug)]
pub(crate) struct CallState<'a> {
    pub(crate) policy: &'a RetryPolicy,
    pub(crate) safety: RetrySafety,
    /// The number of retries so far.
    pub(crate) retries: u32,
    /// The time since the call began.
    pub(crate) elapsed: Duration,
    /// The time until the deadline of the call, if it has one.
    pub(crate) remaining: Option<Duration>,
    /// Whether the body of the request can be sent again.
    pub(crate) is_replayable: bool,
    /// Whether the request had credentials of the provider's that were not rejected before.
    pub(crate) can_reauthenticate: bool,
    /// A random number from 0 to 1, for the jitter of the delay.
    pub(crate) jitter: f64,
}

/// Decides what follows an exchange that ended in a redirect or an error.
#[cold]
pub(crate) fn decide(ended: Result<Redirection<'_>, Error>, call: &CallState<'_>) -> Decision {
    let error = match ended {
        Ok(redirection) => match redirection.follow() {
            Ok(redirect) => return Decision::Redirect(Box::new(redirect)),
            Err(error) => return Decision::GiveUp(error),
        },
        Err(error) => error,
    };
    if !call.is_replayable {
        return Decision::GiveUp(error);
    }
    if error.status() == Some(StatusCode::UNAUTHORIZED) && call.can_reauthenticate {
        return Decision::Reauthenticate(error);
    }
    let delay = call
        .policy
        .next_delay(&error, call.safety, call.retries, call.elapsed, call.jitter)
        .filter(|delay| call.remaining.is_none_or(|remaining| *delay < remaining));
    match delay {
        Some(delay) => Decision::Retry(delay, error),
        None => Decision::GiveUp(error),
    }
}

#[cfg(test)]
mod tests {
    use http::header::LOCATION;
    use http::{HeaderMap, HeaderValue, Method, Uri};
    use url::Url;

    use super::*;
    use crate::error::ApiError;
    use crate::transport::{RequestTarget, TransportError, TransportErrorKind};

    const SECOND: Duration = Duration::from_secs(1);

    fn status(status: u16) -> Error {
        let status = StatusCode::from_u16(status).unwrap();
        ApiError::parse(status, HeaderMap::new(), b"").into()
    }

    fn not_sent() -> Error {
        TransportError::new(TransportErrorKind::NotSent, "closed").into()
    }

    /// A redirect from `https://host/v1/models` to `location`.
    fn redirect(location: &'static str, state: &CallState<'_>) -> Decision {
        let url: Url = "https://host/v1/models".parse().unwrap();
        let uri = Uri::try_from(url.as_str()).unwrap();
        let mut headers = HeaderMap::new();
        headers.insert(LOCATION, HeaderValue::from_static(location));
        let redirection = Redirection {
            status: StatusCode::TEMPORARY_REDIRECT,
            headers: &headers,
            from: &RequestTarget { uri, url },
            method: &Method::GET,
            has_body: false,
            is_replayable: state.is_replayable,
            previous: None,
        };
        decide(Ok(redirection), state)
    }

    fn name(decision: &Decision) -> &'static str {
        match decision {
            Decision::Retry(..) => "retry",
            Decision::Reauthenticate(_) => "reauthenticate",
            Decision::Redirect(_) => "redirect",
            Decision::GiveUp(_) => "give up",
        }
    }

    #[test]
    fn retry_and_reauthentication_follow_from_error_and_state() {
        let policy = RetryPolicy::default();
        let state = || CallState {
            policy: &policy,
            safety: RetrySafety::Billable,
            retries: 0,
            elapsed: Duration::ZERO,
            remaining: None,
            is_replayable: true,
            can_reauthenticate: true,
            jitter: 1.0,
        };
        let spent = CallState {
            retries: 2,
            ..state()
        };
        let once = CallState {
            is_replayable: false,
            ..state()
        };
        let creates = CallState {
            safety: RetrySafety::NonIdempotent,
            ..state()
        };
        let rejected = CallState {
            can_reauthenticate: false,
            ..state()
        };
        let no_time = CallState {
            remaining: Some(SECOND / 2),
            ..state()
        };
        let some_time = CallState {
            remaining: Some(SECOND),
            ..state()
        };
        let late = CallState {
            elapsed: 121 * SECOND,
            ..state()
        };
        for (error, state, expected) in [
            (status(503), &state(), "retry"),
            (status(503), &some_time, "retry"),
            (status(503), &no_time, "give up"),
            (status(503), &late, "give up"),
            (status(503), &spent, "give up"),
            (status(503), &once, "give up"),
            (status(503), &creates, "give up"),
            (status(503), &rejected, "retry"),
            (status(400), &state(), "give up"),
            (status(401), &state(), "reauthenticate"),
            (status(401), &creates, "reauthenticate"),
            (status(401), &spent, "reauthenticate"),
            (status(401), &rejected, "give up"),
            (status(401), &once, "give up"),
            (not_sent(), &creates, "retry"),
            (not_sent(), &once, "give up"),
            (Error::config("no"), &state(), "give up"),
        ] {
            let text = error.to_string();
            let decision = decide(Err(error), state);
            assert_eq!(name(&decision), expected, "{text}: {state:?}");
        }
    }

    #[test]
    fn redirect_is_followed_within_the_origin_only() {
        let state = CallState {
            policy: &RetryPolicy::none(),
            safety: RetrySafety::NonIdempotent,
            retries: 0,
            elapsed: Duration::ZERO,
            remaining: None,
            is_replayable: true,
            can_reauthenticate: false,
            jitter: 0.0,
        };
        assert_eq!(name(&redirect("/v2/models", &state)), "redirect");
        assert_eq!(name(&redirect("https://host/x", &state)), "redirect");
        assert_eq!(name(&redirect("https://other/x", &state)), "give up");
        assert_eq!(name(&redirect("http://host/x", &state)), "give up");
    }

    #[test]
    fn retry_delay_is_the_jittered_backoff() {
        let policy = RetryPolicy::default();
        for (retries, jitter, expected) in [(0, 1.0, 500), (0, 0.5, 250), (1, 1.0, 1000)] {
            let state = CallState {
                policy: &policy,
                safety: RetrySafety::Idempotent,
                retries,
                elapsed: Duration::ZERO,
                remaining: None,
                is_replayable: true,
                can_reauthenticate: false,
                jitter,
            };
            let Decision::Retry(delay, error) = decide(Err(status(500)), &state) else {
                panic!("a 500 is retried");
            };
            assert_eq!(delay, Duration::from_millis(expected));
            assert_eq!(error.status(), Some(StatusCode::INTERNAL_SERVER_ERROR));
        }
    }
}

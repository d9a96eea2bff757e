//! A cache of the token of a source.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError, RwLock, Weak};
use std::time::Duration;

use http::HeaderValue;
use secrecy::ExposeSecret;
use tokio::runtime::Handle;
use tokio::time::{Instant, timeout};

use super::in_flight::InFlight;
use super::secret_header::secret_header;
use super::{Token, TokenSource};
use crate::error::{Error, Result};

/// The time before its expiry at which a token is refreshed, unless its lifetime is short.
const REFRESH_MARGIN: Duration = Duration::from_secs(300);
/// The longest wait for a new token while the current one is still valid.
const REFRESH_WAIT: Duration = Duration::from_secs(1);
/// The longest time that such a refresh goes on in the background.
const BACKGROUND_TIMEOUT: Duration = Duration::from_secs(60);
/// The time after a failure in which the source is not called again.
const FAILURE_BACKOFF: Duration = Duration::from_secs(1);
/// The time in which a token that replaced a rejected one is not replaced in its turn.
const REJECTION_BACKOFF: Duration = Duration::from_secs(1);

/// Caches the token of a [`TokenSource`] as a header value until it expires.
///
/// Concurrent callers share one in-flight fetch, driven by whichever of them is polled. It is
/// cancelled when the last caller is dropped.
///
/// A token is refreshed five minutes before it expires, or after four fifths of its lifetime if
/// that is later. The first caller after that time fetches a new one; other callers are
/// served the current token, which is still valid. If the fetch takes longer than a second, the
/// first caller is served the current token as well, and the fetch goes on in a task of its own for
/// up to 60 seconds altogether. If the fetch fails, the current token is used until it expires. After a
/// failure, the source is not called for one second: callers without a valid token fail with the
/// same error message.
///
/// Intended for providers; see [`Provider::authorize`](crate::provider::Provider::authorize).
pub struct TokenCache {
    source: Arc<dyn TokenSource>,
    state: Arc<RwLock<CacheState>>,
    /// The fetch in flight. It is owned by the callers that wait for it.
    in_flight: Mutex<Weak<InFlight>>,
}

#[derive(Default)]
struct CacheState {
    token: Option<CachedToken>,
    failure: Option<(Instant, String)>,
    /// The time at which `token` replaced a rejected one.
    replaced_at: Option<Instant>,
}

#[derive(Clone)]
struct CachedToken {
    header: HeaderValue,
    refresh_at: Option<Instant>,
    expires_at: Option<Instant>,
}

impl TokenCache {
    /// Creates a cache for the token of `source`.
    pub fn new(source: impl TokenSource) -> Self {
        Self::shared(Arc::new(source))
    }

    /// Creates a cache for the token of a shared source.
    pub fn shared(source: Arc<dyn TokenSource>) -> Self {
        Self {
            source,
            state: Arc::default(),
            in_flight: Mutex::default(),
        }
    }

    /// Returns the value of an `authorization` header with a valid token.
    ///
    /// `rejected` is the value that the server answered with a `401`. A cached token with this
    /// value is not returned again, and a new one is fetched. Concurrent callers whose token was
    /// rejected share that fetch. A new token that is rejected within one second is returned again,
    /// so that tokens are not replaced at the rate of calls.
    ///
    /// # Errors
    /// Fails with [`ErrorKind::Credentials`](crate::ErrorKind::Credentials) and the message of the
    /// source when no valid token can be obtained.
    pub async fn bearer(&self, rejected: Option<&HeaderValue>) -> Result<HeaderValue> {
        loop {
            if let Some(header) = self.fresh(rejected) {
                return Ok(header);
            }
            if let Some(header) = self.just_replaced(rejected) {
                return Ok(header);
            }
            if let Some(message) = self.recent_failure() {
                return self
                    .valid(rejected)
                    .ok_or_else(|| Error::credentials(message));
            }
            let Some((in_flight, is_new)) = self.join_or_start(rejected) else {
                continue; // the fetch of another caller has completed
            };
            if let Some(header) = self.valid(rejected) {
                if !is_new {
                    return Ok(header); // a valid token is served while a new one is fetched
                }
                // Boxed: it is rare, and would enlarge the future of every call.
                if let Some(header) = Box::pin(self.refresh(&in_flight, rejected)).await {
                    return Ok(header);
                }
            }
            if let Some(result) = in_flight.result().await {
                return result.or_else(|error| self.valid(rejected).ok_or(error));
            }
        }
    }

    /// Waits for a new token for a short time, and returns the current one if it does not arrive.
    /// Returns `None` if that is not valid any more.
    #[cold]
    async fn refresh(
        &self,
        in_flight: &Arc<InFlight>,
        rejected: Option<&HeaderValue>,
    ) -> Option<HeaderValue> {
        let runtime = Handle::try_current().ok()?;
        let fetch = Arc::clone(in_flight);
        // The fetch itself caches the token or the failure. It goes on if this caller is dropped.
        runtime.spawn(async move { timeout(BACKGROUND_TIMEOUT, fetch.result()).await.is_ok() });
        match timeout(REFRESH_WAIT, in_flight.result()).await {
            Ok(Some(Ok(header))) => Some(header),
            Ok(_) => self.fresh(rejected).or_else(|| self.valid(rejected)),
            Err(_) => {
                tracing::warn!("no new token within {REFRESH_WAIT:?}: the current one is used");
                self.valid(rejected)
            }
        }
    }

    /// Returns the rejected token if it has just replaced another rejected one.
    fn just_replaced(&self, rejected: Option<&HeaderValue>) -> Option<HeaderValue> {
        let rejected = rejected?;
        let state = self.state.read().unwrap_or_else(PoisonError::into_inner);
        let is_current = state.token.as_ref()?.header == *rejected;
        let is_new = state.replaced_at?.elapsed() < REJECTION_BACKOFF;
        (is_current && is_new).then(|| rejected.clone())
    }

    /// Returns the fetch in flight, or a new one, and whether it is new. Returns `None` if one has
    /// just completed.
    fn join_or_start(&self, rejected: Option<&HeaderValue>) -> Option<(Arc<InFlight>, bool)> {
        let mut in_flight = self
            .in_flight
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(current) = in_flight.upgrade().filter(|fetch| !fetch.is_completed()) {
            return Some((current, false));
        }
        if self.fresh(rejected).is_some() || self.recent_failure().is_some() {
            return None;
        }
        let is_replacement = rejected.is_some();
        let fetch = fetch(
            Arc::clone(&self.source),
            Arc::clone(&self.state),
            is_replacement,
        );
        let new = Arc::new(InFlight::new(fetch));
        *in_flight = Arc::downgrade(&new);
        Some((new, true))
    }

    /// Returns the cached header unless it is due for a refresh.
    fn fresh(&self, rejected: Option<&HeaderValue>) -> Option<HeaderValue> {
        self.cached_until(rejected, |token| token.refresh_at)
    }

    /// Returns the cached header unless it has expired.
    fn valid(&self, rejected: Option<&HeaderValue>) -> Option<HeaderValue> {
        self.cached_until(rejected, |token| token.expires_at)
    }

    /// Returns the cached header unless it was rejected or `end` has passed.
    fn cached_until(
        &self,
        rejected: Option<&HeaderValue>,
        end: fn(&CachedToken) -> Option<Instant>,
    ) -> Option<HeaderValue> {
        let state = self.state.read().unwrap_or_else(PoisonError::into_inner);
        let token = state.token.as_ref()?;
        let is_valid = end(token).is_none_or(|end| Instant::now() < end);
        (is_valid && rejected != Some(&token.header)).then(|| token.header.clone())
    }

    fn recent_failure(&self) -> Option<String> {
        let state = self.state.read().unwrap_or_else(PoisonError::into_inner);
        let (at, message) = state.failure.as_ref()?;
        (at.elapsed() < FAILURE_BACKOFF).then(|| message.clone())
    }
}

/// Fetches a token from the source and caches the token or the failure.
async fn fetch(
    source: Arc<dyn TokenSource>,
    state: Arc<RwLock<CacheState>>,
    is_replacement: bool,
) -> Result<HeaderValue> {
    let fetched = match source.token().await {
        Ok(token) => CachedToken::new(token),
        Err(error) => Err(error),
    };
    let mut state = state.write().unwrap_or_else(PoisonError::into_inner);
    match fetched {
        Ok(token) => {
            let header = token.header.clone();
            *state = CacheState {
                token: Some(token),
                failure: None,
                replaced_at: is_replacement.then(Instant::now),
            };
            Ok(header)
        }
        Err(error) => {
            state.failure = Some((Instant::now(), error_chain(&error)));
            Err(error)
        }
    }
}

impl CachedToken {
    fn new(token: Token) -> Result<Self> {
        let Token { secret, expires_in } = token;
        let header = secret_header("Bearer", secret.expose_secret())
            .map_err(|reason| Error::credentials(format!("the token {reason}")))?;
        let now = Instant::now();
        let after = |time: Duration| now.checked_add(time);
        Ok(Self {
            header,
            refresh_at: expires_in.and_then(|lifetime| {
                let margin = REFRESH_MARGIN.min(lifetime / 5);
                after(lifetime.saturating_sub(margin))
            }),
            expires_at: expires_in.and_then(after),
        })
    }
}

/// Joins the causes of an error, without its own message, which is the same for all such errors.
fn error_chain(error: &Error) -> String {
    let mut causes =
        std::iter::successors(std::error::Error::source(error), |&cause| cause.source());
    match causes.next() {
        Some(first) => causes.fold(first.to_string(), |text, cause| format!("{text}: {cause}")),
        None => error.to_string(),
    }
}

/// Writes the source, never a token.
impl fmt::Debug for TokenCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("TokenCache").field(&self.source).finish()
    }
}

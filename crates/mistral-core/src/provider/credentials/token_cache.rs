//! Tokens, kept as long as they are good.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError, RwLock, Weak};
use std::time::Duration;

use http::HeaderValue;
use secrecy::ExposeSecret;
use tokio::time::Instant;

use super::in_flight::Asking;
use super::secret_header::secret_header;
use super::{Token, TokenSource};
use crate::error::{Error, Result};

/// How long before its end a token is renewed, unless it lives too short for that.
const RENEW_BEFORE: Duration = Duration::from_secs(300);
/// How long a source that failed is left alone.
const REST_AFTER_FAILURE: Duration = Duration::from_secs(1);

/// Keeps the token of a [`TokenSource`] as a header, for as long as it is good.
///
/// However many calls want a token at once, the source is asked once, and whichever of them is
/// polled carries that on; it is given up when none of them is left. A token is renewed
/// five minutes before its end, or after four fifths of a shorter life, by the call that
/// finds it so old; nothing runs in the background, and calls in that time go with the token
/// that is still good. While a token is still good, a source
/// that fails does no harm. A source that has failed is not asked again for a second: the
/// calls in that time fail with its words.
///
/// Meant for providers; see [`Provider::authorize`](crate::provider::Provider::authorize).
pub struct TokenCache {
    source: Arc<dyn TokenSource>,
    state: Arc<RwLock<State>>,
    /// The request to the source that is under way, as long as somebody waits for it.
    asking: Mutex<Weak<Asking>>,
}

#[derive(Default)]
struct State {
    token: Option<Kept>,
    failure: Option<(Instant, String)>,
}

#[derive(Clone)]
struct Kept {
    header: HeaderValue,
    renew_at: Option<Instant>,
    ends_at: Option<Instant>,
}

impl TokenCache {
    /// Keeps what `source` gives.
    pub fn new(source: impl TokenSource) -> Self {
        Self::shared(Arc::new(source))
    }

    /// Keeps what a shared source gives.
    pub fn shared(source: Arc<dyn TokenSource>) -> Self {
        Self {
            source,
            state: Arc::default(),
            asking: Mutex::default(),
        }
    }

    /// The value of an `authorization` header with a token that is good.
    ///
    /// `rejected` is the value that a server has refused: if it is the one that is kept, it
    /// is dropped, and the source is asked for another. Many calls that were refused with
    /// the same token ask for one new token together.
    ///
    /// # Errors
    /// Fails with [`ErrorKind::Credentials`](crate::ErrorKind::Credentials), in the words of
    /// the source, when there is none.
    pub async fn bearer(&self, rejected: Option<&HeaderValue>) -> Result<HeaderValue> {
        loop {
            if let Some(header) = self.fresh(rejected) {
                return Ok(header);
            }
            if let Some(words) = self.recent_failure() {
                return self
                    .still_good(rejected)
                    .ok_or_else(|| Error::credentials(words));
            }
            let Some((asking, is_own)) = self.asking(rejected) else {
                continue; // another call was quicker
            };
            if !is_own && let Some(header) = self.still_good(rejected) {
                return Ok(header); // who can do without the new token does not wait for it
            }
            if let Some(answer) = asking.answer().await {
                return answer.or_else(|error| self.still_good(rejected).ok_or(error));
            }
        }
    }

    /// The request to the source that is under way, or a new one, and whether it is new. `None`
    /// if one has just been answered.
    fn asking(&self, rejected: Option<&HeaderValue>) -> Option<(Arc<Asking>, bool)> {
        let mut asking = self.asking.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(asking) = asking.upgrade().filter(|asking| !asking.is_answered()) {
            return Some((asking, false));
        }
        if self.fresh(rejected).is_some() || self.recent_failure().is_some() {
            return None;
        }
        let request = ask(Arc::clone(&self.source), Arc::clone(&self.state));
        let new = Arc::new(Asking::new(request));
        *asking = Arc::downgrade(&new);
        Some((new, true))
    }

    /// The kept header, if it needs no renewal.
    fn fresh(&self, rejected: Option<&HeaderValue>) -> Option<HeaderValue> {
        self.kept(rejected, |kept| kept.renew_at)
    }

    /// The kept header, if it is good for at least another moment.
    fn still_good(&self, rejected: Option<&HeaderValue>) -> Option<HeaderValue> {
        self.kept(rejected, |kept| kept.ends_at)
    }

    fn kept(
        &self,
        rejected: Option<&HeaderValue>,
        end: fn(&Kept) -> Option<Instant>,
    ) -> Option<HeaderValue> {
        let state = self.state.read().unwrap_or_else(PoisonError::into_inner);
        let kept = state.token.as_ref()?;
        let is_good = end(kept).is_none_or(|end| Instant::now() < end);
        (is_good && rejected != Some(&kept.header)).then(|| kept.header.clone())
    }

    fn recent_failure(&self) -> Option<String> {
        let state = self.state.read().unwrap_or_else(PoisonError::into_inner);
        let (at, words) = state.failure.as_ref()?;
        (at.elapsed() < REST_AFTER_FAILURE).then(|| words.clone())
    }
}

/// Asks the source, and keeps what came of it.
async fn ask(source: Arc<dyn TokenSource>, state: Arc<RwLock<State>>) -> Result<HeaderValue> {
    let kept = match source.token().await {
        Ok(token) => Kept::of(token),
        Err(error) => Err(error),
    };
    let mut state = state.write().unwrap_or_else(PoisonError::into_inner);
    match kept {
        Ok(kept) => {
            let header = kept.header.clone();
            *state = State {
                token: Some(kept),
                failure: None,
            };
            Ok(header)
        }
        Err(error) => {
            state.failure = Some((Instant::now(), words(&error)));
            Err(error)
        }
    }
}

impl Kept {
    fn of(token: Token) -> Result<Self> {
        let Token { secret, expires_in } = token;
        let header = secret_header("Bearer", secret.expose_secret())
            .map_err(|why| Error::credentials(format!("the token {why}")))?;
        let now = Instant::now();
        let after = |time: Duration| now.checked_add(time);
        Ok(Self {
            header,
            renew_at: expires_in.and_then(|life| {
                let early = RENEW_BEFORE.min(life / 5);
                after(life.saturating_sub(early))
            }),
            ends_at: expires_in.and_then(after),
        })
    }
}

/// What an error of a source says, without what every such error begins with.
fn words(error: &Error) -> String {
    let mut causes =
        std::iter::successors(std::error::Error::source(error), |&cause| cause.source());
    match causes.next() {
        Some(first) => causes.fold(first.to_string(), |text, cause| format!("{text}: {cause}")),
        None => error.to_string(),
    }
}

/// Prints the source, never a token.
impl fmt::Debug for TokenCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("TokenCache").field(&self.source).finish()
    }
}

//! Hedging: a second request beside a first one that takes long.

use std::fmt::Debug;
use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::time::{Instant, sleep};
use tracing::Span;

use super::credentials::Credentials;
use super::exchange::{AttemptResult, Exchange};
use super::request::RequestParts;
use crate::error::{ErrorKind, Result};
use crate::provider::RetrySafety;
use crate::retry::{Hedging, LatencyKey};
use crate::transport::current_runtime;

type AttemptFuture<'a> = Pin<Box<dyn Future<Output = AttemptResult> + Send + 'a>>;

/// Performs an attempt of a call with up to two requests.
///
/// A trait object, so that only programs that hedge contain the code.
pub(crate) trait Hedge: Debug + Send + Sync {
    fn attempt<'a, 'c: 'a>(&'a self, exchange: &'a mut Exchange<'c>) -> AttemptFuture<'a>;
}

impl Hedge for Hedging {
    fn attempt<'a, 'c: 'a>(&'a self, exchange: &'a mut Exchange<'c>) -> AttemptFuture<'a> {
        Box::pin(attempt(self, exchange))
    }
}

impl<'a> Exchange<'a> {
    /// Returns the hedging of the next attempt, if it is hedged.
    #[inline]
    pub(super) fn hedge(&self) -> Option<&'a dyn Hedge> {
        let own = self.request.options().and_then(|own| own.hedge.as_ref());
        let hedge = own.unwrap_or(&self.pipeline.hedge).as_deref()?;
        self.is_hedgeable().then_some(hedge)
    }

    /// Whether a second request is without effects, and the first one has not failed: a server that
    /// rejects requests must not receive more of them.
    #[cold]
    fn is_hedgeable(&self) -> bool {
        let is_in_memory = self.body.as_ref().is_none_or(|body| body.bytes().is_some());
        let is_first = self.retries == 0 && self.rejected.is_none() && self.redirect.is_none();
        let safety = self.request.operation.retry_safety;
        is_in_memory && is_first && safety != RetrySafety::NonIdempotent
    }

    fn latency_key(&self) -> LatencyKey {
        let operation = self.request.operation.name.clone();
        (operation, self.request.model.clone())
    }

    /// Returns an exchange for a second request of the same attempt.
    fn second(&self) -> Self {
        Self {
            pipeline: self.pipeline,
            request: self.request,
            route: Arc::clone(&self.route),
            body: self.body.clone(),
            timeouts: self.timeouts,
            deadline: self.deadline,
            started: self.started,
            attempts: self.attempts + 1,
            retries: self.retries,
            cost_of_retry: None,
            may_have_arrived: self.may_have_arrived,
            body_sent_at: None,
            redirect: None,
            credentials: Credentials::default(),
            rejected: None,
        }
    }
}

impl RequestParts {
    #[inline]
    pub(crate) fn set_hedging(&mut self, hedging: Option<Hedging>) -> Result<()> {
        if let Some(hedging) = &hedging {
            hedging.check()?;
        }
        let hedge = hedging.map(|hedging| Arc::new(hedging) as Arc<dyn Hedge>);
        self.options_mut().hedge = Some(hedge);
        Ok(())
    }
}

async fn attempt(hedging: &Hedging, exchange: &mut Exchange<'_>) -> AttemptResult {
    let started = Instant::now();
    let key = exchange.latency_key();
    let delay = hedging.delay(&key).filter(|_| current_runtime().is_ok());
    let result = match delay {
        Some(delay) => attempt_with_second(delay, exchange).await,
        None => exchange.attempt(pin!(None)).await,
    };
    if let Ok(Ok(_)) = result {
        hedging.observe(key, started.elapsed());
    }
    result
}

/// Sends the request, and once more if there is no response after `delay`.
async fn attempt_with_second(delay: Duration, exchange: &mut Exchange<'_>) -> AttemptResult {
    let mut other = exchange.second();
    let (result, is_second) = {
        let mut timers = (pin!(None), pin!(None));
        let mut first = pin!(exchange.attempt(timers.0.as_mut()));
        if let Some(result) = before(delay, first.as_mut()).await {
            return result;
        }
        if !pay(&other, delay) {
            return first.await;
        }
        first_response(first, pin!(other.attempt(timers.1.as_mut()))).await
    };
    // The server may have received the other request, too.
    other.may_have_arrived = true;
    exchange.may_have_arrived = true;
    if is_second {
        *exchange = other;
    } else {
        exchange.attempts = exchange.attempts.max(other.attempts);
    }
    Span::current().record("mistral.hedge", if is_second { "won" } else { "lost" });
    result
}

/// Returns the output of `work`, or `None` if it takes longer than `delay`.
async fn before<F: Future>(delay: Duration, mut work: Pin<&mut F>) -> Option<F::Output> {
    let mut timer = pin!(sleep(delay));
    poll_fn(|cx| match work.as_mut().poll(cx) {
        Poll::Ready(output) => Poll::Ready(Some(output)),
        Poll::Pending => timer.as_mut().poll(cx).map(|()| None),
    })
    .await
}

/// Pays for the second request. Returns whether the quota allows it.
fn pay(second: &Exchange<'_>, delay: Duration) -> bool {
    let operation = &*second.request.operation.name;
    match second.pipeline.quota.pay_for_hedge() {
        Ok(payment) => {
            let quota_left = payment.left;
            Span::current().record("mistral.retry_quota_left", quota_left);
            tracing::debug!(operation, ?delay, quota_left, "sending a second request");
            true
        }
        Err(exhausted) => {
            let quota_left = exhausted.left;
            let message = "not hedged: the retry quota of the client is exhausted";
            tracing::debug!(operation, ?delay, quota_left, "{message}");
            false
        }
    }
}

/// Returns the first response, and whether it is that of the second request. After two failures, the
/// result is the failure of the first request.
async fn first_response<F, S>(
    mut first: Pin<&mut F>,
    mut second: Pin<&mut S>,
) -> (AttemptResult, bool)
where
    F: Future<Output = AttemptResult>,
    S: Future<Output = AttemptResult>,
{
    let (mut first_failure, mut second_failed) = (None, false);
    poll_fn(|cx| {
        if first_failure.is_none()
            && let Poll::Ready(result) = first.as_mut().poll(cx)
        {
            if is_final(&result) {
                return Poll::Ready((result, false));
            }
            first_failure = Some(result);
        }
        if !second_failed && let Poll::Ready(result) = poll_second(second.as_mut(), cx) {
            match result {
                Some(result) => return Poll::Ready((result, true)),
                None => second_failed = true,
            }
        }
        match first_failure.take_if(|_| second_failed) {
            Some(failure) => Poll::Ready((failure, false)),
            None => Poll::Pending,
        }
    })
    .await
}

/// Polls the second request. `None`: it failed, and the first one decides.
fn poll_second<S: Future<Output = AttemptResult>>(
    second: Pin<&mut S>,
    cx: &mut Context<'_>,
) -> Poll<Option<AttemptResult>> {
    let result = second.poll(cx);
    result.map(|result| Some(result).filter(|result| result.is_ok() && is_final(result)))
}

/// Whether the result ends the attempt: a response, or an error that another request would have, too.
/// A quota that is exhausted rejects the second request, but not the first one.
fn is_final(result: &AttemptResult) -> bool {
    match result {
        Ok(Err(error)) => !error.is_retryable() && error.kind() != ErrorKind::QuotaExceeded,
        _ => true,
    }
}

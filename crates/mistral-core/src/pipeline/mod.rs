//! The pipeline of a call: exchange, decide, and so on until there is a response or an error.

pub(crate) mod classify;
pub(crate) mod client_headers;
pub(crate) mod collect;
mod compression;
pub(crate) mod credentials;
pub(crate) mod deadline;
mod decision;
pub(crate) mod deprecation;
mod exchange;
pub(crate) mod hedging;
pub(crate) mod multipart;
mod next_attempt;
mod query;
mod raw_body;
mod redirect;
pub(crate) mod request;
pub(crate) mod route_cache;
mod signed_url;
mod signing;
pub(crate) mod telemetry;
mod trace_context;

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::sleep;
use tracing::{Instrument, Span};

use self::classify::RawResponse;
use self::client_headers::ClientHeaders;
use self::deadline::{Deadline, Timeouts, Timer, timeout_at};
use self::decision::{Decision, decide};
use self::deprecation::DeprecationWarnings;
use self::exchange::Exchange;
use self::hedging::Hedge;
use self::request::RequestParts;
use self::route_cache::RouteCache;
use self::telemetry::{CaptureContent, OnCallEnd, Propagate, Trace, describe, error_type};
use crate::error::{Error, Result, TimeoutPhase};
use crate::provider::Provider;
use crate::retry::{OnRetry, Payment, QuotaExhausted, RetryEvent, RetryPolicy, RetryQuota};
use crate::transport::{Transport, current_runtime};

/// The state that all calls of a client share.
#[derive(Debug)]
pub(crate) struct Pipeline {
    pub(crate) provider: Arc<dyn Provider>,
    pub(crate) transport: Arc<dyn Transport>,
    pub(crate) retry: RetryPolicy,
    pub(crate) quota: RetryQuota,
    pub(crate) hedge: Option<Arc<dyn Hedge>>,
    pub(crate) on_retry: OnRetry,
    pub(crate) headers: ClientHeaders,
    pub(crate) propagate: Propagate,
    pub(crate) capture: CaptureContent,
    pub(crate) on_call_end: OnCallEnd,
    pub(crate) timeouts: Timeouts,
    pub(crate) max_event_size: usize,
    pub(crate) max_response_size: usize,
    pub(crate) routes: RouteCache,
    pub(crate) deprecations: DeprecationWarnings,
}

impl Pipeline {
    /// Performs a call, within a span if a subscriber is interested. Its end is reported to the
    /// listener of the client.
    pub(crate) async fn call(&self, request: &RequestParts) -> Result<RawResponse> {
        let route = || {
            let is_routable =
                self.provider.is_prepared() && self.provider.supports(&request.operation);
            let route = is_routable.then(|| self.routes.resolve(&*self.provider, request));
            route?.ok()
        };
        let (provider, listener) = (&*self.provider, &self.on_call_end);
        let trace = Trace::open(provider, request, &self.capture, listener, route);
        let span = trace
            .as_ref()
            .map_or_else(Span::none, |it| it.span().clone());
        // Instrumented also without a span: the program would contain `run` twice otherwise.
        let outcome = self.run(request).instrument(span).await;
        match trace {
            Some(trace) => trace.ended(outcome),
            None => outcome,
        }
    }

    /// Performs a call, in as many attempts as the retry policy allows.
    async fn run(&self, request: &RequestParts) -> Result<RawResponse> {
        let at = |attempts| move |error: Error| error.at(request.operation.name.clone(), attempts);
        if !self.provider.is_prepared() && self.provider.supports(&request.operation) {
            Box::pin(self.prepare(request)).await.map_err(at(0))?;
        }
        let with_context;
        let request = match request.options().and_then(|own| own.add_trace_context) {
            Some(add) => {
                with_context = add(request, &self.propagate).map_err(at(0))?;
                &*with_context
            }
            None => request,
        };
        let mut exchange = Exchange::new(self, request)?;
        let mut timer: Timer<'_> = pin!(None);
        loop {
            let outcome = match exchange.hedge() {
                Some(hedge) => hedge.attempt(&mut exchange).await,
                None => exchange.attempt(timer.as_mut()).await,
            };
            let unsent = |error: Error| {
                let error = error.with_earlier_arrival(exchange.may_have_arrived);
                at(exchange.attempts)(error)
            };
            let decision = match outcome.map_err(unsent)? {
                Ok(response) if response.status().is_redirection() => {
                    decide(Ok(exchange.redirection(&response)), &exchange.state())
                }
                Ok(response) => {
                    self.deprecations.check(request, response.headers());
                    self.quota.refill(exchange.cost_of_retry);
                    return Ok(exchange.into_response(response));
                }
                Err(error) => {
                    let error = at(exchange.attempts)(exchange.complete(error));
                    decide(Err(error), &exchange.state())
                }
            };
            match decision {
                Decision::Redirect(redirect) => exchange.redirect(redirect),
                Decision::Reauthenticate(error) => exchange.reauthenticate(error),
                Decision::Retry(delay, error) => {
                    current_runtime().map_err(|error| at(exchange.attempts)(error.into()))?;
                    match exchange.pay_for_retry(&error) {
                        Ok(payment) => self.notify_retry(request, &error, delay, payment),
                        Err(exhausted) => return Err(not_retried(error, &exhausted)),
                    }
                    exchange.retry(&error);
                    sleep(delay).await;
                }
                Decision::GiveUp(error) => {
                    return Err(at(exchange.attempts)(exchange.complete(error)));
                }
            }
        }
    }

    /// Runs what the provider must do before it can route, within the timeout of the call.
    #[cold]
    async fn prepare(&self, request: &RequestParts) -> Result<()> {
        let deadline = Deadline::after(self.timeouts_of(request).total, TimeoutPhase::Total);
        timeout_at(pin!(None), deadline, self.provider.prepare().as_mut()).await?
    }

    /// Adds the provider's advice to an error that the server responded with.
    #[cold]
    fn advised(&self, error: Error) -> Error {
        let hint = error
            .api()
            .and_then(|response| self.provider.hint(response));
        error.with_hint(hint)
    }

    fn timeouts_of(&self, request: &RequestParts) -> Timeouts {
        let overrides = request.options().map(|options| &options.timeouts);
        overrides.map_or(self.timeouts, |overrides| overrides.over(&self.timeouts))
    }

    /// Returns the largest size of the response to `request`, in bytes.
    pub(crate) fn max_response_size(&self, request: &RequestParts) -> usize {
        let own = request.options().and_then(|own| own.max_response_size);
        own.unwrap_or(self.max_response_size)
    }

    /// Reports a retry to the log and to the listener.
    #[cold]
    fn notify_retry(
        &self,
        request: &RequestParts,
        error: &Error,
        delay: Duration,
        payment: Payment,
    ) {
        let operation = &request.operation.name;
        let quota_left = payment.left;
        Span::current().record("mistral.retry_quota_left", quota_left);
        tracing::debug!(
            operation = %operation,
            attempt = error.attempts(),
            ?delay,
            quota_left,
            "error.type" = error_type(error.kind()),
            error = describe(error),
            "retrying"
        );
        self.on_retry.notify(&RetryEvent {
            operation,
            attempt: error.attempts(),
            delay,
            reason: error,
            quota_left,
        });
    }
}

/// Returns the error of a call that would have been retried. The span and the log report it.
#[cold]
fn not_retried(error: Error, exhausted: &QuotaExhausted) -> Error {
    let quota_left = exhausted.left;
    Span::current().record("mistral.retry_quota_left", quota_left);
    tracing::debug!(
        operation = error.operation(),
        attempt = error.attempts(),
        quota_left,
        "error.type" = error_type(error.kind()),
        error = describe(&error),
        "not retried: the retry quota of the client is exhausted"
    );
    error.with_exhausted_quota()
}

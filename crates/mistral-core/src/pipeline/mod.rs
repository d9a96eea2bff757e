//! One call from start to finish: route, authorize, send, classify, repeat.

pub(crate) mod classify;
pub(crate) mod deadline;
mod exchange;
pub(crate) mod multipart;
mod redirect;
pub(crate) mod request;
pub(crate) mod route_cache;
pub(crate) mod telemetry;

use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use http::{HeaderMap, StatusCode};
use tokio::time::{Instant, sleep};
use tracing::Instrument;

use crate::error::{Error, Result, TimeoutPhase};
use crate::pipeline::classify::Answer;
use crate::pipeline::deadline::{Deadline, Timeouts, Timer, within};
use crate::pipeline::exchange::{Attempt, Received};
use crate::pipeline::request::Prepared;
use crate::pipeline::route_cache::Routes;
use crate::pipeline::telemetry::{CaptureContent, Propagate, Trace, describe, error_type};
use crate::provider::Provider;
use crate::retry::RetryPolicy;
use crate::retry::{OnRetry, RetryEvent};
use crate::transport::{Payload, Transport};

/// What all calls of a client share.
#[derive(Debug)]
pub(crate) struct Engine {
    pub(crate) provider: Arc<dyn Provider>,
    pub(crate) transport: Arc<dyn Transport>,
    pub(crate) retry: RetryPolicy,
    pub(crate) on_retry: OnRetry,
    pub(crate) propagate: Propagate,
    pub(crate) capture: CaptureContent,
    pub(crate) timeouts: Timeouts,
    pub(crate) max_event_size: usize,
    pub(crate) routes: Routes,
}

impl Engine {
    /// Performs a call, within a span if anybody listens.
    pub(crate) async fn perform(&self, request: &Prepared) -> Result<Answer> {
        let route = || {
            let is_routable =
                self.provider.is_prepared() && self.provider.supports(&request.operation);
            let route = is_routable.then(|| self.routes.resolve(&*self.provider, request));
            route?.ok()
        };
        if let Some(trace) = Trace::open(&*self.provider, request, &self.capture, route) {
            return self.traced(request, trace).await;
        }
        self.attempts(request).await
    }

    /// Boxed, because mostly nobody listens.
    #[cold]
    fn traced<'a>(
        &'a self,
        request: &'a Prepared,
        mut trace: Box<Trace>,
    ) -> Pin<Box<dyn Future<Output = Result<Answer>> + Send + 'a>> {
        Box::pin(async move {
            let span = trace.span().clone();
            match self.attempts(request).instrument(span).await {
                Ok(mut answer) => {
                    trace.answered(&answer.response, answer.attempts);
                    answer.trace = Some(trace);
                    Ok(answer)
                }
                Err(error) => {
                    trace.refused(&error);
                    Err(error)
                }
            }
        })
    }

    /// Performs a call, in as many attempts as the retry policy allows.
    async fn attempts(&self, request: &Prepared) -> Result<Answer> {
        let name = || request.operation.name.clone();
        if !self.provider.is_prepared() && self.provider.supports(&request.operation) {
            let prepared = Box::pin(self.prepare_provider(request)).await;
            prepared.map_err(|error| error.at(name(), 0))?;
        }
        let mut attempt = self.prepare(request).map_err(|error| error.at(name(), 0))?;
        let started = Instant::now();
        let (mut attempts, mut retries) = (0, 0);
        let mut refused: Option<Box<(HeaderMap, Error)>> = None;
        let mut timer: Timer<'_> = pin!(None);
        loop {
            // In a scope of its own, so that the future need not keep the headers.
            let (credentials, sending) = {
                let rejected = refused.as_ref().map(|refused| &refused.0);
                let headers = match attempt.authorize(rejected, timer.as_mut()).await {
                    Ok(headers) => headers,
                    Err(error) => return Err(error.at(name(), attempts)),
                };
                if let Some(refused) = refused.take_if(|refused| refused.0 == headers) {
                    return Err(refused.1.at(name(), attempts));
                }
                attempts += 1;
                let body = match attempt.opening() {
                    None => attempt.body(),
                    Some(opening) => match attempt.until_deadline(opening).await {
                        Ok(body) => attempt.watched(body),
                        Err(error) => return Err(error.at(name(), attempts - 1)),
                    },
                };
                attempt.send(headers, body, attempts)
            };
            let error = match attempt.receive(sending, timer.as_mut()).await {
                Ok(Received::Redirect(redirect)) => {
                    attempt.redirect = Some(redirect);
                    attempts -= 1; // the same attempt goes on
                    continue;
                }
                Ok(Received::Answer(response)) => {
                    return Ok(Answer {
                        response,
                        attempts,
                        deadline: attempt.deadline,
                        idle: attempt.idle,
                        trace: None,
                    });
                }
                Err(error) => error.at(name(), attempts),
            };
            attempt.redirect = None;
            if error.status() == Some(StatusCode::UNAUTHORIZED)
                && refused.is_none()
                && attempt.is_replayable()
                && let Some(credentials) = credentials.into_headers()
            {
                refused = Some(Box::new((credentials, error))); // there may be a fresher one
                continue;
            }
            let Some(delay) = self.delay(&attempt, &error, retries, started) else {
                return Err(error);
            };
            retries += 1;
            sleep(delay).await;
        }
    }

    #[cold]
    async fn prepare_provider(&self, request: &Prepared) -> Result<()> {
        let deadline = Deadline::after(self.timeouts_of(request).total, TimeoutPhase::Total);
        within(pin!(None), deadline, self.provider.prepare().as_mut()).await?
    }

    fn timeouts_of(&self, request: &Prepared) -> Timeouts {
        let overrides = request.options().map(|options| &options.timeouts);
        overrides.map_or(self.timeouts, |overrides| overrides.over(&self.timeouts))
    }

    // What happens once is not inlined: it would widen the stack frame of every poll.
    #[inline(never)]
    fn prepare<'a>(&'a self, request: &'a Prepared) -> Result<Attempt<'a>> {
        let operation = &*request.operation;
        if !self.provider.supports(operation) {
            return Err(Error::unsupported(self.provider.name(), &operation.name));
        }
        let route = self.routes.resolve(&*self.provider, request)?;
        let timeouts = self.timeouts_of(request);
        // What is streamed, up or down, takes as long as it takes.
        let sends_stream = request.body.as_ref().is_some_and(Payload::is_streamed);
        let total = if operation.stream || operation.download.is_some() || sends_stream {
            timeouts.stream_total
        } else {
            timeouts.total
        };
        Ok(Attempt {
            provider: &*self.provider,
            // Not the `Arc`, which is a transport too and would box the future once more.
            transport: &*self.transport,
            propagate: &self.propagate,
            request,
            body: request.outgoing_body(route.model.as_deref())?,
            route,
            connect: timeouts.connect,
            first_byte: timeouts.first_byte,
            idle: timeouts.idle,
            deadline: Deadline::after(total, TimeoutPhase::Total),
            authorizing: timeouts.total,
            sent_at: sends_stream.then(|| Arc::new(Mutex::new(Instant::now()))),
            redirect: None,
        })
    }

    /// How long to wait before the call is repeated, if it is.
    #[cold]
    fn delay(
        &self,
        attempt: &Attempt<'_>,
        error: &Error,
        retries: u32,
        started: Instant,
    ) -> Option<Duration> {
        let options = attempt.request.options();
        let own_policy = options.and_then(|options| options.retry.as_ref());
        let policy = own_policy.unwrap_or(&self.retry);
        let operation = &attempt.request.operation;
        let delay = policy.next_delay(error, operation.retry_safety, retries, started.elapsed())?;
        let in_time = attempt.deadline.is_none_or(|deadline| {
            let then = Instant::now().checked_add(delay);
            then.is_some_and(|then| then < deadline.at)
        });
        if !in_time || !attempt.is_replayable() {
            return None;
        }
        tracing::debug!(
            operation = %operation.name,
            retries,
            ?delay,
            "error.type" = error_type(error.kind()),
            error = describe(error),
            "repeating"
        );
        self.on_retry.tell(&RetryEvent {
            operation: &operation.name,
            attempt: error.attempts(),
            delay,
            reason: error,
        });
        Some(delay)
    }
}

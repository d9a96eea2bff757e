//! One run of a failover, and the settings that decide it, for both modes.

use std::fmt;
use std::mem;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;
use tracing::Span;
use tracing::field::Empty;

use super::breaker::{CircuitBreaker, SkipRule};
use super::{Failover, FailoverResponse};
use crate::error::{Error, ErrorKind, ProviderFailure, Result, TimeoutPhase};
use crate::pipeline::deadline::Deadline;
use crate::pipeline::telemetry::describe;

/// The target of the span and the events, which filters of applications name.
pub(super) const TARGET: &str = "mistral_core::client::failover";

/// The settings of a failover.
#[derive(Debug, Clone)]
pub(crate) struct FailoverSettings {
    condition: Condition,
    pub(crate) timeout: Option<Duration>,
    /// `None`: no client is skipped.
    pub(crate) skip: Option<SkipRule>,
}

impl FailoverSettings {
    #[inline]
    pub(crate) fn set_kinds(&mut self, kinds: impl IntoIterator<Item = ErrorKind>) {
        self.condition = Condition::Kinds(kinds.into_iter().collect());
    }

    #[inline]
    pub(crate) fn set_condition(
        &mut self,
        is_tried: impl Fn(&Error) -> bool + Send + Sync + 'static,
    ) {
        self.condition = Condition::Predicate(Arc::new(is_tried));
    }

    /// Whether the next client may be tried after `error`.
    #[inline]
    fn allows(&self, error: &Error) -> bool {
        match &self.condition {
            Condition::Kinds(kinds) => kinds.contains(&error.kind()),
            Condition::Predicate(is_tried) => is_tried(error),
        }
    }

    /// Whether `error` counts towards the failures after which a client is skipped. An operation that
    /// a provider does not offer, and a limit of the program's own, do not show that it fails.
    #[inline]
    fn shows_failure(&self, error: &Error) -> bool {
        let is_of_provider = error.kind() != ErrorKind::Unsupported && !error.is_local_rate_limit();
        is_of_provider && self.allows(error)
    }

    #[inline]
    fn check(&self) -> Result<()> {
        if self.skip.is_some_and(|rule| rule.failures == 0) {
            return Err(Error::config(
                "`skip_after` of `Failover`: a client cannot be skipped after 0 failures: set 1 or \
                 more, or `never_skip()`",
            ));
        }
        Ok(())
    }
}

impl Default for FailoverSettings {
    #[inline]
    fn default() -> Self {
        Self {
            condition: Condition::Kinds(Failover::KINDS.into()),
            timeout: None,
            skip: Some(SkipRule::default()),
        }
    }
}

/// The condition under which the next client is tried.
#[derive(Clone)]
enum Condition {
    Kinds(Arc<[ErrorKind]>),
    Predicate(Arc<dyn Fn(&Error) -> bool + Send + Sync>),
}

impl fmt::Debug for Condition {
    #[inline]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Kinds(kinds) => f.debug_tuple("Kinds").field(kinds).finish(),
            Self::Predicate(_) => f.write_str("Predicate(..)"),
        }
    }
}

/// One call that is tried with one client after the other.
pub(crate) struct FailoverRun<'a> {
    settings: &'a FailoverSettings,
    breakers: &'a [CircuitBreaker],
    /// The client that is being tried.
    current: usize,
    /// The first client that has been neither tried nor skipped.
    next: usize,
    /// Whether a client has been tried that should be skipped, because no other one was left.
    has_tried_skipped: bool,
    pub(crate) deadline: Option<Deadline>,
    /// The failures so far, with the positions of the clients.
    failures: Vec<(usize, ProviderFailure)>,
    pub(crate) span: Span,
}

impl<'a> FailoverRun<'a> {
    #[inline]
    pub(crate) fn new(settings: &'a FailoverSettings, breakers: &'a [CircuitBreaker]) -> Self {
        Self {
            settings,
            breakers,
            current: 0,
            next: 0,
            has_tried_skipped: false,
            deadline: Deadline::after(settings.timeout, TimeoutPhase::Total),
            failures: Vec::new(),
            span: tracing::info_span!(target: TARGET, "failover", provider = Empty, reason = Empty),
        }
    }

    /// Returns the position of the first client to try.
    #[inline]
    pub(crate) fn start(&mut self) -> Result<usize> {
        self.settings.check()?;
        let position = self.next_client().ok_or_else(no_clients)?;
        self.record_failures();
        Ok(position)
    }

    /// Returns the position of the next client to try, and records those that are skipped.
    #[inline]
    fn next_client(&mut self) -> Option<usize> {
        let position = self.next_in_order().or_else(|| self.first_to_respond())?;
        self.current = position;
        self.span.record("provider", self.provider());
        Some(position)
    }

    #[inline]
    fn next_in_order(&mut self) -> Option<usize> {
        loop {
            let position = self.next;
            let breaker = self.breakers.get(position)?;
            self.next += 1;
            match self.settings.skip.and_then(|rule| breaker.skip(rule)) {
                Some(failure) => self.failures.push((position, failure)),
                None => return Some(position),
            }
        }
    }

    /// Returns the position of the client whose pause ends first, for a call that has no other one
    /// left. It is done once per call, so that an outage of all providers costs one request.
    #[inline]
    fn first_to_respond(&mut self) -> Option<usize> {
        if self.has_tried_skipped {
            return None;
        }
        let skipped = self.failures.iter().filter(|(_, it)| it.is_skipped);
        let until = |position: usize| self.breakers.get(position)?.skipped_until();
        let position = skipped
            .map(|(position, _)| *position)
            .min_by_key(|position| until(*position))?;
        self.failures.retain(|(failed, _)| *failed != position);
        self.has_tried_skipped = true;
        Some(position)
    }

    #[inline]
    fn provider(&self) -> &'static str {
        self.breakers.get(self.current).map_or("", |it| it.provider)
    }

    /// Adds what is known of the call that the deadline cut off to its error.
    #[inline]
    pub(crate) fn cut_off(&self, error: Error) -> Error {
        if error.kind() != ErrorKind::Timeout {
            return error; // there is no Tokio runtime, and nothing was sent
        }
        let mut tried = self.failures.iter().rev().filter(|(_, it)| !it.is_skipped);
        let earlier = tried.next().map(|(_, failure)| failure.error.operation());
        error.at(earlier.unwrap_or_default().to_owned(), 1)
    }

    /// Records the result of the current client. Returns the outcome of the call, or the position of
    /// the client that is to be tried next.
    #[inline]
    pub(crate) fn record<T>(
        &mut self,
        result: Result<T>,
    ) -> ControlFlow<Result<FailoverResponse<T>>, usize> {
        let (position, provider) = (self.current, self.provider());
        self.record_health(&result);
        let error = match result {
            Ok(body) => {
                return ControlFlow::Break(Ok(FailoverResponse {
                    body,
                    provider,
                    position,
                    failures: self.take_failures(),
                }));
            }
            Err(error) => error,
        };
        let is_over = self.deadline.is_some_and(|it| it.at <= Instant::now());
        let next = match self.settings.allows(&error) && !is_over {
            true => self.next_client(),
            false => None,
        };
        let Some(next) = next else {
            let failures = self.take_failures();
            return ControlFlow::Break(Err(error.with_failures(failures, provider)));
        };
        log_failover(provider, self.provider(), &error);
        let failure = ProviderFailure {
            provider,
            error,
            is_skipped: false,
        };
        self.failures.push((position, failure));
        self.record_failures();
        ControlFlow::Continue(next)
    }

    /// Records what the result shows about the provider: that it fails, that it responds, or nothing.
    #[inline]
    fn record_health<T>(&self, result: &Result<T>) {
        let Some(breaker) = self.breakers.get(self.current) else {
            return;
        };
        match (result, self.settings.skip) {
            (Ok(_), _) => breaker.responded(),
            (Err(error), Some(rule)) if self.settings.shows_failure(error) => {
                breaker.failed(error, rule);
            }
            (Err(error), _) if error.status().is_some() => breaker.responded(),
            (Err(_), _) => {}
        }
    }

    /// Records the failures so far in the span.
    #[inline]
    fn record_failures(&mut self) {
        self.failures.sort_by_key(|(position, _)| *position);
        if !self.failures.is_empty() {
            self.span.record("reason", failure_summary(&self.failures));
        }
    }

    #[inline]
    fn take_failures(&mut self) -> Vec<ProviderFailure> {
        self.failures.sort_by_key(|(position, _)| *position);
        let failures = mem::take(&mut self.failures).into_iter();
        failures.map(|(_, failure)| failure).collect()
    }
}

/// Creates the error of a failover without clients.
#[inline]
pub(crate) fn no_clients() -> Error {
    Error::config("`Failover` has no clients: pass at least one to `Failover::new`")
}

#[inline]
fn log_failover(provider: &str, next: &str, error: &Error) {
    let operation = error.operation();
    let kind = error.kind();
    let error = describe(error);
    tracing::warn!(
        target: TARGET,
        operation,
        provider,
        next,
        ?kind,
        error,
        "trying the next provider"
    );
}

#[inline]
fn failure_summary(failures: &[(usize, ProviderFailure)]) -> String {
    let reasons: Vec<_> = failures
        .iter()
        .map(|(_, failure)| format!("{}: {}", failure.provider, describe(&failure.error)))
        .collect();
    reasons.join("; ")
}

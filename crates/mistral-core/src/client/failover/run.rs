//! One run of a failover, and the settings that decide it, for both modes.

use std::fmt;
use std::mem;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;
use tracing::Span;
use tracing::field::Empty;

use super::{Failover, FailoverResponse};
use crate::error::{Error, ErrorKind, ProviderFailure, Result, TimeoutPhase};
use crate::pipeline::deadline::Deadline;
use crate::pipeline::telemetry::describe;

/// The target of the span and the events, which filters of applications name.
const TARGET: &str = "mistral_core::client::failover";

/// The settings of a failover.
#[derive(Debug, Clone)]
pub(crate) struct FailoverSettings {
    condition: Condition,
    pub(crate) timeout: Option<Duration>,
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
}

impl Default for FailoverSettings {
    #[inline]
    fn default() -> Self {
        Self {
            condition: Condition::Kinds(Failover::KINDS.into()),
            timeout: None,
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
    pub(crate) deadline: Option<Deadline>,
    failures: Vec<ProviderFailure>,
    pub(crate) span: Span,
}

impl<'a> FailoverRun<'a> {
    #[inline]
    pub(crate) fn new(settings: &'a FailoverSettings) -> Self {
        Self {
            settings,
            deadline: Deadline::after(settings.timeout, TimeoutPhase::Total),
            failures: Vec::new(),
            span: tracing::info_span!(target: TARGET, "failover", provider = Empty, reason = Empty),
        }
    }

    #[inline]
    pub(crate) fn start(&self, provider: &str) {
        self.span.record("provider", provider);
    }

    /// Adds what is known of the call that the deadline cut off to its error.
    #[inline]
    pub(crate) fn cut_off(&self, error: Error) -> Error {
        if error.kind() != ErrorKind::Timeout {
            return error; // there is no Tokio runtime, and nothing was sent
        }
        let earlier = self
            .failures
            .last()
            .map(|failure| failure.error.operation());
        error.at(earlier.unwrap_or_default().to_owned(), 1)
    }

    /// Records the result of `provider`. Returns the outcome, or `None` if `next` is to be tried.
    #[inline]
    pub(crate) fn record<T>(
        &mut self,
        provider: &'static str,
        result: Result<T>,
        next: Option<&str>,
    ) -> Option<Result<FailoverResponse<T>>> {
        let is_over = self.deadline.is_some_and(|it| it.at <= Instant::now());
        let failures = &mut self.failures;
        match (result, next) {
            (Ok(body), _) => Some(Ok(FailoverResponse {
                body,
                provider,
                position: failures.len(), // all clients before it have failed
                failures: mem::take(failures),
            })),
            (Err(error), Some(next)) if self.settings.allows(&error) && !is_over => {
                log_failover(provider, next, &error);
                failures.push(ProviderFailure { provider, error });
                self.span.record("reason", failure_summary(failures));
                None
            }
            (Err(error), _) => Some(Err(error.with_failures(mem::take(failures), provider))),
        }
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
fn failure_summary(failures: &[ProviderFailure]) -> String {
    let reasons: Vec<_> = failures
        .iter()
        .map(|failure| format!("{}: {}", failure.provider, describe(&failure.error)))
        .collect();
    reasons.join("; ")
}

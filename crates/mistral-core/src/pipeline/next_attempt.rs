//! The steps from one attempt of a call to the next: retry, redirect, other credentials.

use tokio::time::Instant;

use super::decision::CallState;
use super::exchange::Exchange;
use super::redirect::{Redirect, Redirection};
use crate::error::{Error, Result};
use crate::retry::{Payment, QuotaExhausted};
use crate::transport::{Body, Payload};

impl<'a> Exchange<'a> {
    /// Returns the state that the decision about the next step depends on.
    #[cold]
    pub(crate) fn state(&self) -> CallState<'a> {
        let own = self.request.options();
        CallState {
            policy: own
                .and_then(|own| own.retry.as_ref())
                .unwrap_or(&self.pipeline.retry),
            safety: self.request.operation.retry_safety,
            retries: self.retries,
            elapsed: self.started.elapsed(),
            remaining: self
                .deadline
                .map(|deadline| deadline.at.saturating_duration_since(Instant::now())),
            is_replayable: self.is_replayable(),
            can_reauthenticate: self.rejected.is_none() && !self.credentials.is_empty(),
            jitter: fastrand::f64(),
        }
    }

    fn is_replayable(&self) -> bool {
        self.body.as_ref().is_none_or(Payload::is_replayable)
    }

    /// Describes the redirect that `response` is.
    pub(crate) fn redirection<'r>(&'r self, response: &'r http::Response<Body>) -> Redirection<'r> {
        Redirection {
            status: response.status(),
            headers: response.headers(),
            from: self.target(),
            method: self.method(),
            has_body: self.payload().is_some(),
            is_replayable: self.is_replayable(),
            previous: self.redirect.as_deref(),
        }
    }

    /// Continues the attempt where the server redirects it to.
    pub(crate) fn redirect(&mut self, redirect: Box<Redirect>) {
        self.redirect = Some(redirect);
        self.attempts -= 1;
    }

    /// Starts the next attempt with other credentials than those that were rejected.
    pub(crate) fn reauthenticate(&mut self, error: Error) {
        self.redirect = None;
        let credentials = std::mem::take(&mut self.credentials);
        self.rejected = Some(Box::new((credentials.into_headers(), error)));
    }

    /// Pays for a retry after `error` from the client's quota.
    #[cold]
    pub(crate) fn pay_for_retry(&mut self, error: &Error) -> Result<Payment, QuotaExhausted> {
        let payment = self.pipeline.quota.pay_for_retry(error)?;
        self.cost_of_retry = Some(payment.cost);
        Ok(payment)
    }

    /// Starts the next attempt as a retry after `error`.
    pub(crate) fn retry(&mut self, error: &Error) {
        self.may_have_arrived |= error.may_have_arrived();
        self.redirect = None;
        self.retries += 1;
    }

    /// Completes the error of an attempt: adds URL and advice, and masks the credentials.
    #[cold]
    pub(crate) fn complete(&self, error: Error) -> Error {
        let (headers, url) = (&self.pipeline.headers, &self.target().url);
        let all = self.credentials.clone();
        let error = self
            .pipeline
            .advised(error)
            .with_earlier_arrival(self.may_have_arrived);
        all.complete(error.with_url(url), self.request, headers, url)
    }
}

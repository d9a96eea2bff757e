//! The state that all connections of one emulator share.

pub(crate) mod batch_job;
pub(crate) mod file;
pub(crate) mod fine_tuned_model;
pub(crate) mod fine_tuning_job;
pub(crate) mod models;
mod request_log;
mod store;
pub(crate) mod voices;

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use axum::response::Response;
use bytes::Bytes;
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue};

pub(crate) use self::request_log::LogLimits;
pub use self::request_log::RecordedRequest;
use self::request_log::RequestLog;
use self::store::Store;
use self::voices::Voices;
use crate::faults::Fault;
use crate::generate::random::{hash, uuid};
use crate::responses::TokenCost;

const REQUESTS_PER_MINUTE: u64 = 6_000;
const TOKENS_PER_MINUTE: u64 = 2_000_000;

/// The id of a request, as an extension of the request.
#[derive(Debug, Clone)]
pub(crate) struct RequestId(pub(crate) String);

#[derive(Debug)]
pub(crate) struct AppState {
    pub(crate) api_key: String,
    /// Whether the operations on fine-tuning jobs respond with 410.
    pub(crate) fine_tuning_gone: bool,
    store: Mutex<Store>,
    faults: Mutex<VecDeque<Fault>>,
    requests: Mutex<RequestLog>,
    /// The access tokens that were issued; a revoked token is empty.
    access_tokens: Mutex<Vec<String>>,
    next_request: AtomicU64,
    tokens_used: AtomicU64,
    pub(crate) voices: Voices,
}

impl AppState {
    pub(crate) fn new(
        api_key: String,
        faults: Vec<Fault>,
        fine_tuning_gone: bool,
        log: LogLimits,
    ) -> Self {
        let state = Self {
            api_key,
            fine_tuning_gone,
            store: Mutex::new(Store::new()),
            faults: Mutex::default(),
            requests: Mutex::new(RequestLog::new(log)),
            access_tokens: Mutex::default(),
            next_request: AtomicU64::new(0),
            tokens_used: AtomicU64::new(0),
            voices: Voices::new(),
        };
        faults.into_iter().for_each(|fault| state.push_fault(fault));
        state
    }

    /// Locks the created resources. The guard must not be held across an await point.
    pub(crate) fn store(&self) -> MutexGuard<'_, Store> {
        lock(&self.store)
    }

    pub(crate) fn push_fault(&self, fault: Fault) {
        if fault.times > 0 {
            lock(&self.faults).push_back(fault);
        }
    }

    /// Returns the queued fault for the next request and counts one use of it.
    pub(crate) fn next_fault(&self) -> Option<Fault> {
        let mut faults = lock(&self.faults);
        let first = faults.front_mut()?;
        first.times = first.times.saturating_sub(1);
        if first.times == 0 {
            faults.pop_front()
        } else {
            Some(first.clone())
        }
    }

    pub(crate) fn record(&self, request: &Parts, body: &Bytes) {
        lock(&self.requests).record(request, body);
    }

    /// Whether the credential is the API key or a valid access token.
    pub(crate) fn is_authorized(&self, credential: &str) -> bool {
        !credential.is_empty()
            && (credential == self.api_key
                || lock(&self.access_tokens)
                    .iter()
                    .any(|token| token == credential))
    }

    pub(crate) fn issue_token(&self) -> String {
        let mut access_tokens = lock(&self.access_tokens);
        let token = format!("emulator-token-{}", access_tokens.len() + 1);
        access_tokens.push(token.clone());
        token
    }

    /// Revokes all access tokens issued so far.
    pub(crate) fn revoke_tokens(&self) {
        lock(&self.access_tokens).fill(String::new());
    }

    pub(crate) fn requests(&self) -> Vec<RecordedRequest> {
        lock(&self.requests).requests()
    }

    /// Returns the number of the next request, which starts at 0.
    pub(crate) fn next_request_number(&self) -> u64 {
        self.next_request.fetch_add(1, Ordering::Relaxed)
    }

    /// Adds the headers that every response carries.
    pub(crate) fn add_response_headers(
        &self,
        response: &mut Response,
        number: u64,
        id: &RequestId,
        started: Instant,
    ) {
        let cost = response
            .extensions_mut()
            .remove::<TokenCost>()
            .map_or(0, |cost| cost.0);
        let tokens_used = self.tokens_used.fetch_add(cost, Ordering::Relaxed) + cost;
        let elapsed = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
        let headers = response.headers_mut();
        if let Ok(id) = HeaderValue::try_from(&id.0) {
            insert_if_absent(headers, "mistral-correlation-id", id.clone());
            insert_if_absent(headers, "x-kong-request-id", id);
        }
        for (name, value) in [
            ("x-envoy-upstream-service-time", elapsed),
            ("x-ratelimit-limit-req-minute", REQUESTS_PER_MINUTE),
            (
                "x-ratelimit-remaining-req-minute",
                remaining(REQUESTS_PER_MINUTE, number + 1),
            ),
            ("x-ratelimit-limit-tokens-minute", TOKENS_PER_MINUTE),
            (
                "x-ratelimit-remaining-tokens-minute",
                remaining(TOKENS_PER_MINUTE, tokens_used),
            ),
            ("x-ratelimit-tokens-query-cost", cost),
        ] {
            insert_if_absent(headers, name, value.into());
        }
    }
}

/// Inserts a header unless a fault has set it.
fn insert_if_absent(headers: &mut HeaderMap, name: &'static str, value: HeaderValue) {
    headers
        .entry(HeaderName::from_static(name))
        .or_insert(value);
}

/// Counts down to 1 and then starts again, as the emulator enforces no rate limit.
fn remaining(limit: u64, used: u64) -> u64 {
    limit - used % limit
}

/// Creates the id of a request from its number.
pub(crate) fn request_id(number: u64) -> RequestId {
    RequestId(uuid(hash(&number.to_le_bytes())))
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fault_queue_applies_each_fault_its_number_of_times() {
        let state = AppState::new(
            String::new(),
            vec![Fault::status(500).times(2), Fault::close()],
            false,
            LogLimits::default(),
        );
        state.push_fault(Fault::status(400).times(0));
        assert!(state.next_fault().is_some_and(|fault| !fault.close));
        assert!(state.next_fault().is_some_and(|fault| !fault.close));
        assert!(state.next_fault().is_some_and(|fault| fault.close));
        assert_eq!(state.next_fault(), None);
    }

    #[test]
    fn rate_limit_remaining_never_reaches_zero() {
        assert_eq!(remaining(10, 1), 9);
        assert_eq!(remaining(10, 9), 1);
        assert_eq!(remaining(10, 10), 10);
    }
}

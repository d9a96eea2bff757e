//! The state that all connections of one emulator share.

pub(crate) mod agent;
pub(crate) mod batch_job;
pub(crate) mod conversation;
pub(crate) mod execution;
pub(crate) mod file;
pub(crate) mod fine_tuned_model;
pub(crate) mod fine_tuning_job;
pub(crate) mod library;
pub(crate) mod model_settings;
pub(crate) mod models;
pub(crate) mod registry;
mod request_log;
pub(crate) mod resources;
pub(crate) mod settings;
pub(crate) mod store;
pub(crate) mod voices;
pub(crate) mod workflows;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use axum::response::Response;
use bytes::Bytes;
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue};

pub(crate) use self::request_log::LogLimits;
pub use self::request_log::RecordedRequest;
use self::request_log::RequestLog;
use self::resources::Resources;
use self::settings::Settings;
use self::store::Store;
use self::voices::Voices;
use self::workflows::Workflows;
use crate::faults::Fault;
use crate::faults::filter::RequestView;
use crate::faults::queue::Queue;
use crate::generate::random::{hash, uuid};
use crate::replies::Reply;
use crate::responses::TokenCost;
use crate::time::RunningClock;

const REQUESTS_PER_MINUTE: u64 = 6_000;
const TOKENS_PER_MINUTE: u64 = 2_000_000;

/// The id of a request, as an extension of the request.
#[derive(Debug, Clone)]
pub(crate) struct RequestId(pub(crate) String);

#[derive(Debug)]
pub(crate) struct AppState {
    /// The first API key, which is the one for programs.
    pub(crate) api_key: String,
    /// Whether the operations on fine-tuning jobs respond with 410.
    pub(crate) fine_tuning_gone: bool,
    pub(crate) settings: Settings,
    pub(crate) clock: Arc<RunningClock>,
    store: Mutex<Store>,
    faults: Mutex<Queue<Fault>>,
    replies: Mutex<Queue<Reply>>,
    requests: Mutex<RequestLog>,
    access_tokens: AccessTokens,
    next_request: AtomicU64,
    tokens_used: AtomicU64,
    pub(crate) voices: Voices,
    workflows: Mutex<Workflows>,
    resources: Mutex<Resources>,
}

/// The access tokens, which are numbered: those above the last revoked one are valid.
#[derive(Debug, Default)]
struct AccessTokens {
    issued: AtomicU64,
    revoked: AtomicU64,
}

const ACCESS_TOKEN_PREFIX: &str = "emulator-token-";

impl AppState {
    pub(crate) fn new(settings: Settings) -> Self {
        let clock = Arc::new(RunningClock::new(settings.clock));
        Self {
            api_key: settings.keys.first().cloned().unwrap_or_default(),
            fine_tuning_gone: settings.fine_tuning_gone,
            store: Mutex::new(Store::new(Arc::clone(&clock))),
            faults: Mutex::new(Queue::new(settings.faults.iter().cloned())),
            replies: Mutex::new(Queue::new(settings.replies.iter().cloned())),
            requests: Mutex::new(RequestLog::new(settings.log)),
            access_tokens: AccessTokens::default(),
            next_request: AtomicU64::new(0),
            tokens_used: AtomicU64::new(0),
            voices: Voices::new(),
            workflows: Mutex::new(Workflows::new(Arc::clone(&clock))),
            resources: Mutex::new(Resources::new(Arc::clone(&clock))),
            clock,
            settings,
        }
    }

    /// Returns to the state at the start.
    pub(crate) fn reset(&self) {
        self.clock.reset();
        *self.store() = Store::new(Arc::clone(&self.clock));
        *lock(&self.faults) = Queue::new(self.settings.faults.iter().cloned());
        *lock(&self.replies) = Queue::new(self.settings.replies.iter().cloned());
        self.clear_requests();
        self.access_tokens.issued.store(0, Ordering::Relaxed);
        self.access_tokens.revoked.store(0, Ordering::Relaxed);
        self.next_request.store(0, Ordering::Relaxed);
        self.tokens_used.store(0, Ordering::Relaxed);
        self.voices.reset();
        *self.workflows() = Workflows::new(Arc::clone(&self.clock));
        *self.resources() = Resources::new(Arc::clone(&self.clock));
    }

    /// Locks the created resources. The guard must not be held across an await point.
    pub(crate) fn store(&self) -> MutexGuard<'_, Store> {
        lock(&self.store)
    }

    /// Locks the workflows. The guard must not be held across an await point.
    pub(crate) fn workflows(&self) -> MutexGuard<'_, Workflows> {
        lock(&self.workflows)
    }

    /// Locks the resources that are JSON alone. The guard must not be held across an await point.
    pub(crate) fn resources(&self) -> MutexGuard<'_, Resources> {
        lock(&self.resources)
    }

    /// Locks the queue of faults.
    pub(crate) fn faults(&self) -> MutexGuard<'_, Queue<Fault>> {
        lock(&self.faults)
    }

    /// Locks the queue of replies.
    pub(crate) fn replies(&self) -> MutexGuard<'_, Queue<Reply>> {
        lock(&self.replies)
    }

    /// Returns the queued fault for the request and counts one use of it.
    pub(crate) fn next_fault(&self, request: &RequestView<'_>) -> Option<Fault> {
        self.faults().next(request, |_| true)
    }

    /// Returns the queued reply for the request and counts one use of it: one of the replies that
    /// take the place of a generated completion, or one of the others.
    pub(crate) fn next_reply(&self, request: &RequestView<'_>, completion: bool) -> Option<Reply> {
        self.replies()
            .next(request, |reply| reply.is_completion() == completion)
    }

    /// Records a request and returns its number in the log.
    pub(crate) fn record(&self, request: &Parts, body: &Bytes) -> u64 {
        lock(&self.requests).record(request, body)
    }

    /// Adds the response to a recorded request; none if the connection was closed.
    pub(crate) fn record_response(&self, entry: u64, status: Option<u16>, started: Instant) {
        lock(&self.requests).record_response(entry, status, started.elapsed());
    }

    pub(crate) fn requests(&self) -> Vec<RecordedRequest> {
        lock(&self.requests).requests()
    }

    pub(crate) fn clear_requests(&self) {
        lock(&self.requests).clear();
    }

    /// Whether the credential is an API key or a valid access token.
    pub(crate) fn is_authorized(&self, credential: &str) -> bool {
        !credential.is_empty()
            && (self.settings.any_key
                || self.settings.keys.iter().any(|key| key == credential)
                || self.is_valid_token(credential))
    }

    fn is_valid_token(&self, credential: &str) -> bool {
        let number = credential.strip_prefix(ACCESS_TOKEN_PREFIX);
        let number: Option<u64> = number.and_then(|number| number.parse().ok());
        number.is_some_and(|number| {
            number > self.access_tokens.revoked.load(Ordering::Relaxed)
                && number <= self.access_tokens.issued.load(Ordering::Relaxed)
        })
    }

    pub(crate) fn issue_token(&self) -> String {
        let number = self.access_tokens.issued.fetch_add(1, Ordering::Relaxed) + 1;
        format!("{ACCESS_TOKEN_PREFIX}{number}")
    }

    /// Revokes all access tokens issued so far.
    pub(crate) fn revoke_tokens(&self) {
        let issued = self.access_tokens.issued.load(Ordering::Relaxed);
        self.access_tokens.revoked.store(issued, Ordering::Relaxed);
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
        allow_any_origin(headers);
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

/// Lets scripts of any web page read the response, as the real server does.
pub(crate) fn allow_any_origin(headers: &mut HeaderMap) {
    let any = HeaderValue::from_static("*");
    insert_if_absent(headers, "access-control-allow-origin", any);
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
    fn access_tokens_are_valid_until_revoked() {
        let state = AppState::new(Settings::default());
        assert!(!state.is_authorized("emulator-token-1") && !state.is_authorized(""));
        let (first, second) = (state.issue_token(), state.issue_token());
        assert!(state.is_authorized(&first) && state.is_authorized(&second));
        state.revoke_tokens();
        assert!(!state.is_authorized(&first) && !state.is_authorized(&second));
        assert!(state.is_authorized(&state.issue_token()));
    }

    #[test]
    fn rate_limit_remaining_never_reaches_zero() {
        assert_eq!(remaining(10, 1), 9);
        assert_eq!(remaining(10, 9), 1);
        assert_eq!(remaining(10, 10), 10);
    }
}

//! `Failover` over three emulators.

use std::fmt::Debug;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use mistral_emulator::{Emulator, Fault};
use mistral_sdk::blocking::Failover;
use mistral_sdk::error::TimeoutPhase;
use mistral_sdk::{Client, ErrorKind, Result, RetryPolicy};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata};

use super::{api, chat_request, text_of};

const HOUR: Duration = Duration::from_secs(3600);

struct Providers([Emulator; 3]);

impl Providers {
    fn start() -> Self {
        Self([(); 3].map(|()| Emulator::start().unwrap()))
    }

    fn fail(&self, statuses: &[u16]) {
        for (emulator, status) in self.0.iter().zip(statuses) {
            emulator.push_fault(Fault::status(*status));
        }
    }

    fn counts(&self) -> [usize; 3] {
        self.0.each_ref().map(|emulator| emulator.requests().len())
    }

    fn failover(&self) -> Failover {
        let client = |emulator| {
            let builder = Client::builder(api(emulator)).retry(RetryPolicy::none());
            builder.build_blocking().unwrap()
        };
        Failover::new(self.0.each_ref().map(client))
    }
}

/// Returns the position of the provider that responded, and the number of failures before it.
fn complete(failover: &Failover) -> Result<(usize, usize)> {
    let response = failover.run(|client| client.chat().complete(&chat_request()).send())?;
    assert!(response.body.text().contains("Manet"));
    assert_eq!(response.provider, "api");
    Ok((response.position, response.failures.len()))
}

#[test]
fn failover_skips_a_client_that_keeps_failing() {
    let providers = Providers::start();
    let failover = providers.failover().skip_after(2, HOUR);
    for _ in 0..2 {
        providers.fail(&[503]);
        assert_eq!(complete(&failover).unwrap(), (1, 1));
    }
    let response = failover.run(|client| client.models().list().send());
    assert!(response.unwrap().failures[0].is_skipped);
    assert_eq!(providers.counts(), [2, 3, 0]);
    assert_eq!(complete(&failover.never_skip()).unwrap(), (0, 0));
}

#[test]
fn failover_stops_at_first_success() {
    let providers = Providers::start();
    let failover = providers.failover();
    assert_eq!(complete(&failover).unwrap(), (0, 0));
    providers.fail(&[503, 429]);
    assert_eq!(complete(&failover).unwrap(), (2, 2));
    providers.fail(&[422]);
    let error = complete(&failover).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidRequest);
    assert!(error.failures().is_empty());
    providers.fail(&[422]);
    let kinds = Failover::KINDS
        .into_iter()
        .chain([ErrorKind::InvalidRequest]);
    assert_eq!(complete(&failover.on(kinds)).unwrap(), (1, 1));
    assert_eq!(providers.counts(), [4, 2, 1]);
}

#[test]
fn failover_all_fail_returns_last_error_and_names_all() {
    let providers = Providers::start();
    providers.fail(&[503, 429, 500]);
    let error = complete(&providers.failover()).unwrap_err();
    assert_eq!(
        (error.kind(), error.operation()),
        (ErrorKind::Server, "chat.complete")
    );
    let kinds: Vec<_> = error.failures().iter().map(|it| it.error.kind()).collect();
    assert_eq!(kinds, [ErrorKind::Overloaded, ErrorKind::RateLimited]);
    assert_eq!(error.provider(), Some("api"));
    assert!(!error.message().contains("503"), "{error}");
    let text = format!("{error:#}");
    assert!(
        text.contains("; before it api: 503 Service Unavailable"),
        "{text}"
    );
    let error = complete(&Failover::new([])).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config);
    assert!(
        error
            .to_string()
            .contains("has no clients: pass at least one"),
        "{error}"
    );
}

#[test]
fn failover_timeout_ends_the_call_and_keeps_failures() {
    let providers = Providers::start();
    let failover = providers.failover().timeout(Duration::from_millis(500));
    providers.fail(&[503]);
    providers.0[1].push_fault(Fault::delay(HOUR));
    let error = complete(&failover).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout, "{error:#}");
    assert_eq!(error.timeout_phase(), Some(TimeoutPhase::Total));
    assert_eq!(
        error.to_string(),
        "chat.complete: not finished within 500ms (total timeout) (provider api)"
    );
    assert_eq!(error.failures().len(), 1);
    assert_eq!(providers.counts()[2], 0);

    providers.0[0].push_fault(Fault::delay(HOUR));
    let error = failover.run(|client| client.chat().stream(&chat_request()).send());
    let error = error.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout, "{error:#}");
    assert_eq!(providers.counts()[2], 0);
}

#[test]
fn failover_on_error_replaces_kinds() {
    let providers = Providers::start();
    let failover = providers
        .failover()
        .on_error(|error| error.status().is_some_and(|status| status == 422));
    providers.fail(&[422, 503]);
    let error = complete(&failover).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Overloaded);
    assert_eq!(providers.counts(), [1, 1, 0]);
}

#[test]
fn failover_stream_moves_on_until_open() {
    let providers = Providers::start();
    providers.fail(&[503]);
    let failover = providers.failover();
    let response = failover
        .run(|client| client.chat().stream(&chat_request()).send())
        .unwrap();
    assert_eq!(response.position, 1);
    assert!(text_of(response.body).contains("Manet"));
}

#[tokio::test]
async fn failover_inside_runtime_sends_no_request() {
    let providers = Providers::start();
    let error = complete(&providers.failover()).unwrap_err();
    assert_eq!(
        (error.kind(), error.operation()),
        (ErrorKind::Config, "chat.complete")
    );
    assert!(error.failures().is_empty());
    assert_eq!(providers.counts(), [0, 0, 0]);
}

/// Records the spans and events of a failover.
#[derive(Clone, Default)]
struct RecordingSubscriber(Arc<Mutex<Vec<String>>>);

impl RecordingSubscriber {
    fn push(&self, text: String) {
        self.0.lock().unwrap().push(text);
    }
}

impl Visit for RecordingSubscriber {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.push(format!("{field}={value:?}"));
    }
}

impl tracing::Subscriber for RecordingSubscriber {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target() == "mistral_core::client::failover"
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, values: &Record<'_>) {
        values.record(&mut self.clone());
    }

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        event.record(&mut self.clone());
    }

    fn enter(&self, _: &Id) {
        self.push("enter".to_owned());
    }

    fn exit(&self, _: &Id) {
        self.push("exit".to_owned());
    }
}

#[test]
fn failover_steps_are_traced_in_one_span() {
    let log = RecordingSubscriber::default();
    // With a single subscriber, tracing caches the interest of the first thread; with several, it
    // asks the subscriber of each thread.
    let _another = tracing::Dispatch::new(log.clone());
    let _guard = tracing::subscriber::set_default(log.clone());
    let providers = Providers::start();
    providers.fail(&[503]);
    complete(&providers.failover()).unwrap();
    let log_lines = log.0.lock().unwrap().clone();
    let position = |start: &str| log_lines.iter().position(|it| it.starts_with(start));
    for expected in ["provider=\"api\"", "kind=Overloaded", "reason=\"api: 503"] {
        assert!(
            position(expected) > position("enter"),
            "{expected}: {log_lines:?}"
        );
    }
    assert_eq!(position("enter"), Some(0));
    assert_eq!(position("exit"), Some(log_lines.len() - 1));
}

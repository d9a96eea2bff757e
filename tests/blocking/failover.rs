//! One call, several places to ask.

use std::fmt::Debug;
use std::sync::{Arc, Mutex};

use mistral_emulator::{Emulator, Fault};
use mistral_sdk::blocking::Failover;
use mistral_sdk::{Client, ErrorKind, Result, RetryPolicy};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata};

use super::{api, ask, text_of};

struct Places([Emulator; 3]);

impl Places {
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

/// Where the answer came from, and how many errors there were before.
fn complete(failover: &Failover) -> Result<(usize, usize)> {
    let answered = failover.run(|client| client.chat().complete(&ask()).send())?;
    assert!(answered.body.text().contains("Manet"));
    assert_eq!(answered.provider, "api");
    Ok((answered.position, answered.failures.len()))
}

#[test]
fn failover_stops_at_first_success() {
    let places = Places::start();
    let failover = places.failover();
    assert_eq!(complete(&failover).unwrap(), (0, 0));
    places.fail(&[503, 429]);
    assert_eq!(complete(&failover).unwrap(), (2, 2));
    places.fail(&[422]);
    let error = complete(&failover).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidRequest);
    assert!(error.failures().is_empty());
    places.fail(&[422]);
    let kinds = Failover::KINDS
        .into_iter()
        .chain([ErrorKind::InvalidRequest]);
    assert_eq!(complete(&failover.on(kinds)).unwrap(), (1, 1));
    assert_eq!(places.counts(), [4, 2, 1]);
}

#[test]
fn failover_all_fail_returns_last_error_and_names_all() {
    let places = Places::start();
    places.fail(&[503, 429, 500]);
    let error = complete(&places.failover()).unwrap_err();
    assert_eq!(
        (error.kind(), error.operation()),
        (ErrorKind::Server, "chat.complete")
    );
    let kinds: Vec<_> = error.failures().iter().map(|it| it.error.kind()).collect();
    assert_eq!(kinds, [ErrorKind::Overloaded, ErrorKind::RateLimited]);
    let text = error.to_string();
    assert!(
        text.contains("; before it api: 503 Service Unavailable"),
        "{text}"
    );
    let error = complete(&Failover::new([])).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config);
    assert!(error.to_string().contains("at least one client"), "{error}");
}

#[test]
fn failover_stream_moves_on_until_open() {
    let places = Places::start();
    places.fail(&[503]);
    let failover = places.failover();
    let answered = failover
        .run(|client| client.chat().stream(&ask()).send())
        .unwrap();
    assert_eq!(answered.position, 1);
    assert!(text_of(answered.body).contains("Manet"));
}

#[tokio::test]
async fn failover_inside_runtime_sends_no_request() {
    let places = Places::start();
    let error = complete(&places.failover()).unwrap_err();
    assert_eq!(
        (error.kind(), error.operation()),
        (ErrorKind::Config, "chat.complete")
    );
    assert!(error.failures().is_empty());
    assert_eq!(places.counts(), [0, 0, 0]);
}

/// Collects what happens within the span of a failover.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<String>>>);

impl Log {
    fn say(&self, words: String) {
        self.0.lock().unwrap().push(words);
    }
}

impl Visit for Log {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.say(format!("{field}={value:?}"));
    }
}

impl tracing::Subscriber for Log {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target() == "mistral_core::failover"
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
        self.say("enter".to_owned());
    }

    fn exit(&self, _: &Id) {
        self.say("exit".to_owned());
    }
}

#[test]
fn failover_steps_are_traced_in_one_span() {
    let log = Log::default();
    // Of one subscriber alone tracing asks the thread that comes first, of several all of them.
    let _another = tracing::Dispatch::new(log.clone());
    let _guard = tracing::subscriber::set_default(log.clone());
    let places = Places::start();
    places.fail(&[503]);
    complete(&places.failover()).unwrap();
    let said = log.0.lock().unwrap().clone();
    let place = |start: &str| said.iter().position(|it| it.starts_with(start));
    for expected in ["provider=\"api\"", "kind=Overloaded", "reason=\"api: 503"] {
        assert!(place(expected) > place("enter"), "{expected}: {said:?}");
    }
    assert_eq!(place("enter"), Some(0));
    assert_eq!(place("exit"), Some(said.len() - 1));
}

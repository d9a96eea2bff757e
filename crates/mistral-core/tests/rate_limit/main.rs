//! What a limiter lets go, when, and in which order.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)] // helpers outside of test functions may panic as tests do

mod changes;
#[path = "../common/mod.rs"]
mod common;
mod late;
mod pace;
mod server_says;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use common::{Open, Script, Step, answer, question};
use http::{Request, Response};
use mistral_core::chat::ChatCompletionRequest;
use mistral_core::messages::Message;
use mistral_core::rate_limit::RateLimiter;
use mistral_core::transport::{Body, Transport, TransportError};
use mistral_core::{Client, ClientBuilder, RetryPolicy, Timeouts};
use tokio::time::Instant;

const SECOND: Duration = Duration::from_secs(1);

/// Notes when a request goes out, and passes it on.
#[derive(Debug, Clone)]
struct Noted {
    script: Script,
    start: Instant,
    times: Arc<Mutex<Vec<Duration>>>,
}

impl Noted {
    fn new(steps: impl IntoIterator<Item = Step>) -> Self {
        Self {
            script: Script::new(steps),
            start: Instant::now(),
            times: Arc::default(),
        }
    }

    fn good() -> Self {
        Self::new([good()])
    }

    /// When requests went out, in tenths of a second.
    fn tenths(&self) -> Vec<u128> {
        let times = self.times.lock().unwrap();
        times.iter().map(|time| time.as_millis() / 100).collect()
    }

    fn seconds(&self) -> Vec<u64> {
        self.times
            .lock()
            .unwrap()
            .iter()
            .map(Duration::as_secs)
            .collect()
    }

    /// What was asked, in the order in which it went out.
    fn asked(&self) -> Vec<String> {
        let sent = self.script.sent.lock().unwrap();
        let text =
            |json: serde_json::Value| json["messages"][0]["content"].as_str().map(Into::into);
        sent.iter().map(|sent| text(sent.json()).unwrap()).collect()
    }

    fn count(&self) -> usize {
        self.script.count()
    }

    fn client(&self, limiter: &RateLimiter) -> Client {
        patient(limiter.around(self.clone())).build().unwrap()
    }
}

#[async_trait]
impl Transport for Noted {
    async fn send(&self, request: Request<Body>) -> Result<Response<Body>, TransportError> {
        self.times.lock().unwrap().push(self.start.elapsed());
        self.script.send(request).await
    }
}

/// A client that waits for hours, and does not repeat.
fn patient(transport: impl Transport) -> ClientBuilder {
    let hours = Duration::from_secs(36_000);
    Client::builder(Open)
        .transport(transport)
        .retry(RetryPolicy::none())
        .timeouts(Timeouts::default().first_byte(hours).total(hours))
}

fn good() -> Step {
    Step::status(200, &answer("hello"))
}

fn ask(text: impl Into<String>) -> ChatCompletionRequest {
    ChatCompletionRequest::new("m", [Message::user(text.into())])
}

async fn ask_times(client: &Client, times: usize) {
    for _ in 0..times {
        client.chat().complete(&question()).await.unwrap();
    }
}

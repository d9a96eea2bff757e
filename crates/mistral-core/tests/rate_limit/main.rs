//! The rate limiter: how many requests it sends, when, and in which order.

// Helpers outside of test functions may panic as tests do.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

#[path = "../common/mod.rs"]
mod common;
mod deadlines;
mod headers;
mod pace;
mod permits;
mod shared;
mod updates;

use std::time::Duration;

use mistral_core::chat::ChatCompletionRequest;
use mistral_core::messages::Message;
use mistral_core::rate_limit::RateLimiter;
use mistral_core::testing::{MockReply, MockTransport};
use mistral_core::transport::Transport;
use mistral_core::{Client, ClientBuilder, RetryPolicy, Timeouts};

use crate::common::{Open, answer, question, reply, scripted};

const SECOND: Duration = Duration::from_secs(1);

/// A mock behind a limiter, with the times at which requests were sent.
#[derive(Debug, Clone)]
struct Server {
    mock: MockTransport,
}

impl Server {
    fn new(replies: impl IntoIterator<Item = MockReply>) -> Self {
        Self {
            mock: scripted(replies),
        }
    }

    fn good() -> Self {
        Self::new([good()])
    }

    /// The times at which requests were sent, in tenths of a second.
    fn tenths(&self) -> Vec<u128> {
        let requests = self.mock.requests().into_iter();
        requests.map(|it| it.elapsed.as_millis() / 100).collect()
    }

    fn seconds(&self) -> Vec<u64> {
        let requests = self.mock.requests().into_iter();
        requests.map(|it| it.elapsed.as_secs()).collect()
    }

    /// The texts of the requests, in the order in which they were sent.
    fn texts(&self) -> Vec<String> {
        let requests = self.mock.requests().into_iter();
        let text = |json: serde_json::Value| {
            let text = json["messages"][0]["content"].as_str();
            text.unwrap().to_owned()
        };
        requests.map(|request| text(request.json())).collect()
    }

    fn count(&self) -> usize {
        self.mock.requests().len()
    }

    fn client(&self, limiter: &RateLimiter) -> Client {
        patient(limiter.around(self.mock.clone())).build().unwrap()
    }
}

/// A client with timeouts of hours and without retries.
fn patient(transport: impl Transport) -> ClientBuilder {
    let hours = Duration::from_secs(36_000);
    Client::builder(Open)
        .transport(transport)
        .retry(RetryPolicy::none())
        .timeouts(Timeouts::default().first_byte(hours).total(hours))
}

fn good() -> MockReply {
    reply(200, &answer("hello"))
}

fn ask(text: impl Into<String>) -> ChatCompletionRequest {
    ChatCompletionRequest::new("m", [Message::user(text.into())])
}

async fn ask_times(client: &Client, times: usize) {
    for _ in 0..times {
        client.chat().complete(&question()).await.unwrap();
    }
}

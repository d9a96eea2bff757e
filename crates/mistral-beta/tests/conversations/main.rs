//! Conversations: the merge of streams, the inputs of requests, and the reading of responses.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)] // helpers may panic as tests do

mod inputs;
mod recorded;
mod responses;
mod streams;

use mistral_sdk::testing::{MockReply, MockTransport};
use mistral_sdk::{Client, MistralApi, RetryPolicy};
use serde_json::Value;

fn client(mock: &MockTransport) -> Client {
    Client::builder(MistralApi::new("key").unwrap())
        .transport(mock.clone())
        .retry(RetryPolicy::none())
        .build()
        .unwrap()
}

/// Returns a stream of events without an end marker, as the API sends it.
fn events(events: &[Value]) -> MockReply {
    let frame = |event: &Value| {
        let name = event["type"].as_str().unwrap();
        format!("event: {name}\ndata: {event}\n\n")
    };
    MockReply::bytes(
        "text/event-stream",
        events.iter().map(frame).collect::<Vec<_>>(),
    )
}

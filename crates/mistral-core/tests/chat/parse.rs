//! Responses parsed into a type: the schema in the request, and the value of the response.

mod responses;
mod schema_validity;
mod schemas;
mod streams;

use mistral_sdk::chat::ChatCompletionRequest;
use mistral_sdk::messages::Message;
use mistral_sdk::testing::{MockReply, MockTransport};
use mistral_sdk::{Client, MistralApi};
use schemars::JsonSchema;
use serde::Deserialize;

/// A painting in a museum.
#[derive(Debug, PartialEq, Deserialize, JsonSchema)]
struct Painting {
    /// As it is written on the frame.
    title: String,
    year: Option<i32>,
}

fn ask() -> ChatCompletionRequest {
    ChatCompletionRequest::new("m", [Message::user("Name a painting.")])
}

fn client(mock: &MockTransport) -> Client {
    let api = MistralApi::new("key").unwrap();
    Client::builder(api)
        .transport(mock.clone())
        .build()
        .unwrap()
}

/// A client whose every call returns this text.
fn saying(text: &str) -> Client {
    client(&MockTransport::new().reply(MockReply::chat(text).always()))
}

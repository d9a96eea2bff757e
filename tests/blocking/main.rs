//! The blocking client: API groups, threads, files, and calls inside async runtimes.

// Helpers outside of test functions may panic as tests do.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

mod batches;
mod calls;
mod drops;
mod embeddings;
mod environment;
mod failover;
mod files;
mod runs;
mod runtimes;
mod server;
mod threads;

use mistral_emulator::Emulator;
use mistral_sdk::chat::{ChatCompletionRequest, CompletionChunk};
use mistral_sdk::messages::Message;
use mistral_sdk::{MistralApi, blocking};

fn api(emulator: &Emulator) -> MistralApi {
    let api = MistralApi::new(emulator.api_key()).unwrap();
    api.base_url(emulator.url()).unwrap()
}

fn start() -> (Emulator, blocking::Client) {
    let emulator = Emulator::start().unwrap();
    let client = blocking::Client::new(api(&emulator)).unwrap();
    (emulator, client)
}

fn chat_request() -> ChatCompletionRequest {
    let question = [Message::user("Who painted Olympia?")];
    ChatCompletionRequest::new("mistral-small-latest", question)
}

/// Completes the chat request and returns the text.
fn chat_text(client: &blocking::Client) -> String {
    let response = client.chat().complete(&chat_request()).send().unwrap();
    response.text().into_owned()
}

/// Reads a stream to its end and returns the text.
fn text_of(stream: blocking::EventStream<CompletionChunk>) -> String {
    let texts = stream.map(|chunk| chunk.unwrap().text().into_owned());
    texts.collect()
}

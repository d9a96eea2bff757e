//! The blocking client: every group, from every thread, with files, and where it may not wait.

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

fn ask() -> ChatCompletionRequest {
    let question = [Message::user("Who painted Olympia?")];
    ChatCompletionRequest::new("mistral-small-latest", question)
}

/// The answer to `ask`, whole.
fn answer(client: &blocking::Client) -> String {
    let response = client.chat().complete(&ask()).send().unwrap();
    response.text().into_owned()
}

/// What is left of a stream.
fn text_of(stream: blocking::EventStream<CompletionChunk>) -> String {
    let texts = stream.map(|chunk| chunk.unwrap().text().into_owned());
    texts.collect()
}

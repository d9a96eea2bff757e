//! The public test helpers: `MockTransport`, `MockReply` and `Cassette`.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)] // helpers outside of test functions may panic as tests do

mod bodies;
mod cassette;
mod completions;
mod matching;
mod mock;
mod scrubbing;

use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};

use mistral_sdk::chat::ChatCompletionRequest;
use mistral_sdk::messages::Message;
use mistral_sdk::transport::Transport;
use mistral_sdk::{Client, ClientBuilder, MistralApi};

const KEY: &str = "marker-key-0123456789";

fn builder(transport: impl Transport) -> ClientBuilder {
    Client::builder(MistralApi::new(KEY).unwrap()).transport(transport)
}

fn client(transport: impl Transport) -> Client {
    builder(transport).build().unwrap()
}

fn chat_request(text: &str) -> ChatCompletionRequest {
    ChatCompletionRequest::new("mistral-small-latest", [Message::user(text)])
}

/// A temporary directory, removed on drop.
struct TempDir(PathBuf);

impl TempDir {
    fn new() -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = format!("mistral-cassettes-{}-{number}", std::process::id());
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn file(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for TempDir {
    fn drop(&mut self) {
        drop(std::fs::remove_dir_all(&self.0));
    }
}

//! Calls with the SDK, as its README shows.

use std::hint::black_box;

use mistral_sdk::chat::ChatCompletionRequest;
use mistral_sdk::embeddings::{EmbeddingRequest, EncodingFormat};
use mistral_sdk::messages::Message;
use mistral_sdk::transport::{HyperTransport, Transport};
use mistral_sdk::{Client, MistralApi, blocking};

use crate::scenarios::Scenario;

pub(crate) fn client_of(transport: impl Transport) -> Client {
    let api = MistralApi::new("key").unwrap();
    Client::builder(api).transport(transport).build().unwrap()
}

pub(crate) fn blocking_client_of(transport: impl Transport) -> blocking::Client {
    let api = MistralApi::new("key").unwrap();
    let builder = Client::builder(api).transport(transport);
    builder.build_blocking().unwrap()
}

pub(crate) fn http2_client_at(url: &str) -> Client {
    let transport = HyperTransport::builder().http2_prior_knowledge();
    let api = MistralApi::new("key").unwrap().base_url(url).unwrap();
    let builder = Client::builder(api).transport(transport.build().unwrap());
    builder.build().unwrap()
}

#[cfg(feature = "peers")]
pub(crate) fn client_at(url: &str) -> Client {
    Client::new(MistralApi::new("key").unwrap().base_url(url).unwrap()).unwrap()
}

fn question() -> ChatCompletionRequest {
    let question = [Message::user("Who painted Olympia, and when?")];
    ChatCompletionRequest::new("mistral-small-latest", question)
}

pub(crate) async fn call(client: &Client, scenario: Scenario) {
    let chat = question();
    match scenario {
        Scenario::Chat => {
            let reply = client.chat().complete(&chat).await.unwrap();
            assert!(!black_box(reply).text().is_empty());
        }
        Scenario::Stream => {
            let mut stream = client.chat().stream(&chat).await.unwrap();
            while let Some(chunk) = stream.next().await {
                black_box(chunk.unwrap().text());
            }
        }
        Scenario::Floats | Scenario::Base64 => {
            let mut request = EmbeddingRequest::new("mistral-embed", ["text"; 256]);
            if scenario == Scenario::Base64 {
                request = request.encoding_format(EncodingFormat::Base64);
            }
            let response = client.embeddings().create(&request).await.unwrap();
            let vectors = response.to_f32().unwrap();
            assert_eq!(black_box(vectors).len(), 256);
        }
    }
}

/// Runs a call with the blocking client.
pub(crate) fn call_blocking(client: &blocking::Client, scenario: Scenario) {
    match scenario {
        Scenario::Chat => {
            let reply = client.chat().complete(&question()).send().unwrap();
            assert!(!black_box(reply).text().is_empty());
        }
        Scenario::Stream => {
            for chunk in client.chat().stream(&question()).send().unwrap() {
                black_box(chunk.unwrap().text());
            }
        }
        Scenario::Floats | Scenario::Base64 => panic!("{scenario:?} has no blocking variant"),
    }
}

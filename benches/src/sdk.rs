//! The SDK, called as its README shows.

use std::hint::black_box;

use mistral_sdk::chat::ChatCompletionRequest;
use mistral_sdk::embeddings::{EmbeddingRequest, EncodingFormat};
use mistral_sdk::types::Message;
use mistral_sdk::{Client, MistralApi, Transport};

use crate::answers::Scenario;

pub(crate) fn client_of(transport: impl Transport) -> Client {
    let api = MistralApi::new("key").unwrap();
    Client::builder(api).transport(transport).build().unwrap()
}

#[cfg(feature = "peers")]
pub(crate) fn client_at(url: &str) -> Client {
    Client::new(MistralApi::new("key").unwrap().base_url(url).unwrap()).unwrap()
}

pub(crate) async fn call(client: &Client, scenario: Scenario) {
    let question = [Message::user("Who painted Olympia, and when?")];
    let chat = ChatCompletionRequest::new("mistral-small-latest", question);
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

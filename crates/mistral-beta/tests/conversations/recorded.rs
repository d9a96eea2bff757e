//! The recorded streams of conversations, where they are at hand.

use std::path::Path;

use mistral_sdk::beta::BetaExt as _;
use mistral_sdk::beta::conversations::ConversationRequest;
use mistral_sdk::testing::{MockReply, MockTransport};
use serde_json::Value;

use crate::client;

#[tokio::test]
async fn recorded_streams_are_read_whole() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../../shared/conformance/v3");
    let Ok(corpus) = std::fs::read(folder.join("stream_corpus.json")) else {
        return;
    };
    let corpus: Value = serde_json::from_slice(&corpus).unwrap();
    let mut count = 0;
    for case in corpus["cases"].as_array().unwrap() {
        let call = case["call"].as_str().unwrap();
        if !call.starts_with("beta.conversations.") || case["stop"] != "eof" {
            continue;
        }
        let frames = case["data"].as_array().unwrap();
        let body: String = frames.iter().map(|it| format!("data: {it}\n\n")).collect();
        let chunks: Vec<_> = body.as_bytes().chunks(7).map(<[u8]>::to_vec).collect();
        let mock = MockTransport::new().reply(MockReply::bytes("text/event-stream", chunks));
        let request = ConversationRequest::new("Hi").model("m");
        let client = client(&mock);
        let mut stream = client
            .beta()
            .conversations()
            .start_stream(&request)
            .await
            .unwrap();
        let mut read = Vec::new();
        while let Some(event) = stream.next().await {
            read.push(serde_json::to_value(event.unwrap()).unwrap());
        }
        assert_eq!(&read, frames, "{}", case["id"]);
        count += 1;
    }
    assert!(count > 0);
}

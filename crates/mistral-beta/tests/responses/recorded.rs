//! The recorded streams of responses, where they are at hand.

use std::path::Path;

use mistral_sdk::testing::MockReply;
use serde_json::Value;

use crate::stream;

#[tokio::test]
async fn recorded_streams_are_read_whole() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../../shared/conformance/v3");
    let Ok(corpus) = std::fs::read(folder.join("stream_corpus.json")) else {
        return;
    };
    let corpus: Value = serde_json::from_slice(&corpus).unwrap();
    let mut count = 0;
    for case in corpus["cases"].as_array().unwrap() {
        let is_response = case["call"] == "responses.create";
        if !is_response || case["stop"] != "eof" {
            continue;
        }
        let frames = case["data"].as_array().unwrap();
        let frame = |it: &Value| format!("event: {}\ndata: {it}\n\n", it["type"].as_str().unwrap());
        let body: String = frames.iter().map(frame).collect();
        let chunks: Vec<_> = body.as_bytes().chunks(7).map(<[u8]>::to_vec).collect();
        let mut stream = stream(MockReply::bytes("text/event-stream", chunks)).await;
        let mut read = Vec::new();
        while let Some(event) = stream.next().await {
            read.push(serde_json::to_value(event.unwrap()).unwrap());
        }
        assert_eq!(&read, frames, "{}", case["id"]);
        count += 1;
    }
    assert!(count > 0);
}

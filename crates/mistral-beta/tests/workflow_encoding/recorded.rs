//! Streams that were recorded from the official SDK pass through the encoding unchanged.

use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use mistral_sdk::beta::BetaExt;
use mistral_sdk::beta::workflow_encoding::WorkflowEncoding;
use mistral_sdk::beta::workflows::events::StreamWorkflowEventsRequest;
use mistral_sdk::beta::workflows::executions::StreamWorkflowExecutionRequest;
use mistral_sdk::testing::{MockReply, MockTransport};
use mistral_sdk::{Client, MistralApi};
use serde_json::Value;

use crate::common::{client, full};

/// Reads the stream of a call to its end: the events, and the error.
async fn read(client: &Client, call: &str) -> Vec<String> {
    let workflows = client.workflows();
    let call = match call {
        "workflows.executions.stream" => workflows
            .executions()
            .stream("exec-1", &StreamWorkflowExecutionRequest::new()),
        _ => workflows
            .events()
            .stream(&StreamWorkflowEventsRequest::new()),
    };
    let mut stream = match call.await {
        Ok(stream) => stream,
        Err(error) => return vec![error.to_string()],
    };
    let mut seen = Vec::new();
    while let Some(event) = stream.next().await {
        seen.push(match event {
            Ok(event) => serde_json::to_string(&event).unwrap(),
            Err(error) => error.to_string(),
        });
    }
    seen
}

fn serve(bytes: &[u8]) -> MockTransport {
    let chunks: Vec<_> = bytes.chunks(7).map(<[u8]>::to_vec).collect();
    MockTransport::new().reply(MockReply::bytes("text/event-stream", chunks))
}

#[tokio::test]
async fn streams_without_encoded_payloads_pass_unchanged() {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../../../shared/conformance/v3/stream_corpus.json"
    );
    if !Path::new(path).exists() {
        return; // not part of the repository
    }
    let corpus: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    let is_of_workflow = |case: &&Value| {
        let call = case["call"].as_str().unwrap();
        call.ends_with("events.get_stream_events") || call == "workflows.executions.stream"
    };
    let cases = corpus["cases"].as_array().unwrap().iter();
    let mut count = 0;
    for case in cases.filter(is_of_workflow) {
        let bytes = STANDARD.decode(case["base64"].as_str().unwrap()).unwrap();
        let call = case["call"].as_str().unwrap();
        let plain = Client::builder(MistralApi::new("key").unwrap())
            .transport(serve(&bytes))
            .build()
            .unwrap();
        let expected = read(&plain, call).await;
        for encoding in [full(), WorkflowEncoding::new()] {
            let seen = read(&client(&encoding, &serve(&bytes)), call).await;
            assert_eq!(seen, expected, "{}", case["id"]);
        }
        count += 1;
    }
    assert!(count > 20, "{count}");
}

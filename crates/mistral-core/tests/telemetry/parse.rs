//! The spans of responses that are parsed into values.

use mistral_core::testing::{MockReply, MockTransport};
use serde_json::{Value, json};

use super::recorder::Recorder;
use super::{answer, ask, builder, chunk, has};

#[derive(Debug, schemars::JsonSchema, serde::Deserialize)]
#[expect(dead_code)]
struct Count {
    count: u8,
}

#[tokio::test]
async fn span_of_parse_stream_has_usage() {
    let (recorder, _guard) = Recorder::start();
    let usage = json!({ "prompt_tokens": 5, "completion_tokens": 2, "total_tokens": 7 });
    let events = [chunk("{\"count\": ", Value::Null), chunk("1}", usage)];
    let mock = MockTransport::new().sse(events);
    let client = builder(&mock).capture_content(|_| ()).build().unwrap();
    let stream = client.chat().parse_stream::<Count>(&ask()).await.unwrap();
    stream.collect_parsed().await.unwrap();
    has(
        &recorder.span(),
        &[
            ("gen_ai.response.finish_reasons", r#"["stop"]"#),
            ("gen_ai.response.model", "mistral-small-2506"),
            ("gen_ai.usage.input_tokens", "5"),
            ("gen_ai.usage.output_tokens", "2"),
        ],
    );
    assert!(recorder.text().contains("gen_ai.output.messages"));
}

#[tokio::test]
async fn span_of_parse_failure_has_no_model_text() {
    let message = |message: Value| {
        let mut answer = answer();
        answer["choices"][0]["message"] = message;
        MockReply::json(answer)
    };
    for reply in [
        message(json!({ "content": "", "refusal": "my question is wrong" })),
        message(json!({ "content": "{\"count\": \"my answer\"}" })),
        message(json!({ "tool_calls": [{ "function": { "name": "my answer" } }] })),
    ] {
        let (recorder, _guard) = Recorder::start();
        let mock = MockTransport::new().reply(reply);
        let client = builder(&mock).build().unwrap();
        let error = client.chat().parse::<Count>(&ask()).await.unwrap_err();
        assert!(error.to_string().contains("my "), "{error}");
        has(
            &recorder.span(),
            &[("error.type", "decode"), ("otel.status_code", "ERROR")],
        );
        let text = recorder.text();
        assert!(!text.contains("my "), "{text}");
    }
}

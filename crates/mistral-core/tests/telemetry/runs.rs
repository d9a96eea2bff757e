//! The spans of runs and of the tools that they execute.

use futures::FutureExt;
use mistral_core::chat::Function;
use mistral_core::testing::{MockReply, MockTransport};
use mistral_core::tools::{Approval, ToolErrors, ToolSet};
use serde_json::{Value, json};

use super::recorder::{Recorder, Span};
use super::{ask, builder, has, lacks};

const CONTENTS: [&str; 2] = ["gen_ai.tool.call.arguments", "gen_ai.tool.call.result"];

fn tools() -> ToolSet {
    let weather = Function::new("get_weather", json!({ "type": "object" }));
    let broken = Function::new("broken", json!({ "type": "object" }));
    let panics = Function::new("panics", json!({ "type": "object" }));
    ToolSet::new()
        .function(weather.description("The weather."), async |call: Value| {
            tracing::info!(target: "mistral_test", "working");
            Ok::<_, std::io::Error>(format!("{}: s3cret weather", call["city"]))
        })
        .blocking_function(broken, |_: Value| {
            Err::<(), _>(std::io::Error::other("s3cret disk"))
        })
        .function(panics, async |_: Value| {
            assert!(std::hint::black_box(false), "s3cret panic");
            Ok::<_, std::io::Error>(())
        })
}

fn calling(name: &str) -> MockTransport {
    MockTransport::new()
        .reply(MockReply::tool_calls([(name, json!({ "city": "Paris" }))]).with_usage(10, 3))
        .reply(MockReply::chat("Sunny.").with_usage(20, 4))
}

/// The spans in their order: the run, the first call, the tool, the second call.
fn names(spans: &[Span]) -> Vec<&str> {
    spans
        .iter()
        .filter_map(|span| span.get("otel.name"))
        .collect()
}

#[tokio::test]
async fn span_of_run_surrounds_calls_and_tools() {
    let (recorder, _guard) = Recorder::start();
    let client = builder(&calling("get_weather")).build().unwrap();
    client.chat().run(&ask(), &tools()).await.unwrap();

    let spans = recorder.spans();
    assert!(spans.iter().all(|span| span.ended));
    let chat = "chat mistral-small-latest";
    assert_eq!(
        names(&spans),
        ["invoke_agent", chat, "execute_tool get_weather", chat]
    );
    has(
        &spans[0],
        &[
            ("otel.kind", "internal"),
            ("mistral.operation", "chat.run"),
            ("mistral.turns", "2"),
            ("gen_ai.operation.name", "invoke_agent"),
            ("gen_ai.provider.name", "mistral_ai"),
            ("gen_ai.request.model", "mistral-small-latest"),
            ("gen_ai.usage.input_tokens", "30"),
            ("gen_ai.usage.output_tokens", "7"),
        ],
    );
    has(
        &spans[2],
        &[
            ("otel.kind", "internal"),
            ("gen_ai.operation.name", "execute_tool"),
            ("gen_ai.tool.name", "get_weather"),
            ("gen_ai.tool.type", "function"),
            ("gen_ai.tool.description", "The weather."),
            ("gen_ai.tool.call.id", "mock00001"),
        ],
    );
    for span in &spans {
        lacks(span, &["error.type"]);
        lacks(span, &CONTENTS);
    }
    assert!(!recorder.text().contains("s3cret"), "{}", recorder.text());
    let working = recorder
        .events()
        .into_iter()
        .find(|(_, fields)| fields.get("message").is_some_and(|text| text == "working"));
    assert_eq!(working.unwrap().0, Some(3)); // within the span of the tool
}

#[tokio::test]
async fn span_of_streamed_run_is_the_same() {
    let (recorder, _guard) = Recorder::start();
    let mock = MockTransport::new()
        .reply(MockReply::tool_calls_stream([("get_weather", json!({}))]).with_usage(10, 3))
        .reply(MockReply::chat_stream(["Sun", "ny."]).with_usage(20, 4));
    let client = builder(&mock).build().unwrap();
    let stream = client.chat().run(&ask(), &tools()).stream();
    stream.collect_run().await.unwrap();
    let spans = recorder.spans();
    assert!(spans.iter().all(|span| span.ended));
    let chat = "chat mistral-small-latest";
    assert_eq!(
        names(&spans),
        ["invoke_agent", chat, "execute_tool get_weather", chat]
    );
    let usage = ("gen_ai.usage.input_tokens", "30");
    has(&spans[0], &[("mistral.turns", "2"), usage]);
    lacks(&spans[0], &["error.type"]);
}

#[tokio::test]
async fn span_of_dropped_run_is_cancelled() {
    let (recorder, _guard) = Recorder::start();
    let client = builder(&calling("get_weather")).build().unwrap();
    let waits = async |_| std::future::pending::<Approval>().await;
    let run = client.chat().run(&ask(), &tools()).on_call(waits);
    let mut run = run.into_future();
    assert!((&mut run).now_or_never().is_none());
    drop(run);
    let run = &recorder.spans()[0];
    assert!(run.ended);
    has(run, &[("error.type", "cancelled")]);
    lacks(run, &["otel.status_code"]);
}

#[tokio::test]
async fn span_of_failed_tool_has_error_without_its_texts() {
    for (tool, description) in [
        ("broken", "the tool `broken` failed"),
        ("panics", "the tool `panics` panicked"),
        (
            "unknown",
            "there is no tool `unknown`, only get_weather, broken, panics",
        ),
    ] {
        let (recorder, _guard) = Recorder::start();
        let client = builder(&calling(tool)).build().unwrap();
        let run = client.chat().run(&ask(), &tools());
        run.tool_errors(ToolErrors::Fail).await.unwrap_err();
        let spans = recorder.spans();
        assert_eq!(names(&spans)[2], format!("execute_tool {tool}"));
        let failed = [("error.type", "tool"), ("otel.status_code", "ERROR")];
        has(&spans[2], &failed);
        has(&spans[2], &[("otel.status_description", description)]);
        has(&spans[0], &failed);
        let run = spans[0].get("otel.status_description").unwrap();
        assert!(
            !run.contains("s3cret") && !spans[2].fields.values().any(|it| it.contains("s3cret"))
        );
    }
}

#[tokio::test]
async fn span_of_tool_has_contents_if_they_are_captured() {
    let (recorder, _guard) = Recorder::start();
    let redact = |messages: &mut Value| {
        let part = &mut messages[0]["parts"][0];
        if let Some(text) = part["response"]
            .as_str()
            .map(|text| text.replace("s3cret", "***"))
        {
            part["response"] = text.into();
        }
    };
    let client = builder(&calling("get_weather")).capture_content(redact);
    let client = client.build().unwrap();
    client.chat().run(&ask(), &tools()).await.unwrap();
    let contents = [
        ("gen_ai.tool.call.arguments", r#"{"city":"Paris"}"#),
        ("gen_ai.tool.call.result", "\"Paris\": *** weather"),
    ];
    has(&recorder.spans()[2], &contents);
}

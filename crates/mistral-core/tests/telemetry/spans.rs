//! The span of a call: its fields, the content it leaves out, and its end.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use http::Method;
use mistral_core::ErrorKind;
use mistral_core::chat::{ChatCompletionRequest, Stop};
use mistral_core::embeddings::EmbeddingRequest;
use mistral_core::fim::FimCompletionRequest;
use mistral_core::messages::{Message, ResponseFormat};
use mistral_core::testing::{MockReply, MockTransport};
use serde_json::{Value, json};

use super::recorder::Recorder;
use super::{MESSAGES, answer, ask, builder, events, has, lacks};

#[tokio::test]
async fn span_of_call_follows_genai_conventions() {
    let (recorder, _guard) = Recorder::start();
    let reply = MockReply::json(answer()).with_header("x-request-id", "id-1");
    let mock = MockTransport::new().reply(reply);
    let client = builder(&mock).build().unwrap();
    let mut request = ask()
        .temperature(0.2)
        .top_p(0.9)
        .max_tokens(100)
        .random_seed(7)
        .stop(Stop::Text("END".to_owned()))
        .response_format(ResponseFormat::json_object())
        .n(2);
    request.frequency_penalty = Some(0.5);
    client.chat().complete(&request).await.unwrap();

    let span = recorder.span();
    assert!(span.ended);
    has(
        &span,
        &[
            ("otel.name", "chat mistral-small-latest"),
            ("otel.kind", "client"),
            ("mistral.operation", "chat.complete"),
            ("mistral.attempts", "1"),
            ("mistral.request_id", "id-1"),
            ("gen_ai.operation.name", "chat"),
            ("gen_ai.provider.name", "mistral_ai"),
            ("gen_ai.output.type", "json"),
            ("gen_ai.request.model", "mistral-small-latest"),
            ("gen_ai.request.choice.count", "2"),
            ("gen_ai.request.frequency_penalty", "0.5"),
            ("gen_ai.request.max_tokens", "100"),
            ("gen_ai.request.seed", "7"),
            ("gen_ai.request.stop_sequences", r#"["END"]"#),
            ("gen_ai.request.temperature", "0.2"),
            ("gen_ai.request.top_p", "0.9"),
            ("gen_ai.response.finish_reasons", r#"["stop","length"]"#),
            ("gen_ai.response.id", "cmpl-1"),
            ("gen_ai.response.model", "mistral-small-2506"),
            ("gen_ai.usage.input_tokens", "10"),
            ("gen_ai.usage.output_tokens", "3"),
            ("gen_ai.usage.cache_read.input_tokens", "4"),
            ("server.address", "gateway.example"),
            ("server.port", "8443"),
            ("http.response.status_code", "200"),
        ],
    );
    lacks(
        &span,
        &["error.type", "otel.status_code", "gen_ai.request.stream"],
    );
    lacks(
        &span,
        &[
            "gen_ai.response.time_to_first_chunk",
            "gen_ai.request.top_k",
        ],
    );
    lacks(&span, &MESSAGES);
}

#[tokio::test]
async fn span_name_of_every_operation() {
    let (recorder, _guard) = Recorder::start();
    let files = json!({ "data": [], "object": "list", "id": "no answer's id" });
    let vectors = json!({ "id": "e-1", "data": [], "model": "m", "object": "list" });
    let mock = MockTransport::new()
        .json(answer())
        .json(vectors)
        .json(files)
        .json(json!({ "id": "r-1" }));
    let client = builder(&mock).build().unwrap();
    let fim = FimCompletionRequest::new("codestral-latest", "def f(");
    client.fim().complete(&fim).await.unwrap();
    let mut embed = EmbeddingRequest::new("mistral-embed", "text");
    embed.output_dimension = Some(64);
    client.embeddings().create(&embed).await.unwrap();
    client.models().list().await.unwrap();
    let raw = client.request::<Value>(Method::POST, "/v1/new");
    raw.json(&json!({ "model": "m-1", "max_tokens": 9 }))
        .await
        .unwrap();

    let spans = recorder.spans();
    has(
        &spans[0],
        &[("otel.name", "text_completion codestral-latest")],
    );
    has(
        &spans[1],
        &[
            ("otel.name", "embeddings mistral-embed"),
            ("gen_ai.embeddings.dimension.count", "64"),
            ("gen_ai.response.id", "e-1"),
        ],
    );
    has(
        &spans[2],
        &[
            ("otel.name", "models.list"),
            ("gen_ai.operation.name", "models.list"),
        ],
    );
    lacks(&spans[2], &["gen_ai.response.id", "gen_ai.request.model"]);
    has(
        &spans[3],
        &[
            ("otel.name", "request m-1"),
            ("gen_ai.request.max_tokens", "9"),
        ],
    );
    assert!(spans.iter().all(|span| span.ended));
}

#[tokio::test]
async fn span_lacks_only_attributes_of_another_type() {
    let (recorder, _guard) = Recorder::start();
    let mut reply = answer();
    reply["id"] = json!(7);
    reply["choices"][0]["finish_reason"] = json!({});
    let mock = MockTransport::new().json(json!({})).json(reply);
    let client = builder(&mock).build().unwrap();
    let raw = client.request::<Value>(Method::POST, "/v1/new");
    raw.json(&json!({ "model": "m-1", "max_tokens": "9", "temperature": 1, "stop": {} }))
        .await
        .unwrap();
    client.chat().complete(&ask()).await.unwrap();

    let spans = recorder.spans();
    has(
        &spans[0],
        &[
            ("gen_ai.request.model", "m-1"),
            ("gen_ai.request.temperature", "1.0"),
        ],
    );
    lacks(
        &spans[0],
        &["gen_ai.request.max_tokens", "gen_ai.request.stop_sequences"],
    );
    has(
        &spans[1],
        &[
            ("gen_ai.response.finish_reasons", r#"["length"]"#),
            ("gen_ai.response.model", "mistral-small-2506"),
            ("gen_ai.usage.input_tokens", "10"),
        ],
    );
    lacks(&spans[1], &["gen_ai.response.id"]);
}

#[tokio::test]
async fn span_error_has_type_without_server_text() {
    let (recorder, _guard) = Recorder::start();
    let refusal = json!({ "message": "my question is too long", "code": "3051" });
    let broken = json!({ "choices": "my answer" });
    let mock = MockTransport::new()
        .reply(
            MockReply::json(refusal)
                .with_status(422)
                .with_header("x-request-id", "id-2"),
        )
        .json(broken);
    let client = builder(&mock).build().unwrap();
    client.chat().complete(&ask()).await.unwrap_err();
    let error = client.chat().complete(&ask()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Decode);
    let unreachable = client.chat().complete(&ask()).base_url("ftp://x");
    unreachable.await.unwrap_err(); // a call that fails before any request has no span
    let spans = recorder.spans();
    assert_eq!(spans.len(), 2);
    has(
        &spans[0],
        &[
            ("error.type", "invalid_request"),
            ("otel.status_code", "ERROR"),
            (
                "otel.status_description",
                "422 Unprocessable Entity (code 3051)",
            ),
            ("http.response.status_code", "422"),
            ("mistral.request_id", "id-2"),
            ("mistral.attempts", "1"),
        ],
    );
    has(
        &spans[1],
        &[
            ("error.type", "decode"),
            ("http.response.status_code", "200"),
        ],
    );
    assert!(spans.iter().all(|span| span.ended));
    let text = recorder.text();
    assert!(
        !text.contains("my question") && !text.contains("my answer"),
        "{text}"
    );
}

#[tokio::test(start_paused = true)]
async fn span_of_dropped_call_is_cancelled() {
    let (recorder, _guard) = Recorder::start();
    let mock =
        MockTransport::new().reply(MockReply::json(answer()).with_delay(Duration::from_secs(9)));
    let client = builder(&mock).build().unwrap();
    let call = client.chat().complete(&ask()).into_future();
    tokio::time::timeout(Duration::from_secs(1), call)
        .await
        .unwrap_err();
    let span = recorder.span();
    assert!(span.ended);
    has(&span, &[("error.type", "cancelled")]);
    lacks(&span, &["otel.status_code"]);
}

#[tokio::test]
async fn span_content_is_opt_in_and_redacted() {
    let (recorder, _guard) = Recorder::start();
    let mock = MockTransport::new().json(answer()).sse(events());
    let builder = builder(&mock).capture_content(|messages| {
        for message in messages.as_array_mut().unwrap() {
            if message["role"] == "system" {
                message["parts"] = json!("redacted");
            }
        }
    });
    let client = builder.build().unwrap();
    client.chat().complete(&ask()).await.unwrap();
    let stream = client.chat().stream(&ask()).await.unwrap();
    stream.collect_response().await.unwrap();

    let input = json!([
        { "role": "system", "parts": "redacted" },
        { "role": "user", "parts": [{ "type": "text", "content": "my question" }] },
    ]);
    let said = json!({
        "role": "assistant",
        "parts": [{ "type": "text", "content": "my answer" }],
        "finish_reason": "stop",
    });
    for span in recorder.spans() {
        let messages = MESSAGES.map(|name| serde_json::from_str(span.get(name).unwrap()).unwrap());
        let [input_messages, output_messages]: [Value; 2] = messages;
        assert_eq!(input_messages, input);
        assert_eq!(output_messages[0], said);
    }
    assert!(!recorder.text().contains("Be brief."));
}

#[tokio::test(start_paused = true)]
async fn trace_context_is_injected_into_every_attempt() {
    let (recorder, _guard) = Recorder::start();
    let mock = MockTransport::new()
        .reply(MockReply::status(503))
        .json(answer())
        .json(answer());
    let offered = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&offered);
    let builder = builder(&mock).propagate(move |headers| {
        seen.lock().unwrap().push(headers.len());
        let id = recorder.current().unwrap();
        headers.insert("traceparent", format!("span-{id}").parse().unwrap());
        headers.insert("authorization", "stolen".parse().unwrap());
    });
    let client = builder.build().unwrap();
    client.chat().complete(&ask()).await.unwrap();
    let own = client.chat().complete(&ask()).header("traceparent", "own");
    own.await.unwrap();
    let requests = mock.requests();
    let sent = requests
        .iter()
        .map(|request| request.header("traceparent").unwrap());
    assert!(sent.eq(["span-1", "span-1", "own"]));
    for request in &requests {
        assert_ne!(request.header("authorization"), Some("stolen"));
        for name in ["authorization", "traceparent"] {
            assert_eq!(request.headers.get_all(name).iter().count(), 1, "{name}");
        }
    }
    assert_eq!(
        *offered.lock().unwrap(),
        [0, 0, 0],
        "no credential is shown to the hook"
    );
}

#[tokio::test]
async fn span_per_concurrent_call() {
    let (recorder, _guard) = Recorder::start();
    let mock = MockTransport::new().reply(MockReply::json(answer()).always());
    let client = builder(&mock).build().unwrap();
    let (one, other) = (
        ask().n(1), // the default
        ChatCompletionRequest::new("other", [Message::user("hi")]),
    );
    let (one, other) = tokio::join!(
        client.chat().complete(&one).into_future(),
        client.chat().complete(&other).into_future(),
    );
    one.and(other).unwrap();
    lacks(&recorder.spans()[0], &["gen_ai.request.choice.count"]);
    let names = recorder
        .spans()
        .into_iter()
        .map(|span| span.fields["otel.name"].clone());
    assert!(names.eq(["chat mistral-small-latest", "chat other"]));
}

//! Raw pass-through: requests and responses as JSON.

use mistral_core::ErrorKind;
use mistral_core::chat::{ChatCompletionRequest, ChatCompletionResponse};
use mistral_core::testing::MockTransport;
use serde_json::{Value, json};

use crate::common::{DONE, answer, bytes, client_with, event, finish, only, reply, scripted, sse};

fn body() -> Value {
    json!({
        "model": "m", "temperature": 0.5, "new_field": { "b": [1, null] },
        "messages": [{ "role": "user", "content": "hi", "name": "Ada" }],
    })
}

#[tokio::test]
async fn raw_request_and_response_pass_unchanged() {
    let sent = json!({
        "id": "1", "choices": [{
            "index": 0, "finish_reason": null, "message": { "role": "assistant", "content": null },
        }],
        "usage": { "new_counter": 1.0 }, "x": null,
    })
    .to_string();
    let mock = scripted([reply(200, &sent)]);
    let client = client_with(&mock);
    let response = client
        .chat()
        .complete_raw(body())
        .with_response()
        .await
        .unwrap();
    assert_eq!(response.raw_body, sent);
    assert_eq!(response.body, serde_json::from_str::<Value>(&sent).unwrap());
    let request = only(&mock);
    assert_eq!(request.json(), body());
    assert_eq!(request.model.as_deref(), Some("m"));
    assert!(
        request.uri.path().ends_with("/v1/chat/completions"),
        "{}",
        request.uri
    );
    assert_eq!(request.headers["accept"], "application/json");
}

#[tokio::test]
async fn raw_request_as_text_keeps_the_order_within_its_values() {
    let text = r#"{"model":"m","messages":[],"tools":[{"b":1,"a":2.50}]}"#;
    let mock = scripted([reply(200, &answer("a"))]);
    let client = client_with(&mock);
    client.chat().complete_raw(text.as_bytes()).await.unwrap();
    let sent = String::from_utf8(only(&mock).body.to_vec()).unwrap();
    assert!(sent.contains(r#"[{"b":1,"a":2.50}]"#), "{sent}");
}

#[tokio::test]
async fn raw_stream_returns_the_data_of_each_event() {
    let first =
        r#"{"choices":[{"delta":{"content":"a"},"finish_reason":null,"index":0}], "p": "x"}"#;
    let mock = scripted([sse([
        bytes(format!("data: {first}\n\n: keep-alive\n\n")),
        bytes(finish()),
        bytes(DONE),
    ])]);
    let mut stream = client_with(&mock).chat().stream_raw(body()).await.unwrap();
    let mut events = Vec::new();
    while let Some(chunk) = stream.next().await {
        events.push(chunk.unwrap());
    }
    assert_eq!(events.len(), 2);
    assert_eq!(
        (events[0].as_str(), events[0].to_string().as_str()),
        (first, first)
    );
    let choice = &events[0].parse::<Value>().unwrap()["choices"][0];
    assert_eq!(choice.get("finish_reason"), Some(&Value::Null));
    let merged = stream.collect_response().await.unwrap();
    assert_eq!(merged.text(), "a");

    let mut expected = body();
    expected["stream"] = json!(true);
    let request = only(&mock);
    assert_eq!(request.json(), expected);
    assert_eq!(request.headers["accept"], "text/event-stream");
}

#[tokio::test]
async fn raw_stream_cut_is_truncated_with_the_partial_response() {
    let mock = scripted([sse([bytes(event("a")), bytes(event("b"))])]);
    let mut stream = client_with(&mock).chat().stream_raw(body()).await.unwrap();
    stream.next().await.unwrap().unwrap();
    stream.next().await.unwrap().unwrap();
    let error = stream.next().await.unwrap().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Truncated);
    let partial = error.partial::<ChatCompletionResponse>().unwrap();
    assert_eq!(partial.text(), "ab");
}

#[tokio::test]
async fn raw_errors_are_those_of_typed_calls() {
    let error = r#"{"object":"error","message":"no luck","type":"x","code":"3000"}"#;
    for status in [200, 400] {
        let mock = scripted([reply(status, error)]);
        let error = client_with(&mock)
            .chat()
            .complete_raw(body())
            .await
            .unwrap_err();
        assert!(error.to_string().contains("no luck"), "{error}");
        assert_eq!(error.operation(), "chat.complete");
    }
    let data = format!("data: {error}\n\n");
    let mock = scripted([sse([bytes(event("a")), bytes(data)])]);
    let mut stream = client_with(&mock).chat().stream_raw(body()).await.unwrap();
    stream.next().await.unwrap().unwrap();
    let error = stream.next().await.unwrap().unwrap_err();
    assert!(error.to_string().contains("no luck"), "{error}");
}

#[tokio::test]
async fn raw_response_with_error_beside_text_passes_as_typed_calls_return_it() {
    let choice = json!({ "index": 0, "message": { "role": "assistant", "content": "a" } });
    let mut failed = choice.clone();
    failed["error"] = json!("late");
    for sent in [
        json!({ "choices": [choice], "error": { "message": "late" } }),
        json!({ "choices": [failed] }),
    ] {
        let text = sent.to_string();
        let client = client_with(&scripted([reply(200, &text), reply(200, &text)]));
        assert_eq!(client.chat().complete_raw(body()).await.unwrap(), sent);
        let request = ChatCompletionRequest::new("m", "hi");
        let typed = client.chat().complete(&request).await.unwrap();
        assert_eq!(typed.text(), "a", "{text}");
    }
}

#[tokio::test]
async fn raw_request_that_contradicts_the_method_fails_before_it_is_sent() {
    let mock = MockTransport::new();
    let chat = client_with(&mock).chat();
    let stream = |value: Value| {
        let mut body = body();
        body["stream"] = value;
        body
    };
    for (error, words) in [
        (
            chat.complete_raw(stream(json!(true))).await.unwrap_err(),
            "`stream` is true",
        ),
        (
            chat.stream_raw(stream(json!(false))).await.unwrap_err(),
            "`stream` is false",
        ),
        (
            chat.complete_raw(json!([1])).await.unwrap_err(),
            "not a JSON object",
        ),
        (chat.complete_raw("{").await.unwrap_err(), "line 1"),
        (
            chat.complete_raw(b"\xFF".as_slice()).await.unwrap_err(),
            "utf-8",
        ),
    ] {
        assert_eq!(error.kind(), ErrorKind::Config);
        assert!(error.to_string().contains(words), "{error}");
    }
    assert!(mock.requests().is_empty());
}

#[tokio::test]
async fn raw_stream_field_that_agrees_is_accepted() {
    let mock = scripted([
        reply(200, &answer("a")),
        sse([bytes(finish()), bytes(DONE)]),
        sse([bytes(finish()), bytes(DONE)]),
    ]);
    let chat = client_with(&mock).chat();
    let stream = |value: Value| {
        let mut body = body();
        body["stream"] = value;
        body
    };
    chat.complete_raw(stream(json!(false))).await.unwrap();
    chat.stream_raw(stream(json!(true))).await.unwrap();
    chat.stream_raw(stream(json!(null))).await.unwrap();
    let sent: Vec<_> = mock
        .requests()
        .iter()
        .map(|it| it.json()["stream"].clone())
        .collect();
    assert_eq!(sent, [json!(false), json!(true), json!(true)]);
}

#[tokio::test]
async fn raw_calls_of_other_groups_have_their_paths() {
    let mock = MockTransport::new();
    let mock = mock.replies([reply(200, &answer("a")).always()]);
    let client = client_with(&mock);
    client
        .agents()
        .complete_raw(r#"{"agent_id":"a","messages":[]}"#)
        .await
        .unwrap();
    client
        .fim()
        .complete_raw(r#"{"model":"m","prompt":"a"}"#)
        .await
        .unwrap();
    client
        .embeddings()
        .create_raw(r#"{"model":"m","input":"a"}"#)
        .await
        .unwrap();
    let paths: Vec<_> = mock
        .requests()
        .iter()
        .map(|it| it.uri.path().to_owned())
        .collect();
    let expected = ["/agents/completions", "/fim/completions", "/embeddings"];
    for (path, end) in paths.iter().zip(expected) {
        assert!(path.ends_with(end), "{path}");
    }
}

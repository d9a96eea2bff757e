//! One call: the request, the options of the call, the response and its errors.

use std::time::Duration;

use futures::FutureExt;
use futures::future::join_all;
use http::Method;
use mistral_core::chat::{ChatCompletionRequest, ChatCompletionResponse};
use mistral_core::testing::{MockChunk, MockReply};
use mistral_core::{Client, Error, ErrorKind, Result, RetryPolicy};
use serde_json::{Value, json};

use crate::common::{
    answer, builder_with, bytes, client_with, event, finish, question, reply, scripted, sse,
};

const SECOND: Duration = Duration::from_secs(1);

pub(super) async fn ask(client: &Client) -> Result<ChatCompletionResponse> {
    client.chat().complete(&question()).await
}

#[tokio::test]
async fn request_has_url_headers_and_context() {
    let mock = scripted([reply(200, &answer("ok"))]);
    ask(&client_with(&mock)).await.unwrap();
    let sent = mock.requests();
    let sent = &sent[0];
    assert_eq!(sent.method, Method::POST);
    assert_eq!(sent.uri, "http://server.test/prefix/v1/chat/completions");
    assert_eq!(sent.headers["content-type"], "application/json");
    assert_eq!(sent.headers["accept"], "application/json");
    let agent = sent.headers["user-agent"].to_str().unwrap();
    assert!(agent.starts_with("mistral-sdk-rust/"), "{agent}");
    assert_eq!(sent.operation, "chat.complete");
    assert_eq!(sent.model.as_deref(), Some("m"));
    assert_eq!(sent.attempt, 1);
}

#[tokio::test]
async fn call_options_override_request_and_client() {
    let mock = scripted([reply(200, &answer("ok"))]);
    let call = client_with(&mock).chat().complete(&question());
    let call = call
        .header("x-team", "a b")
        .header("Accept", "text/x-other")
        .query("debug", "1&2")
        .extra_body("temperature", 0.5)
        .extra_body("new", json!({ "x": [1] }))
        .base_url("https://gate.test:8443/team/v1/");
    call.await.unwrap();
    let sent = mock.requests();
    let sent = &sent[0];
    assert_eq!(
        sent.uri,
        "https://gate.test:8443/team/v1/chat/completions?debug=1%262"
    );
    assert_eq!(sent.headers["x-team"], "a b");
    assert_eq!(sent.headers["accept"], "text/x-other");
    assert_eq!(sent.headers.get_all("accept").iter().count(), 1);
    let messages = json!([{ "role": "user", "content": "hi" }]);
    let expected =
        json!({ "model": "m", "messages": messages, "temperature": 0.5, "new": { "x": [1] } });
    assert_eq!(sent.json(), expected);
}

#[tokio::test]
async fn call_option_errors_are_reported_before_any_request() {
    let mock = scripted([reply(200, &answer("ok"))]);
    let client = client_with(&mock);
    let chat = || client.chat().complete(&question());
    for (call, words) in [
        (chat().header("x team", "a"), "`header`"),
        (chat().header("x-team", "s3cret\nb"), "x-team"),
        (chat().base_url("nowhere"), "`base_url`"),
        (chat().base_url("https://u:s3cret@host"), "`base_url`"),
        (client.request(Method::POST, "v1/x"), "slash"),
        (
            client.request(Method::GET, "/v1/not-here"),
            "does not offer",
        ),
        (
            client.chat().complete(&question().extra("stream", true)),
            "`stream`",
        ),
        (chat().json(&json!([1])).extra_body("a", 1), "`extra_body`"),
    ] {
        let error = call.await.unwrap_err();
        assert!(
            matches!(error.kind(), ErrorKind::Config | ErrorKind::Unsupported),
            "{error}"
        );
        assert!(error.to_string().contains(words), "{error}");
        assert!(
            !format!("{error:#} {error:?}").contains("s3cret"),
            "{error:?}"
        );
        assert_eq!(error.attempts(), 0);
    }
    for id in ["", ".", ".."] {
        let error = client.models().retrieve(id).await.unwrap_err();
        let start = "models.retrieve: `model_id`";
        assert!(error.to_string().starts_with(start), "{error}");
    }
    let call = client.chat().complete(&question().extra("stream", true));
    assert_eq!(call.await.unwrap_err().operation(), "chat.complete");
    assert_eq!(mock.requests().len(), 0);
}

#[tokio::test]
async fn model_map_replaces_the_model() {
    let mock = scripted([reply(200, &answer("ok"))]);
    let builder = builder_with(&mock).model_map([("m", "m-here"), ("other", "x")]);
    let client = builder.build().unwrap();
    ask(&client).await.unwrap();
    ask(&client).await.unwrap(); // by the cached route
    assert_eq!(question().model, "m");
    let request = ChatCompletionRequest::new("unmapped", question().messages);
    client.chat().complete(&request).await.unwrap();
    let models = mock.requests();
    let models: Vec<_> = models
        .iter()
        .map(|sent| sent.json()["model"].clone())
        .collect();
    assert_eq!(models, ["m-here", "m-here", "unmapped"]);
    assert!(client.supports("chat.stream") && !client.supports("chat.sing"));
}

#[tokio::test]
async fn path_parameters_are_escaped() {
    let mock = scripted([reply(200, r#"{"id":"x","type":"base"}"#)]);
    client_with(&mock)
        .models()
        .retrieve("ft:a/b?c")
        .await
        .unwrap();
    let sent = mock.requests();
    assert_eq!(sent[0].uri.path(), "/prefix/v1/models/ft%3Aa%2Fb%3Fc");
    assert_eq!(sent[0].uri.query(), None);
    assert!(sent[0].body.is_empty());
    assert!(!sent[0].headers.contains_key("content-type"));
}

#[tokio::test]
async fn with_response_returns_status_headers_and_attempts() {
    let ok = reply(200, &answer("ok"))
        .with_header("mistral-correlation-id", "id-1")
        .with_header("x-ratelimit-remaining-req-minute", "59");
    let mock = scripted([reply(503, "busy"), ok]);
    let client = builder_with(&mock)
        .retry(instant_retries())
        .build()
        .unwrap();
    let response = client
        .chat()
        .complete(&question())
        .with_response()
        .await
        .unwrap();
    assert_eq!(response.body.text(), "ok");
    assert_eq!(response.status, 200);
    assert_eq!(response.request_id(), Some("id-1"));
    assert_eq!(response.rate_limit().remaining_requests, Some(59));
    assert_eq!(response.raw_body, answer("ok"));
    assert_eq!(response.attempts, 2);

    let mock = scripted([sse([bytes(event("a")), bytes(finish())])]);
    let response = client_with(&mock)
        .chat()
        .stream(&question())
        .with_response()
        .await
        .unwrap();
    assert_eq!(
        response.headers["content-type"],
        "text/event-stream; charset=utf-8"
    );
    assert_eq!(response.body.collect_response().await.unwrap().text(), "a");
}

fn instant_retries() -> RetryPolicy {
    RetryPolicy::backoff(Duration::ZERO, Duration::ZERO, 1.0, SECOND).max_retries(2)
}

#[tokio::test(start_paused = true)]
async fn response_cut_is_a_connection_error() {
    let whole = answer("a long text");
    let half = bytes(&whole[..whole.len() / 2]);
    let reply = sse([half, MockChunk::Break]).with_header("content-type", "application/json");
    let error = ask(&client_with(&scripted([reply]))).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Connection);
}

#[tokio::test]
async fn status_200_with_error_body_is_an_error() {
    let mock = scripted([reply(
        200,
        r#"{"object":"error","message":"boom","code":"1"}"#,
    )]);
    let error = ask(&client_with(&mock)).await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (ErrorKind::Server, Some("1")));
    assert_eq!(
        error.to_string(),
        "chat.complete: the server reported an error: boom (code 1)"
    );
}

#[tokio::test(start_paused = true)]
async fn error_body_is_read_up_to_a_limit() {
    let endless = vec![bytes("x".repeat(64 * 1024)); 100];
    let stalls = vec![bytes(r#"{"message":"cut of"#), MockChunk::Stall];
    let breaks = vec![bytes("short"), MockChunk::Break];
    for (pieces, size) in [(endless, 1024 * 1024), (stalls, 18), (breaks, 5)] {
        let reply = sse(pieces).with_status(400);
        let error = ask(&client_with(&scripted([reply]))).await.unwrap_err();
        assert_eq!(error.status().unwrap(), 400);
        assert_eq!(error.api().unwrap().body.len(), size);
        assert!(
            error.to_string().len() < 2500,
            "{}",
            error.to_string().len()
        );
    }
}

#[tokio::test]
async fn status_204_is_accepted_where_no_body_is_expected() {
    let client = client_with(&scripted([reply(204, "")]));
    client
        .request::<()>(Method::DELETE, "/v1/files/1")
        .await
        .unwrap();
    let nothing: Value = client.request(Method::DELETE, "/v1/x").await.unwrap();
    assert!(nothing.is_null());
    let error = ask(&client).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Truncated);
}

#[test]
fn client_and_calls_are_send() {
    fn anywhere<T: Send + Sync + Clone + 'static>() {}
    fn to_another_thread<T: Send + 'static>(_: T) {}
    anywhere::<Client>();
    let client = client_with(&scripted([]));
    to_another_thread(client.chat().complete(&question()));
    to_another_thread(client.chat().stream(&question()));
    to_another_thread(client.files().download("f1"));
    to_another_thread(client.chat().complete(&question()).with_response());
    fn error<T: Send + Sync + std::error::Error + 'static>() {}
    error::<Error>();
}

/// A transport may work without a runtime. The wait before a retry does not.
#[test]
fn retry_outside_of_a_runtime_is_a_config_error() {
    let mock = scripted([reply(503, "{}"), reply(200, &answer("ok"))]);
    let client = builder_with(&mock)
        .retry(RetryPolicy::default())
        .build()
        .unwrap();
    let error = ask(&client).now_or_never().unwrap().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config, "{error:#}");
    assert!(error.to_string().contains("Tokio runtime"), "{error}");
    assert_eq!(mock.requests().len(), 1);
}

#[tokio::test]
async fn call_is_a_future_that_can_be_spawned_joined_and_selected() {
    let mock = scripted([reply(200, &answer("ok"))]);
    let client = client_with(&mock);
    let spawned = tokio::spawn(client.chat().complete(&question()));
    let joined = join_all([(); 3].map(|()| client.chat().complete(&question())));
    let (spawned, joined) = tokio::join!(spawned, joined);
    let selected = tokio::select! {
        response = client.chat().complete(&question()) => response,
    };
    let texts = joined.into_iter().chain([spawned.unwrap(), selected]);
    for response in texts {
        assert_eq!(response.unwrap().text(), "ok");
    }
    assert_eq!(mock.requests().len(), 5);

    let mock = scripted([sse([bytes(event("ok")), bytes(finish())])]);
    let stream = tokio::spawn(client_with(&mock).chat().stream(&question()));
    let response = stream.await.unwrap().unwrap().collect_response().await;
    assert!(response.unwrap().choices[0].finish_reason.is_some());
    let mock = scripted([MockReply::bytes("text/plain", ["bytes"])]);
    let download = tokio::spawn(client_with(&mock).files().download("f1"));
    let download = download.await.unwrap().unwrap();
    assert_eq!(download.bytes().await.unwrap(), "bytes");
}

/// A call that is selected against something else may be polled again, and dropped when it ends.
#[tokio::test(start_paused = true)]
async fn call_polled_by_reference_continues_and_its_drop_cancels() {
    let slow = || reply(200, &answer("ok")).with_delay(10 * SECOND);
    let mock = scripted([slow()]);
    let client = client_with(&mock);
    let mut call = client.chat().complete(&question());
    assert_eq!(mock.requests().len(), 0); // nothing is sent before the first poll
    for _ in 0..2 {
        let waited = tokio::time::timeout(4 * SECOND, &mut call).await;
        assert!(waited.is_err());
        assert_eq!((mock.requests().len(), mock.in_flight()), (1, 1));
    }
    // Its options are those it was sent with.
    let mut call = call.timeout(SECOND).header("x-late", "1");
    assert_eq!((&mut call).await.unwrap().text(), "ok");
    assert!(!mock.requests()[0].headers.contains_key("x-late"));

    let error = (&mut call).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config);
    assert!(error.to_string().contains("after it had ended"), "{error}");
    assert_eq!(mock.requests().len(), 1);

    let mut call = client.chat().complete(&question());
    let waited = tokio::time::timeout(SECOND, &mut call).await;
    assert!(waited.is_err() && mock.in_flight() == 1);
    drop(call);
    assert_eq!(mock.in_flight(), 0);
}

#[tokio::test(start_paused = true)]
async fn call_with_response_continues_what_was_polled() {
    let slow = reply(200, &answer("ok")).with_delay(10 * SECOND);
    let mock = scripted([slow]);
    let mut call = client_with(&mock).chat().complete(&question());
    let waited = tokio::time::timeout(SECOND, &mut call).await;
    assert!(waited.is_err());
    let response = call.with_response().await.unwrap();
    assert_eq!((response.body.text(), response.attempts), ("ok".into(), 1));
    assert_eq!(mock.requests().len(), 1);
}

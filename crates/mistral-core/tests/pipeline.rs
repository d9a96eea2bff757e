//! The way of one call: what is sent, what is repeated, what an error says.

mod common;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use common::{Open, Piece, Script, Step, answer, bytes, event, finish, question};
use http::{HeaderMap, HeaderValue, Method};
use mistral_core::chat::{ChatCompletionRequest, ChatCompletionResponse};
use mistral_core::error::TimeoutPhase;
use mistral_core::provider::{Operation, Provider, Route, RouteRequest};
use mistral_core::transport::TransportErrorKind;
use mistral_core::{Client, Error, ErrorKind, Result, RetryPolicy};
use serde_json::{Value, json};
use tokio::time::Instant;

const SECOND: Duration = Duration::from_secs(1);

async fn ask(client: &Client) -> Result<ChatCompletionResponse> {
    client.chat().complete(&question()).await
}

#[tokio::test]
async fn a_request_says_who_asks_for_what() {
    let script = Script::new([Step::status(200, &answer("ok"))]);
    ask(&script.client()).await.unwrap();
    let sent = script.sent.lock().unwrap();
    let sent = &sent[0];
    assert_eq!(sent.method, Method::POST);
    assert_eq!(sent.uri, "http://server.test/prefix/v1/chat/completions");
    assert_eq!(sent.headers["content-type"], "application/json");
    assert_eq!(sent.headers["accept"], "application/json");
    let agent = sent.headers["user-agent"].to_str().unwrap();
    assert!(agent.starts_with("mistral-sdk-rust/"), "{agent}");
    assert_eq!(sent.operation.name(), "chat.complete");
    assert_eq!(sent.operation.model(), Some("m"));
    assert_eq!(sent.operation.attempt(), 1);
}

#[tokio::test]
async fn options_of_a_call_win_over_everything() {
    let script = Script::new([Step::status(200, &answer("ok"))]);
    let call = script.client().chat().complete(&question());
    let call = call
        .header("x-team", "a b")
        .header("Accept", "text/x-other")
        .query("debug", "1&2")
        .extra_body("temperature", 0.5)
        .extra_body("new", json!({ "x": [1] }))
        .base_url("https://gate.test:8443/team/v1/");
    call.await.unwrap();
    let sent = script.sent.lock().unwrap();
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
async fn a_mistake_in_an_option_is_told_before_anything_is_sent() {
    let script = Script::new([Step::status(200, &answer("ok"))]);
    let client = script.client();
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
    assert_eq!(script.count(), 0);
}

#[tokio::test]
async fn models_are_asked_for_by_the_names_that_they_have_here() {
    let script = Script::new([Step::status(200, &answer("ok"))]);
    let builder = script
        .builder()
        .model_map([("m", "m-here"), ("other", "x")]);
    let client = builder.build().unwrap();
    ask(&client).await.unwrap();
    ask(&client).await.unwrap(); // by the remembered route
    assert_eq!(question().model, "m");
    let request = ChatCompletionRequest::new("unmapped", question().messages);
    client.chat().complete(&request).await.unwrap();
    let models = script.sent.lock().unwrap();
    let models: Vec<_> = models
        .iter()
        .map(|sent| sent.json()["model"].clone())
        .collect();
    assert_eq!(models, ["m-here", "m-here", "unmapped"]);
    assert!(client.supports("chat.stream") && !client.supports("chat.sing"));
}

#[tokio::test]
async fn ids_in_paths_are_escaped() {
    let script = Script::new([Step::status(200, r#"{"id":"x","type":"base"}"#)]);
    script.client().models().retrieve("ft:a/b?c").await.unwrap();
    let sent = script.sent.lock().unwrap();
    assert_eq!(sent[0].uri.path(), "/prefix/v1/models/ft%3Aa%2Fb%3Fc");
    assert_eq!(sent[0].uri.query(), None);
    assert!(sent[0].body.is_empty());
    assert!(!sent[0].headers.contains_key("content-type"));
}

#[tokio::test]
async fn the_whole_response_is_there_on_demand() {
    let step = Step::status(200, &answer("ok"))
        .header("mistral-correlation-id", "id-1")
        .header("x-ratelimit-remaining-req-minute", "59");
    let script = Script::new([Step::status(503, "busy"), step]);
    let client = script.builder().retry(instant_retries()).build().unwrap();
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

    let script = Script::new([Step::events([bytes(event("a")), bytes(finish())])]);
    let response = script
        .client()
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
async fn an_answer_that_breaks_off_is_an_error_and_not_a_short_answer() {
    let whole = answer("a long text");
    let half = bytes(&whole[..whole.len() / 2]);
    let step = Step::events([half, Piece::Break]).header("content-type", "application/json");
    let error = ask(&Script::new([step]).client()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Connection);
}

#[tokio::test(start_paused = true)]
async fn every_phase_has_a_time_out_that_names_it() {
    let script = Script::new([Step::Silence]);
    let started = Instant::now();
    let error = script
        .client()
        .chat()
        .complete(&question())
        .first_byte_timeout(3 * SECOND)
        .await
        .unwrap_err();
    assert_eq!(error.timeout_phase(), Some(TimeoutPhase::FirstByte));
    assert_eq!((started.elapsed(), script.count()), (3 * SECOND, 1));

    let script = Script::new([Step::Fail(TransportErrorKind::ConnectTimeout)]);
    let error = ask(&script.client()).await.unwrap_err();
    assert_eq!(error.timeout_phase(), Some(TimeoutPhase::Connect));

    let stalls =
        Step::events([bytes("{"), Piece::Silence]).header("content-type", "application/json");
    let started = Instant::now();
    let error = Script::new([stalls])
        .client()
        .chat()
        .complete(&question())
        .timeout(4 * SECOND)
        .await
        .unwrap_err();
    assert_eq!(error.timeout_phase(), Some(TimeoutPhase::Total));
    assert_eq!(started.elapsed(), 4 * SECOND);

    let started = Instant::now();
    let error = ask(&Script::new([Step::Silence]).client())
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout);
    assert_eq!(started.elapsed(), 300 * SECOND);
}

#[tokio::test(start_paused = true)]
async fn times_beyond_all_clocks_are_no_limit() {
    let script = Script::new([Step::status(200, &answer("ok")).after(1000 * SECOND)]);
    let call = script.client().chat().complete(&question());
    let call = call
        .timeout(Duration::MAX)
        .first_byte_timeout(Duration::MAX);
    assert_eq!(call.await.unwrap().text(), "ok");
    let stream = Script::new([Step::events([
        bytes(event("a")),
        Piece::Pause(SECOND),
        bytes(finish()),
    ])]);
    let call = stream.client().chat().stream(&question());
    let call = call.timeout(Duration::MAX).idle_timeout(Duration::MAX);
    assert_eq!(
        call.await.unwrap().collect_response().await.unwrap().text(),
        "a"
    );
}

/// Gives a new credential for every one that was refused, up to a last one.
#[derive(Debug)]
struct Rotating {
    last: usize,
    asked: Arc<AtomicUsize>,
    refreshed: AtomicUsize,
}

#[async_trait]
impl Provider for Rotating {
    fn name(&self) -> &'static str {
        "rotating"
    }

    fn supports(&self, _: &Operation) -> bool {
        true
    }

    fn route(&self, request: &RouteRequest<'_>) -> Result<Route> {
        Open.route(request)
    }

    async fn authorize(&self, rejected: Option<&HeaderMap>, headers: &mut HeaderMap) -> Result<()> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        if rejected.is_some() && self.refreshed.load(Ordering::SeqCst) < self.last {
            self.refreshed.fetch_add(1, Ordering::SeqCst);
        }
        let key = format!("key-{}", self.refreshed.load(Ordering::SeqCst));
        headers.insert(
            "authorization",
            HeaderValue::try_from(key).map_err(Error::credentials)?,
        );
        Ok(())
    }
}

#[tokio::test]
async fn a_refused_credential_is_replaced_once_if_there_is_another() {
    for (last, requests, asked) in [(0, 1, 2), (1, 2, 2), (9, 2, 2)] {
        let script = Script::new([Step::status(401, r#"{"detail":"Unauthorized"}"#)]);
        let count = Arc::new(AtomicUsize::new(0));
        let provider = Rotating {
            last,
            asked: Arc::clone(&count),
            refreshed: AtomicUsize::new(0),
        };
        let client = Client::builder(provider)
            .transport(script.clone())
            .build()
            .unwrap();
        let error = ask(&client).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Authentication);
        assert_eq!(script.count(), requests, "last: {last}");
        assert_eq!(count.load(Ordering::SeqCst), asked, "last: {last}");
    }
    let script = Script::new([Step::status(401, ""), Step::status(200, &answer("ok"))]);
    let provider = Rotating {
        last: 1,
        asked: Arc::default(),
        refreshed: AtomicUsize::new(0),
    };
    let client = Client::builder(provider)
        .transport(script.clone())
        .build()
        .unwrap();
    assert_eq!(ask(&client).await.unwrap().text(), "ok");
    assert_eq!(
        script.sent.lock().unwrap()[1].headers["authorization"],
        "key-1"
    );
}

#[tokio::test]
async fn a_credential_of_the_call_replaces_the_providers() {
    let script = Script::new([Step::status(401, "")]);
    let asked = Arc::new(AtomicUsize::new(0));
    let provider = Rotating {
        last: 9,
        asked: Arc::clone(&asked),
        refreshed: AtomicUsize::new(0),
    };
    let client = Client::builder(provider)
        .transport(script.clone())
        .build()
        .unwrap();
    let call = client
        .chat()
        .complete(&question())
        .header("authorization", "Bearer mine")
        .header("x-gateway-key", "g4te")
        .header("x-team", "a");
    call.await.unwrap_err();
    assert_eq!((script.count(), asked.load(Ordering::SeqCst)), (1, 0));
    let sent = script.sent.lock().unwrap();
    assert_eq!(sent[0].headers["authorization"], "Bearer mine");
    for (name, is_secret) in [
        ("authorization", true),
        ("x-gateway-key", true),
        ("x-team", false),
    ] {
        assert_eq!(sent[0].headers[name].is_sensitive(), is_secret, "{name}");
    }
}

#[tokio::test]
async fn an_error_inside_a_success_is_an_error() {
    let script = Script::new([Step::status(
        200,
        r#"{"object":"error","message":"boom","code":"1"}"#,
    )]);
    let error = ask(&script.client()).await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (ErrorKind::Server, Some("1")));
    assert_eq!(
        error.to_string(),
        "chat.complete: the server reported an error: boom (code 1)"
    );
}

#[tokio::test(start_paused = true)]
async fn error_bodies_are_read_up_to_a_bound_and_never_waited_for() {
    let endless = vec![bytes("x".repeat(64 * 1024)); 100];
    let stalls = vec![bytes(r#"{"message":"cut of"#), Piece::Silence];
    let breaks = vec![bytes("short"), Piece::Break];
    for (pieces, size) in [(endless, 1024 * 1024), (stalls, 18), (breaks, 5)] {
        let step = match Step::events(pieces) {
            Step::Answer {
                after,
                headers,
                body,
                ..
            } => Step::Answer {
                after,
                status: 400,
                headers,
                body,
            },
            other => other,
        };
        let error = ask(&Script::new([step]).client()).await.unwrap_err();
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
async fn an_answer_without_a_body_is_no_error_where_nothing_is_expected() {
    let client = Script::new([Step::status(204, "")]).client();
    client
        .request::<()>(Method::DELETE, "/v1/files/1")
        .await
        .unwrap();
    let nothing: Value = client.request(Method::DELETE, "/v1/x").await.unwrap();
    assert!(nothing.is_null());
    let error = ask(&client).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Decode);
}

#[tokio::test(start_paused = true)]
async fn an_error_body_that_stalls_takes_no_longer_than_the_call_may() {
    let stalls = Step::events([bytes("{"), Piece::Silence]);
    let Step::Answer {
        after,
        headers,
        body,
        ..
    } = stalls
    else {
        unreachable!("events are an answer");
    };
    let status = 400;
    let script = Script::new([Step::Answer {
        after,
        status,
        headers,
        body,
    }]);
    for (limit, expected) in [(2 * SECOND, 2 * SECOND), (60 * SECOND, 10 * SECOND)] {
        let started = Instant::now();
        let call = script.client().chat().complete(&question()).timeout(limit);
        assert_eq!(call.await.unwrap_err().status().unwrap(), 400);
        assert_eq!(started.elapsed(), expected);
    }
}

#[test]
fn clients_and_calls_can_go_anywhere() {
    fn anywhere<T: Send + Sync + Clone + 'static>() {}
    fn to_another_thread<T: Send + 'static>(_: T) {}
    anywhere::<Client>();
    let client = Script::new([]).client();
    to_another_thread(client.chat().complete(&question()));
    to_another_thread(client.chat().complete(&question()).into_future());
    to_another_thread(client.chat().stream(&question()).into_future());
    to_another_thread(client.chat().complete(&question()).with_response());
    fn error<T: Send + Sync + std::error::Error + 'static>() {}
    error::<Error>();
}

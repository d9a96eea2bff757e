//! The gateway over sockets, with an emulator for each provider and the SDK as its caller.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)] // helpers may panic

use std::time::Duration;

use gateway::{Gateway, Tenant};
use mistral_emulator::{Emulator, Fault, Reply};
use mistral_sdk::chat::ChatCompletionRequest;
use mistral_sdk::client::Failover;
use mistral_sdk::rate_limit::RateLimiter;
use mistral_sdk::{Client, ErrorKind, MistralApi, RetryPolicy};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

/// A gateway over two emulators.
struct Service {
    url: String,
    one: Emulator,
    two: Emulator,
    /// The outcomes of the calls to the providers.
    outcomes: mpsc::UnboundedReceiver<Option<&'static str>>,
    stop: oneshot::Sender<()>,
    ended: JoinHandle<()>,
}

impl Service {
    async fn start(grace: Duration) -> Self {
        let (one, two) = (Emulator::start().unwrap(), Emulator::start().unwrap());
        let (sender, outcomes) = mpsc::unbounded_channel();
        let clients = [&one, &two].map(|emulator| {
            let sender = sender.clone();
            let api = MistralApi::new(emulator.api_key()).unwrap();
            Client::builder(api.base_url(emulator.url()).unwrap())
                .retry(RetryPolicy::none())
                .on_call_end(move |call| sender.send(call.error_type()).unwrap_or_default())
                .build()
                .unwrap()
        });
        let tenants = [("key-a", 6000), ("key-b", 1)].map(|(key, limit)| {
            let limiter = RateLimiter::new().requests_per_minute(limit);
            let name = format!("tenant of {key}");
            (key.to_owned(), Tenant { name, limiter })
        });
        let gateway = Gateway {
            failover: Failover::new(clients),
            tenants: tenants.into(),
        };
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (stop, stopped) = oneshot::channel();
        let ended = tokio::spawn(async move {
            let stopped = async { stopped.await.unwrap_or_default() };
            gateway.serve(listener, stopped, grace).await.unwrap();
        });
        Self {
            url,
            one,
            two,
            outcomes,
            stop,
            ended,
        }
    }

    fn caller(&self, key: &str) -> Client {
        let api = MistralApi::new(key).unwrap();
        let api = api.base_url(&self.url).unwrap();
        let builder = Client::builder(api).retry(RetryPolicy::none());
        builder.build().unwrap()
    }
}

fn question() -> ChatCompletionRequest {
    ChatCompletionRequest::new("mistral-small-latest", "Who painted Olympia?")
}

#[tokio::test]
async fn gateway_answers_whole_and_streamed() {
    let service = Service::start(Duration::ZERO).await;
    let caller = service.caller("key-a");
    let whole = caller.chat().complete(&question()).await.unwrap();
    assert!(whole.text().contains("Manet"));
    let stream = caller.chat().stream(&question()).await.unwrap();
    let streamed = stream.collect_response().await.unwrap();
    assert_eq!(streamed.text(), whole.text());
    assert_eq!(streamed.usage, whole.usage);
    // What the provider received is what the caller asked for.
    let sent = service.one.requests();
    assert_eq!(sent.len(), 2);
    assert!(service.two.requests().is_empty());
}

#[tokio::test]
async fn gateway_passes_on_what_the_provider_and_the_caller_wrote() {
    let service = Service::start(Duration::ZERO).await;
    let caller = service.caller("key-a");
    let request = json!({
        "model": "mistral-small-latest",
        "messages": [{ "role": "user", "content": "Hello" }],
        "x_of_the_caller": [1, null],
    });
    // Byte by byte: also the order of members, and the spaces between them.
    let text = r#"{"id": "1", "choices":[],  "model": null, "x_of_the_provider": 1}"#;
    let reply = Reply::body(text).with_header("content-type", "application/json");
    service.one.push_reply(reply);
    let call = caller.chat().complete_raw(&request).with_response();
    assert_eq!(call.await.unwrap().raw_body, text);
    let chunk = json!({
        "id": "1",
        "model": "mistral-small-latest",
        "choices": [{ "index": 0, "delta": { "content": "Hi" }, "finish_reason": "stop", "x": null }],
    });
    service
        .one
        .push_reply(Reply::events([chunk.to_string(), "[DONE]".to_owned()]));
    let mut stream = caller.chat().stream_raw(&request).await.unwrap();
    let streamed: Value = stream.next().await.unwrap().unwrap().parse().unwrap();
    assert_eq!(streamed, chunk);
    for sent in service.one.requests() {
        let sent: Value = serde_json::from_slice(&sent.body).unwrap();
        assert_eq!(sent["x_of_the_caller"], json!([1, null]));
    }
}

#[tokio::test]
async fn gateway_fails_over_and_names_the_provider() {
    let service = Service::start(Duration::ZERO).await;
    let caller = service.caller("key-a");
    service.one.push_fault(Fault::status(503).times(2));
    let request = question();
    let whole = caller
        .chat()
        .complete(&request)
        .with_response()
        .await
        .unwrap();
    assert_eq!(whole.headers["x-provider"], "api");
    let stream = caller.chat().stream(&request).await.unwrap();
    assert!(
        stream
            .collect_response()
            .await
            .unwrap()
            .text()
            .contains("Manet")
    );
    assert_eq!(service.two.requests().len(), 2);
}

#[tokio::test]
async fn gateway_errors_have_a_status_and_no_text_of_providers() {
    let service = Service::start(Duration::ZERO).await;
    let caller = service.caller("key-a");
    let secret = r#"{"message":"internal details"}"#;
    for (statuses, expected) in [([503, 503], 503), ([500, 500], 502), ([401, 200], 502)] {
        service
            .one
            .push_fault(Fault::status(statuses[0]).with_body(secret));
        if statuses[1] != 200 {
            service
                .two
                .push_fault(Fault::status(statuses[1]).with_body(secret));
        }
        let error = caller.chat().complete(&question()).await.unwrap_err();
        assert_eq!(error.status().unwrap(), expected, "{error}");
        assert!(!error.to_string().contains("internal"), "{error}");
    }
    // The caller's own mistakes are explained, and invalid requests are not sent.
    let sent = service.one.requests().len();
    let invalid =
        json!({ "model": "mistral-small-latest", "messages": [{ "role": "user", "content": 1 }] });
    let error = caller.chat().complete_raw(&invalid).await.unwrap_err();
    assert_eq!(error.status().unwrap(), 400);
    assert!(error.message().contains("messages[0].content"), "{error}");
    assert_eq!(service.one.requests().len(), sent);
    let error = service
        .caller("no-key")
        .chat()
        .complete(&question())
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Authentication);
    let unknown = ChatCompletionRequest::new("no-such-model", "Hi");
    let error = caller.chat().complete(&unknown).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidRequest);
    assert!(error.message().contains("no-such-model"), "{error}");
}

#[tokio::test]
async fn gateway_limit_of_a_tenant_is_a_429_with_retry_after() {
    let service = Service::start(Duration::ZERO).await;
    let limited = service.caller("key-b");
    limited.chat().complete(&question()).await.unwrap();
    let error = limited.chat().complete(&question()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::RateLimited);
    assert_eq!(error.status().unwrap(), 429);
    let retry_after = error.retry_after().unwrap().as_secs();
    assert!((50..=60).contains(&retry_after), "{retry_after}");
    assert_eq!(service.one.requests().len(), 1);
    // Other tenants are not limited by it.
    let other = service.caller("key-a");
    other.chat().complete(&question()).await.unwrap();
}

#[tokio::test]
async fn gateway_caller_that_leaves_cancels_the_call() {
    let mut service = Service::start(Duration::ZERO).await;
    let caller = service.caller("key-a");
    service.one.push_fault(Fault::stall_after_events(1));
    let mut stream = caller.chat().stream(&question()).await.unwrap();
    stream.next().await.unwrap().unwrap();
    drop(stream);
    assert_eq!(service.outcomes.recv().await, Some(Some("cancelled")));

    // Also before the response: the caller's own timeout ends its request.
    service
        .one
        .push_fault(Fault::delay(Duration::from_secs(3600)));
    let request = question();
    let call = caller.chat().complete(&request);
    call.timeout(Duration::from_millis(200)).await.unwrap_err();
    assert_eq!(service.outcomes.recv().await, Some(Some("cancelled")));
}

#[tokio::test]
async fn gateway_that_stops_ends_streams_after_the_grace() {
    let mut service = Service::start(Duration::from_millis(50)).await;
    let caller = service.caller("key-a");
    service.one.push_fault(Fault::stall_after_events(1));
    let mut stream = caller.chat().stream(&question()).await.unwrap();
    stream.next().await.unwrap().unwrap();
    service.stop.send(()).unwrap();
    let error = loop {
        if let Err(error) = stream.next().await.unwrap() {
            break error;
        }
    };
    assert!(
        error.message().contains("the gateway is stopping"),
        "{error}"
    );
    assert_eq!(service.outcomes.recv().await, Some(Some("cancelled")));
    drop((stream, caller)); // closes the connection
    service.ended.await.unwrap();
}

#[tokio::test]
async fn gateway_that_stops_lets_responses_end() {
    let service = Service::start(Duration::from_secs(3600)).await;
    let caller = service.caller("key-a");
    let stream = caller.chat().stream(&question()).await.unwrap();
    service.stop.send(()).unwrap();
    let response = stream.collect_response().await.unwrap();
    assert!(response.text().contains("Manet"));
    drop(caller);
    service.ended.await.unwrap();
}

#[cfg(unix)]
#[test]
fn gateway_program_serves_and_ends_at_sigterm() {
    use std::io::{BufRead, BufReader};
    use std::process::{Command, Stdio};

    let emulator = Emulator::start().unwrap();
    let mut program = Command::new(env!("CARGO_BIN_EXE_gateway"))
        .env_clear()
        .envs(emulator.environment())
        .env("GATEWAY_ADDRESS", "127.0.0.1:0")
        .env("GATEWAY_KEYS", "alice=key-1,bob=key-2")
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(program.stdout.take().unwrap()).lines();
    let line = lines.next().unwrap().unwrap();
    let url = line.strip_prefix("listening on ").unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let text = runtime.block_on(async {
        let api = MistralApi::new("key-2").unwrap().base_url(url).unwrap();
        let caller = Client::new(api).unwrap();
        caller
            .chat()
            .complete(&question())
            .await
            .unwrap()
            .text()
            .into_owned()
    });
    drop(runtime);
    assert!(text.contains("Manet"), "{text}");
    let pid = program.id().to_string();
    let signalled = Command::new("kill").args(["-TERM", &pid]).status().unwrap();
    assert!(signalled.success());
    assert!(program.wait().unwrap().success());
}

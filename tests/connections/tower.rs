//! Tower services as transports, and transports as tower services.

use std::convert::Infallible;
use std::error::Error as _;
use std::future::{Ready, ready};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use futures::{StreamExt, poll};
use http::{HeaderName, HeaderValue, Request, Response};
use mistral_sdk::chat::ChatCompletionRequest;
use mistral_sdk::messages::Message;
use mistral_sdk::testing::{MockReply, MockTransport};
use mistral_sdk::transport::{
    Body, HyperTransport, ReqwestTransport, TowerTransport, Transport, TransportError,
    TransportErrorKind, TransportService,
};
use mistral_sdk::{Client, ErrorKind, MistralApi, RetryPolicy};
use tower::util::BoxCloneService;
use tower::{BoxError, Service, ServiceBuilder, service_fn};
use tower_http::set_header::SetRequestHeaderLayer;
use tower_http::trace::TraceLayer;

use super::servers::{empty_list, recording};

fn client(url: &str, transport: impl Transport) -> Client {
    let api = MistralApi::new("key").unwrap().base_url(url).unwrap();
    let builder = Client::builder(api).transport(transport);
    builder.retry(RetryPolicy::none()).build().unwrap()
}

fn request() -> Request<Body> {
    Request::get("http://server.test")
        .body(Body::empty())
        .unwrap()
}

fn question() -> ChatCompletionRequest {
    ChatCompletionRequest::new("mistral-small-latest", [Message::user("Why?")])
}

async fn failure(transport: impl Transport) -> TransportError {
    transport.send(request()).await.unwrap_err()
}

#[tokio::test]
async fn tower_http_layers_wrap_the_built_in_transports() {
    let team = HeaderName::from_static("x-team");
    let header = SetRequestHeaderLayer::overriding(team, HeaderValue::from_static("search"));
    let hyper = HyperTransport::builder().no_proxy().build().unwrap();
    let reqwest = ReqwestTransport::new(reqwest::Client::builder().no_proxy()).unwrap();
    let layers = || {
        ServiceBuilder::new()
            .layer(TraceLayer::new_for_http())
            .layer(header.clone())
    };
    let (url, heads) = recording(empty_list()).await;
    let hyper = TowerTransport::new(layers().service(hyper));
    client(&url, hyper).models().list().await.unwrap();
    let reqwest = TowerTransport::new(layers().service(reqwest));
    client(&url, reqwest).models().list().await.unwrap();
    let heads = heads.lock().unwrap();
    assert_eq!(heads.len(), 2);
    for head in heads.iter() {
        assert!(head.contains("x-team: search\r\n"), "{head}");
        assert!(head.contains("authorization: Bearer key\r\n"), "{head}");
    }
}

#[tokio::test]
async fn tower_layers_pass_streams_on_as_they_arrive() {
    let mock =
        MockTransport::new().reply(MockReply::chat_stream(["Be", "cause."]).with_stall_after(1));
    let service = ServiceBuilder::new()
        .layer(TraceLayer::new_for_http())
        .service(TransportService::new(mock));
    let client = client("http://server.test", TowerTransport::new(service));
    let mut stream = client.chat().stream(&question()).await.unwrap();
    let first = stream.next().await.unwrap().unwrap();
    assert_eq!(first.text(), "Be");
    let mut next = Box::pin(stream.next());
    assert!(poll!(&mut next).is_pending());
}

/// A service that must be polled until it is ready before each call, as the contract of tower says.
/// A clone is not ready.
#[derive(Default)]
struct Strict {
    polls: usize,
    calls: Arc<AtomicUsize>,
}

impl Clone for Strict {
    fn clone(&self) -> Self {
        let calls = Arc::clone(&self.calls);
        Self { polls: 0, calls }
    }
}

impl Service<Request<Body>> for Strict {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Ready<Result<Response<Body>, Infallible>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.polls += 1;
        if self.polls < 3 {
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Request<Body>) -> Self::Future {
        assert_eq!(
            std::mem::take(&mut self.polls),
            3,
            "called before it was ready"
        );
        self.calls.fetch_add(1, Ordering::Relaxed);
        ready(Ok(Response::new("ok".into())))
    }
}

#[tokio::test]
async fn tower_service_is_called_once_it_is_ready() {
    let service = Strict::default();
    let calls = Arc::clone(&service.calls);
    let transport = TowerTransport::new(service);
    for _ in 0..2 {
        let response = transport.clone().send(request()).await.unwrap();
        assert_eq!(response.into_body().collect().await.unwrap(), "ok");
    }
    assert_eq!(calls.load(Ordering::Relaxed), 2);
}

#[tokio::test(start_paused = true)]
async fn tower_concurrency_limit_makes_requests_wait() {
    let reply = MockReply::bytes("text/plain", ["ok"]).with_delay(Duration::from_secs(1));
    let mock = MockTransport::new().reply(reply.always());
    let service = ServiceBuilder::new()
        .concurrency_limit(2)
        .service(TransportService::new(mock.clone()));
    let transport = TowerTransport::new(service);
    let calls = (0..6).map(|_| transport.send(request()));
    let started = tokio::time::Instant::now();
    for result in futures::future::join_all(calls).await {
        result.unwrap();
    }
    assert_eq!(mock.max_in_flight(), 2);
    assert_eq!(started.elapsed(), Duration::from_secs(3));
}

/// A service whose errors are of tower's own type, and which is not `Sync`.
fn failing(error: fn() -> BoxError) -> BoxCloneService<Request<Body>, Response<Body>, BoxError> {
    BoxCloneService::new(service_fn(move |_: Request<Body>| {
        ready(Err::<Response<Body>, _>(error()))
    }))
}

#[tokio::test]
async fn tower_error_keeps_the_kind_of_a_transport_error() {
    fn own() -> TransportError {
        TransportError::new(TransportErrorKind::Connect, "no route")
    }

    #[derive(Debug)]
    struct Wrapper(TransportError);

    impl std::fmt::Display for Wrapper {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("wrapped")
        }
    }

    impl std::error::Error for Wrapper {
        fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
            Some(&self.0)
        }
    }

    let error = failure(TowerTransport::new(failing(|| own().into()))).await;
    assert_eq!(error.kind(), TransportErrorKind::Connect);
    assert_eq!(error.source().unwrap().to_string(), "no route");
    let error = failure(TowerTransport::new(failing(|| Wrapper(own()).into()))).await;
    assert_eq!(error.kind(), TransportErrorKind::Connect);
    // Whether the server received the request is not known.
    let error = failure(TowerTransport::new(failing(|| "broken".into()))).await;
    assert_eq!(error.kind(), TransportErrorKind::Interrupted);
    let chat = client(
        "http://server.test",
        TowerTransport::new(failing(|| "broken".into())),
    );
    let error = chat.chat().complete(&question()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Connection);
    assert!(format!("{error:#}").contains("broken"), "{error:#}");
}

#[tokio::test]
async fn tower_service_that_does_not_become_ready_has_sent_nothing() {
    #[derive(Clone)]
    struct Closed;

    impl Service<Request<Body>> for Closed {
        type Response = Response<Body>;
        type Error = BoxError;
        type Future = Ready<Result<Response<Body>, BoxError>>;

        fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
            Poll::Ready(Err("closed".into()))
        }

        fn call(&mut self, _: Request<Body>) -> Self::Future {
            panic!("called although it is not ready");
        }
    }

    let error = failure(TowerTransport::new(Closed)).await;
    assert_eq!(error.kind(), TransportErrorKind::NotSent);
}

#[tokio::test]
async fn tower_response_that_breaks_is_interrupted() {
    let reply = MockReply::bytes("text/plain", ["one", "two"]).with_break_after(1);
    let service = ServiceBuilder::new()
        .layer(TraceLayer::new_for_http())
        .service(TransportService::new(MockTransport::new().reply(reply)));
    let response = TowerTransport::new(service).send(request()).await.unwrap();
    let mut body = response.into_body();
    assert_eq!(body.next().await.unwrap().unwrap(), "one");
    let error = body.next().await.unwrap().unwrap_err();
    assert_eq!(error.kind(), TransportErrorKind::Interrupted);
}

#[test]
fn tower_transport_debug_names_the_service() {
    let debug = format!("{:?}", TowerTransport::new(Strict::default()));
    assert!(debug.starts_with("TowerTransport("), "{debug}");
    assert!(debug.contains("Strict"), "{debug}");
}

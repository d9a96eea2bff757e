//! The life of connections, observed by the server.

#![allow(clippy::unwrap_used)] // helpers outside of test functions may panic as tests do

use std::time::Duration;

use async_trait::async_trait;
use futures::FutureExt;
use http::{Request, Response};
use mistral_sdk::chat::ChatCompletionRequest;
use mistral_sdk::error::TimeoutPhase;
use mistral_sdk::messages::Message;
use mistral_sdk::transport::{Body, HyperTransport, Transport, TransportError};
use mistral_sdk::{Client, ErrorKind, MistralApi, RetryPolicy};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;

const TEST_TIMEOUT: Duration = Duration::from_secs(10);
const EVENT: &str = "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"a\"}}]}\n\n";
const DONE: &str = "data: [DONE]\n\n";

async fn listen() -> (TcpListener, Client) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let api = MistralApi::new("key").unwrap().base_url(&url).unwrap();
    (
        listener,
        Client::builder(api)
            .retry(RetryPolicy::none())
            .build()
            .unwrap(),
    )
}

fn chat_request() -> ChatCompletionRequest {
    ChatCompletionRequest::new("m", [Message::user("hi")])
}

async fn accept(listener: &TcpListener) -> TcpStream {
    timeout(TEST_TIMEOUT, listener.accept())
        .await
        .unwrap()
        .unwrap()
        .0
}

/// Reads one request, or returns `None` if the connection was closed.
async fn read_request(socket: &mut TcpStream) -> Option<String> {
    let mut request = Vec::new();
    loop {
        let text = String::from_utf8_lossy(&request);
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head.lines().find_map(|line| {
                let (name, value) = line.split_once(':')?;
                name.eq_ignore_ascii_case("content-length")
                    .then(|| value.trim().parse().ok())?
            });
            if body.len() >= length.unwrap_or(0) {
                return Some(text.into_owned());
            }
        }
        match timeout(TEST_TIMEOUT, socket.read_buf(&mut request))
            .await
            .unwrap()
        {
            Ok(0) | Err(_) => return None,
            Ok(_) => {}
        }
    }
}

async fn send_head(socket: &mut TcpStream) {
    let head =
        "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n";
    socket.write_all(head.as_bytes()).await.unwrap();
}

async fn send_chunk(socket: &mut TcpStream, text: &str) {
    let chunk = format!("{:x}\r\n{text}\r\n", text.len());
    socket.write_all(chunk.as_bytes()).await.unwrap();
}

/// Waits until the client closes the connection.
async fn wait_for_close(socket: &mut TcpStream) {
    let mut rest = Vec::new();
    let _ = timeout(TEST_TIMEOUT, socket.read_to_end(&mut rest))
        .await
        .unwrap();
}

#[tokio::test]
async fn sse_done_marker_ends_stream_and_frees_connection() {
    let (listener, client) = listen().await;
    let server = tokio::spawn(async move {
        let mut socket = accept(&listener).await;
        read_request(&mut socket).await.unwrap();
        send_head(&mut socket).await;
        send_chunk(&mut socket, EVENT).await;
        send_chunk(&mut socket, DONE).await;
        wait_for_close(&mut socket).await;
    });
    let stream = client.chat().stream(&chat_request()).await.unwrap();
    let response = timeout(TEST_TIMEOUT, stream.collect_response())
        .await
        .unwrap()
        .unwrap();
    assert_eq!(response.text(), "a");
    server.await.unwrap();
}

#[tokio::test]
async fn redirect_to_other_origin_sends_no_credentials() {
    let (listener, client) = listen().await;
    let (other_listener, _) = listen().await;
    let other = other_listener.local_addr().unwrap();
    let server = tokio::spawn(async move {
        let mut socket = accept(&listener).await;
        for location in ["/v1/moved".to_owned(), format!("http://{other}/v1/models")] {
            let request = read_request(&mut socket).await.unwrap();
            assert!(
                request
                    .to_ascii_lowercase()
                    .contains("authorization: bearer key")
            );
            let response =
                format!("HTTP/1.1 307 x\r\nlocation: {location}\r\ncontent-length: 0\r\n\r\n");
            socket.write_all(response.as_bytes()).await.unwrap();
        }
    });
    let error = client.models().list().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config);
    assert!(error.to_string().contains(&other.to_string()), "{error}");
    server.await.unwrap();
    let connection = other_listener.accept().now_or_never();
    assert!(
        connection.is_none(),
        "the redirect was followed to another origin"
    );
}

/// Rewrites the path of every request.
#[derive(Debug)]
struct RewritingTransport(HyperTransport);

#[async_trait]
impl Transport for RewritingTransport {
    async fn send(&self, mut request: Request<Body>) -> Result<Response<Body>, TransportError> {
        let uri = request.uri().to_string().replace("/v1/models", "/moved");
        *request.uri_mut() = uri.parse().unwrap();
        self.0.send(request).await
    }
}

#[tokio::test]
async fn transport_wrapper_may_rewrite_the_url() {
    let (listener, _) = listen().await;
    let url = format!("http://{}", listener.local_addr().unwrap());
    let server = tokio::spawn(async move {
        let mut socket = accept(&listener).await;
        let request = read_request(&mut socket).await.unwrap();
        let response = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}";
        socket.write_all(response.as_bytes()).await.unwrap();
        request
    });
    let transport = RewritingTransport(HyperTransport::new(TEST_TIMEOUT).unwrap());
    let api = MistralApi::new("key").unwrap().base_url(&url).unwrap();
    let client = Client::builder(api).transport(transport).build().unwrap();
    client.models().list().await.unwrap();
    assert!(server.await.unwrap().starts_with("GET /moved HTTP/1.1"));
}

#[tokio::test]
async fn connection_refused_is_a_connection_error() {
    let (listener, client) = listen().await;
    drop(listener);
    let error = client.models().list().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Connection);
    assert!(
        error
            .to_string()
            .starts_with("models.list: could not connect"),
        "{error}"
    );
    assert!(format!("{error:#}").contains("refused"), "{error:#}");
}

#[tokio::test]
async fn timeout_connect_of_call_overrides_client() {
    // A listener whose accept queue is full, so that connecting stalls.
    let full = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = full.local_addr().unwrap();
    let mut queue = Vec::new();
    while let Ok(socket) = std::net::TcpStream::connect_timeout(&address, Duration::from_millis(20))
    {
        queue.push(socket);
        assert!(queue.len() < 10_000, "the queue never fills");
    }
    let (_, client) = listen().await;
    let call = client
        .models()
        .list()
        .base_url(&format!("http://{address}"));
    let error = call
        .connect_timeout(Duration::from_millis(30))
        .await
        .unwrap_err();
    assert_eq!(
        error.timeout_phase(),
        Some(TimeoutPhase::Connect),
        "{error:#}"
    );
}

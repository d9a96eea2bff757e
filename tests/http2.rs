//! What a server may say on an HTTP/2 connection, and what becomes of the call.

#![allow(clippy::unwrap_used)] // helpers outside of test functions may panic as tests do

use std::time::Duration;

use bytes::Bytes;
use h2::Reason;
use h2::server::{self, Connection, SendResponse};
use http::{Request, Response};
use mistral_sdk::chat::ChatCompletionRequest;
use mistral_sdk::types::Message;
use mistral_sdk::{Client, ErrorKind, MistralApi, ReqwestTransport, RetryPolicy};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

const ANSWER: &str = r#"{"choices":[{"message":{"content":"ok"}}]}"#;

type Exchange = (Request<h2::RecvStream>, SendResponse<Bytes>);

/// A server of its own, and a client that speaks HTTP/2 to it from the first byte on.
async fn listen() -> (TcpListener, Client) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let api = MistralApi::new("key").unwrap().base_url(&url).unwrap();
    let http = reqwest::Client::builder()
        .http2_prior_knowledge()
        .retry(reqwest::retry::never().max_retries_per_request(0))
        .build()
        .unwrap();
    let minute = Duration::from_secs(60);
    let client = Client::builder(api)
        .transport(ReqwestTransport::from(http))
        .retry(RetryPolicy::backoff(Duration::ZERO, Duration::ZERO, 1.0, minute).max_retries(2))
        .build()
        .unwrap();
    (listener, client)
}

async fn accept(listener: &TcpListener) -> Connection<TcpStream, Bytes> {
    let (socket, _) = listener.accept().await.unwrap();
    server::handshake(socket).await.unwrap()
}

async fn request(connection: &mut Connection<TcpStream, Bytes>) -> Exchange {
    connection.accept().await.unwrap().unwrap()
}

fn answer(exchange: &mut Exchange) {
    let mut body = exchange.1.send_response(Response::new(()), false).unwrap();
    body.send_data(Bytes::from(ANSWER), true).unwrap();
}

fn question() -> ChatCompletionRequest {
    ChatCompletionRequest::new("m", [Message::user("hi")])
}

#[tokio::test]
async fn a_refused_stream_is_repeated_as_an_attempt_of_its_own() {
    let (listener, client) = listen().await;
    let server = tokio::spawn(async move {
        let mut connection = accept(&listener).await;
        let mut refused = request(&mut connection).await;
        refused.1.send_reset(Reason::REFUSED_STREAM);
        let mut exchange = request(&mut connection).await;
        answer(&mut exchange);
        while connection.accept().await.is_some() {}
    });
    let response = client.chat().complete(&question()).with_response().await;
    let response = response.unwrap();
    assert_eq!(response.body.text(), "ok");
    assert_eq!(response.attempts, 2);
    drop(client);
    server.await.unwrap();
}

#[tokio::test]
async fn a_stream_reset_for_another_reason_is_not_repeated() {
    let (listener, client) = listen().await;
    let server = tokio::spawn(async move {
        let mut connection = accept(&listener).await;
        let mut reset = request(&mut connection).await;
        reset.1.send_reset(Reason::INTERNAL_ERROR);
        while connection.accept().await.is_some() {}
    });
    let error = client.chat().complete(&question()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Connection, "{error:#}");
    assert_eq!(error.attempts(), 1);
    drop(client);
    server.await.unwrap();
}

/// Reads frames until the head of a request has arrived.
async fn read_until_headers(socket: &mut TcpStream) {
    const PREFACE: usize = 24;
    const FRAME_HEAD: usize = 9;
    const HEADERS: u8 = 1;
    let mut read = Vec::new();
    let mut at = PREFACE;
    loop {
        while let Some(&[high, middle, low, kind, ..]) = read.get(at..at + FRAME_HEAD) {
            if kind == HEADERS {
                return;
            }
            at += FRAME_HEAD + u32::from_be_bytes([0, high, middle, low]) as usize;
        }
        assert_ne!(socket.read_buf(&mut read).await.unwrap(), 0);
    }
}

#[tokio::test]
async fn a_request_that_a_leaving_server_has_not_looked_at_is_repeated() {
    const SETTINGS: [u8; 9] = [0, 0, 0, 4, 0, 0, 0, 0, 0];
    // The last stream looked at is 0, and there is no error.
    const GO_AWAY: [u8; 17] = [0, 0, 8, 7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    let (listener, client) = listen().await;
    let server = tokio::spawn(async move {
        let (mut leaving, _) = listener.accept().await.unwrap();
        leaving.write_all(&SETTINGS).await.unwrap();
        read_until_headers(&mut leaving).await;
        leaving.write_all(&GO_AWAY).await.unwrap();
        let mut connection = accept(&listener).await;
        let mut exchange = request(&mut connection).await;
        answer(&mut exchange);
        while connection.accept().await.is_some() {}
    });
    let response = client.chat().complete(&question()).with_response().await;
    assert_eq!(response.unwrap().attempts, 2);
    drop(client);
    server.await.unwrap();
}

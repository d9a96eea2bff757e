//! Connections of HTTP/2: when they are closed, and what is sent on them.

use std::future::pending;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use bytes::Bytes;
use futures::future::join_all;
use futures::{StreamExt, stream};
use h2::RecvStream;
use h2::server::{Connection, SendResponse};
use http::{HeaderMap, Request, Response};
use mistral_sdk::ErrorKind;
use mistral_sdk::files::{FilePurpose, FileSource, UploadFileRequest};
use mistral_sdk::transport::{Body, Transport, TransportErrorKind};
use tokio::net::TcpStream;
use tokio::runtime::Builder;
use tokio::time::timeout;

use super::http2;
use super::operations::{OperationKind, Settings, client};
use super::server::{Counter, Server, TEST_TIMEOUT};

const LIST: OperationKind = OperationKind::List;

/// The headers and the length of a request.
type Received = Arc<Mutex<Vec<(HeaderMap, usize)>>>;

/// Starts a server that responds to a request once it has read its body.
async fn start(received: Received) -> Server {
    Server::serving(move |socket, counter| serve(socket, counter, Arc::clone(&received))).await
}

async fn serve(socket: TcpStream, counter: Counter, received: Received) {
    let mut connection = h2::server::handshake(socket).await.unwrap();
    while let Some(Ok((request, send))) = connection.accept().await {
        counter.request();
        tokio::spawn(respond(request, send, Arc::clone(&received)));
    }
}

async fn respond(request: Request<RecvStream>, mut send: SendResponse<Bytes>, received: Received) {
    let (head, mut body) = request.into_parts();
    let mut length = 0;
    while let Some(Ok(data)) = body.data().await {
        length += data.len();
        assert!(data.iter().all(|byte| *byte == b'x'));
        let _ = body.flow_control().release_capacity(data.len());
    }
    received.lock().unwrap().push((head.headers, length));
    let head = Response::builder().header("content-type", "application/json");
    if let Ok(mut stream) = send.send_response(head.body(()).unwrap(), false) {
        let _ = stream.send_data(LIST.body().into(), true);
    }
}

#[tokio::test]
async fn http2_idle_connection_is_closed_after_the_timeout_of_the_pool() {
    for ping_interval in [Some(Duration::from_secs(10)), None] {
        let server = http2::start(LIST, |_| http2::Action::Respond).await;
        let pool = http2::transport()
            .http2_keep_alive_interval(ping_interval)
            .pool_idle_timeout(Duration::from_millis(50));
        let client = client(&server.url()).transport(pool).build().unwrap();
        for round in 1..=3 {
            LIST.call(&client, &Settings::default()).await.unwrap();
            LIST.call(&client, &Settings::default()).await.unwrap();
            let counts = server.until(|counts| counts.open == 0).await;
            assert_eq!((counts.connections, counts.requests), (round, 2 * round));
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn http2_idle_timeout_of_zero_uses_connections_once() {
    let server = http2::start(LIST, |_| http2::Action::Respond).await;
    let pool = http2::transport().pool_idle_timeout(Duration::ZERO);
    let client = client(&server.url()).transport(pool).build().unwrap();
    for _ in 0..50 {
        LIST.call(&client, &Settings::default()).await.unwrap();
    }
    let counts = server.until(|counts| counts.open == 0).await;
    assert_eq!((counts.connections, counts.requests), (50, 50));
}

/// The timer of a runtime that is not driven does not elapse.
#[test]
fn http2_connection_that_was_idle_too_long_is_not_used() {
    const IDLE: Duration = Duration::from_millis(20);
    let servers = Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap();
    let server = servers.block_on(http2::start(LIST, |_| http2::Action::Respond));
    let pool = http2::transport().pool_idle_timeout(IDLE);
    let client = client(&server.url()).transport(pool).build().unwrap();
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    for _ in 0..3 {
        let call = async { LIST.call(&client, &Settings::default()).await };
        runtime.block_on(call).unwrap();
        thread::sleep(2 * IDLE); // the runtime stands still
    }
    let counts = server.counts();
    assert_eq!((counts.connections, counts.requests), (3, 3));
}

/// It carries further exchanges, however long ago the last one ended.
#[tokio::test]
async fn http2_connection_with_an_exchange_is_not_idle() {
    const IDLE: Duration = Duration::from_millis(20);
    let server = Server::serving(|socket, counter| async move {
        let mut connection = h2::server::handshake(socket).await.unwrap();
        while let Some(Ok((request, send))) = connection.accept().await {
            let number = counter.request();
            tokio::spawn(async move {
                if number == 1 {
                    tokio::time::sleep(15 * IDLE).await;
                }
                respond(request, send, Received::default()).await;
            });
        }
    })
    .await;
    let pool = http2::transport().pool_idle_timeout(IDLE);
    let client = client(&server.url()).transport(pool).build().unwrap();
    let settings = Settings::default();
    LIST.call(&client, &settings).await.unwrap();
    let long = LIST.call(&client, &settings);
    let another = async {
        tokio::time::sleep(5 * IDLE).await;
        LIST.call(&client, &settings).await
    };
    let (long, another) = tokio::join!(long, another);
    assert!(long.is_ok() && another.is_ok(), "{long:?} {another:?}");
    let counts = server.counts();
    assert_eq!((counts.connections, counts.requests), (1, 3));
}

#[tokio::test]
async fn http2_connection_is_closed_when_the_client_is_dropped() {
    let server = http2::start(LIST, |_| http2::Action::Respond).await;
    let client = client(&server.url()).transport(http2::transport());
    let client = client.build().unwrap();
    LIST.call(&client, &Settings::default()).await.unwrap();
    let download = client.files().download("f1").await.unwrap();
    drop(client);
    assert_eq!(download.bytes().await.unwrap(), LIST.body());
    server.until(|counts| counts.open == 0).await;
}

#[tokio::test]
async fn http2_connections_are_used_once_if_no_idle_ones_are_kept() {
    let server = http2::start(LIST, |_| http2::Action::Respond).await;
    let pool = http2::transport().pool_max_idle_per_host(0);
    let client = client(&server.url()).transport(pool).build().unwrap();
    let settings = Settings::default();
    for _ in 0..3 {
        LIST.call(&client, &settings).await.unwrap();
    }
    let calls = join_all((0..10).map(|_| LIST.call(&client, &settings))).await;
    assert!(calls.iter().all(Result::is_ok), "{calls:?}");
    let counts = server.until(|counts| counts.open == 0).await;
    assert_eq!((counts.connections, counts.requests), (13, 13));
}

/// Accepts a request and responds to it, and returns the connection.
async fn serve_one(socket: TcpStream, counter: &Counter) -> Connection<TcpStream, Bytes> {
    let mut connection = h2::server::handshake(socket).await.unwrap();
    let (request, send) = connection.accept().await.unwrap().unwrap();
    counter.request();
    tokio::spawn(respond(request, send, Received::default()));
    connection
}

#[tokio::test]
async fn http2_connection_with_goaway_carries_no_further_call() {
    let server = Server::serving(|socket, counter| async move {
        let mut connection = serve_one(socket, &counter).await;
        connection.graceful_shutdown();
        while connection.accept().await.is_some() {
            counter.request();
        }
    })
    .await;
    let transport = http2::transport();
    for round in 1..=3 {
        let request = http::Request::post(format!("{}/v1/x", server.url()));
        let request = request.body(Body::from("x")).unwrap();
        let response = transport.send(request).await.unwrap();
        response.into_body().collect().await.unwrap();
        let counts = server.until(|counts| counts.open == 0).await;
        assert_eq!((counts.connections, counts.requests), (round, round));
    }
}

/// The exchange in progress goes on.
#[tokio::test]
async fn http2_call_after_goaway_uses_another_connection_without_a_retry() {
    let server = Server::serving(|socket, counter| async move {
        let mut connection = h2::server::handshake::<_>(socket).await.unwrap();
        let mut bodies = Vec::new();
        while let Some(Ok((_, mut send))) = connection.accept().await {
            counter.request();
            let head = Response::new(());
            let mut body = send.send_response(head, false).unwrap();
            connection.graceful_shutdown();
            body.send_data("part".into(), false).unwrap(); // after GOAWAY
            bodies.push(body);
        }
    })
    .await;
    let transport = http2::transport();
    let mut open = Vec::new();
    for round in 1..=3 {
        let request = http::Request::post(format!("{}/v1/x", server.url()));
        let request = request.body(Body::from("x")).unwrap();
        let mut body = transport.send(request).await.unwrap().into_body();
        assert_eq!(body.next().await.unwrap().unwrap(), "part");
        open.push(body);
        let counts = server.counts();
        assert_eq!((counts.connections, counts.requests), (round, round));
        assert_eq!(counts.open, round);
    }
}

/// Each attempt fails, rather than the transport connecting again and again.
#[tokio::test]
async fn http2_server_that_accepts_no_request_is_an_error() {
    let server = Server::serving(|socket, _| async move {
        let mut connection = h2::server::handshake::<_>(socket).await.unwrap();
        connection.abrupt_shutdown(h2::Reason::NO_ERROR);
        let _ = connection.accept().await;
    })
    .await;
    let client = client(&server.url()).transport(http2::transport());
    let call = async {
        let client = client.build().unwrap();
        LIST.call(&client, &Settings::default()).await
    };
    let error = timeout(TEST_TIMEOUT, call).await.unwrap().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Connection, "{error:#}");
    assert_eq!(error.attempts(), 3);
    assert!(server.counts().connections <= 6, "{:?}", server.counts());
}

#[tokio::test]
async fn http2_request_has_a_length_and_no_headers_of_http1() {
    let received = Received::default();
    let server = start(Arc::clone(&received)).await;
    let transport = http2::transport();
    for (method, body, length) in [
        ("GET", "", None),
        ("POST", "", Some("0")),
        ("POST", "xx", Some("2")),
        ("DELETE", "", None),
        ("DELETE", "x", Some("1")),
    ] {
        let request = http::Request::builder()
            .method(method)
            .uri(format!("{}/v1/x", server.url()))
            .header("connection", "keep-alive")
            .header("keep-alive", "timeout=5")
            .header("te", "gzip")
            .header("transfer-encoding", "chunked")
            .header("x-other", "kept")
            .body(Body::from(body))
            .unwrap();
        let response = transport.send(request).await.unwrap();
        assert_eq!(response.version(), http::Version::HTTP_2);
        let (headers, read) = received.lock().unwrap().pop().unwrap();
        let found = headers.get("content-length").map(|it| it.to_str().unwrap());
        assert_eq!(found, length, "{method}");
        assert_eq!(read, body.len());
        let names: Vec<_> = headers.keys().map(http::HeaderName::as_str).collect();
        let others: Vec<_> = names.iter().filter(|it| **it != "content-length").collect();
        assert_eq!(others, [&"x-other"], "{method}");
    }
}

/// Chunks of any size, larger than the windows of the server, which has 64 KiB.
#[tokio::test]
async fn http2_upload_is_sent_as_the_windows_of_the_server_allow() {
    const SIZES: [usize; 6] = [1, 0, 100, 70_000, 3 << 20, 16_384];
    let received = Received::default();
    let server = start(Arc::clone(&received)).await;
    let total: usize = SIZES.iter().sum();
    for has_length in [true, false] {
        let chunks = stream::iter(SIZES.map(|size| Ok(Bytes::from(vec![b'x'; size]))));
        let body = match has_length {
            // It is not read beyond its length.
            true => {
                Body::from_stream(chunks.chain(stream::pending())).with_content_length(total as u64)
            }
            false => Body::from_stream(chunks),
        };
        let request = http::Request::post(format!("{}/v1/x", server.url()));
        let transport = http2::transport();
        let sent = transport.send(request.body(body).unwrap());
        timeout(TEST_TIMEOUT, sent).await.unwrap().unwrap();
        let (headers, read) = received.lock().unwrap().pop().unwrap();
        assert_eq!(read, total);
        assert_eq!(headers.contains_key("content-length"), has_length);
    }
}

/// The server reads on, but has no use for the rest.
#[tokio::test]
async fn http2_upload_stops_at_the_head_of_an_error_response() {
    let server = Server::serving(|socket, counter| async move {
        let mut connection = h2::server::handshake::<_>(socket).await.unwrap();
        while let Some(Ok((request, mut send))) = connection.accept().await {
            counter.request();
            let head = Response::builder().status(413).body(()).unwrap();
            let rest: h2::SendStream<Bytes> = send.send_response(head, false).unwrap();
            tokio::spawn(async move {
                let mut body = request.into_body();
                while let Some(Ok(data)) = body.data().await {
                    let _ = body.flow_control().release_capacity(data.len());
                }
                drop(rest);
            });
        }
    })
    .await;
    let read = Arc::new(Mutex::new(0));
    let counter = Arc::clone(&read);
    let chunks = stream::repeat_with(move || {
        *counter.lock().unwrap() += 1;
        Ok(Bytes::from_static(&[b'x'; 16 * 1024]))
    });
    let request = http::Request::post(format!("{}/v1/x", server.url()));
    let request = request.body(Body::from_stream(chunks)).unwrap();
    let transport = http2::transport();
    let response = transport.send(request).await.unwrap();
    assert_eq!(response.status(), 413);
    let at_head = *read.lock().unwrap();
    let rest = timeout(Duration::from_millis(100), response.into_body().collect()).await;
    assert!(rest.is_err(), "the server has sent no end");
    assert_eq!(*read.lock().unwrap(), at_head);
}

#[tokio::test]
async fn http2_upload_that_cannot_be_read_resets_its_stream() {
    let server = Server::serving(|socket, counter| async move {
        let mut connection = h2::server::handshake(socket).await.unwrap();
        while let Some(Ok((request, _send))) = connection.accept().await {
            let counter = counter.clone();
            tokio::spawn(async move {
                let mut body = request.into_body();
                while let Some(Ok(_)) = body.data().await {}
                counter.reset();
                pending::<()>().await;
            });
        }
    })
    .await;
    let client = client(&server.url()).transport(http2::transport());
    let chunks = [Ok("half"), Err(std::io::Error::other("the disk is gone"))];
    let chunks = chunks.map(|chunk| chunk.map(Bytes::from));
    let file = FileSource::from_stream("a.mp3", stream::iter(chunks), 8);
    let request = UploadFileRequest::new(FilePurpose::Audio, file);
    let error = client.build().unwrap().files().upload(&request).await;
    let error = error.unwrap_err();
    assert!(
        format!("{error:#}").contains("the disk is gone"),
        "{error:#}"
    );
    server.until(|counts| counts.resets == 1).await;
}

#[tokio::test]
async fn http2_ping_without_response_is_named_in_the_error() {
    let server = Server::serving(|socket, counter| async move {
        let mut connection = h2::server::handshake::<_>(socket).await.unwrap();
        let _request = connection.accept().await;
        counter.request();
        pending::<()>().await;
    })
    .await;
    let time = Duration::from_millis(50);
    let transport = http2::transport()
        .http2_keep_alive_interval(time)
        .http2_keep_alive_timeout(time);
    let request = http::Request::get(format!("{}/v1/models", server.url()));
    let sent = transport.send(request.body(Body::empty()).unwrap());
    let error = timeout(TEST_TIMEOUT, sent).await.unwrap().unwrap_err();
    assert_eq!(error.kind(), TransportErrorKind::Interrupted);
    let source = std::error::Error::source(&error).unwrap().to_string();
    assert_eq!(
        source,
        "the server did not respond to an HTTP/2 ping within 50ms"
    );
}

//! Responses that arrive before the request was sent to its end, and uploads that are dropped.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use bytes::Bytes;
use futures::stream;
use http::Response;
use mistral_sdk::files::{FilePurpose, FileSource, UploadFileRequest};
use mistral_sdk::transport::{ReqwestTransport, Transport};
use mistral_sdk::{Client, ErrorKind, Result};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::Notify;
use tokio::time::timeout;

use super::http2;
use super::operations::{OperationKind, client, transport};
use super::responses::{success, with_length};
use super::server::{Counter, Server, TEST_TIMEOUT};

/// The time in which an upload must end, once its call is over.
const END_TIMEOUT: Duration = Duration::from_secs(1);
/// The part of the request that the server reads before it responds.
const FIRST: usize = 64 * 1024;
const MESSAGE: &str = r#"{"message":"the file is too large"}"#;

fn client_with(server: &Server, transport: impl Transport) -> Client {
    client(&server.url()).transport(transport).build().unwrap()
}

fn reqwest(http2: bool) -> ReqwestTransport {
    let builder = reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .no_proxy();
    let builder = match http2 {
        true => builder.http2_prior_knowledge(),
        false => builder,
    };
    builder.build().unwrap().into()
}

/// Uploads a file without end, and returns how many bytes of it were read.
async fn upload(client: &Client) -> (Result<()>, Arc<AtomicUsize>) {
    let (file, read) = endless_file();
    let request = UploadFileRequest::new(FilePurpose::Audio, file);
    let uploaded = timeout(TEST_TIMEOUT, client.files().upload(&request).into_future());
    let result = uploaded.await.unwrap(); // the call ends
    (result.map(drop), read)
}

fn endless_file() -> (FileSource, Arc<AtomicUsize>) {
    let read = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&read);
    let chunks = stream::repeat_with(move || {
        counter.fetch_add(FIRST, Ordering::Relaxed);
        Ok::<_, std::io::Error>(Bytes::from_static(&[b'x'; FIRST]))
    });
    let length = 1 << 40;
    let file = FileSource::from_stream("a.mp3", chunks, length);
    (file, read)
}

/// Reads what the client sends until the connection ends, and fails if that takes too long.
async fn drain(socket: &mut TcpStream) {
    let mut buffer = vec![0; FIRST];
    let (ended, started) = (END_TIMEOUT, Instant::now());
    loop {
        let read = timeout(TEST_TIMEOUT, socket.read(&mut buffer)).await;
        match read.unwrap() {
            Ok(1..) => assert!(started.elapsed() < ended, "the upload goes on"),
            _ => return,
        }
    }
}

/// The way in which a server treats the rest of a request that it has responded to.
#[derive(Debug, Clone, Copy)]
enum Rest {
    Read,
    /// Reads it when the call is over.
    ReadLater,
    /// Closes the connection, which resets it.
    Reset,
}

async fn start(response: Vec<u8>, rest: Rest, done: Arc<Notify>) -> Server {
    Server::serving(move |mut socket, counter: Counter| {
        let (response, done) = (response.clone(), Arc::clone(&done));
        async move {
            if socket.read_exact(&mut vec![0; FIRST]).await.is_err() {
                return;
            }
            counter.request();
            socket.write_all(&response).await.unwrap();
            match rest {
                Rest::Read => drain(&mut socket).await,
                Rest::ReadLater => {
                    done.notified().await;
                    drain(&mut socket).await;
                }
                Rest::Reset => {}
            }
        }
    })
    .await
}

async fn check_early_response(
    transport: impl Transport,
    status: &str,
    rest: Rest,
    check: impl Fn(Result<()>),
) {
    let body = match status {
        "200 OK" => success(OperationKind::Upload),
        _ => with_length(status, "application/json", "", MESSAGE.as_bytes()),
    };
    let done = Arc::new(Notify::new());
    let server = start(body, rest, Arc::clone(&done)).await;
    let client = client_with(&server, transport);
    let (result, read) = upload(&client).await;
    check(result);
    done.notify_one();
    let closed = timeout(END_TIMEOUT, server.until(|counts| counts.open == 0));
    closed.await.unwrap();
    let read_before = read.load(Ordering::Relaxed);
    assert_eq!(server.counts().requests, 1, "{status} {rest:?}");
    drop(client);
    tokio::task::yield_now().await;
    assert_eq!(
        read.load(Ordering::Relaxed),
        read_before,
        "{status} {rest:?}"
    );
}

fn is_too_large(result: Result<()>) {
    let error = result.unwrap_err();
    assert_eq!(error.status().unwrap(), 413, "{error:#}");
    assert!(
        error.to_string().contains("the file is too large"),
        "{error:#}"
    );
}

#[tokio::test]
async fn upload_ends_with_an_early_error_response() {
    for rest in [Rest::Read, Rest::ReadLater] {
        check_early_response(transport(), "413 x", rest, is_too_large).await;
        check_early_response(reqwest(false), "413 x", rest, is_too_large).await;
        for status in ["401 x", "503 x"] {
            let fails = |result: Result<()>| assert!(result.is_err());
            check_early_response(transport(), status, rest, fails).await;
        }
    }
}

/// The reset discards nothing of the response.
#[tokio::test]
async fn upload_early_error_response_is_read_before_a_reset() {
    for _ in 0..20 {
        check_early_response(transport(), "413 x", Rest::Reset, is_too_large).await;
    }
}

#[tokio::test]
async fn upload_ends_with_an_early_success_response() {
    for rest in [Rest::Read, Rest::ReadLater] {
        check_early_response(transport(), "200 OK", rest, Result::unwrap).await;
    }
}

#[tokio::test]
async fn upload_ends_with_an_early_redirect() {
    for rest in [Rest::Read, Rest::ReadLater] {
        check_early_response(transport(), "307 x", rest, |result| {
            assert_eq!(result.unwrap_err().kind(), ErrorKind::Config);
        })
        .await;
    }
}

#[tokio::test]
async fn upload_ends_when_its_call_is_dropped() {
    for rest in [Rest::Read, Rest::ReadLater] {
        for is_reqwest in [false, true] {
            let done = Arc::new(Notify::new());
            let server = start(Vec::new(), rest, Arc::clone(&done)).await;
            let client = match is_reqwest {
                true => client_with(&server, reqwest(false)),
                false => client_with(&server, transport()),
            };
            let (file, _) = endless_file();
            let request = UploadFileRequest::new(FilePurpose::Audio, file);
            tokio::select! {
                _ = client.files().upload(&request).into_future() => panic!("no response"),
                _ = server.until(|counts| counts.requests == 1) => {}
            }
            done.notify_one();
            let closed = timeout(END_TIMEOUT, server.until(|counts| counts.open == 0));
            closed.await.unwrap();
        }
    }
}

/// Starts a server of HTTP/2 that responds early, or not at all, and reads on.
async fn start_http2(responds: bool) -> Server {
    Server::serving(move |socket, counter| async move {
        let mut connection = h2::server::handshake(socket).await.unwrap();
        while let Some(Ok((request, mut send))) = connection.accept().await {
            let counter = counter.clone();
            tokio::spawn(async move {
                let mut body = request.into_body();
                body.data().await.unwrap().unwrap();
                counter.request();
                if responds {
                    let head = Response::builder().status(413).body(()).unwrap();
                    let mut sending = send.send_response(head, false).unwrap();
                    sending.send_data(MESSAGE.into(), true).unwrap();
                }
                while let Some(Ok(data)) = body.data().await {
                    let _ = body.flow_control().release_capacity(data.len());
                }
                counter.reset();
            });
        }
    })
    .await
}

fn http2_clients(server: &Server) -> [Client; 2] {
    [
        client_with(server, http2::transport()),
        client_with(server, reqwest(true)),
    ]
}

#[tokio::test]
async fn http2_upload_ends_with_an_early_error_response() {
    for at in 0..2 {
        let server = start_http2(true).await;
        let client = &http2_clients(&server)[at];
        is_too_large(upload(client).await.0);
        let reset = timeout(END_TIMEOUT, server.until(|counts| counts.resets == 1));
        reset.await.unwrap();
        // The connection goes on.
        is_too_large(upload(client).await.0);
        assert_eq!(server.counts().connections, 1);
    }
}

#[tokio::test]
async fn http2_upload_ends_when_its_call_is_dropped() {
    for at in 0..2 {
        let server = start_http2(false).await;
        let client = &http2_clients(&server)[at];
        let (file, _) = endless_file();
        let request = UploadFileRequest::new(FilePurpose::Audio, file);
        tokio::select! {
            _ = client.files().upload(&request).into_future() => panic!("no response"),
            _ = server.until(|counts| counts.requests == 1) => {}
        }
        let reset = timeout(END_TIMEOUT, server.until(|counts| counts.resets == 1));
        reset.await.unwrap();
    }
}

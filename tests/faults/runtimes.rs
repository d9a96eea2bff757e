//! One client in several runtimes, and outside of any.

use std::thread;
use std::time::Duration;

use futures::FutureExt;
use mistral_sdk::files::{FilePurpose, FileSource, UploadFileRequest};
use mistral_sdk::{Client, ErrorKind};
use tokio::runtime::{Builder, Runtime};

use super::http2;
use super::operations::{OPERATIONS, OperationKind, Settings, chat_request, client};
use super::responses::{chunk, chunked_head, success};
use super::server::{Action, Server};

const THREADS: usize = 8;
const RUNTIMES: usize = 15;

fn runtime() -> Runtime {
    Builder::new_current_thread().enable_all().build().unwrap()
}

/// Starts servers of HTTP/1.1 and HTTP/2, with a client of each, on a runtime of their own.
fn servers() -> (Runtime, [(Server, Client); 2]) {
    let list = OperationKind::List;
    let runtime = Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap();
    let servers = runtime.block_on(async {
        let http1 = Server::start(move |_| vec![Action::Send(success(list))]).await;
        let http2 = http2::start(list, |_| http2::Action::Respond).await;
        let http1_client = client(&http1.url()).build().unwrap();
        let http2_client = client(&http2.url()).transport(http2::transport());
        [
            (http1, http1_client),
            (http2, http2_client.build().unwrap()),
        ]
    });
    (runtime, servers)
}

async fn list(client: &Client) {
    let settings = Settings {
        total: Some(Duration::from_secs(20)),
        ..Settings::default()
    };
    OperationKind::List.call(client, &settings).await.unwrap();
}

#[test]
fn client_serves_many_runtimes_at_once_and_one_after_another() {
    let (_runtime, servers) = servers();
    for (server, client) in &servers {
        thread::scope(|scope| {
            for _ in 0..THREADS {
                scope.spawn(|| {
                    for _ in 0..RUNTIMES {
                        runtime().block_on(async {
                            list(client).await;
                            list(client).await;
                        });
                    }
                });
            }
        });
        // No call was retried.
        assert_eq!(server.counts().requests, 2 * THREADS * RUNTIMES);
    }
}

#[test]
fn runtime_that_is_not_driven_holds_no_call_of_another() {
    let (_runtime, servers) = servers();
    for (server, client) in &servers {
        let asleep = runtime();
        asleep.block_on(list(client));
        runtime().block_on(async {
            list(client).await;
            list(client).await;
        });
        asleep.block_on(list(client));
        let counts = server.counts();
        assert_eq!((counts.requests, counts.connections), (4, 2));
    }
}

#[test]
fn call_outside_of_a_runtime_is_a_config_error() {
    let client = client("http://127.0.0.1:9").build().unwrap();
    for operation in OPERATIONS {
        let settings = Settings::default();
        let result = operation.call(&client, &settings).now_or_never().unwrap();
        let error = result.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config, "{error:#}");
        assert!(format!("{error:#}").contains("Tokio runtime"), "{error:#}");
        assert_eq!(error.attempts(), 1);
    }
}

#[test]
fn upload_of_a_file_outside_of_a_runtime_is_a_config_error() {
    let client = client("http://127.0.0.1:9").build().unwrap();
    let file = FileSource::from_path(file!());
    let request = UploadFileRequest::new(FilePurpose::Ocr, file);
    let call = client.files().upload(&request).into_future();
    let error = call.now_or_never().unwrap().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config, "{error:#}");
}

#[test]
fn stream_read_outside_of_a_runtime_is_a_config_error() {
    let (running, _servers) = servers();
    let start = [
        chunked_head(OperationKind::Stream),
        chunk(super::operations::EVENTS[0]),
    ]
    .concat();
    let server = running.block_on(Server::start(move |_| {
        vec![Action::Send(start.clone()), Action::Stall]
    }));
    let client = client(&server.url()).build().unwrap();
    let call = async { client.chat().stream(&chat_request()).await.unwrap() };
    let mut stream = running.block_on(call);
    // The first chunk is returned if it has arrived. There is no timer to wait for the next one.
    let error = loop {
        match stream.next().now_or_never().flatten() {
            Some(Ok(chunk)) => assert_eq!(chunk.text(), "Hé"),
            Some(Err(error)) => break error,
            None => panic!("the stream waits"),
        }
    };
    assert!(format!("{error:#}").contains("Tokio runtime"), "{error:#}");
}

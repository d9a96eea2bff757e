//! Drops of clients, calls and streams: unused, in progress, inside runtimes and thread locals.

use std::cell::RefCell;
use std::io::Read;
use std::sync::Arc;
use std::sync::mpsc::channel;

use mistral_sdk::files::{FilePurpose, FileSource, UploadFileRequest};
use mistral_sdk::tools::ToolSet;
use mistral_sdk::transport::HyperTransport;
use mistral_sdk::{Client, ErrorKind, blocking};
use tokio::runtime::Builder;

use super::server::{EVENT, Server, TEST_TIMEOUT};
use super::{chat_request, start};

/// Returns a value of every type of the blocking client.
fn all_values(client: &blocking::Client) -> Vec<Box<dyn Send>> {
    let source = FileSource::from_bytes("a.jsonl", "{}");
    let upload = UploadFileRequest::new(FilePurpose::Batch, source);
    let id = client.files().upload(&upload).send().unwrap().id;
    let mut started = client.chat().stream(&chat_request()).send().unwrap();
    started.next().unwrap().unwrap();
    let mut half_read = client.files().download(&id).send().unwrap();
    half_read.read_exact(&mut [0]).unwrap();
    let texts = || (0..600).map(|number| number.to_string());
    let mut vectors = client.embeddings().create_all("mistral-embed", texts());
    vectors.next().unwrap().unwrap();
    let mut run = client.chat().run(&chat_request(), &ToolSet::new()).stream();
    run.next().unwrap().unwrap();
    let requests = texts().map(|id| (id, chat_request())).take(9);
    let batch = client.batch().run(requests.clone()).send().unwrap();
    batch.job().send().unwrap(); // the emulator advances the job each time it is retrieved
    batch.job().send().unwrap();
    let mut results = batch.results().unwrap();
    results.next().unwrap().unwrap();
    let mut ordered = batch.results().unwrap().in_order(["1"]);
    ordered.next().unwrap().unwrap();
    vec![
        Box::new(vectors),
        Box::new(run),
        Box::new(client.batch().run(requests)),
        Box::new(results),
        Box::new(ordered),
        Box::new(client.models().list()),
        Box::new(client.chat().stream(&chat_request())),
        Box::new(client.files().download(&id)),
        Box::new(started),
        Box::new(client.chat().stream(&chat_request()).send().unwrap()),
        Box::new(half_read),
        Box::new(client.files().list(&Default::default()).pages()),
        Box::new(client.clone()),
    ]
}

#[test]
fn drop_inside_runtime_in_any_order_does_not_panic() {
    for client_first in [true, false] {
        for builder in [Builder::new_current_thread, Builder::new_multi_thread] {
            let (_emulator, client) = start();
            let things = all_values(&client);
            let runtime = builder().enable_all().build().unwrap();
            runtime.block_on(async {
                let dropping = async move {
                    if client_first {
                        drop(client);
                        drop(things);
                    } else {
                        drop(things);
                        drop(client);
                    }
                };
                tokio::spawn(dropping).await.unwrap();
            });
        }
    }
}

thread_local! {
    static KEPT: RefCell<Vec<Box<dyn Send>>> = const { RefCell::new(Vec::new()) };
    static CALLER: RefCell<Option<CallsOnDrop>> = const { RefCell::new(None) };
}

struct CallsOnDrop(blocking::Client, std::sync::mpsc::Sender<ErrorKind>);

impl Drop for CallsOnDrop {
    fn drop(&mut self) {
        // Depending on the order of the thread-local destructors, the call succeeds or fails.
        let kind = self.0.models().list().send().map_err(|error| error.kind());
        let _ = self.1.send(kind.err().unwrap_or(ErrorKind::Config));
    }
}

#[test]
fn drop_in_thread_local_destructor_does_not_panic() {
    let (_emulator, client) = start();
    let (sender, receiver) = channel();
    std::thread::spawn(move || {
        CALLER.set(Some(CallsOnDrop(client.clone(), sender)));
        KEPT.set(all_values(&client)); // which initializes tokio's thread locals
    })
    .join()
    .unwrap();
    assert_eq!(receiver.recv().unwrap(), ErrorKind::Config);
}

/// Starts a server that responds to the first request with an endless stream.
fn endless() -> (blocking::Client, std::thread::JoinHandle<()>) {
    let server = Server::start();
    let client = Client::builder(server.api()).build_blocking().unwrap();
    let script = server.run_script(|server| {
        let mut connection = server.accept();
        connection.request().unwrap();
        connection.begin_stream();
        connection.chunk(EVENT);
        connection.wait_for_close();
    });
    (client, script)
}

#[test]
fn drop_stream_closes_connection_without_another_call() {
    let (client, script) = endless();
    let mut stream = client.chat().stream(&chat_request()).send().unwrap();
    stream.next().unwrap().unwrap();
    drop(stream);
    script.join().unwrap();
    drop(client); // kept alive until here
}

#[test]
fn drop_stream_inside_runtime_closes_connection() {
    let (client, script) = endless();
    let stream = client.chat().stream(&chat_request()).send().unwrap();
    let runtime = Builder::new_current_thread().build().unwrap();
    runtime.block_on(async move { drop(stream) });
    script.join().unwrap();
    drop(client);
}

#[test]
fn drop_client_stops_runtime_and_closes_connections() {
    let server = Server::start();
    let transport = Arc::new(HyperTransport::new(TEST_TIMEOUT).unwrap());
    let builder = Client::builder(server.api()).transport(Arc::clone(&transport));
    let client = builder.build_blocking().unwrap();
    let script = server.run_script(|server| {
        let mut connection = server.accept();
        connection.request().unwrap();
        connection.respond(r#"{"data":[]}"#);
        connection.wait_for_close();
    });
    client.models().list().send().unwrap();
    drop(client);
    script.join().unwrap();
    drop(transport); // its pool held the connection
}

#[test]
fn pool_connection_closed_while_idle_is_not_reused() {
    let server = Server::start();
    let client = blocking::Client::new(server.api()).unwrap();
    let (read, is_read) = channel();
    let (closed, is_closed) = channel();
    let script = server.run_script(move |server| {
        for _ in 0..2 {
            let mut connection = server.accept();
            connection.request().unwrap();
            connection.respond(r#"{"data":[]}"#);
            is_read.recv().unwrap();
            drop(connection);
            closed.send(()).unwrap();
        }
    });
    for _ in 0..2 {
        assert_eq!(client.models().list().with_response().unwrap().attempts, 1);
        read.send(()).unwrap();
        is_closed.recv().unwrap();
    }
    script.join().unwrap();
}

//! Calls inside async runtimes: where blocking fails, and where it is permitted.

use std::future::Future;
use std::io::Read;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use mistral_emulator::{Emulator, Fault};
use mistral_sdk::embeddings::EmbeddingRequest;
use mistral_sdk::files::{FilePurpose, FileSource, ListFilesRequest, UploadFileRequest};
use mistral_sdk::tools::{ToolRun, ToolSet};
use mistral_sdk::{Client, Error, ErrorKind, RetryPolicy, blocking};
use tokio::runtime::{Builder, Runtime};
use tokio::task::{LocalSet, block_in_place, spawn_blocking, unconstrained};

use super::{api, chat_request, chat_text, start, text_of};

fn current_thread() -> Runtime {
    Builder::new_current_thread().enable_all().build().unwrap()
}

fn multi_thread() -> Runtime {
    Builder::new_multi_thread().enable_all().build().unwrap()
}

fn assert_blocking_error(error: &Error, operation: &str) {
    assert_eq!(error.kind(), ErrorKind::Config, "{error:#}");
    assert_eq!(error.operation(), operation);
    let message = error.to_string();
    assert!(
        message.contains("spawn_blocking") && message.contains(".await"),
        "{message}"
    );
}

#[test]
fn blocking_call_inside_runtime_fails_without_a_request() {
    let (emulator, client) = start();
    let assert_refused = {
        let client = client.clone();
        move || assert_blocking_error(&client.models().list().send().unwrap_err(), "models.list")
    };
    let cloned = assert_refused.clone();
    current_thread().block_on(async move { cloned() });
    let cloned = assert_refused.clone();
    current_thread().block_on(async move { tokio::spawn(async move { cloned() }).await.unwrap() });
    let cloned = assert_refused.clone();
    multi_thread().block_on(async move { cloned() });
    let cloned = assert_refused.clone();
    multi_thread().block_on(async move { tokio::spawn(async move { cloned() }).await.unwrap() });
    let cloned = assert_refused.clone();
    let local = async move {
        tokio::task::spawn_local(async move { cloned() })
            .await
            .unwrap()
    };
    LocalSet::new().block_on(&current_thread(), local);
    let cloned = assert_refused.clone();
    let without_budget = async move { tokio::spawn(unconstrained(async move { cloned() })).await };
    multi_thread().block_on(without_budget).unwrap();
    current_thread().block_on(unconstrained(async move { assert_refused() }));
    assert!(emulator.requests().is_empty());
}

#[tokio::test]
async fn blocking_every_waiting_method_fails_inside_runtime() {
    let (emulator, client) = start();
    let request = ListFilesRequest::new();
    let source = FileSource::from_bytes("a.jsonl", "{}");
    let upload = UploadFileRequest::new(FilePurpose::Batch, source);
    assert_blocking_error(
        &client.models().list().with_response().unwrap_err(),
        "models.list",
    );
    assert_blocking_error(
        &client.chat().stream(&chat_request()).send().unwrap_err(),
        "chat.stream",
    );
    assert_blocking_error(
        &client
            .chat()
            .stream(&chat_request())
            .with_response()
            .unwrap_err(),
        "chat.stream",
    );
    assert_blocking_error(
        &client.files().upload(&upload).send().unwrap_err(),
        "files.upload",
    );
    assert_blocking_error(
        &client.files().download("1").send().unwrap_err(),
        "files.download",
    );
    let mut pages = client.files().list(&request).pages();
    assert_blocking_error(&pages.next().unwrap().unwrap_err(), "files.list");
    assert!(pages.next().is_none());
    let mut items = client.files().list(&request).pages().items();
    assert_blocking_error(&items.next().unwrap().unwrap_err(), "files.list");
    assert!(items.next().is_none());
    let run = || client.chat().run(&chat_request(), &ToolSet::new());
    assert_blocking_error(&run().send().unwrap_err(), "chat.run");
    assert_blocking_error(&run().stream().collect_run().unwrap_err(), "chat.run");
    let mut events = run().stream();
    let error = events.next().unwrap().unwrap_err();
    assert_blocking_error(&error, "chat.run");
    assert_eq!(
        error.partial::<ToolRun>().unwrap().messages,
        chat_request().messages
    );
    assert!(events.next().is_none());
    let untouched =
        || std::iter::from_fn(|| -> Option<(String, _)> { panic!("the iterator was read") });
    let requests = untouched().map(|(id, ())| (id, chat_request()));
    assert_blocking_error(
        &client.batch().run(requests).send().unwrap_err(),
        "batch.run",
    );
    let batch = client.batch().resume::<EmbeddingRequest>("1");
    assert_blocking_error(&batch.job().send().unwrap_err(), "batch.jobs.get");
    assert_blocking_error(&batch.wait().send().unwrap_err(), "batch.wait");
    assert_blocking_error(&batch.results().unwrap_err(), "batch.results");
    let vectors = || {
        let texts = untouched().map(|(text, ())| text);
        client.embeddings().create_all("m", texts)
    };
    assert_blocking_error(
        &vectors().collect_response().unwrap_err(),
        "embeddings.create_all",
    );
    let mut vectors = vectors();
    assert_blocking_error(
        &vectors.next().unwrap().unwrap_err(),
        "embeddings.create_all",
    );
    assert!(vectors.next().is_none());
    assert!(emulator.requests().is_empty());
}

/// Runs blocking work on a thread where blocking is permitted.
async fn run_blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    spawn_blocking(work).await.unwrap()
}

#[tokio::test]
async fn blocking_iterator_moved_into_runtime_fails_once_then_ends() {
    let (_emulator, client) = start();
    let asking = client.clone();
    let ended = {
        let client = client.clone();
        move || {
            let mut stream = client.chat().stream(&chat_request()).send().unwrap();
            stream.by_ref().for_each(|chunk| drop(chunk.unwrap()));
            stream
        }
    };
    let streams = move || [0; 2].map(|_| asking.chat().stream(&chat_request()).send().unwrap());
    let [mut stream, other] = run_blocking(streams).await;
    assert_blocking_error(&stream.next().unwrap().unwrap_err(), "chat.stream");
    assert!(stream.next().is_none());
    assert_blocking_error(&other.collect_response().unwrap_err(), "chat.stream");
    // A stream that has ended does not block.
    let mut ended = run_blocking(ended).await;
    assert!(ended.next().is_none());

    let downloads = move || {
        let source = FileSource::from_bytes("a.jsonl", "{}");
        let upload = UploadFileRequest::new(FilePurpose::Batch, source);
        let id = client.files().upload(&upload).send().unwrap().id;
        [0; 4].map(|_| client.files().download(&id).send().unwrap())
    };
    let [mut read, bytes, write, copy] = run_blocking(downloads).await;
    let error = read.read_to_end(&mut Vec::new()).unwrap_err();
    assert_blocking_error(
        error.get_ref().unwrap().downcast_ref().unwrap(),
        "files.download",
    );
    assert_eq!(read.read(&mut [0]).unwrap(), 0);
    assert_blocking_error(&bytes.bytes().unwrap_err(), "files.download");
    assert_blocking_error(&write.write_to("/dev/null").unwrap_err(), "files.download");
    assert_blocking_error(&copy.copy_to(Vec::new()).unwrap_err(), "files.download");
}

fn assert_call_succeeds(client: &blocking::Client) {
    let text = chat_text(client);
    let stream = client.chat().stream(&chat_request()).send().unwrap();
    assert_eq!(text_of(stream), text);
}

#[test]
fn blocking_call_on_spawn_blocking_or_entered_thread_succeeds() {
    let (_emulator, client) = start();
    for runtime in [current_thread(), multi_thread()] {
        let cloned = client.clone();
        runtime.block_on(run_blocking(move || assert_call_succeeds(&cloned)));
        let cloned = client.clone();
        runtime.block_on(async {
            std::thread::spawn(move || assert_call_succeeds(&cloned))
                .join()
                .unwrap()
        });
        let _known = runtime.enter();
        assert_call_succeeds(&client);
    }
    let cloned = client.clone();
    multi_thread().block_on(async move { block_in_place(|| assert_call_succeeds(&cloned)) });
    let cloned = client.clone();
    let task = async move {
        tokio::spawn(async move { block_in_place(|| assert_call_succeeds(&cloned)) }).await
    };
    multi_thread().block_on(task).unwrap();
}

/// Calls the client on drop.
struct CallsOnDrop(blocking::Client, Arc<Mutex<Option<Error>>>);

impl Drop for CallsOnDrop {
    fn drop(&mut self) {
        *self.1.lock().unwrap() = self.0.models().list().send().err();
    }
}

#[test]
fn blocking_call_in_drop_of_aborted_task_fails() {
    let (emulator, client) = start();
    let error = Arc::default();
    let at_the_end = CallsOnDrop(client, Arc::clone(&error));
    let pending = async move {
        let _at_the_end = at_the_end;
        std::future::pending::<()>().await;
    };
    fn ends(runtime: &Runtime, task: impl Future<Output = ()> + Send + 'static) {
        let aborted = runtime.block_on(async {
            let task = tokio::spawn(task);
            tokio::task::yield_now().await;
            task.abort();
            task.await.unwrap_err()
        });
        assert!(aborted.is_cancelled(), "{aborted}");
    }
    ends(&multi_thread(), pending);
    assert_blocking_error(error.lock().unwrap().as_ref().unwrap(), "models.list");
    assert!(emulator.requests().is_empty());
}

#[test]
fn blocking_call_in_client_callback_fails() {
    let emulator = Emulator::builder()
        .fault(Fault::status(503))
        .start()
        .unwrap();
    let client = blocking::Client::new(api(&emulator)).unwrap();
    let inner = client.clone();
    let (sender, receiver) = std::sync::mpsc::channel();
    let without_delay =
        RetryPolicy::backoff(Duration::ZERO, Duration::ZERO, 1.0, Duration::from_secs(9));
    let builder = Client::builder(api(&emulator)).retry(without_delay);
    let builder = builder.on_retry(move |_| {
        let _ = sender.send(inner.models().list().send());
    });
    builder
        .build_blocking()
        .unwrap()
        .models()
        .list()
        .send()
        .unwrap();
    assert_blocking_error(&receiver.recv().unwrap().unwrap_err(), "models.list");
}

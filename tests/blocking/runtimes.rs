//! Inside async runtimes: where the client may not wait, and where it may.

use std::future::Future;
use std::io::Read;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use mistral_emulator::{Emulator, Fault};
use mistral_sdk::embeddings::EmbeddingRequest;
use mistral_sdk::files::{FilePurpose, ListFilesRequest, UploadFileRequest};
use mistral_sdk::tools::{ToolRun, ToolSet};
use mistral_sdk::{Client, Error, ErrorKind, FileSource, RetryPolicy, blocking};
use tokio::runtime::{Builder, Runtime};
use tokio::task::{LocalSet, block_in_place, spawn_blocking, unconstrained};

use super::{answer, api, ask, start, text_of};

fn current_thread() -> Runtime {
    Builder::new_current_thread().enable_all().build().unwrap()
}

fn multi_thread() -> Runtime {
    Builder::new_multi_thread().enable_all().build().unwrap()
}

fn is_refusal(error: &Error, operation: &str) {
    assert_eq!(error.kind(), ErrorKind::Config, "{error:#}");
    assert_eq!(error.operation(), operation);
    let said = error.to_string();
    assert!(
        said.contains("spawn_blocking") && said.contains(".await"),
        "{said}"
    );
}

#[test]
fn blocking_call_inside_runtime_fails_without_a_request() {
    let (emulator, client) = start();
    let refused = {
        let client = client.clone();
        move || is_refusal(&client.models().list().send().unwrap_err(), "models.list")
    };
    let own = refused.clone();
    current_thread().block_on(async move { own() });
    let own = refused.clone();
    current_thread().block_on(async move { tokio::spawn(async move { own() }).await.unwrap() });
    let own = refused.clone();
    multi_thread().block_on(async move { own() });
    let own = refused.clone();
    multi_thread().block_on(async move { tokio::spawn(async move { own() }).await.unwrap() });
    let own = refused.clone();
    let local = async move {
        tokio::task::spawn_local(async move { own() })
            .await
            .unwrap()
    };
    LocalSet::new().block_on(&current_thread(), local);
    let own = refused.clone();
    let without_budget = async move { tokio::spawn(unconstrained(async move { own() })).await };
    multi_thread().block_on(without_budget).unwrap();
    current_thread().block_on(unconstrained(async move { refused() }));
    assert!(emulator.requests().is_empty());
}

#[tokio::test]
async fn blocking_every_waiting_method_fails_inside_runtime() {
    let (emulator, client) = start();
    let request = ListFilesRequest::new();
    let source = FileSource::from_bytes("a.jsonl", "{}");
    let upload = UploadFileRequest::new(FilePurpose::Batch, source);
    is_refusal(
        &client.models().list().with_response().unwrap_err(),
        "models.list",
    );
    is_refusal(
        &client.chat().stream(&ask()).send().unwrap_err(),
        "chat.stream",
    );
    is_refusal(
        &client.chat().stream(&ask()).with_response().unwrap_err(),
        "chat.stream",
    );
    is_refusal(
        &client.files().upload(&upload).send().unwrap_err(),
        "files.upload",
    );
    is_refusal(
        &client.files().download("1").send().unwrap_err(),
        "files.download",
    );
    let mut pages = client.files().list(&request).pages();
    is_refusal(&pages.next().unwrap().unwrap_err(), "files.list");
    assert!(pages.next().is_none());
    let mut items = client.files().list(&request).pages().items();
    is_refusal(&items.next().unwrap().unwrap_err(), "files.list");
    assert!(items.next().is_none());
    let run = || client.chat().run(&ask(), &ToolSet::new());
    is_refusal(&run().send().unwrap_err(), "chat.run");
    is_refusal(&run().stream().collect_run().unwrap_err(), "chat.run");
    let mut events = run().stream();
    let error = events.next().unwrap().unwrap_err();
    is_refusal(&error, "chat.run");
    assert_eq!(error.partial::<ToolRun>().unwrap().messages, ask().messages);
    assert!(events.next().is_none());
    let untouched = || std::iter::from_fn(|| -> Option<(String, _)> { panic!("it was asked") });
    let requests = untouched().map(|(id, ())| (id, ask()));
    is_refusal(
        &client.batch().run(requests).send().unwrap_err(),
        "batch.run",
    );
    let batch = client.batch().resume::<EmbeddingRequest>("1");
    is_refusal(&batch.job().send().unwrap_err(), "batch.jobs.get");
    is_refusal(&batch.wait().send().unwrap_err(), "batch.wait");
    is_refusal(&batch.results().unwrap_err(), "batch.results");
    let vectors = || {
        let texts = untouched().map(|(text, ())| text);
        client.embeddings().create_all("m", texts)
    };
    is_refusal(
        &vectors().collect_response().unwrap_err(),
        "embeddings.create_all",
    );
    let mut vectors = vectors();
    is_refusal(
        &vectors.next().unwrap().unwrap_err(),
        "embeddings.create_all",
    );
    assert!(vectors.next().is_none());
    assert!(emulator.requests().is_empty());
}

/// Runs what must wait where it may.
async fn aside<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    spawn_blocking(work).await.unwrap()
}

#[tokio::test]
async fn blocking_iterator_moved_into_runtime_fails_once_then_ends() {
    let (_emulator, client) = start();
    let asking = client.clone();
    let ended = {
        let client = client.clone();
        move || {
            let mut stream = client.chat().stream(&ask()).send().unwrap();
            stream.by_ref().for_each(|chunk| drop(chunk.unwrap()));
            stream
        }
    };
    let streams = move || [0; 2].map(|_| asking.chat().stream(&ask()).send().unwrap());
    let [mut stream, other] = aside(streams).await;
    is_refusal(&stream.next().unwrap().unwrap_err(), "chat.stream");
    assert!(stream.next().is_none());
    is_refusal(&other.collect_response().unwrap_err(), "chat.stream");
    // A stream that has ended does not need to wait.
    let mut ended = aside(ended).await;
    assert!(ended.next().is_none());

    let downloads = move || {
        let source = FileSource::from_bytes("a.jsonl", "{}");
        let upload = UploadFileRequest::new(FilePurpose::Batch, source);
        let id = client.files().upload(&upload).send().unwrap().id;
        [0; 4].map(|_| client.files().download(&id).send().unwrap())
    };
    let [mut read, bytes, write, copy] = aside(downloads).await;
    let error = read.read_to_end(&mut Vec::new()).unwrap_err();
    is_refusal(
        error.get_ref().unwrap().downcast_ref().unwrap(),
        "files.download",
    );
    assert_eq!(read.read(&mut [0]).unwrap(), 0);
    is_refusal(&bytes.bytes().unwrap_err(), "files.download");
    is_refusal(&write.write_to("/dev/null").unwrap_err(), "files.download");
    is_refusal(&copy.copy_to(Vec::new()).unwrap_err(), "files.download");
}

fn asks(client: &blocking::Client) {
    let whole = answer(client);
    let stream = client.chat().stream(&ask()).send().unwrap();
    assert_eq!(text_of(stream), whole);
}

#[test]
fn blocking_call_on_spawn_blocking_or_entered_thread_succeeds() {
    let (_emulator, client) = start();
    for runtime in [current_thread(), multi_thread()] {
        let own = client.clone();
        runtime.block_on(aside(move || asks(&own)));
        let own = client.clone();
        runtime.block_on(async { std::thread::spawn(move || asks(&own)).join().unwrap() });
        let _known = runtime.enter();
        asks(&client);
    }
    let own = client.clone();
    multi_thread().block_on(async move { block_in_place(|| asks(&own)) });
    let own = client.clone();
    let task = async move { tokio::spawn(async move { block_in_place(|| asks(&own)) }).await };
    multi_thread().block_on(task).unwrap();
}

/// Calls when it is dropped.
struct CallsAtTheEnd(blocking::Client, Arc<Mutex<Option<Error>>>);

impl Drop for CallsAtTheEnd {
    fn drop(&mut self) {
        *self.1.lock().unwrap() = self.0.models().list().send().err();
    }
}

#[test]
fn blocking_call_in_drop_of_aborted_task_fails() {
    let (emulator, client) = start();
    let error = Arc::default();
    let at_the_end = CallsAtTheEnd(client, Arc::clone(&error));
    let never_ready = async move {
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
    ends(&multi_thread(), never_ready);
    is_refusal(error.lock().unwrap().as_ref().unwrap(), "models.list");
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
    let (said, says) = std::sync::mpsc::channel();
    let at_once = RetryPolicy::backoff(Duration::ZERO, Duration::ZERO, 1.0, Duration::from_secs(9));
    let builder = Client::builder(api(&emulator)).retry(at_once);
    let builder = builder.on_retry(move |_| {
        let _ = said.send(inner.models().list().send());
    });
    builder
        .build_blocking()
        .unwrap()
        .models()
        .list()
        .send()
        .unwrap();
    is_refusal(&says.recv().unwrap().unwrap_err(), "models.list");
}

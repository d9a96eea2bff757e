//! Runs of agents, options of the calls of a run, and blocking tools.

use std::future::Future;
use std::pin::pin;
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use mistral_sdk::agents::AgentsCompletionRequest;
use mistral_sdk::messages::{Function, Message, ToolCall, ToolChoiceEnum};
use mistral_sdk::testing::{MockReply, MockTransport};
use mistral_sdk::tools::{ToolErrors, ToolRun, ToolSet};
use mistral_sdk::{Client, ErrorKind, MistralApi};
use serde_json::{Value, json};
use tokio::runtime::Builder;

/// The time after which a test fails.
const PATIENCE: Duration = Duration::from_secs(20);

type AnyError = Box<dyn std::error::Error + Send + Sync>;

fn ask() -> AgentsCompletionRequest {
    AgentsCompletionRequest::new("ag:1:20260101:player:1", [Message::user("Roll.")])
}

fn client(mock: &MockTransport) -> Client {
    let api = MistralApi::new("key").unwrap();
    Client::builder(api)
        .transport(mock.clone())
        .build()
        .unwrap()
}

fn function(name: &str) -> Function {
    Function::new(name, json!({ "type": "object" }))
}

/// An answer that calls tools.
fn calling(names: &[&str]) -> MockReply {
    let call = |(place, name): (usize, &&str)| {
        let id = format!("abcdefgh{place}");
        json!({ "id": id, "function": { "name": name, "arguments": "{}" } })
    };
    let calls: Value = names.iter().enumerate().map(call).collect();
    let message = json!({ "role": "assistant", "content": "", "tool_calls": calls });
    MockReply::json(json!({
        "id": "r1",
        "choices": [{ "index": 0, "message": message, "finish_reason": "tool_calls" }],
    }))
}

#[tokio::test]
async fn run_of_agent_continues_until_it_answers() {
    let mock = MockTransport::new()
        .reply(calling(&["roll"]))
        .reply(MockReply::chat("A four."));
    let tools = ToolSet::new().function(function("roll"), async |_: Value| Ok::<_, AnyError>(4));
    let request = ask().tool_choice(ToolChoiceEnum::Any);
    let run = client(&mock).agents().run(&request, &tools);
    let run = run
        .with_call(|call| call.header("x-team", "a"))
        .await
        .unwrap();
    assert_eq!(run.text(), "A four.");
    let [first, second] = mock.requests().try_into().unwrap();
    assert_eq!(first.json()["agent_id"], "ag:1:20260101:player:1");
    assert_eq!(first.json()["tools"][0]["function"]["name"], "roll");
    assert_eq!(first.json()["tool_choice"], "any");
    assert_eq!(second.json()["tool_choice"], Value::Null);
    assert_eq!(second.json()["messages"][2]["content"], "4");
    assert_eq!(second.header("x-team"), Some("a"));
}

#[tokio::test]
async fn run_with_invalid_call_option_sends_nothing() {
    let mock = MockTransport::new();
    let tools = ToolSet::new();
    let run = client(&mock).agents().run(&ask(), &tools);
    let error = run
        .with_call(|call| call.header("x team", "a"))
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config);
    assert_eq!(error.operation(), "agents.complete");
    let run = client(&mock).agents().run(&ask(), &tools);
    let stream = run.with_call(|call| call.header("x team", "a")).stream();
    let error = stream.collect_run().await.unwrap_err();
    assert_eq!(error.operation(), "agents.stream");
    assert_eq!(error.partial::<ToolRun>().unwrap().messages.len(), 1);
    assert!(mock.requests().is_empty());
}

#[tokio::test] // on one thread, which nothing may block
async fn blocking_tools_run_concurrently_off_the_runtime() {
    let (said, says) = channel();
    let (heard, hears) = channel();
    let meet = |here: Sender<()>, there: std::sync::mpsc::Receiver<()>| {
        let there = Mutex::new(there);
        move |_: Value| {
            here.send(())?;
            there.lock().unwrap().recv_timeout(PATIENCE)?;
            Ok::<_, AnyError>(true)
        }
    };
    let tools = ToolSet::new()
        .blocking_function(function("left"), meet(said, hears))
        .blocking_function(function("right"), meet(heard, says));
    let mock = MockTransport::new()
        .reply(calling(&["left", "right"]))
        .reply(MockReply::chat("They met."));
    let run = client(&mock).agents().run(&ask(), &tools);
    run.tool_errors(ToolErrors::Fail).await.unwrap();
}

#[test]
fn blocking_tool_without_runtime_is_an_error() {
    let tools = ToolSet::new().blocking_function(function("wait"), |_: Value| Ok::<_, AnyError>(1));
    let call = ToolCall::new("abcdefgh1", "wait", "{}");
    let calling = pin!(tools.call(&call));
    let Poll::Ready(called) = calling.poll(&mut Context::from_waker(Waker::noop())) else {
        panic!("it waits for a runtime that is not there");
    };
    let error = called.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config);
    assert!(error.message().contains("Tokio runtime"), "{error}");
}

#[test]
fn blocking_tool_queued_when_dropped_does_not_start() {
    let runtime = Builder::new_current_thread()
        .max_blocking_threads(1)
        .build()
        .unwrap();
    let (said, says) = channel();
    let (go, may_go) = channel();
    let may_go = Arc::new(Mutex::new(may_go));
    let tools = ToolSet::new().blocking_function(function("wait"), move |number: Value| {
        said.send(number)?;
        may_go.lock().unwrap().recv_timeout(PATIENCE)?;
        Ok::<_, AnyError>(())
    });
    let [first, second] = ["1", "2"].map(|number| ToolCall::new("abcdefgh1", "wait", number));
    runtime.block_on(async {
        let (mut one, mut two) = (Box::pin(tools.call(&first)), Box::pin(tools.call(&second)));
        let mut cx = Context::from_waker(Waker::noop());
        assert!(one.as_mut().poll(&mut cx).is_pending());
        assert!(two.as_mut().poll(&mut cx).is_pending());
        assert_eq!(says.recv_timeout(PATIENCE).unwrap(), 1);
        drop(two);
        go.send(()).unwrap();
        one.await.unwrap();
    });
    drop(runtime); // which waits for what has begun
    drop(tools);
    assert!(says.recv().is_err()); // no other call has started
}

#[test]
fn blocking_tool_on_stopped_runtime_is_an_error() {
    let tools = ToolSet::new().blocking_function(function("wait"), |_: Value| Ok::<_, AnyError>(1));
    let call = ToolCall::new("abcdefgh1", "wait", "{}");
    let runtime = Builder::new_current_thread().build().unwrap();
    let known = runtime.handle().clone();
    drop(runtime);
    let _known = known.enter();
    let calling = pin!(tools.call(&call));
    let Poll::Ready(called) = calling.poll(&mut Context::from_waker(Waker::noop())) else {
        panic!("it waits for a runtime that has ended");
    };
    assert!(called.unwrap_err().message().contains("has shut down"));
}

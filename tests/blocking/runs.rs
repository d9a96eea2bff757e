//! Tool runs of the blocking client, with models and agents.

use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex};
use std::thread::{self, ThreadId};
use std::time::Duration;

use mistral_sdk::agents::AgentsCompletionRequest;
use mistral_sdk::chat::ChatCompletionRequest;
use mistral_sdk::messages::{Function, Message};
use mistral_sdk::testing::{MockReply, MockTransport};
use mistral_sdk::tools::{Approval, RunEvent, ToolErrors, ToolRun, ToolSet};
use mistral_sdk::{Client, ErrorKind, MistralApi, blocking};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};
use tracing::span::Id;
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};
use tracing_subscriber::registry::{LookupSpan, Registry};

use super::server::TEST_TIMEOUT;
use super::{chat_text, start};

/// Adds two numbers.
#[derive(Deserialize, JsonSchema)]
struct Add {
    a: i64,
    b: i64,
}

fn add_tool() -> ToolSet {
    ToolSet::new().blocking_tool("add", |call: Add| {
        call.a.checked_add(call.b).ok_or("the sum is too large")
    })
}

fn chat_request() -> ChatCompletionRequest {
    ChatCompletionRequest::new("m", [Message::user("How much is it?")])
}

fn client(mock: &MockTransport) -> blocking::Client {
    let builder = Client::builder(MistralApi::new("key").unwrap());
    builder.transport(mock.clone()).build_blocking().unwrap()
}

fn calls(names: &[&str]) -> Value {
    let call = |(place, name): (usize, &&str)| {
        let function = json!({ "name": name, "arguments": r#"{"a": 1, "b": 2}"# });
        json!({ "id": format!("abcdefgh{place}"), "function": function })
    };
    names.iter().enumerate().map(call).collect()
}

/// Returns a reply that calls tools.
fn tool_call_reply(names: &[&str]) -> MockReply {
    let message = json!({ "role": "assistant", "content": "", "tool_calls": calls(names) });
    MockReply::json(json!({
        "id": "r1",
        "choices": [{ "index": 0, "message": message, "finish_reason": "tool_calls" }],
    }))
}

fn streamed_tool_call_reply(names: &[&str]) -> MockReply {
    let delta = json!({ "role": "assistant", "content": "", "tool_calls": calls(names) });
    MockReply::sse([json!({
        "id": "s1",
        "model": "m",
        "choices": [{ "index": 0, "delta": delta, "finish_reason": "tool_calls" }],
    })])
}

/// Returns a transport whose model calls these tools in its first turn and responds in its second.
fn one_tool_turn(names: &[&str]) -> MockTransport {
    MockTransport::new()
        .reply(tool_call_reply(names))
        .reply(MockReply::chat("It is 3."))
}

/// Returns the tool results in the last request.
fn tool_results(mock: &MockTransport) -> Vec<String> {
    let request = mock.requests().last().unwrap().json();
    let messages = request["messages"].as_array().unwrap().iter();
    let of_tools = messages.filter(|message| message["role"] == "tool");
    of_tools
        .map(|message| message["content"].as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn tool_run_calls_model_or_agent_until_final_response() {
    let (emulator, client) = start();
    let dice = Function::new("roll_dice", json!({ "type": "object" }));
    let tools = ToolSet::new().blocking_function(dice, |_: Value| Ok::<_, io::Error>(4));
    let question = [Message::user("Call roll_dice.")];
    let chat = ChatCompletionRequest::new("mistral-small-latest", question.clone());
    let agents = AgentsCompletionRequest::new("ag:1:20260101:player:1", question);

    let run = client.chat().run(&chat, &tools).send().unwrap();
    assert!(run.text().contains('4'), "{}", run.text());
    assert_eq!((run.messages.len(), run.responses.len()), (4, 2));
    let run = client.agents().run(&agents, &tools).send().unwrap();
    assert!(run.text().contains('4'), "{}", run.text());

    let mut stream = client.agents().run(&agents, &tools).stream();
    let mut events = Vec::new();
    for event in stream.by_ref() {
        match event.unwrap() {
            RunEvent::Chunk(_) if events.last().is_some_and(|it| it == "text") => {}
            RunEvent::Chunk(_) => events.push("text".to_owned()),
            RunEvent::Call(call) => events.push(call.function.name),
            RunEvent::ToolResult(result) => events.push(result.content.text().into_owned()),
            event => panic!("{event:?}"),
        }
    }
    assert_eq!(events, ["text", "roll_dice", "4", "text"]);
    assert!(stream.next().is_none());
    assert_eq!(stream.collect_run().unwrap().text(), run.text());

    let requests = emulator.requests();
    let paths: Vec<_> = requests.iter().map(|it| it.path.as_str()).collect();
    let (chat, agents) = ("/v1/chat/completions", "/v1/agents/completions");
    assert_eq!(paths, [chat, chat, agents, agents, agents, agents]);
}

#[test]
fn tool_run_options_apply_to_every_call() {
    for streamed in [false, true] {
        let mock = if streamed {
            MockTransport::new()
                .reply(streamed_tool_call_reply(&["add"]))
                .reply(MockReply::chat_stream(["It is 3."]))
        } else {
            one_tool_turn(&["add"])
        };
        let client = client(&mock);
        let run = client.chat().run(&chat_request(), &add_tool());
        let run = run.with_call(|call| call.header("x-team", "a").extra_body("safe", true));
        let run = if streamed {
            run.stream().collect_run()
        } else {
            run.send()
        };
        assert_eq!(run.unwrap().text(), "It is 3.");
        for request in mock.requests() {
            assert_eq!(request.header("x-team"), Some("a"));
            assert_eq!(request.json()["safe"], true);
            assert_eq!(request.json()["stream"] == true, streamed);
        }
        assert_eq!(mock.requests().len(), 2);
    }
    let mock =
        MockTransport::new().reply(MockReply::chat("late").with_delay(TEST_TIMEOUT).always());
    let short = Duration::from_millis(5);
    let run = client(&mock).chat().run(&chat_request(), &add_tool());
    let run = run.with_call(move |call| call.timeout(short));
    let error = run.send().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout, "{error}");
    assert_eq!(error.operation(), "chat.complete");
    assert_eq!(error.partial::<ToolRun>().unwrap().messages.len(), 1);
}

#[test]
fn tool_run_failed_or_unknown_tool_is_reported_or_ends_run() {
    let tools = add_tool().blocking_tool("fail", |_: Add| {
        Err::<(), _>(io::Error::other("the disk is full"))
    });
    let expected = [
        "Error: the tool `fail` failed: the disk is full",
        "3",
        "Error: there is no tool `multiply`, only add, fail",
    ];
    let mock = one_tool_turn(&["fail", "add", "multiply"]);
    client(&mock)
        .chat()
        .run(&chat_request(), &tools)
        .send()
        .unwrap();
    assert_eq!(tool_results(&mock), expected);

    let mock = one_tool_turn(&["fail", "add", "multiply"]);
    let run = client(&mock).chat().run(&chat_request(), &tools);
    let error = run.tool_errors(ToolErrors::Fail).send().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Tool);
    assert!(
        error
            .to_string()
            .starts_with("chat.run: the tool `fail` failed"),
        "{error}"
    );
    assert_eq!(mock.requests().len(), 1);
    assert_eq!(error.partial::<ToolRun>().unwrap().messages.len(), 5);
}

#[test]
fn tool_run_panic_in_tool_is_an_error_of_the_run() {
    let tools = add_tool().blocking_tool("panic", |call: Add| {
        assert_eq!(call.a, call.b, "they differ");
        Ok::<_, io::Error>(())
    });
    let agents = AgentsCompletionRequest::new("ag:1:20260101:player:1", [Message::user("Hi.")]);
    for streamed in [false, true] {
        let mock = if streamed {
            MockTransport::new().reply(streamed_tool_call_reply(&["panic", "add"]))
        } else {
            one_tool_turn(&["panic", "add"])
        };
        let client = client(&mock);
        let run = client.agents().run(&agents, &tools);
        let error = if streamed {
            run.stream().collect_run().unwrap_err()
        } else {
            run.send().unwrap_err()
        };
        assert_eq!(error.kind(), ErrorKind::Tool);
        let line = error.to_string();
        assert!(
            line.starts_with("agents.run: the tool `panic` panicked: "),
            "{line}"
        );
        assert!(line.contains("they differ"), "{line}");
        assert_eq!(error.partial::<ToolRun>().unwrap().messages.len(), 4);
        assert_eq!(mock.requests().len(), 1);
    }
}

#[test]
fn tool_run_endless_tool_calls_stop_at_limit() {
    let mock = MockTransport::new().reply(tool_call_reply(&["add"]).always());
    let error = client(&mock)
        .chat()
        .run(&chat_request(), &add_tool())
        .max_turns(3)
        .send()
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Tool);
    assert!(
        error
            .to_string()
            .contains("still calls tools after 3 turns"),
        "{error}"
    );
    assert_eq!(mock.requests().len(), 3);
}

#[test]
fn tool_run_hook_may_block_and_deny() {
    let hook_calls = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&hook_calls);
    let (emulator, other) = start();
    let mock = one_tool_turn(&["add", "add"]);
    let run = client(&mock).chat().run(&chat_request(), &add_tool());
    let run = run.blocking_on_call(move |call| {
        other.models().list().send().unwrap(); // blocks
        assert_eq!(call.function.name, "add");
        match count.fetch_add(1, Ordering::Relaxed) {
            0 => Approval::refuse("not now"),
            _ => Approval::Approve,
        }
    });
    run.send().unwrap();
    assert_eq!(tool_results(&mock), ["This call was refused: not now", "3"]);
    assert_eq!(hook_calls.load(Ordering::Relaxed), 2);
    assert_eq!(emulator.requests().len(), 2);

    let mock = one_tool_turn(&["add"]);
    let run = client(&mock).chat().run(&chat_request(), &add_tool());
    let error = run.blocking_on_call(|_| panic!("no")).send().unwrap_err();
    assert_eq!(
        error.to_string(),
        "chat.run: the `blocking_on_call` hook panicked: no"
    );
    assert_eq!(error.partial::<ToolRun>().unwrap().messages.len(), 2);
}

#[test]
fn tool_run_blocking_tool_blocks_no_other_call_and_may_use_client() {
    let (_emulator, client) = start();
    let (release, released) = channel();
    let released = Mutex::new(released);
    let inner = client.clone();
    let wait = Function::new("wait_for_it", json!({ "type": "object" }));
    let tools = ToolSet::new().blocking_function(wait, move |_: Value| {
        released.lock().unwrap().recv_timeout(TEST_TIMEOUT)?;
        Ok::<_, Box<dyn std::error::Error + Send + Sync>>(inner.models().list().send()?.data.len())
    });
    let question = [Message::user("Call wait_for_it.")];
    let request = ChatCompletionRequest::new("mistral-small-latest", question);
    let run = client.chat().run(&request, &tools);
    let running = thread::spawn(move || run.tool_errors(ToolErrors::Fail).send());
    assert!(chat_text(&client).contains("Manet"));
    release.send(()).unwrap();
    assert_eq!(running.join().unwrap().unwrap().responses.len(), 2);
}

#[test]
fn tool_run_drop_cancels_it() {
    let (sender, receiver) = channel::<()>();
    let roll = Function::new("roll", json!({ "type": "object" }));
    let tools = ToolSet::new().blocking_function(roll, move |_: Value| sender.send(()));
    let mock = MockTransport::new().reply(streamed_tool_call_reply(&["roll"]));
    let mut stream = client(&mock).chat().run(&chat_request(), &tools).stream();
    for event in stream.by_ref() {
        if let RunEvent::Call(_) = event.unwrap() {
            break;
        }
    }
    drop(stream);
    drop(tools);
    assert!(receiver.recv_timeout(TEST_TIMEOUT).is_err()); // and the tool has been dropped
    assert_eq!(mock.requests().len(), 1);
}

/// Records the threads that enter a span within the caller's.
struct ThreadRecorder(Arc<Mutex<Vec<ThreadId>>>);

impl<S: tracing::Subscriber + for<'a> LookupSpan<'a>> Layer<S> for ThreadRecorder {
    fn on_enter(&self, id: &Id, context: Context<'_, S>) {
        let scope = context.span_scope(id);
        if scope.is_some_and(|mut scope| scope.any(|span| span.name() == "the caller's")) {
            self.0.lock().unwrap().push(thread::current().id());
        }
    }
}

#[test]
fn tool_run_tool_executes_in_callers_span() {
    let (sender, receiver) = channel();
    let roll = Function::new("roll", json!({ "type": "object" }));
    let tools =
        ToolSet::new().blocking_function(roll, move |_: Value| sender.send(thread::current().id()));
    let threads = Arc::default();
    let layer = ThreadRecorder(Arc::clone(&threads));
    let _guard = tracing::subscriber::set_default(Registry::default().with(layer));
    let _within = tracing::info_span!("the caller's").entered();
    let mock = one_tool_turn(&["roll"]);
    client(&mock)
        .chat()
        .run(&chat_request(), &tools)
        .send()
        .unwrap();
    let thread = receiver.recv_timeout(TEST_TIMEOUT).unwrap();
    assert_ne!(thread, thread::current().id());
    assert!(threads.lock().unwrap().contains(&thread));
}

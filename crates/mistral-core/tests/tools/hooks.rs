//! The hook that approves, changes or refuses tool calls.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use mistral_sdk::messages::ToolCall;
use mistral_sdk::tools::{Approval, ToolErrors};

use super::{adding, ask, call, client, once, pairs, tool_results};

#[tokio::test(start_paused = true)]
async fn on_call_hook_approves_changes_or_refuses_in_order() {
    let mock = once(&[
        call("abcdefgh1", "add", r#"{"a": 1, "b": 2}"#),
        call("abcdefgh2", "add", r#"{"a": 10, "b": 2}"#),
        call("abcdefgh3", "add", r#"{"a": 100, "b": 2}"#),
    ]);
    let order_of_hooks = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&order_of_hooks);
    let hook = move |call: ToolCall| {
        let seen = Arc::clone(&seen);
        async move {
            let id = call.call_id().unwrap_or_default().to_owned();
            seen.lock().unwrap().push(format!("started {id}"));
            tokio::time::sleep(Duration::from_secs(60)).await; // a user decides
            seen.lock().unwrap().push(format!("decided {id}"));
            match &*id {
                "abcdefgh1" => Approval::Approve,
                "abcdefgh2" => Approval::Change(r#"{"a": 20, "b": 2}"#.into()),
                _ => Approval::refuse("too large"),
            }
        }
    };
    let run = client(&mock).chat().run(&ask(), &adding()).on_call(hook);
    let run = run.tool_errors(ToolErrors::Fail).await.unwrap(); // a refusal is no error
    let expected = [
        ("abcdefgh1", "3"),
        ("abcdefgh2", "22"),
        ("abcdefgh3", "This call was refused: too large"),
    ];
    assert_eq!(tool_results(&mock, 1), pairs(&expected));
    let order: Vec<_> = ["abcdefgh1", "abcdefgh2", "abcdefgh3"]
        .iter()
        .flat_map(|id| [format!("started {id}"), format!("decided {id}")])
        .collect();
    assert_eq!(*order_of_hooks.lock().unwrap(), order);
    // The message of the model stays unchanged.
    let said = run.responses[0].tool_calls()[1]
        .function
        .arguments
        .to_string();
    assert_eq!(said, r#"{"a": 10, "b": 2}"#);
    let sent = mock.requests()[1].json();
    assert_eq!(
        sent["messages"][1]["tool_calls"][1]["function"]["arguments"],
        said
    );
}

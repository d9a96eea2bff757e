//! Lint and repair of histories.

mod cases;
mod properties;

use cases::cases;
use mistral_sdk::chat::ChatCompletionRequest;
use mistral_sdk::messages::{
    AssistantMessage, Message, MessageRule, ToolCall, lint_messages, repair_messages,
};
use mistral_sdk::{Client, MistralApi};
use serde_json::{Value, json};

use MessageRule::*;

const A: &str = "aaaaaaaa1";
const B: &str = "bbbbbbbb2";

fn user() -> Message {
    Message::user("Hello")
}

fn system(text: &str) -> Message {
    Message::system(text)
}

fn calling(ids: &[&str]) -> Message {
    let calls = ids.iter().map(|id| ToolCall::new(*id, "f", "{}"));
    AssistantMessage::new().tool_calls(calls).into()
}

fn prefix(text: &str) -> Message {
    AssistantMessage::new().content(text).prefix(true).into()
}

fn answer(id: &str) -> Message {
    Message::tool(id, format!("answer to {id}"))
}

fn found(messages: &[Message]) -> Vec<(usize, MessageRule)> {
    let violations = lint_messages(messages).into_iter();
    violations
        .map(|violation| (violation.at, violation.rule))
        .collect()
}

/// The messages in a short form: role and text, or ids of calls.
fn short(messages: &[Message]) -> Vec<String> {
    let texts = messages.iter().map(|message| {
        let json = serde_json::to_value(message).unwrap();
        let calls = json["tool_calls"].as_array().cloned().unwrap_or_default();
        let ids: Vec<_> = calls
            .iter()
            .map(|call| call["id"].as_str().unwrap())
            .collect();
        let text = match &json["content"] {
            Value::String(text) => text.clone(),
            Value::Null => ids.join(" "),
            other => other.to_string(),
        };
        format!("{}: {text}", json["role"].as_str().unwrap())
    });
    texts.collect()
}

#[test]
fn lint_finds_and_repair_fixes_every_rule() {
    for (messages, violations, mended) in cases() {
        assert_eq!(found(&messages), violations, "{:?}", short(&messages));
        let mut repaired = messages.clone();
        assert_eq!(repair_messages(&mut repaired), []);
        let is_as_expected = |(got, expected): (&String, &&str)| match expected.split_once('*') {
            Some((begin, _)) => got.starts_with(begin) && got.len() == begin.len() + 9,
            None => got == expected,
        };
        let got = short(&repaired);
        assert_eq!(got.len(), mended.len(), "{got:?}");
        assert!(got.iter().zip(&mended).all(is_as_expected), "{got:?}");
        if violations.is_empty() {
            assert_eq!(repaired, messages);
        }
    }
}

#[tokio::test]
async fn repaired_history_is_accepted_by_the_emulator() {
    let emulator = mistral_emulator::Emulator::start().unwrap();
    let api = MistralApi::new(emulator.api_key()).unwrap();
    let client = Client::new(api.base_url(emulator.url()).unwrap()).unwrap();
    let send = async |messages: Vec<Message>| {
        let request = ChatCompletionRequest::new("mistral-small-latest", messages);
        client.chat().complete(&request).await.map(|_| ())
    };
    let mut refused = 0;
    for (messages, violations, _) in cases() {
        let before = send(messages.clone()).await;
        assert!(
            before.is_ok() || !violations.is_empty(),
            "{:?}",
            short(&messages)
        );
        refused += usize::from(before.is_err());
        let mut repaired = messages;
        repair_messages(&mut repaired);
        let after = send(repaired.clone()).await;
        assert!(after.is_ok(), "{:?}: {after:?}", short(&repaired));
    }
    assert_eq!(refused, 12); // of the rest, some models refuse some
}

#[tokio::test]
async fn hint_for_no_messages_speaks_of_emptiness() {
    let emulator = mistral_emulator::Emulator::start().unwrap();
    let api = MistralApi::new(emulator.api_key()).unwrap();
    let client = Client::new(api.base_url(emulator.url()).unwrap()).unwrap();
    let request = ChatCompletionRequest::new("mistral-small-latest", Vec::<Message>::new());
    let error = client.chat().complete(&request).await.unwrap_err();
    let hint = error.hint().unwrap();
    assert!(hint.starts_with("the list of messages is empty"), "{hint}");
}

#[test]
fn lint_reports_history_without_input_and_repair_keeps_it() {
    for messages in [
        vec![],
        vec![system("Be brief.")],
        vec![user(), Message::assistant("Hi")],
    ] {
        let at = messages.len().saturating_sub(1);
        assert_eq!(found(&messages), [(at, EndsWithInput)]);
        let mut repaired = messages.clone();
        let left = repair_messages(&mut repaired);
        assert_eq!(left.len(), 1);
        assert_eq!(repaired, messages);
    }
    // A call without an answer gets one, and the model continues from there.
    let mut pending = vec![user(), calling(&[A])];
    assert_eq!(found(&pending), [(1, CallHasResult), (1, EndsWithInput)]);
    assert_eq!(repair_messages(&mut pending), []);
}

#[test]
fn repair_of_long_history_takes_linear_time() {
    let ids: Vec<_> = (0..100_000)
        .map(|number| format!("call{number:05}"))
        .collect();
    let mut messages: Vec<_> = ids.iter().map(|id| calling(&[id])).collect();
    messages.push(answer(&ids[0]));
    assert_eq!(repair_messages(&mut messages), []); // a quadratic search takes an hour
    assert_eq!(short(&messages[1..2]), ["tool: answer to call00000"]);
    assert_eq!(messages.len(), 2 * ids.len());
}

#[test]
fn repair_keeps_extra_fields_of_system_messages() {
    let mut messages: Vec<Message> = serde_json::from_value(json!([
        { "role": "system", "content": "One.", "a": 1 },
        { "role": "user", "content": "Hello" },
        { "role": "system", "content": "Two.", "b": 2 },
    ]))
    .unwrap();
    let left = repair_messages(&mut messages).into_iter();
    let left: Vec<_> = left
        .map(|violation| (violation.rule, violation.field))
        .collect();
    let unknown = |name: &str| (FieldIsKnown, Some(name.to_owned()));
    assert_eq!(left, [unknown("a"), unknown("b")]);
    let expected = json!({ "role": "system", "content": "One.\n\nTwo.", "a": 1, "b": 2 });
    assert_eq!(serde_json::to_value(&messages[0]).unwrap(), expected);
}

#[test]
fn repair_keeps_unknown_messages_in_place() {
    let unknown: Message = serde_json::from_value(json!({ "role": "critic", "x": 1 })).unwrap();
    let mut messages = vec![user(), unknown, user()];
    let before = messages.clone();
    repair_messages(&mut messages);
    assert_eq!(found(&messages), [(1, RoleIsKnown)]);
    assert_eq!(messages, before);
}

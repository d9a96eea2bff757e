//! What is found in histories, and what mends them.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)] // helpers outside of test functions may panic as tests do

use mistral_sdk::chat::ChatCompletionRequest;
use mistral_sdk::types::{
    AssistantMessage, ContentChunk, Message, MessageRule, SystemMessage, ToolCall, ToolMessage,
    lint_messages, repair_messages,
};
use mistral_sdk::{Client, MistralApi};
use proptest::prelude::*;
use serde_json::{Value, json};

use MessageRule::*;

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

const A: &str = "aaaaaaaa1";
const B: &str = "bbbbbbbb2";

/// A history, what is found in it, and what it is after the repair.
type Case = (Vec<Message>, Vec<(usize, MessageRule)>, Vec<&'static str>);

fn cases() -> Vec<Case> {
    [
        missing_answers(),
        moved_answers(),
        system_messages(),
        marks_and_ids(),
    ]
    .concat()
}

fn missing_answers() -> Vec<Case> {
    vec![
        (
            vec![
                system("Be brief."),
                user(),
                calling(&[A, B]),
                answer(B),
                answer(A),
                user(),
            ],
            vec![],
            vec![
                "system: Be brief.",
                "user: Hello",
                "assistant: aaaaaaaa1 bbbbbbbb2",
                "tool: answer to bbbbbbbb2",
                "tool: answer to aaaaaaaa1",
                "user: Hello",
            ],
        ),
        (
            vec![user(), prefix("Well,")],
            vec![],
            vec!["user: Hello", "assistant: Well,"],
        ),
        (
            vec![user(), answer(A)],
            vec![(1, AnswerHasCall)],
            vec!["user: Hello"],
        ),
        (
            vec![answer(A), user()],
            vec![(0, AnswerHasCall)],
            vec!["user: Hello"],
        ),
        (
            vec![user(), calling(&[A]), user()],
            vec![(1, CallIsAnswered)],
            vec![
                "user: Hello",
                "assistant: aaaaaaaa1",
                "tool: This call was not carried out.",
                "user: Hello",
            ],
        ),
    ]
}

fn moved_answers() -> Vec<Case> {
    vec![
        (
            vec![user(), calling(&[A, B]), answer(B), answer(B)],
            vec![(1, CallIsAnswered), (3, AnswerHasCall)],
            vec![
                "user: Hello",
                "assistant: aaaaaaaa1 bbbbbbbb2",
                "tool: answer to bbbbbbbb2",
                "tool: This call was not carried out.",
            ],
        ),
        (
            vec![user(), calling(&[A]), user(), answer(A)],
            vec![(1, CallIsAnswered), (3, AnswerHasCall)],
            vec![
                "user: Hello",
                "assistant: aaaaaaaa1",
                "tool: answer to aaaaaaaa1",
                "user: Hello",
            ],
        ),
        (
            vec![user(), calling(&[A]), calling(&[A]), answer(A)],
            vec![(1, CallIsAnswered)],
            vec![
                "user: Hello",
                "assistant: aaaaaaaa1",
                "tool: This call was not carried out.",
                "assistant: aaaaaaaa1",
                "tool: answer to aaaaaaaa1",
            ],
        ),
    ]
}

fn system_messages() -> Vec<Case> {
    vec![
        (
            vec![
                system("Be brief."),
                user(),
                Message::assistant("Hi"),
                system("Be kind."),
                user(),
            ],
            vec![(3, SystemIsFirst)],
            vec![
                "system: Be brief.\n\nBe kind.",
                "user: Hello",
                "assistant: Hi",
                "user: Hello",
            ],
        ),
        (
            vec![user(), system("Be brief."), user()],
            vec![(1, SystemIsFirst)],
            vec!["system: Be brief.", "user: Hello", "user: Hello"],
        ),
        (
            vec![
                system("One."),
                SystemMessage::new([ContentChunk::text("Two.")]).into(),
                user(),
            ],
            vec![(1, SystemIsFirst)],
            vec![
                r#"system: [{"text":"One.","type":"text"},{"text":"Two.","type":"text"}]"#,
                "user: Hello",
            ],
        ),
    ]
}

fn marks_and_ids() -> Vec<Case> {
    vec![
        (
            vec![user(), prefix("Well,"), user()],
            vec![(1, PrefixIsLast)],
            vec!["user: Hello", "assistant: Well,", "user: Hello"],
        ),
        (
            vec![user(), prefix(""), user()],
            vec![(1, PrefixIsLast)],
            vec!["user: Hello", "user: Hello"],
        ),
        (
            vec![
                system(""),
                user(),
                Message::assistant(""),
                Message::user(""),
                user(),
            ],
            vec![(0, HasContent), (2, HasContent), (3, HasContent)],
            vec!["user: Hello", "user: Hello"],
        ),
        (
            vec![user(), calling(&["call_1"]), answer("call_1")],
            vec![(1, ToolCallIdIsValid), (2, ToolCallIdIsValid)],
            vec!["user: Hello", "assistant: *", "tool: answer to call_1"],
        ),
        (
            vec![
                user(),
                calling(&["null"]),
                ToolMessage::new("3").into(),
                user(),
            ],
            vec![(1, ToolCallIdIsValid), (2, ToolCallIdIsValid)],
            vec!["user: Hello", "assistant: *", "tool: 3", "user: Hello"],
        ),
        (
            vec![user(), calling(&[A]), ToolMessage::new("3").into()],
            vec![
                (1, CallIsAnswered),
                (2, ToolCallIdIsValid),
                (2, AnswerHasCall),
            ],
            vec!["user: Hello", "assistant: aaaaaaaa1", "tool: 3"],
        ),
    ]
}

#[test]
fn every_rule_is_found_and_mended() {
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
async fn the_server_takes_what_was_mended_and_most_of_it_not_before() {
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
    assert_eq!(refused, 11); // of the rest, some models refuse some
}

#[test]
fn what_has_no_end_is_told_and_left_alone() {
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
    // A call without an answer is answered: the model goes on from there.
    let mut pending = vec![user(), calling(&[A])];
    assert_eq!(found(&pending), [(1, CallIsAnswered), (1, EndsWithInput)]);
    assert_eq!(repair_messages(&mut pending), []);
}

#[test]
fn a_very_long_history_is_mended_in_its_time() {
    let ids: Vec<_> = (0..100_000)
        .map(|number| format!("call{number:05}"))
        .collect();
    let mut messages: Vec<_> = ids.iter().map(|id| calling(&[id])).collect();
    messages.push(answer(&ids[0]));
    assert_eq!(repair_messages(&mut messages), []); // looking at each for each takes an hour
    assert_eq!(short(&messages[1..2]), ["tool: answer to call00000"]);
    assert_eq!(messages.len(), 2 * ids.len());
}

#[test]
fn what_the_sdk_does_not_know_of_system_messages_stays() {
    let mut messages: Vec<Message> = serde_json::from_value(json!([
        { "role": "system", "content": "One.", "a": 1 },
        { "role": "user", "content": "Hello" },
        { "role": "system", "content": "Two.", "b": 2 },
    ]))
    .unwrap();
    assert_eq!(repair_messages(&mut messages), []);
    let expected = json!({ "role": "system", "content": "One.\n\nTwo.", "a": 1, "b": 2 });
    assert_eq!(serde_json::to_value(&messages[0]).unwrap(), expected);
}

#[test]
fn messages_that_are_not_known_stay_where_they_are() {
    let unknown: Message = serde_json::from_value(json!({ "role": "critic", "x": 1 })).unwrap();
    let mut messages = vec![user(), unknown, user()];
    let before = messages.clone();
    assert_eq!(repair_messages(&mut messages), []);
    assert_eq!(messages, before);
}

fn any_message() -> impl Strategy<Value = Message> {
    let id = prop_oneof![Just("null"), Just(""), Just("call_1"), Just(A), Just(B)];
    let text = prop_oneof![Just(""), Just("one"), Just("two")];
    prop_oneof![
        text.clone().prop_map(Message::system),
        text.clone().prop_map(Message::user),
        text.clone().prop_map(Message::assistant),
        text.prop_map(prefix),
        prop::collection::hash_set(id.clone(), 0..3)
            .prop_map(|ids| calling(&ids.into_iter().collect::<Vec<_>>())),
        id.prop_map(answer),
    ]
}

proptest! {
    #[test]
    fn any_history_is_mended_for_good(messages in prop::collection::vec(any_message(), 0..12)) {
        let mut once = messages.clone();
        let left = repair_messages(&mut once);
        prop_assert!(left.iter().all(|violation| violation.rule == EndsWithInput), "{left:?}");
        let mut twice = once.clone();
        repair_messages(&mut twice);
        prop_assert_eq!(&once, &twice);
        if lint_messages(&messages).is_empty() {
            prop_assert_eq!(&once, &messages);
        }
        // What was said is still said.
        let said = |messages: &[Message]| {
            let of = |role: &'static str| move |line: &String| line.starts_with(role);
            let lines = short(messages);
            (lines.iter().filter(|line| of("user: one")(line)).count(),
             lines.iter().filter(|line| of("assistant: two")(line)).count())
        };
        prop_assert_eq!(said(&once), said(&messages));
    }
}

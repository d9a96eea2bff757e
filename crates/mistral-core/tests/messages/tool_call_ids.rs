//! Normalization of tool call ids in a history.

use std::collections::HashMap;

use mistral_core::messages::{AssistantMessage, Message, ToolCall, normalize_tool_call_ids};
use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::json;

/// An assistant message with calls of these ids.
fn calls(ids: &[&str]) -> Message {
    let calls = ids.iter().map(|id| ToolCall::new(*id, "f", "{}"));
    AssistantMessage::new().tool_calls(calls).into()
}

fn answers(ids: &[&str]) -> impl Iterator<Item = Message> {
    ids.iter().map(|id| Message::tool(*id, "done"))
}

/// A round for each list of ids: calls and the answers to them.
fn history(rounds: &[&[&str]]) -> Vec<Message> {
    let mut messages = vec![Message::system("s"), Message::user("hi")];
    for ids in rounds {
        messages.push(calls(ids));
        messages.extend(answers(ids));
    }
    messages.push(Message::assistant("done"));
    messages
}

fn ids(messages: &[Message]) -> Vec<String> {
    let ids = messages.iter().flat_map(|message| match message {
        Message::Assistant(message) => {
            let calls = message.tool_calls.iter().flatten();
            calls
                .map(|call| call.id.clone().unwrap_or_default())
                .collect()
        }
        Message::Tool(message) => vec![message.tool_call_id.clone().unwrap_or_default()],
        _ => Vec::new(),
    });
    ids.collect()
}

fn normalized(mut messages: Vec<Message>) -> Vec<String> {
    normalize_tool_call_ids(&mut messages);
    let once = messages.clone();
    normalize_tool_call_ids(&mut messages);
    assert_eq!(messages, once, "a second time changes something");
    let ids = ids(&messages);
    let is_valid =
        |id: &String| id.len() == 9 && id.chars().all(|char| char.is_ascii_alphanumeric());
    assert!(ids.iter().all(is_valid), "{ids:?}");
    ids
}

#[test]
fn ids_that_are_valid_stay() {
    let mut messages = history(&[&["D681PevKs", "000000000"], &["abcDEF123"]]);
    let before = messages.clone();
    normalize_tool_call_ids(&mut messages);
    assert_eq!(messages, before);
    let mut none: [Message; 0] = [];
    normalize_tool_call_ids(&mut none);
}

#[test]
fn ids_of_calls_and_answers_stay_equal() {
    for id in [
        "call_PTLP8xhu3uwZk4l3nlnrrJha",
        "toolu_01A09q90qw90lq917835lq9",
        "chatcmpl-tool-c9ZCzB9b9NikK5kjPBXpFG",
        "0",
        "D681PevK",
        "D681PevKss",
        "D681_evKs",
        "D681PevKé",
        "zürichüü",
    ] {
        let found = normalized(history(&[&[id, "D681PevKs"], &["other", id]]));
        let [
            a,
            b,
            a_answer,
            b_answer,
            c,
            a_again,
            c_answer,
            a_again_answer,
        ] = &found[..]
        else {
            panic!("{found:?}");
        };
        assert_eq!((a, b, c), (a_answer, b_answer, c_answer), "{id}");
        assert_eq!((a, a), (a_again, a_again_answer), "{id}");
        assert!(b == "D681PevKs" && a != b && a != c && b != c, "{found:?}");
    }
}

#[test]
fn ids_generated_never_collide_with_existing_ones() {
    let mut there = vec!["call_1".to_owned()];
    for _ in 0..20 {
        let others: Vec<_> = there.iter().map(String::as_str).collect();
        let found = normalized(history(&[&others]));
        // The id that `call_1` was mapped to is put into the history as an id of its own.
        assert!(!there.contains(&found[0]), "{found:?}");
        there.push(found[0].clone());
    }
}

#[test]
fn ids_are_stable_as_the_history_grows() {
    let rounds: [&[&str]; 3] = [&["call_1", ""], &["call_2"], &["", "call_1"]];
    let short = normalized(history(&rounds[..2]));
    assert_eq!(short, normalized(history(&rounds[..2])));
    let long = normalized(history(&rounds));
    assert_eq!(short[..], long[..short.len()]);
    // FNV-1a in base 62. Stored histories and cached prompts rely on it.
    assert_eq!(normalized(history(&[&["call_1"]])), ["9gD2Dimct"; 2]);
}

#[test]
fn ids_missing_are_assigned_in_order() {
    for none in ["", "null"] {
        let found = normalized(history(&[&[none, "x", none], &[none]]));
        assert_eq!(found[..3], found[3..6]);
        assert_eq!(found[6], found[7]);
        let mut different = vec![&found[0], &found[1], &found[2], &found[6]];
        different.sort_unstable();
        different.dedup();
        assert_eq!(different.len(), 4, "{found:?}");
    }
    let call: ToolCall = serde_json::from_value(json!({ "function": { "name": "f" } })).unwrap();
    let answer = serde_json::from_value(json!({ "role": "tool", "content": "done" }));
    let call = AssistantMessage::new().tool_calls([call]).into();
    let found = normalized(vec![call, answer.unwrap()]);
    assert_eq!(found[0], found[1]);
}

#[test]
fn answer_without_id_belongs_to_the_last_calls() {
    let mut messages = vec![calls(&["", ""]), Message::tool("", "to the first")];
    messages.extend([calls(&[""]), Message::tool("", "to the third")]);
    let found = normalized(messages);
    let [first, second, to_first, third, to_third] = &found[..] else {
        panic!("{found:?}");
    };
    assert_eq!((first, third), (to_first, to_third));
    assert!(second != first && second != third, "{found:?}");
}

#[test]
fn answer_without_id_belongs_to_an_unanswered_call() {
    for (asked, answered, expected) in [
        (&["call_1"][..], &[""][..], &["call_1"][..]),
        (&["call_1", "call_2"], &["", ""], &["call_1", "call_2"]),
        (
            &["call_1", "call_2"],
            &["", "call_1"],
            &["call_2", "call_1"],
        ),
        (
            &["call_1", "call_2"],
            &["call_2", "null"],
            &["call_2", "call_1"],
        ),
    ] {
        let messages = [calls(asked)].into_iter().chain(answers(answered));
        let found = normalized(messages.collect());
        let named = normalized(
            [calls(asked)]
                .into_iter()
                .chain(answers(expected))
                .collect(),
        );
        assert_eq!(found, named, "{asked:?} {answered:?}");
    }
    // A call without an id comes first: it cannot have another.
    let found = normalized(vec![calls(&["call_1", ""]), Message::tool("", "done")]);
    assert_eq!(found[1], found[2]);
}

#[test]
fn answer_without_call_keeps_no_id() {
    let mut messages = vec![Message::tool("", "done"), Message::user("hi")];
    let before = messages.clone();
    normalize_tool_call_ids(&mut messages);
    assert_eq!(messages, before);
}

#[test]
fn unknown_messages_stay_unchanged() {
    let mut messages: Vec<Message> =
        serde_json::from_value(json!([{ "role": "developer", "tool_call_id": "call_1" }])).unwrap();
    let before = messages.clone();
    normalize_tool_call_ids(&mut messages);
    assert_eq!(messages, before);
}

/// The number of ids in the test below. It has been run with a million, too.
const MANY: usize = 150_000;

#[test]
fn ids_of_many_calls_stay_distinct() {
    let foreign: Vec<_> = (0..MANY).map(|number| format!("call_{number}")).collect();
    let foreign: Vec<_> = foreign.iter().map(String::as_str).collect();
    let found = normalized(history(&[&foreign]));
    let (calls, answers) = found.split_at(MANY);
    assert_eq!(calls, answers);
    let mut different = calls.to_vec();
    different.sort_unstable();
    different.dedup();
    assert_eq!(different.len(), MANY);
}

proptest! {
    #[test]
    fn ids_map_one_to_one(
        rounds in vec(vec("[0-2a]{1,2}|[ab]{9}|call_[0-9]|\\PC{1,12}", 1..4), 1..6),
    ) {
        let rounds: Vec<Vec<_>> = rounds
            .iter()
            .map(|round| round.iter().map(String::as_str).collect())
            .collect();
        let rounds: Vec<_> = rounds.iter().map(Vec::as_slice).collect();
        let before = history(&rounds);
        let old = ids(&before);
        let new = normalized(before);
        let (mut forth, mut back) = (HashMap::new(), HashMap::new());
        for (old, new) in old.iter().zip(&new) {
            prop_assert_eq!(forth.entry(old).or_insert(new), &new);
            prop_assert_eq!(back.entry(new).or_insert(old), &old);
        }
    }
}

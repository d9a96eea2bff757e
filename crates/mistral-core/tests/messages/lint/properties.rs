//! Properties of any history.

use mistral_sdk::messages::MessageRule::EndsWithInput;
use mistral_sdk::messages::{Message, lint_messages, repair_messages};
use proptest::prelude::*;

use super::{A, B, answer, calling, prefix, short};

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

/// Numbers the answers, and returns the numbers of those that have a call.
fn number_answers(messages: &mut [Message]) -> Vec<String> {
    let mut open = std::collections::HashMap::new();
    let mut kept = Vec::new();
    for (at, message) in messages.iter_mut().enumerate() {
        match message {
            Message::Assistant(assistant) => {
                let calls = assistant.tool_calls.iter().flatten();
                open.extend(calls.filter_map(|call| Some((call.call_id()?.to_owned(), true))));
            }
            Message::Tool(answer) => {
                let number = format!("answer {at}");
                answer.content = number.clone().into();
                let id = answer.tool_call_id.clone().unwrap_or_default();
                kept.extend(open.insert(id, false).filter(|open| *open).map(|_| number));
            }
            _ => {}
        }
    }
    kept
}

proptest! {
    #[test]
    fn repair_loses_no_tool_answer(messages in prop::collection::vec(any_message(), 0..16)) {
        let mut messages = messages;
        let kept = number_answers(&mut messages);
        let before = short(&messages);
        repair_messages(&mut messages);
        let after = short(&messages);
        for answer in kept {
            prop_assert!(after.contains(&format!("tool: {answer}")), "{answer}: {before:?} {after:?}");
        }
    }

    #[test]
    fn repair_is_idempotent_on_any_history(messages in prop::collection::vec(any_message(), 0..12)) {
        let mut once = messages.clone();
        let left = repair_messages(&mut once);
        prop_assert!(left.iter().all(|violation| violation.rule == EndsWithInput), "{left:?}");
        let mut twice = once.clone();
        repair_messages(&mut twice);
        prop_assert_eq!(&once, &twice);
        if lint_messages(&messages).is_empty() {
            prop_assert_eq!(&once, &messages);
        }
        // No text is lost.
        let said = |messages: &[Message]| {
            let of = |role: &'static str| move |line: &String| line.starts_with(role);
            let lines = short(messages);
            (lines.iter().filter(|line| of("user: one")(line)).count(),
             lines.iter().filter(|line| of("assistant: two")(line)).count())
        };
        prop_assert_eq!(said(&once), said(&messages));
    }
}

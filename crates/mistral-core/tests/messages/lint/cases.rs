//! Histories, rule by rule.

use mistral_sdk::messages::MessageRule::*;
use mistral_sdk::messages::{ContentChunk, Message, MessageRule, SystemMessage, ToolMessage};

use super::{A, B, answer, calling, prefix, system, user};

/// A history, its violations, and the history after the repair.
type Case = (Vec<Message>, Vec<(usize, MessageRule)>, Vec<&'static str>);

pub(super) fn cases() -> Vec<Case> {
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
                Message::assistant("Done."),
                user(),
            ],
            vec![],
            vec![
                "system: Be brief.",
                "user: Hello",
                "assistant: aaaaaaaa1 bbbbbbbb2",
                "tool: answer to bbbbbbbb2",
                "tool: answer to aaaaaaaa1",
                "assistant: Done.",
                "user: Hello",
            ],
        ),
        (
            vec![user(), calling(&[A]), answer(A), user(), user()],
            vec![(3, ResultsHaveResponse)],
            vec![
                "user: Hello",
                "assistant: aaaaaaaa1",
                "tool: answer to aaaaaaaa1",
                "assistant: The results have been received.",
                "user: Hello",
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
            vec![(1, ResultHasCall)],
            vec!["user: Hello"],
        ),
        (
            vec![answer(A), user()],
            vec![(0, ResultHasCall), (1, ResultsHaveResponse)],
            vec!["user: Hello"],
        ),
        (
            vec![user(), calling(&[A]), user()],
            vec![(1, CallHasResult)],
            vec![
                "user: Hello",
                "assistant: aaaaaaaa1",
                "tool: This call was not carried out.",
                "assistant: The results have been received.",
                "user: Hello",
            ],
        ),
    ]
}

fn moved_answers() -> Vec<Case> {
    vec![
        (
            vec![user(), calling(&[A, B]), answer(B), answer(B)],
            vec![(1, CallHasResult), (3, ResultHasCall)],
            vec![
                "user: Hello",
                "assistant: aaaaaaaa1 bbbbbbbb2",
                "tool: answer to bbbbbbbb2",
                "tool: This call was not carried out.",
            ],
        ),
        (
            vec![user(), calling(&[A]), user(), answer(A)],
            vec![(1, CallHasResult), (3, ResultHasCall)],
            vec![
                "user: Hello",
                "assistant: aaaaaaaa1",
                "tool: answer to aaaaaaaa1",
                "assistant: The results have been received.",
                "user: Hello",
            ],
        ),
        (
            vec![user(), calling(&[A]), calling(&[A]), answer(A)],
            vec![(1, CallHasResult)],
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
            vec![
                user(),
                calling(&[A, B]),
                ToolMessage::new("4").into(),
                user(),
                answer(A),
            ],
            vec![
                (1, CallHasResult),
                (1, CallHasResult),
                (2, ToolCallIdIsValid),
                (2, ResultHasCall),
                (3, ResultsHaveResponse),
                (4, ResultHasCall),
            ],
            vec![
                "user: Hello",
                "assistant: aaaaaaaa1 bbbbbbbb2",
                "tool: 4",
                "tool: answer to aaaaaaaa1",
                "assistant: The results have been received.",
                "user: Hello",
            ],
        ),
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
            vec![
                (1, ToolCallIdIsValid),
                (2, ToolCallIdIsValid),
                (3, ResultsHaveResponse),
            ],
            vec![
                "user: Hello",
                "assistant: *",
                "tool: 3",
                "assistant: The results have been received.",
                "user: Hello",
            ],
        ),
        (
            vec![user(), calling(&[A]), ToolMessage::new("3").into()],
            vec![
                (1, CallHasResult),
                (2, ToolCallIdIsValid),
                (2, ResultHasCall),
            ],
            vec!["user: Hello", "assistant: aaaaaaaa1", "tool: 3"],
        ),
    ]
}

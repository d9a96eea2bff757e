use super::content::Content;
use super::ids::is_valid;
use super::message::{AssistantMessage, Message};
use super::tool_call::present_id;
use super::undeclared::find_undeclared;
use super::violation::{MessageRule, Violation};
use crate::json::placeholder::says_something;

/// Returns the violations that the API, or some of its models, would reject a history for.
///
/// The SDK itself rejects none of them, because the rules depend on the model and change over
/// time. [`repair_messages`](super::repair_messages) repairs those about the order of messages, and
/// [`import_openai`](super::import_openai) converts a history in OpenAI's form.
///
/// Fields that this version of the SDK does not declare are reported, although a newer version of
/// the API may accept them.
///
/// ```
/// use mistral_sdk::messages::{Message, MessageRule, lint_messages};
///
/// let messages = [Message::user("Hello"), Message::tool("D681PevKs", "no rain")];
/// let violations = lint_messages(&messages);
/// assert_eq!(violations[0].rule, MessageRule::ResultHasCall);
/// assert!(violations[0].to_string().starts_with("message 1: a tool result belongs to no"));
/// ```
#[inline]
pub fn lint_messages(messages: &[Message]) -> Vec<Violation> {
    let mut violations = Vec::new();
    let mut open = Vec::new(); // the calls without a result, with the index of their message
    for (at, message) in messages.iter().enumerate() {
        find_undeclared(message, &mut |field, rule| {
            let field = Some(field).filter(|field| !field.is_empty());
            violations.push(Violation { at, rule, field });
        });
        let mut violates = |rule| {
            violations.push(Violation {
                at,
                rule,
                field: None,
            });
        };
        if is_empty(message) {
            violates(MessageRule::HasContent);
        }
        if at > 0 && matches!(message, Message::System(_)) {
            violates(MessageRule::SystemIsFirst);
        }
        if is_prefix(message) && at + 1 < messages.len() {
            violates(MessageRule::PrefixIsLast);
        }
        if !tool_call_ids(message).all(is_valid) {
            violates(MessageRule::ToolCallIdIsValid);
        }
        if is_user_after_tool(messages, at) {
            violates(MessageRule::ResultsHaveResponse);
        }
        if let Message::Tool(_) = message {
            let id = tool_call_ids(message).next();
            match open.iter().position(|(_, call)| Some(*call) == id) {
                Some(index) => {
                    open.remove(index);
                }
                None => violates(MessageRule::ResultHasCall),
            }
            continue;
        }
        report_open_calls(&mut violations, &mut open);
        open.extend(tool_call_ids(message).map(|id| (at, id)));
    }
    report_open_calls(&mut violations, &mut open);
    if !messages.last().is_some_and(is_input) {
        violations.push(Violation {
            at: messages.len().saturating_sub(1),
            rule: MessageRule::EndsWithInput,
            field: None,
        });
    }
    violations.sort_by_key(|violation| violation.at);
    violations
}

/// Whether the message at `at` is a user message directly after a tool message.
fn is_user_after_tool(messages: &[Message], at: usize) -> bool {
    let before = at.checked_sub(1).and_then(|before| messages.get(before));
    matches!(
        (before, messages.get(at)),
        (Some(Message::Tool(_)), Some(Message::User(_)))
    )
}

/// Reports the calls that are still open. No later message can hold their results.
#[inline]
fn report_open_calls(violations: &mut Vec<Violation>, open: &mut Vec<(usize, &str)>) {
    violations.extend(open.drain(..).map(|(at, _)| Violation {
        at,
        rule: MessageRule::CallHasResult,
        field: None,
    }));
}

/// Returns the tool-call ids of a message: those of its calls, or of the call that it is the
/// result of. A missing id is empty.
pub(super) fn tool_call_ids(message: &Message) -> impl Iterator<Item = &str> {
    let (calls, result_of) = match message {
        Message::Assistant(assistant) => (assistant.tool_calls.as_deref(), None),
        Message::Tool(tool) => (None, Some(tool.tool_call_id.as_deref())),
        _ => (None, None),
    };
    let of_calls = calls.into_iter().flatten().map(|call| call.call_id());
    let ids = of_calls.chain(result_of.map(present_id));
    ids.map(Option::unwrap_or_default)
}

pub(super) fn is_empty(message: &Message) -> bool {
    let is_blank = |content: &Content| match content {
        Content::Text(text) => text.is_empty(),
        Content::Chunks(chunks) => chunks.is_empty(),
        Content::Null => true,
    };
    match message {
        Message::System(system) => is_blank(&system.content),
        Message::User(user) => is_blank(&user.content),
        Message::Assistant(assistant) => {
            let calls = assistant.tool_calls.as_deref().unwrap_or_default();
            let has_no_content = assistant.content.as_ref().is_none_or(is_blank);
            // A field that the API does not know may be what the message says: `function_call`.
            let says_nothing = !assistant.extra.values().any(says_something);
            has_no_content && calls.is_empty() && says_nothing && !is_prefix(message)
        }
        _ => false,
    }
}

pub(super) fn is_prefix(message: &Message) -> bool {
    let prefix = |assistant: &AssistantMessage| assistant.prefix == Some(true);
    matches!(message, Message::Assistant(assistant) if prefix(assistant))
}

fn is_input(message: &Message) -> bool {
    match message {
        Message::System(_) => false,
        Message::Assistant(_) => is_prefix(message),
        _ => true,
    }
}

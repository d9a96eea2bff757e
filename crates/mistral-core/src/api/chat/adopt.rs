//! Choices whose text is not where the API documents it: in `message` where a delta is due, in
//! `delta` where a message is due, or in `text`, as in the completions of other APIs.

use serde_json::{Map, Value};

use super::chunk::{CompletionResponseStreamChoice, DeltaMessage};
use crate::json::placeholder::says_something;
use crate::messages::Content;

/// Moves the text of a streamed choice without a delta into its delta. `json` is the choice.
///
/// Returns whether there was one. A choice with a delta may have the whole message beside it.
pub(super) fn adopt_delta(choice: &mut CompletionResponseStreamChoice, json: &Value) -> bool {
    let delta = &mut choice.delta;
    if delta.content.is_none()
        && let Some(Value::String(text)) = delta.extra.get("text")
    {
        delta.content = Some(Content::Text(text.clone()));
        delta.extra.remove("text");
        return true;
    }
    if json.get("delta").is_some_and(says_something) {
        return false;
    }
    let Some(delta) = take_delta(&mut choice.extra, "message") else {
        return false;
    };
    choice.delta = delta;
    true
}

/// Reports that text was found elsewhere.
#[cold]
pub(super) fn report() {
    tracing::warn!("the text of a choice is not in the field that the API documents");
}

/// Whether a choice has a field in which its text may be.
pub(super) fn may_have_text_elsewhere(choice: &CompletionResponseStreamChoice) -> bool {
    let has = |name| choice.extra.contains_key(name);
    !choice.extra.is_empty() && (has("message") || has("messages") || has("text"))
        || !choice.delta.extra.is_empty() && choice.delta.extra.contains_key("text")
}

/// Takes the text that the field `name`, a list of that name, or `text` has.
pub(super) fn take_delta(extra: &mut Map<String, Value>, name: &str) -> Option<DeltaMessage> {
    let list = format!("{name}s");
    for name in [name, &list] {
        let message = extra
            .get(name)
            .map(|message| match message.as_array().map(Vec::as_slice) {
                Some([message]) => message,
                _ => message,
            });
        if let Some(message) = message.filter(|message| message.is_object())
            && let Ok(delta) = serde_json::from_str(&message.to_string())
        {
            extra.remove(name);
            return Some(delta);
        }
    }
    let Some(Value::String(text)) = extra.get_mut("text") else {
        return None;
    };
    let content = Content::Text(std::mem::take(text));
    extra.remove("text");
    Some(DeltaMessage {
        content: Some(content),
        ..DeltaMessage::default()
    })
}

//! Choices whose text is not where the API documents it: in `message` where a delta is due, in
//! `delta` where a message is due, or in `text`, as in the completions of other APIs.

use serde_json::{Map, Value};

use super::chunk::{CompletionResponseStreamChoice, DeltaMessage};
use crate::messages::Content;

/// Moves the text of a streamed choice without a delta into its delta. `json` is the choice.
///
/// Returns whether there was one. A choice with a delta may have the whole message beside it.
pub(super) fn adopt_delta(choice: &mut CompletionResponseStreamChoice, json: &Value) -> bool {
    if json.get("delta").is_some_and(|delta| !delta.is_null()) {
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

/// Takes the text that the field `name`, or `text`, has.
pub(super) fn take_delta(extra: &mut Map<String, Value>, name: &str) -> Option<DeltaMessage> {
    if let Some(message) = extra.get(name).filter(|message| message.is_object())
        && let Ok(delta) = serde_json::from_str(&message.to_string())
    {
        extra.remove(name);
        return Some(delta);
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

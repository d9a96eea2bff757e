//! The entries that a request adds, and the tool calls that it confirms.

use serde_json::{Value, json};

use crate::generate::conversation::messages::{kind, text};
use crate::json::{array, set_member};
use crate::responses::ApiError;
use crate::state::store::Store;
use crate::time::format_timestamp;

/// Returns the entries of validated inputs, each with an id and a time. There may be none.
pub(super) fn entries(store: &mut Store, now: u64, request: &Value) -> Vec<Value> {
    let entries = match request.get("inputs") {
        Some(Value::String(text)) => vec![json!({ "role": "user", "content": text })],
        Some(Value::Array(entries)) => entries.clone(),
        _ => Vec::new(),
    };
    let complete = |entry| complete(store, now, entry);
    entries.into_iter().map(complete).collect()
}

/// Sets the members that the server gives to every entry.
fn complete(store: &mut Store, now: u64, mut entry: Value) -> Value {
    if kind(&entry).is_empty() {
        set_member(&mut entry, "type", "message.input".into());
    }
    let (prefix, is_message, role) = match kind(&entry) {
        "message.input" => ("msg", true, None),
        "message.output" => ("msg", false, Some("assistant")),
        "function.call" => ("fc", false, None),
        "function.result" => ("fres", false, None),
        "agent.handoff" => ("handoff", false, None),
        _ => ("tool_exec", false, None),
    };
    let id = store.new_prefixed_id(prefix);
    let now = format_timestamp(now);
    for (name, value) in [
        ("object", Some(Value::from("entry"))),
        ("id", Some(id.into())),
        ("created_at", Some(now.as_str().into())),
        ("completed_at", Some(Value::Null)),
        ("prefix", is_message.then(|| false.into())),
        ("role", role.map(Value::from)),
    ] {
        if let Some(value) = value.filter(|_| entry.get(name).is_none_or(Value::is_null)) {
            set_member(&mut entry, name, value);
        }
    }
    entry
}

/// A call of a tool of the server that was allowed or denied.
#[derive(Debug)]
pub(super) struct Confirmation {
    pub(super) name: String,
    pub(super) is_allowed: bool,
}

/// Applies the confirmations of a request to the calls of the history that wait for them.
pub(super) fn confirm(
    entries: &mut [Value],
    request: &Value,
) -> Result<Vec<Confirmation>, ApiError> {
    let confirmations = array(request, "tool_confirmations").iter();
    let confirmed = confirmations.map(|confirmation| {
        let id = text(confirmation, "tool_call_id");
        let is_allowed = text(confirmation, "confirmation") == "allow";
        let call = entries.iter_mut().find(|entry| {
            text(entry, "tool_call_id") == id && text(entry, "confirmation_status") == "pending"
        });
        let Some(call) = call else {
            let message = format!("No tool call {id} is waiting for a confirmation");
            return Err(ApiError::bad_request(
                "invalid_request_error",
                None,
                message,
            ));
        };
        let status = if is_allowed { "allowed" } else { "denied" };
        set_member(call, "confirmation_status", status.into());
        Ok(Confirmation {
            name: text(call, "name").to_owned(),
            is_allowed,
        })
    });
    confirmed.collect()
}

//! Tool calls, put together from the pieces of a stream.
//!
//! Mistral sends every call whole, but other hosts cut them up, repeat indices, or leave
//! out ids. Two calls taken for one would run with arguments that nobody wrote, so
//! whatever can be a new call is one.

use serde::de::IgnoredAny;

use crate::types::{Arguments, ToolCall};

#[derive(Debug, Default)]
pub(super) struct ToolCalls(Vec<ToolCall>);

impl ToolCalls {
    pub(super) fn as_slice(&self) -> &[ToolCall] {
        &self.0
    }

    pub(super) fn add(&mut self, piece: &ToolCall) {
        match self.continued_by(piece) {
            Some(call) => append(call, piece),
            None => self.0.push(piece.clone()),
        }
    }

    /// The call that `piece` goes on with, if it does.
    fn continued_by(&mut self, piece: &ToolCall) -> Option<&mut ToolCall> {
        let same_index = |call: &ToolCall| piece.index.is_none() || call.index == piece.index;
        let at = match piece.call_id() {
            Some(id) => self
                .0
                .iter()
                .rposition(|call| call.call_id() == Some(id))
                // The id may come after the first piece of its call.
                .or_else(|| {
                    let nameless = piece.function.name.is_empty();
                    self.0
                        .iter()
                        .rposition(|call| nameless && call.call_id().is_none() && same_index(call))
                }),
            None => self.0.iter().rposition(same_index).or_else(|| {
                let nameless = piece.function.name.is_empty();
                nameless.then(|| self.0.len().checked_sub(1)).flatten()
            }),
        };
        let call = self.0.get_mut(at?)?;
        (!is_new(call, piece)).then_some(call)
    }
}

/// Whether `piece` begins a call of its own, although its id or index is that of `call`.
fn is_new(call: &ToolCall, piece: &ToolCall) -> bool {
    let (known, new) = (&call.function, &piece.function);
    if new.name.is_empty() {
        return false;
    }
    let renamed = !known.name.is_empty() && known.name != new.name;
    let repeated = piece.call_id().is_some() && known == new;
    renamed || (!repeated && !is_empty(&new.arguments) && is_complete(&known.arguments))
}

fn append(call: &mut ToolCall, piece: &ToolCall) {
    if call.call_id().is_none() {
        call.id.clone_from(&piece.id);
    }
    if call.kind.is_none() {
        call.kind.clone_from(&piece.kind);
    }
    call.index = call.index.or(piece.index);
    call.extra.extend(piece.extra.clone());
    let (known, new) = (&mut call.function, &piece.function);
    if *known == *new && is_complete(&known.arguments) {
        return; // the same call once more
    }
    if known.name.is_empty() {
        known.name.clone_from(&new.name);
    }
    known.extra.extend(new.extra.clone());
    match (&mut known.arguments, &new.arguments) {
        (Arguments::Text(known), Arguments::Text(new)) => known.push_str(new),
        (known @ Arguments::Text(_), Arguments::Object(_)) if is_empty(known) => {
            *known = new.arguments.clone();
        }
        (Arguments::Text(known), Arguments::Object(_)) => {
            known.push_str(&new.arguments.to_string());
        }
        (Arguments::Object(known), Arguments::Object(new)) => known.extend(new.clone()),
        (Arguments::Object(_), Arguments::Text(text)) if text.is_empty() => {}
        (known @ Arguments::Object(_), Arguments::Text(text)) => {
            *known = Arguments::Text(format!("{known}{text}"));
        }
    }
}

fn is_empty(arguments: &Arguments) -> bool {
    match arguments {
        Arguments::Text(text) => text.is_empty(),
        Arguments::Object(object) => object.is_empty(),
    }
}

fn is_complete(arguments: &Arguments) -> bool {
    match arguments {
        // The last character is looked at first: most pieces need no more than that.
        Arguments::Text(text) => {
            text.trim_end().ends_with('}') && serde_json::from_str::<IgnoredAny>(text).is_ok()
        }
        Arguments::Object(_) => true,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    /// What comes of the pieces: id, name and arguments of each call.
    fn merged(pieces: Value) -> Vec<(Option<String>, String, String)> {
        let pieces: Vec<ToolCall> = serde_json::from_value(pieces).unwrap();
        let mut calls = ToolCalls::default();
        pieces.iter().for_each(|piece| calls.add(piece));
        let facts = |call: &ToolCall| {
            let id = call.call_id().map(str::to_owned);
            (
                id,
                call.function.name.clone(),
                call.function.arguments.to_string(),
            )
        };
        calls.as_slice().iter().map(facts).collect()
    }

    fn call(id: &str, name: &str, arguments: &str) -> (Option<String>, String, String) {
        let id = (!id.is_empty()).then(|| id.to_owned());
        (id, name.to_owned(), arguments.to_owned())
    }

    #[test]
    fn whole_calls_stay_apart_even_with_one_index() {
        let pieces = json!([
            { "id": "a", "index": 0, "function": { "name": "f", "arguments": "{\"x\":1}" } },
            { "id": "b", "index": 0, "function": { "name": "f", "arguments": "{\"x\":2}" } },
            { "id": "null", "index": 0, "function": { "name": "f", "arguments": {"x":3} } },
            { "function": { "name": "g", "arguments": "{}" } },
            { "function": { "name": "g", "arguments": "{}" } },
        ]);
        let expected = [
            call("a", "f", "{\"x\":1}"),
            call("b", "f", "{\"x\":2}"),
            call("", "f", "{\"x\":3}"),
            call("", "g", "{}"),
            call("", "g", "{}"),
        ];
        assert_eq!(merged(pieces), expected);
    }

    #[test]
    fn pieces_are_joined_by_id_or_index() {
        let pieces = json!([
            { "id": "a", "index": 0, "function": { "name": "f", "arguments": "" } },
            { "id": "b", "index": 1, "function": { "name": "g", "arguments": "{\"y\"" } },
            { "index": 0, "function": { "arguments": "{\"x\":" } },
            { "index": 1, "id": "null", "function": { "name": null, "arguments": ":2}" } },
            { "id": "a", "function": { "name": "f", "arguments": "1}" } },
        ]);
        assert_eq!(
            merged(pieces),
            [call("a", "f", "{\"x\":1}"), call("b", "g", "{\"y\":2}")]
        );
    }

    #[test]
    fn pieces_without_id_and_index_go_on_with_the_last_call() {
        let pieces = json!([
            { "function": { "name": "f", "arguments": "{\"x\"" } },
            { "function": { "arguments": ":1}" } },
            { "function": { "name": "f", "arguments": "{\"x\"" } },
            { "function": { "arguments": ":2" } },
        ]);
        assert_eq!(
            merged(pieces),
            [call("", "f", "{\"x\":1}"), call("", "f", "{\"x\":2")]
        );
    }

    #[test]
    fn a_late_id_and_a_repeated_call_change_nothing() {
        let pieces = json!([
            { "index": 0, "function": { "name": "f", "arguments": "{\"x\"" } },
            { "index": 0, "id": "a", "function": { "arguments": ":1}" } },
            { "index": 0, "id": "a", "function": { "name": "f", "arguments": "{\"x\":1}" } },
        ]);
        assert_eq!(merged(pieces), [call("a", "f", "{\"x\":1}")]);
    }
}

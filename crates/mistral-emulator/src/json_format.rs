//! Formats JSON as the server does: the members of an object in the order of the API reference,
//! and blanks after commas and colons in JSON that a model writes.

use std::io;

use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::Value;
use serde_json::ser::Formatter;

/// The members that precede all others, in this order. The others are sorted by name.
const FIRST_MEMBERS: &[&str] = &[
    "id",
    "object",
    "created",
    "data",
    "model",
    "index",
    "role",
    "message",
    "delta",
    "content",
    "tool_calls",
    "choices",
    "finish_reason",
    "prompt_tokens",
    "completion_tokens",
    "total_tokens",
    "usage",
];

/// Serializes a response with the members of its objects in the usual order.
pub(crate) fn to_ordered_string(value: &Value) -> String {
    serde_json::to_string(&Ordered(value)).unwrap_or_default()
}

struct Ordered<'a>(&'a Value);

impl Serialize for Ordered<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Value::Object(members) => {
                let mut map = serializer.serialize_map(Some(members.len()))?;
                let mut sorted: Vec<_> = members.iter().collect();
                // The sort is stable, so that the other members stay sorted by name.
                sorted.sort_by_key(|(name, _)| rank(name));
                for (name, member) in sorted {
                    map.serialize_entry(name, &Ordered(member))?;
                }
                map.end()
            }
            Value::Array(items) => serializer.collect_seq(items.iter().map(Ordered)),
            other => other.serialize(serializer),
        }
    }
}

fn rank(name: &str) -> usize {
    let position = FIRST_MEMBERS.iter().position(|first| *first == name);
    position.unwrap_or(FIRST_MEMBERS.len())
}

/// Serializes JSON that a model writes, such as `{"x": 17, "y": 25}`.
pub(crate) fn to_spaced_string(value: &Value) -> String {
    let mut bytes = Vec::new();
    let mut serializer = serde_json::Serializer::with_formatter(&mut bytes, Spaced);
    // Writing to memory does not fail.
    drop(value.serialize(&mut serializer));
    String::from_utf8(bytes).unwrap_or_default()
}

struct Spaced;

impl Formatter for Spaced {
    fn begin_array_value<W: ?Sized + io::Write>(
        &mut self,
        writer: &mut W,
        first: bool,
    ) -> io::Result<()> {
        separate(writer, first)
    }

    fn begin_object_key<W: ?Sized + io::Write>(
        &mut self,
        writer: &mut W,
        first: bool,
    ) -> io::Result<()> {
        separate(writer, first)
    }

    fn begin_object_value<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        writer.write_all(b": ")
    }
}

fn separate<W: ?Sized + io::Write>(writer: &mut W, first: bool) -> io::Result<()> {
    if first {
        return Ok(());
    }
    writer.write_all(b", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn json_ordered_members_follow_reference() {
        let completion = json!({
            "choices": [{"finish_reason": "stop", "index": 0, "message": {"content": "a", "role": "assistant"}}],
            "zebra": 1, "usage": {"total_tokens": 1}, "created": 1, "model": "m", "object": "o", "id": "i",
        });
        assert_eq!(
            to_ordered_string(&completion),
            concat!(
                r#"{"id":"i","object":"o","created":1,"model":"m","choices":[{"index":0,"#,
                r#""message":{"role":"assistant","content":"a"},"finish_reason":"stop"}],"#,
                r#""usage":{"total_tokens":1},"zebra":1}"#,
            )
        );
    }

    #[test]
    fn json_spaced_has_blanks_after_separators_only() {
        let value = json!({"x": 17, "y": [1, "a,b: c"], "z": {}});
        assert_eq!(
            to_spaced_string(&value),
            r#"{"x": 17, "y": [1, "a,b: c"], "z": {}}"#
        );
    }
}

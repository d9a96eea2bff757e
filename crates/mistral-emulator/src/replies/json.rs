//! Replies as JSON, as the control routes and files have them.

use serde_json::{Value, json};

use super::{Completion, Content, Reply};
use crate::faults::Fault;

const FINISH_REASONS: [&str; 5] = ["stop", "length", "tool_calls", "model_length", "error"];

/// The contents that a reply may have, of which it has one.
#[derive(Debug, Default)]
struct Members {
    completion: Option<Completion>,
    whole: Vec<(&'static str, Content)>,
}

impl Reply {
    /// Reads a reply.
    pub(crate) fn from_json(value: &Value) -> Result<Self, String> {
        let members = value.as_object().ok_or("it is not a JSON object")?;
        let (mut found, mut settings) = (Members::default(), Fault::default());
        for (name, value) in members {
            if !found.set(name, value)? {
                settings.set_queue_member(name, value)?;
            }
        }
        settings.check()?;
        let content = found.into_content()?;
        if matches!(content, Content::Completion(_)) && members.contains_key("status") {
            return Err(
                "its member \"status\" does not go with a completion; use \"json\"".to_owned(),
            );
        }
        Ok(Self { content, settings })
    }
}

impl Members {
    /// Sets a member that is a content. Returns `false` if it is none.
    fn set(&mut self, name: &str, value: &Value) -> Result<bool, String> {
        let text = || {
            let text = value.as_str().map(str::to_owned);
            text.ok_or_else(|| format!("its member {name:?} must be a string, but is {value}"))
        };
        match name {
            "text" => self.completion().text = text()?,
            "thinking" => self.completion().thinking = text()?,
            "tool_calls" => self.completion().tool_calls = tool_calls(value)?,
            "finish_reason" => {
                let reason = text()?;
                let known = FINISH_REASONS.into_iter().find(|known| *known == reason);
                self.completion().finish_reason = Some(known.ok_or_else(|| {
                    let names = FINISH_REASONS.join(", ");
                    format!("its member \"finish_reason\" must be one of {names}, but is {value}")
                })?);
            }
            "json" => self.whole.push(("json", Content::Json(value.clone()))),
            "body" => self.whole.push(("body", Content::Body(text()?))),
            "events" => self.whole.push(("events", Content::Events(events(value)?))),
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn completion(&mut self) -> &mut Completion {
        self.completion.get_or_insert_default()
    }

    fn into_content(mut self) -> Result<Content, String> {
        match (self.completion, self.whole.pop(), self.whole.pop()) {
            (Some(completion), None, _) => Ok(Content::Completion(completion)),
            (None, Some((_, content)), None) => Ok(content),
            (None, None, _) => Err(
                "it has no content: give it \"text\", \"tool_calls\", \"json\", \"body\" or \
                 \"events\""
                    .to_owned(),
            ),
            (Some(_), Some((name, _)), _) => Err(format!(
                "its member {name:?} does not go with \"text\", \"thinking\", \"tool_calls\" and \
                 \"finish_reason\""
            )),
            (None, Some((second, _)), Some((first, _))) => Err(format!(
                "its members {first:?} and {second:?} do not go together"
            )),
        }
    }
}

fn tool_calls(value: &Value) -> Result<Vec<(String, Value)>, String> {
    let expected = || {
        format!(
            "its member \"tool_calls\" must be an array of objects with the members \"name\" (a \
             string) and \"arguments\" (an object or a string), but is {value}"
        )
    };
    let calls = value.as_array().ok_or_else(expected)?;
    let call = |call: &Value| {
        let members = call.as_object()?;
        let name = members.get("name")?.as_str()?.to_owned();
        let arguments = members
            .get("arguments")
            .cloned()
            .unwrap_or_else(|| json!({}));
        let is_valid = arguments.is_object() || arguments.is_string();
        let has_others = members
            .keys()
            .any(|key| key != "name" && key != "arguments");
        (is_valid && !has_others).then_some((name, arguments))
    };
    let calls = calls.iter().map(|it| call(it).ok_or_else(expected));
    calls.collect()
}

/// Reads the data of events: a string is sent as it is, any other value as JSON.
fn events(value: &Value) -> Result<Vec<String>, String> {
    let events = value
        .as_array()
        .ok_or_else(|| format!("its member \"events\" must be an array, but is {value}"))?;
    let data = events.iter().map(|event| match event {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    });
    Ok(data.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reply_json_round_trip() {
        for json in [
            json!({"text": "Hi", "thinking": "…", "finish_reason": "length", "times": 2}),
            json!({"tool_calls": [{"name": "f", "arguments": {"a": 1}}], "times": "always"}),
            json!({"json": {"a": [1]}, "status": 201, "headers": {"x-a": "1"}, "times": 1,
                "match": {"operation": "ocr.process"}}),
            json!({"body": "plain", "delay_ms": 5, "times": 1}),
            json!({"events": ["{}", "[DONE]"], "token_delay_ms": 5, "close": true, "times": 1}),
        ] {
            let reply = Reply::from_json(&json).unwrap();
            assert_eq!(reply.to_json(), json);
        }
    }

    #[test]
    fn reply_error_names_member() {
        for (json, reason) in [
            (json!([]), "not a JSON object"),
            (json!({}), "it has no content"),
            (json!({"txt": "a"}), "no member \"txt\""),
            (json!({"text": 1}), "\"text\" must be a string"),
            (
                json!({"text": "a", "json": {}}),
                "\"json\" does not go with",
            ),
            (json!({"json": {}, "body": ""}), "do not go together"),
            (
                json!({"text": "a", "status": 500}),
                "\"status\" does not go with",
            ),
            (json!({"text": "a", "times": 0}), "\"times\" must be"),
            (
                json!({"text": "a", "match": {"x": "y"}}),
                "\"match\" has no member \"x\"",
            ),
            (
                json!({"tool_calls": [{"arguments": {}}]}),
                "\"tool_calls\" must be",
            ),
            (
                json!({"tool_calls": [{"name": "f", "args": {}}]}),
                "\"tool_calls\" must be",
            ),
            (json!({"events": {}}), "\"events\" must be an array"),
            (
                json!({"text": "", "finish_reason": "done"}),
                "must be one of stop, length",
            ),
            (json!({"json": {}, "status": 100}), "100 is not a status"),
            (
                json!({"json": {}, "headers": {"a b": ""}}),
                "not the name of a header",
            ),
        ] {
            let error = Reply::from_json(&json).unwrap_err();
            assert!(error.contains(reason), "{json}: {error}");
        }
    }
}

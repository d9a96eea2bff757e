//! Selects the requests that a fault or a reply applies to.

use std::cell::OnceCell;

use bytes::Bytes;
use http::Method;
use http::request::Parts;
use serde_json::{Map, Value};

use crate::json::{array, message_text};
use crate::operations;

/// A request, with parts that are computed at most once, when a filter compares them.
#[derive(Debug)]
pub(crate) struct RequestView<'a> {
    method: &'a Method,
    path: &'a str,
    body: &'a Bytes,
    json: OnceCell<Option<Value>>,
    operation: OnceCell<Option<&'static str>>,
}

impl<'a> RequestView<'a> {
    pub(crate) fn new(request: &'a Parts, body: &'a Bytes) -> Self {
        Self {
            method: &request.method,
            path: request.uri.path(),
            body,
            json: OnceCell::new(),
            operation: OnceCell::new(),
        }
    }

    /// Returns the body, if it is JSON.
    pub(crate) fn json(&self) -> Option<&Value> {
        let parse = || serde_json::from_slice(self.body).ok();
        self.json.get_or_init(parse).as_ref()
    }

    pub(crate) fn operation(&self) -> Option<&'static str> {
        let find = || operations::operation_name(self.method, self.path, || self.json());
        *self.operation.get_or_init(find)
    }

    /// Returns the model that the request names, in its body or in its path.
    pub(crate) fn model(&self) -> Option<&str> {
        let in_body = || self.json()?.get("model")?.as_str();
        operations::model_in_path(self.path).or_else(in_body)
    }

    /// Whether the last message contains the text, or the body if there are no messages.
    fn contains(&self, text: &str) -> bool {
        let messages = self.json().map_or(&[][..], |body| array(body, "messages"));
        match messages.last() {
            Some(last) => message_text(last).contains(text),
            None => {
                let unescaped = || self.json().is_some_and(|body| any_text(body, text));
                String::from_utf8_lossy(self.body).contains(text) || unescaped()
            }
        }
    }

    fn offers_tool(&self, name: &str) -> bool {
        let tools = self.json().map_or(&[][..], |body| array(body, "tools"));
        let named =
            |tool: &Value| tool.pointer("/function/name").and_then(Value::as_str) == Some(name);
        tools.iter().any(named)
    }
}

/// Whether a string within the value contains the text.
fn any_text(value: &Value, text: &str) -> bool {
    match value {
        Value::String(string) => string.contains(text),
        Value::Array(items) => items.iter().any(|item| any_text(item, text)),
        Value::Object(members) => members.values().any(|member| any_text(member, text)),
        _ => false,
    }
}

/// The conditions that a request must satisfy, all of which are optional.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct RequestFilter {
    /// An operation, or a group of operations.
    pub(crate) operation: Option<String>,
    pub(crate) model: Option<String>,
    /// A part of the last message.
    pub(crate) text: Option<String>,
    /// The name of a tool that the request offers.
    pub(crate) tool: Option<String>,
    pub(crate) path: Option<String>,
}

impl RequestFilter {
    pub(crate) fn matches(&self, request: &RequestView<'_>) -> bool {
        let is = |expected: &Option<String>, found: Option<&str>| {
            expected.is_none() || expected.as_deref() == found
        };
        is(&self.path, Some(request.path))
            && self.operation.as_ref().is_none_or(|name| {
                let operation = request.operation();
                operation.is_some_and(|operation| operations::is_within(operation, name))
            })
            && (self.model.is_none() || is(&self.model, request.model()))
            && self.text.as_ref().is_none_or(|text| request.contains(text))
            && self
                .tool
                .as_ref()
                .is_none_or(|name| request.offers_tool(name))
    }

    /// Reads the conditions from the `match` of a fault or a reply.
    pub(crate) fn from_json(value: &Value) -> Result<Self, String> {
        let members = value
            .as_object()
            .ok_or_else(|| format!("its member \"match\" must be an object, but is {value}"))?;
        let mut filter = Self::default();
        for (name, value) in members {
            let text = value.as_str().ok_or_else(|| {
                format!("its member \"match\".{name:?} must be a string, but is {value}")
            })?;
            let setting = match name.as_str() {
                "operation" if operations::is_known(text) => &mut filter.operation,
                "operation" => {
                    return Err(format!(
                        "its member \"match\".\"operation\" must be an operation such as \
                         \"chat.complete\", or a group such as \"chat\", but is {value}"
                    ));
                }
                "model" => &mut filter.model,
                "text" => &mut filter.text,
                "tool" => &mut filter.tool,
                "path" => &mut filter.path,
                _ => {
                    return Err(format!(
                        "its member \"match\" has no member {name:?}; it has operation, model, \
                         text, tool and path"
                    ));
                }
            };
            *setting = Some(text.to_owned());
        }
        Ok(filter)
    }

    /// Returns the conditions as [`from_json`](Self::from_json) reads them, if there are any.
    pub(crate) fn to_json(&self) -> Option<Value> {
        let members: Map<String, Value> = [
            ("operation", &self.operation),
            ("model", &self.model),
            ("text", &self.text),
            ("tool", &self.tool),
            ("path", &self.path),
        ]
        .into_iter()
        .filter_map(|(name, value)| Some((name.to_owned(), value.as_deref()?.into())))
        .collect();
        (!members.is_empty()).then(|| members.into())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn matches(filter: &Value, body: &Value) -> bool {
        let request = http::Request::post("/v1/chat/completions")
            .body(())
            .unwrap();
        let (parts, body) = (request.into_parts().0, Bytes::from(body.to_string()));
        let filter = RequestFilter::from_json(filter).unwrap();
        filter.matches(&RequestView::new(&parts, &body))
    }

    #[test]
    fn filter_compares_operation_model_text_and_tool() {
        let body = json!({
            "model": "m",
            "messages": [
                {"role": "user", "content": "first"},
                {"role": "user", "content": [{"type": "text", "text": "the \"second\""}]},
            ],
            "tools": [{"type": "function", "function": {"name": "f"}}],
        });
        for filter in [
            json!({}),
            json!({"operation": "chat"}),
            json!({"operation": "chat.complete", "model": "m", "text": "\"second", "tool": "f"}),
            json!({"path": "/v1/chat/completions"}),
        ] {
            assert!(matches(&filter, &body), "{filter}");
        }
        for filter in [
            json!({"operation": "chat.stream"}),
            json!({"operation": "files"}),
            json!({"model": "n"}),
            json!({"text": "first"}),
            json!({"tool": "g"}),
            json!({"path": "/v1/chat"}),
        ] {
            assert!(!matches(&filter, &body), "{filter}");
        }
    }

    #[test]
    fn filter_text_is_found_in_bodies_without_messages() {
        let body = json!({"input": ["é \"quoted\""]});
        assert!(matches(&json!({"text": "é \"quoted\""}), &body));
        assert!(!matches(&json!({"text": "other"}), &body));
    }

    #[test]
    fn filter_error_names_member() {
        for (filter, reason) in [
            (json!([]), "\"match\" must be an object"),
            (json!({"modell": "m"}), "no member \"modell\""),
            (json!({"model": 1}), "\"match\".\"model\" must be a string"),
            (
                json!({"operation": "chats"}),
                "must be an operation such as",
            ),
        ] {
            let error = RequestFilter::from_json(&filter).unwrap_err();
            assert!(error.contains(reason), "{error}");
        }
    }

    #[test]
    fn filter_json_round_trip() {
        let json =
            json!({"model": "m", "operation": "chat", "path": "/p", "text": "t", "tool": "f"});
        assert_eq!(
            RequestFilter::from_json(&json).unwrap().to_json(),
            Some(json)
        );
        assert_eq!(RequestFilter::default().to_json(), None);
    }
}

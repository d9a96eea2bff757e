//! Items of OpenAI's Responses API that are not messages.

use serde_json::{Map, Value};

use super::fields::Fields;
use super::{Import, content, model};
use crate::messages::change::ChangeLog;
use crate::messages::message::{AssistantMessage, Message, ToolMessage};
use crate::messages::tool_call::ToolCall;

impl Import {
    #[inline]
    pub(super) fn add_item(&mut self, kind: &str, item: Map<String, Value>) {
        let before = item.clone();
        let mut fields = Fields::new("", item);
        fields.skip(&["type"]);
        let is_imported = match kind {
            "function_call" | "custom_tool_call" => self.add_call(kind, fields),
            "function_call_output" | "custom_tool_call_output" => self.add_result(kind, fields),
            "reasoning" => self.add_reasoning(fields),
            _ => false,
        };
        if !is_imported {
            let reason = format!("the API has no message of the type or form of this `{kind}`");
            self.log.removed("", Value::Object(before), reason);
        }
    }

    #[inline]
    fn add_call(&mut self, kind: &str, mut fields: Fields) -> bool {
        let Some(id) = fields.take_text("call_id").filter(|_| fields.has("name")) else {
            return false;
        };
        let log = &mut self.log;
        log.converted("type", kind.into(), "it is a tool call of a message");
        fields.remove(&["id", "status"], "it belongs to the response", log);
        let call = if kind == "custom_tool_call" {
            model::custom(fields, Some(id), log)
        } else {
            model::function(fields, Some(id), log)
        };
        call.map(|call| self.push_call(call)).is_some()
    }

    /// Appends a tool call to the message of the model before it, or as a new message.
    #[inline]
    fn push_call(&mut self, call: ToolCall) {
        if self.reasoning.is_none()
            && let Some((_, Message::Assistant(message))) = self.messages.last_mut()
        {
            message.tool_calls.get_or_insert_default().push(call);
            return;
        }
        self.push_model(AssistantMessage::new().tool_calls([call]));
    }

    #[inline]
    fn add_result(&mut self, kind: &str, mut fields: Fields) -> bool {
        let Some(id) = fields.take_text("call_id") else {
            return false;
        };
        let log = &mut self.log;
        log.converted("type", kind.into(), "it is a tool message");
        fields.remove(&["id", "status"], "it belongs to the response", log);
        let content = content::result(&mut fields, "output", log);
        fields.finish(log);
        self.push(ToolMessage::new(content).tool_call_id(id).into());
        true
    }

    #[inline]
    fn add_reasoning(&mut self, mut fields: Fields) -> bool {
        let mut texts = Vec::new();
        for name in ["content", "summary"] {
            if texts.is_empty() {
                let parts = fields.take_list(name).unwrap_or_default();
                let parts = parts.into_iter().enumerate();
                let text = |(at, part)| text(part, format!("{name}[{at}]"), &mut self.log);
                texts.extend(parts.filter_map(text));
            }
        }
        if texts.is_empty() {
            return false;
        }
        let log = &mut self.log;
        let reason = "it is a thinking chunk of the next message";
        log.converted("type", "reasoning".into(), reason);
        fields.remove(&["id", "status"], "it belongs to the response", log);
        fields.finish(log);
        let mut thinking = model::thinking(texts);
        let at = match self.reasoning.take() {
            None => log.at,
            Some((at, mut before)) => {
                before.thinking.append(&mut thinking.thinking);
                thinking = before;
                at
            }
        };
        self.reasoning = Some((at, thinking));
        true
    }
}

/// Imports a part of reasoning.
#[inline]
fn text(part: Value, path: String, log: &mut ChangeLog) -> Option<String> {
    let Value::Object(part) = part else {
        log.removed(path, part, "reasoning consists of texts");
        return None;
    };
    let mut part = Fields::new(path, part);
    part.skip(&["type"]);
    let text = part.take_text("text").filter(|text| !text.is_empty());
    part.finish(log);
    text
}

//! A response of the Responses API, whole and as events.

use axum::response::Response;
use http::StatusCode;
use serde_json::{Map, Value, json};

use super::completion::prompt_tokens;
use super::random::{hash, hex_id};
use super::reply::Reply;
use super::response_input::chat_request;
use super::tokenizer;
use crate::json::set_member;
use crate::responses::{TokenCost, json_response, sse};
use crate::time::unix_now;

/// The members of a request that the response repeats, and their defaults.
const REPEATED: &[&str] = &[
    "instructions",
    "max_output_tokens",
    "max_tool_calls",
    "metadata",
    "prompt_cache_key",
    "reasoning",
    "temperature",
    "text",
    "top_p",
];

/// Responds with a reply, whole or as a stream.
pub(crate) fn respond(body: &Value, reply: &Reply) -> Response {
    let prompt = prompt_tokens(&chat_request(body)).len();
    let model_response = ModelResponse::new(body, reply, prompt);
    let mut response = match body.get("stream") {
        Some(Value::Bool(true)) => sse::named_events(&events(&model_response)),
        _ => json_response(StatusCode::OK, &model_response.to_json("completed")),
    };
    response
        .extensions_mut()
        .insert(TokenCost(model_response.total_tokens()));
    response
}

/// An item of the output, with the tokens of its text.
#[derive(Debug)]
struct Item {
    json: Value,
    tokens: Vec<String>,
}

/// A response that is not serialized yet.
#[derive(Debug)]
struct ModelResponse {
    envelope: Value,
    items: Vec<Item>,
    is_incomplete: bool,
    usage: Value,
}

impl ModelResponse {
    /// Creates the response to a request from a reply and the number of tokens of the prompt.
    fn new(request: &Value, reply: &Reply, prompt: usize) -> Self {
        let id = hex_id(hash(request.to_string().as_bytes()));
        let generated = reply.generated_tokens();
        let reasoning = reply.thinking.len();
        let default = |name: &str, default: Value| {
            request
                .get(name)
                .filter(|it| !it.is_null())
                .cloned()
                .unwrap_or(default)
        };
        let mut envelope = json!({
            "id": format!("resp_{id}"),
            "object": "response",
            "created_at": unix_now(),
            "model": request.get("model"),
            "parallel_tool_calls": default("parallel_tool_calls", true.into()),
            "tool_choice": default("tool_choice", "auto".into()),
            "tools": default("tools", json!([])),
            "truncation": "disabled",
            "background": false,
            "error": null,
            "incomplete_details": null,
        });
        for name in REPEATED {
            if let Some(value) = request.get(*name).filter(|it| !it.is_null()) {
                set_member(&mut envelope, name, value.clone());
            }
        }
        Self {
            envelope,
            items: items(&id, reply),
            is_incomplete: reply.finish_reason == "length",
            usage: json!({
                "input_tokens": prompt,
                "input_tokens_details": { "cache_write_tokens": 0, "cached_tokens": 0 },
                "output_tokens": generated,
                "output_tokens_details": { "reasoning_tokens": reasoning },
                "total_tokens": prompt + generated,
            }),
        }
    }

    /// Returns the number of tokens of the prompt and of the output.
    fn total_tokens(&self) -> u64 {
        self.usage
            .get("total_tokens")
            .and_then(Value::as_u64)
            .unwrap_or(0)
    }

    /// Returns the body with a status. A response that `max_output_tokens` has cut is incomplete.
    fn to_json(&self, status: &str) -> Value {
        let is_ended = status == "completed";
        let mut body = self.envelope.clone();
        let items = self.items.iter().filter(|_| is_ended);
        let output: Vec<Value> = items.map(|item| item.json.clone()).collect();
        set_member(&mut body, "output", output.into());
        set_member(&mut body, "status", status.into());
        if is_ended {
            set_member(&mut body, "usage", self.usage.clone());
            set_member(&mut body, "completed_at", unix_now().into());
        }
        if is_ended && self.is_incomplete {
            let details = json!({ "reason": "max_output_tokens" });
            set_member(&mut body, "incomplete_details", details);
            set_member(&mut body, "status", "incomplete".into());
        }
        body
    }
}

fn items(id: &str, reply: &Reply) -> Vec<Item> {
    let mut items = Vec::new();
    if !reply.thinking.is_empty() {
        let text = reply.thinking.concat();
        items.push(Item {
            json: json!({
                "type": "reasoning",
                "id": format!("rs_{id}"),
                "summary": [],
                "content": [{ "type": "reasoning_text", "text": text }],
                "status": "completed",
            }),
            tokens: reply.thinking.clone(),
        });
    }
    if !reply.text.is_empty() || reply.tool_calls.is_empty() {
        let text = reply.text.concat();
        items.push(Item {
            json: json!({
                "type": "message",
                "id": format!("msg_{id}"),
                "role": "assistant",
                "status": if reply.finish_reason == "length" { "incomplete" } else { "completed" },
                "content": [{ "type": "output_text", "text": text, "annotations": [] }],
            }),
            tokens: reply.text.clone(),
        });
    }
    let calls = reply.tool_calls.iter().enumerate();
    items.extend(calls.map(|(index, call)| function_call(id, index, call)));
    items
}

fn function_call(id: &str, index: usize, call: &Value) -> Item {
    let member = |path: &str| {
        call.pointer(path)
            .and_then(Value::as_str)
            .unwrap_or_default()
    };
    let arguments = member("/function/arguments");
    Item {
        json: json!({
            "type": "function_call",
            "id": format!("fc_{id}_{index}"),
            "call_id": member("/id"),
            "name": member("/function/name"),
            "arguments": arguments,
            "status": "completed",
        }),
        tokens: tokenizer::tokenize(arguments),
    }
}

/// Returns the events of a response, which are numbered from 0.
fn events(response: &ModelResponse) -> Vec<Value> {
    let mut events = Events::default();
    for name in ["response.created", "response.in_progress"] {
        events.push(name, json!({ "response": response.to_json("in_progress") }));
    }
    for (index, item) in response.items.iter().enumerate() {
        events.item(index, item);
    }
    let name = match response.is_incomplete {
        true => "response.incomplete",
        false => "response.completed",
    };
    events.push(name, json!({ "response": response.to_json("completed") }));
    events.0
}

#[derive(Debug, Default)]
struct Events(Vec<Value>);

impl Events {
    fn push(&mut self, name: &str, mut event: Value) {
        let number = self.0.len();
        set_member(&mut event, "type", name.into());
        set_member(&mut event, "sequence_number", number.into());
        self.0.push(event);
    }

    fn item(&mut self, index: usize, item: &Item) {
        let json = &item.json;
        let member = |name: &str| json.get(name).cloned().unwrap_or_default();
        let place = json!({ "item_id": member("id"), "output_index": index });
        let added = json!({ "output_index": index, "item": started(json) });
        self.push("response.output_item.added", added);
        match json.get("type").and_then(Value::as_str) {
            Some("function_call") => {
                let name = "response.function_call_arguments";
                self.deltas(name, &place, &item.tokens, json!({}));
                let end = json!({ "arguments": member("arguments"), "name": member("name") });
                self.push(&format!("{name}.done"), with(&place, &end));
            }
            Some("reasoning") => self.text("reasoning_text", &place, item),
            _ => self.text("output_text", &place, item),
        }
        let done = json!({ "output_index": index, "item": json });
        self.push("response.output_item.done", done);
    }

    /// Adds the events of the only part of an item.
    fn text(&mut self, kind: &str, place: &Value, item: &Item) {
        let place = with(place, &json!({ "content_index": 0 }));
        let part = item.json.pointer("/content/0").cloned().unwrap_or_default();
        let mut empty = part.clone();
        set_member(&mut empty, "text", "".into());
        let logprobs = match kind {
            "output_text" => json!({ "logprobs": [] }),
            _ => json!({}),
        };
        self.push(
            "response.content_part.added",
            with(&place, &json!({ "part": empty })),
        );
        let name = format!("response.{kind}");
        self.deltas(&name, &place, &item.tokens, logprobs.clone());
        let text = json!({ "text": item.tokens.concat() });
        self.push(
            &format!("{name}.done"),
            with(&with(&place, &text), &logprobs),
        );
        self.push(
            "response.content_part.done",
            with(&place, &json!({ "part": part })),
        );
    }

    fn deltas(&mut self, name: &str, place: &Value, tokens: &[String], more: Value) {
        for token in tokens {
            let delta = with(place, &json!({ "delta": token }));
            self.push(&format!("{name}.delta"), with(&delta, &more));
        }
    }
}

/// Returns an item as it is when it starts: without content.
fn started(item: &Value) -> Value {
    let mut item = item.clone();
    set_member(&mut item, "status", "in_progress".into());
    let empty = [("content", json!([])), ("arguments", json!(""))];
    for (name, value) in empty {
        if item.get(name).is_some() {
            set_member(&mut item, name, value);
        }
    }
    item
}

fn with(value: &Value, more: &Value) -> Value {
    let members = [value, more]
        .into_iter()
        .filter_map(Value::as_object)
        .flatten();
    let members = members.map(|(name, member)| (name.clone(), member.clone()));
    members.collect::<Map<_, _>>().into()
}

//! A chat completion, written whole or as the chunks of a stream.

use axum::response::Response;
use http::StatusCode;
use serde_json::{Map, Value, json};

use super::random::{Rng, hash, hex_id};
use super::reply::Reply;
use super::tokenizer;
use crate::json::{array, role, set_member, unsigned};
use crate::responses::{TokenCost, json_response, sse};
use crate::time::unix_now;

/// The server reports cached tokens in blocks of this many.
const CACHE_BLOCK: usize = 64;

/// Everything that is known about a completion before it is written.
#[derive(Debug)]
pub(crate) struct Completion {
    seed: u64,
    created: u64,
    model: Value,
    replies: Vec<Reply>,
    prompt: Vec<String>,
    usage: Value,
    logprobs: Option<usize>,
    prompt_logprobs: Option<usize>,
}

impl Completion {
    /// The completion that answers a request that was checked before.
    pub(crate) fn new(request: &Value, reasons_by_default: bool) -> Self {
        let effort = request.get("reasoning_effort").and_then(Value::as_str);
        let thinks = effort.map_or(reasons_by_default, |effort| effort != "none");
        let choices = unsigned(request, "n").unwrap_or(1);
        let replies: Vec<Reply> = (0..choices)
            .map(|index| Reply::new(request, index, thinks))
            .collect();
        Self::of(request, replies, prompt_pieces(request))
    }

    /// The completion that gives these replies to a prompt cut into pieces.
    pub(crate) fn of(request: &Value, replies: Vec<Reply>, prompt: Vec<String>) -> Self {
        let generated = replies.iter().map(Reply::generated).sum();
        let cached = match request.get("prompt_cache_key").and_then(Value::as_str) {
            Some(_) => prompt.len() / CACHE_BLOCK * CACHE_BLOCK,
            None => 0,
        };
        Self {
            seed: hash(request.to_string().as_bytes()),
            created: unix_now(),
            model: request.get("model").cloned().unwrap_or_default(),
            usage: usage(prompt.len(), generated, cached),
            logprobs: logprobs_wanted(request, "logprobs", "top_logprobs"),
            prompt_logprobs: logprobs_wanted(request, "prompt_logprobs", "top_prompt_logprobs"),
            replies,
            prompt,
        }
    }

    fn tokens(&self) -> u64 {
        self.usage
            .get("total_tokens")
            .and_then(Value::as_u64)
            .unwrap_or(0)
    }

    /// The answer, whole or streamed as the request has it.
    pub(crate) fn answer(&self, request: &Value) -> Response {
        let mut response = if request.get("stream") == Some(&Value::Bool(true)) {
            sse::data_events(&self.chunks())
        } else {
            json_response(StatusCode::OK, &self.response())
        };
        response.extensions_mut().insert(TokenCost(self.tokens()));
        response
    }

    /// The answer to a request that does not stream.
    fn response(&self) -> Value {
        let choices: Vec<Value> = self
            .replies
            .iter()
            .enumerate()
            .map(|(index, reply)| {
                let mut choice = Map::new();
                choice.insert("index".into(), index.into());
                choice.insert("message".into(), message(reply));
                choice.insert("finish_reason".into(), reply.finish_reason.into());
                self.add_logprobs(&mut choice, "logprobs", self.logprobs, &reply.text);
                self.add_logprobs(
                    &mut choice,
                    "prompt_logprobs",
                    self.prompt_logprobs,
                    &self.prompt,
                );
                choice.into()
            })
            .collect();
        self.envelope("chat.completion", choices, true)
    }

    /// The chunks of a stream; the choices take turns.
    fn chunks(&self) -> Vec<Value> {
        let mut rng = Rng::new(self.seed);
        let choices: Vec<Vec<Value>> = self
            .replies
            .iter()
            .enumerate()
            .map(|(index, reply)| self.deltas(index, reply))
            .collect();
        let longest = choices.iter().map(Vec::len).max().unwrap_or(0);
        let in_turns =
            (0..longest).flat_map(|turn| choices.iter().filter_map(move |deltas| deltas.get(turn)));
        let total: usize = choices.iter().map(Vec::len).sum();
        in_turns
            .enumerate()
            .map(|(place, choice)| {
                let last = place + 1 == total;
                let mut chunk = self.envelope("chat.completion.chunk", vec![choice.clone()], last);
                // The real server pads most chunks with a key of this name.
                if rng.below(5) > 0 {
                    let length = 1 + rng.below(36);
                    set_member(&mut chunk, "p", rng.alphanumeric(length).into());
                }
                chunk
            })
            .collect()
    }

    fn deltas(&self, index: usize, reply: &Reply) -> Vec<Value> {
        let choice = |delta: Value, finish_reason: Option<&str>| json!({ "index": index, "delta": delta, "finish_reason": finish_reason });
        let mut first = choice(json!({ "role": "assistant", "content": "" }), None);
        if let Some(alternatives) = self.prompt_logprobs {
            set_member(
                &mut first,
                "prompt_logprobs",
                tokenizer::logprobs(&self.prompt, alternatives),
            );
        }
        let mut deltas = vec![first];
        for piece in &reply.thinking {
            deltas.push(choice(json!({ "content": [thinking(piece)] }), None));
        }
        for piece in tokenizer::tokenize(&reply.prefix) {
            deltas.push(choice(json!({ "content": piece }), None));
        }
        for piece in &reply.text {
            let mut delta = choice(json!({ "content": piece }), None);
            if let Some(alternatives) = self.logprobs {
                let piece = std::slice::from_ref(piece);
                set_member(
                    &mut delta,
                    "logprobs",
                    tokenizer::logprobs(piece, alternatives),
                );
            }
            deltas.push(delta);
        }
        let mut last = json!({ "content": "" });
        if !reply.tool_calls.is_empty() {
            set_member(&mut last, "tool_calls", reply.tool_calls.as_slice().into());
        }
        deltas.push(choice(last, Some(reply.finish_reason)));
        deltas
    }

    fn envelope(&self, object: &str, choices: Vec<Value>, with_usage: bool) -> Value {
        let mut envelope = json!({
            "id": hex_id(self.seed),
            "object": object,
            "created": self.created,
            "model": self.model,
            "choices": choices,
        });
        if with_usage {
            set_member(&mut envelope, "usage", self.usage.clone());
        }
        envelope
    }

    fn add_logprobs(
        &self,
        choice: &mut Map<String, Value>,
        name: &str,
        alternatives: Option<usize>,
        pieces: &[String],
    ) {
        if let Some(alternatives) = alternatives {
            choice.insert(name.into(), tokenizer::logprobs(pieces, alternatives));
        }
    }
}

fn message(reply: &Reply) -> Value {
    let text = format!("{}{}", reply.prefix, reply.text.concat());
    let content = if reply.thinking.is_empty() {
        Value::String(text)
    } else {
        let mut chunks = vec![thinking(&reply.thinking.concat())];
        if !text.is_empty() {
            chunks.push(json!({ "type": "text", "text": text }));
        }
        chunks.into()
    };
    let tool_calls = match reply.tool_calls.as_slice() {
        [] => Value::Null,
        calls => calls.into(),
    };
    json!({ "role": "assistant", "content": content, "tool_calls": tool_calls })
}

fn thinking(text: &str) -> Value {
    json!({ "type": "thinking", "thinking": [{ "type": "text", "text": text }] })
}

fn usage(prompt: usize, generated: usize, cached: usize) -> Value {
    json!({
        "prompt_tokens": prompt,
        "completion_tokens": generated,
        "total_tokens": prompt + generated,
        "num_cached_tokens": cached,
        "prompt_tokens_details": { "cached_tokens": cached },
        "service_tier": "standard",
    })
}

/// What the model would read, piece by piece.
fn prompt_pieces(request: &Value) -> Vec<String> {
    let mut pieces = Vec::new();
    for message in array(request, "messages") {
        pieces.push(format!("<{}>", role(message)));
        match message.get("content") {
            Some(Value::String(text)) => pieces.extend(tokenizer::tokenize(text)),
            Some(Value::Array(chunks)) => {
                chunks
                    .iter()
                    .for_each(|chunk| pieces.extend(chunk_pieces(chunk)));
            }
            _ => {}
        }
        for call in array(message, "tool_calls") {
            pieces.extend(tokenizer::tokenize(&call.to_string()));
        }
    }
    for tool in array(request, "tools") {
        pieces.extend(tokenizer::tokenize(&tool.to_string()));
    }
    pieces
}

fn chunk_pieces(chunk: &Value) -> Vec<String> {
    match chunk.get("text").and_then(Value::as_str) {
        Some(text) => tokenizer::tokenize(text),
        None => match chunk.get("thinking").and_then(Value::as_array) {
            Some(thoughts) => thoughts.iter().flat_map(chunk_pieces).collect(),
            // A picture, a document or a sound: one token stands for all of it.
            None => vec![format!(
                "<{}>",
                chunk
                    .get("type")
                    .and_then(Value::as_str)
                    .unwrap_or_default()
            )],
        },
    }
}

fn logprobs_wanted(request: &Value, flag: &str, alternatives: &str) -> Option<usize> {
    let alternatives = unsigned(request, alternatives);
    let wanted = request.get(flag) == Some(&Value::Bool(true));
    wanted.then(|| alternatives.unwrap_or(0))
}

//! Chat completions, unary or as the chunks of a stream.

use axum::response::Response;
use http::StatusCode;
use serde_json::{Map, Value, json};

use super::audio;
use super::random::{Rng, hash, hex_id};
use super::reply::Reply;
use super::tokenizer;
use crate::json::{array, role, set_member, unsigned};
use crate::responses::{TokenCost, json_response, sse};
use crate::time::unix_now;

/// The server caches prompts in blocks of this number of tokens.
const CACHE_BLOCK: usize = 16;
/// The maximum length of the padding of a chunk.
const MAX_PADDING: usize = 36;

/// A completion that is not serialized yet.
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
    guardrails: Option<Value>,
}

impl Completion {
    /// Creates the completion of a validated request.
    pub(crate) fn new(request: &Value, reasons_by_default: bool) -> Self {
        let effort = request.get("reasoning_effort").and_then(Value::as_str);
        let with_thinking = effort.map_or(reasons_by_default, |effort| effort != "none");
        let choices = unsigned(request, "n").unwrap_or(1);
        let replies: Vec<Reply> = (0..choices)
            .map(|index| Reply::new(request, index, with_thinking))
            .collect();
        Self::from_replies(request, replies, prompt_tokens(request))
    }

    /// Creates a completion from replies and the tokens of the prompt.
    pub(crate) fn from_replies(request: &Value, replies: Vec<Reply>, prompt: Vec<String>) -> Self {
        let generated = replies.iter().map(Reply::generated_tokens).sum();
        let seed = hash(request.to_string().as_bytes());
        Self {
            seed,
            created: unix_now(),
            model: request.get("model").cloned().unwrap_or_default(),
            usage: usage(request, seed, prompt.len(), generated),
            logprobs: requested_logprobs(request, "logprobs", "top_logprobs"),
            prompt_logprobs: requested_logprobs(request, "prompt_logprobs", "top_prompt_logprobs"),
            guardrails: None,
            replies,
            prompt,
        }
    }

    /// Adds the results of guardrails, which accompany the usage.
    pub(crate) fn with_guardrails(mut self, results: Option<Value>) -> Self {
        self.guardrails = results;
        self
    }

    /// Returns the number of tokens of the prompt.
    pub(crate) fn prompt_tokens(&self) -> usize {
        self.prompt.len()
    }

    fn total_tokens(&self) -> u64 {
        self.usage
            .get("total_tokens")
            .and_then(Value::as_u64)
            .unwrap_or(0)
    }

    /// Creates the response, which is a stream if the request sets `stream`.
    pub(crate) fn to_response(&self, request: &Value) -> Response {
        let mut response = if request.get("stream") == Some(&Value::Bool(true)) {
            sse::data_events(&self.chunks())
        } else {
            json_response(StatusCode::OK, &self.to_json())
        };
        response
            .extensions_mut()
            .insert(TokenCost(self.total_tokens()));
        response
    }

    /// Returns the body of a unary response.
    fn to_json(&self) -> Value {
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

    /// Returns the chunks of a stream, with the choices interleaved.
    fn chunks(&self) -> Vec<Value> {
        let mut rng = Rng::new(self.seed);
        let choices: Vec<Vec<Value>> = self
            .replies
            .iter()
            .enumerate()
            .map(|(index, reply)| self.deltas(index, reply))
            .collect();
        let longest = choices.iter().map(Vec::len).max().unwrap_or(0);
        let interleaved = (0..longest).flat_map(|position| {
            choices
                .iter()
                .filter_map(move |deltas| Some((position, deltas.get(position)?)))
        });
        let total: usize = choices.iter().map(Vec::len).sum();
        interleaved
            .enumerate()
            .map(|(index, (position, choice))| {
                let is_last = index + 1 == total;
                let mut chunk =
                    self.envelope("chat.completion.chunk", vec![choice.clone()], is_last);
                // The real server pads the last chunk and nearly all but the first of a choice.
                if is_last || (position > 0 && rng.below(50) > 0) {
                    let length = 1 + rng.below(MAX_PADDING);
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
        for token in &reply.thinking {
            deltas.push(choice(json!({ "content": [thinking(token)] }), None));
        }
        for token in tokenizer::tokenize(&reply.prefix) {
            deltas.push(choice(json!({ "content": token }), None));
        }
        for token in &reply.text {
            let mut delta = choice(json!({ "content": token }), None);
            if let Some(alternatives) = self.logprobs {
                let token = std::slice::from_ref(token);
                set_member(
                    &mut delta,
                    "logprobs",
                    tokenizer::logprobs(token, alternatives),
                );
            }
            deltas.push(delta);
        }
        let finish_reason = reply.finish_reason;
        if !reply.tool_calls.is_empty() {
            let delta = json!({ "tool_calls": reply.tool_calls });
            deltas.push(choice(delta, Some(finish_reason)));
            return deltas;
        }
        match deltas.last_mut() {
            // Sometimes the last text and the finish reason are in one chunk.
            Some(last) if !reply.text.is_empty() && self.seed.is_multiple_of(4) => {
                set_member(last, "finish_reason", finish_reason.into());
            }
            _ => deltas.push(choice(json!({ "content": "" }), Some(finish_reason))),
        }
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
            if let Some(results) = &self.guardrails {
                set_member(&mut envelope, "guardrails", results.clone());
            }
        }
        envelope
    }

    fn add_logprobs(
        &self,
        choice: &mut Map<String, Value>,
        name: &str,
        alternatives: Option<usize>,
        tokens: &[String],
    ) {
        if let Some(alternatives) = alternatives {
            choice.insert(name.into(), tokenizer::logprobs(tokens, alternatives));
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

fn usage(request: &Value, seed: u64, prompt: usize, generated: usize) -> Value {
    let recordings = recording_seconds(request);
    let audio_tokens: usize = recordings.iter().map(|length| audio::tokens(*length)).sum();
    let has_cache_key = request
        .get("prompt_cache_key")
        .is_some_and(Value::is_string);
    let cached = cached_tokens(seed, prompt, has_cache_key);
    let mut usage = json!({
        "prompt_tokens": prompt,
        "completion_tokens": generated,
        "total_tokens": prompt + generated + audio_tokens,
        "prompt_tokens_details": { "cached_tokens": cached },
    });
    if !recordings.is_empty() {
        let seconds: f64 = recordings.iter().sum();
        set_member(
            &mut usage,
            "prompt_audio_seconds",
            (seconds.ceil() as u64).into(),
        );
        let details = json!({ "cached_tokens": cached, "audio_tokens": audio_tokens });
        set_member(&mut usage, "prompt_tokens_details", details);
    }
    if has_cache_key && cached > 0 {
        set_member(&mut usage, "num_cached_tokens", cached.into());
    }
    // The real server omits the tier about once in eight responses.
    if seed % 8 != 7 {
        set_member(&mut usage, "service_tier", "standard".into());
    }
    usage
}

/// Returns the number of prompt tokens that the cache contained.
///
/// Without a key the real server finds a part of a long prompt now and then.
fn cached_tokens(seed: u64, prompt: usize, has_cache_key: bool) -> usize {
    let blocks = prompt / CACHE_BLOCK;
    if has_cache_key {
        return blocks * CACHE_BLOCK;
    }
    let mut rng = Rng::new(seed);
    if rng.below(4) > 0 {
        return 0;
    }
    rng.below(blocks + 1) * CACHE_BLOCK
}

/// Returns the duration of each recording in the messages, in seconds.
fn recording_seconds(request: &Value) -> Vec<f64> {
    let messages = array(request, "messages").iter();
    let chunks = messages.flat_map(|message| array(message, "content"));
    chunks
        .filter_map(|chunk| chunk.get("input_audio")?.as_str())
        .map(audio::seconds_of_reference)
        .collect()
}

/// Returns the tokens of the prompt.
pub(crate) fn prompt_tokens(request: &Value) -> Vec<String> {
    let mut tokens = Vec::new();
    for message in array(request, "messages") {
        tokens.push(format!("<{}>", role(message)));
        match message.get("content") {
            Some(Value::String(text)) => tokens.extend(tokenizer::tokenize(text)),
            Some(Value::Array(chunks)) => {
                chunks
                    .iter()
                    .for_each(|chunk| tokens.extend(chunk_tokens(chunk)));
            }
            _ => {}
        }
        for call in array(message, "tool_calls") {
            tokens.extend(tokenizer::tokenize(&call.to_string()));
        }
    }
    for tool in array(request, "tools") {
        tokens.extend(tokenizer::tokenize(&tool.to_string()));
    }
    tokens
}

fn chunk_tokens(chunk: &Value) -> Vec<String> {
    match chunk.get("text").and_then(Value::as_str) {
        Some(text) => tokenizer::tokenize(text),
        None => match chunk.get("thinking").and_then(Value::as_array) {
            Some(chunks) => chunks.iter().flat_map(chunk_tokens).collect(),
            // A recording counts apart from the tokens of the prompt.
            None if chunk.get("input_audio").is_some() => Vec::new(),
            // An image or a document counts as one token.
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

fn requested_logprobs(request: &Value, flag: &str, alternatives: &str) -> Option<usize> {
    let alternatives = unsigned(request, alternatives);
    let is_requested = request.get(flag) == Some(&Value::Bool(true));
    is_requested.then(|| alternatives.unwrap_or(0))
}

//! Replies that are chat completions.

use serde_json::{Value, json};

use super::reply::MockReply;

impl MockReply {
    /// Replies with a completion of this text, for chat, agents and FIM.
    ///
    /// The model is `mock`. The usage is one token each of the prompt and of the completion.
    pub fn chat(text: impl Into<String>) -> Self {
        Self::json(json!({
            "id": "mock",
            "object": "chat.completion",
            "created": 0,
            "model": "mock",
            "choices": [{
                "index": 0,
                "message": { "role": "assistant", "content": text.into() },
                "finish_reason": "stop",
            }],
            "usage": usage(),
        }))
    }

    /// Streams a completion, for chat, agents and FIM: an event for each chunk of the text, one
    /// that finishes it, and `[DONE]`.
    pub fn chat_stream<S: Into<String>>(chunks: impl IntoIterator<Item = S>) -> Self {
        let event = |text: String, finish_reason: Option<&str>, usage: Option<Value>| {
            let mut event = json!({
                "id": "mock",
                "object": "chat.completion.chunk",
                "created": 0,
                "model": "mock",
                "choices": [{
                    "index": 0,
                    "delta": { "role": "assistant", "content": text },
                    "finish_reason": finish_reason,
                }],
            });
            if let (Some(event), Some(usage)) = (event.as_object_mut(), usage) {
                event.insert("usage".to_owned(), usage);
            }
            event
        };
        let chunks = chunks
            .into_iter()
            .map(|text| event(text.into(), None, None));
        let last = event(String::new(), Some("stop"), Some(usage()));
        Self::sse(chunks.chain([last]))
    }
}

fn usage() -> Value {
    json!({ "prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2 })
}

//! Replies that are chat completions or embeddings.

use bytes::Bytes;
use serde::Serialize;
use serde_json::{Value, json};

use super::reply::MockReply;

/// The irrational step between the numbers of a vector before they are scaled.
const GOLDEN_RATIO: f64 = 0.618_033_988_749_895;

impl MockReply {
    /// Replies with a completion of this text, for chat, agents and FIM.
    ///
    /// The model is `mock`. The usage is one token each of the prompt and of the completion, unless
    /// [`with_usage`](Self::with_usage) sets another.
    pub fn chat(text: impl Into<String>) -> Self {
        let message = json!({ "role": "assistant", "content": text.into() });
        Self::json(completion(&message, "stop"))
    }

    /// Streams a completion, for chat, agents and FIM: an event for each chunk of the text, one
    /// that finishes it, and `[DONE]`.
    pub fn chat_stream<S: Into<String>>(chunks: impl IntoIterator<Item = S>) -> Self {
        let delta = |text: String| json!({ "role": "assistant", "content": text });
        let chunks = chunks
            .into_iter()
            .map(|text| chunk(&delta(text.into()), None));
        Self::sse(chunks.chain([chunk(&delta(String::new()), Some("stop"))]))
    }

    /// Replies with a completion that calls tools, for chat and agents: pairs of a function's name
    /// and its arguments.
    ///
    /// The ids of the calls are `mock00001`, `mock00002` and so on. For arguments that are not JSON,
    /// such as those of a response that is cut off, use [`json`](Self::json).
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use mistral_sdk::chat::{ChatCompletionRequest, Function};
    /// use mistral_sdk::testing::{MockReply, MockTransport};
    /// use mistral_sdk::tools::ToolSet;
    /// use mistral_sdk::{Client, MistralApi};
    /// use serde_json::{Value, json};
    ///
    /// let mock = MockTransport::new()
    ///     .reply(MockReply::tool_calls([("get_weather", json!({ "city": "Paris" }))]))
    ///     .reply(MockReply::chat("It is sunny."));
    /// let client = Client::builder(MistralApi::new("my-key")?).transport(mock.clone()).build()?;
    ///
    /// let weather = Function::new("get_weather", json!({ "type": "object" }));
    /// let tools = ToolSet::new().function(weather, async |call: Value| {
    ///     Ok::<_, std::io::Error>(format!("{}: sunny", call["city"]))
    /// });
    /// let request = ChatCompletionRequest::new("m", "The weather in Paris?");
    /// let run = client.chat().run(&request, &tools).await?;
    /// assert_eq!(run.text(), "It is sunny.");
    /// assert_eq!(mock.requests()[1].json()["messages"][2]["content"], "\"Paris\": sunny");
    /// # Ok(()) }
    /// ```
    pub fn tool_calls<N: Into<String>, A: Serialize>(
        calls: impl IntoIterator<Item = (N, A)>,
    ) -> Self {
        match tool_calls(calls) {
            Ok(calls) => {
                let message = json!({ "role": "assistant", "content": "", "tool_calls": calls });
                Self::json(completion(&message, "tool_calls"))
            }
            Err(mistake) => Self::status(200).mistaken(mistake),
        }
    }

    /// Streams a completion that calls tools: an event for each call, one that finishes the
    /// completion, and `[DONE]`. Otherwise the same as [`tool_calls`](Self::tool_calls).
    pub fn tool_calls_stream<N: Into<String>, A: Serialize>(
        calls: impl IntoIterator<Item = (N, A)>,
    ) -> Self {
        let calls = match tool_calls(calls) {
            Ok(calls) => calls,
            Err(mistake) => return Self::status(200).mistaken(mistake),
        };
        let delta = |calls: &[Value]| json!({ "role": "assistant", "tool_calls": calls });
        let chunks: Vec<_> = calls
            .iter()
            .map(|call| chunk(&delta(std::slice::from_ref(call)), None))
            .collect();
        let last = chunk(&json!({ "content": "" }), Some("tool_calls"));
        Self::sse(chunks.into_iter().chain([last]))
    }

    /// Replies with `count` vectors of `dimension` numbers each, for embeddings.
    ///
    /// The vectors have the length 1, differ from each other, and are the same in every run of the
    /// program. The usage is one token for each.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use mistral_sdk::embeddings::EmbeddingRequest;
    /// use mistral_sdk::testing::{MockReply, MockTransport};
    /// use mistral_sdk::{Client, MistralApi};
    ///
    /// let mock = MockTransport::new().reply(MockReply::embeddings(2, 1024));
    /// let client = Client::builder(MistralApi::new("my-key")?).transport(mock).build()?;
    ///
    /// let request = EmbeddingRequest::new("mistral-embed", ["a cat", "a dog"]);
    /// let response = client.embeddings().create(&request).await?;
    /// let vectors = response.to_f32()?;
    /// assert_eq!((vectors.len(), vectors[0].len()), (2, 1024));
    /// # Ok(()) }
    /// ```
    pub fn embeddings(count: usize, dimension: usize) -> Self {
        let data = (0..count).map(|index| {
            json!({ "object": "embedding", "index": index, "embedding": vector(index, dimension) })
        });
        Self::json(json!({
            "id": "mock",
            "object": "list",
            "model": "mock",
            "data": data.collect::<Vec<_>>(),
            "usage": { "prompt_tokens": count, "completion_tokens": 0, "total_tokens": count },
        }))
    }

    /// Sets the token usage of a completion or of embeddings. Default: one token each.
    ///
    /// ```
    /// use mistral_sdk::testing::MockReply;
    ///
    /// let reply = MockReply::chat_stream(["Hel", "lo"]).with_usage(1200, 80);
    /// # let _ = reply;
    /// ```
    pub fn with_usage(mut self, prompt_tokens: u32, completion_tokens: u32) -> Self {
        let usage = usage(prompt_tokens, completion_tokens);
        if self.replace_chunks(|bytes| replace_usage(bytes, &usage)) {
            return self;
        }
        self.mistaken("`with_usage` is for replies that have a `usage`".to_owned())
    }
}

fn completion(message: &Value, finish_reason: &str) -> Value {
    json!({
        "id": "mock",
        "object": "chat.completion",
        "created": 0,
        "model": "mock",
        "choices": [{ "index": 0, "message": message, "finish_reason": finish_reason }],
        "usage": usage(1, 1),
    })
}

/// Returns an event of a stream. The one that finishes it has the usage.
fn chunk(delta: &Value, finish_reason: Option<&str>) -> Value {
    let mut event = json!({
        "id": "mock",
        "object": "chat.completion.chunk",
        "created": 0,
        "model": "mock",
        "choices": [{ "index": 0, "delta": delta, "finish_reason": finish_reason }],
    });
    if let (Some(event), Some(_)) = (event.as_object_mut(), finish_reason) {
        event.insert("usage".to_owned(), usage(1, 1));
    }
    event
}

fn usage(prompt_tokens: u32, completion_tokens: u32) -> Value {
    let total = u64::from(prompt_tokens) + u64::from(completion_tokens);
    json!({
        "prompt_tokens": prompt_tokens, "completion_tokens": completion_tokens, "total_tokens": total,
    })
}

/// Returns the tool calls of a message, or the reason that there are none.
fn tool_calls<N: Into<String>, A: Serialize>(
    calls: impl IntoIterator<Item = (N, A)>,
) -> Result<Vec<Value>, String> {
    let call = |(index, (name, arguments)): (usize, (N, A))| {
        let arguments = serde_json::to_string(&arguments)
            .map_err(|error| format!("the arguments of a tool call cannot be written: {error}"))?;
        let number = index.saturating_add(1);
        Ok(json!({
            "id": format!("mock{number:05}"),
            "type": "function",
            "index": index,
            "function": { "name": name.into(), "arguments": arguments },
        }))
    };
    calls.into_iter().enumerate().map(call).collect()
}

/// Returns a body or an event with another usage, if it has one.
fn replace_usage(bytes: &Bytes, usage: &Value) -> Option<Bytes> {
    let text = std::str::from_utf8(bytes).ok()?;
    let (prefix, json) = match text.strip_prefix("data: ") {
        Some(json) => ("data: ", json),
        None => ("", text),
    };
    let end = text.get(text.trim_end().len()..).unwrap_or_default();
    let mut object: Value = serde_json::from_str(json).ok()?;
    *object.get_mut("usage")? = usage.clone();
    Some(format!("{prefix}{object}{end}").into())
}

/// Returns a vector of length 1.
fn vector(index: usize, dimension: usize) -> Vec<f64> {
    let first = index.saturating_mul(dimension).saturating_add(1);
    let numbers: Vec<f64> = (first..first.saturating_add(dimension))
        .map(|number| (number as f64 * GOLDEN_RATIO).fract() - 0.5)
        .collect();
    let length = numbers.iter().map(|it| it * it).sum::<f64>().sqrt();
    numbers.into_iter().map(|number| number / length).collect()
}

//! Scripted replies, which take the place of generated ones.

mod json;
mod render;

use std::time::Duration;

use serde_json::{Value, json};

use crate::faults::Fault;
use crate::faults::filter::RequestView;
use crate::operations;

/// A reply that the server sends to a request, in place of the one it would generate.
///
/// Replies are queued. A request consumes one use of the first reply that applies to it, so that
/// replies which apply to the same requests form a sequence.
///
/// Replies of text and tool calls apply only to completions (chat, agents and FIM), to
/// `responses.create` and to the turns of conversations, which they become a part of. The request is
/// validated first, and a rejected request does not consume the reply. Its fields `stream`, `n`,
/// `stop` and `max_tokens` are honored. Replies with a whole body apply to any request, known to
/// the emulator or not, which is neither validated nor authenticated.
///
/// ```
/// use mistral_emulator::{Emulator, Reply};
/// use serde_json::json;
///
/// let emulator = Emulator::start()?;
/// emulator.push_reply(
///     Reply::tool_calls([("get_weather", json!({"city": "Paris"}))]).on_text("weather in Paris"),
/// );
/// emulator.push_reply(Reply::text("It is sunny in Paris."));
/// emulator.push_reply(Reply::json(json!({"data": []})).on("models.list").always());
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Reply {
    content: Content,
    /// The conditions, the number of uses, and what faults set as well.
    pub(crate) settings: Fault,
}

/// A reply that a route has applied to its response, as an extension of the response.
#[derive(Debug, Clone)]
pub(crate) struct AppliedReply(pub(crate) Reply);

#[derive(Debug, Clone, PartialEq)]
enum Content {
    Completion(Completion),
    Json(Value),
    Body(String),
    /// The data of the events of a stream.
    Events(Vec<String>),
}

/// The scripted parts of a completion.
#[derive(Debug, Clone, Default, PartialEq)]
struct Completion {
    text: String,
    thinking: String,
    /// The names and the arguments.
    tool_calls: Vec<(String, Value)>,
    finish_reason: Option<&'static str>,
}

impl Reply {
    fn new(content: Content) -> Self {
        Self {
            content,
            settings: Fault::default(),
        }
    }

    /// Creates a completion with a text.
    #[must_use]
    pub fn text(text: impl Into<String>) -> Self {
        Self::new(Content::Completion(Completion {
            text: text.into(),
            ..Completion::default()
        }))
    }

    /// Creates a completion that calls tools: names and arguments.
    ///
    /// The arguments are sent as a JSON text. A string is sent as it is, so that it need not be
    /// valid JSON.
    #[must_use]
    pub fn tool_calls<N: Into<String>>(calls: impl IntoIterator<Item = (N, Value)>) -> Self {
        let calls = calls.into_iter();
        Self::new(Content::Completion(Completion {
            tool_calls: calls.map(|(name, value)| (name.into(), value)).collect(),
            ..Completion::default()
        }))
    }

    /// Creates a response with a JSON body. The default status is 200.
    #[must_use]
    pub fn json(body: Value) -> Self {
        Self::new(Content::Json(body))
    }

    /// Creates a response with a body of any text. The default content type is
    /// `text/plain; charset=utf-8`.
    #[must_use]
    pub fn body(body: impl Into<String>) -> Self {
        Self::new(Content::Body(body.into()))
    }

    /// Creates a stream of server-sent events from the `data` of each event.
    ///
    /// The events are sent as they are: a stream of chat chunks should end with `[DONE]`.
    #[must_use]
    pub fn events<D: Into<String>>(data: impl IntoIterator<Item = D>) -> Self {
        Self::new(Content::Events(data.into_iter().map(Into::into).collect()))
    }

    /// Adds reasoning before the text of a completion. Has no effect on other replies.
    #[must_use]
    pub fn with_thinking(mut self, thinking: impl Into<String>) -> Self {
        if let Content::Completion(completion) = &mut self.content {
            completion.thinking = thinking.into();
        }
        self
    }

    /// Sets the status of a reply with a whole body. Default: 200.
    #[must_use]
    pub fn with_status(mut self, status: u16) -> Self {
        self.settings = self.settings.with_status(status);
        self
    }

    /// Adds a header, which replaces the server's own header of that name.
    #[must_use]
    pub fn with_header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.settings = self.settings.with_header(name, value);
        self
    }

    /// Delays the first byte of the response. Default: no delay.
    #[must_use]
    pub fn with_delay(mut self, delay: Duration) -> Self {
        self.settings = self.settings.with_delay(delay);
        self
    }

    /// Delays each event of a stream but the first. Default: no delay.
    #[must_use]
    pub fn with_token_delay(mut self, delay: Duration) -> Self {
        self.settings = self.settings.with_token_delay(delay);
        self
    }

    /// Sets the number of requests that the reply applies to. Default: 1.
    #[must_use]
    pub fn times(mut self, times: u32) -> Self {
        self.settings = self.settings.times(times);
        self
    }

    /// Applies the reply to all requests until [`Emulator::reset`](crate::Emulator::reset).
    #[must_use]
    pub fn always(mut self) -> Self {
        self.settings = self.settings.always();
        self
    }

    /// Restricts the reply to an operation or a group of operations; see [`Fault::on`].
    #[must_use]
    pub fn on(mut self, operation: impl Into<String>) -> Self {
        self.settings = self.settings.on(operation);
        self
    }

    /// Restricts the reply to requests for a model; see [`Fault::on_model`].
    #[must_use]
    pub fn on_model(mut self, model: impl Into<String>) -> Self {
        self.settings = self.settings.on_model(model);
        self
    }

    /// Restricts the reply to requests with a text in the last message; see [`Fault::on_text`].
    #[must_use]
    pub fn on_text(mut self, text: impl Into<String>) -> Self {
        self.settings = self.settings.on_text(text);
        self
    }

    /// Restricts the reply to requests that offer a tool; see [`Fault::on_tool`].
    #[must_use]
    pub fn on_tool(mut self, name: impl Into<String>) -> Self {
        self.settings = self.settings.on_tool(name);
        self
    }

    /// Restricts the reply to requests with a path; see [`Fault::on_path`].
    #[must_use]
    pub fn on_path(mut self, path: impl Into<String>) -> Self {
        self.settings = self.settings.on_path(path);
        self
    }

    /// Whether the reply takes the place of a generated completion, after the validation.
    pub(crate) fn is_completion(&self) -> bool {
        matches!(self.content, Content::Completion(_))
    }

    pub(crate) fn applies_to(&self, request: &RequestView<'_>) -> bool {
        let is_suitable =
            !self.is_completion() || request.operation().is_some_and(operations::is_completion);
        is_suitable && self.settings.filter.matches(request)
    }

    /// Returns the reply as the control routes have it.
    pub(crate) fn to_json(&self) -> Value {
        let mut members = self.settings.to_json();
        let mut put = |name: &str, value: Value| drop(members.insert(name.to_owned(), value));
        match &self.content {
            Content::Json(value) => put("json", value.clone()),
            Content::Body(text) => put("body", text.as_str().into()),
            Content::Events(events) => put("events", events.as_slice().into()),
            Content::Completion(completion) => {
                for (name, text) in [
                    ("text", &completion.text),
                    ("thinking", &completion.thinking),
                ] {
                    if !text.is_empty() {
                        put(name, text.as_str().into());
                    }
                }
                let calls = completion.tool_calls.iter();
                let calls: Vec<Value> = calls
                    .map(|(name, arguments)| json!({ "name": name, "arguments": arguments }))
                    .collect();
                if !calls.is_empty() {
                    put("tool_calls", calls.into());
                }
                if let Some(reason) = completion.finish_reason {
                    put("finish_reason", reason.into());
                }
            }
        }
        members.into()
    }
}

//! What a mock answers.

use std::time::Duration;

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode};
use serde::Serialize;
use serde_json::{Value, json};

use super::playing::{Ending, body};
use super::refusal;
use crate::transport::{Body, TransportError, TransportErrorKind};

const JSON: &str = "application/json";
const EVENT_STREAM: &str = "text/event-stream";
/// The cause of a failure that was asked for.
const AS_TOLD: &str = "as MockTransport was told";

/// What a [`MockTransport`](super::MockTransport) does with a request: it answers, or it fails.
///
/// Times pass on tokio's clock: in a test with `#[tokio::test(start_paused = true)]` none of
/// them is waited for.
///
/// ```
/// # #[tokio::main(flavor = "current_thread", start_paused = true)]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use std::time::Duration;
/// use mistral_sdk::testing::{MockReply, MockTransport};
/// use mistral_sdk::{Client, MistralApi};
/// use mistral_sdk::transport::TransportErrorKind;
/// use serde_json::json;
///
/// let mock = MockTransport::new()
///     .reply(MockReply::status(429).with_header("retry-after", "20"))
///     .reply(MockReply::error(TransportErrorKind::Connect).with_delay(Duration::from_secs(1)))
///     .reply(MockReply::json(json!({ "object": "list", "data": [] })));
/// let client = Client::builder(MistralApi::new("my-key")?).transport(mock).build()?;
///
/// let models = client.models().list().with_response().await?;
/// assert_eq!(models.attempts, 3);
/// # Ok(()) }
/// ```
#[derive(Debug, Clone)]
#[must_use = "a reply does nothing until a mock has it"]
pub struct MockReply {
    outcome: Outcome,
    delay: Duration,
    /// How many requests it is for; `None`: any number.
    pub(super) times: Option<usize>,
    /// The first mistake that was made with it.
    mistake: Option<String>,
}

#[derive(Debug, Clone)]
enum Outcome {
    Error(TransportErrorKind),
    Response {
        status: StatusCode,
        headers: HeaderMap,
        chunks: Vec<Bytes>,
        pause: Duration,
        ending: Ending,
    },
}

impl MockReply {
    fn new(outcome: Outcome) -> Self {
        Self {
            outcome,
            delay: Duration::ZERO,
            times: Some(1),
            mistake: None,
        }
    }

    fn response(chunks: Vec<Bytes>) -> Self {
        Self::new(Outcome::Response {
            status: StatusCode::OK,
            headers: HeaderMap::new(),
            chunks,
            pause: Duration::ZERO,
            ending: Ending::Proper,
        })
    }

    /// Answers 200 with `chunks` as the body, each of which arrives by itself.
    ///
    /// ```
    /// use mistral_sdk::testing::MockReply;
    ///
    /// let audio = MockReply::bytes("audio/wav", [&b"RIFF"[..], &b"...."[..]]);
    /// # let _ = audio;
    /// ```
    pub fn bytes<B: Into<Bytes>>(media_type: &str, chunks: impl IntoIterator<Item = B>) -> Self {
        let chunks = chunks.into_iter().map(Into::into).collect();
        Self::response(chunks).with_header(CONTENT_TYPE.as_str(), media_type)
    }

    /// Answers 200 with this JSON.
    pub fn json(body: impl Serialize) -> Self {
        match serde_json::to_vec(&body) {
            Ok(bytes) => Self::bytes(JSON, [bytes]),
            Err(error) => {
                Self::status(200).mistaken(format!("its JSON cannot be written: {error}"))
            }
        }
    }

    /// Answers 200 with a stream of these events, each in a chunk of its own, and of the mark
    /// `[DONE]`, in a last chunk.
    pub fn sse<T: Serialize>(events: impl IntoIterator<Item = T>) -> Self {
        let data = events
            .into_iter()
            .map(|event| serde_json::to_string(&event));
        match data.collect::<Result<Vec<_>, _>>() {
            Ok(data) => {
                let data = data.into_iter().chain(["[DONE]".to_owned()]);
                Self::bytes(EVENT_STREAM, data.map(|data| format!("data: {data}\n\n")))
            }
            Err(error) => {
                Self::status(200).mistaken(format!("an event cannot be written as JSON: {error}"))
            }
        }
    }

    /// Answers with this status and an empty body.
    pub fn status(status: u16) -> Self {
        Self::response(Vec::new()).with_status(status)
    }

    /// Fails as a transport does, without a response.
    pub fn error(kind: TransportErrorKind) -> Self {
        Self::new(Outcome::Error(kind))
    }

    /// Answers a chat completion, or one of an agent or of code, with this text.
    ///
    /// The model is `mock`; the usage is one token of the prompt and one of the answer.
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

    /// Streams a chat completion, or one of an agent or of code: an event for each piece of
    /// the text, then one that finishes it, then `[DONE]`.
    pub fn chat_stream<S: Into<String>>(pieces: impl IntoIterator<Item = S>) -> Self {
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
        let pieces = pieces
            .into_iter()
            .map(|text| event(text.into(), None, None));
        let last = event(String::new(), Some("stop"), Some(usage()));
        Self::sse(pieces.chain([last]))
    }

    /// Sets the status. A reply that is an error has none, and stays as it is.
    pub fn with_status(mut self, number: u16) -> Self {
        let Ok(number) = StatusCode::from_u16(number) else {
            return self.mistaken(format!("{number} is not a status from 100 to 999"));
        };
        if let Outcome::Response { status, .. } = &mut self.outcome {
            *status = number;
        }
        self
    }

    /// Sets a header. A reply that is an error has none, and stays as it is.
    pub fn with_header(mut self, name: &str, value: &str) -> Self {
        let Ok(key) = HeaderName::try_from(name) else {
            return self.mistaken(format!("`{name}` is not the name of a header"));
        };
        let Ok(value) = HeaderValue::try_from(value) else {
            return self.mistaken(format!("the header `{name}` cannot have this value"));
        };
        if let Outcome::Response { headers, .. } = &mut self.outcome {
            headers.insert(key, value);
        }
        self
    }

    /// Waits before it answers or fails. Default: not at all.
    pub fn with_delay(mut self, delay: Duration) -> Self {
        self.delay = delay;
        self
    }

    /// Waits before each chunk of the body. Default: not at all.
    pub fn with_chunk_delay(mut self, delay: Duration) -> Self {
        if let Outcome::Response { pause, .. } = &mut self.outcome {
            *pause = delay;
        }
        self
    }

    /// Breaks the connection after this many chunks of the body.
    pub fn with_break_after(self, chunks: usize) -> Self {
        self.ending(
            chunks,
            Ending::Error(TransportErrorKind::Interrupted, AS_TOLD),
        )
    }

    /// Sends nothing more after this many chunks of the body, and keeps the connection.
    pub fn with_stall_after(self, chunks: usize) -> Self {
        self.ending(chunks, Ending::IdleTimer)
    }

    /// Ends the body after this many chunks, as if there were no more.
    pub fn with_end_after(self, chunks: usize) -> Self {
        self.ending(chunks, Ending::Proper)
    }

    /// Is for this many requests. Default: one.
    pub fn times(mut self, requests: usize) -> Self {
        self.times = Some(requests);
        self
    }

    /// Is for any number of requests, none included.
    pub fn always(mut self) -> Self {
        self.times = None;
        self
    }

    fn ending(mut self, after: usize, end: Ending) -> Self {
        if let Outcome::Response { chunks, ending, .. } = &mut self.outcome {
            chunks.truncate(after);
            *ending = end;
        }
        self
    }

    fn mistaken(mut self, mistake: String) -> Self {
        self.mistake.get_or_insert(mistake);
        self
    }

    /// Answers one request.
    pub(super) async fn play(self) -> Result<Response<Body>, TransportError> {
        if let Some(mistake) = self.mistake {
            return Err(refusal(format!(
                "the reply of MockTransport is wrong: {mistake}"
            )));
        }
        if !self.delay.is_zero() {
            tokio::time::sleep(self.delay).await;
        }
        match self.outcome {
            Outcome::Error(kind) => Err(TransportError::new(kind, AS_TOLD)),
            Outcome::Response {
                status,
                headers,
                chunks,
                pause,
                ending,
            } => {
                let mut response = Response::new(body(chunks, pause, ending));
                *response.status_mut() = status;
                *response.headers_mut() = headers;
                Ok(response)
            }
        }
    }
}

fn usage() -> Value {
    json!({ "prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2 })
}

//! The replies of a mock.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_core::Stream;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode};
use serde::Serialize;

use super::config_error;
use super::mock_chunk::{MockChunk, SCRIPTED, steps};
use super::playing::body;
use crate::transport::{Body, TransportError, TransportErrorKind, current_runtime};

const JSON: &str = "application/json";
const EVENT_STREAM: &str = "text/event-stream";

/// A reply of a [`MockTransport`](super::MockTransport): a response or a failure.
///
/// Delays pass on tokio's clock: a test with `#[tokio::test(start_paused = true)]` does not wait
/// for them.
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
    /// The number of requests it is for; `None`: any number.
    pub(super) times: Option<usize>,
    /// Whether it is sent before the body of the request has been read.
    pub(super) is_early: bool,
    /// The first invalid argument of a method.
    mistake: Option<String>,
}

#[derive(Debug, Clone)]
enum Outcome {
    Error(TransportErrorKind),
    /// Stays pending forever.
    Stall,
    Response {
        status: StatusCode,
        headers: HeaderMap,
        content: Content,
        chunk_delay: Duration,
    },
}

/// The body of a response.
#[derive(Clone)]
enum Content {
    Chunks(Vec<MockChunk>),
    Stream(Arc<dyn Fn() -> Body + Send + Sync>),
}

impl fmt::Debug for Content {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Chunks(chunks) => chunks.fmt(f),
            Self::Stream(_) => f.write_str("Stream"),
        }
    }
}

impl MockReply {
    fn new(outcome: Outcome) -> Self {
        Self {
            outcome,
            delay: Duration::ZERO,
            times: Some(1),
            is_early: false,
            mistake: None,
        }
    }

    fn response(content: Content) -> Self {
        Self::new(Outcome::Response {
            status: StatusCode::OK,
            headers: HeaderMap::new(),
            content,
            chunk_delay: Duration::ZERO,
        })
    }

    /// Replies 200 with `chunks` as the body, each of which arrives by itself.
    ///
    /// A [`MockChunk`] can also be a delay, a break of the connection, or a stall.
    ///
    /// ```
    /// use mistral_sdk::testing::MockReply;
    ///
    /// let audio = MockReply::bytes("audio/wav", [&b"RIFF"[..], &b"...."[..]]);
    /// # let _ = audio;
    /// ```
    pub fn bytes<C: Into<MockChunk>>(
        media_type: &str,
        chunks: impl IntoIterator<Item = C>,
    ) -> Self {
        let chunks = chunks.into_iter().map(Into::into).collect();
        Self::response(Content::Chunks(chunks)).with_header(CONTENT_TYPE.as_str(), media_type)
    }

    /// Replies 200 with a stream as the body, which `stream` creates for each request.
    ///
    /// The stream is polled when the program reads the body. A test can produce a large body on
    /// demand, for example, or assert that a program reads no further than it needs to. The
    /// methods that change chunks do not apply to such a body.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use std::sync::Arc;
    /// use std::sync::atomic::{AtomicUsize, Ordering};
    /// use futures::stream;
    /// use mistral_sdk::testing::{MockReply, MockTransport};
    /// use mistral_sdk::{Client, MistralApi};
    ///
    /// let polled = Arc::new(AtomicUsize::new(0));
    /// let counter = Arc::clone(&polled);
    /// let reply = MockReply::stream("application/octet-stream", move || {
    ///     let counter = Arc::clone(&counter);
    ///     stream::repeat_with(move || {
    ///         counter.fetch_add(1, Ordering::Relaxed);
    ///         Ok("chunk".into())
    ///     })
    /// });
    /// let mock = MockTransport::new().reply(reply);
    /// let client = Client::builder(MistralApi::new("my-key")?).transport(mock).build()?;
    ///
    /// let mut download = client.files().download("file-1").await?;
    /// assert_eq!(download.next().await.unwrap()?, "chunk");
    /// assert_eq!(polled.load(Ordering::Relaxed), 1); // nothing is read ahead
    /// # Ok(()) }
    /// ```
    pub fn stream<S>(media_type: &str, stream: impl Fn() -> S + Send + Sync + 'static) -> Self
    where
        S: Stream<Item = Result<Bytes, TransportError>> + Send + 'static,
    {
        let body = move || Body::from_stream(stream());
        Self::response(Content::Stream(Arc::new(body)))
            .with_header(CONTENT_TYPE.as_str(), media_type)
    }

    /// Replies 200 with this JSON.
    pub fn json(body: impl Serialize) -> Self {
        match serde_json::to_vec(&body) {
            Ok(bytes) => Self::bytes(JSON, [bytes]),
            Err(error) => {
                Self::status(200).mistaken(format!("its JSON cannot be written: {error}"))
            }
        }
    }

    /// Replies 200 with a stream of these events and `[DONE]`, each in a chunk of its own.
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

    /// Replies with this status and an empty body.
    pub fn status(status: u16) -> Self {
        Self::response(Content::Chunks(Vec::new())).with_status(status)
    }

    /// Fails with a transport error, without a response.
    pub fn error(kind: TransportErrorKind) -> Self {
        Self::new(Outcome::Error(kind))
    }

    /// Accepts the request and never replies.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use std::time::Duration;
    /// use mistral_sdk::testing::{MockReply, MockTransport};
    /// use mistral_sdk::{Client, MistralApi};
    /// use mistral_sdk::error::TimeoutPhase;
    ///
    /// let mock = MockTransport::new().reply(MockReply::stall());
    /// let client = Client::builder(MistralApi::new("my-key")?).transport(mock).build()?;
    ///
    /// let call = client.models().list().retry(mistral_sdk::RetryPolicy::none());
    /// let error = call.first_byte_timeout(Duration::from_secs(30)).await.unwrap_err();
    /// assert_eq!(error.timeout_phase(), Some(TimeoutPhase::FirstByte));
    /// # Ok(()) }
    /// ```
    pub fn stall() -> Self {
        Self::new(Outcome::Stall)
    }

    /// Sets the status. Has no effect on a failure or a stall.
    pub fn with_status(mut self, number: u16) -> Self {
        let Ok(number) = StatusCode::from_u16(number) else {
            return self.mistaken(format!("{number} is not a status from 100 to 999"));
        };
        if let Outcome::Response { status, .. } = &mut self.outcome {
            *status = number;
        }
        self
    }

    /// Sets a header. Has no effect on a failure or a stall.
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

    /// Delays the response or the failure. Default: no delay.
    pub fn with_delay(mut self, delay: Duration) -> Self {
        self.delay = delay;
        self
    }

    /// Delays each chunk of the body. Default: no delay.
    pub fn with_chunk_delay(mut self, delay: Duration) -> Self {
        if let Outcome::Response { chunk_delay, .. } = &mut self.outcome {
            *chunk_delay = delay;
        }
        self
    }

    /// Breaks the connection after this many chunks of the body.
    pub fn with_break_after(self, chunks: usize) -> Self {
        self.truncate(chunks, Some(MockChunk::Break))
    }

    /// Stalls after this many chunks of the body, with the connection open.
    pub fn with_stall_after(self, chunks: usize) -> Self {
        self.truncate(chunks, Some(MockChunk::Stall))
    }

    /// Ends the body after this many chunks.
    pub fn with_end_after(self, chunks: usize) -> Self {
        self.truncate(chunks, None)
    }

    /// Replies before the body of the request has been read.
    ///
    /// A server does so when it rejects an upload by its headers. The body of the
    /// [`MockRequest`](super::MockRequest) is empty then. Has no effect on a reply that is created
    /// by [`reply_with`](super::MockTransport::reply_with), which needs the whole request.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use mistral_sdk::files::{FilePurpose, UploadFileRequest};
    /// use mistral_sdk::testing::{MockReply, MockTransport};
    /// use mistral_sdk::{Client, MistralApi};
    /// use mistral_sdk::files::FileSource;
    ///
    /// let mock = MockTransport::new().reply(MockReply::status(413).early());
    /// let client = Client::builder(MistralApi::new("my-key")?).transport(mock.clone()).build()?;
    ///
    /// let file = FileSource::from_bytes("large.jsonl", vec![0; 1024]);
    /// let request = UploadFileRequest::new(FilePurpose::Batch, file);
    /// let error = client.files().upload(&request).await.unwrap_err();
    /// assert_eq!(error.status().unwrap(), 413);
    /// assert!(mock.requests()[0].body.is_empty());
    /// # Ok(()) }
    /// ```
    pub fn early(mut self) -> Self {
        self.is_early = true;
        self
    }

    /// Sets the number of requests that the reply is for. Default: one.
    pub fn times(mut self, requests: usize) -> Self {
        self.times = Some(requests);
        self
    }

    /// Sets the number of requests that the reply is for to any number, including none.
    pub fn always(mut self) -> Self {
        self.times = None;
        self
    }

    /// Keeps the first `count` chunks of bytes, and what stands before them, and appends `end`.
    fn truncate(mut self, count: usize, end: Option<MockChunk>) -> Self {
        if let Outcome::Response {
            content: Content::Chunks(chunks),
            ..
        } = &mut self.outcome
        {
            let mut left = count;
            chunks.retain(|chunk| {
                let is_kept = left > 0;
                left = left.saturating_sub(usize::from(matches!(chunk, MockChunk::Bytes(_))));
                is_kept && !matches!(chunk, MockChunk::Break | MockChunk::Stall)
            });
            chunks.extend(end);
        }
        self
    }

    /// Replaces the chunks of bytes for which `change` returns others. Returns whether there was one.
    pub(super) fn replace_chunks(&mut self, change: impl Fn(&Bytes) -> Option<Bytes>) -> bool {
        let Outcome::Response {
            content: Content::Chunks(chunks),
            ..
        } = &mut self.outcome
        else {
            return false;
        };
        let mut has_changed = false;
        for chunk in chunks {
            if let MockChunk::Bytes(bytes) = chunk
                && let Some(changed) = change(bytes)
            {
                *bytes = changed;
                has_changed = true;
            }
        }
        has_changed
    }

    pub(super) fn mistaken(mut self, mistake: String) -> Self {
        self.mistake.get_or_insert(mistake);
        self
    }

    /// Returns the response to one request, after the delay.
    pub(super) async fn play(self) -> Result<Response<Body>, TransportError> {
        if let Some(mistake) = self.mistake {
            return Err(config_error(format!(
                "the reply of MockTransport is wrong: {mistake}"
            )));
        }
        if !self.delay.is_zero() {
            current_runtime()?;
            tokio::time::sleep(self.delay).await;
        }
        match self.outcome {
            Outcome::Error(kind) => Err(TransportError::new(kind, SCRIPTED)),
            Outcome::Stall => std::future::pending().await,
            Outcome::Response {
                status,
                headers,
                content,
                chunk_delay,
            } => {
                let body = match content {
                    Content::Chunks(chunks) => body(steps(chunks, chunk_delay)),
                    Content::Stream(stream) => stream(),
                };
                let mut response = Response::new(body);
                *response.status_mut() = status;
                *response.headers_mut() = headers;
                Ok(response)
            }
        }
    }
}

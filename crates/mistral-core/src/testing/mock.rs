//! A transport that replies from a script.

use std::collections::BTreeMap;
use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use bytes::{Bytes, BytesMut};
use futures_core::Stream;
use http::{Request, Response};
use serde::Serialize;
use tokio::time::Instant;

use super::config_error;
use super::mock_request::{MockRequest, Target};
use super::reply::MockReply;
use crate::transport::{Body, Transport, TransportError};

/// A transport that replies from a script and records the requests.
///
/// Each request takes the first reply of the script that is for it and not used up. A reply is
/// for one request, unless [`times`](MockReply::times) or [`always`](MockReply::always) is set. It
/// is for any request, unless it was added with [`on`](Self::on). A request without a reply fails
/// with [`ErrorKind::Config`](crate::ErrorKind::Config) and a message that names it. It is not
/// retried.
///
/// Clones share the script and the recorded requests: pass one to the client and keep one for the
/// assertions.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use mistral_sdk::testing::{MockReply, MockTransport};
/// use mistral_sdk::{Client, MistralApi};
/// # use mistral_sdk::chat::ChatCompletionRequest;
/// # let question = ChatCompletionRequest::new("mistral-small-latest", "Why?");
///
/// let mock = MockTransport::new()
///     .reply(MockReply::status(503))
///     .reply(MockReply::chat("Because."));
/// let client = Client::builder(MistralApi::new("my-key")?).transport(mock.clone()).build()?;
/// # tokio::time::pause();
///
/// let answer = client.chat().complete(&question).await?; // or the program under test
/// assert_eq!(answer.text(), "Because.");
///
/// let requests = mock.requests();
/// assert_eq!(requests.len(), 2); // the 503 was retried
/// assert_eq!(requests[1].operation, "chat.complete");
/// assert_eq!(requests[1].json()["messages"][0]["content"], "Why?");
/// assert_eq!(mock.remaining(), 0);
/// # Ok(()) }
/// ```
#[derive(Clone, Default)]
pub struct MockTransport {
    state: Arc<Mutex<State>>,
}

struct State {
    created: Instant,
    lines: Vec<Line>,
    requests: Vec<MockRequest>,
    observer: Option<Observer>,
    in_flight: usize,
    max_in_flight: usize,
}

impl Default for State {
    fn default() -> Self {
        Self {
            created: Instant::now(),
            lines: Vec::new(),
            requests: Vec::new(),
            observer: None,
            in_flight: 0,
            max_in_flight: 0,
        }
    }
}

struct Line {
    target: Target,
    responder: Responder,
    /// The number of requests it is still for; `None`: any number.
    left: Option<usize>,
    /// Whether it replies before the body of the request has been read.
    is_early: bool,
}

type Responder = Arc<dyn Fn(&MockRequest) -> MockReply + Send + Sync>;
type Observer = Arc<dyn Fn(&MockRequest, &Bytes) + Send + Sync>;

impl MockTransport {
    /// Creates a mock with an empty script.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a reply to the script.
    #[must_use]
    pub fn reply(self, reply: MockReply) -> Self {
        self.add(Target::Any, reply)
    }

    /// Adds several replies to the script, in this order.
    ///
    /// ```
    /// use mistral_sdk::testing::{MockReply, MockTransport};
    ///
    /// let busy = MockReply::status(503);
    /// let mock = MockTransport::new().replies([busy.clone(), busy, MockReply::chat("Because.")]);
    /// assert_eq!(mock.remaining(), 3);
    /// ```
    #[must_use]
    pub fn replies(self, replies: impl IntoIterator<Item = MockReply>) -> Self {
        replies.into_iter().fold(self, Self::reply)
    }

    /// Adds [`MockReply::json`] to the script.
    #[must_use]
    pub fn json(self, body: impl Serialize) -> Self {
        self.reply(MockReply::json(body))
    }

    /// Adds [`MockReply::sse`] to the script.
    #[must_use]
    pub fn sse<T: Serialize>(self, events: impl IntoIterator<Item = T>) -> Self {
        self.reply(MockReply::sse(events))
    }

    /// Adds a reply that is only for requests to `target`: the name of an operation
    /// (`chat.complete`), a path (`/v1/files`) or a path with its method (`GET /v1/files`).
    ///
    /// ```
    /// use mistral_sdk::testing::{MockReply, MockTransport};
    /// use serde_json::json;
    ///
    /// let mock = MockTransport::new()
    ///     .on("models.list", MockReply::json(json!({ "data": [] })).always())
    ///     .on("chat.complete", MockReply::chat("First."))
    ///     .on("chat.complete", MockReply::chat("Second."))
    ///     .on("DELETE /v1/files/1", MockReply::status(404));
    /// assert_eq!(mock.remaining(), 3);
    /// ```
    #[must_use]
    pub fn on(self, target: &str, reply: MockReply) -> Self {
        self.add(Target::parse(target), reply)
    }

    /// Adds a function that creates the reply from the request, for any number of requests.
    ///
    /// ```
    /// use mistral_sdk::testing::{MockReply, MockTransport};
    ///
    /// let mock = MockTransport::new().reply_with(|request| {
    ///     let inputs = request.json()["input"].as_array().map_or(1, Vec::len);
    ///     MockReply::embeddings(inputs, 1024)
    /// });
    /// # let _ = mock;
    /// ```
    #[must_use]
    pub fn reply_with(
        self,
        reply: impl Fn(&MockRequest) -> MockReply + Send + Sync + 'static,
    ) -> Self {
        self.lock().lines.push(Line {
            target: Target::Any,
            responder: Arc::new(reply),
            left: None,
            is_early: false,
        });
        self
    }

    /// Calls `observer` with each chunk of the body of a request, when the mock reads it.
    ///
    /// The body of the [`MockRequest`] is still empty then. The next chunk is read after the
    /// observer has returned and other tasks have been polled. A test can assert how much of an
    /// upload is kept in memory, for example, or change a file while it is uploaded.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use mistral_sdk::files::{FilePurpose, FileSource, UploadFileRequest};
    /// use mistral_sdk::testing::MockTransport;
    /// use mistral_sdk::{Client, MistralApi};
    /// use serde_json::json;
    ///
    /// let mock = MockTransport::new()
    ///     .json(json!({ "id": "file-1", "filename": "a.jsonl" }))
    ///     .on_body_chunk(|request, chunk| {
    ///         assert_eq!(request.operation, "files.upload");
    ///         assert!(chunk.len() <= 1024 * 1024);
    ///     });
    /// let client = Client::builder(MistralApi::new("my-key")?).transport(mock).build()?;
    ///
    /// let file = FileSource::from_bytes("a.jsonl", vec![0; 1000]);
    /// client.files().upload(&UploadFileRequest::new(FilePurpose::Batch, file)).await?;
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn on_body_chunk(
        self,
        observer: impl Fn(&MockRequest, &Bytes) + Send + Sync + 'static,
    ) -> Self {
        self.lock().observer = Some(Arc::new(observer));
        self
    }

    /// Returns all requests so far in the order in which they were sent, also those that failed.
    pub fn requests(&self) -> Vec<MockRequest> {
        self.lock().requests.clone()
    }

    /// Returns the number of unused replies, without those for any number of requests.
    pub fn remaining(&self) -> usize {
        let state = self.lock();
        let left = state.lines.iter().filter_map(|line| line.left);
        left.fold(0, usize::saturating_add)
    }

    /// Returns the number of requests in flight: sent, without a response, and not dropped.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use std::time::Duration;
    ///
    /// use mistral_sdk::testing::{MockReply, MockTransport};
    /// use mistral_sdk::{Client, MistralApi};
    ///
    /// let mock = MockTransport::new().reply(MockReply::stall());
    /// let client = Client::builder(MistralApi::new("my-key")?).transport(mock.clone()).build()?;
    ///
    /// let mut call = Box::pin(client.models().list().into_future());
    /// tokio::time::timeout(Duration::from_secs(1), &mut call).await.unwrap_err();
    /// assert_eq!(mock.in_flight(), 1);
    /// drop(call);
    /// assert_eq!((mock.in_flight(), mock.max_in_flight()), (0, 1));
    /// # Ok(()) }
    /// ```
    pub fn in_flight(&self) -> usize {
        self.lock().in_flight
    }

    /// Returns the largest number of requests that were in flight at the same time.
    pub fn max_in_flight(&self) -> usize {
        self.lock().max_in_flight
    }

    fn add(self, target: Target, reply: MockReply) -> Self {
        self.lock().lines.push(Line {
            target,
            left: reply.times,
            is_early: reply.is_early,
            responder: Arc::new(move |_| reply.clone()),
        });
        self
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts a request as in flight until the guard is dropped.
    fn enter(&self) -> InFlightGuard<'_> {
        let mut state = self.lock();
        state.in_flight = state.in_flight.saturating_add(1);
        state.max_in_flight = state.max_in_flight.max(state.in_flight);
        InFlightGuard(self)
    }

    /// Reads the whole body of `request`, unless the reply to it is an early one.
    async fn read(&self, request: &mut MockRequest, mut body: Body) -> Result<(), TransportError> {
        let observer = {
            let mut state = self.lock();
            if state.line_for(request).is_some_and(|line| line.is_early) {
                return Ok(());
            }
            state.observer.clone()
        };
        let Some(observer) = observer else {
            request.body = body.collect().await?;
            return Ok(());
        };
        let mut read = BytesMut::new();
        while let Some(chunk) = poll_fn(|cx| Pin::new(&mut body).poll_next(cx)).await {
            let chunk = chunk?;
            observer(request, &chunk);
            read.extend_from_slice(&chunk);
            tokio::task::yield_now().await;
        }
        request.body = read.freeze();
        Ok(())
    }
}

#[async_trait]
impl Transport for MockTransport {
    async fn send(&self, request: Request<Body>) -> Result<Response<Body>, TransportError> {
        let _in_flight = self.enter();
        let (mut request, body) = MockRequest::new(request, self.lock().created);
        self.read(&mut request, body).await?;
        let responder = self.lock().record(&request)?;
        responder(&request).play().await
    }
}

struct InFlightGuard<'a>(&'a MockTransport);

impl Drop for InFlightGuard<'_> {
    fn drop(&mut self) {
        let mut state = self.0.lock();
        state.in_flight = state.in_flight.saturating_sub(1);
    }
}

impl State {
    /// Returns the first line of the script that is for `request` and not used up.
    fn line_for(&mut self, request: &MockRequest) -> Option<&mut Line> {
        let fits = |line: &&mut Line| line.left != Some(0) && line.target.fits(request);
        self.lines.iter_mut().find(fits)
    }

    /// Records `request`, and uses up a line of the script for it.
    fn record(&mut self, request: &MockRequest) -> Result<Responder, TransportError> {
        self.requests.push(request.clone());
        match self.line_for(request) {
            Some(line) => {
                line.left = line.left.map(|left| left.saturating_sub(1));
                Ok(Arc::clone(&line.responder))
            }
            None => Err(config_error(self.no_reply_message(request))),
        }
    }

    /// Returns the message for a request without a reply.
    fn no_reply_message(&self, request: &MockRequest) -> String {
        // The query is not shown: there may be a key in it.
        let (method, path) = (&request.method, request.uri.path());
        let number = self.requests.len();
        let mut left = BTreeMap::new();
        for line in self.lines.iter().filter(|line| line.left != Some(0)) {
            let count = left.entry(line.target.to_string()).or_insert(0_usize);
            *count = count.saturating_add(line.left.unwrap_or(1));
        }
        let left: Vec<_> = left
            .iter()
            .map(|(target, count)| format!("`{target}` ({count})"))
            .collect();
        let state = match (self.lines.len(), left.as_slice()) {
            (0, _) => "its script is empty".to_owned(),
            (_, []) => "all of its replies are used up".to_owned(),
            (_, left) => format!("replies are left only for {}", left.join(", ")),
        };
        format!(
            "MockTransport has no reply for request {number}, {method} {path}: {state}. Add one, \
             or find out why the program sends this request"
        )
    }
}

impl fmt::Debug for MockTransport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let requests = self.lock().requests.len();
        f.debug_struct("MockTransport")
            .field("requests", &requests)
            .field("remaining", &self.remaining())
            .finish_non_exhaustive()
    }
}

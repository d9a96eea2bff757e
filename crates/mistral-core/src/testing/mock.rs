//! A transport that answers from a script.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use bytes::Bytes;
use http::{HeaderMap, Method, Request, Response, Uri};
use serde::Serialize;
use serde_json::Value;

use super::refusal;
use super::reply::MockReply;
use crate::transport::{Body, RequestContext, Transport, TransportError};

/// A transport that answers from a script and remembers what it was sent.
///
/// Each request takes the first reply in the script that is for it and not used up. A reply is
/// for one request, unless it says [`times`](MockReply::times) or
/// [`always`](MockReply::always); it is for any request, unless it was added by
/// [`on`](Self::on). A request that no reply is for fails with
/// [`ErrorKind::Config`](crate::ErrorKind::Config), in words that name the call, and is not
/// repeated.
///
/// Clones share script and memory: give one to the client and keep one for the assertions.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use mistral_sdk::testing::{MockReply, MockTransport};
/// use mistral_sdk::{Client, MistralApi};
/// # use mistral_sdk::chat::ChatCompletionRequest;
/// # use mistral_sdk::chat::Message;
/// # let question = ChatCompletionRequest::new("mistral-small-latest", [Message::user("Why?")]);
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
/// assert_eq!(requests.len(), 2); // the 503 was repeated
/// assert_eq!(requests[1].operation, "chat.complete");
/// assert_eq!(requests[1].json()["messages"][0]["content"], "Why?");
/// assert_eq!(mock.remaining(), 0);
/// # Ok(()) }
/// ```
#[derive(Clone, Default)]
pub struct MockTransport {
    script: Arc<Mutex<Script>>,
}

/// A request as a [`MockTransport`] got it.
///
/// ```
/// # async fn example(mock: mistral_sdk::testing::MockTransport) {
/// for request in mock.requests() {
///     println!("{} {} (attempt {})", request.method, request.uri.path(), request.attempt);
/// }
/// # }
/// ```
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct MockRequest {
    /// The operation's name, for example `chat.complete`; `request` for
    /// [`Client::request`](crate::Client::request).
    pub operation: String,
    /// The model that the request names, if it names one.
    pub model: Option<String>,
    /// Which attempt of its call this was, counted from 1.
    pub attempt: u32,
    /// The method.
    pub method: Method,
    /// The whole URL.
    pub uri: Uri,
    /// All headers. Credentials are among them, and left out of what `Debug` prints.
    pub headers: HeaderMap,
    /// The whole body.
    pub body: Bytes,
}

#[derive(Default)]
struct Script {
    lines: Vec<Line>,
    requests: Vec<MockRequest>,
}

struct Line {
    target: Target,
    answer: Answer,
    /// For how many requests it is still good; `None`: any number.
    left: Option<usize>,
}

type Answer = Arc<dyn Fn(&MockRequest) -> MockReply + Send + Sync>;

/// Which requests a line of the script is for.
enum Target {
    Any,
    RequestContext(String),
    Path(Option<String>, String),
}

impl MockTransport {
    /// Makes a mock with an empty script.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a reply to the script.
    #[must_use]
    pub fn reply(self, reply: MockReply) -> Self {
        self.add(Target::Any, reply)
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

    /// Lets `answer` decide from the request, for every request that gets there in the script.
    ///
    /// ```
    /// use mistral_sdk::testing::{MockReply, MockTransport};
    /// use serde_json::json;
    ///
    /// let mock = MockTransport::new().answer_with(|request| {
    ///     let inputs = request.json()["input"].as_array().map_or(1, Vec::len);
    ///     let data: Vec<_> = (0..inputs)
    ///         .map(|index| json!({ "index": index, "embedding": [0.6, 0.8] }))
    ///         .collect();
    ///     MockReply::json(json!({ "data": data }))
    /// });
    /// # let _ = mock;
    /// ```
    #[must_use]
    pub fn answer_with(
        self,
        answer: impl Fn(&MockRequest) -> MockReply + Send + Sync + 'static,
    ) -> Self {
        self.lock().lines.push(Line {
            target: Target::Any,
            answer: Arc::new(answer),
            left: None,
        });
        self
    }

    /// All requests so far, in the order in which they came, whatever became of them.
    pub fn requests(&self) -> Vec<MockRequest> {
        self.lock().requests.clone()
    }

    /// How many replies have not been used, without those that are good for any number.
    pub fn remaining(&self) -> usize {
        let script = self.lock();
        let left = script.lines.iter().filter_map(|line| line.left);
        left.fold(0, usize::saturating_add)
    }

    fn add(self, target: Target, reply: MockReply) -> Self {
        self.lock().lines.push(Line {
            target,
            left: reply.times,
            answer: Arc::new(move |_| reply.clone()),
        });
        self
    }

    fn lock(&self) -> MutexGuard<'_, Script> {
        self.script.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Transport for MockTransport {
    async fn send(&self, request: Request<Body>) -> Result<Response<Body>, TransportError> {
        let request = MockRequest::read(request).await?;
        let answer = self.lock().answer(&request)?;
        answer(&request).play().await
    }
}

impl MockRequest {
    async fn read(request: Request<Body>) -> Result<Self, TransportError> {
        let (parts, body) = request.into_parts();
        let operation = parts.extensions.get::<RequestContext>();
        Ok(Self {
            operation: operation.map_or_else(String::new, |it| it.name().to_owned()),
            model: operation.and_then(|it| it.model()).map(str::to_owned),
            attempt: operation.map_or(1, RequestContext::attempt),
            method: parts.method,
            uri: parts.uri,
            headers: parts.headers,
            body: body.collect().await?,
        })
    }

    /// The body as JSON; [`Value::Null`] if it is not JSON.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    /// The value of a header, if it was sent and is text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}

impl Script {
    fn answer(&mut self, request: &MockRequest) -> Result<Answer, TransportError> {
        self.requests.push(request.clone());
        let fits = |line: &&mut Line| line.left != Some(0) && line.target.fits(request);
        match self.lines.iter_mut().find(fits) {
            Some(line) => {
                line.left = line.left.map(|left| left.saturating_sub(1));
                Ok(Arc::clone(&line.answer))
            }
            None => Err(refusal(self.complaint(request))),
        }
    }

    /// Why there is no reply, for the person whose test has just failed.
    fn complaint(&self, request: &MockRequest) -> String {
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
             or find out why the program asks"
        )
    }
}

impl Target {
    fn parse(text: &str) -> Self {
        match text.split_once(' ') {
            Some((method, path)) => Self::Path(Some(method.to_owned()), path.trim().to_owned()),
            None if text.starts_with('/') => Self::Path(None, text.to_owned()),
            None => Self::RequestContext(text.to_owned()),
        }
    }

    fn fits(&self, request: &MockRequest) -> bool {
        match self {
            Self::Any => true,
            Self::RequestContext(name) => *name == request.operation,
            Self::Path(method, path) => {
                let has_method = |method: &String| method == request.method.as_str();
                path == request.uri.path() && method.as_ref().is_none_or(has_method)
            }
        }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Any => f.write_str("any request"), // never left when a request finds nothing
            Self::RequestContext(name) => f.write_str(name),
            Self::Path(None, path) => f.write_str(path),
            Self::Path(Some(method), path) => write!(f, "{method} {path}"),
        }
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

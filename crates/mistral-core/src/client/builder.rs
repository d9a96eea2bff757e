//! What a client is made of.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use http::HeaderMap;
use serde_json::Value;

use crate::error::{Error, Result};
use crate::pipeline::Pipeline;
use crate::pipeline::deadline::Timeouts;
use crate::pipeline::route_cache::RouteCache;
use crate::pipeline::telemetry::{CaptureContent, Propagate};
use crate::provider::Provider;
use crate::retry::RetryPolicy;
use crate::retry::{OnRetry, RetryEvent};
use crate::sse::MAX_EVENT_SIZE;
use crate::transport::{DebugTransport, Transport, is_debugging};

/// Settings for a [`Client`](crate::Client).
///
/// ```
/// # fn main() -> mistral_sdk::Result<()> {
/// use std::time::Duration;
/// use mistral_sdk::{Client, MistralApi, RetryPolicy};
///
/// let client = Client::builder(MistralApi::new("my-key")?)
///     .timeout(Duration::from_secs(60))
///     .idle_timeout(Duration::from_secs(30))
///     .retry(RetryPolicy::default().max_retries(4))
///     .build()?;
/// # assert_eq!(client.provider_name(), "api");
/// # Ok(()) }
/// ```
#[derive(Debug)]
#[must_use = "a builder does nothing until it is built"]
pub struct ClientBuilder {
    provider: Arc<dyn Provider>,
    transport: Option<Arc<dyn Transport>>,
    retry: RetryPolicy,
    on_retry: OnRetry,
    propagate: Propagate,
    capture: CaptureContent,
    timeouts: Timeouts,
    max_event_size: usize,
    models: BTreeMap<String, String>,
}

impl ClientBuilder {
    pub(crate) fn new(provider: impl Provider) -> Self {
        Self {
            provider: Arc::new(provider),
            transport: None,
            retry: RetryPolicy::default(),
            on_retry: OnRetry::default(),
            propagate: Propagate::default(),
            capture: CaptureContent::default(),
            timeouts: Timeouts::default(),
            max_event_size: MAX_EVENT_SIZE,
            models: BTreeMap::new(),
        }
    }

    /// Uses `transport` instead of the built-in one.
    pub fn transport(mut self, transport: impl Transport) -> Self {
        self.transport = Some(Arc::new(transport));
        self
    }

    /// Sets how often and how soon failed calls are repeated.
    pub fn retry(mut self, policy: RetryPolicy) -> Self {
        self.retry = policy;
        self
    }

    /// Calls `listener` whenever a call has failed and is going to be repeated, before the
    /// delay: to tell the user, or to count. It must not block.
    ///
    /// The one further attempt with fresh credentials after a 401 is not told of.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # use std::sync::{Arc, atomic::{AtomicU32, Ordering}};
    /// # use std::time::Duration;
    /// # let minute = Duration::from_secs(60);
    /// # let at_once = mistral_sdk::RetryPolicy::backoff(Duration::ZERO, Duration::ZERO, 1.0, minute);
    /// # let emulator = mistral_emulator::Emulator::builder()
    /// #     .fault(mistral_emulator::Fault::status(503).times(2))
    /// #     .start()?;
    /// # let told = Arc::new(AtomicU32::new(0));
    /// # let count = Arc::clone(&told);
    /// # let api = mistral_sdk::MistralApi::new(emulator.api_key())?.base_url(emulator.url())?;
    /// use mistral_sdk::Client;
    ///
    /// let client = Client::builder(api)
    ///     # .retry(at_once)
    ///     .on_retry(move |retry| {
    ///         # count.fetch_add(retry.attempt, Ordering::Relaxed);
    ///         eprintln!("{}: again in {:?}: {}", retry.operation, retry.delay, retry.reason);
    ///     })
    ///     .build()?;
    /// client.models().list().await?;
    /// # assert_eq!(told.load(Ordering::Relaxed), 1 + 2);
    /// # Ok(()) }
    /// ```
    pub fn on_retry(mut self, listener: impl Fn(&RetryEvent<'_>) + Send + Sync + 'static) -> Self {
        self.on_retry = OnRetry::new(listener);
        self
    }

    /// Calls `hook` before every attempt to add headers that carry the trace on, as
    /// `traceparent` does. The span of the call is entered then, if anybody listens.
    ///
    /// The map is empty at first. Credentials, and headers that a call sets itself, win over
    /// what the hook adds. It must not block.
    ///
    /// ```
    /// # fn main() -> mistral_sdk::Result<()> {
    /// use http::HeaderValue;
    /// use mistral_sdk::{Client, MistralApi};
    ///
    /// let client = Client::builder(MistralApi::new("my-key")?)
    ///     .propagate(|headers| {
    ///         if let Some(id) = tracing::Span::current().id() {
    ///             headers.insert("x-span", HeaderValue::from(id.into_u64()));
    ///         }
    ///     })
    ///     .build()?;
    /// # let _ = client;
    /// # Ok(()) }
    /// ```
    ///
    /// `examples/traces.rs` does it for OpenTelemetry.
    pub fn propagate(mut self, hook: impl Fn(&mut HeaderMap) + Send + Sync + 'static) -> Self {
        self.propagate = Propagate::new(hook);
        self
    }

    /// Puts the messages of requests and answers into the spans of calls, after `redact` has
    /// taken out what must not be there. Without this, spans have no content.
    ///
    /// `redact` gets the messages in the form of OpenTelemetry's conventions: a list of
    /// objects with a `role` and a list of `parts`.
    ///
    /// ```
    /// # fn main() -> mistral_sdk::Result<()> {
    /// use mistral_sdk::{Client, MistralApi};
    /// use serde_json::Value;
    ///
    /// let client = Client::builder(MistralApi::new("my-key")?)
    ///     .capture_content(|messages| {
    ///         for message in messages.as_array_mut().into_iter().flatten() {
    ///             if message["role"] == "system" {
    ///                 message["parts"] = Value::Null;
    ///             }
    ///         }
    ///     })
    ///     .build()?;
    /// # let _ = client;
    /// # Ok(()) }
    /// ```
    pub fn capture_content(mut self, redact: impl Fn(&mut Value) + Send + Sync + 'static) -> Self {
        self.capture = CaptureContent::new(redact);
        self
    }

    /// Sets all time-outs.
    pub fn timeouts(mut self, timeouts: Timeouts) -> Self {
        self.timeouts = timeouts;
        self
    }

    /// Sets how long a whole call may take, unless it is streamed.
    pub fn timeout(mut self, time: Duration) -> Self {
        self.timeouts.total = Some(time);
        self
    }

    /// Sets how long making a connection may take.
    pub fn connect_timeout(mut self, time: Duration) -> Self {
        self.timeouts.connect = time;
        self
    }

    /// Sets how long the head of a response may take, per attempt.
    pub fn first_byte_timeout(mut self, time: Duration) -> Self {
        self.timeouts.first_byte = time;
        self
    }

    /// Sets how long the body of a response may be silent, streamed or not.
    pub fn idle_timeout(mut self, time: Duration) -> Self {
        self.timeouts.idle = time;
        self
    }

    /// Sets the largest event of a stream that is read, in bytes. Default: 16 MiB.
    pub fn max_event_size(mut self, bytes: usize) -> Self {
        self.max_event_size = bytes;
        self
    }

    /// Calls models by other names here: pairs of the name that requests use and the name
    /// that the provider knows, for example that of a deployment.
    ///
    /// So the same program asks for `mistral-small-latest` on every cloud.
    ///
    /// ```
    /// # fn main() -> mistral_sdk::Result<()> {
    /// use mistral_sdk::{Client, MistralApi};
    ///
    /// let client = Client::builder(MistralApi::new("my-key")?)
    ///     .model_map([("mistral-small-latest", "mistral-small-2506")])
    ///     .build()?;
    /// # let _ = client;
    /// # Ok(()) }
    /// ```
    pub fn model_map<A, B>(mut self, names: impl IntoIterator<Item = (A, B)>) -> Self
    where
        A: Into<String>,
        B: Into<String>,
    {
        let names = names.into_iter();
        self.models
            .extend(names.map(|(asked, here)| (asked.into(), here.into())));
        self
    }

    /// What all calls of the client share.
    pub(crate) fn pipeline(self) -> Result<Pipeline> {
        let transport = match self.transport {
            Some(transport) => transport,
            None => built_in(&self.timeouts)?,
        };
        let transport = match is_debugging() {
            true => Arc::new(DebugTransport(transport)),
            false => transport,
        };
        Ok(Pipeline {
            provider: self.provider,
            transport,
            retry: self.retry,
            on_retry: self.on_retry,
            propagate: self.propagate,
            capture: self.capture,
            timeouts: self.timeouts,
            max_event_size: self.max_event_size,
            routes: RouteCache::new(self.models),
        })
    }
}

#[cfg(feature = "hyper")]
fn built_in(timeouts: &Timeouts) -> Result<Arc<dyn Transport>> {
    match crate::transport::HyperTransport::new(timeouts.connect) {
        Ok(transport) => Ok(Arc::new(transport)),
        Err(error) => Err(Error::config("the HTTP transport cannot be set up").with_source(error)),
    }
}

#[cfg(not(feature = "hyper"))]
fn built_in(_: &Timeouts) -> Result<Arc<dyn Transport>> {
    Err(Error::config(
        "there is no HTTP transport: enable the feature `rustls`, `native-tls` or `hyper`, \
         or call `ClientBuilder::transport`",
    ))
}

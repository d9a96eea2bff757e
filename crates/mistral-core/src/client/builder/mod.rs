//! The builder of a client.

mod outages;
mod telemetry;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use http::{HeaderName, HeaderValue};

use crate::error::{Error, Result};
use crate::mode::misuse::KeyOfProvider;
use crate::pipeline::Pipeline;
use crate::pipeline::client_headers::ClientHeaders;
use crate::pipeline::collect::DEFAULT_MAX_RESPONSE_SIZE;
use crate::pipeline::deadline::Timeouts;
use crate::pipeline::deprecation::DeprecationWarnings;
use crate::pipeline::hedging::Hedge;
use crate::pipeline::route_cache::RouteCache;
use crate::pipeline::telemetry::{CaptureContent, OnCallEnd, Propagate};
use crate::provider::Provider;
use crate::redact::RedactContent;
use crate::retry::{OnRetry, RetryPolicy, RetryQuota};
use crate::sse::DEFAULT_MAX_EVENT_SIZE;
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
    quota: RetryQuota,
    hedge: Option<Arc<dyn Hedge>>,
    on_retry: OnRetry,
    headers: ClientHeaders,
    propagate: Propagate,
    capture: CaptureContent,
    redaction: RedactContent,
    on_call_end: OnCallEnd,
    timeouts: Timeouts,
    max_event_size: usize,
    max_response_size: usize,
    models: BTreeMap<String, String>,
    /// The first setting that is invalid.
    error: Option<Error>,
}

impl ClientBuilder {
    pub(crate) fn new(provider: impl Provider) -> Self {
        Self {
            provider: Arc::new(provider),
            transport: None,
            retry: RetryPolicy::default(),
            quota: RetryQuota::default(),
            hedge: None,
            on_retry: OnRetry::default(),
            headers: ClientHeaders::default(),
            propagate: Propagate::default(),
            capture: CaptureContent::default(),
            redaction: RedactContent::default(),
            on_call_end: OnCallEnd::default(),
            timeouts: Timeouts::default(),
            max_event_size: DEFAULT_MAX_EVENT_SIZE,
            max_response_size: DEFAULT_MAX_RESPONSE_SIZE,
            models: BTreeMap::new(),
            error: None,
        }
    }

    /// Sets the transport. Default: [`HyperTransport`](crate::transport::HyperTransport) with this
    /// builder's connect timeout.
    pub fn transport(mut self, transport: impl Transport) -> Self {
        self.transport = Some(Arc::new(transport));
        self
    }

    #[doc(hidden)]
    pub fn api_key<K: KeyOfProvider>(self, _key: K) -> Self {
        self
    }

    /// Sets a header of every request. It replaces one of the same name that was set before.
    ///
    /// A header of a single call takes precedence, and so do the provider's credentials, the headers
    /// of [`propagate`](Self::propagate), and the `accept` and `content-type` that an operation
    /// needs. A `user-agent` replaces the SDK's name; [`user_agent`](Self::user_agent) adds to it.
    ///
    /// The client cannot be built if HTTP does not allow the name or the value, and with the name
    /// `authorization`, which the provider sets. A header that is named like a credential is shown
    /// in no error and no debug output.
    ///
    /// ```
    /// # fn main() -> mistral_sdk::Result<()> {
    /// use mistral_sdk::{Client, MistralApi};
    ///
    /// let client = Client::builder(MistralApi::new("my-key")?)
    ///     .header("x-team", "search")
    ///     .header("x-gateway-key", "the key of the gateway")
    ///     .build()?;
    /// # let _ = client;
    /// # Ok(()) }
    /// ```
    pub fn header<N, V>(mut self, name: N, value: V) -> Self
    where
        N: TryInto<HeaderName>,
        V: TryInto<HeaderValue>,
    {
        let set = self.headers.set(name, value);
        self.record(set);
        self
    }

    /// Sets the name and the version of the application, which the header `user-agent` of every
    /// request has before those of the SDK: `my-app/1.0 mistral-sdk-rust/0.1.0`.
    ///
    /// Default: the user agent of the transport if it has one of its own, and the SDK's name
    /// otherwise. A `user-agent` that is set on a call takes precedence. The client cannot be built
    /// if HTTP does not allow the name.
    ///
    /// ```
    /// # fn main() -> mistral_sdk::Result<()> {
    /// use mistral_sdk::{Client, MistralApi};
    ///
    /// let client = Client::builder(MistralApi::new("my-key")?)
    ///     .user_agent("my-app/1.0")
    ///     .build()?;
    /// # let _ = client;
    /// # Ok(()) }
    /// ```
    pub fn user_agent(mut self, application: impl AsRef<str>) -> Self {
        let set = self.headers.set_application(application.as_ref());
        self.record(set);
        self
    }

    /// Keeps the first error for [`build`](Self::build).
    fn record(&mut self, set: Result<()>) {
        if let Err(error) = set {
            self.error.get_or_insert(error);
        }
    }

    /// Sets all timeouts. Default: [`Timeouts::default`].
    pub fn timeouts(mut self, timeouts: Timeouts) -> Self {
        self.timeouts = timeouts;
        self
    }

    /// Sets the timeout of a whole call, retries included. Default: 300 s.
    ///
    /// It does not apply to calls that are streamed in either direction (streams of events, uploads,
    /// downloads). Their timeout is [`Timeouts::stream_total`], or the `timeout` of the single call.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeouts.total = Some(timeout);
        self
    }

    /// Sets the timeout for establishing a connection. Default: 10 s.
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.timeouts.connect = timeout;
        self
    }

    /// Sets the timeout from sending a request to the head of the response, per attempt.
    /// Default: 300 s.
    pub fn first_byte_timeout(mut self, timeout: Duration) -> Self {
        self.timeouts.first_byte = timeout;
        self
    }

    /// Sets the longest wait for the next bytes of a response body, streamed or not. The time that
    /// the program takes between two reads does not count. Default: 300 s.
    pub fn idle_timeout(mut self, timeout: Duration) -> Self {
        self.timeouts.idle = timeout;
        self
    }

    /// Sets the largest size of an event of a stream, in bytes. A larger one fails with
    /// [`ErrorKind::TooLarge`](crate::ErrorKind::TooLarge). Default: 16 MiB.
    pub fn max_event_size(mut self, bytes: usize) -> Self {
        self.max_event_size = bytes;
        self
    }

    /// Sets the largest size of a response that is held in memory, in bytes: of a JSON body, or of
    /// all events of a stream that are merged into a response. A larger one fails with
    /// [`ErrorKind::TooLarge`](crate::ErrorKind::TooLarge). Default: 256 MiB.
    ///
    /// Downloads, and streams of events that are not merged, have no such limit.
    pub fn max_response_size(mut self, bytes: usize) -> Self {
        self.max_response_size = bytes;
        self
    }

    /// Adds model names to translate: pairs of the name in requests and the name at the provider,
    /// for example of a deployment.
    ///
    /// With it, the same program can request `mistral-small-latest` from every provider.
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
            .extend(names.map(|(requested, actual)| (requested.into(), actual.into())));
        self
    }

    /// Builds the pipeline that all calls of the client share.
    pub(crate) fn pipeline(self) -> Result<Pipeline> {
        if let Some(error) = self.error {
            return Err(error);
        }
        let transport = match self.transport {
            Some(transport) => transport,
            None => default_transport(&self.timeouts)?,
        };
        let transport = match is_debugging() {
            true => Arc::new(DebugTransport::new(transport, self.redaction.clone())),
            false => transport,
        };
        Ok(Pipeline {
            provider: self.provider,
            transport,
            retry: self.retry,
            quota: self.quota,
            hedge: self.hedge,
            on_retry: self.on_retry,
            headers: self.headers,
            propagate: self.propagate,
            capture: self.capture.with_redaction(self.redaction),
            on_call_end: self.on_call_end,
            timeouts: self.timeouts,
            max_event_size: self.max_event_size,
            max_response_size: self.max_response_size,
            routes: RouteCache::new(self.models),
            deprecations: DeprecationWarnings::default(),
        })
    }
}

#[cfg(feature = "hyper")]
fn default_transport(timeouts: &Timeouts) -> Result<Arc<dyn Transport>> {
    match crate::transport::HyperTransport::new(timeouts.connect) {
        Ok(transport) => Ok(Arc::new(transport)),
        Err(error) => {
            Err(Error::config("the built-in HTTP transport cannot be set up").with_source(error))
        }
    }
}

#[cfg(not(feature = "hyper"))]
fn default_transport(_: &Timeouts) -> Result<Arc<dyn Transport>> {
    Err(Error::config(
        "there is no HTTP transport: enable the feature `rustls`, `native-tls` or `hyper`, \
         or call `ClientBuilder::transport`",
    ))
}

//! The client, its settings, and failover between clients.

mod builder;
pub(crate) mod failover;

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use http::Method;
use serde::de::DeserializeOwned;

use crate::call::{
    Call, DownloadCall, Envelope, ReconnectingStream, SequencedEvent, StreamCall, StreamEvent,
    Wait, WaitProgress,
};
use crate::error::{Error, Result, decode};
use crate::mode::{Async, Mode};
use crate::pipeline::Pipeline;
use crate::pipeline::request::ApiRequest;
use crate::pipeline::telemetry::CaptureContent;
use crate::provider::{Framing, Operation, Provider};

pub use self::builder::ClientBuilder;
pub use self::failover::{Failover, FailoverResponse};

/// A client of the API, with a method for each group of operations.
///
/// Create one and reuse it: it holds a connection pool, the cached credentials and the cached
/// routes. Cloning is cheap, and clones share all of it.
///
/// ```no_run
/// # fn main() -> mistral_sdk::Result<()> {
/// use mistral_sdk::{Client, MistralApi};
///
/// let client = Client::new(MistralApi::from_env()?)?;
/// let chat = client.chat();
/// # let _ = chat;
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct Client<M: Mode = Async> {
    pipeline: Arc<Pipeline>,
    mode: M,
}

/// Creates a client from environment variables.
///
/// Implemented by the crate `mistral-sdk`, which depends on all providers.
#[diagnostic::on_unimplemented(
    message = "no provider is compiled in: enable the feature `api`, `azure` or `gcp` of \
               `mistral-sdk`",
    label = "needs a provider",
    note = "in Cargo.toml: `mistral-sdk = {{ version = \"…\", features = [\"api\"] }}`"
)]
pub trait FromEnv<Providers>: Sized {
    /// Creates the client; see [`Client::from_env`].
    ///
    /// # Errors
    /// Fails when a required variable is missing or a variable is invalid.
    fn from_env() -> Result<Self>;
}

impl Client {
    /// Creates a client for `provider` with the default settings.
    ///
    /// # Errors
    /// Fails when the built-in transport cannot be set up or is not compiled in.
    pub fn new(provider: impl Provider) -> Result<Self> {
        Self::builder(provider).build()
    }

    /// Creates a builder of a client for `provider`.
    pub fn builder(provider: impl Provider) -> ClientBuilder {
        ClientBuilder::new(provider)
    }

    /// Creates a client for the provider that the variable `MISTRAL_PROVIDER` names, with the
    /// settings in the variables of that provider. Default: `api`, with the key in
    /// `MISTRAL_API_KEY`, which is optional where `MISTRAL_SERVER` is the address of a server on
    /// this machine or in a private network.
    ///
    /// Available in programs that depend on the crate `mistral-sdk`.
    ///
    /// # Errors
    /// Fails when a required variable is missing or a variable is invalid. The message names the
    /// variable and the fix.
    pub fn from_env<Providers>() -> Result<Self>
    where
        Self: FromEnv<Providers>,
    {
        FromEnv::from_env()
    }
}

impl<M: Mode> Client<M> {
    pub(crate) fn with_mode(pipeline: Pipeline, mode: M) -> Self {
        Self {
            pipeline: Arc::new(pipeline),
            mode,
        }
    }

    /// Returns a client of another mode that shares everything with this one.
    pub(crate) fn with<N: Mode>(&self, mode: N) -> Client<N> {
        Client {
            pipeline: Arc::clone(&self.pipeline),
            mode,
        }
    }

    /// Returns the asynchronous client that shares everything with this one.
    pub(crate) fn as_async(&self) -> Client {
        self.with(Async)
    }

    pub(crate) fn mode(&self) -> &M {
        &self.mode
    }

    pub(crate) fn capture(&self) -> &CaptureContent {
        &self.pipeline.capture
    }

    pub(crate) fn provider(&self) -> &dyn Provider {
        &*self.pipeline.provider
    }

    /// Creates a call of an operation whose response is JSON or has no content.
    ///
    /// Groups of operations are built on this method, [`call_stream`](Self::call_stream) and
    /// [`call_download`](Self::call_download); see [`operation`](crate::operation).
    ///
    /// The call fails with [`ErrorKind::Config`](crate::ErrorKind::Config) before anything is sent
    /// if the operation's response is of another kind.
    pub fn call<T: DeserializeOwned>(&self, request: ApiRequest) -> Call<T, M> {
        Call::new(&self.pipeline, &self.mode, request.for_method("call"))
    }

    /// Creates a call of an operation whose response is a stream of events. Fails as
    /// [`call`](Self::call) does.
    pub fn call_stream<T: StreamEvent>(&self, request: ApiRequest) -> StreamCall<T, M> {
        let request = request.for_method("call_stream");
        StreamCall::new(&self.pipeline, &self.mode, request)
    }

    /// Creates a call of an operation whose response is bytes. Fails as [`call`](Self::call) does.
    pub fn call_download(&self, request: ApiRequest) -> DownloadCall<M> {
        let request = request.for_method("call_download");
        DownloadCall::new(&self.pipeline, &self.mode, request)
    }

    /// Calls an operation, and returns the content of its response's envelope.
    ///
    /// As [`call`](Self::call) otherwise.
    #[inline]
    pub fn call_enveloped<E: Envelope>(&self, request: ApiRequest) -> Call<E::Content, M> {
        let call = Call::new(&self.pipeline, &self.mode, request.for_method("call"));
        call.with_decoder(|json| decode::<E>(json).map(E::into_content))
    }

    /// Creates a stream of events that is requested again when its connection is lost. `open` builds
    /// the request for the events from a sequence number on, which is `None` at first. The stream
    /// ends after the event for which `is_last` returns `true`.
    #[inline]
    pub fn reconnecting<T: SequencedEvent>(
        &self,
        mut open: impl FnMut(Option<i64>) -> ApiRequest + Send + 'static,
        is_last: impl Fn(&T) -> bool + Send + 'static,
    ) -> ReconnectingStream<T, M> {
        let client = self.as_async();
        let open = move |sequence| client.call_stream(open(sequence));
        ReconnectingStream::new(self.mode.clone(), open, is_last)
    }

    /// Creates a wait until the server has finished something. `poll` builds the request for its
    /// state, and `progress` reads the response.
    ///
    /// Errors name `operation` and describe what is waited for by `subject`, for example
    /// "the job `1234`".
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let emulator = mistral_emulator::Emulator::start()?;
    /// # let client = mistral_sdk::Client::new(
    /// #     mistral_sdk::MistralApi::new(emulator.api_key())?.base_url(emulator.url())?,
    /// # )?;
    /// use mistral_sdk::operation::{ApiRequest, Operation, WaitProgress};
    /// use serde_json::Value;
    ///
    /// static GET: Operation = Operation::get("models.get", "/v1/models/{id}");
    ///
    /// let model = client
    ///     .wait(
    ///         "models.wait",
    ///         "the model",
    ///         || ApiRequest::new(&GET).path(&[("id", "mistral-small-latest")]),
    ///         |model: &Value| match model["id"].as_str() {
    ///             Some(_) => WaitProgress::Finished,
    ///             None => WaitProgress::Ongoing("in training".to_owned()),
    ///         },
    ///     )
    ///     .await?;
    /// assert_eq!(model["id"], "mistral-small-latest");
    /// # Ok(()) }
    /// ```
    #[inline]
    pub fn wait<T: DeserializeOwned>(
        &self,
        operation: impl Into<Cow<'static, str>>,
        subject: impl Into<String>,
        mut poll: impl FnMut() -> ApiRequest + Send + 'static,
        progress: impl Fn(&T) -> WaitProgress + Send + 'static,
    ) -> Wait<T, M> {
        let client = self.as_async();
        let poll = move || client.call(poll());
        Wait::new(self.mode.clone(), operation, subject, poll, progress)
    }

    /// Creates a call of an operation that the SDK does not model, with the same authentication,
    /// retries and errors. `path` starts at the root of the API, for example `/v1/models`.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let emulator = mistral_emulator::Emulator::start()?;
    /// # let client = mistral_sdk::Client::new(
    /// #     mistral_sdk::MistralApi::new(emulator.api_key())?.base_url(emulator.url())?,
    /// # )?;
    /// use http::Method;
    /// use serde_json::{Value, json};
    ///
    /// let models: Value = client.request(Method::GET, "/v1/models").await?;
    /// let response: Value = client
    ///     .request(Method::POST, "/v1/embeddings")
    ///     .json(&json!({ "model": "mistral-embed", "input": "hello" }))
    ///     .await?;
    /// # assert!(models["data"].is_array() && response["data"].is_array());
    /// # Ok(()) }
    /// ```
    pub fn request<T: DeserializeOwned>(&self, method: Method, path: &str) -> Call<T, M> {
        self.call(raw_request(method, path, Framing::Json))
    }

    /// Creates a call of a streamed operation that the SDK does not model; see [`request`](Self::request).
    pub fn request_stream<T: StreamEvent>(&self, method: Method, path: &str) -> StreamCall<T, M> {
        self.call_stream(raw_request(method, path, Framing::Sse))
    }

    /// Returns the name of the provider, for example `api`.
    pub fn provider_name(&self) -> &'static str {
        self.pipeline.provider.name()
    }
}

fn raw_request(method: Method, path: &str, framing: Framing) -> ApiRequest {
    let mut operation = Operation::raw(method, path);
    operation.framing = framing;
    if !path.starts_with('/') {
        let error = Error::config(format!(
            "the path `{path}` must start with a slash, for example `/v1/models`"
        ));
        return ApiRequest::invalid(&operation, error);
    }
    ApiRequest::new(operation)
}

impl<M: Mode> fmt::Debug for Client<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("provider", &self.pipeline.provider)
            .finish_non_exhaustive()
    }
}

impl ClientBuilder {
    /// Builds the client. Performs no I/O to the API.
    ///
    /// # Errors
    /// Fails when a setting is invalid, and when the built-in transport cannot be set up or is not
    /// compiled in.
    pub fn build(self) -> Result<Client> {
        Ok(Client::with_mode(self.pipeline()?, Async))
    }
}

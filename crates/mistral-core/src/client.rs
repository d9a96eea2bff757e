use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use http::Method;
use serde::de::DeserializeOwned;

use crate::agents::Agents;
use crate::audio::Audio;
use crate::batch::Batch;
use crate::call::{Call, StreamCall};
use crate::chat::Chat;
use crate::classifiers::Classifiers;
use crate::embeddings::Embeddings;
use crate::error::{Error, Result};
use crate::files::Files;
use crate::fim::Fim;
use crate::fine_tuning::FineTuning;
use crate::http::Transport;
use crate::mode::{Async, Mode};
use crate::models::Models;
use crate::ocr::Ocr;
use crate::pipeline::Engine;
use crate::prepared::Prepared;
use crate::provider::{Endpoint, Provider};
use crate::retry::RetryPolicy;
use crate::routes::Routes;
use crate::sse::MAX_EVENT_SIZE;
use crate::stream::StreamEvent;
use crate::timeouts::Timeouts;

/// The entry to the API: hands out the groups of operations.
///
/// Cheap to clone; all clones share one connection pool. Make one and keep it.
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
    engine: Arc<Engine>,
    mode: M,
}

/// Makes a client from the variables of the environment.
///
/// The facade crate `mistral-sdk` implements it, because it alone knows all providers.
pub trait FromEnv<Providers>: Sized {
    /// Makes the client; see [`Client::from_env`].
    ///
    /// # Errors
    /// Fails when a variable that is needed is missing or wrong.
    fn from_env() -> Result<Self>;
}

impl Client {
    /// Makes a client for `provider`, with the defaults for everything else.
    ///
    /// # Errors
    /// Fails when the built-in transport cannot be set up or is not compiled in.
    pub fn new(provider: impl Provider) -> Result<Self> {
        Self::builder(provider).build()
    }

    /// Starts a client for `provider` with settings of its own.
    pub fn builder(provider: impl Provider) -> ClientBuilder {
        ClientBuilder {
            provider: Arc::new(provider),
            transport: None,
            retry: RetryPolicy::default(),
            timeouts: Timeouts::default(),
            max_event_size: MAX_EVENT_SIZE,
            models: BTreeMap::new(),
        }
    }

    /// Makes a client for the provider that `MISTRAL_PROVIDER` names, from that
    /// provider's own variables. Default: `api`, with the key in `MISTRAL_API_KEY`.
    ///
    /// Available with the crate `mistral-sdk`.
    ///
    /// # Errors
    /// Fails when a variable is missing or wrong; the message names it and the fix.
    pub fn from_env<Providers>() -> Result<Self>
    where
        Self: FromEnv<Providers>,
    {
        FromEnv::from_env()
    }
}

impl<M: Mode> Client<M> {
    /// Completions by agents.
    pub fn agents(&self) -> Agents<M> {
        Agents::new(&self.engine, &self.mode)
    }

    /// Recordings: transcription, speech and voices.
    pub fn audio(&self) -> Audio<M> {
        Audio::new(&self.engine, &self.mode)
    }

    /// Batches: many requests at once, for less.
    pub fn batch(&self) -> Batch<M> {
        Batch::new(&self.engine, &self.mode)
    }

    /// Chat completions.
    pub fn chat(&self) -> Chat<M> {
        Chat::new(&self.engine, &self.mode)
    }

    /// Moderation and classification of texts.
    pub fn classifiers(&self) -> Classifiers<M> {
        Classifiers::new(&self.engine, &self.mode)
    }

    /// Embeddings.
    pub fn embeddings(&self) -> Embeddings<M> {
        Embeddings::new(&self.engine, &self.mode)
    }

    /// Files: upload, list, download.
    pub fn files(&self) -> Files<M> {
        Files::new(&self.engine, &self.mode)
    }

    /// Completions of code from both sides.
    pub fn fim(&self) -> Fim<M> {
        Fim::new(&self.engine, &self.mode)
    }

    /// Training of models of your own.
    pub fn fine_tuning(&self) -> FineTuning<M> {
        FineTuning::new(&self.engine, &self.mode)
    }

    /// The models that can be used.
    pub fn models(&self) -> Models<M> {
        Models::new(&self.engine, &self.mode)
    }

    /// Text of documents and images.
    pub fn ocr(&self) -> Ocr<M> {
        Ocr::new(&self.engine, &self.mode)
    }

    /// Calls an operation that the SDK does not model, with the same authorization,
    /// repetitions and errors. `path` starts at the API's root: `/v1/…`.
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
    /// let answer: Value = client
    ///     .request(Method::POST, "/v1/embeddings")
    ///     .json(&json!({ "model": "mistral-embed", "input": "hello" }))
    ///     .await?;
    /// # assert!(models["data"].is_array() && answer["data"].is_array());
    /// # Ok(()) }
    /// ```
    pub fn request<T: DeserializeOwned>(&self, method: Method, path: &str) -> Call<T, M> {
        Call::new(&self.engine, &self.mode, raw(method, path, false))
    }

    /// Calls a streamed operation that the SDK does not model; see [`request`](Self::request).
    pub fn request_stream<T: StreamEvent>(&self, method: Method, path: &str) -> StreamCall<T, M> {
        StreamCall::new(&self.engine, &self.mode, raw(method, path, true))
    }

    /// Whether the provider offers an operation, by its name: `ocr.process`, `chat.stream`.
    ///
    /// A call of one that it does not offer fails with
    /// [`ErrorKind::Unsupported`](crate::ErrorKind::Unsupported) before anything is sent.
    ///
    /// ```
    /// # fn main() -> mistral_sdk::Result<()> {
    /// use mistral_sdk::{Client, MistralApi};
    ///
    /// let client = Client::new(MistralApi::new("my-key")?)?;
    /// assert!(client.supports("ocr.process"));
    /// assert!(!client.supports("no.such_operation"));
    /// # Ok(()) }
    /// ```
    pub fn supports(&self, operation: &str) -> bool {
        Endpoint::all()
            .filter(|endpoint| endpoint.name == operation)
            .any(|endpoint| self.engine.provider.supports(endpoint))
    }

    /// The name of the provider that this client talks to, for example `api`.
    pub fn provider_name(&self) -> &'static str {
        self.engine.provider.name()
    }
}

fn raw(method: Method, path: &str, stream: bool) -> Result<Prepared> {
    if !path.starts_with('/') {
        return Err(Error::config(format!(
            "the path `{path}` must start with a slash, for example `/v1/models`"
        )));
    }
    let mut endpoint = Endpoint::raw(method, path);
    endpoint.stream = stream;
    Ok(Prepared::new(endpoint))
}

impl<M: Mode> fmt::Debug for Client<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("provider", &self.engine.provider)
            .finish_non_exhaustive()
    }
}

/// Settings for a [`Client`].
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
    timeouts: Timeouts,
    max_event_size: usize,
    models: BTreeMap<String, String>,
}

impl ClientBuilder {
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

    /// Makes the client. Nothing is sent.
    ///
    /// # Errors
    /// Fails when the built-in transport cannot be set up or is not compiled in.
    pub fn build(self) -> Result<Client> {
        let transport = match self.transport {
            Some(transport) => transport,
            None => built_in(&self.timeouts)?,
        };
        Ok(Client {
            engine: Arc::new(Engine {
                provider: self.provider,
                transport,
                retry: self.retry,
                timeouts: self.timeouts,
                max_event_size: self.max_event_size,
                routes: Routes::new(self.models),
            }),
            mode: Async,
        })
    }
}

#[cfg(feature = "reqwest")]
fn built_in(timeouts: &Timeouts) -> Result<Arc<dyn Transport>> {
    match crate::http::ReqwestTransport::new(timeouts.connect) {
        Ok(transport) => Ok(Arc::new(transport)),
        Err(error) => Err(Error::config("the HTTP transport cannot be set up").with_source(error)),
    }
}

#[cfg(not(feature = "reqwest"))]
fn built_in(_: &Timeouts) -> Result<Arc<dyn Transport>> {
    Err(Error::config(
        "there is no HTTP transport: enable the feature `rustls`, `native-tls` or `reqwest`, \
         or call `ClientBuilder::transport`",
    ))
}

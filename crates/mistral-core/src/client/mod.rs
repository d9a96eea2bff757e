//! The client, its settings, and failover between clients.

mod builder;
pub(crate) mod failover;

use std::fmt;
use std::sync::Arc;

use http::Method;
use serde::de::DeserializeOwned;

use crate::api::agents::Agents;
use crate::api::audio::Audio;
use crate::api::batch::Batch;
use crate::api::chat::Chat;
use crate::api::classifiers::Classifiers;
use crate::api::embeddings::Embeddings;
use crate::api::files::Files;
use crate::api::fim::Fim;
use crate::api::fine_tuning::FineTuning;
use crate::api::models::Models;
use crate::api::ocr::Ocr;
use crate::call::event_stream::StreamEvent;
use crate::call::{Call, StreamCall};
use crate::error::{Error, Result};
use crate::mode::{Async, Mode};
use crate::pipeline::Engine;
use crate::pipeline::request::Prepared;
use crate::provider::Operation;
use crate::provider::Provider;

pub use self::builder::ClientBuilder;
pub use self::failover::{Failover, FailoverResponse};

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
        ClientBuilder::new(provider)
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
    pub(crate) fn with_mode(engine: Engine, mode: M) -> Self {
        Self {
            engine: Arc::new(engine),
            mode,
        }
    }

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
        Operation::all()
            .filter(|known| known.name == operation)
            .any(|operation| self.engine.provider.supports(operation))
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
    let mut operation = Operation::raw(method, path);
    operation.stream = stream;
    Ok(Prepared::new(operation))
}

impl<M: Mode> fmt::Debug for Client<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("provider", &self.engine.provider)
            .finish_non_exhaustive()
    }
}

impl ClientBuilder {
    /// Makes the client. Nothing is sent.
    ///
    /// # Errors
    /// Fails when the built-in transport cannot be set up or is not compiled in.
    pub fn build(self) -> Result<Client> {
        Ok(Client::with_mode(self.engine()?, Async))
    }
}

use std::ops::Deref;
use std::sync::Arc;

use crate::client;
use crate::client::ClientBuilder;
use crate::client::FromEnv;
use crate::error::Result;
use crate::mode::Blocking;
use crate::mode::blocking_runtime::BlockingRuntime;
use crate::pipeline::deadline::Deadline;
use crate::provider::Provider;

/// A client for the API that blocks the calling thread.
///
/// It has the API groups and methods of the asynchronous [`Client`](crate::Client). Calls are
/// sent with `.send()`. Clones are cheap and share one connection pool. Create one client and
/// reuse it, from any number of threads.
///
/// It has its own runtime. Inside an async task, calls fail with
/// [`ErrorKind::Config`](crate::ErrorKind::Config) before anything is sent, because they would
/// block the runtime; inside `tokio::task::spawn_blocking` they work. The client can be dropped
/// anywhere.
///
/// ```no_run
/// # fn main() -> mistral_sdk::Result<()> {
/// use std::time::Duration;
/// use mistral_sdk::{MistralApi, blocking};
///
/// let client = blocking::Client::from_env()?;
/// // or, with custom settings:
/// let client = mistral_sdk::Client::builder(MistralApi::from_env()?)
///     .timeout(Duration::from_secs(60))
///     .build_blocking()?;
/// let models = client.models().list().send()?;
/// # let _ = models;
/// # Ok(()) }
/// ```
#[derive(Debug, Clone)]
pub struct Client(client::Client<Blocking>);

impl Client {
    /// Creates a client for `provider` with default settings.
    ///
    /// # Errors
    /// Fails if the built-in transport cannot be set up or is not compiled in, or if the
    /// operating system cannot create a thread.
    pub fn new(provider: impl Provider) -> Result<Self> {
        ClientBuilder::new(provider).build_blocking()
    }

    /// Creates a client from environment variables; see
    /// [`Client::from_env`](crate::Client::from_env).
    ///
    /// Available with the crate `mistral-sdk`.
    ///
    /// # Errors
    /// Fails if a variable is missing or invalid. The message names the variable and the fix.
    pub fn from_env<Providers>() -> Result<Self>
    where
        Self: FromEnv<Providers>,
    {
        FromEnv::from_env()
    }

    /// Returns a client that shares everything with this one, and whose calls end at `deadline`.
    pub(super) fn with_deadline(&self, deadline: Deadline) -> Self {
        Self(self.0.with(Blocking {
            runtime: Arc::clone(&self.0.mode().runtime),
            deadline: Some((deadline.at, deadline.limit)),
        }))
    }
}

impl Deref for Client {
    type Target = client::Client<Blocking>;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

#[cfg(feature = "blocking")]
impl ClientBuilder {
    /// Creates a [blocking client](Client). No request is sent.
    ///
    /// A custom transport can be shared by several blocking clients. Its connections run on the
    /// runtime of the client that opened them: dropping that client closes them, and fails the
    /// requests that other clients have in flight on them.
    ///
    /// # Errors
    /// Fails if the built-in transport cannot be set up or is not compiled in, or if the
    /// operating system cannot create a thread.
    pub fn build_blocking(self) -> Result<Client> {
        let runtime = Arc::new(BlockingRuntime::start()?);
        Ok(Client(client::Client::with_mode(
            self.pipeline()?,
            Blocking {
                runtime,
                deadline: None,
            },
        )))
    }
}

use std::ops::Deref;
use std::sync::Arc;

use crate::client;

use crate::client::ClientBuilder;
use crate::client::FromEnv;
use crate::error::Result;
use crate::mode::Blocking;
use crate::mode::blocking_runtime::Driver;
use crate::provider::Provider;

/// The entry to the API for a program that is not asynchronous.
///
/// Its groups and methods are those of the asynchronous [`Client`](crate::Client); their calls
/// end in `.send()`. Cheap to clone; all clones share one connection pool. Make one and keep
/// it: any number of threads may use it at once.
///
/// It has a runtime of its own. Where an asynchronous runtime is at work, which must not be
/// held up, calls fail with [`ErrorKind::Config`](crate::ErrorKind::Config), and nothing is
/// sent; within `tokio::task::spawn_blocking` they work. It can be dropped anywhere.
///
/// ```no_run
/// # fn main() -> mistral_sdk::Result<()> {
/// use std::time::Duration;
/// use mistral_sdk::{MistralApi, blocking};
///
/// let client = blocking::Client::from_env()?;
/// // or, with settings of its own:
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
    /// Makes a client for `provider`, with the defaults for everything else.
    ///
    /// # Errors
    /// Fails when the built-in transport cannot be set up or is not compiled in, or when the
    /// system refuses a thread.
    pub fn new(provider: impl Provider) -> Result<Self> {
        ClientBuilder::new(provider).build_blocking()
    }

    /// Makes a client from the variables of the environment, as
    /// [`Client::from_env`](crate::Client::from_env) does.
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

impl Deref for Client {
    type Target = client::Client<Blocking>;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl ClientBuilder {
    /// Makes a [blocking client](Client). Nothing is sent.
    ///
    /// A transport of your own may serve several clients. Connections that it keeps end with
    /// the client that made them, and with them what another client is being answered there.
    ///
    /// # Errors
    /// Fails when the built-in transport cannot be set up or is not compiled in, or when the
    /// system refuses a thread.
    pub fn build_blocking(self) -> Result<Client> {
        let driver = Arc::new(Driver::start()?);
        Ok(Client(client::Client::with_mode(
            self.pipeline()?,
            Blocking { driver },
        )))
    }
}

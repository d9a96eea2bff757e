//! Record and replay.

mod difference;
mod private;
mod record;
mod replay;
mod scrub;
mod tape;

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use http::{Request, Response};

use self::record::RecordedExchange;
use self::replay::Recording;
use self::tape::Tape;
use crate::error::{Error, Result};
use crate::transport::{Body, Transport, TransportError};

/// A transport that records real responses into a file, and replays them from it.
///
/// Record once, with a key and the network, and keep the file with the tests: from then on they
/// need neither. The same program receives the same responses, and streams the same chunks.
///
/// # What is matched
///
/// A request matches a recording of the same method, path, query and body, whatever its headers
/// and its host are. Each recording is replayed once. The order of requests does not matter, and
/// they may be concurrent. Equal requests receive their responses in the order of the recording.
/// JSON is compared by value, a form without its boundary. A request that matches no recording
/// fails with [`ErrorKind::Config`](crate::ErrorKind::Config) and a message that names the first
/// difference. It is not retried.
///
/// # What is written
///
/// A readable JSON file: JSON as JSON, text as text, other bytes as base64. The whitespace of a
/// JSON response is not kept. Before anything is written, these are replaced by `***`:
///
/// * headers: of a request only `content-type` is written, of a response only what the SDK reads,
///   with its request ids scrubbed. The host is not written;
/// * in URLs, the values of all query parameters that are not the API's own;
/// * in paths and JSON, every value with the name of a credential (`…key`, `…token`, `authorization`,
///   `password`, …), of an account (`project`, `organization`, `user`, `email`, `owned_by`, …)
///   or of a request id; signatures of signed URLs; the organization in the names of fine-tuned
///   models;
/// * the values of all these and the key that the client sent, if they have eight characters or
///   more, wherever else they occur: those of a request in it and in its response, those of a
///   response in it;
/// * the texts passed to [`scrub`](Self::scrub).
///
/// Prompts and completions are written as they are, with the secrets in them: JSON within a text
/// is text, and a secret that is split over several events is not found. Review the file before
/// you publish it. An exchange without a response is not recorded, nor is an incomplete last line
/// of a body that was cut or not read to its end.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # use mistral_sdk::testing::MockReply;
/// # let real_transport = mistral_sdk::testing::MockTransport::new().reply(MockReply::chat("Because."));
/// # let path = std::env::temp_dir().join(format!("cassette-{}.json", std::process::id()));
/// use mistral_sdk::testing::Cassette;
/// use mistral_sdk::{Client, MistralApi};
/// # use mistral_sdk::chat::ChatCompletionRequest;
/// # let question = ChatCompletionRequest::new("mistral-small-latest", "Why?");
///
/// // Once: around the transport that does the work.
/// let cassette = Cassette::record(&path, real_transport);
/// let client = Client::builder(MistralApi::new("a real key")?)
///     .transport(cassette.clone())
///     .build()?;
/// let answer = client.chat().complete(&question).await?;
/// cassette.save()?;
///
/// // From then on: without network, and without a real key.
/// let cassette = Cassette::replay(&path)?;
/// let client = Client::builder(MistralApi::new("any key")?)
///     .transport(cassette.clone())
///     .build()?;
/// assert_eq!(client.chat().complete(&question).await?, answer);
/// assert_eq!(cassette.remaining(), 0);
/// # std::fs::remove_file(path)?;
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct Cassette(Arc<Inner>);

struct Inner {
    path: PathBuf,
    /// The texts passed to `scrub`.
    named: Mutex<Vec<String>>,
    mode: CassetteMode,
}

enum CassetteMode {
    Record {
        transport: Box<dyn Transport>,
        exchanges: Mutex<Vec<Arc<Mutex<RecordedExchange>>>>,
    },
    Replay(Mutex<Vec<Recording>>),
}

impl Cassette {
    /// Creates a cassette that forwards requests to `transport` and records its responses. The
    /// body of a request is read into memory before it is sent.
    ///
    /// The file is written by [`save`](Self::save), and nothing before that.
    pub fn record(path: impl Into<PathBuf>, transport: impl Transport) -> Self {
        let mode = CassetteMode::Record {
            transport: Box::new(transport),
            exchanges: Mutex::default(),
        };
        Self::new(path.into(), mode)
    }

    /// Creates a cassette that replays the file. Reads the file at once, which blocks.
    ///
    /// # Errors
    /// Fails when the file is missing, cannot be read, or is not a cassette.
    pub fn replay(path: impl Into<PathBuf>) -> Result<Self> {
        let path = path.into();
        let recordings = Tape::read(&path).and_then(|tape| replay::recordings(&path, tape))?;
        Ok(Self::new(
            path,
            CassetteMode::Replay(Mutex::new(recordings)),
        ))
    }

    fn new(path: PathBuf, mode: CassetteMode) -> Self {
        Self(Arc::new(Inner {
            path,
            named: Mutex::default(),
            mode,
        }))
    }

    /// Scrubs this text as well, wherever it occurs: the name of a customer, for example.
    ///
    /// Pass the same text when replaying, or requests that contain it will not match. An empty text
    /// is ignored.
    ///
    /// ```
    /// # fn example(transport: mistral_sdk::testing::MockTransport) {
    /// use mistral_sdk::testing::Cassette;
    ///
    /// let cassette = Cassette::record("tests/cassettes/letter.json", transport).scrub("Jane Doe");
    /// # let _ = cassette;
    /// # }
    /// ```
    #[must_use]
    pub fn scrub(self, text: impl Into<String>) -> Self {
        let text = text.into();
        if !text.is_empty() {
            lock(&self.0.named).push(text);
        }
        self
    }

    /// Writes the recordings so far to the file, which it overwrites, and creates its directory if
    /// there is none. Blocks. Does nothing when replaying.
    ///
    /// Call it when all responses have been read: of a stream that is still being read, only what
    /// has been read is written.
    ///
    /// # Errors
    /// Fails when the file cannot be written.
    pub fn save(&self) -> Result<()> {
        let CassetteMode::Record { exchanges, .. } = &self.0.mode else {
            return Ok(());
        };
        let named = lock(&self.0.named).clone();
        let exchanges = lock(exchanges)
            .iter()
            .map(|exchange| lock(exchange).to_tape(&named))
            .collect();
        Tape::new(exchanges).write(&self.0.path)
    }

    /// Returns the number of recordings that have not been replayed. `0` when recording.
    pub fn remaining(&self) -> usize {
        match &self.0.mode {
            CassetteMode::Record { .. } => 0,
            CassetteMode::Replay(recordings) => {
                lock(recordings).iter().filter(|it| !it.used).count()
            }
        }
    }

    /// Returns the path of the file.
    pub fn path(&self) -> &Path {
        &self.0.path
    }
}

#[async_trait]
impl Transport for Cassette {
    async fn send(&self, request: Request<Body>) -> Result<Response<Body>, TransportError> {
        let (parts, body) = request.into_parts();
        let body = body.collect().await?;
        match &self.0.mode {
            CassetteMode::Replay(recordings) => {
                let named = lock(&self.0.named).clone();
                let (request, _) = record::request(&parts, &body, &named);
                replay::next_response(&self.0.path, &request, &mut lock(recordings))
            }
            CassetteMode::Record {
                transport,
                exchanges,
            } => {
                let sent = (parts.clone(), body.clone());
                let request = Request::from_parts(parts, body.into());
                let response = transport.send(request).await?;
                let (response, exchange) = record::record_body(sent, response);
                lock(exchanges).push(exchange);
                Ok(response)
            }
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Returns the error of a cassette that cannot be used, which names its file.
fn unusable(path: &Path, what: impl fmt::Display) -> Error {
    Error::config(format!("the cassette `{}` {what}", path.display()))
}

impl fmt::Debug for Cassette {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mode = match &self.0.mode {
            CassetteMode::Record { .. } => "record",
            CassetteMode::Replay(_) => "replay",
        };
        f.debug_struct("Cassette")
            .field("path", &self.0.path)
            .field("mode", &mode)
            .finish_non_exhaustive()
    }
}

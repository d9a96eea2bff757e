//! The one error type.

mod about;
mod api;
mod context_length;
mod decode;
mod failure;
mod hint;
mod kind;
mod line;
mod path;
mod transport;

use std::any::Any;
use std::borrow::Cow;
use std::error::Error as StdError;
use std::fmt::{self, Write};
use std::time::Duration;

use http::{HeaderMap, StatusCode};

#[cfg(feature = "testing")]
pub(crate) use self::api::REQUEST_ID_HEADERS;
pub(crate) use self::api::request_id;
pub use self::api::{ApiError, ErrorDetail};
pub(crate) use self::decode::{DecodeError, decode, locate};
pub use self::failure::ProviderFailure;
pub use self::kind::{ErrorKind, TimeoutPhase};
use self::line::OneLine;
pub(crate) use self::line::one_line;

use crate::transport::TransportErrorKind;

/// The result of everything in this SDK that can fail.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// How many characters of a code or an id go into an error's line.
const SHOWN: usize = 100;

type Source = Box<dyn StdError + Send + Sync>;

/// The one error type of the SDK.
///
/// Match on [`kind`](Self::kind), and ask the accessors for details. `{}` prints one line
/// for a person: the operation, what happened, and the ids that support asks for. `{:#}`
/// adds the chain of causes and the [`hint`](Self::hint). Neither ever shows a credential.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let emulator = mistral_emulator::Emulator::start()?;
/// # let client = mistral_sdk::Client::new(
/// #     mistral_sdk::MistralApi::new(emulator.api_key())?.base_url(emulator.url())?,
/// # )?;
/// use mistral_sdk::ErrorKind;
///
/// let error = client.models().retrieve("no-such-model").await.unwrap_err();
/// match error.kind() {
///     ErrorKind::NotFound => eprintln!("{error} (support id {:?})", error.request_id()),
///     ErrorKind::RateLimited => eprintln!("wait for {:?}", error.retry_after()),
///     _ if error.is_retryable() => eprintln!("gave up after {} attempts", error.attempts()),
///     _ => eprintln!("{error:#}"),
/// }
/// assert_eq!(error.kind(), ErrorKind::NotFound);
/// assert!(error.to_string().starts_with("models.retrieve: 404 Not Found"));
/// # Ok(()) }
/// ```
pub struct Error(Box<Inner>);

struct Inner {
    kind: ErrorKind,
    operation: Cow<'static, str>,
    message: String,
    attempts: u32,
    api: Option<ApiError>,
    phase: Option<TimeoutPhase>,
    transport: Option<TransportErrorKind>,
    request_id: Option<String>,
    partial: Option<Box<dyn Any + Send + Sync>>,
    failures: Vec<ProviderFailure>,
    source: Option<Source>,
}

impl Error {
    pub(crate) fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self(Box::new(Inner {
            kind,
            operation: Cow::Borrowed(""),
            message: message.into(),
            attempts: 0,
            api: None,
            phase: None,
            transport: None,
            request_id: None,
            partial: None,
            failures: Vec::new(),
            source: None,
        }))
    }

    /// An error of [`ErrorKind::Config`]: a setting or a request that cannot work.
    ///
    /// The message names the setting and the fix.
    pub fn config(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Config, message)
    }

    /// An error of [`ErrorKind::Unsupported`]: `provider` does not offer `operation`.
    pub fn unsupported(provider: &str, operation: &str) -> Self {
        Self::new(
            ErrorKind::Unsupported,
            format!("the provider `{provider}` does not offer {operation}"),
        )
    }

    /// An error of [`ErrorKind::Io`]: `what` could not be read or written.
    pub(crate) fn io(what: impl Into<String>, source: std::io::Error) -> Self {
        Self::new(ErrorKind::Io, what).with_source(source)
    }

    /// An error of [`ErrorKind::Credentials`], caused by `source`.
    pub fn credentials(source: impl Into<Source>) -> Self {
        Self::new(ErrorKind::Credentials, "could not obtain a credential").with_source(source)
    }

    pub(crate) fn api_error(error: ApiError) -> Self {
        let mut message = if error.status.is_success() {
            "the server reported an error".to_owned()
        } else {
            error.status.to_string()
        };
        if !error.message.is_empty() {
            message.push_str(": ");
            message.push_str(&error.message);
        }
        let mut this = Self::new(error.kind(), message);
        this.0.api = Some(error);
        this
    }

    pub(crate) fn timeout(phase: TimeoutPhase, after: Duration) -> Self {
        let message = match phase {
            TimeoutPhase::Connect => format!("no connection within {after:?}"),
            TimeoutPhase::FirstByte => format!("no response within {after:?}"),
            TimeoutPhase::Idle => format!("the response was silent for {after:?}"),
            TimeoutPhase::Total => format!("not finished within {after:?}"),
        };
        let mut this = Self::new(ErrorKind::Timeout, format!("{message} ({phase} time-out)"));
        this.0.phase = Some(phase);
        this
    }

    /// Adds the error that caused this one.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<Source>) -> Self {
        self.0.source = Some(source.into());
        self
    }

    #[must_use]
    pub(crate) fn with_partial(mut self, partial: Box<dyn Any + Send + Sync>) -> Self {
        self.0.partial = Some(partial);
        self
    }

    #[must_use]
    pub(crate) fn with_retry_after(mut self, delay: Option<Duration>) -> Self {
        if let Some(api) = &mut self.0.api {
            api.retry_after = delay;
        }
        self
    }

    pub(crate) fn with_request_id(mut self, id: Option<&str>) -> Self {
        self.0.request_id = id.map(str::to_owned);
        self
    }

    #[must_use]
    pub(crate) fn at(mut self, operation: impl Into<Cow<'static, str>>, attempts: u32) -> Self {
        self.0.operation = operation.into();
        self.0.attempts = attempts;
        self
    }

    /// The category to match on.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// The operation that failed, for example `chat.complete`. Empty outside of calls.
    pub fn operation(&self) -> &str {
        &self.0.operation
    }

    /// The message alone, without operation and ids.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// What the server said, if it answered: status, headers, whole body, parsed details.
    pub fn api(&self) -> Option<&ApiError> {
        self.0.api.as_ref()
    }

    /// The HTTP status, if the server answered.
    pub fn status(&self) -> Option<StatusCode> {
        Some(self.api()?.status)
    }

    /// The server's error code, for example `1500`, if it gave one.
    pub fn code(&self) -> Option<&str> {
        self.api()?.code.as_deref()
    }

    /// The server's id of the request, to be given to its support.
    pub fn request_id(&self) -> Option<&str> {
        self.api()
            .and_then(ApiError::request_id)
            .or(self.0.request_id.as_deref())
    }

    /// How long the server asked to wait before the next attempt.
    pub fn retry_after(&self) -> Option<Duration> {
        self.api()?.retry_after
    }

    /// How many attempts were made. `0` if nothing was sent.
    pub fn attempts(&self) -> u32 {
        self.0.attempts
    }

    /// The phase in which time ran out, for [`ErrorKind::Timeout`].
    pub fn timeout_phase(&self) -> Option<TimeoutPhase> {
        self.0.phase
    }

    /// What there was when the call failed: when a stream broke off, for example, a
    /// [`ChatCompletionResponse`](crate::api::chat::ChatCompletionResponse) merged from the chunks
    /// so far; when an answer was no value, the whole of it; of a run with tools, the
    /// [`ToolRun`](crate::tools::ToolRun) so far.
    pub fn partial<T: Any>(&self) -> Option<&T> {
        self.0.partial.as_deref()?.downcast_ref()
    }

    /// Whether the server refused the input because it has more tokens than fit: the
    /// model's context, or one request of embeddings.
    ///
    /// Told from status, code and words. It is `false` for rate limits, also those on
    /// tokens, and where there are merely too many inputs.
    ///
    /// ```
    /// # fn halve(_: &mut Vec<String>) {}
    /// # fn shorten(error: mistral_core::Error, history: &mut Vec<String>) {
    /// if error.is_context_length_exceeded() {
    ///     halve(history);
    /// }
    /// # }
    /// ```
    pub fn is_context_length_exceeded(&self) -> bool {
        self.api()
            .is_some_and(ApiError::says_context_length_exceeded)
    }

    /// What a person should try, where the server's words do not tell. One sentence in
    /// English; its wording may change.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let emulator = mistral_emulator::Emulator::start()?;
    /// # let client = mistral_sdk::Client::new(
    /// #     mistral_sdk::MistralApi::new("another key")?.base_url(emulator.url())?,
    /// # )?;
    /// let error = client.models().list().await.unwrap_err();
    /// let hint = error.hint().unwrap_or_default();
    /// assert!(hint.starts_with("check that the key belongs to this host"), "{error}");
    /// assert!(format!("{error:#}").ends_with(hint));
    /// # Ok(()) }
    /// ```
    pub fn hint(&self) -> Option<&'static str> {
        self.api()?.hint()
    }

    /// Whether the request surely never reached the server.
    pub(crate) fn is_not_sent(&self) -> bool {
        self.0
            .transport
            .is_some_and(TransportErrorKind::is_not_sent)
    }
}

impl From<ApiError> for Error {
    fn from(error: ApiError) -> Self {
        Self::api_error(error)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let inner = &self.0;
        let with_causes = f.alternate();
        let mut line = OneLine(f);
        if !inner.operation.is_empty() {
            write!(line, "{}: ", inner.operation)?;
        }
        line.write_str(&inner.message)?;
        let facts = [
            self.code().map(|code| format!("code {code:.SHOWN$}")),
            self.retry_after()
                .map(|wait| format!("retry after {wait:?}")),
            (inner.attempts > 1).then(|| format!("{} attempts", inner.attempts)),
            self.request_id()
                .map(|id| format!("request id {id:.SHOWN$}")),
        ];
        let facts: Vec<_> = facts.into_iter().flatten().collect();
        if !facts.is_empty() {
            write!(line, " ({})", facts.join(", "))?;
        }
        if with_causes {
            let mut source = StdError::source(self);
            while let Some(cause) = source {
                write!(line, ": {cause}")?;
                source = cause.source();
            }
            if let Some(hint) = self.hint() {
                write!(line, "; hint: {hint}")?;
            }
        }
        Ok(())
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let inner = &self.0;
        f.debug_struct("Error")
            .field("kind", &inner.kind)
            .field("operation", &inner.operation)
            .field("message", &inner.message)
            .field("attempts", &inner.attempts)
            .field("status", &self.status())
            .field("request_id", &self.request_id())
            .field("source", &inner.source)
            .finish_non_exhaustive()
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.source.as_deref().map(|source| source as _)
    }
}

/// Makes an error of a response body that is not what the operation documents.
pub(crate) fn unexpected(
    status: StatusCode,
    headers: HeaderMap,
    body: &[u8],
    cause: impl Into<Source>,
) -> Error {
    if ApiError::is_error_body(body) {
        return Error::api_error(ApiError::parse(status, headers, body));
    }
    let cause = one_line(&cause.into().to_string());
    let mut error = Error::new(
        ErrorKind::Decode,
        format!("the response is not what the API documents: {cause}"),
    );
    error.0.api = Some(ApiError::parse(status, headers, body));
    error
}

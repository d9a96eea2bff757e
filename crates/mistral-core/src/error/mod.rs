//! The error type of the SDK.

mod api;
mod arrival;
mod body;
mod construct;
mod decode;
mod delay;
mod display;
mod foreign;
mod hint;
mod input_size;
mod kind;
mod location;
mod mask;
#[cfg(feature = "schemars")]
mod narrow;
mod parse;
mod path;
mod repair;

use std::any::Any;
use std::borrow::Cow;
use std::error::Error as StdError;
use std::time::Duration;

use http::StatusCode;
use url::Url;

#[cfg(feature = "testing")]
pub(crate) use self::api::REQUEST_ID_HEADERS;
pub(crate) use self::api::request_id;
pub use self::api::{ApiError, ErrorDetail};
pub use self::construct::decode_value;
pub(crate) use self::construct::{empty_response, not_a_stream, unexpected};
pub(crate) use self::decode::{DecodeError, decode, locate, report_repair};
pub(crate) use self::delay::duration_of_seconds;
pub(crate) use self::display::one_line;
pub use self::kind::{ErrorKind, TimeoutPhase};
pub(crate) use self::repair::repaired;

use crate::transport::TransportErrorKind;

/// The result of every fallible operation of the SDK.
pub type Result<T, E = Error> = std::result::Result<T, E>;

type BoxError = Box<dyn StdError + Send + Sync>;

/// The error of every operation of the SDK.
///
/// Match on [`kind`](Self::kind); the other methods return details. No form prints a credential:
///
/// * `{}` is one line with the operation, the message, and the ids that support needs.
/// * `{:#}` is one line that adds the chain of causes and the [`hint`](Self::hint).
/// * `{:?}` has the message, every cause and the hint on lines of their own. It is what `main`
///   prints when it returns an error, and what `unwrap` prints.
/// * `{:#?}` is the structure, for debugging.
///
/// The text of a cause is not part of the message, so that printing the chain of
/// [sources](StdError::source) does not repeat it.
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

/// The failure of a provider that [`Failover`](crate::client::Failover) tried or skipped.
#[derive(Debug)]
#[non_exhaustive]
pub struct ProviderFailure {
    /// The provider's name, for example `api`.
    pub provider: &'static str,
    /// The error of the call to this provider. That of a provider that was skipped describes its last
    /// failure, and its [`retry_after`](Error::retry_after) is the rest of the pause.
    pub error: Error,
    /// Whether the provider was skipped because it had kept failing, so that nothing was sent; see
    /// [`Failover::skip_after`](crate::client::Failover::skip_after).
    pub is_skipped: bool,
}

struct Inner {
    kind: ErrorKind,
    operation: Cow<'static, str>,
    message: String,
    attempts: u32,
    api: Option<ApiError>,
    phase: Option<TimeoutPhase>,
    /// The duration after which `phase` ended.
    limit: Option<Duration>,
    transport: Option<TransportErrorKind>,
    url: Option<Url>,
    /// The advice of the provider.
    hint: Option<&'static str>,
    /// Whether the server may have received an earlier attempt of the same call.
    arrived_before: bool,
    /// Whether the call would have been retried if the retry quota of its client had allowed it.
    quota_exhausted: bool,
    request_id: Option<String>,
    partial: Option<Box<dyn Any + Send + Sync>>,
    /// The delay that a rate limiter of the program reported, or the rest of a failover's pause.
    retry_after: Option<Duration>,
    /// The provider that a failover tried last.
    provider: Option<&'static str>,
    failures: Vec<ProviderFailure>,
    source: Option<BoxError>,
    /// Whether the message is the text of `source`, whose own cause is the cause of this error.
    is_source_shown: bool,
    /// Whether the request was sent without credentials.
    is_anonymous: bool,
}

impl Error {
    /// Returns the category, to match on.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// Returns the operation that failed, for example `chat.complete`. Empty outside of calls.
    pub fn operation(&self) -> &str {
        &self.0.operation
    }

    /// Returns the SDK's message: the text of `{}` without the operation, and without the code,
    /// the number of attempts and the ids in parentheses.
    ///
    /// If the server responded with an error, it is the status and the server's message, for
    /// example `422 Unprocessable Entity: body.temperature: too hot`. For the latter alone, use
    /// [`server_message`](Self::server_message).
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// Returns the server's own words in one line, without status, code and ids. `None` if the
    /// server did not respond with an error, or without a message.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let emulator = mistral_emulator::Emulator::start()?;
    /// # let client = mistral_sdk::Client::new(
    /// #     mistral_sdk::MistralApi::new("another key")?.base_url(emulator.url())?,
    /// # )?;
    /// let error = client.models().list().await.unwrap_err();
    /// assert_eq!(error.message(), "401 Unauthorized: Invalid API Key");
    /// assert_eq!(error.server_message(), Some("Invalid API Key"));
    /// # Ok(()) }
    /// ```
    pub fn server_message(&self) -> Option<&str> {
        let is_response = matches!(self.0.kind, ErrorKind::Decode | ErrorKind::Truncated);
        let api = self.api().filter(|_| !is_response)?;
        Some(&*api.message).filter(|message| !message.is_empty())
    }

    /// Returns the server's error response, if there is one: status, headers, body and parsed
    /// details.
    pub fn api(&self) -> Option<&ApiError> {
        self.0.api.as_ref()
    }

    /// Returns the HTTP status, if the server responded.
    pub fn status(&self) -> Option<StatusCode> {
        Some(self.api()?.status)
    }

    /// Returns the server's error code, for example `1500`, if the response contains one.
    pub fn code(&self) -> Option<&str> {
        self.api()?.code.as_deref()
    }

    /// Returns the server's id of the request, for its support.
    pub fn request_id(&self) -> Option<&str> {
        self.api()
            .and_then(ApiError::request_id)
            .or(self.0.request_id.as_deref())
    }

    /// Returns the number of attempts. `0` if nothing was sent.
    pub fn attempts(&self) -> u32 {
        self.0.attempts
    }

    /// Returns the phase whose timeout expired, for [`ErrorKind::Timeout`].
    pub fn timeout_phase(&self) -> Option<TimeoutPhase> {
        self.0.phase
    }

    /// Returns the partial result of the call that failed, if it is a `T`.
    ///
    /// * Of a stream of completion chunks: a
    ///   [`ChatCompletionResponse`](crate::api::chat::ChatCompletionResponse), merged from the
    ///   chunks received.
    /// * Of a completion whose content could not be parsed: the whole completion.
    /// * Of a run with tools: the [`ToolRun`](crate::tools::ToolRun) up to the failure.
    pub fn partial<T: Any>(&self) -> Option<&T> {
        self.0.partial.as_deref()?.downcast_ref()
    }

    /// Returns the name of the provider that this error is from, for example `azure`. `None` outside
    /// of a [`Failover`](crate::client::Failover).
    pub fn provider(&self) -> Option<&'static str> {
        self.0.provider
    }

    /// Whether a [`RateLimiter`](crate::rate_limit::RateLimiter) of this program limited the call,
    /// and not the server with a 429. Nothing was sent, and the server has capacity left.
    ///
    /// ```
    /// use mistral_sdk::client::Failover;
    ///
    /// // Our own limit applies to all providers together: no other one is tried.
    /// let failover = Failover::new([]).on_error(|error| {
    ///     Failover::KINDS.contains(&error.kind()) && !error.is_local_rate_limit()
    /// });
    /// # let _ = failover;
    /// ```
    pub fn is_local_rate_limit(&self) -> bool {
        self.0.transport == Some(TransportErrorKind::RateLimited)
    }

    /// Whether the call was not retried because the
    /// [`retry_quota`](crate::ClientBuilder::retry_quota) of its client is exhausted: many calls have
    /// failed lately. `{}` mentions it as well.
    pub fn is_retry_quota_exhausted(&self) -> bool {
        self.0.quota_exhausted
    }

    /// Returns the failures of the other providers, which were tried before the one that this error
    /// is from or skipped, in the order of their clients. Empty unless
    /// [`Failover`](crate::client::Failover) tried or skipped several.
    ///
    /// [`message`](Self::message) is of the last error alone. `{:#}` prints those of all.
    pub fn failures(&self) -> &[ProviderFailure] {
        &self.0.failures
    }

    /// Whether the server rejected the input because it exceeds the model's context length, or
    /// the token limit of an embedding request.
    ///
    /// Determined from the status, the code and the message. `false` for rate limits, including
    /// those on tokens, and for too many inputs.
    ///
    /// ```
    /// # fn halve(_: &mut Vec<String>) {}
    /// # fn shorten(error: mistral_sdk::Error, history: &mut Vec<String>) {
    /// if error.is_context_length_exceeded() {
    ///     halve(history);
    /// }
    /// # }
    /// ```
    pub fn is_context_length_exceeded(&self) -> bool {
        self.api().is_some_and(ApiError::is_context_length_exceeded)
    }

    /// Returns advice for known errors whose message does not tell how to fix them: one sentence
    /// in English. Its wording is not stable.
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
        let api = self.api()?;
        let is_keyless = self.0.is_anonymous && api.status == StatusCode::UNAUTHORIZED;
        self.0
            .hint
            .or(is_keyless.then_some(hint::NO_KEY))
            .or_else(|| api.hint())
            .or_else(|| self.url_hint())
    }

    /// Returns the delay that a rate limiter or a failover of the program reported.
    pub(crate) fn local_retry_after(&self) -> Option<Duration> {
        self.0.retry_after
    }

    /// Whether the request certainly did not reach the server.
    pub(crate) fn is_not_sent(&self) -> bool {
        self.0
            .transport
            .is_some_and(TransportErrorKind::is_not_sent)
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        let source = self.0.source.as_deref()?;
        if self.0.is_source_shown {
            return source.source();
        }
        Some(source)
    }
}

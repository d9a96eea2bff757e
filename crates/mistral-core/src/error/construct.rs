//! The constructors of [`Error`] and the conversions into it.

use std::any::Any;
use std::borrow::Cow;
use std::fmt::Display;
use std::time::Duration;

use http::{HeaderMap, StatusCode};
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::decode::locate;
use super::display::one_line;
use super::foreign::describe_foreign;
use super::location::timeout_message;
use super::{ApiError, BoxError, Error, ErrorKind, Inner, ProviderFailure, TimeoutPhase};
use crate::transport::{TransportError, TransportErrorKind};

impl Error {
    pub(crate) fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self(Box::new(Inner {
            kind,
            operation: Cow::Borrowed(""),
            message: message.into(),
            attempts: 0,
            api: None,
            phase: None,
            limit: None,
            transport: None,
            url: None,
            hint: None,
            arrived_before: false,
            quota_exhausted: false,
            request_id: None,
            partial: None,
            retry_after: None,
            provider: None,
            failures: Vec::new(),
            source: None,
            is_source_shown: false,
            is_anonymous: false,
        }))
    }

    /// Records that the request was sent without credentials.
    #[must_use]
    pub(crate) fn without_credentials(mut self) -> Self {
        self.0.is_anonymous = true;
        self
    }

    /// Creates an error of [`ErrorKind::Config`] for an invalid setting or request.
    ///
    /// The message should name the setting and the fix.
    pub fn config(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Config, message)
    }

    /// Creates an error of [`ErrorKind::Unsupported`]: `provider` does not offer `operation`.
    pub fn unsupported(provider: &str, operation: &str) -> Self {
        Self::new(
            ErrorKind::Unsupported,
            format!("the provider `{provider}` does not offer {operation}"),
        )
    }

    /// Creates an error of [`ErrorKind::Io`], caused by `source`, or that of a transport which
    /// `source` holds: no runtime is not an error of the file.
    pub(crate) fn io(message: impl Into<String>, source: std::io::Error) -> Self {
        match source.downcast::<TransportError>() {
            Ok(error) => error.into(),
            Err(source) => Self::new(ErrorKind::Io, message).with_source(source),
        }
    }

    /// Creates an error of [`ErrorKind::Credentials`], caused by `source`.
    pub fn credentials(source: impl Into<BoxError>) -> Self {
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
        let mut this = Self::new(ErrorKind::Timeout, timeout_message(phase, after, None));
        this.0.phase = Some(phase);
        this.0.limit = Some(after);
        this
    }

    /// Sets the error that caused this one. Its text should not be part of the message as well.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<BoxError>) -> Self {
        self.0.source = Some(source.into());
        self.0.is_source_shown = false;
        self
    }

    #[must_use]
    pub(crate) fn with_partial(mut self, partial: Box<dyn Any + Send + Sync>) -> Self {
        self.0.partial = Some(partial);
        self
    }

    #[must_use]
    pub(crate) fn with_request_id(mut self, id: Option<&str>) -> Self {
        self.0.request_id = id.map(str::to_owned);
        self
    }

    /// Sets the advice of the provider, which takes precedence over that of the SDK.
    #[must_use]
    pub(crate) fn with_hint(mut self, hint: Option<&'static str>) -> Self {
        self.0.hint = hint;
        self
    }

    #[must_use]
    pub(crate) fn at(mut self, operation: impl Into<Cow<'static, str>>, attempts: u32) -> Self {
        self.0.operation = operation.into();
        self.0.attempts = attempts;
        self
    }

    /// Prefixes the message with the part of the operation that the error is about.
    #[must_use]
    pub(crate) fn with_context(mut self, context: impl Display) -> Self {
        self.0.message = format!("{context}: {}", self.0.message);
        self
    }

    /// Sets the delay after which the call may be tried again.
    #[must_use]
    pub(crate) fn with_retry_after(mut self, delay: Duration) -> Self {
        self.0.retry_after = Some(delay);
        self
    }

    /// Records that the retry quota of the client does not allow a retry of the call.
    #[must_use]
    pub(crate) fn with_exhausted_quota(mut self) -> Self {
        self.0.quota_exhausted = true;
        self
    }

    /// Adds the failures of the providers that were tried before `provider`.
    pub(crate) fn with_failures(
        mut self,
        failures: Vec<ProviderFailure>,
        provider: &'static str,
    ) -> Self {
        self.0.provider = Some(provider);
        self.0.failures = failures;
        self
    }
}

impl From<ApiError> for Error {
    fn from(error: ApiError) -> Self {
        Self::api_error(error)
    }
}

impl From<TransportError> for Error {
    fn from(error: TransportError) -> Self {
        let (kind, phase) = match error.kind() {
            TransportErrorKind::ConnectTimeout => (ErrorKind::Timeout, Some(TimeoutPhase::Connect)),
            TransportErrorKind::Timeout => (ErrorKind::Timeout, None),
            TransportErrorKind::RequestBody => (ErrorKind::Io, None),
            TransportErrorKind::TooLarge => (ErrorKind::TooLarge, None),
            TransportErrorKind::Config => (ErrorKind::Config, None),
            TransportErrorKind::RateLimited => (ErrorKind::RateLimited, None),
            TransportErrorKind::Decode => (ErrorKind::Decode, None),
            _ => (ErrorKind::Connection, None),
        };
        let transport = error.kind();
        // The cause of these names the file or the setting, and the fix: it is the message. hyper's
        // outermost error tells no more than the kind.
        let is_source_shown = matches!(
            transport,
            TransportErrorKind::RequestBody
                | TransportErrorKind::Config
                | TransportErrorKind::RateLimited
                | TransportErrorKind::Decode
        );
        let retry_after = error.retry_after();
        let source = error.into_source();
        let text = source.to_string();
        let is_empty_wrapper = text.starts_with("client error (") && source.source().is_some();
        let message = if is_source_shown {
            text
        } else {
            transport.text(None)
        };
        let mut this = Self::new(kind, message).with_source(source);
        this.0.is_source_shown = is_source_shown || is_empty_wrapper;
        this.0.transport = Some(transport);
        this.0.retry_after = retry_after;
        this.0.phase = phase;
        this
    }
}

/// Creates the error for a body that could not be decoded: the server's error, if the body is
/// one, otherwise an error of [`ErrorKind::Decode`].
pub(crate) fn unexpected(
    status: StatusCode,
    headers: HeaderMap,
    body: &[u8],
    cause: impl Into<BoxError>,
) -> Error {
    if ApiError::is_error_body(body) {
        return Error::api_error(ApiError::parse(status, headers, body));
    }
    let cause = match describe_foreign(body) {
        Some(found) => format!("expected JSON, but {found}"),
        None => one_line(&cause.into().to_string()),
    };
    undocumented(status, headers, body, &cause)
}

/// Decodes a JSON value that is part of a response, for example the result that a program of the
/// user has returned. `name` is the place of the value in the response.
///
/// # Errors
/// Fails with [`ErrorKind::Decode`] if the value does not fit `T`. The message has the path.
///
/// ```
/// use mistral_sdk::operation::decode_value;
/// use serde_json::json;
///
/// let error = decode_value::<Vec<u32>>("result", &json!([1, "two"])).unwrap_err();
/// assert!(error.to_string().contains("result[1]"), "{error}");
/// ```
pub fn decode_value<T: DeserializeOwned>(name: &str, value: &Value) -> super::Result<T> {
    let text = value.to_string();
    serde_json::from_str(&text).map_err(|cause| {
        let (path, cause) = locate(text.as_bytes(), cause).into_parts();
        let place = match path.as_str() {
            "" => name.to_owned(),
            path if path.starts_with('[') => format!("{name}{path}"),
            path => format!("{name}.{path}"),
        };
        Error::new(
            ErrorKind::Decode,
            format!("the value does not have the expected type: `{place}`: {cause}"),
        )
    })
}

/// Creates the error for a body in place of a stream of events, which `found` describes: the
/// server's error, if the body is one, otherwise an error of [`ErrorKind::Decode`].
#[cold]
pub(crate) fn not_a_stream(
    status: StatusCode,
    headers: HeaderMap,
    body: &[u8],
    found: &str,
) -> Error {
    if ApiError::is_error_body(body) {
        return Error::api_error(ApiError::parse(status, headers, body));
    }
    let mut cause = format!("expected a stream of events, but {found}");
    if let Some(words) = describe_foreign(body) {
        cause.push_str(", and ");
        cause.push_str(&words);
    }
    undocumented(status, headers, body, &one_line(&cause))
}

fn undocumented(status: StatusCode, headers: HeaderMap, body: &[u8], cause: &str) -> Error {
    let mut error = Error::new(
        ErrorKind::Decode,
        format!("the response is not what the API documents: {cause}"),
    );
    error.0.api = Some(ApiError::parse(status, headers, body));
    error
}

/// Creates the error for a success whose body says nothing, such as `null`. The same call may
/// succeed later.
#[cold]
pub(crate) fn empty_response(status: StatusCode, headers: HeaderMap, body: &[u8]) -> Error {
    let body_text = String::from_utf8_lossy(body);
    let message = match body_text.trim() {
        "" => "the response is empty".to_owned(),
        text => format!("the response is empty: its body is `{}`", one_line(text)),
    };
    let mut error = Error::new(ErrorKind::Truncated, message);
    error.0.api = Some(ApiError::parse(status, headers, body));
    error
}

//! The constructors of [`Error`] and the conversions into it.

use std::any::Any;
use std::borrow::Cow;
use std::fmt::Display;
use std::time::Duration;

use http::{HeaderMap, StatusCode};

use super::display::one_line;
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
            transport: None,
            request_id: None,
            partial: None,
            retry_after: None,
            provider: None,
            failures: Vec::new(),
            source: None,
        }))
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

    /// Creates an error of [`ErrorKind::Io`], caused by `source`.
    pub(crate) fn io(message: impl Into<String>, source: std::io::Error) -> Self {
        Self::new(ErrorKind::Io, message).with_source(source)
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
        let message = match phase {
            TimeoutPhase::Connect => format!("no connection within {after:?}"),
            TimeoutPhase::FirstByte => format!("no response within {after:?}"),
            TimeoutPhase::Idle => format!("no data received for {after:?}"),
            TimeoutPhase::Total => format!("not finished within {after:?}"),
        };
        let mut this = Self::new(ErrorKind::Timeout, format!("{message} ({phase} timeout)"));
        this.0.phase = Some(phase);
        this
    }

    /// Sets the error that caused this one.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<BoxError>) -> Self {
        self.0.source = Some(source.into());
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
            _ => (ErrorKind::Connection, None),
        };
        let message = match error.kind() {
            // Their source names the file or the setting, and the fix.
            TransportErrorKind::RequestBody
            | TransportErrorKind::Config
            | TransportErrorKind::RateLimited => error.source_text(),
            _ => error.to_string(),
        };
        let mut this = Self::new(kind, message);
        this.0.transport = Some(error.kind());
        this.0.retry_after = error.retry_after();
        this.0.phase = phase;
        match error.kind() {
            // The message already is the whole text of the source.
            TransportErrorKind::Config | TransportErrorKind::RateLimited => this,
            // The message already is the text of `error` itself.
            _ => this.with_source(error.into_source()),
        }
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
    let cause = one_line(&cause.into().to_string());
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
        text => format!("the response is empty: its body is `{text}`"),
    };
    let mut error = Error::new(ErrorKind::Truncated, message);
    error.0.api = Some(ApiError::parse(status, headers, body));
    error
}

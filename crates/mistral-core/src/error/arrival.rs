//! Whether a failed request may have been processed.

use super::{Error, ErrorKind, TimeoutPhase};
use crate::transport::TransportErrorKind;

impl Error {
    /// Whether the server may have received a request of this call and processed it, so that it may
    /// have been billed, and its effects may have occurred.
    ///
    /// | failure | returns |
    /// | --- | --- |
    /// | nothing was sent: an invalid setting, no credential, a rate limiter, no connection | `false` |
    /// | the connection broke, or a timeout expired, after the request was sent | `true` |
    /// | the server rejected the request: 3xx, 4xx | `false`, except for 408 |
    /// | the server failed: 5xx | `true` |
    /// | the response is a success that cannot be decoded, was cut off, or is too large | `true` |
    ///
    /// Earlier attempts of the call count as well, and with [`Failover`](crate::client::Failover)
    /// those at earlier providers.
    ///
    /// It differs from [`is_retryable`](Self::is_retryable), which reports whether the same call may
    /// succeed later, at whatever cost. A call that `is_retryable` and for which this is `false` can
    /// be repeated without risk.
    ///
    /// ```
    /// # async fn pay(client: mistral_sdk::Client, request: mistral_sdk::chat::ChatCompletionRequest) {
    /// if let Err(error) = client.chat().complete(&request).await {
    ///     if error.may_have_arrived() {
    ///         eprintln!("may appear on the bill: {error}");
    ///     } else if error.is_retryable() {
    ///         eprintln!("put back into the queue: {error}");
    ///     }
    /// }
    /// # }
    /// ```
    pub fn may_have_arrived(&self) -> bool {
        let mut earlier = self.failures().iter();
        self.0.arrived_before
            || self.last_may_have_arrived()
            || earlier.any(|failure| failure.error.may_have_arrived())
    }

    /// Records whether an earlier attempt of the call may have been received.
    #[must_use]
    pub(crate) fn with_earlier_arrival(mut self, arrived: bool) -> Self {
        self.0.arrived_before |= arrived;
        self
    }

    fn last_may_have_arrived(&self) -> bool {
        if let Some(status) = self.status() {
            return status.is_success() || status.is_server_error() || status == 408;
        }
        if let Some(kind) = self.0.transport {
            return may_have_arrived(kind);
        }
        let is_before_sending = matches!(
            self.0.kind,
            ErrorKind::Config | ErrorKind::Unsupported | ErrorKind::Credentials
        );
        let is_connecting = self.0.phase == Some(TimeoutPhase::Connect);
        self.0.attempts > 0 && !is_before_sending && !is_connecting
    }
}

/// Whether the server may have received the whole request after a failure of this kind.
fn may_have_arrived(kind: TransportErrorKind) -> bool {
    match kind {
        TransportErrorKind::Timeout
        | TransportErrorKind::Interrupted
        | TransportErrorKind::TooLarge
        | TransportErrorKind::Decode
        | TransportErrorKind::Other => true,
        TransportErrorKind::Connect
        | TransportErrorKind::ConnectTimeout
        | TransportErrorKind::NotSent
        | TransportErrorKind::RequestBody
        | TransportErrorKind::Config
        | TransportErrorKind::RateLimited => false,
    }
}

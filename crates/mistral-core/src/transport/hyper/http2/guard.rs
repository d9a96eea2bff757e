//! The place of an exchange on its connection.

use std::io;
use std::sync::Arc;

use tokio::time::Instant;

use super::super::classify::is_unprocessed_stream;
use super::super::pool::Lease;
use super::Http2Connection;
use crate::transport::{TransportError, TransportErrorKind};

/// Ends an exchange, once the response was read or the exchange is dropped.
pub(super) struct ExchangeGuard {
    connection: Arc<Http2Connection>,
    deadline: Option<Instant>,
    /// The numbers of reads and writes before the request was handed over.
    reads: usize,
    writes: usize,
    has_head: bool,
    lease: Lease,
}

impl ExchangeGuard {
    pub(super) fn new(
        connection: Arc<Http2Connection>,
        lease: Lease,
        deadline: Option<Instant>,
    ) -> Self {
        Self {
            reads: connection.activity.reads(),
            writes: connection.activity.writes(),
            connection,
            deadline,
            has_head: false,
            lease,
        }
    }

    /// Records that the head of the response has arrived.
    pub(super) fn head_received(&mut self) {
        self.has_head = true;
    }

    /// Converts an error of sending the request or receiving the head of the response.
    #[cold]
    pub(super) fn error(&self, error: h2::Error) -> TransportError {
        let activity = &self.connection.activity;
        if is_unprocessed_stream(&error) || activity.writes() == self.writes {
            return TransportError::new(TransportErrorKind::NotSent, error);
        }
        self.response_error(error)
    }

    /// Converts an error of receiving the response.
    #[cold]
    pub(super) fn response_error(&self, error: h2::Error) -> TransportError {
        if self.connection.activity.is_unresponsive() {
            let timeout = self.connection.settings.ping_timeout;
            let message =
                format!("the server did not respond to an HTTP/2 ping within {timeout:?}");
            return TransportError::new(TransportErrorKind::Interrupted, message);
        }
        let timed_out = |error: &io::Error| error.kind() == io::ErrorKind::TimedOut;
        let kind = match error.get_io().is_some_and(timed_out) {
            true => TransportErrorKind::Timeout,
            false => TransportErrorKind::Interrupted,
        };
        TransportError::new(kind, error)
    }

    /// Closes a connection that seems dead: nothing at all has arrived on it until the deadline. The
    /// pings detect that later, and end the other exchanges on it.
    #[cold]
    fn no_response(&self) {
        let is_late = self
            .deadline
            .is_some_and(|deadline| deadline <= Instant::now());
        if is_late && self.connection.activity.reads() == self.reads {
            self.connection.close();
            self.lease.state().retire();
        }
    }
}

impl Drop for ExchangeGuard {
    fn drop(&mut self) {
        if !self.has_head {
            self.no_response();
        }
        self.connection.leave();
    }
}

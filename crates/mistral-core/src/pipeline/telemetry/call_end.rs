//! The report of a call that has ended.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use http::StatusCode;

use super::error_type;
use crate::error::Error;
use crate::messages::UsageInfo;

/// A call that has ended; see [`ClientBuilder::on_call_end`](crate::ClientBuilder::on_call_end).
///
/// It has no text of the request or the response, and no credential. `outcome` has the error, whose
/// message may repeat a part of the request.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct CallEnd<'a> {
    /// The operation, for example `chat.complete`.
    pub operation: &'a str,
    /// The value of OpenTelemetry's `gen_ai.operation.name`, for example `chat`. The same as
    /// `operation` where the conventions define none.
    pub gen_ai_operation: &'a str,
    /// The name of the provider, for example `api`.
    pub provider: &'static str,
    /// The value of OpenTelemetry's `gen_ai.provider.name`, for example `mistral_ai`.
    pub gen_ai_provider: &'static str,
    /// The model of the request, if it names one.
    pub request_model: Option<&'a str>,
    /// The model of the response, if it names one.
    pub response_model: Option<&'a str>,
    /// The host that the first attempt was sent to, if it is known.
    pub server_address: Option<&'a str>,
    /// The port of the host.
    pub server_port: Option<u16>,
    /// Whether the response is a stream of events or a download.
    pub is_stream: bool,
    /// Whether the call completed, failed or was cancelled.
    pub outcome: CallOutcome<'a>,
    /// The HTTP status of the last response, if there was one.
    pub status: Option<StatusCode>,
    /// The server's id of the request.
    pub request_id: Option<&'a str>,
    /// The number of attempts. `0` if nothing was sent, or if the call was cancelled before its
    /// response.
    pub attempts: u32,
    /// The token usage, if the response reports it. Of a stream that failed or was cancelled: what
    /// had arrived by then, which is usually nothing.
    pub usage: Option<&'a UsageInfo>,
    /// The time when the call was sent.
    pub started: SystemTime,
    /// The time from the start of the call to the first event of its stream.
    pub time_to_first_chunk: Option<Duration>,
    /// The time from the start of the call to its end. It includes retries, the waits of a rate
    /// limiter and, of a stream, the time that the program takes between two reads.
    pub duration: Duration,
}

impl CallEnd<'_> {
    /// Returns the value of OpenTelemetry's `error.type`, for example `rate_limited`, or `cancelled`
    /// for a call that was cancelled. `None` if the call completed.
    pub fn error_type(&self) -> Option<&'static str> {
        match self.outcome {
            CallOutcome::Completed => None,
            CallOutcome::Failed(error) => Some(error_type(error.kind())),
            CallOutcome::Cancelled => Some("cancelled"),
        }
    }
}

/// The outcome of a call.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub enum CallOutcome<'a> {
    /// The whole response has been read.
    Completed,
    /// The call or its stream failed.
    Failed(&'a Error),
    /// The call was dropped before its response, or its stream before the end.
    Cancelled,
}

type Listener = dyn Fn(&CallEnd<'_>) + Send + Sync;

/// The listener of a client for ended calls, if it has one.
#[derive(Clone, Default)]
pub(crate) struct OnCallEnd(Option<Arc<Listener>>);

impl OnCallEnd {
    pub(crate) fn new(listener: impl Fn(&CallEnd<'_>) + Send + Sync + 'static) -> Self {
        Self(Some(Arc::new(listener)))
    }

    pub(super) fn is_set(&self) -> bool {
        self.0.is_some()
    }

    pub(super) fn notify(&self, call: &CallEnd<'_>) {
        if let Some(listener) = &self.0 {
            listener(call);
        }
    }
}

impl fmt::Debug for OnCallEnd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() { "Some(..)" } else { "None" })
    }
}

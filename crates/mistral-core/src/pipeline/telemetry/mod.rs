//! The span of a call, by OpenTelemetry's conventions for generative AI, and the report of its end.

mod call_end;
mod content;
mod fields;
mod hooks;
#[cfg(feature = "opentelemetry")]
mod metrics;
mod report;
mod request;
mod response;
mod runs;

use std::cell::LazyCell;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;
use tracing::Span;
use tracing::field::Empty;

pub(crate) use self::call_end::OnCallEnd;
pub use self::call_end::{CallEnd, CallOutcome};
pub(super) use self::fields::pick_fields;
use self::hooks::Content;
pub(crate) use self::hooks::{CaptureContent, Propagate};
#[cfg(feature = "opentelemetry")]
pub use self::metrics::GenAiMetrics;
use self::report::Report;
use self::request::SpanStart;
use self::response::{FIELDS, ResponseAttributes};
pub(crate) use self::runs::{RunStart, RunTrace, ToolTrace};
use crate::error::{Error, ErrorKind, Result, decode};
use crate::pipeline::classify::RawResponse;
use crate::pipeline::request::RequestParts;
use crate::pipeline::route_cache::ResolvedRoute;
use crate::provider::Provider;
use crate::provider::RetrySafety;
use crate::transport::Body;

/// The number of characters of a server's error code that a span shows.
const MAX_CODE_LENGTH: usize = 100;

/// The span of a call, for an interested subscriber, and its report, for a listener. Both end when
/// this is dropped.
#[derive(Debug)]
pub(crate) struct Trace {
    span: Span,
    started: Instant,
    /// Whether the operation runs a model.
    is_inference: bool,
    capture: CaptureContent,
    /// The time from the start to the first event of a stream.
    first_event: Option<Duration>,
    /// Whether the call has ended in a response or an error.
    has_ended: bool,
    /// The report, until it is sent.
    report: Mutex<Option<Report>>,
}

impl Trace {
    /// Opens the span of a call, unless tracing is disabled and the client has no listener.
    pub(crate) fn open(
        provider: &dyn Provider,
        request: &RequestParts,
        capture: &CaptureContent,
        listener: &OnCallEnd,
        route: impl Fn() -> Option<Arc<ResolvedRoute>>,
    ) -> Option<Box<Self>> {
        let span = span(provider, request, || {
            SpanStart::new(request, route().as_deref(), capture)
        });
        if span.is_disabled() && !listener.is_set() {
            return None;
        }
        let report = listener
            .is_set()
            .then(|| Report::new(listener, provider, request, route().as_deref()));
        Some(Box::new(Self {
            span,
            started: Instant::now(),
            is_inference: request.operation.retry_safety == RetrySafety::Billable,
            capture: capture.clone(),
            first_event: None,
            has_ended: false,
            report: Mutex::new(report),
        }))
    }

    pub(crate) fn span(&self) -> &Span {
        &self.span
    }

    /// Records the outcome of the call, and adds itself to the response, whose body may end later.
    #[cold] // tracing is usually disabled
    pub(crate) fn ended(mut self: Box<Self>, outcome: Result<RawResponse>) -> Result<RawResponse> {
        match outcome {
            Ok(mut response) => {
                self.responded(&response.response, response.attempts);
                response.trace = Some(self);
                Ok(response)
            }
            Err(error) => {
                self.gave_up(&error);
                Err(error)
            }
        }
    }

    /// Records the response: its head and, unless it is streamed, its content.
    fn responded(&mut self, response: &http::Response<Body>, attempts: u32) {
        self.has_ended = true;
        self.head(
            Some(response.status()),
            crate::error::request_id(response.headers()),
            attempts,
        );
        if let Some(report) = self.report_mut() {
            report.responded(response.status(), response.headers(), attempts);
        }
        if !self.is_inference {
            return;
        }
        let Some(json) = response.body().bytes() else {
            return;
        };
        if let Some(report) = self.report_mut() {
            report.add_json(json);
        }
        if self.span.is_disabled() {
            return;
        }
        if let Ok(fields) = pick_fields(json, FIELDS) {
            self.record(&ResponseAttributes(&fields));
        }
        if self.capture.is_on()
            && let Ok(response) = decode(json)
        {
            self.output(&response);
        }
    }

    /// Records that the call failed without a response.
    fn gave_up(&mut self, error: &Error) {
        self.has_ended = true;
        self.head(error.status(), error.request_id(), error.attempts());
        self.failed(error);
    }

    /// Records an error of the call, of its response or within its stream.
    pub(crate) fn failed(&self, error: &Error) {
        self.span.record("error.type", error_type(error.kind()));
        self.span.record("otel.status_code", "ERROR");
        let description = describe(error);
        self.span
            .record("otel.status_description", description.as_str());
        self.send_report(CallOutcome::Failed(error));
    }

    /// Records the time of the first event of a stream.
    #[inline(never)] // tracing is usually disabled
    pub(crate) fn event(&mut self) {
        if self.first_event.is_none() {
            let time = self.started.elapsed();
            self.first_event = Some(time);
            self.span
                .record("gen_ai.response.time_to_first_chunk", time.as_secs_f64());
        }
    }

    /// Ends the span of a stream, whose merged response is `response`.
    pub(crate) fn end(mut self, response: Option<serde_json::Value>, outcome: CallOutcome<'_>) {
        let has_events = self.is_inference && self.first_event.is_some();
        if let Some(response) = response.filter(|_| has_events) {
            if let Some(fields) = response.as_object() {
                let attributes = ResponseAttributes(fields);
                self.record(&attributes);
                if let Some(report) = self.report_mut() {
                    report.add(&attributes);
                }
            }
            if self.capture.is_on() {
                self.output(&response);
            }
        }
        match outcome {
            CallOutcome::Failed(error) => self.failed(error),
            outcome => self.send_report(outcome),
        }
    }

    fn report_mut(&mut self) -> Option<&mut Report> {
        let report = self.report.get_mut();
        report.unwrap_or_else(PoisonError::into_inner).as_mut()
    }

    /// Sends the report, unless it has been sent.
    fn send_report(&self, outcome: CallOutcome<'_>) {
        let report = self.report.lock();
        let report = report.unwrap_or_else(PoisonError::into_inner).take();
        if let Some(report) = report {
            let duration = self.started.elapsed();
            let send = || report.send(outcome, duration, self.first_event);
            self.span.in_scope(send);
        }
    }

    fn head(&self, status: Option<http::StatusCode>, request_id: Option<&str>, attempts: u32) {
        let span = &self.span;
        let status = status.map(|status| i64::from(status.as_u16()));
        span.record("http.response.status_code", status);
        span.record("mistral.request_id", request_id);
        span.record("mistral.attempts", i64::from(attempts));
    }

    fn record(&self, attributes: &ResponseAttributes<'_>) {
        let span = &self.span;
        span.record("gen_ai.response.id", attributes.id());
        span.record("gen_ai.response.model", attributes.model());
        if let Some(reasons) = attributes.finish_reasons() {
            span.record("gen_ai.response.finish_reasons", reasons.as_str());
        }
        if let Some(usage) = attributes.usage() {
            span.record("gen_ai.usage.input_tokens", usage.prompt_tokens);
            span.record("gen_ai.usage.output_tokens", usage.completion_tokens);
            let cached = usage.cached_tokens();
            span.record("gen_ai.usage.cache_read.input_tokens", cached);
        }
    }

    fn output(&self, response: &serde_json::Value) {
        if let Some(messages) = self.capture.text(Content::Response(response)) {
            self.span
                .record("gen_ai.output.messages", messages.as_str());
        }
    }
}

impl Drop for Trace {
    fn drop(&mut self) {
        if !self.has_ended {
            self.span.record("error.type", "cancelled");
        }
        let is_stream = self.report_mut().is_some_and(|report| report.is_stream());
        self.send_report(if self.has_ended && !is_stream {
            CallOutcome::Completed
        } else {
            CallOutcome::Cancelled
        });
    }
}

/// Creates a span with every field that may be set. Values are evaluated only if a subscriber
/// is interested.
fn span<'a>(
    provider: &dyn Provider,
    request: &RequestParts,
    start: impl FnOnce() -> SpanStart<'a>,
) -> Span {
    let start = LazyCell::new(start);
    tracing::info_span!(
        "mistral.call",
        "otel.name" = start.name.as_str(),
        "otel.kind" = "client",
        "otel.status_code" = Empty,
        "otel.status_description" = Empty,
        "mistral.operation" = &*request.operation.name,
        "mistral.attempts" = Empty,
        "mistral.hedge" = Empty,
        "mistral.request_id" = Empty,
        "mistral.retry_quota_left" = Empty,
        "gen_ai.operation.name" = start.operation,
        "gen_ai.provider.name" = provider.otel_name(),
        "gen_ai.agent.id" = start.attributes.text("agent_id"),
        "gen_ai.output.type" = start.attributes.output_type(),
        "gen_ai.request.model" = start.model.as_deref(),
        "gen_ai.request.stream" = request.operation.framing.is_event_stream().then_some(true),
        "gen_ai.request.choice.count" = start.attributes.integer("n").filter(|&n| n != 1),
        "gen_ai.request.frequency_penalty" = start.attributes.float("frequency_penalty"),
        "gen_ai.request.max_tokens" = start.attributes.integer("max_tokens"),
        "gen_ai.request.presence_penalty" = start.attributes.float("presence_penalty"),
        "gen_ai.request.seed" = start.attributes.integer("random_seed"),
        "gen_ai.request.stop_sequences" = start.attributes.stop_sequences(),
        "gen_ai.request.temperature" = start.attributes.float("temperature"),
        "gen_ai.request.top_k" = start.attributes.float("top_k"),
        "gen_ai.request.top_p" = start.attributes.float("top_p"),
        "gen_ai.embeddings.dimension.count" = start.attributes.integer("output_dimension"),
        "gen_ai.response.finish_reasons" = Empty,
        "gen_ai.response.id" = Empty,
        "gen_ai.response.model" = Empty,
        "gen_ai.response.time_to_first_chunk" = Empty,
        "gen_ai.usage.input_tokens" = Empty,
        "gen_ai.usage.output_tokens" = Empty,
        "gen_ai.usage.cache_read.input_tokens" = Empty,
        "gen_ai.input.messages" = start.input.as_deref(),
        "gen_ai.output.messages" = Empty,
        "server.address" = start.address.as_deref(),
        "server.port" = start.port,
        "http.response.status_code" = Empty,
        "error.type" = Empty,
    )
}

/// Describes an error without text of the server or a model, which may repeat the prompt.
pub(crate) fn describe(error: &Error) -> String {
    let mut text = describe_cause(error);
    if error.is_retry_quota_exhausted() {
        text += " (retry quota exhausted)";
    }
    text
}

fn describe_cause(error: &Error) -> String {
    let Some(api) = error.api() else {
        return match error.kind() {
            ErrorKind::Decode => "the response does not match the requested type".to_owned(),
            _ => error.message().to_owned(),
        };
    };
    let mut text = match error.kind() {
        ErrorKind::Decode => "the response is not what the API documents".to_owned(),
        _ if api.status.is_success() => "the server reported an error".to_owned(),
        _ => api.status.to_string(),
    };
    if let Some(code) = &api.code {
        text += &format!(" (code {code:.MAX_CODE_LENGTH$})");
    }
    text
}

/// Returns the name of a kind of error for `error.type`.
pub(crate) fn error_type(kind: ErrorKind) -> &'static str {
    match kind {
        ErrorKind::Config => "config",
        ErrorKind::Unsupported => "unsupported",
        ErrorKind::Credentials => "credentials",
        ErrorKind::Authentication => "authentication",
        ErrorKind::PermissionDenied => "permission_denied",
        ErrorKind::NotFound => "not_found",
        ErrorKind::Gone => "gone",
        ErrorKind::InvalidRequest => "invalid_request",
        ErrorKind::RateLimited => "rate_limited",
        ErrorKind::QuotaExceeded => "quota_exceeded",
        ErrorKind::Overloaded => "overloaded",
        ErrorKind::Server => "server",
        ErrorKind::Timeout => "timeout",
        ErrorKind::Connection => "connection",
        ErrorKind::Decode => "decode",
        ErrorKind::Truncated => "truncated",
        ErrorKind::Io => "io",
        ErrorKind::TooLarge => "too_large",
        ErrorKind::Tool => "tool",
        ErrorKind::Failed => "failed",
    }
}

//! The span of a call, by OpenTelemetry's conventions for generative AI.

mod content;
mod hooks;
mod request;
mod response;

use std::cell::LazyCell;
use std::sync::Arc;

use serde::Deserialize;
use tokio::time::Instant;
use tracing::Span;
use tracing::field::Empty;

pub(crate) use self::hooks::{CaptureContent, Propagate};
use self::request::Start;
use self::response::ResponseAttributes;
use crate::error::{Error, ErrorKind, decode};
use crate::json::unions::read_value;
use crate::pipeline::request::RequestParts;
use crate::pipeline::route_cache::ResolvedRoute;
use crate::provider::Provider;
use crate::provider::RetrySafety;
use crate::transport::Body;

/// How much of a server's code goes into a span.
const CODE_SHOWN: usize = 100;

/// The span of a call that somebody listens to. It ends when this is dropped.
#[derive(Debug)]
pub(crate) struct Trace {
    span: Span,
    started: Instant,
    /// Whether the answer is a model's.
    infers: bool,
    capture: CaptureContent,
    /// Whether the first event of a stream has come.
    begun: bool,
    /// Whether the call has an answer or an error.
    settled: bool,
}

impl Trace {
    /// Opens the span of a call, if anybody listens. If not, nothing is made.
    pub(crate) fn open(
        provider: &dyn Provider,
        request: &RequestParts,
        capture: &CaptureContent,
        route: impl FnOnce() -> Option<Arc<ResolvedRoute>>,
    ) -> Option<Box<Self>> {
        let span = span(provider, request, || {
            Start::of(request, route().as_deref(), capture)
        });
        if span.is_disabled() {
            return None;
        }
        Some(Box::new(Self {
            span,
            started: Instant::now(),
            infers: request.operation.retry_safety == RetrySafety::Billable,
            capture: capture.clone(),
            begun: false,
            settled: false,
        }))
    }

    pub(crate) fn span(&self) -> &Span {
        &self.span
    }

    /// Records the answer: its head and, unless it is streamed, what it is.
    pub(crate) fn responded(&mut self, response: &http::Response<Body>, attempts: u32) {
        self.settled = true;
        self.head(
            Some(response.status()),
            crate::error::request_id(response.headers()),
            attempts,
        );
        if !self.infers {
            return;
        }
        let Some(json) = response.body().bytes() else {
            return;
        };
        if let Ok(served) = decode(json) {
            self.served(&served);
        }
        if self.capture.is_on()
            && let Ok(answer) = decode(json)
        {
            self.output(&answer);
        }
    }

    /// Records that the call has failed instead of being answered.
    pub(crate) fn gave_up(&mut self, error: &Error) {
        self.settled = true;
        self.head(error.status(), error.request_id(), error.attempts());
        self.failed(error);
    }

    /// Records an error: of the call, of its answer, or within its stream.
    pub(crate) fn failed(&self, error: &Error) {
        self.span.record("error.type", error_type(error.kind()));
        self.span.record("otel.status_code", "ERROR");
        let description = describe(error);
        self.span
            .record("otel.status_description", description.as_str());
    }

    /// Records when the first event of a stream came.
    #[inline(never)] // mostly nobody listens
    pub(crate) fn event(&mut self) {
        if !self.begun {
            self.begun = true;
            let time = self.started.elapsed().as_secs_f64();
            self.span
                .record("gen_ai.response.time_to_first_chunk", time);
        }
    }

    /// Ends the span of a stream: `answer` is what has come of it.
    pub(crate) fn end(self, answer: Option<serde_json::Value>) {
        let Some(answer) = answer.filter(|_| self.infers && self.begun) else {
            return;
        };
        if let Ok(served) = read_value(&answer, |text| ResponseAttributes::deserialize(text)) {
            self.served(&served);
        }
        if self.capture.is_on() {
            self.output(&answer);
        }
    }

    fn head(&self, status: Option<http::StatusCode>, request_id: Option<&str>, attempts: u32) {
        let span = &self.span;
        let status = status.map(|status| i64::from(status.as_u16()));
        span.record("http.response.status_code", status);
        span.record("mistral.request_id", request_id);
        span.record("mistral.attempts", i64::from(attempts));
    }

    fn served(&self, served: &ResponseAttributes) {
        let span = &self.span;
        span.record("gen_ai.response.id", served.id());
        span.record("gen_ai.response.model", served.model());
        if let Some(reasons) = served.finish_reasons() {
            span.record("gen_ai.response.finish_reasons", reasons.as_str());
        }
        if let Some(usage) = &served.usage {
            span.record("gen_ai.usage.input_tokens", usage.prompt_tokens);
            span.record("gen_ai.usage.output_tokens", usage.completion_tokens);
            let cached = usage.cached_tokens();
            span.record("gen_ai.usage.cache_read.input_tokens", cached);
        }
    }

    fn output(&self, answer: &serde_json::Value) {
        if let Some(messages) = self.capture.text(content::output(answer)) {
            self.span
                .record("gen_ai.output.messages", messages.as_str());
        }
    }
}

impl Drop for Trace {
    fn drop(&mut self) {
        if !self.settled {
            self.span.record("error.type", "cancelled");
        }
    }
}

/// A span with all fields that there may be. They are evaluated only if anybody listens.
fn span<'a>(
    provider: &dyn Provider,
    request: &RequestParts,
    start: impl FnOnce() -> Start<'a>,
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
        "mistral.request_id" = Empty,
        "gen_ai.operation.name" = start.operation,
        "gen_ai.provider.name" = provider.otel_name(),
        "gen_ai.agent.id" = start.asked.agent_id.as_deref(),
        "gen_ai.output.type" = start.asked.output_type(),
        "gen_ai.request.model" = start.model.as_deref(),
        "gen_ai.request.stream" = request.operation.framing.is_event_stream().then_some(true),
        "gen_ai.request.choice.count" = start.asked.n.filter(|&n| n != 1),
        "gen_ai.request.frequency_penalty" = start.asked.frequency_penalty,
        "gen_ai.request.max_tokens" = start.asked.max_tokens,
        "gen_ai.request.presence_penalty" = start.asked.presence_penalty,
        "gen_ai.request.seed" = start.asked.random_seed,
        "gen_ai.request.stop_sequences" = start.asked.stop_sequences(),
        "gen_ai.request.temperature" = start.asked.temperature,
        "gen_ai.request.top_k" = start.asked.top_k,
        "gen_ai.request.top_p" = start.asked.top_p,
        "gen_ai.embeddings.dimension.count" = start.asked.output_dimension,
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

/// What an error is about, without anything that a server or a model has said: its words may
/// repeat what was asked.
pub(crate) fn describe(error: &Error) -> String {
    let Some(api) = error.api() else {
        return match error.kind() {
            ErrorKind::Decode => "the answer is not what was asked for".to_owned(),
            _ => error.message().to_owned(),
        };
    };
    let mut text = match error.kind() {
        ErrorKind::Decode => "the response is not what the API documents".to_owned(),
        _ if api.status.is_success() => "the server reported an error".to_owned(),
        _ => api.status.to_string(),
    };
    if let Some(code) = &api.code {
        text += &format!(" (code {code:.CODE_SHOWN$})");
    }
    text
}

/// The name of a kind of error.
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
    }
}

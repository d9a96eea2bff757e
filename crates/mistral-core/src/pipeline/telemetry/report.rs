//! Collects the facts about a call and reports them when it ends.

use std::borrow::Cow;
use std::time::{Duration, SystemTime};

use http::{HeaderMap, StatusCode};

use super::call_end::{CallEnd, CallOutcome, OnCallEnd};
use super::fields::pick_fields;
use super::request::{body_model, gen_ai_operation};
use super::response::{FIELDS, ResponseAttributes};
use crate::error::request_id;
use crate::messages::UsageInfo;
use crate::pipeline::request::RequestParts;
use crate::pipeline::route_cache::ResolvedRoute;
use crate::provider::{Framing, Provider};

/// The report of a call whose client has a listener.
#[derive(Debug)]
pub(super) struct Report {
    listener: OnCallEnd,
    operation: Cow<'static, str>,
    gen_ai_operation: Option<&'static str>,
    provider: &'static str,
    gen_ai_provider: &'static str,
    request_model: Option<String>,
    response_model: Option<String>,
    server_address: Option<String>,
    server_port: Option<u16>,
    is_stream: bool,
    status: Option<StatusCode>,
    request_id: Option<String>,
    attempts: u32,
    usage: Option<UsageInfo>,
    started: SystemTime,
}

impl Report {
    pub(super) fn new(
        listener: &OnCallEnd,
        provider: &dyn Provider,
        request: &RequestParts,
        route: Option<&ResolvedRoute>,
    ) -> Self {
        let url = route.map(|route| &route.target.url);
        let model = request.model.as_deref().map(str::to_owned);
        Self {
            listener: listener.clone(),
            operation: request.operation.name.clone(),
            gen_ai_operation: gen_ai_operation(request),
            provider: provider.name(),
            gen_ai_provider: provider.otel_name(),
            request_model: model.or_else(|| body_model(request)),
            response_model: None,
            server_address: url.and_then(|url| url.host_str()).map(str::to_owned),
            server_port: url.and_then(|url| url.port_or_known_default()),
            is_stream: !matches!(request.operation.framing, Framing::Json | Framing::Nothing),
            status: None,
            request_id: None,
            attempts: 0,
            usage: None,
            started: SystemTime::now(),
        }
    }

    /// Whether the call ends later than with the head of its response.
    pub(super) fn is_stream(&self) -> bool {
        self.is_stream
    }

    pub(super) fn responded(&mut self, status: StatusCode, headers: &HeaderMap, attempts: u32) {
        self.status = Some(status);
        self.request_id = request_id(headers).map(str::to_owned);
        self.attempts = attempts;
    }

    /// Adds what the body of the response reports.
    pub(super) fn add_json(&mut self, json: &[u8]) {
        if let Ok(fields) = pick_fields(json, FIELDS) {
            self.add(&ResponseAttributes(&fields));
        }
    }

    pub(super) fn add(&mut self, response: &ResponseAttributes<'_>) {
        self.response_model = response.model().map(str::to_owned);
        self.usage = response.usage();
    }

    /// Calls the listener.
    pub(super) fn send(
        self,
        outcome: CallOutcome<'_>,
        duration: Duration,
        time_to_first_chunk: Option<Duration>,
    ) {
        let error = match outcome {
            CallOutcome::Failed(error) => Some(error),
            _ => None,
        };
        let attempts = error.map_or(self.attempts, |error| self.attempts.max(error.attempts()));
        let status = error.and_then(|error| error.status()).or(self.status);
        let id = error.and_then(|error| error.request_id());
        self.listener.notify(&CallEnd {
            operation: &self.operation,
            gen_ai_operation: self.gen_ai_operation.unwrap_or(&self.operation),
            provider: self.provider,
            gen_ai_provider: self.gen_ai_provider,
            request_model: self.request_model.as_deref(),
            response_model: self.response_model.as_deref(),
            server_address: self.server_address.as_deref(),
            server_port: self.server_port,
            is_stream: self.is_stream,
            outcome,
            status,
            request_id: id.or(self.request_id.as_deref()),
            attempts,
            usage: self.usage.as_ref(),
            started: self.started,
            time_to_first_chunk,
            duration,
        });
    }
}

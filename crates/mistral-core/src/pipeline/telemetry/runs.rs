//! The spans of tool runs and of the tools that they execute, by OpenTelemetry's conventions for
//! generative AI.

use serde_json::{Value, json};
use tracing::Span;
use tracing::field::Empty;

use super::hooks::{CaptureContent, Content};
use super::{describe, error_type};
use crate::error::{Error, ErrorKind};
use crate::messages::{ToolCall, UsageInfo};

/// The attributes of a run that are known before it starts.
pub(crate) struct RunStart<'a> {
    pub(crate) operation: &'static str,
    pub(crate) provider: &'static str,
    pub(crate) model: Option<&'a str>,
    pub(crate) agent_id: Option<&'a str>,
}

/// The span of a run, around those of its calls and tools. It ends when this is dropped.
#[derive(Debug)]
pub(crate) struct RunTrace {
    span: Span,
    has_ended: bool,
}

impl RunTrace {
    #[inline]
    pub(crate) fn open(start: &RunStart<'_>) -> Self {
        let span = tracing::info_span!(
            "mistral.run",
            "otel.name" = match start.agent_id {
                Some(agent) => format!("invoke_agent {agent}"),
                None => "invoke_agent".to_owned(),
            },
            "otel.kind" = "internal",
            "otel.status_code" = Empty,
            "otel.status_description" = Empty,
            "mistral.operation" = start.operation,
            "mistral.turns" = Empty,
            "gen_ai.operation.name" = "invoke_agent",
            "gen_ai.provider.name" = start.provider,
            "gen_ai.agent.id" = start.agent_id,
            "gen_ai.request.model" = start.model,
            "gen_ai.usage.input_tokens" = Empty,
            "gen_ai.usage.output_tokens" = Empty,
            "error.type" = Empty,
        );
        Self {
            span,
            has_ended: false,
        }
    }

    #[inline]
    pub(crate) fn span(&self) -> &Span {
        &self.span
    }

    /// Records the end of the run, after `turns` responses of the model.
    #[inline]
    pub(crate) fn end(&mut self, turns: usize, usage: &UsageInfo, error: Option<&Error>) {
        self.has_ended = true;
        let span = &self.span;
        span.record("mistral.turns", turns as u64);
        span.record("gen_ai.usage.input_tokens", usage.prompt_tokens);
        span.record("gen_ai.usage.output_tokens", usage.completion_tokens);
        if let Some(error) = error {
            record_error(span, error, &describe_tool(error));
        }
    }
}

impl Drop for RunTrace {
    #[inline]
    fn drop(&mut self) {
        if !self.has_ended {
            self.span.record("error.type", "cancelled");
        }
    }
}

/// The span of the execution of a tool. It ends when this is dropped.
#[derive(Debug)]
pub(crate) struct ToolTrace {
    span: Span,
    capture: CaptureContent,
    has_ended: bool,
}

impl ToolTrace {
    #[inline]
    pub(crate) fn open(
        call: &ToolCall,
        description: Option<&str>,
        capture: &CaptureContent,
    ) -> Self {
        let name = &call.function.name;
        let span = tracing::info_span!(
            "mistral.tool",
            "otel.name" = format!("execute_tool {name}"),
            "otel.kind" = "internal",
            "otel.status_code" = Empty,
            "otel.status_description" = Empty,
            "gen_ai.operation.name" = "execute_tool",
            "gen_ai.tool.name" = name.as_str(),
            "gen_ai.tool.type" = "function",
            "gen_ai.tool.description" = description,
            "gen_ai.tool.call.id" = call.call_id(),
            "gen_ai.tool.call.arguments" = Empty,
            "gen_ai.tool.call.result" = Empty,
            "error.type" = Empty,
        );
        let trace = Self {
            span,
            capture: capture.clone(),
            has_ended: false,
        };
        if trace.captures() {
            let arguments = call
                .arguments()
                .unwrap_or_else(|_| Value::String(call.function.arguments.to_string()));
            let part = json!({
                "type": "tool_call", "id": call.call_id(), "name": name, "arguments": arguments,
            });
            trace.record_content("assistant", part, "arguments");
        }
        trace
    }

    #[inline]
    pub(crate) fn span(&self) -> &Span {
        &self.span
    }

    /// Records the end of the execution: the text for the model, or the error.
    #[inline]
    pub(crate) fn end(&mut self, result: Result<&str, &Error>) {
        self.has_ended = true;
        match result {
            Ok(text) if self.captures() => {
                let part = json!({ "type": "tool_call_response", "response": text });
                self.record_content("tool", part, "response");
            }
            Ok(_) => {}
            Err(error) if error.kind() == ErrorKind::Decode => {
                let description = "the arguments do not match the type of the tool";
                record_error(&self.span, error, description);
            }
            Err(error) => record_error(&self.span, error, &describe_tool(error)),
        }
    }

    #[inline]
    fn captures(&self) -> bool {
        self.capture.is_on() && !self.span.is_disabled()
    }

    /// Records `field` of a part of a message, after the hook of the application has redacted it.
    #[cold]
    fn record_content(&self, role: &str, part: Value, field: &str) {
        let messages = json!([{ "role": role, "parts": [part] }]);
        let redacted = self.capture.text(Content::Messages(messages));
        let redacted = redacted.and_then(|text| serde_json::from_str::<Value>(&text).ok());
        let content = redacted.as_ref().and_then(|messages| {
            let pointer = format!("/0/parts/0/{field}");
            messages.pointer(&pointer)
        });
        let text = match content {
            Some(Value::String(text)) => text.clone(),
            Some(value) => value.to_string(),
            None => return,
        };
        let attribute = match field {
            "arguments" => "gen_ai.tool.call.arguments",
            _ => "gen_ai.tool.call.result",
        };
        self.span.record(attribute, text.as_str());
    }
}

impl Drop for ToolTrace {
    #[inline]
    fn drop(&mut self) {
        if !self.has_ended {
            self.span.record("error.type", "cancelled");
        }
    }
}

/// Describes an error without text of a server, a model or a tool.
#[inline]
fn describe_tool(error: &Error) -> String {
    let text = describe(error);
    match text.split_once(" panicked: ") {
        Some((tool, _)) if error.kind() == ErrorKind::Tool => format!("{tool} panicked"),
        _ => text,
    }
}

#[inline]
fn record_error(span: &Span, error: &Error, description: &str) {
    span.record("error.type", error_type(error.kind()));
    span.record("otel.status_code", "ERROR");
    span.record("otel.status_description", description);
}

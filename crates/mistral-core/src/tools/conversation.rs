//! The state of a run: its request, which grows turn by turn, and its responses.

use std::fmt;
use std::mem;

use super::approval::ApprovalHook;
use super::calls::{DecidedCall, RunningCalls};
use super::execution::ToolResult;
use super::request::CompletionRequest;
use super::set::ToolSet;
use super::tool_run::{ToolRun, total_usage};
use crate::api::chat::{ChatCompletionResponse, CompletionChunk, FinishReason};
use crate::call::{Call, StreamCall};
use crate::client::Client;
use crate::error::{Error, ErrorKind, Result};
#[cfg(feature = "schemars")]
use crate::messages::ResponseFormat;
use crate::messages::{
    Message, Tool, ToolCall, ToolChoice, ToolChoiceEnum, ToolMessage, normalize_tool_call_ids,
};
use crate::pipeline::telemetry::{RunStart, RunTrace};

/// The default maximum number of requests to the model.
const DEFAULT_MAX_TURNS: usize = 10;

/// The handling of a tool that fails, is unknown, or is called with invalid arguments.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum ToolErrors {
    /// Sends the error with its sources to the model, which may react to it. The default.
    #[default]
    Return,
    /// Ends the run with the error, after the other calls of the same turn have completed.
    Fail,
}

pub(super) type ChatCallOptions =
    Box<dyn Fn(Call<ChatCompletionResponse>) -> Call<ChatCompletionResponse> + Send + Sync>;

pub(super) struct Conversation {
    pub(super) tools: ToolSet,
    pub(super) hook: Option<ApprovalHook>,
    pub(super) errors: ToolErrors,
    pub(super) max_turns: usize,
    /// Sets the options of each call.
    pub(super) call_options: Option<ChatCallOptions>,
    /// The format of the final response, until it is set on the request.
    #[cfg(feature = "schemars")]
    pub(super) response_format: Option<Result<Box<ResponseFormat>>>,
    client: Client,
    request: Box<dyn CompletionRequest>,
    responses: Vec<ChatCompletionResponse>,
}

impl Conversation {
    pub(super) fn new(
        client: Client,
        request: impl CompletionRequest + 'static,
        tools: &ToolSet,
    ) -> Self {
        Self {
            tools: tools.clone(),
            hook: None,
            errors: ToolErrors::default(),
            max_turns: DEFAULT_MAX_TURNS,
            call_options: None,
            #[cfg(feature = "schemars")]
            response_format: None,
            client,
            request: Box::new(request),
            responses: Vec::new(),
        }
    }

    #[cfg(feature = "schemars")]
    pub(super) fn run_name(&self) -> &'static str {
        self.request.run_name()
    }

    /// Opens the span of the run.
    #[inline]
    pub(super) fn open_trace(&self) -> RunTrace {
        RunTrace::open(&RunStart {
            operation: self.request.run_name(),
            provider: self.client.provider().otel_name(),
            model: self.request.model(),
            agent_id: self.request.agent_id(),
        })
    }

    /// Records the end of the run in its span.
    #[inline]
    pub(super) fn close_trace(&self, trace: &mut RunTrace, error: Option<&Error>) {
        let usage = total_usage(&self.responses);
        trace.end(self.responses.len(), &usage, error);
    }

    /// Starts the execution of calls.
    #[inline]
    pub(super) fn start_calls(&self, calls: Vec<DecidedCall>) -> RunningCalls {
        RunningCalls::new(&self.tools, calls, self.client.capture())
    }

    /// Sets the response format, if there is one and no tool call is forced: the API does not accept
    /// both.
    #[cfg(feature = "schemars")]
    fn set_response_format(&mut self) -> Result<()> {
        let choice = self.request.tool_choice_mut().as_deref();
        if choice.is_some_and(is_forced) {
            return Ok(());
        }
        match self.response_format.take() {
            None => {}
            Some(Ok(format)) => *self.request.response_format_mut() = Some(format),
            Some(Err(error)) => return Err(self.with_transcript(error)),
        }
        Ok(())
    }

    /// Returns the response format of the request.
    #[cfg(feature = "schemars")]
    pub(super) fn own_response_format(&mut self) -> Option<Box<ResponseFormat>> {
        self.request.response_format_mut().clone()
    }

    /// Adds the definitions of the tools to the request.
    #[inline]
    pub(super) fn add_tools(&mut self) -> Result<()> {
        #[cfg(feature = "schemars")]
        self.set_response_format()?;
        let definitions = self
            .tools
            .definitions()
            .map_err(|error| self.with_transcript(error))?;
        if definitions.is_empty() {
            return Ok(());
        }
        let own = self.request.tools_mut().get_or_insert_default();
        let duplicate = own.iter().filter_map(function_name).find(|own| {
            definitions
                .iter()
                .filter_map(function_name)
                .any(|name| name == *own)
        });
        if let Some(duplicate) = duplicate {
            let message = format!(
                "the request and the tool set both have a tool named `{duplicate}`: rename one of them"
            );
            return Err(self.with_transcript(Error::config(message)));
        }
        own.extend(definitions);
        Ok(())
    }

    /// Returns the next call.
    #[inline]
    pub(super) fn complete(&self) -> Result<Call<ChatCompletionResponse>> {
        self.check_turns()?;
        let call = self.request.complete(&self.client);
        Ok(match &self.call_options {
            Some(call_options) => call_options(call),
            None => call,
        })
    }

    /// Returns the next call, as a streamed one.
    #[inline]
    pub(super) fn stream(&self) -> Result<StreamCall<CompletionChunk>> {
        self.check_turns()?;
        let call = self.request.stream(&self.client);
        Ok(match &self.call_options {
            Some(call_options) => call.with_options(call_options),
            None => call,
        })
    }

    #[inline]
    fn check_turns(&self) -> Result<()> {
        if self.responses.len() < self.max_turns {
            return Ok(());
        }
        let message = format!(
            "the model still calls tools after {} turns: increase `max_turns`, or see the \
             transcript for the calls it repeats",
            self.max_turns
        );
        Err(self.with_transcript(Error::new(ErrorKind::Tool, message)))
    }

    /// Adds a response. Returns the calls to execute: none if this is the final response.
    #[inline]
    pub(super) fn add_response(
        &mut self,
        response: ChatCompletionResponse,
    ) -> Result<Vec<ToolCall>> {
        let choice = response.choices.first();
        let message = choice.map(|choice| choice.message.clone());
        let finish_reason = choice.and_then(|choice| choice.finish_reason.clone());
        self.responses.push(response);
        let Some(message) = message else {
            return Err(
                self.with_transcript(Error::new(ErrorKind::Decode, "the response has no choices"))
            );
        };
        self.request.messages_mut().push(message.into());
        let calls = self.calls();
        let interruption = match finish_reason {
            _ if calls.is_empty() => None,
            Some(FinishReason::Error) => Some(
                "the model failed in the middle of its tool calls (finish reason `error`): retry \
                 the run",
            ),
            Some(reason) if reason.is_truncated() => Some(
                "the response was truncated in the middle of its tool calls: increase `max_tokens`",
            ),
            _ => None,
        };
        if let Some(message) = interruption {
            return Err(self.with_transcript(Error::new(ErrorKind::Tool, message)));
        }
        self.request.tool_choice_mut().take_if(|it| is_forced(it));
        #[cfg(feature = "schemars")]
        self.set_response_format()?;
        Ok(calls)
    }

    /// Returns the tool calls of the last message, each with an id.
    #[inline]
    fn calls(&mut self) -> Vec<ToolCall> {
        let calls = |messages: &[Message]| match messages.last() {
            Some(Message::Assistant(last)) => last.tool_calls.clone().unwrap_or_default(),
            _ => Vec::new(),
        };
        let requested = calls(self.request.messages());
        if requested.iter().all(|call| call.call_id().is_some()) {
            return requested;
        }
        normalize_tool_call_ids(self.request.messages_mut());
        calls(self.request.messages())
    }

    /// Adds the results of the calls. Returns the messages for the model.
    #[inline]
    pub(super) fn add_outcomes(
        &mut self,
        outcomes: Vec<(ToolCall, ToolResult)>,
    ) -> Result<Vec<ToolMessage>> {
        let mut messages = Vec::with_capacity(outcomes.len());
        let mut first_error = None;
        for (call, outcome) in outcomes {
            let content = match outcome {
                Ok(output) => output,
                Err(failure) => {
                    let content = failure.to_model_message();
                    if failure.is_fatal || self.errors == ToolErrors::Fail {
                        first_error = first_error.or(Some(failure.error));
                    }
                    content
                }
            };
            let message = ToolMessage::new(content)
                .tool_call_id(call.call_id().unwrap_or_default())
                .name(call.function.name);
            self.request.messages_mut().push(message.clone().into());
            messages.push(message);
        }
        match first_error {
            Some(error) => Err(self.with_transcript(error)),
            None => Ok(messages),
        }
    }

    /// Adds the transcript so far to an error, with a partial response if it has one.
    #[inline]
    pub(super) fn with_transcript(&self, error: Error) -> Error {
        let transcript = self.transcript(error.partial::<ChatCompletionResponse>().cloned());
        let error = match error.operation() {
            "" => error.at(self.request.run_name(), 0),
            _ => error,
        };
        error.with_partial(Box::new(transcript))
    }

    /// Returns the transcript so far, with a response that has only begun.
    #[inline]
    pub(super) fn transcript(&self, begun: Option<ChatCompletionResponse>) -> ToolRun {
        let mut responses = self.responses.clone();
        responses.extend(begun);
        ToolRun {
            messages: self.request.messages().to_vec(),
            responses,
        }
    }

    /// Returns the transcript of the run.
    #[inline]
    pub(super) fn into_transcript(mut self) -> ToolRun {
        ToolRun {
            messages: mem::take(self.request.messages_mut()),
            responses: self.responses,
        }
    }
}

impl fmt::Debug for Conversation {
    #[inline]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Conversation")
            .field("tools", &self.tools)
            .field("request", &self.request)
            .field("responses", &self.responses)
            .finish_non_exhaustive()
    }
}

/// Returns the name by which the model calls a function.
fn function_name(tool: &Tool) -> Option<&str> {
    match tool {
        Tool::Function(tool) => Some(&tool.function.name),
        _ => None,
    }
}

/// Returns whether `choice` forces a tool call. In every turn, it would prevent a final response.
fn is_forced(choice: &ToolChoice) -> bool {
    let is_optional = matches!(
        choice,
        ToolChoice::Rule(ToolChoiceEnum::Auto | ToolChoiceEnum::None | ToolChoiceEnum::Unknown(_))
    );
    !is_optional
}

//! The turns of a run: what is asked next, and what becomes of the answer.

use std::fmt;
use std::mem;

use super::approval::Hook;
use super::outcome::Outcome;
use super::request::CompletionRequest;
use super::set::ToolSet;
use super::transcript::ToolRun;
use crate::api::chat::{ChatCompletionResponse, CompletionChunk, FinishReason};
use crate::call::{Call, StreamCall};
use crate::client::Client;
use crate::error::{Error, ErrorKind, Result};
use crate::messages::{
    Message, Tool, ToolCall, ToolChoice, ToolChoiceEnum, ToolMessage, normalize_tool_call_ids,
};

/// How many times a model is asked, unless the run says otherwise.
const MAX_TURNS: usize = 10;

/// What happens when a tool fails, is unknown, or is called with arguments that do not fit.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum ToolErrors {
    /// The model is told the error, with its causes, and may try something else. The default.
    #[default]
    Return,
    /// The run ends with the error, once the other calls of the same turn are through.
    Fail,
}

pub(super) type OnCall =
    Box<dyn Fn(Call<ChatCompletionResponse>) -> Call<ChatCompletionResponse> + Send + Sync>;

pub(super) struct Conversation {
    pub(super) tools: ToolSet,
    pub(super) hook: Option<Hook>,
    pub(super) errors: ToolErrors,
    pub(super) max_turns: usize,
    /// Sets the options of each call.
    pub(super) on_call: Option<OnCall>,
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
            max_turns: MAX_TURNS,
            on_call: None,
            client,
            request: Box::new(request),
            responses: Vec::new(),
        }
    }

    /// Tells the model about the tools.
    #[inline]
    pub(super) fn begin(&mut self) -> Result<()> {
        let definitions = self
            .tools
            .definitions()
            .map_err(|error| self.failed(error))?;
        if definitions.is_empty() {
            return Ok(());
        }
        let own = self.request.tools_mut().get_or_insert_default();
        let twice = own
            .iter()
            .filter_map(name)
            .find(|own| definitions.iter().filter_map(name).any(|name| name == *own));
        if let Some(twice) = twice {
            let message = format!(
                "the request has a tool named `{twice}` of its own, and so has the set of tools"
            );
            return Err(self.failed(Error::config(message)));
        }
        own.extend(definitions);
        Ok(())
    }

    /// Asks what is to be asked next.
    #[inline]
    pub(super) fn complete(&self) -> Result<Call<ChatCompletionResponse>> {
        self.may_go_on()?;
        let call = self.request.complete(&self.client);
        Ok(match &self.on_call {
            Some(on_call) => on_call(call),
            None => call,
        })
    }

    /// Asks it for an answer that is streamed.
    #[inline]
    pub(super) fn stream(&self) -> Result<StreamCall<CompletionChunk>> {
        self.may_go_on()?;
        let call = self.request.stream(&self.client);
        Ok(match &self.on_call {
            Some(on_call) => call.with_options(on_call),
            None => call,
        })
    }

    #[inline]
    fn may_go_on(&self) -> Result<()> {
        if self.responses.len() < self.max_turns {
            return Ok(());
        }
        let message = format!(
            "the model still calls tools after {} turns: allow more (`max_turns`), or see in \
             the transcript what it goes on about",
            self.max_turns
        );
        Err(self.failed(Error::new(ErrorKind::Tool, message)))
    }

    /// Takes an answer. Gives the calls that are to be carried out: without any, this was the
    /// last answer.
    #[inline]
    pub(super) fn heard(&mut self, response: ChatCompletionResponse) -> Result<Vec<ToolCall>> {
        let choice = response.choices.first();
        let message = choice.map(|choice| choice.message.clone());
        let finish_reason = choice.and_then(|choice| choice.finish_reason.clone());
        self.responses.push(response);
        let Some(message) = message else {
            return Err(self.failed(Error::new(ErrorKind::Decode, "the answer is empty")));
        };
        self.request.messages_mut().push(message.into());
        let calls = self.calls();
        let why_not = match finish_reason {
            _ if calls.is_empty() => None,
            Some(FinishReason::Error) => Some(
                "the model failed in the middle of its tool calls (finish reason `error`): ask \
                 again",
            ),
            Some(reason) if reason.is_truncated() => Some(
                "the answer is cut off in the middle of its tool calls: allow more tokens \
                 (`max_tokens`)",
            ),
            _ => None,
        };
        if let Some(message) = why_not {
            return Err(self.failed(Error::new(ErrorKind::Tool, message)));
        }
        self.request.tool_choice_mut().take_if(|it| is_forced(it));
        Ok(calls)
    }

    /// The calls of the last message. Each has an id.
    #[inline]
    fn calls(&mut self) -> Vec<ToolCall> {
        let calls = |messages: &[Message]| match messages.last() {
            Some(Message::Assistant(last)) => last.tool_calls.clone().unwrap_or_default(),
            _ => Vec::new(),
        };
        let wanted = calls(self.request.messages());
        if wanted.iter().all(|call| call.call_id().is_some()) {
            return wanted;
        }
        normalize_tool_call_ids(self.request.messages_mut());
        calls(self.request.messages())
    }

    /// Takes what came of the calls. Gives what the model will be told.
    #[inline]
    pub(super) fn carried_out(
        &mut self,
        outcomes: Vec<(ToolCall, Outcome)>,
    ) -> Result<Vec<ToolMessage>> {
        let mut told = Vec::with_capacity(outcomes.len());
        let mut first_error = None;
        for (call, outcome) in outcomes {
            let content = match outcome {
                Ok(answer) => answer,
                Err(failure) => {
                    let content = failure.for_model();
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
            told.push(message);
        }
        match first_error {
            Some(error) => Err(self.failed(error)),
            None => Ok(told),
        }
    }

    /// An error with the transcript so far, and with what had come of an answer.
    #[inline]
    pub(super) fn failed(&self, error: Error) -> Error {
        let mut responses = self.responses.clone();
        responses.extend(error.partial::<ChatCompletionResponse>().cloned());
        let error = match error.operation() {
            "" => error.at(self.request.run_name(), 0),
            _ => error,
        };
        error.with_partial(Box::new(ToolRun {
            messages: self.request.messages().to_vec(),
            responses,
        }))
    }

    /// All that was said.
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

/// The name by which the model calls a function.
fn name(tool: &Tool) -> Option<&str> {
    match tool {
        Tool::Function(tool) => Some(&tool.function.name),
        _ => None,
    }
}

/// Whether the model must call a tool: if that held for every turn, it could never answer.
fn is_forced(choice: &ToolChoice) -> bool {
    let is_free = matches!(
        choice,
        ToolChoice::Rule(ToolChoiceEnum::Auto | ToolChoiceEnum::None | ToolChoiceEnum::Unknown(_))
    );
    !is_free
}

use std::future::{Future, IntoFuture};
use std::pin::Pin;

use tracing::Instrument;

use super::approval::{Approval, ApprovalHook};
use super::calls::request_approvals;
use super::conversation::{Conversation, ToolErrors};
use super::set::ToolSet;
use super::stream::RunStream;
use super::tool_run::ToolRun;
use crate::api::agents::{Agents, AgentsCompletionRequest};
use crate::api::chat::{Chat, ChatCompletionRequest, ChatCompletionResponse};
use crate::call::Call;
use crate::error::Result;
use crate::messages::ToolCall;
use crate::mode::{Async, Mode};

impl<M: Mode> Chat<M> {
    /// Sends the request, executes the tool calls of the model, and repeats this until the
    /// model answers without a tool call.
    ///
    /// The calls of one turn run concurrently, within the task that awaits the run. The request
    /// may have other tools in addition to the set. A `tool_choice` that forces a tool call
    /// applies to the first turn only. If several choices are requested (`n`), the first
    /// one is used. [`with_call`](RunCall::with_call) sets the options of the API calls.
    ///
    /// # Errors
    /// Fails with the errors of [`complete`](Self::complete), and
    ///
    /// * with [`ErrorKind::Tool`] if the model still calls tools after
    ///   [`max_turns`](RunCall::max_turns), if its tool calls are truncated by `max_tokens` or
    ///   by a failure of the model, if a tool panics, or if a tool fails with
    ///   [`ToolErrors::Fail`];
    /// * with [`ErrorKind::Config`] if two tools have the same name, or if the arguments of a
    ///   tool have no valid schema.
    ///
    /// [`Error::partial`](crate::Error::partial) is the [`ToolRun`] so far. Its messages can be
    /// sent again after [`repair_messages`](crate::messages::repair_messages) has answered the
    /// open tool calls.
    ///
    /// [`ErrorKind::Tool`]: crate::ErrorKind::Tool
    /// [`ErrorKind::Config`]: crate::ErrorKind::Config
    #[doc = example!(r#"
use mistral_sdk::chat::{ChatCompletionRequest, Function};
use mistral_sdk::tools::{Approval, ToolSet};
use serde_json::{Value, json};

let city = json!({ "type": "object", "properties": { "city": { "type": "string" } } });
let tools = ToolSet::new().function(
    Function::new("get_weather", city),
    async |call: Value| Ok::<_, std::io::Error>(format!("{}: sunny", call["city"])),
);
let question = "Call get_weather: what is it like in Paris?";
let request = ChatCompletionRequest::new("mistral-small-latest", question);
let run = client
    .chat()
    .run(&request, &tools)
    .max_turns(5)
    .on_call(async |call| match call.function.name.as_str() {
        "get_weather" => Approval::Approve,
        _ => Approval::refuse("no user is present to confirm it"),
    })
    .await?;
println!("{}", run.text());
# assert_eq!(run.messages.len(), 4);
"#)]
    pub fn run(&self, request: &ChatCompletionRequest, tools: &ToolSet) -> RunCall<M> {
        let conversation = Conversation::new(self.client.as_async(), request.clone(), tools);
        RunCall {
            mode: self.client.mode().clone(),
            conversation,
        }
    }
}

impl<M: Mode> Agents<M> {
    /// Sends the request, executes the tool calls of the agent, and repeats this until the
    /// agent answers without a tool call.
    ///
    /// Behaves like [`Chat::run`].
    ///
    /// # Errors
    /// Fails with the errors of [`Chat::run`].
    #[doc = example!(r#"
use mistral_sdk::agents::AgentsCompletionRequest;
use mistral_sdk::tools::ToolSet;
use mistral_sdk::messages::Function;
use serde_json::{Value, json};

let dice = Function::new("roll_dice", json!({ "type": "object" }));
let tools = ToolSet::new().function(dice, async |_: Value| Ok::<_, std::io::Error>(4));
let question = "Call roll_dice.";
let request = AgentsCompletionRequest::new("ag:12345:20260101:player:1", question);
let run = client.agents().run(&request, &tools).await?;
println!("{}", run.text());
# assert_eq!(run.messages.len(), 4);
"#)]
    pub fn run(&self, request: &AgentsCompletionRequest, tools: &ToolSet) -> RunCall<M> {
        let conversation = Conversation::new(self.client.as_async(), request.clone(), tools);
        RunCall {
            mode: self.client.mode().clone(),
            conversation,
        }
    }
}

/// A run that is ready to start: `.await` it for the whole run, or call `.stream()` for its
/// events. With a blocking client, call `.send()` instead of awaiting it.
///
/// It is no [`Future`] by itself: call `.into_future()` to spawn or to join runs.
#[derive(Debug)]
#[must_use = "a run does nothing until it is awaited, sent or streamed"]
pub struct RunCall<M: Mode = Async> {
    #[cfg_attr(not(feature = "blocking"), expect(dead_code))] // only read by `send`
    mode: M,
    pub(super) conversation: Conversation,
}

impl<M: Mode> RunCall<M> {
    /// Sets the maximum number of turns, each of which is one request to the model. Default:
    /// 10.
    pub fn max_turns(mut self, turns: usize) -> Self {
        self.conversation.max_turns = turns;
        self
    }

    /// Sets a hook that approves each tool call before it is executed. Default: all calls are
    /// approved.
    ///
    /// The hook runs for one call at a time, in the order of the calls, and for all calls of a
    /// turn before the first one is executed. It may take long, for example to ask a person,
    /// but must not block: see [`blocking_on_call`](Self::blocking_on_call). If it panics, so
    /// does the run.
    pub fn on_call<F, Fut>(mut self, hook: F) -> Self
    where
        F: Fn(ToolCall) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Approval> + Send + 'static,
    {
        self.conversation.hook = Some(ApprovalHook::new(hook));
        self
    }

    /// Sets a hook that may block, for example to read from standard input. Otherwise the same
    /// as [`on_call`](Self::on_call).
    ///
    /// The hook runs on tokio's blocking thread pool. If it panics, the run fails.
    #[doc = example!(r#"
# use mistral_sdk::chat::ChatCompletionRequest;
# use mistral_sdk::tools::{Approval, ToolSet};
# use mistral_sdk::messages::Function;
# use serde_json::{Value, json};
# let dice = Function::new("roll_dice", json!({ "type": "object" }));
# let tools = ToolSet::new().function(dice, async |_: Value| Ok::<_, std::io::Error>(4));
# let question = "Call roll_dice.";
# let request = ChatCompletionRequest::new("mistral-small-latest", question);
let run = client.chat().run(&request, &tools).blocking_on_call(|call| {
    eprintln!("{}? [y/n]", call.function.name);
    let mut answer = String::new();
    match std::io::stdin().read_line(&mut answer) {
        Ok(_) if answer.trim() == "y" => Approval::Approve,
        _ => Approval::refuse("the user does not want it"),
    }
});
# let _ = run;
"#)]
    pub fn blocking_on_call(
        mut self,
        hook: impl Fn(ToolCall) -> Approval + Send + Sync + 'static,
    ) -> Self {
        self.conversation.hook = Some(ApprovalHook::blocking(hook));
        self
    }

    /// Sets the options of every API call of the run, for example its `timeout`.
    ///
    /// They apply to each call separately; a timeout does not include the execution of tools.
    /// The calls of a [stream](Self::stream) have the same options.
    #[doc = example!(r#"
# use mistral_sdk::chat::ChatCompletionRequest;
# use mistral_sdk::tools::ToolSet;
# use mistral_sdk::messages::Message;
# let request = ChatCompletionRequest::new("mistral-small-latest", "Hello");
# let tools = ToolSet::new();
use std::time::Duration;

let run = client
    .chat()
    .run(&request, &tools)
    .with_call(|call| call.timeout(Duration::from_secs(60)).header("x-team", "search"))
    .await?;
# assert_eq!(run.responses.len(), 1);
"#)]
    pub fn with_call(
        mut self,
        change: impl Fn(Call<ChatCompletionResponse>) -> Call<ChatCompletionResponse>
        + Send
        + Sync
        + 'static,
    ) -> Self {
        self.conversation.call_options = Some(Box::new(change));
        self
    }

    /// Sets the handling of tools that fail. Default: [`ToolErrors::Return`].
    ///
    /// A tool that panics always ends the run, with an error that has the panic message. The
    /// process continues, unless it is compiled with `panic = "abort"`.
    pub fn tool_errors(mut self, errors: ToolErrors) -> Self {
        self.conversation.errors = errors;
        self
    }

    #[cfg(all(feature = "blocking", feature = "schemars"))]
    pub(crate) fn run_name(&self) -> &'static str {
        self.conversation.run_name()
    }

    /// Splits into an asynchronous run and the mode of the client.
    #[cfg(feature = "blocking")]
    pub(crate) fn split(self) -> (RunCall, M) {
        let run = RunCall {
            mode: Async,
            conversation: self.conversation,
        };
        (run, self.mode)
    }

    /// Adds the operation and the transcript so far to an error.
    #[cfg(feature = "blocking")]
    pub(crate) fn error(&self, error: crate::error::Error) -> crate::error::Error {
        self.conversation.with_transcript(error)
    }
}

impl RunCall {
    /// Starts the run as a stream of events, which include the text of every turn.
    pub fn stream(self) -> RunStream {
        RunStream::new(self.conversation)
    }
}

impl IntoFuture for RunCall {
    type Output = Result<ToolRun>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send>>;

    #[inline]
    fn into_future(self) -> Self::IntoFuture {
        let mut conversation = self.conversation;
        Box::pin(async move {
            let mut trace = conversation.open_trace();
            let span = trace.span().clone();
            let outcome = run_turns(&mut conversation).instrument(span).await;
            conversation.close_trace(&mut trace, outcome.as_ref().err());
            outcome.map(|()| conversation.into_transcript())
        })
    }
}

/// Runs turn by turn, until the model answers without a tool call.
#[inline]
async fn run_turns(conversation: &mut Conversation) -> Result<()> {
    conversation.add_tools()?;
    loop {
        let response = conversation.complete()?.await;
        let response = response.map_err(|error| conversation.with_transcript(error))?;
        let calls = conversation.add_response(response)?;
        if calls.is_empty() {
            return Ok(());
        }
        let decided = request_approvals(conversation.hook.clone(), calls).await;
        let decided = decided.map_err(|error| conversation.with_transcript(error))?;
        let outcomes = conversation.start_calls(decided).outcomes().await;
        conversation.add_outcomes(outcomes)?;
    }
}

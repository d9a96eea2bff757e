use std::future::{Future, IntoFuture};
use std::pin::Pin;

use super::approval::{Approval, Hook};
use super::conversation::{Conversation, ToolErrors};
use super::running::{Running, decide};
use super::set::ToolSet;
use super::stream::RunStream;
use super::transcript::ToolRun;
use crate::api::agents::{Agents, AgentsCompletionRequest};
use crate::api::chat::{Chat, ChatCompletionRequest, ChatCompletionResponse};
use crate::call::Call;
use crate::error::Result;
use crate::messages::ToolCall;
use crate::mode::{Async, Mode};

impl<M: Mode> Chat<M> {
    /// Asks the model, carries out the calls of tools that it wants, and goes on until it
    /// answers.
    ///
    /// The calls of one turn run at the same time, within the task that awaits the run. The
    /// request may have tools of its own beside those of the set. A `tool_choice` that makes
    /// the model call a tool holds for the first turn alone. Of several choices (`n`) the first
    /// counts. [`with_call`](RunCall::with_call) sets the options of the calls.
    ///
    /// # Errors
    /// Fails as [`complete`](Self::complete) does; with [`ErrorKind::Tool`] when the model
    /// still calls tools after [`max_turns`](RunCall::max_turns), when its calls are cut off by
    /// `max_tokens` or by its own failure, when a tool panics, or when it fails and
    /// [`tool_errors`](RunCall::tool_errors) says so; with [`ErrorKind::Config`] when two tools
    /// have one name, or arguments without a schema. [`Error::partial`](crate::Error::partial)
    /// is the [`ToolRun`] so far: its messages can be sent again, once
    /// [`repair_messages`](crate::messages::repair_messages) has answered what was cut off.
    ///
    /// [`ErrorKind::Tool`]: crate::ErrorKind::Tool
    /// [`ErrorKind::Config`]: crate::ErrorKind::Config
    #[doc = example!(r#"
use mistral_sdk::chat::ChatCompletionRequest;
use mistral_sdk::tools::{Approval, ToolSet};
use mistral_sdk::messages::{Function, Message};
use serde_json::{Value, json};

let city = json!({ "type": "object", "properties": { "city": { "type": "string" } } });
let tools = ToolSet::new().function(
    Function::new("get_weather", city),
    async |call: Value| Ok::<_, std::io::Error>(format!("{}: sunny", call["city"])),
);
let question = [Message::user("Call get_weather: what is it like in Paris?")];
let request = ChatCompletionRequest::new("mistral-small-latest", question);
let run = client
    .chat()
    .run(&request, &tools)
    .max_turns(5)
    .on_call(async |call| match call.function.name.as_str() {
        "get_weather" => Approval::Approve,
        _ => Approval::refuse("nobody is there to confirm it"),
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
    /// Asks the agent, carries out the calls of tools that it wants, and goes on until it
    /// answers.
    ///
    /// As [`Chat::run`] does with a model.
    ///
    /// # Errors
    /// Fails as [`Chat::run`] does.
    #[doc = example!(r#"
use mistral_sdk::agents::AgentsCompletionRequest;
use mistral_sdk::tools::ToolSet;
use mistral_sdk::messages::{Function, Message};
use serde_json::{Value, json};

let dice = Function::new("roll_dice", json!({ "type": "object" }));
let tools = ToolSet::new().function(dice, async |_: Value| Ok::<_, std::io::Error>(4));
let question = [Message::user("Call roll_dice.")];
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

/// A run that is ready to go: `.await` it for all of it, or `.send()` it if the client is a
/// blocking one; or `.stream()` it.
#[derive(Debug)]
#[must_use = "a run does nothing until it is awaited, sent or streamed"]
pub struct RunCall<M: Mode = Async> {
    #[cfg_attr(not(feature = "blocking"), expect(dead_code))] // to be awaited, it needs none
    mode: M,
    conversation: Conversation,
}

impl<M: Mode> RunCall<M> {
    /// Sets how many times the model is asked at most. Default: 10.
    pub fn max_turns(mut self, turns: usize) -> Self {
        self.conversation.max_turns = turns;
        self
    }

    /// Asks `hook` about every call before it is carried out: one after the other, in the order
    /// of the calls, and before the first of a turn begins. Default: all are approved.
    ///
    /// The hook may take its time, for example to ask a person, but must not block: see
    /// [`blocking_on_call`](Self::blocking_on_call). If it panics, so does the run.
    pub fn on_call<F, Fut>(mut self, hook: F) -> Self
    where
        F: Fn(ToolCall) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Approval> + Send + 'static,
    {
        self.conversation.hook = Some(Hook::new(hook));
        self
    }

    /// Asks a hook that may block, for example one that reads the keyboard. In everything else
    /// it is [`on_call`](Self::on_call).
    ///
    /// The hook runs on tokio's threads for such work. If it panics, the run ends with an error.
    #[doc = example!(r#"
# use mistral_sdk::chat::ChatCompletionRequest;
# use mistral_sdk::tools::{Approval, ToolSet};
# use mistral_sdk::messages::{Function, Message};
# use serde_json::{Value, json};
# let dice = Function::new("roll_dice", json!({ "type": "object" }));
# let tools = ToolSet::new().function(dice, async |_: Value| Ok::<_, std::io::Error>(4));
# let question = [Message::user("Call roll_dice.")];
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
        self.conversation.hook = Some(Hook::blocking(hook));
        self
    }

    /// Sets options of every call that the run makes, for example its `timeout`.
    ///
    /// They hold for each call by itself; what tools take is not in the time of any. The calls
    /// of a [stream](Self::stream) have the same options.
    #[doc = example!(r#"
# use mistral_sdk::chat::ChatCompletionRequest;
# use mistral_sdk::tools::ToolSet;
# use mistral_sdk::messages::Message;
# let request = ChatCompletionRequest::new("mistral-small-latest", [Message::user("Hello")]);
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
        self.conversation.on_call = Some(Box::new(change));
        self
    }

    /// Sets what happens when a tool fails. Default: the model is told.
    ///
    /// A tool that panics ends the run in any case, with an error that has the panic's words;
    /// the process goes on, unless it is compiled with `panic = "abort"`.
    pub fn tool_errors(mut self, errors: ToolErrors) -> Self {
        self.conversation.errors = errors;
        self
    }

    /// The run as one to be awaited, and the mode that it had.
    #[cfg(feature = "blocking")]
    pub(crate) fn split(self) -> (RunCall, M) {
        let run = RunCall {
            mode: Async,
            conversation: self.conversation,
        };
        (run, self.mode)
    }

    /// Says in an error which run it is about, with the transcript so far.
    #[cfg(feature = "blocking")]
    pub(crate) fn error(&self, error: crate::Error) -> crate::Error {
        self.conversation.failed(error)
    }
}

impl RunCall {
    /// Begins the run as a stream of what happens, the text of every turn included.
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
            conversation.begin()?;
            loop {
                let asked = conversation.complete()?.await;
                let response = asked.map_err(|error| conversation.failed(error))?;
                let calls = conversation.heard(response)?;
                if calls.is_empty() {
                    return Ok(conversation.into_transcript());
                }
                let decided = decide(conversation.hook.clone(), calls).await;
                let decided = decided.map_err(|error| conversation.failed(error))?;
                let outcomes = Running::new(&conversation.tools, decided).outcomes().await;
                conversation.carried_out(outcomes)?;
            }
        })
    }
}

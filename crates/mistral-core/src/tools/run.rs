use std::borrow::Cow;
use std::future::{Future, IntoFuture};
use std::pin::Pin;

use super::approval::{Approval, Hook};
use super::conversation::{Conversation, ToolErrors};
use super::running::{Running, decide};
use super::set::ToolSet;
use super::stream::RunStream;
use crate::chat::{Chat, ChatCompletionRequest, ChatCompletionResponse};
use crate::error::Result;
use crate::types::{Message, ToolCall, UsageInfo};

impl Chat {
    /// Asks the model, carries out the calls of tools that it wants, and goes on until it
    /// answers.
    ///
    /// The calls of one turn run at the same time, within the task that awaits the run. The
    /// request may have tools of its own beside those of the set. A `tool_choice` that makes
    /// the model call a tool holds for the first turn alone. Of several choices (`n`) the first
    /// counts. What a call's options could set is the client's setting here.
    ///
    /// # Errors
    /// Fails as [`complete`](Self::complete) does; with [`ErrorKind::Tool`] when the model
    /// still calls tools after [`max_turns`](RunCall::max_turns), when its calls are cut off by
    /// `max_tokens` or by its own failure, when a tool panics, or when it fails and
    /// [`tool_errors`](RunCall::tool_errors) says so; with [`ErrorKind::Config`] when two tools
    /// have one name, or arguments without a schema. [`Error::partial`](crate::Error::partial)
    /// is the [`ToolRun`] so far: its messages can be sent again, once
    /// [`repair_messages`](crate::types::repair_messages) has answered what was cut off.
    ///
    /// [`ErrorKind::Tool`]: crate::ErrorKind::Tool
    /// [`ErrorKind::Config`]: crate::ErrorKind::Config
    #[doc = example!(r#"
use mistral_sdk::chat::ChatCompletionRequest;
use mistral_sdk::tools::{Approval, ToolSet};
use mistral_sdk::types::{Function, Message};
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
    pub fn run(&self, request: &ChatCompletionRequest, tools: &ToolSet) -> RunCall {
        RunCall {
            chat: self.clone(),
            conversation: Conversation::new(request, tools),
        }
    }
}

/// A run that is ready to go: `.await` it for all of it, or [`stream`](Self::stream) it.
#[derive(Debug)]
#[must_use = "a run does nothing until it is awaited or streamed"]
pub struct RunCall {
    chat: Chat,
    conversation: Conversation,
}

impl RunCall {
    /// Sets how many times the model is asked at most. Default: 10.
    pub fn max_turns(mut self, turns: usize) -> Self {
        self.conversation.max_turns = turns;
        self
    }

    /// Asks `hook` about every call before it is carried out: one after the other, in the order
    /// of the calls, and before the first of a turn begins. Default: all are approved.
    ///
    /// The hook may take its time, for example to ask a person. If it panics, so does the run.
    pub fn on_call<F, Fut>(mut self, hook: F) -> Self
    where
        F: Fn(ToolCall) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Approval> + Send + 'static,
    {
        self.conversation.hook = Some(Hook::new(hook));
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

    /// Begins the run as a stream of what happens, the text of every turn included.
    pub fn stream(self) -> RunStream {
        RunStream::new(self.chat, self.conversation)
    }
}

impl IntoFuture for RunCall {
    type Output = Result<ToolRun>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        let Self {
            chat,
            mut conversation,
        } = self;
        Box::pin(async move {
            conversation.begin()?;
            loop {
                let asked = chat.complete(conversation.next()?).await;
                let response = asked.map_err(|error| conversation.failed(error))?;
                let calls = conversation.heard(response)?;
                if calls.is_empty() {
                    return Ok(conversation.into_transcript());
                }
                let decided = decide(conversation.hook.clone(), calls).await;
                let outcomes = Running::new(&conversation.tools, decided).outcomes().await;
                conversation.carried_out(outcomes)?;
            }
        })
    }
}

/// What was said in a run.
#[derive(Debug, Clone, Default, PartialEq)]
#[non_exhaustive]
pub struct ToolRun {
    /// The whole conversation: the request's messages, every answer of the model, and every
    /// answer of a tool. It can go on from here.
    pub messages: Vec<Message>,
    /// The model's answers, one per turn. The last one is the answer to the question; in an
    /// error, as much of it as had come.
    pub responses: Vec<ChatCompletionResponse>,
}

impl ToolRun {
    /// The text of the last answer, without reasoning. Empty if there is none.
    pub fn text(&self) -> Cow<'_, str> {
        self.responses
            .last()
            .map_or("".into(), ChatCompletionResponse::text)
    }

    /// What all turns consumed together: the three counts of tokens.
    pub fn usage(&self) -> UsageInfo {
        let mut all = UsageInfo::default();
        for usage in self.responses.iter().filter_map(|it| it.usage.as_ref()) {
            all.add(usage);
        }
        all
    }
}

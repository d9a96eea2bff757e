use std::fmt;

use crate::api::agents::AgentsCompletionRequest;
use crate::api::chat::{ChatCompletionRequest, ChatCompletionResponse, CompletionChunk};
use crate::call::{Call, StreamCall};
use crate::client::Client;
use crate::messages::{Message, Tool, ToolChoice};

/// A request that a run can send turn by turn.
pub(super) trait CompletionRequest: fmt::Debug + Send + Sync {
    /// Returns the operation that errors outside of an API call name.
    fn run_name(&self) -> &'static str;
    fn messages(&self) -> &[Message];
    fn messages_mut(&mut self) -> &mut Vec<Message>;
    fn tools_mut(&mut self) -> &mut Option<Vec<Tool>>;
    fn tool_choice_mut(&mut self) -> &mut Option<Box<ToolChoice>>;
    fn complete(&self, client: &Client) -> Call<ChatCompletionResponse>;
    fn stream(&self, client: &Client) -> StreamCall<CompletionChunk>;
}

macro_rules! impl_completion_request {
    ($request:ty, sent by $group:ident, run as $name:literal) => {
        impl CompletionRequest for $request {
            fn run_name(&self) -> &'static str {
                $name
            }

            fn messages(&self) -> &[Message] {
                &self.messages
            }

            fn messages_mut(&mut self) -> &mut Vec<Message> {
                &mut self.messages
            }

            fn tools_mut(&mut self) -> &mut Option<Vec<Tool>> {
                &mut self.tools
            }

            fn tool_choice_mut(&mut self) -> &mut Option<Box<ToolChoice>> {
                &mut self.tool_choice
            }

            fn complete(&self, client: &Client) -> Call<ChatCompletionResponse> {
                client.$group().complete(self)
            }

            fn stream(&self, client: &Client) -> StreamCall<CompletionChunk> {
                client.$group().stream(self)
            }
        }
    };
}

impl_completion_request!(ChatCompletionRequest, sent by chat, run as "chat.run");
impl_completion_request!(AgentsCompletionRequest, sent by agents, run as "agents.run");

use std::fmt;

use crate::api::agents::AgentsCompletionRequest;
use crate::api::chat::{ChatCompletionRequest, ChatCompletionResponse, CompletionChunk};
use crate::call::{Call, StreamCall};
use crate::client::Client;
#[cfg(feature = "schemars")]
use crate::messages::ResponseFormat;
use crate::messages::{Message, Tool, ToolChoice};

/// A request that a run can send turn by turn.
pub(super) trait CompletionRequest: fmt::Debug + Send + Sync {
    /// Returns the operation that errors outside of an API call name.
    fn run_name(&self) -> &'static str;
    /// Returns the model that the request names.
    fn model(&self) -> Option<&str>;
    /// Returns the agent that the request names.
    fn agent_id(&self) -> Option<&str>;
    fn messages(&self) -> &[Message];
    fn messages_mut(&mut self) -> &mut Vec<Message>;
    fn tools_mut(&mut self) -> &mut Option<Vec<Tool>>;
    fn tool_choice_mut(&mut self) -> &mut Option<Box<ToolChoice>>;
    #[cfg(feature = "schemars")]
    fn response_format_mut(&mut self) -> &mut Option<Box<ResponseFormat>>;
    fn complete(&self, client: &Client) -> Call<ChatCompletionResponse>;
    fn stream(&self, client: &Client) -> StreamCall<CompletionChunk>;
}

macro_rules! names {
    (model) => {
        fn model(&self) -> Option<&str> {
            Some(&self.model)
        }

        fn agent_id(&self) -> Option<&str> {
            None
        }
    };
    (agent_id) => {
        fn model(&self) -> Option<&str> {
            None
        }

        fn agent_id(&self) -> Option<&str> {
            Some(&self.agent_id)
        }
    };
}

macro_rules! impl_completion_request {
    ($request:ty, sent by $group:ident, run as $name:literal, names $subject:ident) => {
        impl CompletionRequest for $request {
            fn run_name(&self) -> &'static str {
                $name
            }

            names!($subject);

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

            #[cfg(feature = "schemars")]
            fn response_format_mut(&mut self) -> &mut Option<Box<ResponseFormat>> {
                &mut self.response_format
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

impl_completion_request!(ChatCompletionRequest, sent by chat, run as "chat.run", names model);
impl_completion_request!(AgentsCompletionRequest, sent by agents, run as "agents.run", names agent_id);

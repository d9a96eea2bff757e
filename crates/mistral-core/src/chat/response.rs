use std::borrow::Cow;

use super::chunk::DeltaMessage;
use super::finish::{FinishReason, Logprobs};
use crate::json::unions::without_tag;
use crate::json::wire::mostly_one;
use crate::types::{AssistantMessage, Message, ToolCall, UsageInfo, WithRole};

object! {
    /// A model's answer. Mirrors the API's `ChatCompletionResponse`.
    ChatCompletionResponse {
        required: {
            /// The answers: one, unless the request asks for `n`.
            #[read_with(mostly_one)]
            choices: Vec<ChatCompletionChoice>,
        }
        defaulted: {
            /// The answer's id. Empty if the server gave none.
            id: String,
            /// The kind of object: `chat.completion`.
            object: String,
            /// The model that answered.
            model: String,
        }
        optional: {
            /// When the answer was made, in seconds since 1970.
            created: i64,
            /// What the call consumed.
            usage: UsageInfo,
        }
    }
}

impl ChatCompletionResponse {
    /// The first choice's text, without reasoning. Empty if there is none.
    pub fn text(&self) -> Cow<'_, str> {
        self.choices
            .first()
            .map_or("".into(), |choice| choice.message.text())
    }

    /// The first choice's tool calls. Empty if there are none.
    pub fn tool_calls(&self) -> &[ToolCall] {
        self.choices
            .first()
            .and_then(|choice| choice.message.tool_calls.as_deref())
            .unwrap_or_default()
    }
}

object! {
    /// One of a model's answers. Mirrors the API's `ChatCompletionChoice`.
    ChatCompletionChoice {
        defaulted: {
            /// What the model said. It goes back into a history as it is.
            #[read_with(without_tag::<Message, _, _>)]
            #[write_with(WithRole)]
            message: AssistantMessage,
            /// Which of the answers this is.
            index: i64,
        }
        optional: {
            /// Why the model stopped.
            finish_reason: FinishReason,
            /// What the model said, piece by piece, where tools ran on the server.
            messages: Vec<DeltaMessage>,
            /// The probabilities of the answer's tokens.
            logprobs: Logprobs,
            /// The probabilities of the prompt's tokens.
            prompt_logprobs: Logprobs,
        }
    }
}

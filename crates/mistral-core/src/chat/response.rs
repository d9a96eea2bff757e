use std::borrow::Cow;

use super::chunk::DeltaMessage;
use crate::types::{AssistantMessage, ToolCall, UsageInfo};

object! {
    /// A model's answer. Mirrors the API's `ChatCompletionResponse`.
    ChatCompletionResponse {
        required: {
            /// The answers: one, unless the request asks for `n`.
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
            /// Which of the answers this is.
            index: i64,
            /// What the model said. It goes back into a history as it is.
            message: AssistantMessage,
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

string_enum! {
    /// Why a model stopped. Mirrors the API's `finish_reason`.
    FinishReason {
        /// A natural end, or a stop text.
        Stop = "stop",
        /// The request's `max_tokens`.
        Length = "length",
        /// The model's context length.
        ModelLength = "model_length",
        /// A failure of the server.
        Error = "error",
        /// The model wants tools called.
        ToolCalls = "tool_calls",
    }
}

impl FinishReason {
    /// Whether the answer is cut off.
    pub fn is_truncated(&self) -> bool {
        matches!(self, Self::Length | Self::ModelLength)
    }
}

object! {
    /// Probabilities of tokens. Mirrors the official SDK's
    /// `ChatCompletionResponseChoiceLogprobs`.
    #[derive(Default)]
    Logprobs {
        defaulted: {
            /// Token by token.
            content: Vec<TokenLogprobs>,
        }
    }
}

object! {
    /// A token's probability, and that of its alternatives. Mirrors the official SDK's
    /// `ChatCompletionResponseTokenLogprobsTopK`.
    TokenLogprobs {
        required: {
            /// The token's text.
            token: String,
            /// The natural logarithm of its probability.
            logprob: f64,
        }
        optional: {
            /// The token's number.
            token_id: i64,
            /// The token's bytes.
            bytes: Vec<u8>,
            /// The most probable alternatives.
            top_logprobs: Vec<TopTokenLogprobs>,
        }
    }
}

object! {
    /// An alternative token's probability. Mirrors the official SDK's
    /// `ChatCompletionResponseTokenLogprobs`.
    TopTokenLogprobs {
        required: {
            /// The token's text.
            token: String,
            /// The natural logarithm of its probability.
            logprob: f64,
        }
        optional: {
            /// The token's number.
            token_id: i64,
            /// The token's bytes.
            bytes: Vec<u8>,
        }
    }
}

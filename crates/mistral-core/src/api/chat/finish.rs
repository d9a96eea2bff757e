//! How a choice ends, and how sure the model was: in whole answers and in chunks.

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

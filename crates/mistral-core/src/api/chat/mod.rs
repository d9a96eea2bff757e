//! Chat completions: whole responses, streams of chunks, and structured output.
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let emulator = mistral_emulator::Emulator::start()?;
//! # let client = mistral_sdk::Client::new(
//! #     mistral_sdk::MistralApi::new(emulator.api_key())?.base_url(emulator.url())?,
//! # )?;
//! use mistral_sdk::chat::ChatCompletionRequest;
//!
//! let question = "Who painted Olympia?";
//! let request = ChatCompletionRequest::new("mistral-small-latest", question)
//!     .temperature(0.2)
//!     .max_tokens(100);
//! let response = client.chat().complete(&request).await?;
//! assert!(response.text().contains("Manet"));
//! # Ok(()) }
//! ```

mod adopt;
mod arguments_end;
mod chunk;
mod events;
mod finish;
mod guardrail;
mod merge;
#[cfg(feature = "schemars")]
mod parse;
#[cfg(not(feature = "schemars"))]
mod parse_unavailable;
mod raw;
mod request;
mod response;
mod template;
mod tool_calls;

use crate::call::event_stream::EventStream;
use crate::call::{Call, StreamCall};
use crate::client::Client;
use crate::error::Result;
use crate::mode::{Async, Mode};
use crate::pipeline::request::ApiRequest;
use crate::provider::Operation;

pub use self::chunk::{CompletionChunk, CompletionResponseStreamChoice, DeltaMessage};
pub use self::finish::{FinishReason, Logprobs, TokenLogprobs, TopTokenLogprobs};
pub use self::guardrail::{
    GuardrailConfig, ModerationAction, ModerationLlmV1CategoryThresholds, ModerationLlmV1Config,
    ModerationLlmV2CategoryThresholds, ModerationLlmV2Config,
};
#[cfg(feature = "schemars")]
pub use self::parse::{Parsed, ParsedChunk};
#[cfg(feature = "schemars")]
pub(crate) use self::parse::{decode_parsed, set_response_schema};
pub use self::raw::RawChunk;
pub(crate) use self::raw::decode_raw;
pub use self::request::{
    ChatCompletionRequest, Prediction, PromptMode, ReasoningEffort, ServiceTier, Stop,
};
pub use self::response::{ChatCompletionChoice, ChatCompletionResponse};
pub use crate::messages::{
    Arguments, AssistantMessage, AudioChunk, Content, ContentChunk, DocumentUrlChunk, FileChunk,
    Function, FunctionCall, FunctionName, FunctionTool, ImageDetail, ImageUrl, ImageUrlChunk,
    ImageUrlUnion, InputAudio, Message, NamedToolChoice, PromptTokensDetails, ReferenceChunk,
    ReferenceId, ResponseFormat, ResponseFormatType, ResponseSchema, SystemMessage, TextChunk,
    ThinkChunk, Tool, ToolCall, ToolChoice, ToolChoiceEnum, ToolMessage, UsageInfo, UserMessage,
};

operations! {
    COMPLETE = Operation::inference("chat.complete", "/v1/chat/completions");
    STREAM = Operation::inference("chat.stream", "/v1/chat/completions").sse();
}

/// The chat completion operations. Created by [`Client::chat`](crate::Client::chat).
#[derive(Debug, Clone)]
pub struct Chat<M: Mode = Async> {
    pub(crate) client: Client<M>,
}

impl<M: Mode> Client<M> {
    /// Returns the chat completion operations.
    pub fn chat(&self) -> Chat<M> {
        Chat {
            client: self.clone(),
        }
    }
}

impl<M: Mode> Chat<M> {
    /// Creates a chat completion and returns the whole response.
    ///
    /// Mirrors `POST /v1/chat/completions`.
    #[doc = example!(r#"
use mistral_sdk::chat::{ChatCompletionRequest, Message};

let messages = [Message::system("Be brief."), Message::user("Who painted Olympia?")];
let request = ChatCompletionRequest::new("mistral-small-latest", messages);
let response = client.chat().complete(&request).await?;
println!("{} {:?}", response.text(), response.usage);
# assert!(response.text().contains("Manet"));
"#)]
    pub fn complete(&self, request: &ChatCompletionRequest) -> Call<ChatCompletionResponse, M> {
        let request = ApiRequest::new(&COMPLETE)
            .model(&*request.model)
            .json(request);
        self.client.call(request)
    }

    /// Creates a chat completion and streams it in chunks.
    ///
    /// Mirrors `POST /v1/chat/completions` with `stream`, which this method sets.
    #[doc = example!(r#"
# use mistral_sdk::chat::ChatCompletionRequest;
# let question = "Who painted Olympia?";
# let request = ChatCompletionRequest::new("mistral-small-latest", question);
# let mut text = String::new();
let mut stream = client.chat().stream(&request).await?;
while let Some(chunk) = stream.next().await {
    let chunk = chunk?;
    print!("{}", chunk.text());
#   text += &chunk.text();
}
# assert!(text.contains("Manet"));
"#)]
    pub fn stream(&self, request: &ChatCompletionRequest) -> StreamCall<CompletionChunk, M> {
        let request = ApiRequest::new(&STREAM)
            .model(&*request.model)
            .json(request);
        self.client.call_stream(request)
    }
}

impl EventStream<CompletionChunk> {
    /// Returns the response merged from the chunks that [`next`](EventStream::next) has returned:
    /// the text, the pieces of tool calls joined, the usage if it has arrived. The stream goes on.
    ///
    /// Merges nothing by itself, but copies the response: call it where a stream is left early,
    /// not for every chunk.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let emulator = mistral_emulator::Emulator::start()?;
    /// # let client = mistral_sdk::Client::new(
    /// #     mistral_sdk::MistralApi::new(emulator.api_key())?.base_url(emulator.url())?,
    /// # )?;
    /// # use mistral_sdk::chat::ChatCompletionRequest;
    /// # let question = "Who painted Olympia?";
    /// # let request = ChatCompletionRequest::new("mistral-small-latest", question);
    /// let mut ctrl_c = Box::pin(tokio::signal::ctrl_c());
    /// let mut stream = client.chat().stream(&request).await?;
    /// loop {
    ///     tokio::select! {
    ///         chunk = stream.next() => match chunk {
    ///             Some(chunk) => print!("{}", chunk?.text()),
    ///             None => break,
    ///         },
    ///         _ = &mut ctrl_c => break, // dropping the stream closes its connection
    ///     }
    /// }
    /// let response = stream.so_far(); // all of it, or the part before Ctrl-C
    /// println!("{}", response.text());
    /// # assert!(response.text().contains("Manet"));
    /// # Ok(()) }
    /// ```
    pub fn so_far(&self) -> ChatCompletionResponse {
        self.state().response()
    }

    /// Reads the rest of the stream and returns the whole response, merged from all chunks,
    /// including those that [`next`](EventStream::next) has already returned.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let emulator = mistral_emulator::Emulator::start()?;
    /// # let client = mistral_sdk::Client::new(
    /// #     mistral_sdk::MistralApi::new(emulator.api_key())?.base_url(emulator.url())?,
    /// # )?;
    /// # use mistral_sdk::chat::ChatCompletionRequest;
    /// # let question = "Who painted Olympia?";
    /// # let request = ChatCompletionRequest::new("mistral-small-latest", question);
    /// let mut stream = client.chat().stream(&request).await?;
    /// while let Some(chunk) = stream.next().await {
    ///     print!("{}", chunk?.text());
    /// }
    /// let response = stream.collect_response().await?;
    /// println!("\n{} tokens", response.usage.unwrap_or_default().total_tokens);
    /// # assert!(response.choices[0].message.text().contains("Manet"));
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// Fails with the error that [`next`](EventStream::next) returns, or has returned. The
    /// error's [`partial`](crate::Error::partial) is the response merged up to that point.
    pub async fn collect_response(self) -> Result<ChatCompletionResponse> {
        Ok(self.read_to_end().await?.response())
    }
}

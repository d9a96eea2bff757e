use std::any::Any;

use serde::de::{Deserialize, DeserializeOwned, Deserializer};
use serde_json::{Map, Value};

use super::parsed::Parsed;
use crate::api::chat::events::ChunkState;
use crate::api::chat::{ChatCompletionResponse, CompletionChunk};
use crate::call::event_stream::EventStream;
use crate::call::stream_event::StreamEvent;
use crate::error::Result;
use crate::json::partial::PartialJson;

/// The divisor of the growth after which a long text is parsed again: 1/128 of its length.
/// Parsing it with every chunk would take quadratic time.
const GROWTH_DIVISOR: usize = 128;

/// A chunk of a streamed response, with the value parsed so far.
#[cfg(feature = "schemars")]
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct ParsedChunk<T> {
    /// The chunk of the response.
    pub chunk: CompletionChunk,
    /// The value parsed so far, if it has more content than the previous one. If the request
    /// asks for several choices, the value is that of the first.
    pub value: Option<T>,
    /// The text so far with its open ends closed, if it has more content than the previous one.
    text: Option<String>,
}

#[cfg(feature = "schemars")]
impl<T> ParsedChunk<T> {
    /// Returns the JSON so far, if it has more content than that of the previous chunk: also where
    /// `value` is `None` because fields of `T` are missing.
    ///
    /// For a type whose fields have no defaults, such as enums and dates, it shows the progress that
    /// `value` cannot show.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # use mistral_sdk::testing::{MockReply, MockTransport};
    /// # let reply = MockReply::chat_stream(["{\"title\": \"Olym", "pia\", \"year\": 18", "63}"]);
    /// # let mock = MockTransport::new().reply(reply);
    /// # let api = mistral_sdk::MistralApi::new("key")?;
    /// # let client = mistral_sdk::Client::builder(api).transport(mock).build()?;
    /// # use mistral_sdk::chat::ChatCompletionRequest;
    /// # let question = "Name a painting by Manet.";
    /// # let request = ChatCompletionRequest::new("mistral-small-latest", question);
    /// #[derive(schemars::JsonSchema, serde::Deserialize)]
    /// struct Painting {
    ///     title: String,
    ///     year: i32, // required: there is no value before it
    /// }
    ///
    /// let mut titles = Vec::new();
    /// let mut stream = client.chat().parse_stream::<Painting>(&request).await?;
    /// while let Some(chunk) = stream.next().await {
    ///     if let Some(json) = chunk?.json() {
    ///         titles.push(json["title"].to_string());
    ///     }
    /// }
    /// assert_eq!(titles[..2], ["\"Olym\"", "\"Olympia\""]);
    /// # Ok(()) }
    /// ```
    pub fn json(&self) -> Option<Value> {
        serde_json::from_str(self.text.as_deref()?).ok()
    }
}

/// Decodes a single chunk, without a value.
#[cfg(feature = "schemars")]
impl<'de, T> Deserialize<'de> for ParsedChunk<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let chunk = CompletionChunk::deserialize(deserializer)?;
        Ok(Self {
            chunk,
            value: None,
            text: None,
        })
    }
}

/// The state of a stream of parsed chunks.
#[cfg(feature = "schemars")]
#[derive(Debug, Default)]
pub struct ParseState {
    chunks: ChunkState,
    json: PartialJson,
    /// The length of the text that the last value was parsed from.
    parsed_len: usize,
}

#[cfg(feature = "schemars")]
impl ParseState {
    /// Adds the text of a chunk. Returns the JSON so far if it has new content.
    fn add(&mut self, chunk: &CompletionChunk) -> Option<String> {
        let choice = chunk.choices.iter().find(|choice| choice.index == 0)?;
        let delta = &choice.delta;
        if let Some(content) = delta.content.as_ref().filter(|_| !delta.is_tool_message()) {
            self.json.push(&content.text());
        }
        if choice.finish_reason.is_some() {
            return Some(self.json.text().to_owned());
        }
        let len = self.json.complete_len();
        if len <= self.parsed_len + self.parsed_len / GROWTH_DIVISOR {
            return None;
        }
        self.parsed_len = len;
        self.json.complete()
    }
}

#[cfg(feature = "schemars")]
impl<T: DeserializeOwned + Send + 'static> StreamEvent for ParsedChunk<T> {
    type State = ParseState;

    const IS_MERGED: bool = true;

    fn decode(data: &str, state: &mut ParseState) -> Result<Self, serde_json::Error> {
        let chunk = CompletionChunk::decode(data, &mut state.chunks)?;
        let text = state.add(&chunk);
        let value = text
            .as_deref()
            .and_then(|text| serde_json::from_str(text).ok());
        Ok(Self { chunk, value, text })
    }

    fn carries_nothing(event: &Map<String, Value>) -> bool {
        CompletionChunk::carries_nothing(event)
    }

    fn may_end(state: &ParseState) -> bool {
        CompletionChunk::may_end(&state.chunks)
    }

    fn is_complete(state: &ParseState) -> bool {
        CompletionChunk::is_complete(&state.chunks)
    }

    fn snapshot(state: &ParseState) -> Option<serde_json::Value> {
        CompletionChunk::snapshot(&state.chunks)
    }

    fn partial(state: &ParseState) -> Option<Box<dyn Any + Send + Sync>> {
        CompletionChunk::partial(&state.chunks)
    }
}

#[cfg(feature = "schemars")]
impl<T: DeserializeOwned + Send + 'static> EventStream<ParsedChunk<T>> {
    /// Returns the response merged from the chunks that [`next`](EventStream::next) has returned,
    /// as [`so_far`](EventStream::<CompletionChunk>::so_far) of other streams does.
    pub fn so_far(&self) -> ChatCompletionResponse {
        self.state().chunks.response()
    }

    /// Reads the rest of the stream and returns the final value, with the whole response.
    ///
    /// # Errors
    /// Fails with the error that [`next`](EventStream::next) returns, or has returned, and as
    /// [`Chat::parse`](crate::api::chat::Chat::parse) does if the response is not a `T`. The
    /// error's [`partial`](crate::Error::partial) is the
    /// [`ChatCompletionResponse`](crate::api::chat::ChatCompletionResponse) merged up to that
    /// point.
    pub async fn collect_parsed(self) -> Result<Parsed<T>> {
        let with_context = self.error_context();
        let state = self.read_to_end().await?;
        Parsed::from_response(state.chunks.response()).map_err(with_context)
    }
}

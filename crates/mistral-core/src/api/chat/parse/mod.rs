//! Structured output: responses parsed into values of a type.

mod chunk;
mod parsed;

use schemars::JsonSchema;
use serde::de::DeserializeOwned;

use super::{COMPLETE, Chat, ChatCompletionRequest, STREAM};
use crate::call::{Call, StreamCall};
use crate::error::{Error, Result};
use crate::messages::ResponseFormat;
use crate::mode::Mode;
use crate::pipeline::request::ApiRequest;

pub use self::chunk::ParsedChunk;
pub use self::parsed::Parsed;
pub(crate) use self::parsed::decode_parsed;

#[cfg(feature = "schemars")]
impl<M: Mode> Chat<M> {
    /// Creates a chat completion and parses its text into a `T`.
    ///
    /// The request's `response_format` is set to the strict JSON Schema of `T`, in which the
    /// doc comments of `T` are descriptions for the model. Every field is required. Declare a
    /// field that may be missing as an `Option`: the model then writes `null`. If the request
    /// has tools, `tool_choice` must be `auto`.
    ///
    /// Mirrors the official SDK's `chat.parse`.
    ///
    /// # Errors
    /// Fails with [`ErrorKind::Config`](crate::ErrorKind::Config), before the request is sent,
    /// if `T` contains a map (`HashMap<String, _>`) or accepts any JSON (`serde_json::Value`),
    /// neither of which a strict schema can express, or if the request has a `response_format`
    /// of its own.
    ///
    /// Fails with [`ErrorKind::Decode`](crate::ErrorKind::Decode) if the response is not a `T`:
    /// it is cut off, is not JSON, does not match the type, is a refusal, or calls tools.
    /// [`Error::partial`] is then the whole
    /// [`ChatCompletionResponse`](super::ChatCompletionResponse), with its text.
    #[doc = example!(r#"
use mistral_sdk::chat::ChatCompletionRequest;

/// A painting in a museum.
#[derive(schemars::JsonSchema, serde::Deserialize)]
struct Painting {
    title: String,
    /// The year in which it was finished, if known.
    year: Option<i32>,
}

let question = "Name a painting by Manet.";
let request = ChatCompletionRequest::new("mistral-small-latest", question);
let parsed = client.chat().parse::<Painting>(&request).await?;
println!("{} {:?}", parsed.value.title, parsed.value.year);
println!("{:?}", parsed.response.usage);
# assert!(!parsed.value.title.is_empty());
"#)]
    pub fn parse<T>(&self, request: &ChatCompletionRequest) -> Call<Parsed<T>, M>
    where
        T: JsonSchema + DeserializeOwned + 'static,
    {
        let mut request = request.clone();
        let request = match set_response_schema::<T>(&mut request.response_format) {
            Ok(()) => ApiRequest::new(&COMPLETE)
                .model(&*request.model)
                .json(&request),
            Err(error) => ApiRequest::invalid(&COMPLETE, error),
        };
        self.client.call(request).with_decoder(decode_parsed)
    }

    /// Creates a chat completion and parses its text into a `T` while it is streamed.
    ///
    /// Every event holds a chunk of the response and, if the chunk completes another part of
    /// the value, the value parsed so far: the incomplete JSON is closed and parsed. Strings
    /// and lists grow with each event. A number, `true`, `false` or `null` appears once it is
    /// complete. There is no value while a field is missing: give the fields defaults
    /// (`#[serde(default)]` on the type) to receive values from the first field on.
    ///
    /// [`collect_parsed`](crate::EventStream::collect_parsed) returns the final value, or the
    /// reason that there is none.
    ///
    /// # Errors
    /// Fails as [`parse`](Self::parse) does.
    #[doc = example!(r#"
use mistral_sdk::chat::ChatCompletionRequest;

#[derive(Default, schemars::JsonSchema, serde::Deserialize)]
#[serde(default)]
struct Painting {
    title: String,
    year: Option<i32>,
}

let question = "Name a painting by Manet.";
let request = ChatCompletionRequest::new("mistral-small-latest", question);
let mut stream = client.chat().parse_stream::<Painting>(&request).await?;
while let Some(event) = stream.next().await {
    if let Some(painting) = event?.value {
        println!("{} …", painting.title);
    }
}
let parsed = stream.collect_parsed().await?;
println!("{} {:?}", parsed.value.title, parsed.value.year);
# assert!(!parsed.value.title.is_empty());
"#)]
    pub fn parse_stream<T>(&self, request: &ChatCompletionRequest) -> StreamCall<ParsedChunk<T>, M>
    where
        T: JsonSchema + DeserializeOwned + Send + 'static,
    {
        let mut request = request.clone();
        let request = match set_response_schema::<T>(&mut request.response_format) {
            Ok(()) => ApiRequest::new(&STREAM)
                .model(&*request.model)
                .json(&request),
            Err(error) => ApiRequest::invalid(&STREAM, error),
        };
        self.client.call_stream(request)
    }
}

/// Sets the response format of a request to the strict schema of `T`.
pub(crate) fn set_response_schema<T: JsonSchema>(
    format: &mut Option<Box<ResponseFormat>>,
) -> Result<()> {
    if format.is_some() {
        return Err(Error::config(
            "`response_format` is derived from the requested type: leave it unset, or call \
             `complete` or `stream`",
        ));
    }
    *format = Some(Box::new(ResponseFormat::of::<T>()?));
    Ok(())
}

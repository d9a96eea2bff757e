//! Answers as values of a type.

mod chunk;
mod parsed;

use schemars::JsonSchema;
use serde::de::DeserializeOwned;

use super::{COMPLETE, Chat, ChatCompletionRequest, STREAM};
use crate::call::{Call, StreamCall};
use crate::error::{Error, Result};
use crate::json::schema;
use crate::messages::ResponseFormat;
use crate::mode::Mode;
use crate::pipeline::request::ApiRequest;

pub use self::chunk::ParsedChunk;
pub use self::parsed::Parsed;
pub(crate) use self::parsed::read;

impl<M: Mode> Chat<M> {
    /// Asks the model for a value of the type `T`, and waits for it.
    ///
    /// The request's `response_format` becomes the strict JSON Schema of `T`; its doc comments
    /// are for the model to read. Every field is required: one that may be missing is an
    /// `Option`, for which the model says `null`. With tools, the request must leave
    /// `tool_choice` at `auto`.
    ///
    /// Mirrors the official SDK's `chat.parse`.
    ///
    /// # Errors
    /// Before anything is sent, with [`ErrorKind::Config`](crate::ErrorKind::Config), when `T` has a map
    /// (`HashMap<String, _>`) or takes any JSON (`serde_json::Value`), neither of which a
    /// strict schema can say, and when the request has a `response_format` of its own.
    ///
    /// With [`ErrorKind::Decode`](crate::ErrorKind::Decode) when the answer is no `T`: it is cut off, is not JSON, does
    /// not fit, was refused, or calls tools. [`Error::partial`] then is the whole
    /// [`ChatCompletionResponse`](super::ChatCompletionResponse), with its text.
    #[doc = example!(r#"
use mistral_sdk::chat::ChatCompletionRequest;
use mistral_sdk::messages::Message;

/// A painting in a museum.
#[derive(schemars::JsonSchema, serde::Deserialize)]
struct Painting {
    title: String,
    /// When it was finished, if that is known.
    year: Option<i32>,
}

let question = [Message::user("Name a painting by Manet.")];
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
        let request = match ask_for::<T>(&mut request.response_format) {
            Ok(()) => ApiRequest::new(&COMPLETE)
                .model(&*request.model)
                .json(&request),
            Err(error) => ApiRequest::invalid(&COMPLETE, error),
        };
        self.client.call(request).with_decoder(read)
    }

    /// Asks the model for a value of the type `T`, and reads it as it is written.
    ///
    /// Every event is a chunk of the answer and, if the chunk adds something that `T` shows,
    /// the value so far: the JSON is completed where it is cut off. Strings and lists grow;
    /// a number, `true` or `null` comes when it is complete. A value that lacks a field is
    /// none, so give the fields defaults (`#[serde(default)]` on the type) to see values from
    /// the first field on.
    ///
    /// [`collect_parsed`](crate::EventStream::collect_parsed) gives the final value, and says
    /// why there is none.
    ///
    /// # Errors
    /// Fails as [`parse`](Self::parse) does.
    #[doc = example!(r#"
use mistral_sdk::chat::ChatCompletionRequest;
use mistral_sdk::messages::Message;

#[derive(Default, schemars::JsonSchema, serde::Deserialize)]
#[serde(default)]
struct Painting {
    title: String,
    year: Option<i32>,
}

let question = [Message::user("Name a painting by Manet.")];
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
        let request = match ask_for::<T>(&mut request.response_format) {
            Ok(()) => ApiRequest::new(&STREAM)
                .model(&*request.model)
                .json(&request),
            Err(error) => ApiRequest::invalid(&STREAM, error),
        };
        self.client.call_stream(request)
    }
}

/// Makes the strict schema of `T` the format of a request.
pub(crate) fn ask_for<T: JsonSchema>(format: &mut Option<Box<ResponseFormat>>) -> Result<()> {
    if format.is_some() {
        return Err(Error::config(
            "`response_format` is made from the type that is asked for: leave it out, or call \
             `complete` or `stream`",
        ));
    }
    let schema = schema::strict::<T>().map_err(Error::config)?;
    let strict = ResponseFormat::json_schema(schema::name::<T>(), schema);
    *format = Some(Box::new(strict));
    Ok(())
}

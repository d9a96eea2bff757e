//! Runs whose final response is parsed into a value.

use std::fmt;
use std::future::{Future, IntoFuture};
use std::marker::PhantomData;
use std::pin::Pin;

use schemars::JsonSchema;
use serde::de::DeserializeOwned;

use super::run::RunCall;
use super::tool_run::ToolRun;
use crate::api::chat::set_response_schema;
use crate::error::Result;
use crate::mode::{Async, Mode};

/// A value parsed from the final response of a run, with the transcript of the run.
#[cfg(feature = "schemars")]
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct ParsedRun<T> {
    /// The value.
    pub value: T,
    /// The transcript.
    pub run: ToolRun,
}

#[cfg(feature = "schemars")]
impl<M: Mode> RunCall<M> {
    /// Requests that the run ends in JSON of the type `T`, and parses it.
    ///
    /// The request's `response_format` is set to the strict JSON Schema of `T`; see
    /// [`Chat::parse`](crate::api::chat::Chat::parse). If the request forces a tool call
    /// (`tool_choice`), the format is set after the first turn, because the API does not accept both.
    ///
    /// For the events of such a run, start it with [`stream`](Self::stream) from a request whose
    /// `response_format` is
    /// [`ResponseFormat::of::<T>()`](crate::messages::ResponseFormat::of), and call
    /// [`ToolRun::parse`] at its end.
    ///
    /// # Errors
    /// Fails as the run does, before the first request if `T` has no strict schema or the request
    /// has a `response_format` of its own, and with
    /// [`ErrorKind::Decode`](crate::ErrorKind::Decode) if the final response is not a `T`.
    /// [`Error::partial`](crate::Error::partial) is the [`ToolRun`] in any case.
    #[doc = example!(r#"
use mistral_sdk::chat::{ChatCompletionRequest, Function};
use mistral_sdk::tools::ToolSet;
use serde_json::{Value, json};

/// The weather in a city.
#[derive(schemars::JsonSchema, serde::Deserialize)]
struct Report {
    city: String,
    sunny: bool,
}

let city = json!({ "type": "object", "properties": { "city": { "type": "string" } } });
let tools = ToolSet::new().function(
    Function::new("get_weather", city),
    async |call: Value| Ok::<_, std::io::Error>(format!("{}: sunny", call["city"])),
);
let question = "Call get_weather: what is it like in Paris?";
let request = ChatCompletionRequest::new("mistral-small-latest", question);
let parsed = client.chat().run(&request, &tools).max_turns(5).parse::<Report>().await?;
println!("{}: {}", parsed.value.city, parsed.value.sunny);
println!("{} turns", parsed.run.responses.len());
# assert_eq!(parsed.run.responses.len(), 2);
"#)]
    pub fn parse<T: JsonSchema + DeserializeOwned>(mut self) -> ParsedRunCall<T, M> {
        let mut format = self.conversation.own_response_format();
        let result = set_response_schema::<T>(&mut format);
        self.conversation.response_format = match result {
            Ok(()) => format.map(Ok),
            Err(error) => Some(Err(error)),
        };
        ParsedRunCall {
            run: self,
            value: PhantomData,
        }
    }
}

/// A run that ends in a `T`. `.await` it or, with a blocking client, call `.send()`. Created by
/// [`RunCall::parse`].
#[cfg(feature = "schemars")]
#[must_use = "a run does nothing until it is awaited or sent"]
pub struct ParsedRunCall<T, M: Mode = Async> {
    pub(crate) run: RunCall<M>,
    value: PhantomData<fn() -> T>,
}

/// Parses the final response of a run.
#[inline]
pub(crate) fn parse_run<T: DeserializeOwned>(
    run: ToolRun,
    name: &'static str,
) -> Result<ParsedRun<T>> {
    match run.parse() {
        Ok(value) => Ok(ParsedRun { value, run }),
        Err(error) => Err(error.at(name, 0)),
    }
}

#[cfg(feature = "schemars")]
impl<T: DeserializeOwned + 'static> IntoFuture for ParsedRunCall<T> {
    type Output = Result<ParsedRun<T>>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send>>;

    #[inline]
    fn into_future(self) -> Self::IntoFuture {
        let name = self.run.conversation.run_name();
        let run = self.run.into_future();
        Box::pin(async move { parse_run(run.await?, name) })
    }
}

#[cfg(feature = "schemars")]
impl<T, M: Mode> fmt::Debug for ParsedRunCall<T, M> {
    #[inline]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ParsedRunCall").field(&self.run).finish()
    }
}

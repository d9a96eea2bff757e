use serde::de::{Deserialize, DeserializeOwned, Deserializer, Error as _};
use serde_json::Value;

use crate::api::chat::{ChatCompletionChoice, ChatCompletionResponse, FinishReason};
use crate::error::{DecodeError, Error, ErrorKind, Result, decode};

/// A value parsed from a response, with the response. Mirrors the official SDK's
/// `ParsedChatCompletionResponse`.
#[cfg(feature = "schemars")]
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Parsed<T> {
    /// The value. If several choices are requested, the value is that of the first.
    pub value: T,
    /// The whole response.
    pub response: ChatCompletionResponse,
}

#[cfg(feature = "schemars")]
impl<T: DeserializeOwned> Parsed<T> {
    pub(super) fn from_response(response: ChatCompletionResponse) -> Result<Self> {
        match parse_response(&response) {
            Ok(value) => Ok(Self { value, response }),
            Err(error) => Err(error.with_partial(Box::new(response))),
        }
    }
}

#[cfg(feature = "schemars")]
impl ChatCompletionResponse {
    /// Parses the text of the first choice into a `T`, as [`Chat::parse`](super::super::Chat::parse)
    /// does: for a request whose [`response_format`](super::super::ChatCompletionRequest) was set by
    /// hand, for example with [`ResponseFormat::of`](crate::messages::ResponseFormat::of).
    ///
    /// # Errors
    /// Fails with [`ErrorKind::Decode`] if the response is not a `T`. The message has the reason and
    /// the path of the value that does not match.
    pub fn parse<T: DeserializeOwned>(&self) -> Result<T> {
        parse_response(self)
    }
}

/// Parses the text of the first choice of a response.
fn parse_response<T: DeserializeOwned>(response: &ChatCompletionResponse) -> Result<T> {
    let choice = response.choices.first();
    let value = choice
        .ok_or_else(|| "the response is empty".to_owned())
        .and_then(parse_choice);
    value.map_err(|reason| Error::new(ErrorKind::Decode, reason))
}

/// Decodes a whole response and parses its text.
#[cfg(feature = "schemars")]
impl<'de, T: DeserializeOwned> Deserialize<'de> for Parsed<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let response = ChatCompletionResponse::deserialize(deserializer)?;
        Self::from_response(response).map_err(|error| D::Error::custom(error.message()))
    }
}

/// Decodes the body of a response and parses its text.
pub(crate) fn decode_parsed<T: DeserializeOwned>(json: &[u8]) -> Result<Parsed<T>, DecodeError> {
    Parsed::from_response(decode(json)?).map_err(DecodeError::from_error)
}

/// Parses the text of a choice. Returns the reason if it has no value.
fn parse_choice<T: DeserializeOwned>(choice: &ChatCompletionChoice) -> Result<T, String> {
    let text = choice.message.text();
    decode(text.as_bytes()).map_err(|error| {
        let error = match error.is_type_mismatch() {
            true => error.narrowed::<T>(&text),
            false => error,
        };
        failure_reason(choice, &error)
    })
}

fn failure_reason(choice: &ChatCompletionChoice, error: &DecodeError) -> String {
    let message = &choice.message;
    let refusal = message.extra.get("refusal").and_then(Value::as_str);
    let calls = message.tool_calls.iter().flatten();
    let called: Vec<_> = calls.map(|call| &*call.function.name).collect();
    match &choice.finish_reason {
        _ if refusal.is_some() => {
            format!(
                "the model refused to respond: {}",
                refusal.unwrap_or_default()
            )
        }
        Some(reason) if reason.is_truncated() => format!(
            "the response is cut off (finish reason `{reason}`): raise `max_tokens`, or request \
             a shorter response"
        ),
        Some(reason @ FinishReason::Error) => {
            format!("the server failed during generation (finish reason `{reason}`)")
        }
        _ if !called.is_empty() => format!(
            "the model calls tools instead of responding ({}): run them and send their results",
            called.join(", ")
        ),
        _ if message.text().trim().is_empty() => "the response has no text".to_owned(),
        _ if error.is_type_mismatch() => {
            format!("the response does not match the requested type: {error}")
        }
        _ => format!("the response is not JSON: {error}"),
    }
}

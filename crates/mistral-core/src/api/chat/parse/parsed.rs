use serde::de::{Deserialize, DeserializeOwned, Deserializer, Error as _};

use crate::api::chat::{ChatCompletionChoice, ChatCompletionResponse, FinishReason};
use crate::error::{DecodeError, Error, ErrorKind, Result, decode};

/// A value that a model was asked for, and the answer that it was in. Mirrors the official
/// SDK's `ParsedChatCompletionResponse`.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Parsed<T> {
    /// The value: the first choice's, where the request asks for several.
    pub value: T,
    /// The whole answer.
    pub response: ChatCompletionResponse,
}

impl<T: DeserializeOwned> Parsed<T> {
    pub(super) fn of(response: ChatCompletionResponse) -> Result<Self> {
        let choice = response.choices.first().ok_or("the answer is empty".into());
        match choice.and_then(value) {
            Ok(value) => Ok(Self { value, response }),
            Err(why) => Err(Error::new(ErrorKind::Decode, why).with_partial(Box::new(response))),
        }
    }
}

/// Reads a whole answer, as the SDK reads a response.
impl<'de, T: DeserializeOwned> Deserialize<'de> for Parsed<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let response = ChatCompletionResponse::deserialize(deserializer)?;
        Self::of(response).map_err(|error| D::Error::custom(error.message()))
    }
}

/// Reads the body of a response.
pub(crate) fn read<T: DeserializeOwned>(json: &[u8]) -> Result<Parsed<T>, DecodeError> {
    Parsed::of(decode(json)?).map_err(DecodeError::from_error)
}

/// The value of a choice, or why it has none.
fn value<T: DeserializeOwned>(choice: &ChatCompletionChoice) -> Result<T, String> {
    let text = choice.message.text();
    decode(text.as_bytes()).map_err(|error| why_not(choice, &error))
}

fn why_not(choice: &ChatCompletionChoice, error: &DecodeError) -> String {
    let message = &choice.message;
    let refusal = message.extra.get("refusal").and_then(|it| it.as_str());
    let calls = message.tool_calls.iter().flatten();
    let called: Vec<_> = calls.map(|call| &*call.function.name).collect();
    match &choice.finish_reason {
        _ if refusal.is_some() => {
            format!(
                "the model refused to answer: {}",
                refusal.unwrap_or_default()
            )
        }
        Some(reason) if reason.is_truncated() => format!(
            "the answer is cut off (finish reason `{reason}`): allow more tokens (`max_tokens`), \
             or ask for less"
        ),
        Some(reason @ FinishReason::Error) => {
            format!("the model failed while it answered (finish reason `{reason}`)")
        }
        _ if !called.is_empty() => format!(
            "the model calls tools instead of answering ({}): answer them and ask again",
            called.join(", ")
        ),
        _ if message.text().trim().is_empty() => "the answer has no text".to_owned(),
        _ if error.is_type_mismatch() => format!("the answer does not fit: {error}"),
        _ => format!("the answer is not JSON: {error}"),
    }
}

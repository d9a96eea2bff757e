use std::borrow::Cow;
use std::fmt;

use serde::de::{DeserializeOwned, IgnoredAny, MapAccess};
use serde_json::{Map, Value};

use super::tool::ToolType;
use crate::error::{Error, ErrorKind, Result, locate};
use crate::json::open_enum::optional_enum;
use crate::json::placeholder::is_placeholder;
use crate::json::text::TextOrValue;
use crate::json::{ApiObject, ApiUnion};

/// A tool call that the model requests. Mirrors the API's `ToolCall`.
///
/// ```
/// use mistral_sdk::chat::ToolCall;
/// use serde_json::json;
///
/// let call: ToolCall = serde_json::from_value(json!({
///     "id": "D681PevKs",
///     "function": { "name": "get_weather", "arguments": "{\"city\": \"Paris\"}" },
/// }))?;
/// let arguments: serde_json::Value = call.arguments()?;
/// assert_eq!(arguments["city"], "Paris");
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, ApiObject)]
#[non_exhaustive]
pub struct ToolCall {
    /// The id that the tool message must refer to. See also [`call_id`](Self::call_id).
    pub id: Option<String>,
    /// The type of the tool. Default: `function`.
    #[api(rename = "type", read_with = optional_enum)]
    pub kind: Option<ToolType>,
    /// The function to call, and its arguments.
    #[api(required)]
    pub function: FunctionCall,
    /// The index of the call within the message.
    pub index: Option<i64>,
    /// Fields that this version of the SDK does not declare, and declared fields whose value could
    /// not be read. They are serialized unchanged.
    #[api(extra)]
    pub extra: Map<String, Value>,
}

impl ToolCall {
    /// Creates a tool call, for a history that is sent to the model.
    pub fn new(
        id: impl Into<String>,
        name: impl Into<String>,
        arguments: impl Into<Arguments>,
    ) -> Self {
        Self {
            function: FunctionCall::new(name, arguments),
            id: Some(id.into()),
            kind: None,
            index: None,
            extra: Map::new(),
        }
    }

    /// Returns the id. `None` if it is missing or one of the server's placeholders (`""` and
    /// `"null"`).
    pub fn call_id(&self) -> Option<&str> {
        present_id(self.id.as_deref())
    }

    /// Parses the arguments. Missing arguments (empty text, or `null`) are parsed as an empty
    /// object.
    ///
    /// # Errors
    /// Fails with [`ErrorKind::Decode`] if they are not JSON or do not match `T`. The message
    /// names the function and the JSON path, and states if the text is cut off, as it is when
    /// the response reaches the token limit
    /// ([`FinishReason::Length`](crate::api::chat::FinishReason::Length)).
    ///
    /// ```
    /// use mistral_sdk::chat::ToolCall;
    ///
    /// #[derive(Debug, serde::Deserialize)]
    /// struct Weather {
    ///     city: String,
    ///     days: Vec<u8>,
    /// }
    ///
    /// let call = ToolCall::new("D681PevKs", "get_weather", r#"{"city": "Paris", "days": [1]}"#);
    /// let weather: Weather = call.arguments()?;
    /// assert_eq!((weather.city.as_str(), weather.days.len()), ("Paris", 1));
    ///
    /// let call = ToolCall::new("D681PevKs", "get_weather", r#"{"city": "Paris", "days": ["x"]}"#);
    /// let error = call.arguments::<Weather>().unwrap_err();
    /// let message = "the arguments of `get_weather` do not match the type: at `days[0]`";
    /// assert!(error.to_string().starts_with(message));
    /// # Ok::<_, mistral_sdk::Error>(())
    /// ```
    pub fn arguments<T: DeserializeOwned>(&self) -> Result<T> {
        let FunctionCall {
            name, arguments, ..
        } = &self.function;
        arguments.parse().map_err(|error| {
            let text = arguments.json_text();
            let reason = ArgumentsError::classify(&text);
            // Errors of `from_value` have no position, so an object is parsed from its text again.
            let error = serde_json::from_str::<T>(&text).err().unwrap_or(error);
            let error = locate(text.as_bytes(), error);
            let message = format!("the arguments of `{name}` {reason}: {error}");
            Error::new(ErrorKind::Decode, message)
        })
    }
}

/// Returns the id unless it is a placeholder.
pub(crate) fn present_id(id: Option<&str>) -> Option<&str> {
    id.filter(|id| !is_placeholder(id))
}

/// A call of a function. Mirrors the API's `FunctionCall`.
#[derive(Debug, Clone, PartialEq, ApiObject)]
#[non_exhaustive]
pub struct FunctionCall {
    /// The function's name. Empty in the later fragments of a streamed call.
    #[api(default)]
    pub name: String,
    /// The arguments. An empty list, which some servers write for an empty object, is read as one.
    #[api(default, read_with = read_arguments)]
    pub arguments: Arguments,
    /// Fields that this version of the SDK does not declare, and declared fields whose value could
    /// not be read. They are serialized unchanged.
    #[api(extra)]
    pub extra: Map<String, Value>,
}

/// Reads arguments in any form. What is neither text nor an object is kept as its JSON text.
fn read_arguments<'de, A: MapAccess<'de>>(map: &mut A) -> Result<Option<Arguments>, A::Error> {
    Ok(Some(match map.next_value::<TextOrValue<'de>>()?.0 {
        Ok(text) => Arguments::Text(text.into_owned()),
        Err(Value::Null) => return Ok(None),
        Err(Value::Object(object)) => Arguments::Object(object),
        Err(Value::Array(list)) if list.is_empty() => Arguments::Object(Map::new()),
        Err(value) => Arguments::Text(value.to_string()),
    }))
}

impl FunctionCall {
    /// Creates a call of the function `name`.
    pub fn new(name: impl Into<String>, arguments: impl Into<Arguments>) -> Self {
        Self {
            name: name.into(),
            arguments: arguments.into(),
            extra: Map::new(),
        }
    }
}

/// The arguments of a tool call: JSON as text, or an object.
///
/// The text is generated by the model, so it may be cut off or not be JSON. This does not fail
/// the response; [`parse`](Self::parse) returns the error.
#[derive(Debug, Clone, PartialEq, ApiUnion)]
#[api(untagged)]
#[non_exhaustive]
pub enum Arguments {
    /// JSON as text.
    #[api(string)]
    Text(String),
    /// An object.
    #[api(object)]
    Object(Map<String, Value>),
}

impl Arguments {
    /// Parses the arguments. Empty text and `null` are parsed as an empty object.
    ///
    /// [`ToolCall::arguments`] does the same, with more detailed errors.
    ///
    /// # Errors
    /// Fails if they are cut off, are not JSON, or do not match `T`.
    pub fn parse<T: DeserializeOwned>(&self) -> Result<T, serde_json::Error> {
        match self {
            Self::Text(_) => serde_json::from_str(&self.json_text()),
            Self::Object(object) => T::deserialize(Value::Object(object.clone())),
        }
    }

    /// Returns the JSON text to parse.
    fn json_text(&self) -> Cow<'_, str> {
        match self {
            Self::Text(text) if matches!(text.trim(), "" | "null") => "{}".into(),
            Self::Text(text) => text.into(),
            Self::Object(_) => self.to_string().into(),
        }
    }
}

/// The reason that arguments cannot be parsed.
enum ArgumentsError {
    CutOff,
    NotJson,
    Mismatch,
}

impl ArgumentsError {
    fn classify(json: &str) -> Self {
        match serde_json::from_str::<IgnoredAny>(json) {
            Err(error) if error.is_eof() => Self::CutOff,
            Err(_) => Self::NotJson,
            Ok(_) => Self::Mismatch,
        }
    }
}

impl fmt::Display for ArgumentsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::CutOff => {
                "seem to be cut off (if the finish reason is `length`, raise `max_tokens`)"
            }
            Self::NotJson => "are not JSON",
            Self::Mismatch => "do not match the type",
        })
    }
}

impl Default for Arguments {
    fn default() -> Self {
        Self::Text(String::new())
    }
}

/// Prints the arguments as JSON text.
impl fmt::Display for Arguments {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => f.write_str(text),
            Self::Object(object) => write!(f, "{}", Value::Object(object.clone())),
        }
    }
}

use std::borrow::Cow;
use std::fmt;

use serde::de::{DeserializeOwned, IgnoredAny};
use serde_json::{Map, Value};

use super::tool::ToolType;
use crate::error::{Error, ErrorKind, Result, locate};
use crate::json::{ApiObject, ApiUnion};

/// The model's wish to call a tool. Mirrors the API's `ToolCall`.
///
/// ```
/// use mistral_core::chat::ToolCall;
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
    /// What to call, with which arguments.
    #[api(required)]
    pub function: FunctionCall,
    /// The id that the tool's answer must name. See also [`call_id`](Self::call_id).
    pub id: Option<String>,
    /// The kind of tool. Default: a function.
    #[api(rename = "type")]
    pub kind: Option<ToolType>,
    /// Which of the message's calls this is.
    pub index: Option<i64>,
    /// Fields that this version of the SDK does not know, as they came.
    #[api(extra)]
    pub extra: Map<String, Value>,
}

impl ToolCall {
    /// Makes a call, for a history that is sent to the model.
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

    /// The id, unless it is one of the server's words for "none" (`""` and `"null"`).
    pub fn call_id(&self) -> Option<&str> {
        given(self.id.as_deref())
    }

    /// Parses the arguments. No arguments at all (empty text, or `null`) count as an empty
    /// object.
    ///
    /// # Errors
    /// Fails with [`ErrorKind::Decode`] when they are not JSON or do not fit `T`. The
    /// message names the function, the place in the JSON, and says so if the text ends too
    /// early, as it does when an answer is as long as it may be
    /// ([`FinishReason::Length`](crate::api::chat::FinishReason::Length)).
    ///
    /// ```
    /// use mistral_core::chat::ToolCall;
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
    /// assert!(error.to_string().starts_with("the arguments of `get_weather` do not fit: at `days[0]`"));
    /// # Ok::<_, mistral_core::Error>(())
    /// ```
    pub fn arguments<T: DeserializeOwned>(&self) -> Result<T> {
        let FunctionCall {
            name, arguments, ..
        } = &self.function;
        arguments.parse().map_err(|error| {
            let text = arguments.json();
            let what = Shortcoming::of(&text);
            // What came as an object has no places: they are found in its text.
            let error = serde_json::from_str::<T>(&text).err().unwrap_or(error);
            let error = locate(text.as_bytes(), error);
            let message = format!("the arguments of `{name}` {what}: {error}");
            Error::new(ErrorKind::Decode, message)
        })
    }
}

/// The id, unless it is a word for "none".
pub(super) fn given(id: Option<&str>) -> Option<&str> {
    id.filter(|id| !matches!(*id, "" | "null"))
}

/// What the model wants called. Mirrors the API's `FunctionCall`.
#[derive(Debug, Clone, PartialEq, ApiObject)]
#[non_exhaustive]
pub struct FunctionCall {
    /// The function's name. Empty in the later pieces of a stream.
    #[api(default)]
    pub name: String,
    /// The arguments.
    #[api(default)]
    pub arguments: Arguments,
    /// Fields that this version of the SDK does not know, as they came.
    #[api(extra)]
    pub extra: Map<String, Value>,
}

impl FunctionCall {
    /// Makes a call of the function `name`.
    pub fn new(name: impl Into<String>, arguments: impl Into<Arguments>) -> Self {
        Self {
            name: name.into(),
            arguments: arguments.into(),
            extra: Map::new(),
        }
    }
}

/// The arguments of a call: JSON as text, or an object.
///
/// The text comes from a model: it may be cut off, or not be JSON at all. That is no
/// error of the response; [`parse`](Self::parse) tells.
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
    /// Parses the arguments. Empty text, and `null`, count as an empty object.
    ///
    /// [`ToolCall::arguments`] does the same, with errors that say more.
    ///
    /// # Errors
    /// Fails when they are cut off, are not JSON, or do not fit `T`.
    pub fn parse<T: DeserializeOwned>(&self) -> Result<T, serde_json::Error> {
        match self {
            Self::Text(_) => serde_json::from_str(&self.json()),
            Self::Object(object) => T::deserialize(Value::Object(object.clone())),
        }
    }

    /// What is parsed.
    fn json(&self) -> Cow<'_, str> {
        match self {
            Self::Text(text) if matches!(text.trim(), "" | "null") => "{}".into(),
            Self::Text(text) => text.into(),
            Self::Object(_) => self.to_string().into(),
        }
    }
}

/// What is wrong with arguments that cannot be parsed.
enum Shortcoming {
    CutOff,
    NotJson,
    Misfit,
}

impl Shortcoming {
    fn of(json: &str) -> Self {
        match serde_json::from_str::<IgnoredAny>(json) {
            Err(error) if error.is_eof() => Self::CutOff,
            Err(_) => Self::NotJson,
            Ok(_) => Self::Misfit,
        }
    }
}

impl fmt::Display for Shortcoming {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::CutOff => {
                "seem to be cut off (the finish reason `length` means: allow more tokens)"
            }
            Self::NotJson => "are not JSON",
            Self::Misfit => "do not fit",
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

use std::borrow::Cow;

use http::{HeaderMap, StatusCode};
use serde::de::{self, DeserializeOwned, IgnoredAny, MapAccess};
use serde_json::{Map, Value};

use crate::error::{ApiError, Error, ErrorKind, Result, decode, empty_response, unexpected};
use crate::json::ApiObject;
use crate::json::optional::{optional_number, optional_object};
use crate::json::placeholder::says_something;
use crate::json::wire::value;

/// The result of one request of a batch: a line of a job's output file or error file.
///
/// Follows the batch guide of the API; the API reference has no schema for it.
///
/// ```
/// use mistral_sdk::batch::BatchResult;
/// use mistral_sdk::embeddings::EmbeddingResponse;
///
/// let file = r#"{"custom_id":"a","response":{"status_code":200,"body":{"data":[]}}}
/// {"custom_id":"b","response":{"status_code":422,"body":{"message":"no input"}}}"#;
/// for result in BatchResult::lines(file.as_bytes()) {
///     let result = result?;
///     match result.body::<EmbeddingResponse>() {
///         Ok(response) => println!("{:?}: {} vectors", result.custom_id, response.data.len()),
///         Err(error) => println!("{:?}: {error}", result.custom_id),
///     }
/// }
/// # Ok::<(), mistral_sdk::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Default, ApiObject)]
#[non_exhaustive]
pub struct BatchResult {
    /// The result's id.
    pub id: Option<String>,
    /// The `custom_id` of its request.
    #[api(read_with = read_custom_id)]
    pub custom_id: Option<String>,
    /// The endpoint's response, if there is one.
    #[api(read_with = optional_object)]
    pub response: Option<BatchResponse>,
    /// The error of a request that has no response.
    pub error: Option<Value>,
    /// Fields that this version of the SDK does not declare, and declared fields whose value could
    /// not be read. They are serialized unchanged.
    #[api(extra)]
    pub extra: Map<String, Value>,
}

/// The response of an endpoint to one request of a batch.
#[derive(Debug, Clone, PartialEq, Default, ApiObject)]
#[non_exhaustive]
pub struct BatchResponse {
    /// The body of the response, as JSON.
    #[api(default)]
    pub body: Value,
    /// The HTTP status code of the response. `None` means success.
    #[api(read_with = optional_number)]
    pub status_code: Option<u16>,
    /// Fields that this version of the SDK does not declare, and declared fields whose value could
    /// not be read. They are serialized unchanged.
    #[api(extra)]
    pub extra: Map<String, Value>,
}

/// Reads a `custom_id`. Servers that store numbers return them as such.
fn read_custom_id<'de, A: MapAccess<'de>>(
    map: &mut A,
) -> std::result::Result<Option<String>, A::Error> {
    match value(map)? {
        Value::Null => Ok(None),
        Value::String(id) => Ok(Some(id)),
        Value::Number(number) => Ok(Some(number.to_string())),
        _ => Err(de::Error::custom("`custom_id` must be a string")),
    }
}

impl BatchResult {
    /// Parses an output file or error file, line by line.
    ///
    /// A line that is not a result yields an error that names the line. Blank lines are
    /// skipped.
    pub fn lines(jsonl: &[u8]) -> impl Iterator<Item = Result<Self>> {
        let lines = jsonl.split(|byte| *byte == b'\n').zip(1_u64..);
        lines
            .map(|(line, number)| (line.trim_ascii(), number))
            .filter(|(line, _)| !line.is_empty())
            .map(|(line, number)| Self::read(line, || format!("line {number}")))
    }

    /// Decodes a result. An error refers to it by `name`.
    pub(super) fn read(json: &[u8], name: impl Fn() -> String) -> Result<Self> {
        decode(json).map_err(|cause| {
            let message = format!("{} is not a result of a batch: {cause}", name());
            Error::new(ErrorKind::Decode, message)
        })
    }

    /// Decodes the body of the response, for example as a
    /// [`ChatCompletionResponse`](crate::api::chat::ChatCompletionResponse).
    ///
    /// # Errors
    /// Fails with the error that the request would have failed with on its own, or with
    /// [`ErrorKind::Decode`](crate::ErrorKind::Decode) if the body is not a `T`.
    pub fn body<T: DeserializeOwned>(&self) -> Result<T> {
        let code = self.response.as_ref().and_then(|it| it.status_code);
        let status = StatusCode::from_u16(code.unwrap_or(200));
        let is_status = status.is_ok();
        let status = status.unwrap_or_default();
        // An error response has more detail than the `error` field beside it.
        let is_error_response =
            |response: &BatchResponse| !status.is_success() && says_something(&response.body);
        let has_error_response = self.response.as_ref().is_some_and(is_error_response);
        let error = self
            .error
            .as_ref()
            .filter(|error| says_something(error) && !has_error_response);
        let body = match (error, &self.response) {
            (Some(error), _) => error,
            (
                None,
                Some(BatchResponse {
                    status_code: Some(code),
                    ..
                }),
            ) if !is_status => {
                let message = format!("the result's `status_code` {code} is not an HTTP status");
                return Err(Error::new(ErrorKind::Decode, message));
            }
            (None, Some(response)) => &response.body,
            (None, None) => {
                let message = "the result has neither a response nor an error";
                return Err(Error::new(ErrorKind::Decode, message));
            }
        };
        let headers = HeaderMap::new();
        let text = match body {
            Value::String(text) => Cow::Borrowed(text.as_str()),
            body => Cow::Owned(body.to_string()),
        };
        if error.is_some() || !status.is_success() {
            let error = ApiError::parse(status, headers, text.as_bytes());
            return Err(Error::api_error(error));
        }
        let json = match body {
            // Some servers write a body as text.
            Value::String(_) if serde_json::from_str::<IgnoredAny>(&text).is_err() => {
                Cow::Owned(body.to_string())
            }
            _ => text,
        };
        let json = json.as_bytes();
        decode(json).map_err(|cause| match says_something(body) {
            true => unexpected(status, headers, json, cause),
            false => empty_response(status, headers, json),
        })
    }
}

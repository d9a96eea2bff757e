//! Bodies that a caller has as JSON, and that are sent as they are.

use std::collections::BTreeMap;

use serde_json::value::RawValue;

use super::request::{ApiRequest, RequestParts};
use crate::error::{Error, Result};
use crate::json::JsonInput;
use crate::provider::Framing;

impl ApiRequest {
    /// Sets a JSON object as the body. Its fields are sent as they are, and its `model` is the one
    /// that providers route by.
    ///
    /// Adds `"stream": true` if the response of the operation is a stream of server-sent events.
    /// The call fails with [`ErrorKind::Config`](crate::ErrorKind::Config) if `json` is not
    /// an object, and if its `stream` is of the other form.
    ///
    /// ```
    /// use mistral_sdk::operation::ApiRequest;
    /// use mistral_sdk::provider::Operation;
    ///
    /// static CREATE: Operation = Operation::inference("songs.create", "/v1/songs");
    ///
    /// let request = ApiRequest::new(&CREATE).raw_json(r#"{"model": "m", "verses": 3}"#);
    /// ```
    pub fn raw_json(self, json: impl JsonInput) -> Self {
        self.update(|parts| parts.set_raw(&json.to_json()))
    }
}

impl RequestParts {
    #[inline] // few programs use it
    fn set_raw(&mut self, json: &[u8]) -> Result<()> {
        let invalid = |error: &dyn std::fmt::Display| {
            Error::config(format!("the request is not a JSON object: {error}"))
        };
        let text = std::str::from_utf8(json).map_err(|error| invalid(&error))?;
        // The values stay as they are written: a schema keeps the order of its properties.
        let mut fields: BTreeMap<String, &RawValue> =
            serde_json::from_str(text).map_err(|error| invalid(&error))?;
        let yes = serde_json::from_str("true").map_err(|error| invalid(&error))?;
        let is_stream = self.operation.framing == Framing::Sse;
        match (fields.get("stream").map(|stream| stream.get()), is_stream) {
            (Some("true"), false) => {
                return Err(Error::config(
                    "`stream` is true, but this method returns a whole response: call the one \
                     that streams, or leave the field out",
                ));
            }
            (Some("false"), true) => {
                return Err(Error::config(
                    "`stream` is false, but this method streams: call the one that returns a \
                     whole response, or leave the field out",
                ));
            }
            (None | Some("null"), true) => {
                fields.insert("stream".to_owned(), yes);
            }
            _ => {}
        }
        let model = fields.get("model").map(|model| model.get());
        let model: Option<String> = model.and_then(|model| serde_json::from_str(model).ok());
        self.model = model.map(Into::into);
        self.set_json(&fields)
    }
}

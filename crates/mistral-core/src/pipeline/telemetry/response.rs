//! The attributes of a span that come from the response.

use serde::Deserialize;
use serde_json::{Map, Value};

use crate::json::unions::read_value;
use crate::messages::UsageInfo;

/// The fields of a response that a span shows.
pub(super) const FIELDS: &[&str] = &["id", "model", "usage", "choices"];

/// The attributes in the body of a response of any operation. One of another type than the API
/// documents is left out.
#[derive(Debug)]
pub(super) struct ResponseAttributes<'a>(pub(super) &'a Map<String, Value>);

impl ResponseAttributes<'_> {
    pub(super) fn id(&self) -> Option<&str> {
        self.text("id")
    }

    pub(super) fn model(&self) -> Option<&str> {
        self.text("model")
    }

    fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name)?.as_str().filter(|text| !text.is_empty())
    }

    pub(super) fn usage(&self) -> Option<UsageInfo> {
        read_value(self.0.get("usage")?, |text| UsageInfo::deserialize(text)).ok()
    }

    /// Returns the finish reason of each choice as a JSON list.
    pub(super) fn finish_reasons(&self) -> Option<String> {
        let choices = self.0.get("choices")?.as_array()?.iter();
        let reasons: Vec<_> = choices
            .filter_map(|choice| choice.get("finish_reason")?.as_str())
            .collect();
        (!reasons.is_empty()).then(|| Value::from(reasons).to_string())
    }
}

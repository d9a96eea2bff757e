//! The attributes of a span that come from the response.

use serde::Deserialize;

use crate::messages::UsageInfo;

/// The attributes in the body of a response of any operation.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct ResponseAttributes {
    id: Option<String>,
    model: Option<String>,
    pub(super) usage: Option<UsageInfo>,
    choices: Option<Vec<Choice>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Choice {
    finish_reason: Option<String>,
}

impl ResponseAttributes {
    pub(super) fn id(&self) -> Option<&str> {
        self.id.as_deref().filter(|id| !id.is_empty())
    }

    pub(super) fn model(&self) -> Option<&str> {
        self.model.as_deref().filter(|model| !model.is_empty())
    }

    /// Returns the finish reason of each choice as a JSON list.
    pub(super) fn finish_reasons(&self) -> Option<String> {
        let choices = self.choices.iter().flatten();
        let reasons: Vec<_> = choices
            .filter_map(|it| it.finish_reason.as_deref())
            .collect();
        (!reasons.is_empty()).then(|| serde_json::Value::from(reasons).to_string())
    }
}

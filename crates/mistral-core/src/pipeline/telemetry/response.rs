//! What an answer says about itself, as its span tells it.

use serde::Deserialize;

use crate::messages::UsageInfo;

/// The facts about an answer, whatever the operation.
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

    /// Why the model stopped, choice by choice, as a list in JSON.
    pub(super) fn finish_reasons(&self) -> Option<String> {
        let choices = self.choices.iter().flatten();
        let reasons: Vec<_> = choices
            .filter_map(|it| it.finish_reason.as_deref())
            .collect();
        (!reasons.is_empty()).then(|| serde_json::Value::from(reasons).to_string())
    }
}

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::json::ApiObject;
use crate::json::numbers::numbers;

/// The result of a moderation. Mirrors the API's `ModerationResponse`.
#[derive(Debug, Clone, PartialEq, ApiObject)]
#[non_exhaustive]
pub struct ModerationResponse {
    /// The response's id. Empty if the server sent none.
    #[api(default)]
    pub id: String,
    /// The model that moderated the inputs.
    #[api(default)]
    pub model: String,
    /// The results, one for each input, in the order of the inputs.
    #[api(required)]
    pub results: Vec<ModerationObject>,
    /// Fields that this version of the SDK does not declare, and declared fields whose value could
    /// not be read. They are serialized unchanged.
    #[api(extra)]
    pub extra: Map<String, Value>,
}

/// The moderation result of one input. Mirrors the API's `ModerationObject`.
#[derive(Debug, Clone, PartialEq, Default, ApiObject)]
#[non_exhaustive]
pub struct ModerationObject {
    /// Whether the input is flagged, by category.
    pub categories: Option<BTreeMap<String, bool>>,
    /// The score from 0 to 1, by category. If some cannot be read, `extra` has all as they came.
    #[api(lenient)]
    pub category_scores: Option<BTreeMap<String, f64>>,
    /// Fields that this version of the SDK does not declare, and declared fields whose value could
    /// not be read. They are serialized unchanged.
    #[api(extra)]
    pub extra: Map<String, Value>,
}

impl ModerationObject {
    /// Returns the categories that the input is flagged for.
    pub fn flagged(&self) -> impl Iterator<Item = &str> {
        self.categories
            .iter()
            .flatten()
            .filter(|(_, flagged)| **flagged)
            .map(|(category, _)| category.as_str())
    }
}

/// The result of a classification. Mirrors the API's `ClassificationResponse`.
#[derive(Debug, Clone, PartialEq, ApiObject)]
#[non_exhaustive]
pub struct ClassificationResponse {
    /// The response's id. Empty if the server sent none.
    #[api(default)]
    pub id: String,
    /// The model that classified the inputs.
    #[api(default)]
    pub model: String,
    /// The results by target name, one map for each input, in the order of the inputs.
    #[api(required)]
    pub results: Vec<BTreeMap<String, ClassificationTargetResult>>,
    /// Fields that this version of the SDK does not declare, and declared fields whose value could
    /// not be read. They are serialized unchanged.
    #[api(extra)]
    pub extra: Map<String, Value>,
}

/// The probabilities of the labels of one target. Mirrors the API's
/// `ClassificationTargetResult`.
#[derive(Debug, Clone, PartialEq, ApiObject)]
#[non_exhaustive]
pub struct ClassificationTargetResult {
    /// The probability from 0 to 1, by label.
    #[api(required, read_with = numbers)]
    pub scores: BTreeMap<String, f64>,
    /// Fields that this version of the SDK does not declare, and declared fields whose value could
    /// not be read. They are serialized unchanged.
    #[api(extra)]
    pub extra: Map<String, Value>,
}

impl ClassificationTargetResult {
    /// Returns the most probable label. `None` if there are no labels.
    pub fn best(&self) -> Option<&str> {
        let best = self
            .scores
            .iter()
            .max_by(|(_, one), (_, other)| one.total_cmp(other));
        best.map(|(label, _)| label.as_str())
    }
}

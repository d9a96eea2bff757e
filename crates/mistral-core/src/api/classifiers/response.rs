use serde_json::{Map, Value};

use std::collections::BTreeMap;

use crate::json::ApiObject;

/// What was found harmful. Mirrors the API's `ModerationResponse`.
#[derive(Debug, Clone, PartialEq, ApiObject)]
#[non_exhaustive]
pub struct ModerationResponse {
    /// One result for each input, in their order.
    #[api(required)]
    pub results: Vec<ModerationObject>,
    /// The response's id. Empty if the server gave none.
    #[api(default)]
    pub id: String,
    /// The model that judged.
    #[api(default)]
    pub model: String,
    /// Fields that this version of the SDK does not know, as they came.
    #[api(extra)]
    pub extra: Map<String, Value>,
}

/// How one input was judged. Mirrors the API's `ModerationObject`.
#[derive(Debug, Clone, PartialEq, Default, ApiObject)]
#[non_exhaustive]
pub struct ModerationObject {
    /// Whether the input falls into each category.
    pub categories: Option<BTreeMap<String, bool>>,
    /// How surely, from 0 to 1.
    pub category_scores: Option<BTreeMap<String, f64>>,
    /// Fields that this version of the SDK does not know, as they came.
    #[api(extra)]
    pub extra: Map<String, Value>,
}

impl ModerationObject {
    /// The categories that the input falls into.
    pub fn flagged(&self) -> impl Iterator<Item = &str> {
        self.categories
            .iter()
            .flatten()
            .filter(|(_, flagged)| **flagged)
            .map(|(category, _)| category.as_str())
    }
}

/// How inputs were sorted. Mirrors the API's `ClassificationResponse`.
#[derive(Debug, Clone, PartialEq, ApiObject)]
#[non_exhaustive]
pub struct ClassificationResponse {
    /// For each input, in their order: the result by the name of the target.
    #[api(required)]
    pub results: Vec<BTreeMap<String, ClassificationTargetResult>>,
    /// The response's id. Empty if the server gave none.
    #[api(default)]
    pub id: String,
    /// The model that sorted.
    #[api(default)]
    pub model: String,
    /// Fields that this version of the SDK does not know, as they came.
    #[api(extra)]
    pub extra: Map<String, Value>,
}

/// How probable each label of a target is. Mirrors the API's
/// `ClassificationTargetResult`.
#[derive(Debug, Clone, PartialEq, ApiObject)]
#[non_exhaustive]
pub struct ClassificationTargetResult {
    /// The probability by label, from 0 to 1.
    #[api(required)]
    pub scores: BTreeMap<String, f64>,
    /// Fields that this version of the SDK does not know, as they came.
    #[api(extra)]
    pub extra: Map<String, Value>,
}

impl ClassificationTargetResult {
    /// The most probable label.
    pub fn best(&self) -> Option<&str> {
        let best = self
            .scores
            .iter()
            .max_by(|(_, one), (_, other)| one.total_cmp(other));
        best.map(|(label, _)| label.as_str())
    }
}

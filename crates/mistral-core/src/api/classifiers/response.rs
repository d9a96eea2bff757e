use std::collections::BTreeMap;

object! {
    /// What was found harmful. Mirrors the API's `ModerationResponse`.
    ModerationResponse {
        required: {
            /// One result for each input, in their order.
            results: Vec<ModerationObject>,
        }
        defaulted: {
            /// The response's id. Empty if the server gave none.
            id: String,
            /// The model that judged.
            model: String,
        }
    }
}

object! {
    /// How one input was judged. Mirrors the API's `ModerationObject`.
    #[derive(Default)]
    ModerationObject {
        optional: {
            /// Whether the input falls into each category.
            categories: BTreeMap<String, bool>,
            /// How surely, from 0 to 1.
            category_scores: BTreeMap<String, f64>,
        }
    }
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

object! {
    /// How inputs were sorted. Mirrors the API's `ClassificationResponse`.
    ClassificationResponse {
        required: {
            /// For each input, in their order: the result by the name of the target.
            results: Vec<BTreeMap<String, ClassificationTargetResult>>,
        }
        defaulted: {
            /// The response's id. Empty if the server gave none.
            id: String,
            /// The model that sorted.
            model: String,
        }
    }
}

object! {
    /// How probable each label of a target is. Mirrors the API's
    /// `ClassificationTargetResult`.
    ClassificationTargetResult {
        required: {
            /// The probability by label, from 0 to 1.
            scores: BTreeMap<String, f64>,
        }
    }
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

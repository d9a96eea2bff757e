//! What the SDK has: its endpoints.

use std::collections::BTreeSet;

use mistral_sdk::provider::Operation;

/// An endpoint of the SDK.
pub(crate) struct Ours {
    pub(crate) name: String,
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) query: BTreeSet<String>,
}

impl Ours {
    pub(crate) fn key(&self) -> String {
        format!("{} {}", self.method, self.path)
    }
}

pub(crate) fn endpoints() -> Vec<Ours> {
    Operation::all()
        .map(|endpoint| Ours {
            name: endpoint.name.to_string(),
            method: endpoint.method.to_string(),
            path: endpoint.path.to_string(),
            query: endpoint.query.iter().map(ToString::to_string).collect(),
        })
        .collect()
}

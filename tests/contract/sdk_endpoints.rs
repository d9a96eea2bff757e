//! The endpoints of the SDK.

use std::collections::BTreeSet;

use mistral_sdk::Endpoint;

/// An endpoint of the SDK.
pub(crate) struct SdkEndpoint {
    pub(crate) name: String,
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) query: BTreeSet<String>,
}

impl SdkEndpoint {
    pub(crate) fn key(&self) -> String {
        format!("{} {}", self.method, self.path)
    }
}

pub(crate) fn all() -> Vec<SdkEndpoint> {
    Endpoint::all()
        .map(|endpoint| SdkEndpoint {
            name: endpoint.name.to_string(),
            method: endpoint.method.to_string(),
            path: endpoint.path.to_string(),
            query: endpoint.query.iter().map(ToString::to_string).collect(),
        })
        .collect()
}

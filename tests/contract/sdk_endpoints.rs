//! The endpoints of the SDK.

use std::collections::BTreeSet;

use mistral_sdk::audio::{ListVoicesRequest, SearchVoicesRequest};
use mistral_sdk::batch::{GetBatchJobRequest, ListBatchJobsRequest};
use mistral_sdk::files::{GetSignedUrlRequest, ListFilesRequest};
use mistral_sdk::fine_tuning::ListFineTuningJobsRequest;
use mistral_sdk::json::Object;
use mistral_sdk::provider::Operation;

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
    Operation::all()
        .map(|endpoint| SdkEndpoint {
            name: endpoint.name.to_string(),
            method: endpoint.method.to_string(),
            path: endpoint.path.to_string(),
            query: query(&endpoint.name)
                .iter()
                .map(ToString::to_string)
                .collect(),
        })
        .collect()
}

/// The query parameters of an operation: the fields of its query type.
fn query(operation: &str) -> &'static [&'static str] {
    match operation {
        "audio.voices.list" => ListVoicesRequest::FIELDS,
        "audio.voices.search" => SearchVoicesRequest::FIELDS,
        "batch.jobs.get" => GetBatchJobRequest::FIELDS,
        "batch.jobs.list" => ListBatchJobsRequest::FIELDS,
        "files.get_signed_url" => GetSignedUrlRequest::FIELDS,
        "files.list" => ListFilesRequest::FIELDS,
        "fine_tuning.jobs.create" => &["dry_run"],
        "fine_tuning.jobs.list" => ListFineTuningJobsRequest::FIELDS,
        "models.list" => &["model", "provider"], // set with `Call::query`
        _ => &[],
    }
}

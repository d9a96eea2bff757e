use std::collections::BTreeMap;

use mistral_sdk::batch::{ApiEndpoint, BatchRequest, CreateBatchJobRequest};
use serde_json::json;

use super::{BuiltRequest, full};

const FILE: &str = "6f1f7a0c-9e0b-4c6e-8a3e-0a4b4f0f9d11";

pub(super) fn rows() -> Vec<BuiltRequest> {
    let body = json!({ "messages": [{ "role": "user", "content": "hi" }] });
    let request = CreateBatchJobRequest::new(ApiEndpoint::ChatCompletions)
        .input_files([FILE])
        .requests([BatchRequest::new("1", &body).unwrap()])
        .model("mistral-small-latest")
        .agent_id("ag:1")
        .metadata(BTreeMap::from([("team".to_owned(), "search".to_owned())]))
        .timeout_hours(12);
    vec![full("BatchJobIn", &request)]
}

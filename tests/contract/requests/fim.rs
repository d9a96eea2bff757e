use mistral_sdk::fim::FimCompletionRequest;

use super::{BuiltRequest, full, metadata};

pub(super) fn rows() -> Vec<BuiltRequest> {
    let request = FimCompletionRequest::new("codestral-latest", "fn main() {")
        .suffix("}")
        .temperature(0.3)
        .top_p(0.9)
        .max_tokens(64)
        .min_tokens(1)
        .stop(["END"])
        .random_seed(1337)
        .metadata(metadata())
        .prompt_cache_key("main-1");
    vec![full("FIMCompletionRequest", &request)]
}

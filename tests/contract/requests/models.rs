use mistral_sdk::json::Patch;
use mistral_sdk::models::UpdateModelRequest;

use super::{BuiltRequest, full, part};

pub(super) fn rows() -> Vec<BuiltRequest> {
    let update = UpdateModelRequest::new().name("mine").description("Mine.");
    let clear = UpdateModelRequest::new()
        .name(Patch::Clear)
        .description(Patch::Clear);
    vec![
        full("UpdateFTModelIn", &update),
        part("UpdateFTModelIn", &clear),
    ]
}

use mistral_sdk::models::UpdateModelRequest;
use mistral_sdk::types::Patch;

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

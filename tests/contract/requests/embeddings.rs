use mistral_sdk::embeddings::{EmbeddingDtype, EmbeddingRequest, EncodingFormat};

use super::{BuiltRequest, full, metadata};

pub(super) fn rows() -> Vec<BuiltRequest> {
    vec![full("EmbeddingRequest", &embeddings())]
}

fn embeddings() -> EmbeddingRequest {
    EmbeddingRequest::new("mistral-embed", ["a cat", "a dog"])
        .output_dimension(256)
        .output_dtype(EmbeddingDtype::Int8)
        .encoding_format(EncodingFormat::Base64)
        .metadata(metadata())
}

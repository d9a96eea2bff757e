use mistral_sdk::embeddings::{EmbeddingDtype, EmbeddingRequest, EncodingFormat};

use super::{Built, full, metadata};

pub(super) fn rows() -> Vec<Built> {
    vec![full("EmbeddingRequest", &embeddings())]
}

fn embeddings() -> EmbeddingRequest {
    EmbeddingRequest::new("mistral-embed", ["a cat", "a dog"])
        .output_dimension(256)
        .output_dtype(EmbeddingDtype::Int8)
        .encoding_format(EncodingFormat::Base64)
        .metadata(metadata())
}

// says: argument #2
// says: provide the argument

use mistral_sdk::embeddings::EmbeddingRequest;

pub fn program() -> EmbeddingRequest {
    EmbeddingRequest::new("mistral-embed")
}

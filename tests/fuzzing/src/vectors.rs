//! Embedding responses.

use http::StatusCode;
use mistral_sdk::ErrorKind;
use mistral_sdk::embeddings::{EmbeddingRequest, EmbeddingResponse};

use crate::fixed_response::{FixedResponse, run};

/// Checks that vectors equal those that serde_json parses, bit by bit, and that a response which
/// serde_json rejects is an error.
pub fn check(input: &[u8]) {
    if input.is_empty() {
        return; // serde_json cannot parse an empty body
    }
    let client = FixedResponse::new(StatusCode::OK, input.to_vec()).client();
    let request = EmbeddingRequest::new("m", "text");
    let read = run(async { client.embeddings().create(&request).await });
    match (read, serde_json::from_slice::<EmbeddingResponse>(input)) {
        // Compared as text, because NaN equals nothing and zeros have signs.
        (Ok(read), Ok(parsed)) => assert_eq!(format!("{read:?}"), format!("{parsed:?}")),
        (Err(error), Err(_)) => assert_eq!(error.kind(), ErrorKind::Decode, "{error}"),
        (read, parsed) => panic!("read: {read:?}, parsed: {parsed:?}"),
    }
}

//! Answers full of vectors.

use http::StatusCode;
use mistral_sdk::ErrorKind;
use mistral_sdk::embeddings::{EmbeddingRequest, EmbeddingResponse};

use crate::answer::{Answer, run};

/// The answer is what serde_json makes of it, to the last bit, and where that makes nothing
/// of it, an error.
pub fn check(input: &[u8]) {
    if input.is_empty() {
        return; // an answer without a body is not for serde_json
    }
    let client = Answer::new(StatusCode::OK, input.to_vec()).client();
    let request = EmbeddingRequest::new("m", "text");
    let read = run(async { client.embeddings().create(&request).await });
    match (read, serde_json::from_slice::<EmbeddingResponse>(input)) {
        // As text, for one that is not a number equals nothing, and zeros have signs.
        (Ok(read), Ok(parsed)) => assert_eq!(format!("{read:?}"), format!("{parsed:?}")),
        (Err(error), Err(_)) => assert_eq!(error.kind(), ErrorKind::Decode, "{error}"),
        (read, parsed) => panic!("read: {read:?}, parsed: {parsed:?}"),
    }
}

//! Embedding responses.

use http::StatusCode;
use mistral_sdk::ErrorKind;
use mistral_sdk::embeddings::{EmbeddingRequest, EmbeddingResponse};

use crate::fixed_response::{FixedResponse, run};

/// Checks that vectors equal those that serde_json parses, bit by bit, and that a response which
/// serde_json rejects is an error, unless it could be repaired.
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
        (Err(error), Err(_)) => {
            let is_unreadable = matches!(error.kind(), ErrorKind::Decode | ErrorKind::Truncated);
            let has_words = error.api().is_some_and(|api| !api.message.is_empty());
            assert!(is_unreadable || has_words, "{error}");
        }
        (Ok(read), Err(_)) => assert!(is_repairable(input), "read: {read:?}"),
        (read, parsed) => panic!("read: {read:?}, parsed: {parsed:?}"),
    }
}

/// Whether the client reads the input a second time: it has a byte order mark, invalid UTF-8, an
/// escape, or a number that may be too large.
fn is_repairable(input: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(input) else {
        return true;
    };
    text.starts_with('\u{feff}') || text.contains(['\\', 'e', 'E', 'N', 'I'])
}

//! API groups other than chat and batch: requests on the wire and decoded responses.

// Helpers outside of test functions may panic as tests do.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

#[path = "../common/mod.rs"]
mod common;

mod audio;
mod classifiers;
mod embeddings;
mod files;
mod fim_and_agents;
mod fine_tuning;
mod ocr;

use mistral_core::testing::MockTransport;
use serde_json::Value;

/// The method, path and body of the only request.
fn sent(mock: &MockTransport) -> (String, Value) {
    let sent = mock.requests();
    assert_eq!(sent.len(), 1);
    let target = format!("{} {}", sent[0].method, sent[0].uri.path());
    (target, sent[0].json())
}

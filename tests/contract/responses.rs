//! The types of what is read: one line for each response, event, or union of these.
//!
//! A line names the schema by its address (see `Document::schema`) and the type. Types of
//! requests may be here, too: they are read as well as written.

use mistral_sdk::chat::{ChatCompletionRequest, ChatCompletionResponse, CompletionChunk};
use mistral_sdk::embeddings::{EmbeddingRequest, EmbeddingResponse};
use mistral_sdk::models::{ModelCard, ModelList};

use crate::round_trip::{RoundTrip, round_trip};

pub(crate) const ROWS: &[(&str, RoundTrip)] = &[
    (
        "ChatCompletionResponse",
        round_trip::<ChatCompletionResponse>,
    ),
    ("CompletionChunk", round_trip::<CompletionChunk>),
    ("EmbeddingResponse", round_trip::<EmbeddingResponse>),
    (
        "GET /v1/models/{model_id} response",
        round_trip::<ModelCard>,
    ),
    ("ModelList", round_trip::<ModelList>),
    ("ChatCompletionRequest", round_trip::<ChatCompletionRequest>),
    ("EmbeddingRequest", round_trip::<EmbeddingRequest>),
];

//! The types that are sent, built as a user builds them.
//!
//! A row is `full` if it uses every setter, and `part` if it covers another member of a union or
//! one of its schemas. Together the rows of a schema must cover all of its properties, and those of
//! nested schemas.

mod agents;
mod audio;
mod batch;
mod chat;
mod classifiers;
mod embeddings;
mod files;
mod fim;
mod fine_tuning;
mod models;
mod multipart;
mod ocr;

use std::fmt::Debug;

use serde::Serialize;
use serde_json::{Map, Value, json};

pub(crate) struct BuiltRequest {
    pub(crate) schema: &'static str,
    pub(crate) value: Value,
    /// The fields that a full request does not set.
    pub(crate) unset: Vec<String>,
}

fn part(schema: &'static str, request: &impl Serialize) -> BuiltRequest {
    BuiltRequest {
        schema,
        value: serde_json::to_value(request).unwrap(),
        unset: Vec::new(),
    }
}

fn full<T: Serialize + Debug>(schema: &'static str, request: &T) -> BuiltRequest {
    BuiltRequest {
        unset: unset(request),
        ..part(schema, request)
    }
}

/// Returns the unset fields, from the `Debug` output, which lists all fields.
fn unset(request: &impl Debug) -> Vec<String> {
    let text = format!("{request:#?}");
    let fields = text.lines().filter_map(|line| line.strip_prefix("    "));
    fields
        .filter_map(|field| Some(field.strip_suffix(": None,")?.to_owned()))
        .filter(|field| !field.starts_with(' '))
        .collect()
}

fn metadata() -> Map<String, Value> {
    Map::from_iter([("team".to_owned(), json!("search"))])
}

/// Returns the rows of all API groups. A group's rows are in the file of its name.
pub(crate) fn rows() -> Vec<BuiltRequest> {
    [
        agents::rows(),
        audio::rows(),
        batch::rows(),
        chat::rows(),
        classifiers::rows(),
        embeddings::rows(),
        files::rows(),
        fim::rows(),
        fine_tuning::rows(),
        models::rows(),
        ocr::rows(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

#[cfg(test)]
mod tests {
    use mistral_sdk::embeddings::EmbeddingRequest;

    use super::*;

    #[test]
    fn contract_full_request_without_a_field_is_detected() {
        let request = EmbeddingRequest::new("m", "a").metadata(metadata());
        let unset = full("EmbeddingRequest", &request).unset;
        assert_eq!(
            unset,
            ["output_dimension", "output_dtype", "encoding_format"]
        );
    }
}

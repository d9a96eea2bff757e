//! The API over HTTP/1.1, as any client sees it.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "helpers of tests may panic as tests do"
)]

mod agents;
mod audio;
mod batch;
mod beta_agents;
mod chat;
mod classifiers;
mod client;
mod clouds;
mod connectors;
mod control;
mod conversation_control;
mod conversation_streams;
mod conversation_tools;
mod conversations;
mod datasets;
mod embeddings;
mod errors;
mod faults;
mod files;
mod fim;
mod fine_tuned_models;
mod fine_tuning;
mod guardrails;
mod libraries;
mod models;
mod ocr;
mod page;
mod prompts_and_skills;
mod recording;
mod replies;
mod resources;
mod responses;
mod search_indexes;
mod spec_operations;
mod streaming;
mod tools;
mod voices;
mod workflows;

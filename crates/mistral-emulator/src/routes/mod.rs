//! The operations of the API, one file for each group.

pub(crate) mod batch;
pub(crate) mod by_spec;
pub(crate) mod chat;
mod chat_rules;
pub(crate) mod classifiers;
mod connector_credentials;
mod connectors;
mod dataset_imports;
mod datasets;
pub(crate) mod embeddings;
mod file_upload;
pub(crate) mod files;
pub(crate) mod fim;
pub(crate) mod fine_tuning;
mod guardrails;
pub(crate) mod models;
pub(crate) mod ocr;
mod responses;
mod spec_instance;
mod spec_response;
pub(crate) mod speech;
pub(crate) mod transcriptions;
pub(crate) mod voices;
pub(crate) mod workflows;

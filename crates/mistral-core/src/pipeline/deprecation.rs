//! Warnings about deprecated models, which the server reports in a header.

use std::sync::{Mutex, PoisonError};

use http::{HeaderMap, HeaderName, HeaderValue};
use serde_json::Value;
use tracing::Level;

use super::request::RequestParts;
use super::telemetry::pick_fields;

/// The header with the time from which a model is no longer served.
static HEADER: HeaderName = HeaderName::from_static("x-model-deprecation-timestamp");
/// The number of models after which no other one is reported.
const MAX_MODELS: usize = 1_000;

/// The models that a client has warned of, each once.
#[derive(Debug, Default)]
pub(crate) struct DeprecationWarnings(Mutex<Vec<String>>);

impl DeprecationWarnings {
    /// Warns if the response says that the model of the request is deprecated.
    #[inline]
    pub(super) fn check(&self, request: &RequestParts, headers: &HeaderMap) {
        // The header is rare, and is not even looked for where nothing reads the warning.
        if tracing::enabled!(Level::WARN)
            && let Some(time) = headers.get(&HEADER)
        {
            self.warn(request, time);
        }
    }

    #[cold]
    fn warn(&self, request: &RequestParts, time: &HeaderValue) {
        let operation = &request.operation.name;
        let model = model(request);
        // An agent has its model on the server.
        let key = model.clone().unwrap_or_else(|| operation.to_string());
        {
            let mut reported = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            if reported.len() >= MAX_MODELS || reported.contains(&key) {
                return;
            }
            reported.push(key);
        }
        let time = String::from_utf8_lossy(time.as_bytes());
        tracing::warn!(
            %operation,
            "gen_ai.request.model" = model,
            deprecated_at = %time,
            "the model is deprecated: the server stops serving it at this time"
        );
    }
}

/// Returns the model that a request names.
#[inline]
fn model(request: &RequestParts) -> Option<String> {
    if let Some(model) = &request.model {
        return Some(model.to_string());
    }
    let json = request.body.as_ref()?.bytes()?;
    match pick_fields(json, &["model"]).ok()?.remove("model")? {
        Value::String(model) => Some(model),
        _ => None,
    }
}

//! What the SDK has: its endpoints, and what is still to come.

use std::collections::BTreeSet;

/// An endpoint of the SDK.
pub(crate) struct Ours {
    pub(crate) name: String,
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) query: BTreeSet<String>,
}

impl Ours {
    pub(crate) fn key(&self) -> String {
        format!("{} {}", self.method, self.path)
    }
}

/// The list that stands in until the SDK names its endpoints itself.
const STAND_IN: &[(&str, &str, &str, &[&str])] = &[
    ("chat.complete", "POST", "/v1/chat/completions", &[]),
    ("chat.stream", "POST", "/v1/chat/completions", &[]),
    ("embeddings.create", "POST", "/v1/embeddings", &[]),
    ("models.list", "GET", "/v1/models", &["provider", "model"]),
    ("models.retrieve", "GET", "/v1/models/{model_id}", &[]),
];

pub(crate) fn endpoints() -> Vec<Ours> {
    let endpoints = STAND_IN.iter();
    endpoints
        .map(|(name, method, path, query)| Ours {
            name: name.to_string(),
            method: method.to_string(),
            path: path.to_string(),
            query: query.iter().map(|name| name.to_string()).collect(),
        })
        .collect()
}

/// Operations that the SDK does not have yet. One that it has must not be here.
pub(crate) const NOT_YET: &[&str] = &[
    "DELETE /v1/models/{model_id}",
    "POST /v1/files",
    "GET /v1/files",
    "GET /v1/files/{file_id}",
    "DELETE /v1/files/{file_id}",
    "GET /v1/files/{file_id}/content",
    "GET /v1/files/{file_id}/url",
    "GET /v1/fine_tuning/jobs",
    "POST /v1/fine_tuning/jobs",
    "GET /v1/fine_tuning/jobs/{job_id}",
    "POST /v1/fine_tuning/jobs/{job_id}/cancel",
    "POST /v1/fine_tuning/jobs/{job_id}/start",
    "PATCH /v1/fine_tuning/models/{model_id}",
    "POST /v1/fine_tuning/models/{model_id}/archive",
    "DELETE /v1/fine_tuning/models/{model_id}/archive",
    "GET /v1/batch/jobs",
    "POST /v1/batch/jobs",
    "GET /v1/batch/jobs/{job_id}",
    "POST /v1/batch/jobs/{job_id}/cancel",
    "POST /v1/fim/completions",
    "POST /v1/agents/completions",
    "POST /v1/moderations",
    "POST /v1/chat/moderations",
    "POST /v1/ocr",
    "POST /v1/classifications",
    "POST /v1/chat/classifications",
    "POST /v1/audio/transcriptions",
    "POST /v1/audio/speech",
    "GET /v1/audio/voices",
    "POST /v1/audio/voices",
    "GET /v1/audio/voices/{voice_id}",
    "PATCH /v1/audio/voices/{voice_id}",
    "DELETE /v1/audio/voices/{voice_id}",
    "GET /v1/audio/voices/{voice_id}/sample",
];

/// Operations that the emulator does not have yet. One that it has must not be here.
pub(crate) const EMULATOR_NOT_YET: &[&str] = &[
    "DELETE /v1/models/{model_id}",
    "POST /v1/files",
    "GET /v1/files",
    "GET /v1/files/{file_id}",
    "DELETE /v1/files/{file_id}",
    "GET /v1/files/{file_id}/content",
    "GET /v1/files/{file_id}/url",
    "GET /v1/fine_tuning/jobs",
    "POST /v1/fine_tuning/jobs",
    "GET /v1/fine_tuning/jobs/{job_id}",
    "POST /v1/fine_tuning/jobs/{job_id}/cancel",
    "POST /v1/fine_tuning/jobs/{job_id}/start",
    "PATCH /v1/fine_tuning/models/{model_id}",
    "POST /v1/fine_tuning/models/{model_id}/archive",
    "DELETE /v1/fine_tuning/models/{model_id}/archive",
    "GET /v1/batch/jobs",
    "POST /v1/batch/jobs",
    "GET /v1/batch/jobs/{job_id}",
    "POST /v1/batch/jobs/{job_id}/cancel",
    "POST /v1/fim/completions",
    "POST /v1/agents/completions",
    "POST /v1/moderations",
    "POST /v1/chat/moderations",
    "POST /v1/ocr",
    "POST /v1/classifications",
    "POST /v1/chat/classifications",
    "POST /v1/audio/transcriptions",
    "POST /v1/audio/speech",
    "GET /v1/audio/voices",
    "POST /v1/audio/voices",
    "GET /v1/audio/voices/{voice_id}",
    "PATCH /v1/audio/voices/{voice_id}",
    "DELETE /v1/audio/voices/{voice_id}",
    "GET /v1/audio/voices/{voice_id}/sample",
];

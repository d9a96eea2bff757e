//! A sample request per operation, ordered so that each can use the results of earlier ones.

use serde_json::{Value, json};

pub(crate) struct SampleRequest {
    /// The operation, as `POST /v1/path`.
    pub(crate) operation: &'static str,
    pub(crate) query: &'static str,
    pub(crate) body: Body,
    /// A value of the response for later requests: the placeholder's name, and a JSON pointer.
    pub(crate) keep: Option<(&'static str, &'static str)>,
}

pub(crate) enum Body {
    Empty,
    Json(Value),
    /// The fields of a multipart form, and the file name of its field `file`.
    Form(&'static [(&'static str, &'static str)], &'static str),
}

/// The placeholders' values before any response.
pub(crate) const DEFAULTS: &[(&str, &str)] = &[
    ("model_id", "mistral-small-latest"),
    ("file_id", "6f1f7a0c-9e0b-4c6e-8a3e-0a4b4f0f9d11"),
    ("training_file_id", "6f1f7a0c-9e0b-4c6e-8a3e-0a4b4f0f9d14"),
    ("job_id", "6f1f7a0c-9e0b-4c6e-8a3e-0a4b4f0f9d12"),
    ("voice_id", "6f1f7a0c-9e0b-4c6e-8a3e-0a4b4f0f9d13"),
];

fn bare(operation: &'static str) -> SampleRequest {
    SampleRequest {
        operation,
        query: "",
        body: Body::Empty,
        keep: None,
    }
}

fn with(operation: &'static str, body: Value) -> SampleRequest {
    SampleRequest {
        body: Body::Json(body),
        ..bare(operation)
    }
}

fn form(
    operation: &'static str,
    fields: &'static [(&str, &str)],
    file: &'static str,
) -> SampleRequest {
    SampleRequest {
        body: Body::Form(fields, file),
        ..bare(operation)
    }
}

impl SampleRequest {
    fn query(mut self, query: &'static str) -> Self {
        self.query = query;
        self
    }

    fn keep(mut self, name: &'static str, pointer: &'static str) -> Self {
        self.keep = Some((name, pointer));
        self
    }
}

pub(crate) fn all() -> Vec<SampleRequest> {
    let groups = [
        models(),
        completions(),
        classifiers(),
        files_and_batches(),
        fine_tuning(),
        documents_and_audio(),
        vec![bare("DELETE /v1/files/{file_id}")],
    ];
    groups.into_iter().flatten().collect()
}

fn models() -> Vec<SampleRequest> {
    vec![bare("GET /v1/models"), bare("GET /v1/models/{model_id}")]
}

fn completions() -> Vec<SampleRequest> {
    let question = json!([{ "role": "user", "content": "Who painted Olympia?" }]);
    let chat =
        |stream| json!({ "model": "mistral-small-latest", "messages": question, "stream": stream });
    let fim = |stream| json!({ "model": "codestral-latest", "prompt": "def f(", "suffix": "return a", "stream": stream });
    let tools = json!({
        "model": "mistral-small-latest",
        "messages": [{ "role": "user", "content": "What is the weather in Paris?" }],
        "tools": [{ "type": "function", "function": { "name": "get_weather", "parameters": {
            "type": "object", "properties": { "city": { "type": "string" } }, "required": ["city"],
        } } }],
        "tool_choice": "any",
    });
    vec![
        with("POST /v1/chat/completions", chat(false)),
        with("POST /v1/chat/completions", chat(true)),
        with("POST /v1/chat/completions", tools),
        with("POST /v1/fim/completions", fim(false)),
        with("POST /v1/fim/completions", fim(true)),
        with(
            "POST /v1/agents/completions",
            json!({ "agent_id": "ag:emulator", "messages": question }),
        ),
        with(
            "POST /v1/embeddings",
            json!({ "model": "mistral-embed", "input": ["a cat", "a dog"] }),
        ),
    ]
}

fn classifiers() -> Vec<SampleRequest> {
    let messages = json!([{ "role": "user", "content": "Hello." }]);
    let moderation = "mistral-moderation-latest";
    vec![
        with(
            "POST /v1/moderations",
            json!({ "model": moderation, "input": ["Hello."] }),
        ),
        with(
            "POST /v1/chat/moderations",
            json!({ "model": moderation, "input": messages }),
        ),
        with(
            "POST /v1/classifications",
            json!({ "model": moderation, "input": "Hello." }),
        ),
        with(
            "POST /v1/chat/classifications",
            json!({ "model": moderation, "input": [{ "messages": messages }] }),
        ),
    ]
}

fn files_and_batches() -> Vec<SampleRequest> {
    let batch = json!({
        "endpoint": "/v1/chat/completions",
        "model": "mistral-small-latest",
        "input_files": ["{file_id}"],
        "metadata": { "team": "search" },
    });
    vec![
        form("POST /v1/files", &[("purpose", "batch")], "batch.jsonl").keep("file_id", "/id"),
        bare("GET /v1/files").query("?page=0&page_size=10"),
        bare("GET /v1/files/{file_id}"),
        bare("GET /v1/files/{file_id}/content"),
        bare("GET /v1/files/{file_id}/url").query("?expiry=24"),
        with("POST /v1/batch/jobs", batch).keep("job_id", "/id"),
        bare("GET /v1/batch/jobs").query("?page=0&page_size=10"),
        bare("GET /v1/batch/jobs/{job_id}"),
        bare("POST /v1/batch/jobs/{job_id}/cancel"),
    ]
}

fn fine_tuning() -> Vec<SampleRequest> {
    let job = json!({
        "model": "ministral-3b-latest",
        "training_files": [{ "file_id": "{training_file_id}" }],
        "hyperparameters": { "training_steps": 10 },
        "auto_start": false,
    });
    vec![
        form("POST /v1/files", &[("purpose", "fine-tune")], "train.jsonl")
            .keep("training_file_id", "/id"),
        with("POST /v1/fine_tuning/jobs", job).keep("job_id", "/id"),
        bare("GET /v1/fine_tuning/jobs"),
        bare("GET /v1/fine_tuning/jobs/{job_id}"),
        bare("GET /v1/fine_tuning/jobs/{job_id}"), // validated by now
        bare("POST /v1/fine_tuning/jobs/{job_id}/start"),
        bare("POST /v1/fine_tuning/jobs/{job_id}/cancel"),
        // The fine-tuned model of the emulator.
        bare("GET /v1/models")
            .query("?provider=emulator")
            .keep("model_id", "/data/0/id"),
        with(
            "PATCH /v1/fine_tuning/models/{model_id}",
            json!({ "name": "mine" }),
        ),
        bare("POST /v1/fine_tuning/models/{model_id}/archive"),
        bare("DELETE /v1/fine_tuning/models/{model_id}/archive"),
        bare("DELETE /v1/models/{model_id}"),
    ]
}

fn documents_and_audio() -> Vec<SampleRequest> {
    let document = json!({ "type": "document_url", "document_url": "https://example.com/a.pdf" });
    let speech = |stream| json!({ "model": "voxtral-mini-tts-latest", "input": "Hello.", "voice_id": "{voice_id}", "stream": stream });
    let transcription: &[_] = &[("model", "voxtral-mini-latest")];
    let streamed: &[_] = &[("model", "voxtral-mini-latest"), ("stream", "true")];
    vec![
        with(
            "POST /v1/ocr",
            json!({ "model": "mistral-ocr-latest", "document": document }),
        ),
        form("POST /v1/audio/transcriptions", transcription, "a.wav"),
        form("POST /v1/audio/transcriptions", streamed, "a.wav"),
        with(
            "POST /v1/audio/voices",
            json!({ "name": "Ada", "sample_audio": "UklGRg==" }),
        )
        .keep("voice_id", "/id"),
        bare("GET /v1/audio/voices"),
        bare("GET /v1/audio/voices/{voice_id}"),
        bare("GET /v1/audio/voices/{voice_id}/sample"),
        with(
            "PATCH /v1/audio/voices/{voice_id}",
            json!({ "name": "Eve" }),
        ),
        with("POST /v1/audio/speech", speech(false)),
        with("POST /v1/audio/speech", speech(true)),
        bare("DELETE /v1/audio/voices/{voice_id}"),
    ]
}

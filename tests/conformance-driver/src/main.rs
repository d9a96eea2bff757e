//! Reads calls as JSON lines, performs them with the SDK, and writes their outcomes.
//!
//! A line names the operation, its arguments by their wire names, and the server:
//! `{"id":"1","op":"call","call":"models.list","base_url":"http://localhost:8019","api_key":"k"}`.
//! The output line has the same `id`, `ok`, and `result`, `events` or `error`. `"op":"sse"` passes
//! base64 `chunks` to the SSE decoder instead.

mod beta;
mod calls;
mod clients;
mod sse;

use std::io::{BufRead, Write};

use mistral_sdk::{Error, ErrorKind};
use serde::Deserialize;
use serde_json::{Map, Value, json};

/// A line of the input.
#[derive(Deserialize)]
struct Job {
    id: Value,
    op: String,
    #[serde(default)]
    call: String,
    #[serde(default)]
    base_url: String,
    #[serde(default)]
    api_key: String,
    #[serde(default)]
    args: Map<String, Value>,
    /// Whether the response is to be a stream, where a call has both.
    #[serde(default)]
    stream: bool,
    #[serde(default)]
    client: Option<Value>,
    #[serde(default)]
    chunks: Vec<String>,
}

/// The error of a call.
enum CallError {
    /// The arguments do not match the SDK's types.
    Arguments(String),
    Unsupported,
    Call(Error),
}

impl From<Error> for CallError {
    fn from(error: Error) -> Self {
        Self::Call(error)
    }
}

impl From<serde_json::Error> for CallError {
    fn from(error: serde_json::Error) -> Self {
        Self::Arguments(error.to_string())
    }
}

impl CallError {
    fn json(&self) -> Value {
        match self {
            Self::Arguments(message) => json!({ "kind": "args", "message": message }),
            Self::Unsupported => json!({ "kind": "unsupported", "message": "no such call" }),
            Self::Call(error) => json!({
                "kind": kind(error),
                "status": error.status().map(|status| status.as_u16()),
                "message": format!("{error:#}"),
            }),
        }
    }
}

fn kind(error: &Error) -> &'static str {
    match error.kind() {
        ErrorKind::Unsupported => "unsupported",
        ErrorKind::Config | ErrorKind::Credentials | ErrorKind::Io => "args",
        ErrorKind::Timeout => "timeout",
        ErrorKind::Connection => "connect",
        ErrorKind::Decode | ErrorKind::Truncated | ErrorKind::TooLarge => "decode",
        _ => "api",
    }
}

/// The outcome of a call. A stream may have both events and an error.
#[derive(Default)]
struct Outcome {
    result: Option<Value>,
    events: Option<Vec<Value>>,
    failure: Option<CallError>,
    retry: Option<Value>,
}

impl Outcome {
    fn json(self, id: &Value) -> Value {
        let mut line = json!({ "id": id, "ok": self.failure.is_none() });
        let members = [
            ("result", self.result),
            ("events", self.events.map(Value::Array)),
            ("error", self.failure.map(|failure| failure.json())),
            ("retry", self.retry),
        ];
        if let Some(line) = line.as_object_mut() {
            let present = members
                .into_iter()
                .filter_map(|(name, it)| Some((name, it?)));
            line.extend(present.map(|(name, it)| (name.to_owned(), it)));
        }
        line
    }
}

async fn perform(job: &Job) -> Outcome {
    let outcome = match job.op.as_str() {
        "sse" => sse::read(&job.chunks),
        "call" => match clients::client(job) {
            Ok(client) => calls::perform(&client, job).await,
            Err(failure) => Err(failure),
        },
        _ => Err(CallError::Unsupported),
    };
    outcome.unwrap_or_else(|failure| Outcome {
        failure: Some(failure),
        ..Outcome::default()
    })
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> std::io::Result<()> {
    let mut output = std::io::stdout();
    for line in std::io::stdin().lock().lines() {
        let line = line?;
        if line.trim().is_empty() {
            continue;
        }
        let output_line = match serde_json::from_str::<Job>(&line) {
            Ok(job) => perform(&job).await.json(&job.id),
            Err(error) => json!({ "id": null, "ok": false, "error": {
                "kind": "args", "message": error.to_string(),
            }}),
        };
        writeln!(output, "{output_line}")?;
        output.flush()?;
    }
    Ok(())
}

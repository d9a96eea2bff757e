//! The overview that `GET /` and `--help` show.

use serde_json::{Value, json};

use crate::faults::header::FAULT_HEADER;
use crate::generate::reply::KNOWN_QUESTIONS;
use crate::operations::{self, CLOUD_ROUTES, Operation};
use crate::spec::{SpecOperation, spec};
use crate::state::AppState;

/// The control routes and their purposes.
const ROUTES: &[(&str, &str)] = &[
    ("GET /", "this overview"),
    ("GET /health", "200 once the emulator serves"),
    ("GET|POST|DELETE /_emulator/replies", "scripted replies"),
    (
        "GET|POST|DELETE /_emulator/faults",
        "faults with a count and conditions",
    ),
    ("GET|DELETE /_emulator/requests", "the log of requests"),
    (
        "DELETE /_emulator/tokens",
        "revokes the access tokens of clouds",
    ),
    (
        "POST|DELETE /_emulator/reset",
        "returns to the state at the start",
    ),
];

/// The members of a fault and their meanings.
const FAULT_MEMBERS: &[(&str, &str)] = &[
    (
        "status",
        "responds with this status instead of serving the request",
    ),
    ("body", "responds with this text"),
    ("headers", "adds these headers to the response"),
    ("delay_ms", "delays the first byte"),
    ("token_delay_ms", "delays each event of a stream"),
    (
        "stall_after_events",
        "sends so many events, then nothing more",
    ),
    (
        "cut_after_bytes",
        "sends so many bytes, then drops the connection",
    ),
    ("close", "closes the connection without a response"),
    (
        "times",
        "the number of requests, or \"always\"; default 1; not in the header",
    ),
    (
        "match",
        "operation, model, text, tool, path; not in the header",
    ),
];

/// The members of a reply beside those of a fault.
const REPLY_MEMBERS: &[(&str, &str)] = &[
    ("text", "the text of a completion"),
    ("thinking", "the reasoning before it"),
    ("tool_calls", "[{\"name\": …, \"arguments\": {…}}]"),
    (
        "finish_reason",
        "stop, length, tool_calls, model_length or error",
    ),
    ("json", "a whole JSON body"),
    ("body", "a whole body of text"),
    ("events", "the data of server-sent events"),
];

pub(super) fn overview(state: &AppState) -> Value {
    let object = |pairs: &[(&str, &str)]| -> Value {
        pairs
            .iter()
            .map(|(name, text)| ((*name).to_owned(), Value::from(*text)))
            .collect::<serde_json::Map<_, _>>()
            .into()
    };
    let route = |it: &Operation| format!("{} {} ({})", it.method, it.path, it.name);
    let mut operations: Vec<String> = operations::all().map(route).collect();
    let by_spec = spec().operations.iter().filter(|it| !has_route(it));
    operations.extend(by_spec.map(|it| format!("{} {} ({})", it.method, it.path, it.name)));
    let mut clouds: Vec<String> = CLOUD_ROUTES.iter().map(route).collect();
    clouds.push(
        "POST /v1/projects/{project}/locations/{location}/publishers/mistralai/models/{model}\
         :rawPredict and :streamRawPredict"
            .to_owned(),
    );
    json!({
        "name": "mistral-emulator",
        "version": env!("CARGO_PKG_VERSION"),
        "about": "A local server that speaks the Mistral API, for tests",
        "control": object(ROUTES),
        "operations": operations,
        "clouds": clouds,
        "faults": { "header": FAULT_HEADER, "members": object(FAULT_MEMBERS) },
        "replies": { "members": object(REPLY_MEMBERS) },
        "questions_with_an_answer": KNOWN_QUESTIONS,
        "any_key": state.settings.any_key,
        "any_model": state.settings.models.any,
    })
}

/// Whether a route serves an operation of the spec.
fn has_route(operation: &SpecOperation) -> bool {
    let path = without_names(&operation.path);
    let is_same = |it: &Operation| it.method == operation.method && without_names(it.path) == path;
    operations::all().any(is_same)
}

/// Returns the segments of a path with `{` in place of each parameter.
fn without_names(path: &str) -> Vec<&str> {
    let segments = path.split('/');
    segments
        .map(|segment| {
            if segment.starts_with('{') {
                "{"
            } else {
                segment
            }
        })
        .collect()
}

/// Returns the same as text, for `--help`.
pub(crate) fn help_text() -> String {
    let table = |pairs: &[(&str, &str)]| -> String {
        pairs
            .iter()
            .map(|(name, text)| format!("  {name:<36} {text}\n"))
            .collect()
    };
    let groups = |mut names: Vec<&str>| -> String {
        names.dedup();
        let mut text = String::new();
        let mut length = usize::MAX;
        for name in names {
            if length.saturating_add(name.len()) > 96 {
                text.push_str(if text.is_empty() { " " } else { "\n " });
                length = 1;
            }
            text.push(' ');
            text.push_str(name);
            length += name.len() + 1;
        }
        text
    };
    let areas = spec().names().filter_map(|name| name.rsplit_once('.'));
    let mut areas: Vec<&str> = areas.map(|(area, _)| area).collect();
    areas.sort_unstable();
    format!(
        "Control routes (GET / lists all routes):\n{}\n\
         Members of a fault, for POST /_emulator/faults and the request header {FAULT_HEADER}:\n{}\n\
         Members of a reply beside those, for POST /_emulator/replies and --replies:\n{}\n\
         Operations:\n{}\n\n\
         Groups of operations that are served from their schemas:\n{}\n\n\
         Questions with an answer of their own:\n  {}\n",
        table(ROUTES),
        table(FAULT_MEMBERS),
        table(REPLY_MEMBERS),
        groups(operations::all().map(|it| it.name).collect()),
        groups(areas),
        KNOWN_QUESTIONS.join("\n  "),
    )
}

//! The operations of the API: their names, methods and paths.

mod beta;

use http::Method;
use serde_json::Value;

use crate::spec::{matches_template, spec};

/// An operation of the API.
#[derive(Debug)]
pub(crate) struct Operation {
    /// The name in the official SDKs.
    pub(crate) name: &'static str,
    pub(crate) method: &'static str,
    pub(crate) path: &'static str,
}

const fn operation(name: &'static str, method: &'static str, path: &'static str) -> Operation {
    Operation { name, method, path }
}

/// The operations of the stable groups. Of two that differ only in the body, the streamed one stands
/// second.
static OPERATIONS: &[Operation] = &[
    operation("chat.complete", "POST", "/v1/chat/completions"),
    operation("chat.stream", "POST", "/v1/chat/completions"),
    operation("agents.complete", "POST", "/v1/agents/completions"),
    operation("agents.stream", "POST", "/v1/agents/completions"),
    operation("fim.complete", "POST", "/v1/fim/completions"),
    operation("fim.stream", "POST", "/v1/fim/completions"),
    operation("embeddings.create", "POST", "/v1/embeddings"),
    operation("classifiers.moderate", "POST", "/v1/moderations"),
    operation("classifiers.moderate_chat", "POST", "/v1/chat/moderations"),
    operation("classifiers.classify", "POST", "/v1/classifications"),
    operation(
        "classifiers.classify_chat",
        "POST",
        "/v1/chat/classifications",
    ),
    operation("ocr.process", "POST", "/v1/ocr"),
    operation(
        "audio.transcriptions.complete",
        "POST",
        "/v1/audio/transcriptions",
    ),
    operation(
        "audio.transcriptions.stream",
        "POST",
        "/v1/audio/transcriptions",
    ),
    operation("audio.speech.complete", "POST", "/v1/audio/speech"),
    operation("audio.speech.stream", "POST", "/v1/audio/speech"),
    operation("audio.voices.list", "GET", "/v1/audio/voices"),
    operation("audio.voices.create", "POST", "/v1/audio/voices"),
    operation("audio.voices.search", "GET", "/v2/audio/voices"),
    operation("audio.voices.get", "GET", "/v1/audio/voices/{voice_id}"),
    operation(
        "audio.voices.update",
        "PATCH",
        "/v1/audio/voices/{voice_id}",
    ),
    operation(
        "audio.voices.delete",
        "DELETE",
        "/v1/audio/voices/{voice_id}",
    ),
    operation(
        "audio.voices.get_sample_audio",
        "GET",
        "/v1/audio/voices/{voice_id}/sample",
    ),
    operation("files.list", "GET", "/v1/files"),
    operation("files.upload", "POST", "/v1/files"),
    operation("files.retrieve", "GET", "/v1/files/{file_id}"),
    operation("files.delete", "DELETE", "/v1/files/{file_id}"),
    operation("files.download", "GET", "/v1/files/{file_id}/content"),
    operation("files.get_signed_url", "GET", "/v1/files/{file_id}/url"),
    operation("batch.jobs.list", "GET", "/v1/batch/jobs"),
    operation("batch.jobs.create", "POST", "/v1/batch/jobs"),
    operation("batch.jobs.get", "GET", "/v1/batch/jobs/{job_id}"),
    operation("batch.jobs.delete", "DELETE", "/v1/batch/jobs/{job_id}"),
    operation(
        "batch.jobs.cancel",
        "POST",
        "/v1/batch/jobs/{job_id}/cancel",
    ),
    operation("fine_tuning.jobs.list", "GET", "/v1/fine_tuning/jobs"),
    operation("fine_tuning.jobs.create", "POST", "/v1/fine_tuning/jobs"),
    operation(
        "fine_tuning.jobs.get",
        "GET",
        "/v1/fine_tuning/jobs/{job_id}",
    ),
    operation(
        "fine_tuning.jobs.cancel",
        "POST",
        "/v1/fine_tuning/jobs/{job_id}/cancel",
    ),
    operation(
        "fine_tuning.jobs.start",
        "POST",
        "/v1/fine_tuning/jobs/{job_id}/start",
    ),
    operation("models.list", "GET", "/v1/models"),
    operation("models.retrieve", "GET", "/v1/models/{model_id}"),
    operation("models.delete", "DELETE", "/v1/models/{model_id}"),
    operation(
        "models.update",
        "PATCH",
        "/v1/fine_tuning/models/{model_id}",
    ),
    operation(
        "models.archive",
        "POST",
        "/v1/fine_tuning/models/{model_id}/archive",
    ),
    operation(
        "models.unarchive",
        "DELETE",
        "/v1/fine_tuning/models/{model_id}/archive",
    ),
];

/// Returns all operations.
pub(crate) fn all() -> impl Iterator<Item = &'static Operation> {
    OPERATIONS.iter().chain(beta::OPERATIONS)
}

/// The routes of other clouds, each of which serves an operation of the API.
pub(crate) static CLOUD_ROUTES: &[Operation] = &[
    operation("chat.complete", "POST", "/models/chat/completions"),
    operation("chat.stream", "POST", "/models/chat/completions"),
    operation("chat.complete", "POST", "/openai/v1/chat/completions"),
    operation("chat.stream", "POST", "/openai/v1/chat/completions"),
    operation(
        "chat.complete",
        "POST",
        "/api/projects/{project}/openai/v1/chat/completions",
    ),
    operation(
        "chat.stream",
        "POST",
        "/api/projects/{project}/openai/v1/chat/completions",
    ),
    operation(
        "chat.complete",
        "POST",
        "/openai/deployments/{deployment}/chat/completions",
    ),
    operation(
        "chat.stream",
        "POST",
        "/openai/deployments/{deployment}/chat/completions",
    ),
    operation("ocr.process", "POST", "/providers/mistral/azure/ocr"),
    operation("chat.complete", "POST", "/azure/v1/chat/completions"),
    operation("chat.stream", "POST", "/azure/v1/chat/completions"),
    operation("ocr.process", "POST", "/azure/v1/ocr"),
];

const VERTEX_PREFIX: &str = "/v1/projects/";

/// Returns the name of the operation that a request addresses.
///
/// `body` is read only where it decides between two operations.
pub(crate) fn operation_name<'a>(
    method: &Method,
    path: &str,
    body: impl FnOnce() -> Option<&'a Value>,
) -> Option<&'static str> {
    if path.starts_with(VERTEX_PREFIX) {
        return vertex_operation(path, body());
    }
    let mut found = all()
        .chain(CLOUD_ROUTES)
        .filter(|it| it.method == method.as_str() && matches_template(it.path, path));
    let Some(first) = found.next() else {
        let operation = spec().find(method.as_str(), path, || is_streamed(body()))?;
        return Some(&operation.name);
    };
    match found.next() {
        Some(streamed) if is_streamed(body()) => Some(streamed.name),
        _ => Some(first.name),
    }
}

/// Returns the operation behind `rawPredict` and `streamRawPredict`.
fn vertex_operation(path: &str, body: Option<&Value>) -> Option<&'static str> {
    let (_, method) = path.rsplit_once(':')?;
    let has = |name: &str| body.is_some_and(|body| body.get(name).is_some());
    let is_streamed = match method {
        "rawPredict" => false,
        "streamRawPredict" => true,
        _ => return None,
    };
    Some(match (has("prompt"), has("document"), is_streamed) {
        (true, _, false) => "fim.complete",
        (true, _, true) => "fim.stream",
        (_, true, _) => "ocr.process",
        (_, _, false) => "chat.complete",
        (_, _, true) => "chat.stream",
    })
}

fn is_streamed(body: Option<&Value>) -> bool {
    body.and_then(|body| body.get("stream")) == Some(&Value::Bool(true))
}

/// Whether a name is that of an operation, or of a group of operations such as `chat`.
pub(crate) fn is_known(name: &str) -> bool {
    let own = all().map(|operation| operation.name);
    own.chain(spec().names())
        .any(|operation| is_within(operation, name))
}

/// Whether an operation is the named one, or belongs to the named group.
pub(crate) fn is_within(operation: &str, name: &str) -> bool {
    operation
        .strip_prefix(name)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

/// The operation of the Responses API whose content replies can set.
pub(crate) const RESPONSES: &str = "responses.create";

/// Whether the operation returns a completion.
pub(crate) fn is_completion(operation: &str) -> bool {
    is_turn(operation)
        || ["chat", "agents", "fim", RESPONSES]
            .iter()
            .any(|group| is_within(operation, group))
}

/// Whether the operation adds a turn to a conversation.
pub(crate) fn is_turn(operation: &str) -> bool {
    let turn = operation.strip_prefix("beta.conversations.");
    let turn = turn.map(|turn| turn.strip_suffix("_stream").unwrap_or(turn));
    matches!(turn, Some("start" | "append" | "restart"))
}

/// Returns the model or deployment in the path of a request, as other clouds have it.
pub(crate) fn model_in_path(path: &str) -> Option<&str> {
    let segment_after = |marker: &str| {
        let (_, rest) = path.split_once(marker)?;
        rest.split(['/', ':']).next()
    };
    segment_after("/openai/deployments/").or_else(|| segment_after("/publishers/mistralai/models/"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn name(method: Method, path: &str, body: &Value) -> Option<&'static str> {
        operation_name(&method, path, || Some(body))
    }

    #[test]
    fn operation_is_found_by_method_path_and_body() {
        let (plain, streamed) = (json!({}), json!({"stream": true}));
        let deployment = "/openai/deployments/mine/chat/completions";
        let vertex = "/v1/projects/p/locations/l/publishers/mistralai/models/m";
        for (method, path, body, expected) in [
            (
                Method::POST,
                "/v1/chat/completions",
                &plain,
                Some("chat.complete"),
            ),
            (
                Method::POST,
                "/v1/chat/completions",
                &streamed,
                Some("chat.stream"),
            ),
            (Method::GET, "/v1/files/a", &plain, Some("files.retrieve")),
            (Method::DELETE, "/v1/files/a", &plain, Some("files.delete")),
            (Method::POST, deployment, &streamed, Some("chat.stream")),
            (
                Method::POST,
                &format!("{vertex}:rawPredict"),
                &json!({"prompt": ""}),
                Some("fim.complete"),
            ),
            (
                Method::POST,
                &format!("{vertex}:streamRawPredict"),
                &streamed,
                Some("chat.stream"),
            ),
            (
                Method::POST,
                &format!("{vertex}:rawPredict"),
                &json!({"document": {}}),
                Some("ocr.process"),
            ),
            (
                Method::GET,
                "/v1/agents/pages",
                &plain,
                Some("beta.agents.list_pages"),
            ),
            (Method::GET, "/v1/agents/a", &plain, Some("beta.agents.get")),
            (
                Method::POST,
                "/v1/conversations/c",
                &streamed,
                Some("beta.conversations.append_stream"),
            ),
            (Method::GET, "/v1/files/", &plain, None),
            (Method::GET, "/v1/files/a/b/c", &plain, None),
            (Method::PUT, "/v1/files/a", &plain, None),
        ] {
            assert_eq!(name(method, path, body), expected, "{path}");
        }
    }

    #[test]
    fn operation_group_contains_its_operations() {
        assert!(is_known("chat") && is_known("chat.stream") && is_known("audio.voices"));
        assert!(is_known("beta.connectors") && is_known("workflows.runs.list_runs"));
        assert!(!is_known("cha") && !is_known("chat.streams") && !is_known(""));
        assert!(!is_within("chat.stream", "chat.str"));
    }

    #[test]
    fn model_is_found_in_paths_of_clouds() {
        let vertex = "/v1/projects/p/locations/l/publishers/mistralai/models/m:rawPredict";
        assert_eq!(model_in_path(vertex), Some("m"));
        let azure = "/openai/deployments/mine/chat/completions";
        assert_eq!(model_in_path(azure), Some("mine"));
        assert_eq!(model_in_path("/v1/chat/completions"), None);
    }
}

//! Histories in OpenAI's form, one form each, with what becomes of them.

use mistral_core::messages::ChangeKind::{self, Added, Converted, Removed};
use serde_json::{Value, json};

/// The name of the form, the history, the messages, and the changes.
type History = (
    &'static str,
    Value,
    Value,
    Vec<(usize, ChangeKind, &'static str)>,
);

const ID: &str = "call_PTLP8xhu3uwZk4l3";
/// The id that the SDK replaces `ID` by: nine digits of the FNV-1a hash in base 62, lowest first.
const NEW_ID: &str = "O1SckxsS6";

pub(super) fn histories() -> Vec<History> {
    [fields(), parts(), calls(), items()].concat()
}

fn user() -> Value {
    json!({ "role": "user", "content": "a" })
}

fn fields() -> Vec<History> {
    let assistant = |content: Value| json!({ "role": "assistant", "content": content });
    vec![
        (
            "fields of a response that say nothing",
            json!([user(), {
                "role": "assistant", "content": "b", "refusal": null, "annotations": [],
                "audio": null, "function_call": null, "tool_calls": null,
            }]),
            json!([user(), assistant(json!("b"))]),
            vec![
                (1, Removed, "annotations"),
                (1, Removed, "audio"),
                (1, Removed, "function_call"),
                (1, Removed, "refusal"),
            ],
        ),
        (
            "name of a user",
            json!([{ "role": "user", "content": "a", "name": "Ada" }]),
            json!([user()]),
            vec![(0, Removed, "name")],
        ),
        (
            "role developer",
            json!([{ "role": "developer", "content": "s" }, user()]),
            json!([{ "role": "system", "content": "s" }, user()]),
            vec![(0, Converted, "role")],
        ),
        (
            "refusal",
            json!([user(), { "role": "assistant", "content": null, "refusal": "No." }]),
            json!([user(), assistant(json!("No."))]),
            vec![(1, Converted, "refusal")],
        ),
        (
            "spoken response",
            json!([user(), { "role": "assistant", "content": null,
                "audio": { "id": "audio_1", "transcript": "b" } }]),
            json!([user(), assistant(json!("b"))]),
            vec![(1, Converted, "audio")],
        ),
        (
            "recording that OpenAI has",
            json!([user(), { "role": "assistant", "content": "b", "audio": { "id": "audio_1" } }]),
            json!([user(), assistant(json!("b"))]),
            vec![(1, Removed, "audio")],
        ),
        (
            "reasoning of a compatible server",
            json!([user(), { "role": "assistant", "content": "b", "reasoning_content": "hm" }]),
            json!([
                user(),
                assistant(json!([
                    { "type": "thinking", "thinking": [{ "type": "text", "text": "hm" }] },
                    { "type": "text", "text": "b" },
                ]))
            ]),
            vec![(1, Converted, "reasoning_content")],
        ),
        (
            "reasoning that vLLM sends twice",
            json!([user(), { "role": "assistant", "content": "b",
                "reasoning": "hm", "reasoning_content": "hm" }]),
            json!([
                user(),
                assistant(json!([
                    { "type": "thinking", "thinking": [{ "type": "text", "text": "hm" }] },
                    { "type": "text", "text": "b" },
                ]))
            ]),
            vec![
                (1, Converted, "reasoning_content"),
                (1, Converted, "reasoning"),
            ],
        ),
        (
            "unknown role",
            json!([user(), { "role": "critic", "content": "Bad." }]),
            json!([user()]),
            vec![(1, Removed, "")],
        ),
    ]
}

fn parts() -> Vec<History> {
    let of_user = |part: Value| json!([{ "role": "user", "content": [part] }]);
    vec![
        (
            "input_audio",
            of_user(json!({ "type": "input_audio",
                "input_audio": { "data": "UklGRg==", "format": "wav" } })),
            of_user(json!({ "type": "input_audio", "input_audio": "UklGRg==" })),
            vec![(0, Converted, "content[0].input_audio")],
        ),
        (
            "level of detail that Mistral has not",
            of_user(json!({ "type": "image_url",
                "image_url": { "url": "https://x.test/a.png", "detail": "original" } })),
            of_user(json!({ "type": "image_url", "image_url": "https://x.test/a.png" })),
            vec![(0, Removed, "content[0].image_url.detail")],
        ),
        (
            "file",
            of_user(json!({ "type": "file",
                "file": { "filename": "a.pdf", "file_data": "data:application/pdf;base64,JVBE" } })),
            of_user(json!({ "type": "document_url", "document_name": "a.pdf",
                "document_url": "data:application/pdf;base64,JVBE" })),
            vec![(0, Converted, "content[0].file")],
        ),
        (
            "refusal part",
            json!([user(), { "role": "assistant",
                "content": [{ "type": "refusal", "refusal": "No." }] }]),
            json!([user(), { "role": "assistant",
                "content": [{ "type": "text", "text": "No." }] }]),
            vec![(1, Converted, "content[0].type")],
        ),
        (
            "input_text and input_image",
            json!([{ "type": "message", "role": "user", "content": [
                { "type": "input_text", "text": "a" },
                { "type": "input_image", "image_url": "https://x.test/a.png", "detail": "low" },
            ] }]),
            json!([{ "role": "user", "content": [
                { "type": "text", "text": "a" },
                { "type": "image_url",
                  "image_url": { "url": "https://x.test/a.png", "detail": "low" } },
            ] }]),
            vec![
                (0, Converted, "content[0].type"),
                (0, Converted, "content[1].type"),
            ],
        ),
        (
            "part of an unknown type",
            json!([{ "role": "user", "content": [
                { "type": "text", "text": "a" }, { "type": "video_url", "video_url": "v" },
            ] }]),
            json!([{ "role": "user", "content": [{ "type": "text", "text": "a" }] }]),
            vec![(0, Removed, "content[1]")],
        ),
    ]
}

fn call() -> Value {
    json!({ "id": NEW_ID, "function": { "name": "f", "arguments": "{\"a\":1}" } })
}

fn result() -> Value {
    json!({ "role": "tool", "content": "1", "tool_call_id": NEW_ID })
}

fn calls() -> Vec<History> {
    vec![
        (
            "tool calls with foreign ids",
            json!([
                user(),
                { "role": "assistant", "content": null, "tool_calls": [
                    { "id": ID, "type": "function",
                      "function": { "name": "f", "arguments": "{\"a\":1}" } },
                ] },
                { "role": "tool", "content": "1", "tool_call_id": ID },
                user(),
            ]),
            json!([
                user(),
                { "role": "assistant", "content": null, "tool_calls": [call()] },
                result(),
                { "role": "assistant", "content": "The results have been received." },
                user(),
            ]),
            vec![
                (1, Converted, "tool_calls[0].id"),
                (2, Converted, "tool_call_id"),
                (3, Added, ""),
            ],
        ),
        (
            "custom tool call",
            json!([
                user(),
                { "role": "assistant", "tool_calls": [
                    { "id": "aaaaaaaa1", "type": "custom", "custom": { "name": "f", "input": "x" } },
                ] },
                { "role": "tool", "content": "1", "tool_call_id": "aaaaaaaa1" },
            ]),
            json!([
                user(),
                { "role": "assistant", "tool_calls": [
                    { "id": "aaaaaaaa1",
                      "function": { "name": "f", "arguments": "{\"input\":\"x\"}" } },
                ] },
                { "role": "tool", "content": "1", "tool_call_id": "aaaaaaaa1" },
            ]),
            vec![(1, Converted, "tool_calls[0].custom.input")],
        ),
    ]
}

fn items() -> Vec<History> {
    vec![
        (
            "items of a response",
            json!([
                { "role": "user", "content": "a" },
                { "type": "reasoning", "id": "rs_1",
                  "summary": [{ "type": "summary_text", "text": "hm" }] },
                { "type": "function_call", "id": "fc_1", "status": "completed", "call_id": ID,
                  "name": "f", "arguments": "{\"a\":1}" },
                { "type": "function_call_output", "call_id": ID, "output": "1" },
                { "type": "message", "id": "msg_1", "status": "completed", "role": "assistant",
                  "content": [{ "type": "output_text", "text": "b", "annotations": [] }] },
            ]),
            json!([
                { "role": "user", "content": "a" },
                { "role": "assistant", "tool_calls": [call()], "content": [
                    { "type": "thinking", "thinking": [{ "type": "text", "text": "hm" }] },
                ] },
                result(),
                { "role": "assistant", "content": [{ "type": "text", "text": "b" }] },
            ]),
            vec![
                (1, Converted, "type"),
                (1, Removed, "id"),
                (1, Converted, "tool_calls[0].id"),
                (2, Converted, "type"),
                (2, Removed, "id"),
                (2, Removed, "status"),
                (3, Converted, "type"),
                (3, Converted, "tool_call_id"),
                (4, Removed, "id"),
                (4, Removed, "status"),
                (4, Converted, "content[0].type"),
                (4, Removed, "content[0].annotations"),
            ],
        ),
        (
            "items that Mistral has not",
            json!([
                { "role": "user", "content": "a" },
                { "type": "web_search_call", "id": "ws_1", "action": { "query": "q" } },
                { "type": "item_reference", "id": "msg_0" },
            ]),
            json!([{ "role": "user", "content": "a" }]),
            vec![(1, Removed, ""), (2, Removed, "")],
        ),
    ]
}

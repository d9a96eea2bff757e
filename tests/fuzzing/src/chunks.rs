//! Streams of chat chunks.
//!
//! Each line of an input is the data of an event. A line that starts with `{` is a template, sent
//! with its gaps (`~`) empty. Any other line fills the gaps of the last template with its parts,
//! separated by `~`.

use http::StatusCode;
use http::header::{CONTENT_TYPE, HeaderValue};
use mistral_sdk::chat::{ChatCompletionRequest, CompletionChunk};
use mistral_sdk::messages::Message;
use mistral_sdk::sse::SseDecoder;
use mistral_sdk::{Client, Error, ErrorKind, EventStream};

use crate::fixed_response::{FixedResponse, run};

/// Checks that a stream returns the chunks that serde_json parses, up to the first event that
/// serde_json rejects, and that any chunks can be collected into a response.
pub fn check(input: &[u8]) {
    let wire = wire(input);
    let mut response = FixedResponse::new(StatusCode::OK, wire.clone());
    let events = HeaderValue::from_static("text/event-stream");
    response.headers.insert(CONTENT_TYPE, events);
    let client = response.client();

    let expected = parsed(&wire);
    let (read, error) = run(async { read(stream(&client).await).await });
    match expected.end {
        // The client may read such an event all the same, or pass over it.
        End::Invalid => assert!(read.len() >= expected.chunks.len(), "{read:?}"),
        End::Marker | End::Cut => assert_eq!(read.len(), expected.chunks.len(), "{read:?}"),
    }
    for (read, expected) in read.iter().zip(&expected.chunks) {
        if !has_text_elsewhere(expected) {
            assert_eq!(read, expected);
        }
    }
    match (expected.end, error.as_ref().map(Error::kind)) {
        (End::Marker, None) => {}
        (End::Marker, Some(_)) => panic!("{error:?}"),
        // Whether a stream may end here depends on its choices.
        (End::Cut, None | Some(ErrorKind::Truncated)) => {}
        (End::Invalid, _) => {}
        (_, kind) => panic!("{kind:?}"),
    }

    let collected = run(async { stream(&client).await.collect_response().await });
    assert_eq!(collected.is_err(), error.is_some());
    if let Ok(collected) = collected
        && read.iter().all(is_plain)
    {
        let text: String = read.iter().map(CompletionChunk::text).collect();
        assert_eq!(collected.text(), text);
    }
}

fn wire(input: &[u8]) -> Vec<u8> {
    let (mut wire, mut template) = (Vec::new(), &[][..]);
    for line in input.split(|byte| *byte == b'\n') {
        let is_template = line.starts_with(b"{");
        if is_template {
            template = line;
        }
        let fillings = if is_template { &[] } else { line };
        let mut fillings = fillings.split(|byte| *byte == b'~');
        wire.extend_from_slice(b"data: ");
        for part in template.split_inclusive(|byte| *byte == b'~') {
            wire.extend_from_slice(part.strip_suffix(b"~").unwrap_or(part));
            if part.ends_with(b"~") {
                wire.extend_from_slice(fillings.next().unwrap_or_default());
            }
        }
        if template.is_empty() {
            wire.extend_from_slice(line);
        }
        wire.extend_from_slice(b"\n\n");
    }
    wire
}

async fn stream(client: &Client) -> EventStream<CompletionChunk> {
    let request = ChatCompletionRequest::new("m", [Message::user("hi")]);
    client.chat().stream(&request).await.unwrap()
}

async fn read(mut stream: EventStream<CompletionChunk>) -> (Vec<CompletionChunk>, Option<Error>) {
    let (mut chunks, mut failure) = (Vec::new(), None);
    while let Some(event) = stream.next().await {
        assert!(failure.is_none(), "an event after an error: {event:?}");
        match event {
            Ok(chunk) => chunks.push(chunk),
            Err(error) => failure = Some(error),
        }
    }
    (chunks, failure)
}

struct Parsed {
    chunks: Vec<CompletionChunk>,
    end: End,
}

enum End {
    /// The end marker.
    Marker,
    /// An error event, or data that is not a chunk.
    Invalid,
    /// The end of the connection.
    Cut,
}

fn parsed(wire: &[u8]) -> Parsed {
    let mut decoder = SseDecoder::new();
    decoder.push(wire.to_vec());
    let mut chunks = Vec::new();
    let mut end = End::Cut;
    while let Some(event) = decoder.next_event().unwrap() {
        if event.data.trim() == "[DONE]" {
            end = End::Marker;
            break;
        }
        match serde_json::from_str(&event.data) {
            Ok(chunk) if event.event_type != "error" => chunks.push(chunk),
            _ => {
                end = End::Invalid;
                break;
            }
        }
    }
    Parsed { chunks, end }
}

/// Whether the client may find the text of a choice in a field of other APIs, where serde_json
/// finds none.
fn has_text_elsewhere(chunk: &CompletionChunk) -> bool {
    chunk.choices.iter().any(|choice| {
        let has = |name| choice.extra.contains_key(name);
        has("message") || has("messages") || has("text") || choice.delta.extra.contains_key("text")
    })
}

/// Whether a chunk only adds to the text of the first choice.
fn is_plain(chunk: &CompletionChunk) -> bool {
    chunk.choices.iter().all(|choice| {
        let delta = &choice.delta;
        let id = delta.tool_call_id.as_deref();
        let has_id = id.is_some_and(|id| !matches!(id, "" | "null"));
        let of_a_tool = has_id || delta.role.as_deref() == Some("tool");
        choice.index == 0 && !of_a_tool
    }) && chunk.choices.len() <= 1
}

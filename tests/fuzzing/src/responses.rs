//! Responses, and events of streams.
//!
//! An input is a line with the type's name, then JSON. An unknown name selects an arbitrary type.

use std::fmt::Debug;

use mistral_sdk::audio::{
    SpeechResponse, SpeechStreamEvents, TranscriptionResponse, TranscriptionStreamEvents,
    VoiceListResponse, VoiceResponse,
};
use mistral_sdk::batch::{BatchJob, BatchResult, DeleteBatchJobResponse, ListBatchJobsResponse};
use mistral_sdk::chat::{ChatCompletionResponse, CompletionChunk};
use mistral_sdk::classifiers::{ClassificationResponse, ModerationResponse};
use mistral_sdk::embeddings::{Embedding, EmbeddingResponse};
use mistral_sdk::files::{
    CreateFileResponse, DeleteFileResponse, GetFileResponse, GetSignedUrlResponse,
    ListFilesResponse,
};
use mistral_sdk::fine_tuning::{
    CreateFineTuningJobResponse, FineTuningJobDetails, ListFineTuningJobsResponse,
};
use mistral_sdk::models::{
    ArchiveModelResponse, DeleteModelResponse, FineTunedModel, ModelCard, ModelList,
    UnarchiveModelResponse,
};
use mistral_sdk::ocr::OcrResponse;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::fixed_response::line;

/// Checks JSON, and returns whether the type accepts it.
type Check = fn(&str) -> bool;

/// The types of responses and of stream events, by name.
#[rustfmt::skip] // one line each
pub const TYPES: &[(&str, Check)] = &[
    ("ArchiveModelResponse", kept::<ArchiveModelResponse>),
    ("BatchJob", kept::<BatchJob>),
    ("BatchResult", batch_results),
    ("ChatCompletionResponse", |json| with(json, chat)),
    ("ClassificationResponse", kept::<ClassificationResponse>),
    ("CompletionChunk", kept::<CompletionChunk>),
    ("CreateFileResponse", kept::<CreateFileResponse>),
    ("CreateFineTuningJobResponse", kept::<CreateFineTuningJobResponse>),
    ("DeleteBatchJobResponse", kept::<DeleteBatchJobResponse>),
    ("DeleteFileResponse", kept::<DeleteFileResponse>),
    ("DeleteModelResponse", kept::<DeleteModelResponse>),
    ("EmbeddingResponse", |json| with(json, embeddings)),
    ("FineTunedModel", kept::<FineTunedModel>),
    ("FineTuningJobDetails", kept::<FineTuningJobDetails>),
    ("GetFileResponse", kept::<GetFileResponse>),
    ("GetSignedUrlResponse", kept::<GetSignedUrlResponse>),
    ("ListBatchJobsResponse", kept::<ListBatchJobsResponse>),
    ("ListFilesResponse", kept::<ListFilesResponse>),
    ("ListFineTuningJobsResponse", kept::<ListFineTuningJobsResponse>),
    ("ModelCard", kept::<ModelCard>),
    ("ModelList", kept::<ModelList>),
    ("ModerationResponse", kept::<ModerationResponse>),
    ("OcrResponse", |json| with(json, ocr)),
    ("SpeechResponse", |json| with(json, |it: &SpeechResponse| drop(it.audio()))),
    ("SpeechStreamEvents", |json| with(json, |it: &SpeechStreamEvents| drop(it.audio()))),
    ("TranscriptionResponse", kept::<TranscriptionResponse>),
    ("TranscriptionStreamEvents", kept::<TranscriptionStreamEvents>),
    ("UnarchiveModelResponse", kept::<UnarchiveModelResponse>),
    ("VoiceListResponse", kept::<VoiceListResponse>),
    ("VoiceResponse", kept::<VoiceResponse>),
];

/// Checks that a value that was read is written without loss, and reads as an equal value.
pub fn check(input: &[u8]) {
    is_read(input);
}

/// Runs the check, and returns whether the type accepts the input.
pub fn is_read(input: &[u8]) -> bool {
    let (name, json) = line(input);
    let named = TYPES.iter().find(|row| row.0.as_bytes() == name);
    let at = name.iter().map(|byte| usize::from(*byte)).sum::<usize>() % TYPES.len();
    let json = std::str::from_utf8(json);
    match (named.or_else(|| TYPES.get(at)), json) {
        (Some((_, check)), Ok(json)) => check(json),
        _ => false,
    }
}

fn kept<T: DeserializeOwned + Serialize + PartialEq + Debug>(json: &str) -> bool {
    with(json, |_: &T| {})
}

fn with<T: DeserializeOwned + Serialize + PartialEq + Debug>(json: &str, used: fn(&T)) -> bool {
    let Ok(read) = serde_json::from_str::<T>(json) else {
        return false;
    };
    used(&read);
    let written = serde_json::to_string(&read).unwrap();
    let again = serde_json::from_str::<T>(&written);
    let again = again.unwrap_or_else(|error| panic!("{error}: {written}"));
    // An object that repeats a key, such as the tag of a union, has no single meaning.
    if has_stable_floats(json) && has_unique_keys(json) {
        assert_eq!(again, read, "{written}");
        assert_eq!(serde_json::to_string(&again).unwrap(), written);
    }

    assert!(has_unique_keys(&written), "{written}");
    if has_unique_keys(json) {
        let lost = lost(&value(json), &value(&written), "");
        assert_eq!(lost, None, "{written}");
    }
    true
}

/// Whether serde_json reads back the floats that it wrote: without its feature `float_roundtrip`,
/// the last digit of some floats changes.
fn has_stable_floats(json: &str) -> bool {
    let read = value(json);
    value(&read.to_string()) == read
}

/// Whether no object repeats a key. `Value` keeps only the last of them.
fn has_unique_keys(json: &str) -> bool {
    let (mut colons, mut in_string, mut bytes) = (0, false, json.bytes());
    while let Some(byte) = bytes.next() {
        match byte {
            b'"' => in_string = !in_string,
            b'\\' => drop(bytes.next()),
            b':' if !in_string => colons += 1,
            _ => {}
        }
    }
    colons == entries(&value(json))
}

fn entries(value: &Value) -> usize {
    match value {
        Value::Object(object) => object.values().map(|it| 1 + entries(it)).sum(),
        Value::Array(items) => items.iter().map(entries).sum(),
        _ => 0,
    }
}

fn value(json: &str) -> Value {
    serde_json::from_str(json).unwrap()
}

/// Whether a value is `null`, or one that servers write in its place.
fn is_null(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Bool(value) => !value,
        Value::Number(number) => number.as_f64() == Some(0.0),
        Value::String(text) => {
            let text = text.trim().to_ascii_lowercase();
            matches!(text.as_str(), "" | "null" | "none" | "nil" | "undefined")
        }
        Value::Array(elements) => elements.is_empty(),
        Value::Object(fields) => fields.values().all(is_null),
    }
}

/// Returns the location of a value of `input`, other than null, that `output` lacks.
fn lost(input: &Value, output: &Value, at: &str) -> Option<String> {
    // Padding, and a role that has only one value.
    let is_without_meaning = |key: &str| match key {
        "p" => at.is_empty(),
        "role" => at.starts_with("/choices/") && at.ends_with("/message"),
        // Text that other APIs have there becomes the message.
        "delta" | "deltas" | "text" => at.starts_with("/choices/") && at.matches('/').count() == 2,
        _ => false,
    };
    match (input, output) {
        (Value::Object(input), Value::Object(output)) => input
            .iter()
            .filter(|(key, value)| !is_null(value) && !is_without_meaning(key))
            .find_map(|(key, value)| {
                let at = format!("{at}/{key}");
                let output = output.get(key);
                output.map_or(Some(at.clone()), |it| lost(value, it, &at))
            }),
        (Value::Array(input), Value::Array(output))
            if input.iter().filter(|it| !it.is_null()).count()
                == output.iter().filter(|it| !it.is_null()).count() =>
        {
            let present = |list: &'_ [Value]| -> Vec<Value> {
                list.iter().filter(|it| !it.is_null()).cloned().collect()
            };
            let (input, output) = (present(input), present(output));
            let mut pairs = input.iter().zip(&output).enumerate();
            pairs.find_map(|(index, (input, output))| lost(input, output, &format!("{at}/{index}")))
        }
        (Value::Number(input), Value::Number(output)) => {
            let (input, output) = (input.as_f64()?, output.as_f64()?);
            // Vectors are stored as 32-bit floats.
            let is_near =
                (input - output).abs() <= input.abs() * 1e-6 + f64::from(f32::MIN_POSITIVE);
            (!is_near).then(|| format!("{at}: {input} became {output}"))
        }
        // A number as text, one element in place of a list, an empty list in place of an object.
        (Value::String(text), Value::Number(number))
            if text.trim().parse().ok() == number.as_f64() =>
        {
            None
        }
        // The JSON text of an enum's value, or of an id, that is no string.
        (input, Value::String(text))
            if !input.is_string()
                && serde_json::from_str::<Value>(text).ok().as_ref() == Some(input) =>
        {
            None
        }
        (Value::Object(_), Value::Array(elements)) if elements.len() == 1 => {
            elements.iter().find_map(|element| lost(input, element, at))
        }
        (Value::Array(input), Value::Object(output)) if input.is_empty() && output.is_empty() => {
            None
        }
        _ => (input != output).then(|| format!("{at}: {input} became {output}")),
    }
}

fn batch_results(json: &str) -> bool {
    let lines = json
        .split('\n')
        .filter(|line| !line.trim_ascii().is_empty());
    assert_eq!(BatchResult::lines(json.as_bytes()).count(), lines.count());
    for result in BatchResult::lines(json.as_bytes()).flatten() {
        if let Err(error) = result.body::<EmbeddingResponse>() {
            assert!(!error.to_string().contains('\n'), "{error}");
        }
    }
    kept::<BatchResult>(json) || json.contains('\n')
}

fn chat(response: &ChatCompletionResponse) {
    let _ = response.text();
    for call in response.tool_calls() {
        let arguments = &call.function.arguments;
        let parsed = arguments.parse::<Value>();
        assert!(parsed.is_ok() || !arguments.to_string().is_empty());
    }
}

fn embeddings(response: &EmbeddingResponse) {
    if let Ok(vectors) = response.to_f32() {
        assert_eq!(vectors.len(), response.data.len());
    }
    for vector in response.data.iter().filter_map(|it| it.embedding.as_ref()) {
        let (signed, unsigned) = (vector.to_i8(), vector.to_u8());
        if let (Ok(signed), Ok(unsigned)) = (&signed, &unsigned) {
            assert_eq!(signed.len(), unsigned.len());
        }
        if let (Ok(floats), Embedding::Base64(_)) = (vector.to_f32(), vector) {
            assert_eq!(
                unsigned.map(|bytes| bytes.len()).ok(),
                Some(floats.len() * 4)
            );
        }
    }
}

fn ocr(response: &OcrResponse) {
    let _ = response.markdown();
    let _ = response.annotation::<Value>();
    for image in response.pages.iter().flat_map(|page| &page.images) {
        let _ = image.annotation::<Value>();
        let _ = image.bytes();
    }
}

//! Transcriptions.

use std::sync::Arc;

use axum::extract::{FromRequest, Request, State};
use axum::response::Response;
use http::StatusCode;
use serde_json::{Value, json};

use super::batch::InBatchJob;
use super::files;
use crate::generate::{audio, tokenizer};
use crate::json::{array, set_member};
use crate::requests::JsonBody;
use crate::requests::fields::{self, Field, NUMBER, Type, optional, required};
use crate::requests::form::{self, FormField};
use crate::responses::TokenCost;
use crate::responses::sse;
use crate::responses::{ApiError, json_response};
use crate::state::AppState;
use crate::state::file::File;
use crate::state::models;

const MAX_CONTEXT_BIASES: usize = 100;
/// The number of prompt tokens of every transcription.
const INSTRUCTION_TOKENS: usize = 4;

static FIELDS: &[Field] = &[
    required("model", Type::String),
    optional("file", Type::AnyObject),
    optional("file_url", Type::String),
    optional("file_id", Type::String),
    optional("language", Type::String),
    optional("temperature", NUMBER),
    optional("stream", Type::Boolean),
    optional("diarize", Type::Boolean),
    optional("context_bias", Type::Array(0, &Type::String)),
    optional("timestamp_granularities", Type::Array(0, &GRANULARITY)),
    optional("speaker_references", Type::AnyObject),
];

static GRANULARITY: Type = Type::Enum(&["segment", "word"]);

/// `POST /v1/audio/transcriptions`
pub(crate) async fn transcribe(
    State(state): State<Arc<AppState>>,
    request: Request,
) -> Result<Response, ApiError> {
    let (request, form_fields) = read(request).await?;
    fields::validate(FIELDS, &request)?;
    models::resolve(&request, |model| model.supports("audio_transcription"))?;
    validate(&request)?;
    let (name, seconds) = recording(&state, &request, &form_fields)?;
    let text = format!(
        "This is the Mistral emulator. It was given {name}. \
         A real model would write here what is said."
    );
    let language = request.get("language").and_then(Value::as_str);
    let segments = segments(&request, &text, seconds);
    let audio_tokens = audio::tokens(seconds);
    let (prompt_tokens, completion_tokens) = (
        INSTRUCTION_TOKENS + context_biases(&request).len(),
        tokenizer::count_tokens(&text),
    );
    let total = prompt_tokens + completion_tokens + audio_tokens;
    let mut body = json!({
        "model": request.get("model"),
        "text": text,
        "language": language,
        "segments": segments,
        // As on the real server, audio tokens count only in the total.
        "usage": {
            "prompt_audio_seconds": seconds.ceil() as u64,
            "prompt_tokens": prompt_tokens,
            "completion_tokens": completion_tokens,
            "total_tokens": total,
            "prompt_tokens_details": { "cached_tokens": 0, "audio_tokens": audio_tokens },
            "service_tier": "standard",
        },
    });
    let mut response = if request.get("stream") == Some(&Value::Bool(true)) {
        set_member(&mut body, "type", "transcription.done".into());
        sse::named_events(&events(&text, language.unwrap_or("en"), segments, body))
    } else {
        json_response(StatusCode::OK, &body)
    };
    response.extensions_mut().insert(TokenCost(total as u64));
    Ok(response)
}

/// Reads the body, which is a form, but JSON in a batch job.
async fn read(request: Request) -> Result<(Value, Vec<FormField>), ApiError> {
    if request.extensions().get::<InBatchJob>().is_some() {
        let JsonBody(request) = JsonBody::from_request(request, &()).await?;
        return Ok((request, Vec::new()));
    }
    let form_fields = form::read_form(request).await?;
    Ok((form::to_object(FIELDS, &form_fields), form_fields))
}

/// Returns the events of a stream, the last of which is `done`.
fn events(text: &str, language: &str, segments: Vec<Value>, done: Value) -> Vec<Value> {
    let language = json!({ "type": "transcription.language", "audio_language": language });
    let deltas = tokenizer::tokenize(text)
        .into_iter()
        .map(|token| json!({ "type": "transcription.text.delta", "text": token }));
    let segments = segments.into_iter().map(|mut segment| {
        if let Some(members) = segment.as_object_mut() {
            members.remove("score");
        }
        set_member(&mut segment, "type", "transcription.segment".into());
        segment
    });
    let last = std::iter::once(done);
    std::iter::once(language)
        .chain(deltas)
        .chain(segments)
        .chain(last)
        .collect()
}

/// Returns the name of the recording and its duration in seconds.
fn recording(
    state: &AppState,
    request: &Value,
    form_fields: &[FormField],
) -> Result<(String, f64), ApiError> {
    let text = |name| request.get(name).and_then(Value::as_str);
    let stored = |file: File| (file.name, audio::duration_seconds(&file.content));
    let file = form_fields
        .iter()
        .rev()
        .find(|form_field| form_field.name == "file")
        .and_then(|form_field| {
            Some((
                form_field.file_name.clone()?,
                audio::duration_seconds(&form_field.content),
            ))
        });
    match (file, text("file_id"), text("file_url")) {
        (Some(file), None, None) => Ok(file),
        (None, Some(id), None) => files::find(state, id).map(stored),
        (None, None, Some(url)) => Ok(match files::find_signed(state, url) {
            Some(file) => stored(file),
            None => {
                let path = url.split(['?', '#']).next().unwrap_or_default();
                let name = path.rsplit('/').next().unwrap_or_default();
                (name.to_owned(), audio::PLACEHOLDER_SECONDS)
            }
        }),
        _ => Err(ApiError::validation(vec![fields::error_detail(
            "value_error",
            &["body".into()],
            "Value error, Exactly one of file, file_url and file_id must be given",
            request,
        )])),
    }
}

/// Validates the rules that the table of fields cannot express.
fn validate(request: &Value) -> Result<(), ApiError> {
    let text = |name| request.get(name).and_then(Value::as_str);
    if let Some(language) = text("language") {
        let is_word = |letter: char| letter.is_alphanumeric() || letter == '_';
        if language.chars().count() != 2 || !language.chars().all(is_word) {
            return Err(pattern_error("language", r"^\w{2}$", language));
        }
        if !array(request, "timestamp_granularities").is_empty() {
            return Err(ApiError::bad_request(
                "invalid_request_invalid_args",
                Some("3051"),
                "timestamp_granularities cannot be used together with language",
            ));
        }
    }
    if let Some(url) = text("file_url")
        && !(url.starts_with("https://") || url.starts_with("http://"))
    {
        let location = ["body".into(), "file_url".into()];
        let error = fields::error_detail(
            "url_parsing",
            &location,
            "Input should be a valid URL",
            &url.into(),
        );
        return Err(ApiError::validation(vec![error]));
    }
    let context_biases = context_biases(request);
    let is_invalid = |bias: &&str| bias.is_empty() || bias.contains(char::is_whitespace);
    if let Some(invalid) = context_biases.iter().copied().find(is_invalid) {
        return Err(pattern_error("context_bias", r"^[^,\s]+$", invalid));
    }
    if context_biases.len() > MAX_CONTEXT_BIASES {
        let message = format!(
            "List should have at most {MAX_CONTEXT_BIASES} items after validation, not {}",
            context_biases.len()
        );
        let location = ["body".into(), "context_bias".into()];
        let error = fields::error_detail("too_long", &location, &message, &json!(context_biases));
        return Err(ApiError::validation(vec![error]));
    }
    Ok(())
}

/// Returns the context biases. A field may contain several, separated by commas.
fn context_biases(request: &Value) -> Vec<&str> {
    let fields = array(request, "context_bias").iter();
    fields
        .filter_map(Value::as_str)
        .flat_map(|field| field.split(','))
        .collect()
}

fn pattern_error(field: &str, pattern: &str, input: &str) -> ApiError {
    let message = format!("String should match pattern '{pattern}'");
    let location = ["body".into(), field.into()];
    ApiError::validation(vec![fields::error_detail(
        "string_pattern_mismatch",
        &location,
        &message,
        &input.into(),
    )])
}

/// Returns sentences or words with timestamps, if the request asks for them.
fn segments(request: &Value, text: &str, seconds: f64) -> Vec<Value> {
    let diarize = request.get("diarize") == Some(&Value::Bool(true));
    let granularities = array(request, "timestamp_granularities");
    let texts: Vec<&str> = if granularities.iter().any(|by| by == "word") {
        text.split_inclusive(' ').collect()
    } else if diarize || !granularities.is_empty() {
        text.split_inclusive(". ").collect()
    } else {
        return Vec::new();
    };
    let speakers = speakers(request);
    let count = f64::from(u32::try_from(texts.len()).unwrap_or(u32::MAX));
    let times = (0_u32..).map(|index| (seconds * f64::from(index) / count * 100.0).round() / 100.0);
    let spans = times.clone().zip(times.skip(1));
    texts
        .iter()
        .zip(spans)
        .zip(speakers.iter().cycle())
        .map(|((text, (start, end)), speaker)| {
            json!({
                "type": "transcription_segment",
                "text": text,
                "start": start,
                "end": end,
                "score": null,
                "speaker_id": diarize.then_some(speaker),
            })
        })
        .collect()
}

/// Returns the speakers of the request, or two default ones.
fn speakers(request: &Value) -> Vec<String> {
    match request.get("speaker_references").and_then(Value::as_object) {
        Some(known) if !known.is_empty() => known.keys().cloned().collect(),
        _ => vec!["speaker_1".to_owned(), "speaker_2".to_owned()],
    }
}

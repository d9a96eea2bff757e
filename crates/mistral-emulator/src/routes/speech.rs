//! Speech synthesis.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::StatusCode;
use serde_json::{Value, json};

use crate::generate::random::hash;
use crate::generate::{audio, tokenizer};
use crate::json::set_member;
use crate::requests::JsonBody;
use crate::requests::fields::{self, Field, NUMBER, Type, optional, required};
use crate::responses::TokenCost;
use crate::responses::sse;
use crate::responses::{ApiError, json_response};
use crate::state::AppState;
use crate::state::models::{self, VOXTRAL_TTS};

/// The number of bytes of audio in an event of a stream.
const CHUNK_BYTES: usize = 3_000;
/// A token stands for 80 milliseconds.
const SAMPLES_PER_TOKEN: usize = 640;

static FIELDS: &[Field] = &[
    required("input", Type::String),
    optional("model", Type::String),
    optional("stream", Type::Boolean),
    optional("voice_id", Type::String),
    optional("ref_audio", Type::String),
    optional(
        "response_format",
        Type::Enum(&["pcm", "wav", "mp3", "flac", "opus"]),
    ),
    optional("metadata", Type::AnyObject),
    optional("prompt_cache_key", Type::String),
    optional("expressiveness", NUMBER),
    optional("phoneme_hints", Type::AnyObject),
    optional("conversation_history", Type::Array(0, &TURN)),
];

static TURN: Type = Type::Union {
    tag: "role",
    default: None,
    variants: &[
        ("user", &[required("audio", AUDIO)]),
        (
            "assistant",
            &[required("audio", AUDIO), required("text", Type::String)],
        ),
    ],
};

const AUDIO: Type = Type::Object(&[required("data", Type::String)]);

/// `POST /v1/audio/speech`
pub(crate) async fn synthesize(
    State(state): State<Arc<AppState>>,
    JsonBody(mut request): JsonBody,
) -> Result<Response, ApiError> {
    fields::validate(FIELDS, &request)?;
    if request.get("model").is_none_or(Value::is_null) {
        set_member(&mut request, "model", VOXTRAL_TTS.into());
    }
    models::resolve(&request, |model| model.supports("audio_speech"))?;
    let text = |name| request.get(name).and_then(Value::as_str);
    let reference = text("ref_audio").unwrap_or_default();
    if STANDARD.decode(reference).is_err() {
        let location = ["body".into(), "ref_audio".into()];
        let message = "Value error, ref_audio should be base64";
        let error = fields::error_detail("value_error", &location, message, &reference.into());
        return Err(ApiError::validation(vec![error]));
    }
    let voice = text("voice_id");
    if voice.is_some_and(|voice| state.voices.find(voice).is_none()) {
        return Err(super::voices::not_found());
    }
    let input = text("input").unwrap_or_default();
    let samples = audio::tone(
        hash(format!("{voice:?} {reference}").as_bytes()),
        tokenizer::count_tokens(input),
    );
    // The compressed formats are not implemented.
    let audio_data = match text("response_format") {
        Some("pcm") => audio::pcm(&samples),
        _ => audio::wav(&samples),
    };
    let (prompt_tokens, completion_tokens) = (
        tokenizer::count_tokens(input),
        samples.len().div_ceil(SAMPLES_PER_TOKEN),
    );
    let mut response = if request.get("stream") == Some(&Value::Bool(true)) {
        let usage = json!({
            "prompt_tokens": prompt_tokens,
            "completion_tokens": completion_tokens,
            "total_tokens": prompt_tokens + completion_tokens,
        });
        let deltas = audio_data.chunks(CHUNK_BYTES).map(
            |chunk| json!({ "type": "speech.audio.delta", "audio_data": STANDARD.encode(chunk) }),
        );
        let done = json!({ "type": "speech.audio.done", "usage": usage });
        let events: Vec<Value> = deltas.chain(std::iter::once(done)).collect();
        sse::named_events(&events)
    } else {
        let body = json!({ "audio_data": STANDARD.encode(audio_data) });
        json_response(StatusCode::OK, &body)
    };
    response
        .extensions_mut()
        .insert(TokenCost((prompt_tokens + completion_tokens) as u64));
    Ok(response)
}

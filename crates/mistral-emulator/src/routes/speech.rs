//! Speech: text turned into sound.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::StatusCode;
use serde_json::{Value, json};

use crate::generate::random::hash;
use crate::generate::{audio as sound, tokenizer as tokens};
use crate::json::set;
use crate::requests::JsonBody;
use crate::requests::fields::{self, Field, Kind, NUMBER, optional, required};
use crate::responses::TokenCost;
use crate::responses::sse;
use crate::responses::{ApiError, json_response};
use crate::state::Shared;
use crate::state::models::{self, VOXTRAL_TTS};

/// How many bytes one event of a stream carries.
const PIECE: usize = 3_000;
/// A token stands for 80 milliseconds.
const SAMPLES_PER_TOKEN: usize = 640;

static FIELDS: &[Field] = &[
    required("input", Kind::Text),
    optional("model", Kind::Text),
    optional("stream", Kind::Flag),
    optional("voice_id", Kind::Text),
    optional("ref_audio", Kind::Text),
    optional(
        "response_format",
        Kind::Choice(&["pcm", "wav", "mp3", "flac", "opus"]),
    ),
    optional("metadata", Kind::Map),
    optional("prompt_cache_key", Kind::Text),
    optional("expressiveness", NUMBER),
    optional("phoneme_hints", Kind::Map),
    optional("conversation_history", Kind::List(0, &TURN)),
];

static TURN: Kind = Kind::Tagged {
    tag: "role",
    default: None,
    variants: &[
        ("user", &[required("audio", AUDIO)]),
        (
            "assistant",
            &[required("audio", AUDIO), required("text", Kind::Text)],
        ),
    ],
};

const AUDIO: Kind = Kind::Record(&[required("data", Kind::Text)]);

/// `POST /v1/audio/speech`
pub(crate) async fn speak(
    State(shared): State<Arc<Shared>>,
    JsonBody(mut request): JsonBody,
) -> Result<Response, ApiError> {
    fields::body(FIELDS, &request)?;
    if request.get("model").is_none_or(Value::is_null) {
        set(&mut request, "model", VOXTRAL_TTS.into());
    }
    models::able(&request, |model| model.can("audio_speech"))?;
    let text = |name| request.get(name).and_then(Value::as_str);
    let reference = text("ref_audio").unwrap_or_default();
    if STANDARD.decode(reference).is_err() {
        let place = ["body".into(), "ref_audio".into()];
        let message = "Value error, ref_audio should be base64";
        let problem = fields::problem("value_error", &place, message, &reference.into());
        return Err(ApiError::invalid(vec![problem]));
    }
    let voice = text("voice_id");
    if voice.is_some_and(|voice| shared.voices.find(voice).is_none()) {
        return Err(super::voices::unknown());
    }
    let input = text("input").unwrap_or_default();
    let samples = sound::tone(
        hash(format!("{voice:?} {reference}").as_bytes()),
        tokens::count(input),
    );
    // Only the formats without compression are worth imitating.
    let sound = match text("response_format") {
        Some("pcm") => sound::raw(&samples),
        _ => sound::wav(&samples),
    };
    let (read, made) = (
        tokens::count(input),
        samples.len().div_ceil(SAMPLES_PER_TOKEN),
    );
    let mut response = if request.get("stream") == Some(&Value::Bool(true)) {
        let usage = json!({
            "prompt_tokens": read, "completion_tokens": made, "total_tokens": read + made,
        });
        let pieces = sound.chunks(PIECE).map(
            |piece| json!({ "type": "speech.audio.delta", "audio_data": STANDARD.encode(piece) }),
        );
        let done = json!({ "type": "speech.audio.done", "usage": usage });
        let events: Vec<Value> = pieces.chain(std::iter::once(done)).collect();
        sse::named(&events)
    } else {
        let body = json!({ "audio_data": STANDARD.encode(sound) });
        json_response(StatusCode::OK, &body)
    };
    response
        .extensions_mut()
        .insert(TokenCost((read + made) as u64));
    Ok(response)
}

//! Moderation and classification, whose scores depend on keywords.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use serde_json::{Map, Value, json};

use crate::generate::random::{Rng, hash, hex_id};
use crate::generate::tokenizer;
use crate::json::{array, message_text};
use crate::requests::JsonBody;
use crate::requests::chat_fields::MESSAGE;
use crate::requests::fields::{self, Field, Type, optional, required};
use crate::responses::TokenCost;
use crate::responses::{ApiError, json_response};
use crate::state::AppState;
use crate::state::models::{MODERATION_2411, Model};

static TEXT_FIELDS: &[Field] = &[
    required("model", Type::String),
    required(
        "input",
        Type::AnyOf(&[Type::String, Type::Array(1, &Type::String)]),
    ),
    optional("metadata", Type::AnyObject),
];

static MODERATION_CHAT_FIELDS: &[Field] = &[
    required("model", Type::String),
    required("input", Type::Array(1, &MESSAGE)),
];

static MODERATION_CHATS_FIELDS: &[Field] = &[
    required("model", Type::String),
    required("input", Type::Array(1, &CHAT)),
];

static CHAT: Type = Type::Array(1, &MESSAGE);

static CONVERSATION_FIELDS: &[Field] = &[required("messages", Type::Array(1, &MESSAGE))];

static CONVERSATION: Type = Type::Object(CONVERSATION_FIELDS);

static CLASSIFICATION_CHATS_FIELDS: &[Field] = &[
    required("model", Type::String),
    required(
        "input",
        Type::AnyOf(&[
            Type::Object(CONVERSATION_FIELDS),
            Type::Array(1, &CONVERSATION),
        ]),
    ),
];

/// A category or a label and its keywords.
type Keywords = (&'static str, &'static [&'static str]);

static CATEGORIES: &[Keywords] = &[
    ("sexual", &["sex", "porn", "erotic"]),
    ("hate_and_discrimination", &["hate", "racist", "inferior"]),
    ("violence_and_threats", &["kill", "murder", "stab"]),
    ("dangerous", &["bomb", "explosive", "poison"]),
    ("criminal", &["steal", "fraud", "smuggle"]),
    ("selfharm", &["suicide", "selfharm"]),
    ("health", &["diagnosis", "medication", "symptoms"]),
    ("financial", &["invest", "stocks", "shares"]),
    ("law", &["lawsuit", "contract", "lawyer"]),
    ("pii", &["passport", "ssn", "iban"]),
    ("jailbreaking", &["jailbreak", "unfiltered"]),
];

/// The category of the older model that combines two of the newer ones.
const DANGEROUS_AND_CRIMINAL: &str = "dangerous_and_criminal_content";

static SENTIMENTS: &[Keywords] = &[
    ("positive", &["good", "great", "love", "happy", "thanks"]),
    ("neutral", &["okay", "fine", "maybe"]),
    ("negative", &["bad", "awful", "hate", "sad", "broken"]),
];

static LANGUAGES: &[Keywords] = &[
    ("english", &["the", "is", "and", "this", "who"]),
    ("french", &["le", "la", "est", "et", "qui"]),
    ("german", &["der", "die", "ist", "und", "wer"]),
];

/// `POST /v1/moderations`
pub(crate) async fn moderate(
    State(state): State<Arc<AppState>>,
    JsonBody(request): JsonBody,
) -> Result<Response, ApiError> {
    fields::validate(TEXT_FIELDS, &request)?;
    respond(&state, &request, "moderation", &texts(&request), moderation)
}

/// `POST /v1/chat/moderations`
pub(crate) async fn moderate_chat(
    State(state): State<Arc<AppState>>,
    JsonBody(request): JsonBody,
) -> Result<Response, ApiError> {
    let input = array(&request, "input");
    let chats: Vec<String> = if input.iter().any(Value::is_array) {
        fields::validate(MODERATION_CHATS_FIELDS, &request)?;
        let chats = input.iter().filter_map(Value::as_array);
        chats.map(|chat| last_text(chat)).collect()
    } else {
        fields::validate(MODERATION_CHAT_FIELDS, &request)?;
        vec![last_text(input)]
    };
    respond(&state, &request, "moderation", &chats, moderation)
}

/// `POST /v1/classifications`
pub(crate) async fn classify(
    State(state): State<Arc<AppState>>,
    JsonBody(request): JsonBody,
) -> Result<Response, ApiError> {
    fields::validate(TEXT_FIELDS, &request)?;
    respond(
        &state,
        &request,
        "classification",
        &texts(&request),
        classification,
    )
}

/// `POST /v1/chat/classifications`
pub(crate) async fn classify_chat(
    State(state): State<Arc<AppState>>,
    JsonBody(request): JsonBody,
) -> Result<Response, ApiError> {
    fields::validate(CLASSIFICATION_CHATS_FIELDS, &request)?;
    let chats: Vec<String> = match request.get("input") {
        Some(Value::Array(chats)) => chats
            .iter()
            .map(|chat| last_text(array(chat, "messages")))
            .collect(),
        Some(chat) => vec![last_text(array(chat, "messages"))],
        None => Vec::new(),
    };
    respond(&state, &request, "classification", &chats, classification)
}

fn respond(
    state: &AppState,
    request: &Value,
    capability: &str,
    texts: &[String],
    score: fn(&Model, &str) -> Value,
) -> Result<Response, ApiError> {
    let model = state.store().resolve_model(request, capability)?;
    let results: Vec<Value> = texts.iter().map(|text| score(model, text)).collect();
    let body = json!({
        "id": hex_id(hash(request.to_string().as_bytes())),
        "model": request.get("model"),
        "results": results,
    });
    let tokens: usize = texts
        .iter()
        .map(|text| tokenizer::count_tokens(text) + 1)
        .sum();
    let mut response = json_response(StatusCode::OK, &body);
    response.extensions_mut().insert(TokenCost(tokens as u64));
    Ok(response)
}

fn texts(request: &Value) -> Vec<String> {
    match request.get("input") {
        Some(Value::Array(texts)) => texts
            .iter()
            .filter_map(Value::as_str)
            .map(str::to_owned)
            .collect(),
        other => other
            .and_then(Value::as_str)
            .map(str::to_owned)
            .into_iter()
            .collect(),
    }
}

/// Returns the text of the last message, which alone determines the scores.
fn last_text(messages: &[Value]) -> String {
    messages.last().map(message_text).unwrap_or_default()
}

fn moderation(model: &Model, text: &str) -> Value {
    let scores = category_scores(model.id, text);
    let categories: Map<String, Value> = scores
        .iter()
        .map(|(name, score)| (name.clone(), (*score > 0.5).into()))
        .collect();
    let scores: Map<String, Value> = scores
        .into_iter()
        .map(|(name, score)| (name, json!(score)))
        .collect();
    json!({ "categories": categories, "category_scores": scores })
}

/// Returns the score of every category of a moderation model.
pub(super) fn category_scores(model: &str, text: &str) -> Vec<(String, f64)> {
    let words = words(text);
    let mut scores: Vec<(String, f64)> = Vec::new();
    for (name, keywords) in CATEGORIES {
        let name = match (model, *name) {
            (MODERATION_2411, "jailbreaking") => continue,
            (MODERATION_2411, "dangerous" | "criminal") => DANGEROUS_AND_CRIMINAL,
            (_, name) => name,
        };
        let fraction = fraction(name, text);
        let score = if count_matches(&words, keywords) > 0 {
            0.9 + fraction / 20.0
        } else {
            fraction / 200.0
        };
        match scores.last_mut() {
            Some((last, known)) if last == name => *known = known.max(score),
            _ => scores.push((name.to_owned(), score)),
        }
    }
    scores
}

fn classification(model: &Model, text: &str) -> Value {
    if model.supports("moderation") {
        let scores: Map<String, Value> = category_scores(model.id, text)
            .into_iter()
            .map(|(name, score)| (name, json!(score)))
            .collect();
        return json!({ "moderation": { "scores": scores } });
    }
    json!({
        "sentiment": { "scores": normalized_scores(SENTIMENTS, text) },
        "language": { "scores": normalized_scores(LANGUAGES, text) },
    })
}

/// Returns a score for each label. The scores sum up to 1.
fn normalized_scores(labels: &[Keywords], text: &str) -> Map<String, Value> {
    let words = words(text);
    let weights: Vec<(&str, f64)> = labels
        .iter()
        .map(|(label, keywords)| {
            let count = u32::try_from(count_matches(&words, keywords)).unwrap_or(u32::MAX);
            (
                *label,
                0.1 + fraction(label, text) / 10.0 + 4.0 * f64::from(count),
            )
        })
        .collect();
    let all: f64 = weights.iter().map(|(_, weight)| weight).sum();
    weights
        .into_iter()
        .map(|(label, weight)| (label.to_owned(), json!(weight / all)))
        .collect()
}

fn words(text: &str) -> Vec<String> {
    text.to_lowercase()
        .split(|letter: char| !letter.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_owned)
        .collect()
}

fn count_matches(words: &[String], keywords: &[&str]) -> usize {
    words
        .iter()
        .filter(|word| keywords.contains(&word.as_str()))
        .count()
}

/// Returns a pseudorandom number, at least 0 and less than 1, that depends on both texts.
fn fraction(name: &str, text: &str) -> f64 {
    let mut rng = Rng::new(hash(format!("{name}: {text}").as_bytes()));
    f64::from(u32::try_from(rng.below(1000)).unwrap_or(0)) / 1000.0
}

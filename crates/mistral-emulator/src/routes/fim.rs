//! Fill-in-the-middle completions.

use axum::response::Response;
use serde_json::Value;

use crate::generate::completion::Completion;
use crate::generate::reply::{Reply, first_words};
use crate::generate::tokenizer;
use crate::json::unsigned;
use crate::requests::JsonBody;
use crate::requests::chat_fields::STRING_OR_STRINGS;
use crate::requests::fields;
use crate::requests::fields::{Field, Type, UNSIGNED, optional, required};
use crate::responses::ApiError;
use crate::state::models;

/// Bounds the text for a large `min_tokens`.
const MAX_GENERATED_TOKENS: usize = 10_000;

static FIELDS: &[Field] = &[
    required("model", Type::String),
    required("prompt", Type::String),
    optional("suffix", Type::String),
    optional("temperature", Type::Number(0.0, 1.5)),
    optional("top_p", Type::Number(0.0, 1.0)),
    optional("max_tokens", UNSIGNED),
    optional("min_tokens", UNSIGNED),
    optional("stream", Type::Boolean),
    optional("stop", STRING_OR_STRINGS),
    optional("random_seed", UNSIGNED),
    optional("metadata", Type::AnyObject),
    optional("prompt_cache_key", Type::String),
];

/// `POST /v1/fim/completions`
pub(crate) async fn complete(JsonBody(request): JsonBody) -> Result<Response, ApiError> {
    fields::validate(FIELDS, &request)?;
    models::resolve(&request, |model| model.supports("completion_fim"))?;
    let text = |name| request.get(name).and_then(Value::as_str);
    let (prompt, suffix) = (
        text("prompt").unwrap_or_default(),
        text("suffix").unwrap_or_default(),
    );
    let min_tokens = unsigned(&request, "min_tokens").unwrap_or(0);
    let reply = Reply::from_text(
        &request,
        completion_text(prompt, suffix, min_tokens.min(MAX_GENERATED_TOKENS)),
    );
    let mut tokens = tokenizer::tokenize(prompt);
    tokens.extend(tokenizer::tokenize(suffix));
    Ok(Completion::from_replies(&request, vec![reply], tokens).to_response(&request))
}

/// Creates a comment that repeats the last line of the prompt and the first of the suffix.
fn completion_text(prompt: &str, suffix: &str, min_tokens: usize) -> String {
    let is_not_blank = |line: &&str| !line.trim().is_empty();
    let before = prompt.lines().rev().find(is_not_blank).unwrap_or_default();
    let mut text = format!(" # The emulator goes on from `{}`", first_words(before));
    if let Some(after) = suffix.lines().find(is_not_blank) {
        text.push_str(&format!(" to `{}`", first_words(after)));
    }
    let missing = min_tokens.saturating_sub(tokenizer::count_tokens(&text));
    text.push_str(&" more".repeat(missing));
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fim_text_repeats_adjacent_lines() {
        let text = completion_text("import os\ndef add(a, b):\n\n", "\n\nprint(add)\nexit()", 0);
        assert_eq!(
            text,
            " # The emulator goes on from `def add(a, b):` to `print(add)`"
        );
        assert_eq!(
            completion_text("", "", 0),
            " # The emulator goes on from ``"
        );
    }

    #[test]
    fn fim_text_has_min_tokens() {
        assert_eq!(
            tokenizer::count_tokens(&completion_text("fn f() {", "}", 40)),
            40
        );
    }
}

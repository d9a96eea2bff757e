//! Completions of code between a prompt and a suffix.

use axum::response::Response;
use serde_json::Value;

use crate::generate::completion::Completion;
use crate::generate::reply::{Reply, first_words};
use crate::generate::tokenizer as tokens;
use crate::json::whole_number;
use crate::requests::JsonBody;
use crate::requests::chat_fields::TEXTS;
use crate::requests::fields;
use crate::requests::fields::{COUNT, Field, Kind, optional, required};
use crate::responses::ApiError;
use crate::state::models;

/// More than this is not made even if `min_tokens` asks for it.
const MOST_FILLED: usize = 10_000;

static FIELDS: &[Field] = &[
    required("model", Kind::Text),
    required("prompt", Kind::Text),
    optional("suffix", Kind::Text),
    optional("temperature", Kind::Number(0.0, 1.5)),
    optional("top_p", Kind::Number(0.0, 1.0)),
    optional("max_tokens", COUNT),
    optional("min_tokens", COUNT),
    optional("stream", Kind::Flag),
    optional("stop", TEXTS),
    optional("random_seed", COUNT),
    optional("metadata", Kind::Map),
    optional("prompt_cache_key", Kind::Text),
];

/// `POST /v1/fim/completions`
pub(crate) async fn complete(JsonBody(request): JsonBody) -> Result<Response, ApiError> {
    fields::body(FIELDS, &request)?;
    models::able(&request, |model| model.can("completion_fim"))?;
    let text = |name| request.get(name).and_then(Value::as_str);
    let (prompt, suffix) = (
        text("prompt").unwrap_or_default(),
        text("suffix").unwrap_or_default(),
    );
    let at_least = whole_number(&request, "min_tokens").unwrap_or(0);
    let reply = Reply::saying(&request, middle(prompt, suffix, at_least.min(MOST_FILLED)));
    let mut pieces = tokens::pieces(prompt);
    pieces.extend(tokens::pieces(suffix));
    Ok(Completion::of(&request, vec![reply], pieces).answer(&request))
}

/// A comment that takes up the lines on both sides of the gap.
fn middle(prompt: &str, suffix: &str, at_least: usize) -> String {
    let is_full = |line: &&str| !line.trim().is_empty();
    let before = prompt.lines().rev().find(is_full).unwrap_or_default();
    let mut text = format!(" # The emulator goes on from `{}`", first_words(before));
    if let Some(after) = suffix.lines().find(is_full) {
        text.push_str(&format!(" to `{}`", first_words(after)));
    }
    let missing = at_least.saturating_sub(tokens::count(&text));
    text.push_str(&" more".repeat(missing));
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lines_beside_the_gap_are_taken_up() {
        let text = middle("import os\ndef add(a, b):\n\n", "\n\nprint(add)\nexit()", 0);
        assert_eq!(
            text,
            " # The emulator goes on from `def add(a, b):` to `print(add)`"
        );
        assert_eq!(middle("", "", 0), " # The emulator goes on from ``");
    }

    #[test]
    fn the_text_is_as_long_as_it_must_be() {
        assert_eq!(tokens::count(&middle("fn f() {", "}", 40)), 40);
    }
}

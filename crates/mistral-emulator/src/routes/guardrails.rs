//! Guardrails, which moderate the input of a completion.

use http::StatusCode;
use serde_json::{Map, Value, json};

use super::classifiers::category_scores;
use crate::json::{message_text, role, set_member};
use crate::responses::ApiError;
use crate::state::models;

/// The score above which a category is violated, unless the request sets a threshold.
const DEFAULT_THRESHOLD: f64 = 0.5;

/// The members of a guardrail, each with its moderation model.
const MODERATIONS: &[(&str, &str)] = &[
    ("moderation_llm_v1", models::MODERATION_2411),
    ("moderation_llm_v2", models::MODERATION_2603),
];

/// The score of a category.
struct Decision {
    category: String,
    threshold: f64,
    score: f64,
}

impl Decision {
    fn is_violated(&self) -> bool {
        self.score > self.threshold
    }
}

/// Evaluates the guardrails of a request. Returns the results, if there are guardrails.
///
/// Fails with 403 if the input violates a guardrail whose action is `block`.
pub(super) fn evaluate(
    guardrails: &[Value],
    messages: &[Value],
) -> Result<Option<Value>, ApiError> {
    let last = messages
        .iter()
        .rev()
        .find(|message| role(message) == "user");
    let text = last.map(message_text).unwrap_or_default();
    let mut results: Vec<Value> = Vec::new();
    let mut blocked = json!({});
    for guardrail in guardrails {
        let mut result = json!({});
        for (name, model) in MODERATIONS {
            let Some(config) = guardrail.get(name).filter(|config| config.is_object()) else {
                continue;
            };
            let decisions = decisions(config, model, &text);
            let is_blocked = config.get("action") == Some(&json!("block"))
                && decisions.iter().any(Decision::is_violated);
            if is_blocked {
                set_member(&mut blocked, name, refusal(config, model, &decisions));
            }
            set_member(&mut result, name, evaluation(&decisions));
        }
        results.push(result);
    }
    if blocked
        .as_object()
        .is_some_and(|blocked| !blocked.is_empty())
    {
        return Err(ApiError {
            status: StatusCode::FORBIDDEN,
            body: json!({
                "error": { "message": "Content blocked by guardrail", "status": 403 },
                "guardrails": { "results": blocked },
            }),
        });
    }
    Ok((!results.is_empty()).then(|| results.into()))
}

fn decisions(config: &Value, model: &str, text: &str) -> Vec<Decision> {
    let custom = |category: &str| {
        let thresholds = config.get("custom_category_thresholds")?;
        thresholds.get(category)?.as_f64()
    };
    let is_custom_only = config.get("ignore_other_categories") == Some(&Value::Bool(true));
    category_scores(model, text)
        .into_iter()
        .filter_map(|(category, score)| {
            let threshold = custom(&category);
            (threshold.is_some() || !is_custom_only).then(|| Decision {
                threshold: threshold.unwrap_or(DEFAULT_THRESHOLD),
                category,
                score,
            })
        })
        .collect()
}

/// Returns the result that an error contains.
fn refusal(config: &Value, model: &str, decisions: &[Decision]) -> Value {
    let model_name = config.get("model_name").and_then(Value::as_str);
    let decisions: Map<String, Value> = decisions
        .iter()
        .map(|decision| {
            let details = json!({
                "threshold": decision.threshold,
                "score": decision.score,
                "violated": decision.is_violated(),
            });
            (decision.category.clone(), details)
        })
        .collect();
    json!({
        "model_name": model_name.unwrap_or(model),
        "decisions": decisions,
        "violated": true,
        "action": "block",
    })
}

/// Returns the result that a successful response contains.
fn evaluation(decisions: &[Decision]) -> Value {
    let categories: Map<String, Value> = decisions
        .iter()
        .map(|decision| {
            let details = json!({ "score": decision.score, "violated": decision.is_violated() });
            (decision.category.clone(), details)
        })
        .collect();
    json!({ "action": "pass", "categories": categories })
}

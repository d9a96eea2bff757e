//! Moderation and classification of texts and of conversations.

use serde_json::{Value, json};

use crate::client::{RawResponse, api_request, start};

const CLASSIFIER: &str = "ft:classifier:ministral-3b-latest:emulator:20250101:demo";

fn post(path: &str, model: &str, input: &Value) -> RawResponse {
    api_request(&start(), "POST", path)
        .json(&json!({"model": model, "input": input}))
        .send()
}

#[track_caller]
fn results(path: &str, model: &str, input: &Value) -> Vec<Value> {
    let response = post(path, model, input);
    assert_eq!(response.status, 200, "{}", response.text());
    let body = response.json();
    assert_eq!(body["model"], model);
    assert_eq!(body["id"].as_str().unwrap().len(), 32);
    body["results"].as_array().unwrap().clone()
}

fn moderate(input: &Value) -> Vec<Value> {
    results("/v1/moderations", "mistral-moderation-latest", input)
}

fn user_message(text: &str) -> Value {
    json!({"role": "user", "content": text})
}

/// Returns the flagged categories. Only these may have high scores.
#[track_caller]
fn flagged_categories(result: &Value) -> Vec<&str> {
    let (flags, scores) = (&result["categories"], &result["category_scores"]);
    let flags = flags.as_object().unwrap();
    assert_eq!(flags.len(), scores.as_object().unwrap().len());
    for (name, flag) in flags {
        let score = scores[name].as_f64().unwrap();
        assert!((0.0..=1.0).contains(&score), "{name}: {score}");
        assert_eq!(flag.as_bool().unwrap(), score > 0.5, "{name}");
    }
    let names = flags.iter().filter(|(_, flag)| **flag == true);
    names.map(|(name, _)| name.as_str()).collect()
}

/// Returns the label with the highest score of a target. The scores must sum up to 1.
#[track_caller]
fn best_label<'a>(result: &'a Value, target: &str) -> &'a str {
    let scores = result[target]["scores"].as_object().unwrap();
    let sum: f64 = scores.values().map(|score| score.as_f64().unwrap()).sum();
    assert!((sum - 1.0).abs() < 1e-9, "{sum}");
    let best = scores
        .iter()
        .max_by(|(_, a), (_, b)| a.as_f64().unwrap().total_cmp(&b.as_f64().unwrap()));
    best.unwrap().0
}

#[test]
fn moderation_keyword_flags_category() {
    let responses = moderate(&json!([
        "I will kill you.",
        "I like skills.",
        "Steal a passport"
    ]));
    assert_eq!(flagged_categories(&responses[0]), ["violence_and_threats"]);
    assert_eq!(flagged_categories(&responses[1]), [""; 0]);
    let mut both = flagged_categories(&responses[2]);
    both.sort_unstable();
    assert_eq!(both, ["criminal", "pii"]);
    assert_eq!(responses.len(), 3);
}

#[test]
fn moderation_accepts_single_text() {
    assert_eq!(moderate(&json!("kill")), moderate(&json!(["kill"])));
}

#[test]
fn moderation_categories_depend_on_model() {
    let newer = moderate(&json!("bomb"));
    assert_eq!(flagged_categories(&newer[0]), ["dangerous"]);
    assert_eq!(newer[0]["categories"].as_object().unwrap().len(), 11);
    let older = results("/v1/moderations", "mistral-moderation-2411", &json!("bomb"));
    assert_eq!(
        flagged_categories(&older[0]),
        ["dangerous_and_criminal_content"]
    );
    assert_eq!(older[0]["categories"].as_object().unwrap().len(), 9);
}

#[test]
fn chat_moderation_scores_last_message() {
    let moderate_chat =
        |input: Value| results("/v1/chat/moderations", "mistral-moderation-latest", &input);
    let threat = json!([user_message("Hello"), {"role": "assistant", "content": "I kill you"}]);
    let harmless = json!([user_message("kill"), {"role": "assistant", "content": "No."}]);
    assert_eq!(
        flagged_categories(&moderate_chat(threat.clone())[0]),
        ["violence_and_threats"]
    );
    assert_eq!(
        flagged_categories(&moderate_chat(harmless.clone())[0]),
        [""; 0]
    );
    let both = moderate_chat(json!([threat, harmless]));
    assert_eq!(both.len(), 2);
    assert_eq!(flagged_categories(&both[0]), ["violence_and_threats"]);
    assert_eq!(flagged_categories(&both[1]), [""; 0]);
}

#[test]
fn classification_scores_every_target() {
    let classify = |input: Value| results("/v1/classifications", CLASSIFIER, &input);
    let responses = classify(json!(["This is great", "Das ist und bleibt bad"]));
    assert_eq!(best_label(&responses[0], "sentiment"), "positive");
    assert_eq!(best_label(&responses[0], "language"), "english");
    assert_eq!(best_label(&responses[1], "sentiment"), "negative");
    assert_eq!(best_label(&responses[1], "language"), "german");
    assert_eq!(classify(json!("This is great"))[0], responses[0]);
}

#[test]
fn chat_classification_scores_conversations() {
    let classify = |input: Value| results("/v1/chat/classifications", CLASSIFIER, &input);
    let sad = json!({"messages": [user_message("great"), user_message("so sad")]});
    let happy = json!({"messages": [user_message("happy")]});
    assert_eq!(
        best_label(&classify(sad.clone())[0], "sentiment"),
        "negative"
    );
    let both = classify(json!([sad, happy]));
    assert_eq!(both.len(), 2);
    assert_eq!(best_label(&both[1], "sentiment"), "positive");
}

#[test]
fn classifier_invalid_request_is_rejected() {
    let (moderation, text) = ("mistral-moderation-latest", json!("a"));
    for (path, model, input, status) in [
        ("/v1/moderations", "mistral-small-latest", text.clone(), 400),
        ("/v1/moderations", CLASSIFIER, text.clone(), 400),
        (
            "/v1/classifications",
            "mistral-moderation-2411",
            text.clone(),
            400,
        ),
        ("/v1/moderations", moderation, json!([]), 422),
        ("/v1/moderations", moderation, json!([1]), 422),
        ("/v1/chat/moderations", moderation, text.clone(), 422),
        (
            "/v1/chat/moderations",
            moderation,
            json!([{"role": "user"}]),
            422,
        ),
        (
            "/v1/classifications",
            CLASSIFIER,
            json!({"messages": []}),
            422,
        ),
        (
            "/v1/chat/classifications",
            CLASSIFIER,
            json!([user_message("a")]),
            422,
        ),
    ] {
        let response = post(path, model, &input);
        assert_eq!(response.status, status, "{path} {model} {input}");
    }
    let request = json!({"model": moderation, "input": "a", "inputs": "a"});
    let response = api_request(&start(), "POST", "/v1/moderations")
        .json(&request)
        .send();
    let body = response.json();
    let error = &body["detail"][0];
    assert_eq!(error["type"], "extra_forbidden");
    assert_eq!(error["loc"], json!(["body", "inputs"]));
}

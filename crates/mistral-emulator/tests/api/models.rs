//! The list of models and their cards.

use serde_json::{Value, json};

use crate::client::{api_request, chat_request_with, post_chat, start};

fn list(query: &str) -> Vec<Value> {
    let response = api_request(&start(), "GET", &format!("/v1/models{query}")).send();
    assert_eq!(response.status, 200);
    assert_eq!(response.header("content-type"), "application/json");
    let body = response.json();
    assert_eq!(body["object"], "list");
    body["data"].as_array().unwrap().clone()
}

#[test]
fn models_list_contains_current_models() {
    let cards = list("");
    for name in [
        "mistral-small-latest",
        "mistral-medium-latest",
        "mistral-large-latest",
        "ministral-3b-latest",
        "ministral-8b-latest",
        "magistral-small-latest",
        "codestral-latest",
        "mistral-embed",
        "codestral-embed",
        "mistral-ocr-latest",
        "mistral-moderation-2603",
        "mistral-medium-3-5",
        "ministral-14b-2512",
        "voxtral-small-latest",
        "voxtral-mini-latest",
    ] {
        let card = cards.iter().find(|card| card["id"] == name);
        let card = card.unwrap_or_else(|| panic!("no {name}"));
        assert_eq!(card["object"], "model");
        assert_eq!(card["type"], "base");
        assert!(card["max_context_length"].as_u64().unwrap() > 0);
        let capabilities = card["capabilities"].as_object().unwrap();
        assert!(capabilities.contains_key("audio_transcription_realtime"));
        assert!(capabilities.values().all(Value::is_boolean));
    }
}

#[test]
fn models_fine_tuned_card_names_root_and_job() {
    let cards = list("");
    let fine_tuned: Vec<&Value> = cards
        .iter()
        .filter(|card| card["type"] == "fine-tuned")
        .collect();
    let names: Vec<&Value> = fine_tuned.iter().map(|card| &card["id"]).collect();
    assert_eq!(
        names,
        [
            "ft:ministral-3b-latest:emulator:20250101:demo",
            "ft:classifier:ministral-3b-latest:emulator:20250101:demo",
        ]
    );
    for card in fine_tuned {
        assert_eq!(card["root"], "ministral-3b-latest");
        assert_eq!(card["archived"], false);
        assert!(card["job"].is_string());
    }
}

#[test]
fn models_deprecated_card_names_replacement() {
    let cards = list("");
    let old: Vec<&Value> = cards
        .iter()
        .filter(|card| !card["deprecation"].is_null())
        .collect();
    // mistral-medium-2505, mistral-medium-2508 and the four names of devstral-2512
    assert_eq!(old.len(), 6);
    for card in old {
        assert_eq!(card["deprecation"], "2026-08-31T12:00:00Z");
        assert_eq!(card["deprecation_replacement_model"], "mistral-medium-3-5");
    }
}

#[test]
fn models_list_has_one_card_for_each_alias() {
    let cards = list("?provider=mistralai");
    // The live list of August 2026 has 55 cards for 22 models.
    assert_eq!(cards.len(), 55);
    let small: Vec<&Value> = cards
        .iter()
        .filter(|card| card["name"] == "mistral-small-2603")
        .collect();
    let names = [
        "mistral-small-2603",
        "mistral-small-latest",
        "mistral-vibe-cli-fast",
        "magistral-small-latest",
    ];
    assert_eq!(small.len(), names.len());
    for (card, name) in small.iter().zip(names) {
        assert_eq!(card["id"], name);
        let others: Vec<&str> = names.into_iter().filter(|other| *other != name).collect();
        assert_eq!(card["aliases"], json!(others));
        assert_eq!(card["capabilities"]["reasoning"], true);
        assert_eq!(card["max_context_length"], 262_144);
    }
}

#[test]
fn models_unlisted_are_served() {
    let emulator = start();
    for name in ["magistral-medium-latest", "mistral-moderation-2411"] {
        assert!(list("").iter().all(|card| card["id"] != name), "{name}");
        let path = format!("/v1/models/{name}");
        let card = api_request(&emulator, "GET", &path).send();
        assert_eq!(card.status, 200, "{}", card.text());
    }
}

#[test]
fn models_list_supports_filters() {
    let one = list("?model=mistral-embed");
    assert_eq!(one.len(), 1);
    assert_eq!(one[0]["id"], "mistral-embed");
    assert_eq!(list("?model=nothing").len(), 0);
    assert_eq!(list("?provider=emulator").len(), 2);
    assert_eq!(list("?provider=mistralai").len(), list("").len() - 2);
    assert_eq!(list("?provider=emulator&model=mistral-embed").len(), 0);
}

#[test]
fn models_card_is_found_by_id_and_alias() {
    let emulator = start();
    let card = |name: &str| {
        api_request(&emulator, "GET", &format!("/v1/models/{name}"))
            .send()
            .json()
    };
    assert_eq!(card("mistral-small-latest")["id"], "mistral-small-latest");
    let alias = card("mistral-small-2603");
    assert_eq!(alias["id"], "mistral-small-2603");
    let aliases = alias["aliases"].as_array().unwrap();
    assert!(
        aliases.contains(&json!("mistral-small-latest")),
        "{aliases:?}"
    );
    let fine_tuned = card("ft%3Aministral-3b-latest%3Aemulator%3A20250101%3Ademo");
    assert_eq!(fine_tuned["type"], "fine-tuned");
}

#[test]
fn models_unknown_id_is_404() {
    let response = api_request(&start(), "GET", "/v1/models/nothing").send();
    assert_eq!(response.status, 404);
    assert_eq!(response.json()["type"], "invalid_model");
    assert_eq!(response.json()["raw_status_code"], 404);
}

#[test]
fn models_alias_and_fine_tuned_id_are_echoed_in_completion() {
    for name in [
        "mistral-small-2603",
        "ft:ministral-3b-latest:emulator:20250101:demo",
    ] {
        let response = post_chat(
            &start(),
            &chat_request_with("Hello", &json!({"model": name})),
        );
        assert_eq!(response.status, 200);
        assert_eq!(response.json()["model"], name);
    }
}

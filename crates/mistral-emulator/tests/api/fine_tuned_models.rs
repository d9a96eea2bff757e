//! Operations on fine-tuned models.

use serde_json::{Value, json};

use crate::client::{api_request, chat_request_with, get, post_chat, start};

const DEMO: &str = "ft:ministral-3b-latest:emulator:20250101:demo";

#[test]
fn fine_tuned_model_name_and_description_are_updated() {
    let emulator = start();
    let update = |changes: &Value| {
        let path = format!("/v1/fine_tuning/models/{DEMO}");
        api_request(&emulator, "PATCH", &path).json(changes).send()
    };
    let response = update(&json!({"name": "mine", "description": "Better."}));
    assert_eq!(response.status, 200, "{}", response.text());
    let details = response.json();
    assert_eq!(
        details,
        json!({
            "id": DEMO, "object": "model", "created": 1_767_225_600, "owned_by": "emulator",
            "workspace_id": details["workspace_id"], "root": "ministral-3b-latest",
            "root_version": "2512", "archived": false, "name": "mine", "description": "Better.",
            "capabilities": {
                "completion_chat": true, "completion_fim": false, "function_calling": true,
                "fine_tuning": false, "classification": false,
            },
            "max_context_length": 131_072, "aliases": [],
            "job": "6e6f7420-6120-4265-a16c-206a6f620000", "model_type": "completion",
        })
    );
    let changed = update(&json!({"description": null})).json();
    assert_eq!(changed["name"], "mine");
    assert_eq!(changed["description"], Value::Null);
    let card = get(&emulator, &format!("/v1/models/{DEMO}"));
    assert_eq!(card["name"], "mine");
    assert_eq!(update(&json!({"name": 1})).status, 422);
    assert_eq!(update(&json!({"id": "other"})).status, 422);
}

#[test]
fn fine_tuned_model_is_archived_and_unarchived() {
    let emulator = start();
    let path = format!("/v1/fine_tuning/models/{DEMO}/archive");
    for (method, archived) in [("POST", true), ("DELETE", false)] {
        let response = api_request(&emulator, method, &path).send();
        assert_eq!(
            response.json(),
            json!({"id": DEMO, "object": "model", "archived": archived})
        );
        let card = get(&emulator, &format!("/v1/models/{DEMO}"));
        assert_eq!(card["archived"], archived);
    }
}

#[test]
fn fine_tuned_model_is_deleted_and_base_models_are_rejected() {
    let emulator = start();
    let path = format!("/v1/models/{DEMO}");
    let response = api_request(&emulator, "DELETE", &path).send();
    assert_eq!(
        response.json(),
        json!({"id": DEMO, "object": "model", "deleted": true})
    );
    assert_eq!(api_request(&emulator, "GET", &path).send().status, 404);
    let rejected = post_chat(
        &emulator,
        &chat_request_with("Hello", &json!({"model": DEMO})),
    );
    assert_eq!(rejected.json()["type"], "invalid_model");
    for (model, status) in [("mistral-small-latest", 400), ("nothing", 404), (DEMO, 404)] {
        for (method, path) in [
            ("DELETE", format!("/v1/models/{model}")),
            ("PATCH", format!("/v1/fine_tuning/models/{model}")),
            ("POST", format!("/v1/fine_tuning/models/{model}/archive")),
            ("DELETE", format!("/v1/fine_tuning/models/{model}/archive")),
        ] {
            let response = api_request(&emulator, method, &path)
                .json(&json!({}))
                .send();
            assert_eq!(response.status, status, "{method} {path}");
            assert_eq!(response.json()["type"], "invalid_model");
        }
    }
    get(&emulator, "/v1/models/mistral-small-latest");
}

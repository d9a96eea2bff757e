//! The routes, the errors and the tokens of Azure and Vertex AI.

#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test may panic, in its helpers too"
)]

#[cfg(test)]
mod common;

use serde_json::{Value, json};

use common::{Answer, at, bare, call, start};

const QUESTION: &str = "Who painted Olympia?";
const VERTEX: &str = "/v1/projects/p/locations/europe-west4/publishers/mistralai/models";

fn question(model: &str) -> Value {
    json!({ "model": model, "messages": [{ "role": "user", "content": QUESTION }] })
}

fn text(answer: &Answer) -> String {
    assert_eq!(answer.status, 200, "{}", answer.text());
    let answer = answer.json();
    answer["choices"][0]["message"]["content"]
        .as_str()
        .unwrap()
        .to_owned()
}

#[test]
fn azure_answers_in_every_form() {
    let emulator = start();
    for path in [
        "/models/chat/completions?api-version=2024-05-01-preview",
        "/openai/v1/chat/completions",
        "/openai/deployments/mine/chat/completions?api-version=1",
        "/v1/chat/completions",
    ] {
        let model = if path.starts_with("/v1") {
            "mistral-small-latest"
        } else {
            "azureai"
        };
        let answer = call(&emulator, "POST", path).json(&question(model)).send();
        assert!(text(&answer).contains("Manet"), "{path}");
    }
    let ocr = json!({ "model": "mistral-document-ai-2512", "document": {
        "type": "document_url", "document_url": "https://example.com/a.pdf",
    } });
    let path = "/providers/mistral/azure/ocr?api-version=2024-05-01-preview";
    let answer = call(&emulator, "POST", path).json(&ocr).send();
    assert_eq!(answer.json()["pages"].as_array().unwrap().len(), 3);
}

#[test]
fn azure_wants_a_version_and_a_key() {
    let emulator = start();
    let path = "/models/chat/completions?api-version=1";
    let with = |header: &str, key: &str| {
        let call = bare(&emulator, "POST", path).header(header, key);
        call.json(&question("azureai")).send()
    };
    assert_eq!(with("api-key", emulator.api_key()).status, 200);
    for (header, key) in [
        ("api-key", "wrong"),
        ("api-key", ""),
        ("x-other", "emulator"),
    ] {
        let refused = with(header, key);
        assert_eq!(refused.status, 401);
        assert_eq!(refused.json()["error"]["code"], "401");
    }
    let call = call(&emulator, "POST", "/models/chat/completions");
    let refused = call.json(&question("azureai")).send();
    assert_eq!(
        refused.json()["error"]["code"],
        "MissingApiVersionParameter"
    );
}

#[test]
fn vertex_answers_whole_and_streamed() {
    let emulator = start();
    let path = |call: &str| format!("{VERTEX}/{call}");
    let mut request = question("mistral-medium-3");
    let ask = |path: &str, request: &Value| call(&emulator, "POST", path).json(request).send();
    let whole = path("mistral-medium-3:rawPredict");
    assert!(text(&ask(&whole, &request)).contains("Manet"));
    request["stream"] = true.into();
    let refused = ask(&whole, &request);
    assert_eq!(refused.json()["error"]["status"], "INVALID_ARGUMENT");
    let streamed = ask(&path("mistral-medium-3:streamRawPredict"), &request);
    assert_eq!(streamed.events().last().unwrap(), "[DONE]");
    let fim = json!({ "model": "codestral-2", "prompt": "def f(" });
    let fim = ask(&path("codestral-2:rawPredict"), &fim);
    assert_eq!(fim.status, 200, "{}", fim.text());
    let refused = ask(&path("mistral-medium-3:predict"), &question("m"));
    assert_eq!(refused.status, 404);
    let refused = at(emulator.port(), "wrong", "POST", &whole)
        .json(&question("m"))
        .send();
    assert_eq!(refused.json()["error"]["status"], "UNAUTHENTICATED");
}

#[test]
fn tokens_are_given_out_and_can_be_revoked() {
    let emulator = start();
    let form = |path: &str, body: &str| {
        let call = bare(&emulator, "POST", path);
        let call = call.header("content-type", "application/x-www-form-urlencoded");
        call.body(body).send()
    };
    let refresh = "grant_type=refresh_token&refresh_token=r";
    let metadata = "/computeMetadata/v1/instance/service-accounts/default/token";
    let tokens = [
        form("/token", refresh),
        form(
            "/tenant/oauth2/v2.0/token",
            "scope=https%3A%2F%2Fx%2F.default",
        ),
        bare(&emulator, "GET", metadata)
            .header("metadata-flavor", "Google")
            .send(),
    ];
    let path = format!("{VERTEX}/m:rawPredict");
    let status = |token: &str| {
        at(emulator.port(), token, "POST", &path)
            .json(&question("m"))
            .send()
            .status
    };
    let tokens = tokens.map(|answer| answer.json()["access_token"].as_str().unwrap().to_owned());
    assert_eq!(tokens.each_ref().map(|token| status(token)), [200; 3]);
    emulator.revoke_tokens();
    assert_eq!(tokens.each_ref().map(|token| status(token)), [401; 3]);
    let fresh = form("/token", refresh).json()["access_token"]
        .as_str()
        .unwrap()
        .to_owned();
    assert_eq!(status(&fresh), 200);
    assert_eq!(
        form("/token", "grant_type=x").json()["error"],
        "unsupported_grant_type"
    );
    assert_eq!(
        form("/tenant/oauth2/v2.0/token", "scope=x").json()["error"],
        "invalid_scope"
    );
    assert_eq!(bare(&emulator, "GET", metadata).send().status, 403);
}

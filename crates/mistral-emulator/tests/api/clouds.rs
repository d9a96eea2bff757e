//! Routes, errors and tokens of Azure and Vertex AI.

use serde_json::{Value, json};

use crate::client::{RawResponse, anonymous_request, api_request, request_to_port, start};

const QUESTION: &str = "Who painted Olympia?";
const VERTEX: &str = "/v1/projects/p/locations/europe-west4/publishers/mistralai/models";

fn question(model: &str) -> Value {
    json!({ "model": model, "messages": [{ "role": "user", "content": QUESTION }] })
}

fn text(response: &RawResponse) -> String {
    assert_eq!(response.status, 200, "{}", response.text());
    let response = response.json();
    response["choices"][0]["message"]["content"]
        .as_str()
        .unwrap()
        .to_owned()
}

#[test]
fn azure_serves_every_route() {
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
        let response = api_request(&emulator, "POST", path)
            .json(&question(model))
            .send();
        assert!(text(&response).contains("Manet"), "{path}");
    }
    let ocr = json!({ "model": "mistral-document-ai-2512", "document": {
        "type": "document_url", "document_url": "https://example.com/a.pdf",
    } });
    let path = "/providers/mistral/azure/ocr?api-version=2024-05-01-preview";
    let response = api_request(&emulator, "POST", path).json(&ocr).send();
    assert_eq!(response.json()["pages"].as_array().unwrap().len(), 3);
}

#[test]
fn azure_auth_requires_api_version_and_key() {
    let emulator = start();
    let path = "/models/chat/completions?api-version=1";
    let with = |header: &str, key: &str| {
        let call = anonymous_request(&emulator, "POST", path).header(header, key);
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
    let call = api_request(&emulator, "POST", "/models/chat/completions");
    let refused = call.json(&question("azureai")).send();
    assert_eq!(
        refused.json()["error"]["code"],
        "MissingApiVersionParameter"
    );
}

#[test]
fn vertex_serves_raw_predict_and_stream_raw_predict() {
    let emulator = start();
    let path = |call: &str| format!("{VERTEX}/{call}");
    let mut request = question("mistral-medium-3");
    let ask =
        |path: &str, request: &Value| api_request(&emulator, "POST", path).json(request).send();
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
    let refused = request_to_port(emulator.port(), "wrong", "POST", &whole)
        .json(&question("m"))
        .send();
    assert_eq!(refused.json()["error"]["status"], "UNAUTHENTICATED");
}

#[test]
fn auth_token_endpoints_issue_tokens_until_revoked() {
    let emulator = start();
    let form = |path: &str, body: &str| {
        let call = anonymous_request(&emulator, "POST", path);
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
        anonymous_request(&emulator, "GET", metadata)
            .header("metadata-flavor", "Google")
            .send(),
    ];
    let path = format!("{VERTEX}/m:rawPredict");
    let status = |token: &str| {
        request_to_port(emulator.port(), token, "POST", &path)
            .json(&question("m"))
            .send()
            .status
    };
    let tokens =
        tokens.map(|response| response.json()["access_token"].as_str().unwrap().to_owned());
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
    assert_eq!(
        anonymous_request(&emulator, "GET", metadata).send().status,
        403
    );
}

//! Routes, errors and tokens of Azure and Vertex AI.

use serde_json::{Value, json};

use crate::client::{RawResponse, anonymous_request, api_request, request_to_port, start};

const QUESTION: &str = "Who painted Olympia?";
const VERTEX: &str = "/v1/projects/p/locations/europe-west4/publishers/mistralai/models";

fn chat_body(model: &str) -> Value {
    json!({ "model": model, "messages": [{ "role": "user", "content": QUESTION }] })
}

fn completion_text(response: &RawResponse) -> String {
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
        "/api/projects/mine/openai/v1/chat/completions",
        "/openai/deployments/mine/chat/completions?api-version=1",
        "/v1/chat/completions",
    ] {
        let response = api_request(&emulator, "POST", path)
            .json(&chat_body("azureai"))
            .send();
        assert!(completion_text(&response).contains("Manet"), "{path}");
    }
    let ocr = json!({ "model": "mistral-document-ai-2512", "document": {
        "type": "document_url", "document_url": "https://example.com/a.pdf",
    } });
    for query in ["", "?api-version=2024-05-01-preview"] {
        let path = format!("/providers/mistral/azure/ocr{query}");
        let response = api_request(&emulator, "POST", &path).json(&ocr).send();
        assert_eq!(response.json()["pages"].as_array().unwrap().len(), 3);
    }
}

#[test]
fn azure_serverless_serves_deployment_of_any_name() {
    let emulator = start();
    let ocr = |path: &str, model: &str| {
        let document =
            json!({ "type": "document_url", "document_url": "https://example.com/a.pdf" });
        let request = json!({ "model": model, "document": document });
        api_request(&emulator, "POST", path).json(&request).send()
    };
    let chat = |path: &str| {
        let request = api_request(&emulator, "POST", path);
        request.json(&chat_body("my-deployment")).send()
    };
    assert!(completion_text(&chat("/azure/v1/chat/completions")).contains("Manet"));
    for (path, model) in [
        ("/azure/v1/ocr", "my-deployment"),
        ("/v1/ocr", "azureai"),
        ("/v1/ocr", "mistral-document-ai-2505"),
    ] {
        let response = ocr(path, model);
        assert_eq!(response.status, 200, "{path} {model}: {}", response.text());
    }
    // Without the prefix the routes are those of Mistral, which knows no deployments.
    assert_eq!(ocr("/v1/ocr", "my-deployment").json()["code"], "1500");
    assert_eq!(chat("/v1/chat/completions").json()["code"], "1500");
}

#[test]
fn azure_auth_requires_api_version_and_key() {
    let emulator = start();
    let path = "/models/chat/completions?api-version=1";
    let with = |header: &str, key: &str| {
        let request = anonymous_request(&emulator, "POST", path).header(header, key);
        request.json(&chat_body("azureai")).send()
    };
    assert_eq!(with("api-key", emulator.api_key()).status, 200);
    for (header, key) in [
        ("api-key", "wrong"),
        ("api-key", ""),
        ("x-other", "emulator"),
    ] {
        let rejected = with(header, key);
        assert_eq!(rejected.status, 401);
        assert_eq!(rejected.json()["error"]["code"], "401");
    }
    let request = api_request(&emulator, "POST", "/models/chat/completions");
    let rejected = request.json(&chat_body("azureai")).send();
    assert_eq!(
        rejected.json()["error"]["code"],
        "MissingApiVersionParameter"
    );
}

#[test]
fn vertex_serves_raw_predict_and_stream_raw_predict() {
    let emulator = start();
    let path = |model_and_method: &str| format!("{VERTEX}/{model_and_method}");
    let mut request = chat_body("mistral-medium-3");
    let send =
        |path: &str, request: &Value| api_request(&emulator, "POST", path).json(request).send();
    let whole = path("mistral-medium-3:rawPredict");
    assert!(completion_text(&send(&whole, &request)).contains("Manet"));
    request["stream"] = true.into();
    let rejected = send(&whole, &request);
    assert_eq!(rejected.json()["error"]["status"], "INVALID_ARGUMENT");
    let streamed = send(&path("mistral-medium-3:streamRawPredict"), &request);
    assert_eq!(streamed.events().last().unwrap(), "[DONE]");
    let fim = json!({ "model": "codestral-2", "prompt": "def f(" });
    let fim = send(&path("codestral-2:rawPredict"), &fim);
    assert_eq!(fim.status, 200, "{}", fim.text());
    let rejected = send(&path("mistral-medium-3:predict"), &chat_body("m"));
    assert_eq!(rejected.status, 404);
    let rejected = request_to_port(emulator.port(), "wrong", "POST", &whole)
        .json(&chat_body("m"))
        .send();
    assert_eq!(rejected.json()["error"]["status"], "UNAUTHENTICATED");
}

#[test]
fn auth_token_endpoints_issue_tokens_until_revoked() {
    let emulator = start();
    let form = |path: &str, body: &str| {
        let request = anonymous_request(&emulator, "POST", path);
        let request = request.header("content-type", "application/x-www-form-urlencoded");
        request.body(body).send()
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
            .json(&chat_body("m"))
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

#[test]
fn metadata_server_is_detected_and_describes_account() {
    let emulator = start();
    let get = |path: &str| {
        let request = anonymous_request(&emulator, "GET", path);
        request.header("metadata-flavor", "Google").send()
    };
    let account = "/computeMetadata/v1/instance/service-accounts/default/?recursive=true";
    let description = get(account).json();
    let email = description["email"].as_str().unwrap();
    assert!(email.ends_with(".gserviceaccount.com"), "{email}");
    assert!(description["scopes"].is_array());
    let token = format!("/computeMetadata/v1/instance/service-accounts/{email}/token?scopes=a%2Cb");
    for path in [
        "/",
        account,
        "/computeMetadata/v1/project/project-id",
        &token,
    ] {
        let response = get(path);
        assert_eq!(response.status, 200, "{path}");
        assert_eq!(response.header("metadata-flavor"), "Google");
    }
    let other = anonymous_request(&emulator, "GET", "/v1/models").send();
    assert_eq!(other.headers.get("metadata-flavor"), None);
}

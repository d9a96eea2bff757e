//! The control routes: input, the log of requests, the reset; settings of the server.

use mistral_emulator::{Clock, Emulator, Fault, Reply};
use serde_json::{Value, json};

use crate::client::{
    RawResponse, anonymous_request, api_request, chat_request, chat_request_with, get, post_chat,
    request_to_port, start, upload,
};

/// Posts to a control route, which needs no key.
fn post(emulator: &Emulator, path: &str, body: &Value) -> RawResponse {
    let request = anonymous_request(emulator, "POST", &format!("/_emulator/{path}"));
    request.json(body).send()
}

fn control(emulator: &Emulator, method: &str, path: &str) -> Value {
    let response = anonymous_request(emulator, method, &format!("/_emulator/{path}")).send();
    assert_eq!(response.status, 200, "{}", response.text());
    response.json()
}

fn text_of(response: &RawResponse) -> Value {
    assert_eq!(response.status, 200, "{}", response.text());
    response.json()["choices"][0]["message"]["content"].clone()
}

#[test]
fn control_bad_input_is_400_with_a_sentence_that_names_the_member() {
    let emulator = start();
    for (path, body, sentence) in [
        (
            "replies",
            json!({"txt": "a"}),
            "The reply cannot be used: it has no member \"txt\"",
        ),
        (
            "replies",
            json!([{"text": "a"}, {"json": {}, "status": "200"}]),
            "The reply 2 cannot be used: its member \"status\" must be a whole number from 0, but \
             is \"200\"",
        ),
        (
            "faults",
            json!({"faults": [{"status": 99}]}),
            "The fault 1 cannot be used: 99 is not a status from 200 to 999",
        ),
        (
            "faults",
            json!({"status": 500, "match": {"operation": "chat.streem"}}),
            "The fault cannot be used: its member \"match\".\"operation\" must be an operation such \
             as \"chat.complete\", or a group such as \"chat\", but is \"chat.streem\"",
        ),
    ] {
        let response = post(&emulator, path, &body);
        assert_eq!(response.status, 400, "{body}");
        assert_eq!(response.json()["detail"], sentence);
    }
    let no_json = anonymous_request(&emulator, "POST", "/_emulator/faults").body("{");
    let response = no_json.send();
    assert_eq!(response.status, 400);
    let detail = response.json()["detail"].as_str().unwrap().to_owned();
    assert!(
        detail.starts_with("The faults cannot be read: the text is not JSON"),
        "{detail}"
    );
    for (query, name) in [
        ("last=x", "`last`"),
        ("latest=1", "`latest`"),
        ("operation=x", "`operation`"),
    ] {
        let path = format!("/_emulator/requests?{query}");
        let response = anonymous_request(&emulator, "GET", &path).send();
        assert_eq!(response.status, 400);
        assert!(response.json()["detail"].as_str().unwrap().contains(name));
    }
    assert_eq!(control(&emulator, "GET", "replies"), json!({"replies": []}));
    assert_eq!(control(&emulator, "GET", "faults"), json!({"faults": []}));
    let unknown = anonymous_request(&emulator, "GET", "/_emulator/nothing").send();
    assert_eq!(unknown.status, 404);
    let method = anonymous_request(&emulator, "PATCH", "/_emulator/faults").send();
    assert_eq!(method.status, 405);
}

#[test]
fn control_log_has_requests_with_masked_secrets() {
    let emulator = start();
    post_chat(&emulator, &chat_request("Hi"));
    anonymous_request(&emulator, "GET", "/v1/files?page=0&key=s3cret")
        .header("api-key", "s3cret")
        .send();
    let form = "client_secret=s3cret&scope=https://x/.default&grant_type=client_credentials";
    anonymous_request(&emulator, "POST", "/tenant/oauth2/v2.0/token")
        .header("content-type", "application/x-www-form-urlencoded")
        .body(form)
        .send();
    let log = control(&emulator, "GET", "requests");
    assert!(!log.to_string().contains("s3cret") && !log.to_string().contains("Bearer emulator"));
    let requests = log["requests"].as_array().unwrap();
    assert_eq!(requests.len(), 3);
    assert_eq!(requests[0]["method"], "POST");
    assert_eq!(requests[0]["path"], "/v1/chat/completions");
    assert_eq!(requests[0]["operation"], "chat.complete");
    assert_eq!(requests[0]["headers"]["authorization"], "***");
    assert_eq!(requests[0]["body"], chat_request("Hi"));
    assert_eq!(requests[0]["status"], 200);
    assert!(requests[0]["duration_ms"].as_f64().unwrap() >= 0.0);
    assert_eq!(requests[1]["status"], 401);
    assert_eq!(requests[1]["query"], "page=0&key=***");
    assert_eq!(requests[2]["body"], "***");
    let last = control(&emulator, "GET", "requests?last=1&operation=chat");
    assert_eq!(last["requests"].as_array().unwrap().len(), 1);
    assert_eq!(last["requests"][0]["operation"], "chat.complete");
    assert_eq!(emulator.requests()[0].operation(), Some("chat.complete"));
    control(&emulator, "DELETE", "requests");
    assert_eq!(
        control(&emulator, "GET", "requests"),
        json!({"requests": []})
    );
    assert!(emulator.requests().is_empty());
}

#[test]
fn control_log_has_no_status_of_a_closed_connection() {
    let emulator = start();
    emulator.push_fault(Fault::close());
    let closed = api_request(&emulator, "GET", "/v1/models").try_send();
    assert!(closed.is_none());
    let log = control(&emulator, "GET", "requests");
    assert_eq!(log["requests"][0]["status"], Value::Null);
    assert!(log["requests"][0]["duration_ms"].is_f64());
}

#[test]
fn control_reset_returns_to_the_start() {
    let builder = Emulator::builder().fault(Fault::status(500));
    let emulator = builder.reply(Reply::text("First.")).start().unwrap();
    assert_eq!(post_chat(&emulator, &chat_request("Hi")).status, 500);
    let file = upload(&emulator, "batch", "a.jsonl", b"{}");
    emulator.push_reply(Reply::text("Later."));
    assert_eq!(get(&emulator, "/v1/files")["total"], 1);
    for method in ["POST", "DELETE"] {
        assert_eq!(control(&emulator, method, "reset"), json!({}));
        assert!(emulator.requests().is_empty());
        assert_eq!(
            control(&emulator, "GET", "replies")["replies"]
                .as_array()
                .unwrap()
                .len(),
            1
        );
        assert_eq!(post_chat(&emulator, &chat_request("Hi")).status, 500);
        assert_eq!(
            text_of(&post_chat(&emulator, &chat_request("Hi"))),
            "First."
        );
    }
    assert_eq!(get(&emulator, "/v1/files")["total"], 0);
    let again = upload(&emulator, "batch", "a.jsonl", b"{}");
    assert_eq!(again, file);
}

#[test]
fn control_overview_names_routes_faults_and_questions() {
    let emulator = start();
    let overview = anonymous_request(&emulator, "GET", "/").send();
    assert_eq!(overview.status, 200);
    let text = overview.text();
    for expected in [
        "POST /v1/chat/completions (chat.complete)",
        "/_emulator/replies",
        "x-emulator-fault",
        "cut_after_bytes",
        "Who painted Olympia?",
    ] {
        assert!(text.contains(expected), "{expected}");
    }
    assert_eq!(control(&emulator, "GET", "health")["status"], "ok");
    let health = anonymous_request(&emulator, "GET", "/health").send();
    assert_eq!(
        (health.status, &health.json()["status"]),
        (200, &json!("ok"))
    );
    assert!(emulator.requests().is_empty());
}

#[test]
fn control_overview_operations_are_all_served() {
    let emulator = start();
    let overview = anonymous_request(&emulator, "GET", "/").send().json();
    let routes = overview["operations"].as_array().unwrap().iter();
    let routes = routes.chain(overview["clouds"].as_array().unwrap());
    for route in routes.filter_map(Value::as_str) {
        let mut parts = route.split(' ');
        let (method, path) = (parts.next().unwrap(), parts.next().unwrap());
        let path = path.replace(['{', '}'], "");
        // A route that the server does not have responds with 404 before it asks for the key.
        let response = anonymous_request(&emulator, method, &path).send();
        assert!(
            ![404, 405].contains(&response.status),
            "{route}: {}",
            response.status
        );
    }
}

#[test]
fn control_routes_are_exempt_from_faults() {
    let emulator = start();
    emulator.push_fault(Fault::status(500));
    assert_eq!(control(&emulator, "GET", "health")["status"], "ok");
    assert_eq!(post_chat(&emulator, &chat_request("Hi")).status, 500);
}

#[test]
fn emulator_accepts_several_keys_or_any() {
    let emulator = Emulator::builder()
        .api_key("a")
        .api_key("b")
        .start()
        .unwrap();
    assert_eq!(emulator.api_key(), "a");
    let status = |emulator: &Emulator, key: &str| {
        request_to_port(emulator.port(), key, "GET", "/v1/models")
            .send()
            .status
    };
    assert_eq!(
        [
            status(&emulator, "a"),
            status(&emulator, "b"),
            status(&emulator, "c")
        ],
        [200, 200, 401]
    );
    let open = Emulator::builder().any_key(true).start().unwrap();
    assert_eq!(status(&open, "anything"), 200);
    assert_eq!(
        anonymous_request(&open, "GET", "/v1/models").send().status,
        401
    );
}

#[test]
fn emulator_accepts_any_model_on_request() {
    let emulator = Emulator::builder().any_model(true).start().unwrap();
    let mine = chat_request_with("Hi", &json!({"model": "my-model"}));
    let response = post_chat(&emulator, &mine);
    assert_eq!(
        (response.status, &response.json()["model"]),
        (200, &json!("my-model"))
    );
    let embeddings = api_request(&emulator, "POST", "/v1/embeddings")
        .json(&json!({"model": "my-embed", "input": "a"}))
        .send();
    assert_eq!(embeddings.status, 200, "{}", embeddings.text());
    assert_eq!(post_chat(&start(), &mine).status, 400);
}

#[test]
fn emulator_has_the_models_of_a_file() {
    let name = format!("mistral-emulator-{}-models.json", std::process::id());
    let path = std::env::temp_dir().join(name);
    let list = json!({"object": "list", "data": [
        {"id": "my-model", "object": "model", "owned_by": "me",
            "capabilities": {"completion_chat": true, "completion_fim": false}},
    ]});
    std::fs::write(&path, list.to_string()).unwrap();
    let builder = Emulator::builder().models_file(&path);
    std::fs::remove_file(&path).unwrap();
    let emulator = builder.unwrap().start().unwrap();
    assert_eq!(get(&emulator, "/v1/models"), list);
    assert_eq!(get(&emulator, "/v1/models/my-model"), list["data"][0]);
    let status = |model: &str| {
        post_chat(
            &emulator,
            &chat_request_with("Hi", &json!({"model": model})),
        )
        .status
    };
    assert_eq!(
        [status("my-model"), status("mistral-small-latest")],
        [200, 400]
    );
    let fim = api_request(&emulator, "POST", "/v1/fim/completions")
        .json(&json!({"model": "my-model", "prompt": "a"}))
        .send();
    assert_eq!(fim.status, 400);
    let builder = Emulator::builder().models_file("/nowhere.json");
    assert!(
        builder
            .unwrap_err()
            .to_string()
            .contains("/nowhere.json cannot be read")
    );
}

#[test]
fn cors_allows_any_origin_and_preflight() {
    let emulator = start();
    let response = api_request(&emulator, "GET", "/v1/models").send();
    assert_eq!(response.header("access-control-allow-origin"), "*");
    let unauthorized = anonymous_request(&emulator, "GET", "/v1/models").send();
    assert_eq!(unauthorized.header("access-control-allow-origin"), "*");
    let preflight = anonymous_request(&emulator, "OPTIONS", "/v1/chat/completions")
        .header("origin", "http://page")
        .header("access-control-request-method", "POST")
        .header(
            "access-control-request-headers",
            "authorization,content-type",
        )
        .send();
    assert_eq!(preflight.status, 200);
    assert_eq!(preflight.header("access-control-allow-origin"), "*");
    assert!(
        preflight
            .header("access-control-allow-methods")
            .contains("POST")
    );
    assert_eq!(
        preflight.header("access-control-allow-headers"),
        "authorization,content-type"
    );
}

#[test]
fn clock_makes_equal_requests_receive_equal_bytes() {
    let clock: Clock = "2027-03-01T00:00:00Z".parse().unwrap();
    let run = || {
        let emulator = Emulator::builder().clock(clock).start().unwrap();
        let chat = post_chat(&emulator, &chat_request("Hi"));
        let stream = chat_request_with("Hi", &json!({"stream": true}));
        let stream = post_chat(&emulator, &stream);
        let file = upload(&emulator, "batch", "a.jsonl", b"{}");
        assert_eq!(chat.json()["created"], 1_803_859_200);
        assert_eq!(file["created_at"], 1_803_859_201);
        (chat.text(), stream.text(), file)
    };
    assert_eq!(run(), run());
}

#[test]
fn clock_of_system_is_used_on_request() {
    let emulator = Emulator::builder()
        .clock("now".parse().unwrap())
        .start()
        .unwrap();
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    let now = now.unwrap().as_secs();
    let created = post_chat(&emulator, &chat_request("Hi")).json()["created"]
        .as_u64()
        .unwrap();
    assert!(created >= now && created <= now + 60);
    let file = upload(&emulator, "batch", "a.jsonl", b"{}");
    assert!(file["created_at"].as_u64().unwrap() >= now);
}

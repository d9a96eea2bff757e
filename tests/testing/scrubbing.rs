//! Scrubbing of secrets from cassettes.

use std::fs;

use bytes::Bytes;
use futures::StreamExt;
use http::Request;
use http::header::{AUTHORIZATION, CONTENT_TYPE, COOKIE};
use mistral_sdk::testing::{Cassette, MockReply, MockTransport};
use mistral_sdk::transport::{Body, Transport};
use serde_json::{Value, json};

use crate::{KEY, TempDir, chat_request, client};

/// Returns a secret that appears nowhere else.
fn secret(number: u32) -> String {
    format!("MARKER-{number:02}")
}

/// Returns a request with secrets everywhere. With `other`, all of them differ.
fn request(other: bool) -> Request<Body> {
    let (key, s) = if other {
        ("other-key-9876543210".to_owned(), 40_u32)
    } else {
        (KEY.to_owned(), 0)
    };
    let secret = |number: u32| secret(s + number);
    let body = json!({
        "model": format!("ft:open-mistral-7b:{}:20260101:abc", secret(1)),
        "messages": [{ "role": "user", "content": format!("my key is {key}, or {key}") }],
        "tools": [{
            "type": "connector",
            "authorization": { "type": "api-key", "value": secret(2) },
            "headers": [{ "apiKey": secret(3) }],
        }],
        "user": secret(4),
        "image": format!("https://me:{}@store/x?sig={}&page=1", secret(5), secret(6)),
        "max_tokens": 7,
    });
    let url = format!(
        "https://{key}.host.example.com/v1/projects/{}/x?api-version=1&api_key={}&q={key}",
        secret(7),
        secret(8),
    );
    Request::post(url)
        .header(AUTHORIZATION, format!("Bearer {key}"))
        .header(COOKIE, secret(9))
        .header("x-team", secret(10))
        .header(CONTENT_TYPE, "application/json")
        .body(body.to_string().into())
        .unwrap()
}

fn reply() -> MockReply {
    MockReply::json(json!({
        "id": "kept",
        "object": "list",
        "request_id": secret(20),
        "data": [{ "id": "kept-too", "owned_by": secret(21), "organization_id": 1_234_567 }],
        "url": format!("https://store/file?X-Goog-Signature={}&page=1", secret(22)),
        "logprobs": { "content": [{ "token": "kept token", "logprob": -1.5 }] },
        "created_by": null,
        "echo": format!("Bearer {KEY}; request correlation-0123456789 failed"),
    }))
    .with_header("mistral-correlation-id", "correlation-0123456789")
    .with_header("set-cookie", &secret(23))
    .with_header("x-account", &secret(24))
    .with_header("x-ratelimit-limit-requests", "60")
    .with_header("retry-after", "7")
}

const KNOWN: [&str; 4] = ["MARKER", KEY, "correlation-0123456789", "1234567"];

#[tokio::test]
async fn cassette_scrubs_secrets_in_both_modes() {
    let folder = TempDir::new();
    let path = folder.file("secrets.json");
    let cassette = Cassette::record(&path, MockTransport::new().reply(reply()));
    cassette.send(request(false)).await.unwrap();
    assert!(!format!("{cassette:?} {cassette:#?}").contains("MARKER"));
    cassette.save().unwrap();
    let text = fs::read_to_string(&path).unwrap();
    for secret_text in KNOWN {
        assert!(!text.contains(secret_text), "{secret_text}: {text}");
    }
    for kept in [
        "kept",
        "kept-too",
        "kept token",
        "ft:open-mistral-7b:***:20260101:abc",
    ] {
        assert!(text.contains(&format!("\"{kept}\"")), "{kept}: {text}");
    }

    let exchange = &serde_json::from_str::<Value>(&text).unwrap()["exchanges"][0];
    let request_url = "/v1/projects/***/x?api-version=1&api_key=***&q=***";
    assert_eq!(exchange["request"]["url"], request_url);
    let expected = json!({ "content-type": "application/json" });
    assert_eq!(exchange["request"]["headers"], expected);
    let expected = json!({
        "content-type": "application/json",
        "mistral-correlation-id": "***",
        "retry-after": "7",
        "x-ratelimit-limit-requests": "60",
    });
    assert_eq!(exchange["response"]["headers"], expected);
    let body = &exchange["request"]["body"]["json"];
    assert_eq!(body["max_tokens"], 7);
    assert_eq!(body["messages"][0]["content"], "my key is ***, or ***");
    assert_eq!(body["image"], "https://store/x?sig=***&page=1");
    let expected = json!({ "type": "api-key", "value": "***" });
    assert_eq!(body["tools"][0]["authorization"], expected);
    let body = &exchange["response"]["body"]["json"];
    assert_eq!(body["data"][0]["organization_id"], 0);
    assert_eq!(body["echo"], "Bearer ***; request *** failed");

    // Different secrets in the same places: the request still matches.
    let cassette = Cassette::replay(&path).unwrap();
    let response = cassette.send(request(true)).await.unwrap();
    assert_eq!(response.headers()["mistral-correlation-id"], "***");
    cassette.save().unwrap();
    assert_eq!(fs::read_to_string(&path).unwrap(), text);
    // The error for a request that does not match.
    let mut again = request(false);
    *again.body_mut() = json!({ "user": secret(30), "text": KEY })
        .to_string()
        .into();
    for request in [request(false), again] {
        let error = cassette.send(request).await.unwrap_err();
        let error_text = format!("{error} {error:?}");
        assert!(
            !error_text.contains("MARKER") && !error_text.contains(KEY),
            "{error_text}"
        );
    }
}

/// Returns a request whose only secret is the key.
fn keyed(media_type: &str, body: Vec<u8>) -> Request<Body> {
    let request = Request::post("https://host/v1/x").header(AUTHORIZATION, format!("Bearer {KEY}"));
    request
        .header(CONTENT_TYPE, media_type)
        .body(body.into())
        .unwrap()
}

#[tokio::test]
async fn cassette_scrubs_secret_split_across_stream_chunks() {
    let folder = TempDir::new();
    let path = folder.file("stream.json");
    let event = json!({ "echo": KEY, "user": "MARKER", "text": "ü" }).to_string();
    let stream = format!(": {KEY}\ndata: {event}\n\ndata: not JSON: {KEY}\n\ndata: [DONE]\n\n");
    let clean = json!({ "echo": "***", "user": "***", "text": "ü" });
    let clean = format!(": ***\ndata: {clean}\n\ndata: not JSON: ***\n\ndata: [DONE]\n\n");
    for cut in 1..stream.len() {
        let chunks = [&stream.as_bytes()[..cut], &stream.as_bytes()[cut..]];
        let chunks = chunks.map(Bytes::copy_from_slice);
        let reply = MockReply::bytes("text/event-stream", chunks).times(2);
        let cassette = Cassette::record(&path, MockTransport::new().reply(reply));
        let send = || cassette.send(keyed("text/plain", Vec::new()));
        send().await.unwrap().into_body().collect().await.unwrap();
        send().await.unwrap().into_body().next().await; // reads only the first chunk
        cassette.save().unwrap();

        let tape: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
        assert_eq!(body_text(&tape, 0), clean, "{cut}");
        let beginning = body_text(&tape, 1);
        assert!(clean.starts_with(&beginning), "{cut}: {beginning}");
        assert!(
            beginning.is_empty() || beginning.ends_with('\n'),
            "{cut}: {beginning}"
        );
    }
}

#[tokio::test]
async fn cassette_scrubs_known_secrets_everywhere() {
    let folder = TempDir::new();
    let path = folder.file("elsewhere.json");
    let longer = format!("{KEY}-of-the-gateway");
    let echo = format!("{longer}; my-site.cloud.example.com, my-site; in-the-query-1; of-a-proxy");
    let cassette = Cassette::record(&path, MockTransport::new().json(json!({ "echo": echo })));
    let url = "https://my-site.cloud.example.com/v1/x?token=in-the-query-1&in-the-query-1=2&auth=x";
    let request = Request::get(url)
        .header("x-auth", "of-a-proxy")
        .header(AUTHORIZATION, format!("Bearer {KEY}"))
        .header("x-gateway-key", &longer);
    cassette
        .send(request.body(Body::empty()).unwrap())
        .await
        .unwrap();
    cassette.save().unwrap();
    let tape: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    let exchange = &tape["exchanges"][0];
    assert_eq!(
        exchange["request"]["url"],
        "/v1/x?token=***&***=***&auth=***"
    );
    let echo = &exchange["response"]["body"]["json"]["echo"];
    // `my-site` is too short to be scrubbed.
    assert_eq!(echo, "***; ***, my-site; ***; ***");
}

#[tokio::test]
async fn cassette_with_a_query_that_is_not_scrubbed_is_replayed() {
    let folder = TempDir::new();
    let path = folder.file("older.json");
    let request = || {
        let url = "https://host/v1/x?team=search&page=2";
        Request::get(url).body(Body::empty()).unwrap()
    };
    let cassette = Cassette::record(&path, MockTransport::new().json(json!({ "a": 1 })));
    cassette.send(request()).await.unwrap();
    cassette.save().unwrap();
    let text = fs::read_to_string(&path).unwrap();
    assert!(text.contains("/v1/x?team=***&page=2"), "{text}");
    fs::write(&path, text.replace("team=***", "team=search")).unwrap();
    let cassette = Cassette::replay(&path).unwrap();
    cassette.send(request()).await.unwrap();
}

/// Returns the body of a recorded response.
fn body_text(tape: &Value, index: usize) -> String {
    use base64::Engine as _;
    let chunks = tape["exchanges"][index]["response"]["body"]["chunks"].as_array();
    let bytes = |chunk: &Value| match chunk["base64"].as_str() {
        Some(text) => base64::engine::general_purpose::STANDARD
            .decode(text)
            .unwrap(),
        None => chunk.as_str().unwrap().as_bytes().to_vec(),
    };
    String::from_utf8(chunks.into_iter().flatten().flat_map(bytes).collect()).unwrap()
}

#[tokio::test]
async fn cassette_scrubs_multipart_json_lines_and_bytes() {
    let folder = TempDir::new();
    let path = folder.file("forms.json");
    let lines = format!("{{\"secret\":\"MARKER\"}}\n{{\"text\":\"{KEY}\"}}\nplain {KEY}\n");
    let bytes = [b"\xff", KEY.as_bytes(), b"\xfe"].concat();
    let form = format!("file_url=https%3A%2F%2Fs%2Fx%3Fsig%3DMARKER&token=MARKER&q={KEY}");
    let replies = MockReply::bytes("application/octet-stream", [bytes.clone()]).times(3);
    let cassette = Cassette::record(&path, MockTransport::new().reply(replies));
    let bodies = [
        ("application/x-www-form-urlencoded", form.into_bytes()),
        ("application/jsonl", lines.into_bytes()),
        ("application/octet-stream", bytes),
    ];
    for (media_type, body) in &bodies {
        cassette
            .send(keyed(media_type, body.clone()))
            .await
            .unwrap();
    }
    cassette.save().unwrap();

    let tape: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    let body = |index: usize| tape["exchanges"][index]["request"]["body"]["chunks"][0].clone();
    let form = "file_url=https%3A%2F%2Fs%2Fx%3Fsig%3D***&token=***&q=***";
    assert_eq!(body(0), form);
    let lines = "{\"secret\":\"***\"}\n{\"text\":\"***\"}\nplain ***\n";
    assert_eq!(body(1), lines);
    assert_eq!(body(2), json!({ "base64": "/yoqKv4=" })); // ff, ***, fe
    let recorded_chunk = &tape["exchanges"][0]["response"]["body"]["chunks"][0];
    assert_eq!(*recorded_chunk, json!({ "base64": "/yoqKv4=" }));

    let cassette = Cassette::replay(&path).unwrap();
    for (media_type, body) in bodies.iter().rev() {
        cassette
            .send(keyed(media_type, body.clone()))
            .await
            .unwrap();
    }
}

#[tokio::test]
async fn cassette_scrubs_configured_fields_in_request_and_response() {
    let folder = TempDir::new();
    let path = folder.file("named.json");
    let mock = MockTransport::new().reply(MockReply::chat("Dear Jane, Jane is a fine name."));
    let cassette = Cassette::record(&path, mock).scrub("Jane").scrub("");
    let live = client(cassette.clone());
    live.chat()
        .complete(&chat_request("A letter to Jane"))
        .await
        .unwrap();
    cassette.save().unwrap();
    assert!(!fs::read_to_string(&path).unwrap().contains("Jane"));

    let forgetful = client(Cassette::replay(&path).unwrap());
    let error = forgetful
        .chat()
        .complete(&chat_request("A letter to Jane"))
        .await
        .unwrap_err();
    assert!(error.message().contains("A letter to ***"), "{error}");
    let replayed = client(Cassette::replay(&path).unwrap().scrub("Jane"));
    let recorded_chunk = replayed
        .chat()
        .complete(&chat_request("A letter to Jane"))
        .await
        .unwrap();
    assert_eq!(recorded_chunk.text(), "Dear ***, *** is a fine name.");
}

#[tokio::test]
async fn cassette_scrubbed_values_can_be_sent_back() {
    let folder = TempDir::new();
    let path = folder.file("back.json");
    let id = |owner: &str| json!({ "id": "1", "owned_by": owner, "next_page_token": owner });
    let get = |owner: &str| {
        let url = format!("https://host/v1/users/{owner}/files?page_token={owner}");
        Request::get(url).body(Body::empty()).unwrap()
    };
    let mock = MockTransport::new().json(id("customer")).json(id("end"));
    let cassette = Cassette::record(&path, mock);
    cassette.send(get("me")).await.unwrap();
    cassette.send(get("customer")).await.unwrap();
    cassette.save().unwrap();

    let cassette = Cassette::replay(&path).unwrap();
    let response = cassette.send(get("me")).await.unwrap();
    let body = response.into_body().collect().await.unwrap();
    let owner = serde_json::from_slice::<Value>(&body).unwrap()["owned_by"].clone();
    cassette.send(get(owner.as_str().unwrap())).await.unwrap();
    assert_eq!(cassette.remaining(), 0);
}

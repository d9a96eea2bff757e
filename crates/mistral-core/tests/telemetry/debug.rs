//! `MISTRAL_DEBUG` prints requests and responses without credentials.

use std::process::{Command, Output, Stdio};

use http::Method;
use mistral_core::Client;
use mistral_core::chat::ChatCompletionRequest;
use mistral_core::messages::{ApiKeyAuth, CustomConnector, Message, Tool};
use mistral_core::telemetry::Redaction;
use mistral_emulator::{Emulator, Fault};
use mistral_sdk::MistralApi;
use serde_json::{Value, json};

const KEY: &str = "marker-key-0123456789";

/// Runs in the child process: calls that print everything there is to print.
#[tokio::test]
#[ignore = "run by the test below"]
async fn child() {
    let emulator = Emulator::builder().api_key(KEY).start().unwrap();
    let api = MistralApi::new(KEY).unwrap();
    let client = Client::new(api.base_url(emulator.url()).unwrap()).unwrap();
    let connector =
        CustomConnector::new("c").authorization(ApiKeyAuth::new("marker-key-of-a-tool"));
    let request = ChatCompletionRequest::new("mistral-small-latest", [Message::user("hello")]);
    let mut long = request.clone();
    long.messages = vec![Message::user("x".repeat(100_000))];
    client
        .chat()
        .complete(&request)
        .header("x-team", "search")
        .header("x-link", "https://h/?token=marker-key-of-a-link&a=b")
        .header("cf-access-client-secret", "marker-key-of-a-gate")
        .header("apikey", "marker-key-of-a-gateway")
        .header("x-auth", "marker-key-of-a-proxy")
        .header("mcp-session-id", "marker-key-of-a-session")
        .query("code", "marker-key-of-a-function")
        .query("auth", "marker-key-of-a-query")
        .query("page_size", "7")
        .await
        .unwrap();
    let _ = client
        .chat()
        .complete(&request.clone().tools([Tool::from(connector)]))
        .await;
    client.chat().complete(&long).await.unwrap();
    // A long credential that is not printed, and then the key where the body is cut.
    let pad = "y".repeat(8182 - 8019);
    let cut = json!({ "a_token": "x".repeat(8000), "b": pad + KEY });
    let raw = client.request::<Value>(Method::POST, "/v1/chat/completions");
    raw.json(&cut).await.unwrap_err();
    let stream = client.chat().stream(&request).await.unwrap();
    stream.collect_response().await.unwrap();
    emulator.push_fault(Fault::status(400).with_body(format!("{{\"message\": \"no: {KEY}\"}}")));
    client.models().list().await.unwrap_err();
    emulator.push_fault(Fault::status(400).with_body("\u{1}\u{2}"));
    client.models().list().await.unwrap_err();
    let link = "https://storage.example/f?X-Goog-Signature=marker-key-of-a-signature";
    emulator.push_fault(Fault::status(400).with_header("link", link));
    client.models().list().await.unwrap_err();
    let link = "https://me:marker-key-of-mine@storage.example/f?X-Goog-Signature=marker-key";
    emulator.push_fault(Fault::status(400).with_header("location", link));
    client.models().list().await.unwrap_err();
}

/// Runs in the child process: calls of a client with a redaction.
#[tokio::test]
#[ignore = "run by the test below"]
async fn redacted_child() {
    let emulator = Emulator::builder().api_key(KEY).start().unwrap();
    let api = MistralApi::new(KEY).unwrap();
    let redaction = Redaction::new()
        .keys(["iban"])
        .patterns(["marker-*"])
        .callback(|body| body["temperature"] = json!("(redacted)"));
    let client = Client::builder(api.base_url(emulator.url()).unwrap());
    let client = client.redact_content(redaction).build().unwrap();
    let question = [Message::user("say marker-text , please")];
    let mut request = ChatCompletionRequest::new("mistral-small-latest", question);
    request.temperature = Some(0.123);
    let metadata = json!({ "iban": "marker of an account" });
    request.metadata = metadata.as_object().cloned();
    client.chat().complete(&request).await.unwrap();
    let stream = client.chat().stream(&request).await.unwrap();
    stream.collect_response().await.unwrap();
    request.messages = vec![Message::user("marker-text ".repeat(10_000))];
    client.chat().complete(&request).await.unwrap();
}

#[test]
fn debug_prints_bodies_with_the_redaction_of_the_client() {
    let mut command = command_of("debug::redacted_child", Some("true"));
    let output = command.output().unwrap();
    assert!(output.status.success(), "{output:?}");
    let printed = String::from_utf8(output.stderr).unwrap();
    for part in [
        r#""content":"say *** , please""#,
        r#""iban":"***""#,
        r#""temperature":"(redacted)""#,
        r#""finish_reason":"stop""#, // of a response
        " bytes)\n",                 // of a stream
    ] {
        assert!(printed.contains(part), "`{part}` is not in:\n{printed}");
    }
    for hidden in ["marker", "0.123", "data:"] {
        assert!(!printed.contains(hidden), "`{hidden}` is in:\n{printed}");
    }
}

fn command(debug: Option<&str>) -> Command {
    command_of("debug::child", debug)
}

fn command_of(child: &str, debug: Option<&str>) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", child, "--ignored", "--nocapture"]);
    command.env_remove("MISTRAL_DEBUG");
    command.envs(debug.map(|value| ("MISTRAL_DEBUG", value)));
    command
}

fn run(debug: Option<&str>) -> Output {
    let output = command(debug).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    output
}

#[test]
fn debug_prints_requests_and_responses_redacted() {
    let output = run(Some("true"));
    let printed = String::from_utf8(output.stderr).unwrap();
    for part in [
        "mistral > POST http://127.0.0.1:",
        "/v1/chat/completions (chat.complete, attempt 1)\n",
        "mistral > authorization: ***\n",
        "/v1/chat/completions?code=***&auth=***&page_size=7 (chat.complete, attempt 1)\n",
        "mistral > x-team: ***\n",
        "mistral > x-link: ***\n",
        "mistral > apikey: ***\n",
        "mistral < link: ***\n",
        "mistral < location: https://***@storage.example/f?X-Goog-Signature=***\n",
        r#""content":"hello""#,
        r#""authorization":***"#,
        "mistral < 200 OK\n",
        "mistral < content-type: application/json\n",
        "mistral < data: [DONE]\n",
        "bytes in all)\n",
        "mistral < 400 Bad Request\n",
        "no: ***",
        "mistral < (2 bytes)\n",
    ] {
        assert!(printed.contains(part), "`{part}` is not in:\n{printed}");
    }
    assert!(!printed.contains("marker-key"), "{printed}");
    assert!(
        printed.len() < 40_000,
        "bodies are not bounded: {}",
        printed.len()
    );
}

#[test]
fn debug_is_off_by_default() {
    for debug in [None, Some(""), Some("0"), Some("false")] {
        let output = run(debug);
        let printed = String::from_utf8(output.stderr).unwrap();
        assert!(!printed.contains("mistral"), "{debug:?}: {printed}");
    }
}

#[test]
fn debug_with_closed_stderr_is_no_error() {
    let mut command = command(Some("true"));
    let mut child = command
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stderr.take());
    assert!(child.wait().unwrap().success());
}

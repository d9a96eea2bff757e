//! Recording through to another server, and replaying. A second emulator is the real server.

use std::path::PathBuf;

use mistral_emulator::{Emulator, Fault, Reply};
use serde_json::{Value, json};

use crate::client::{
    BodyEnd, RawResponse, anonymous_request, api_request, chat_request, chat_request_with,
    post_chat, request_to_port,
};

const KEY: &str = "real-key-0123456789";

/// A file that is removed on drop.
struct TempFile(PathBuf);

impl TempFile {
    fn new(name: &str) -> Self {
        let name = format!("mistral-emulator-{}-{name}.json", std::process::id());
        let path = std::env::temp_dir().join(name);
        drop(std::fs::remove_file(&path));
        Self(path)
    }

    fn json(&self) -> Value {
        serde_json::from_str(&std::fs::read_to_string(&self.0).unwrap()).unwrap()
    }
}

impl Drop for TempFile {
    fn drop(&mut self) {
        drop(std::fs::remove_file(&self.0));
    }
}

fn real_server() -> Emulator {
    Emulator::builder().api_key(KEY).start().unwrap()
}

fn recorder(file: &TempFile, upstream: &Emulator) -> Emulator {
    let builder = Emulator::builder().record(&file.0, upstream.url());
    builder.unwrap().start().unwrap()
}

fn replayer(file: &TempFile, emulate_others: bool) -> Emulator {
    let builder = Emulator::builder().replay(&file.0, emulate_others);
    builder.unwrap().start().unwrap()
}

fn ask(emulator: &Emulator, key: &str, request: &Value) -> RawResponse {
    request_to_port(emulator.port(), key, "POST", "/v1/chat/completions")
        .json(request)
        .send()
}

#[test]
fn recording_is_replayed_without_the_server() {
    let file = TempFile::new("replayed");
    let (plain, streamed) = (
        chat_request("Who painted Olympia?"),
        chat_request_with("Hi", &json!({"stream": true})),
    );
    let upstream = real_server();
    let recorder = recorder(&file, &upstream);
    let expected = [&plain, &streamed].map(|request| ask(&recorder, KEY, request));
    assert_eq!(expected[0].json()["object"], "chat.completion");
    assert_eq!(upstream.requests().len(), 2);
    assert_eq!(
        upstream.requests()[0].headers["host"],
        upstream.url()["http://".len()..]
    );
    drop((upstream, recorder));

    let replayer = replayer(&file, false);
    for (request, expected) in [&plain, &streamed].into_iter().zip(&expected) {
        for _ in 0..2 {
            let response = ask(&replayer, "any", request);
            assert_eq!(response.status, 200);
            assert_eq!(
                response.header("content-type"),
                expected.header("content-type")
            );
            if request == &plain {
                assert_eq!(response.json(), expected.json());
            } else {
                assert_eq!(response.events(), expected.events());
            }
        }
    }
}

#[test]
fn recording_has_no_key_and_no_request_id() {
    let file = TempFile::new("scrubbed");
    let upstream = real_server();
    upstream.push_reply(Reply::json(
        json!({"echo": KEY, "request_id": "r-1", "token": "t-1"}),
    ));
    let recorder = recorder(&file, &upstream);
    let path = format!("/v1/models?provider=x&api_key={KEY}");
    let response = request_to_port(recorder.port(), KEY, "GET", &path).send();
    // The client receives the response as it was.
    assert_eq!(response.json()["echo"], KEY);
    let text = file.json().to_string();
    assert!(
        !text.contains(KEY) && !text.contains("r-1") && !text.contains("t-1"),
        "{text}"
    );
    let exchange = &file.json()["exchanges"][0];
    assert_eq!(exchange["operation"], "models.list");
    assert_eq!(
        exchange["request"]["url"],
        "/v1/models?provider=x&api_key=***"
    );
    assert_eq!(
        exchange["response"]["body"]["json"],
        json!({"echo": "***", "request_id": "***", "token": "***"})
    );
    // Another key does not make another request.
    let replayer = replayer(&file, false);
    let path = "/v1/models?provider=x&api_key=other";
    assert_eq!(api_request(&replayer, "GET", path).send().status, 200);
}

#[test]
fn recorder_forwards_only_what_is_not_recorded() {
    let file = TempFile::new("once");
    let upstream = real_server();
    for _ in 0..2 {
        let recorder = recorder(&file, &upstream);
        for text in ["a", "a", "b"] {
            assert_eq!(ask(&recorder, KEY, &chat_request(text)).status, 200);
        }
    }
    assert_eq!(upstream.requests().len(), 2);
    assert_eq!(file.json()["exchanges"].as_array().unwrap().len(), 2);
}

#[test]
fn recorder_passes_a_stream_on_while_it_arrives() {
    let file = TempFile::new("stalled");
    let upstream = real_server();
    upstream.push_fault(Fault::stall_after_events(2));
    let recorder = recorder(&file, &upstream);
    let response = request_to_port(recorder.port(), KEY, "POST", "/v1/chat/completions")
        .json(&chat_request_with("Hi", &json!({"stream": true})))
        .read_until_idle()
        .send();
    assert_eq!((response.end, response.events().len()), (BodyEnd::Idle, 2));
    // A response that has not ended is not recorded.
    assert_eq!(file.json()["exchanges"], json!([]));
}

#[test]
fn replay_of_unknown_request_is_404_with_words_or_emulated() {
    let file = TempFile::new("unknown");
    std::fs::write(&file.0, r#"{"version": 1, "exchanges": []}"#).unwrap();
    let response = post_chat(&replayer(&file, false), &chat_request("Hi"));
    assert_eq!(response.status, 404);
    let message = response.json()["message"].as_str().unwrap().to_owned();
    assert!(message.contains("POST /v1/chat/completions"), "{message}");
    assert!(message.contains("unknown.json"), "{message}");
    let response = post_chat(&replayer(&file, true), &chat_request("Hi"));
    assert_eq!(response.json()["object"], "chat.completion");
}

#[test]
fn replay_of_equal_requests_keeps_their_order() {
    let file = TempFile::new("order");
    let exchange = |text: &str| {
        json!({
            "operation": "models.list",
            "request": {"method": "GET", "url": "/v1/models"},
            "response": {"status": 200, "headers": {"content-type": "text/plain"},
                "body": {"chunks": [text]}},
        })
    };
    let tape = json!({"version": 1, "exchanges": [exchange("1"), exchange("2")]});
    std::fs::write(&file.0, tape.to_string()).unwrap();
    let replayer = replayer(&file, false);
    let text = || {
        anonymous_request(&replayer, "GET", "/v1/models")
            .send()
            .text()
    };
    assert_eq!([text(), text(), text()], ["1", "2", "2"]);
}

#[test]
fn replay_compares_forms_without_their_boundary() {
    let file = TempFile::new("form");
    let upstream = real_server();
    let recorder = recorder(&file, &upstream);
    let upload = |emulator: &Emulator, boundary: &str| {
        let body = format!(
            "--{boundary}\r\ncontent-disposition: form-data; name=\"purpose\"\r\n\r\nbatch\r\n\
             --{boundary}\r\ncontent-disposition: form-data; name=\"file\"; filename=\"a.jsonl\"\
             \r\n\r\n{{}}\r\n--{boundary}--\r\n"
        );
        request_to_port(emulator.port(), KEY, "POST", "/v1/files")
            .header(
                "content-type",
                &format!("multipart/form-data; boundary={boundary}"),
            )
            .body(&body)
            .send()
    };
    let recorded = upload(&recorder, "first");
    assert_eq!(recorded.status, 200, "{}", recorded.text());
    let replayed = upload(&replayer(&file, false), "second").json();
    assert_eq!(replayed["id"], recorded.json()["id"]);
}

#[test]
fn recorder_faults_and_unreachable_server_are_reported() {
    let file = TempFile::new("unreachable");
    let upstream = real_server();
    let recorder = recorder(&file, &upstream);
    recorder.push_fault(Fault::status(503));
    assert_eq!(ask(&recorder, KEY, &chat_request("Hi")).status, 503);
    drop(upstream);
    let response = ask(&recorder, KEY, &chat_request("Hi"));
    assert_eq!(response.status, 502);
    let message = response.json()["message"].as_str().unwrap().to_owned();
    assert!(
        message.contains("The upstream server cannot be reached"),
        "{message}"
    );
    assert_eq!(file.json()["exchanges"], json!([]));
}

#[test]
fn recording_that_cannot_be_used_is_an_error_with_the_file() {
    let file = TempFile::new("broken");
    for (content, reason) in [
        ("{", "is not a recording"),
        (r#"{"version": 2}"#, "`version` is not 1"),
        (r#"{"version": 1}"#, "no array `exchanges`"),
        (
            r#"{"version": 1, "exchanges": [{}]}"#,
            "exchange 1 is incomplete",
        ),
    ] {
        std::fs::write(&file.0, content).unwrap();
        let error = Emulator::builder()
            .replay(&file.0, false)
            .unwrap_err()
            .to_string();
        assert!(
            error.contains(reason) && error.contains("broken.json"),
            "{error}"
        );
    }
    let missing = Emulator::builder()
        .replay("/nowhere/a.json", false)
        .unwrap_err();
    assert!(
        missing
            .to_string()
            .contains("/nowhere/a.json cannot be read")
    );
    let file = TempFile::new("upstream");
    let error = Emulator::builder()
        .record(&file.0, "api.mistral.ai")
        .unwrap_err();
    assert!(error.to_string().contains("is not the http or https URL"));
    if !cfg!(feature = "tls") {
        let error = Emulator::builder()
            .record(&file.0, "https://api.mistral.ai")
            .unwrap_err();
        assert!(error.to_string().contains("--features tls"));
    }
}

#[test]
fn replies_file_is_queued_or_its_error_names_the_reply() {
    let file = TempFile::new("replies");
    std::fs::write(
        &file.0,
        r#"{"replies": [{"json": {"a": 1}, "times": "always"}]}"#,
    )
    .unwrap();
    let emulator = Emulator::builder()
        .replies_file(&file.0)
        .unwrap()
        .start()
        .unwrap();
    let response = post_chat(&emulator, &chat_request("Hi"));
    assert_eq!(response.json(), json!({"a": 1}));
    std::fs::write(&file.0, r#"[{"text": "a"}, {"text": 1}]"#).unwrap();
    let error = Emulator::builder()
        .replies_file(&file.0)
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("replies.json: The reply 2 cannot be used: its member \"text\""),
        "{error}"
    );
}

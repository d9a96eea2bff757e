//! Faults on demand, recorded requests, and the lifetime of a server.

use std::io::{BufRead, BufReader, ErrorKind, Read};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use mistral_emulator::{Emulator, FAULT_HEADER, Fault};
use serde_json::json;

use crate::client::{
    BodyEnd, RequestBuilder, api_request, chat_request, chat_request_with, post_chat, start,
    stream_chat,
};

fn chat_with_fault(emulator: &Emulator, fault: &Fault) -> RequestBuilder {
    let request = api_request(emulator, "POST", "/v1/chat/completions");
    request
        .header(FAULT_HEADER, &fault.to_header())
        .json(&chat_request("Who painted Olympia?"))
}

fn stream_with_fault(emulator: &Emulator, fault: &Fault) -> RequestBuilder {
    let body = chat_request_with("Who painted Olympia?", &json!({"stream": true}));
    api_request(emulator, "POST", "/v1/chat/completions")
        .header(FAULT_HEADER, &fault.to_header())
        .json(&body)
}

#[test]
fn fault_status_401_429_5xx_return_body_of_real_server() {
    let emulator = start();
    let body_of = |status| {
        let response = chat_with_fault(&emulator, &Fault::status(status)).send();
        assert_eq!(response.status, status);
        assert!(!response.header("mistral-correlation-id").is_empty());
        response.json()
    };
    assert_eq!(body_of(401), json!({"detail": "Unauthorized"}));
    assert_eq!(body_of(429)["code"], "1300");
    assert_eq!(body_of(429)["type"], "rate_limited");
    assert_eq!(
        body_of(503)["message"],
        "Service tier capacity exceeded for this model."
    );
    assert_eq!(body_of(500)["raw_status_code"], 500);
    assert_eq!(body_of(520)["object"], "error");
    assert!(body_of(422)["detail"].is_array());
}

#[test]
fn fault_body_and_retry_after_header_are_sent_verbatim() {
    let fault = Fault::status(520)
        .with_body("<html>oops</html>")
        .with_header("content-type", "text/html")
        .with_header("retry-after", "2")
        .with_header("x-a", "1")
        .with_header("x-a", "2");
    let response = chat_with_fault(&start(), &fault).send();
    assert_eq!(response.status, 520);
    assert_eq!(response.text(), "<html>oops</html>");
    assert_eq!(response.header("content-type"), "text/html");
    assert_eq!(response.header("retry-after"), "2");
    assert_eq!(response.headers.get_all("x-a").iter().count(), 2);
}

#[test]
fn fault_body_without_status_is_200() {
    let response = chat_with_fault(&start(), &Fault::default().with_body("{\"a\":")).send();
    assert_eq!(
        (response.status, response.text().as_str()),
        (200, "{\"a\":")
    );
}

#[test]
fn fault_empty_body_is_sent() {
    let response = chat_with_fault(&start(), &Fault::status(504).with_body("")).send();
    assert_eq!((response.status, response.text().as_str()), (504, ""));
    let response = chat_with_fault(
        &start(),
        &Fault::status(500).with_header("content-length", "5"),
    )
    .read_until_idle()
    .send();
    assert_eq!(response.header("content-length"), "5");
}

#[test]
fn fault_headers_are_added_to_served_response() {
    let fault = Fault::default()
        .with_header("x-ratelimit-remaining-req-minute", "0")
        .with_header("x-extra", "yes");
    let response = chat_with_fault(&start(), &fault).send();
    assert_eq!(response.header("x-ratelimit-remaining-req-minute"), "0");
    assert_eq!(response.header("x-extra"), "yes");
    assert_eq!(response.json()["object"], "chat.completion");
}

#[test]
fn fault_queue_precedes_header_and_runs_out() {
    let emulator = Emulator::builder()
        .fault(Fault::status(500).times(2))
        .start()
        .unwrap();
    emulator.push_fault(Fault::status(502));
    let status = || {
        chat_with_fault(&emulator, &Fault::status(418))
            .send()
            .status
    };
    assert_eq!(
        [status(), status(), status(), status()],
        [500, 500, 502, 418]
    );
    assert_eq!(post_chat(&emulator, &chat_request("a")).status, 200);
}

#[test]
fn fault_malformed_header_is_400_with_reason() {
    let emulator = start();
    for (value, reason) in [
        ("{", "not JSON"),
        ("{\"statuss\":500}", "no member \"statuss\""),
        ("{\"status\":100}", "100 is not a status"),
        (
            "{\"headers\":{\"a b\":\"c\"}}",
            "\"a b\" is not the name of a header",
        ),
    ] {
        let response = api_request(&emulator, "GET", "/v1/models")
            .header(FAULT_HEADER, value)
            .send();
        assert_eq!(response.status, 400, "{value}");
        let message = response.json()["message"].as_str().unwrap().to_owned();
        assert!(
            message.contains(FAULT_HEADER) && message.contains(reason),
            "{message}"
        );
    }
}

#[test]
fn fault_delay_precedes_response_headers() {
    let delay = Duration::from_millis(80);
    let started = Instant::now();
    let response = chat_with_fault(&start(), &Fault::delay(delay)).send();
    assert!(started.elapsed() >= delay);
    assert_eq!(response.status, 200);
}

#[test]
fn fault_close_drops_connection_without_response() {
    let emulator = start();
    assert!(
        chat_with_fault(&emulator, &Fault::close())
            .try_send()
            .is_none()
    );
    assert_eq!(emulator.requests().len(), 1);
    assert_eq!(post_chat(&emulator, &chat_request("a")).status, 200);
}

#[test]
fn fault_stall_keeps_sse_stream_open_and_idle() {
    let emulator = start();
    for events in [0, 2] {
        let request = stream_with_fault(&emulator, &Fault::stall_after_events(events));
        let response = request.read_until_idle().send();
        assert_eq!(response.status, 200);
        assert_eq!(response.end, BodyEnd::Idle);
        assert_eq!(response.events().len(), events);
    }
    let whole = stream_with_fault(&emulator, &Fault::stall_after_events(100)).send();
    assert_eq!(whole.end, BodyEnd::Complete);
}

#[test]
fn fault_stall_holds_back_body_of_unary_response() {
    let emulator = start();
    let request = chat_with_fault(&emulator, &Fault::stall_after_events(0));
    let response = request.read_until_idle().send();
    assert_eq!(
        (response.end, response.text().as_str()),
        (BodyEnd::Idle, "")
    );
    assert!(response.header("content-length").parse::<usize>().unwrap() > 100);
}

#[test]
fn fault_cut_truncates_body_after_bytes() {
    let emulator = start();
    let whole = post_chat(&emulator, &chat_request("Who painted Olympia?")).text();
    for bytes in [0, 1, 100, whole.len() - 1] {
        let response = chat_with_fault(&emulator, &Fault::cut_after_bytes(bytes)).send();
        assert_eq!(response.status, 200);
        assert_eq!(response.end, BodyEnd::Closed);
        assert_eq!(response.frames.concat().len(), bytes);
        assert_eq!(response.header("content-length"), whole.len().to_string());
    }
}

#[test]
fn fault_cut_truncates_sse_stream_mid_event() {
    let emulator = start();
    let response = stream_with_fault(&emulator, &Fault::cut_after_bytes(300)).send();
    assert_eq!(response.end, BodyEnd::Closed);
    assert_eq!(response.frames.concat().len(), 300);
    assert!(!response.text().ends_with("\n\n"));
    let past_the_end = stream_with_fault(&emulator, &Fault::cut_after_bytes(1 << 30)).send();
    assert_eq!(past_the_end.end, BodyEnd::Closed);
    assert!(past_the_end.text().ends_with("data: [DONE]\n\n"));
}

#[test]
fn fault_cut_truncates_large_body_at_exact_byte() {
    let response = api_request(&start(), "POST", "/v1/embeddings")
        .header(FAULT_HEADER, &Fault::cut_after_bytes(3_000_000).to_header())
        .json(&json!({
            "model": "codestral-embed",
            "output_dimension": 3072,
            "input": vec!["one two three"; 256],
        }))
        .send();
    assert!(response.header("content-length").parse::<usize>().unwrap() > 3_000_000);
    assert_eq!(
        (response.end, response.frames.concat().len()),
        (BodyEnd::Closed, 3_000_000)
    );
}

#[test]
fn fault_settings_combine() {
    let fault = Fault::status(500)
        .with_cut_after_bytes(10)
        .with_delay(Duration::from_millis(1));
    let response = chat_with_fault(&start(), &fault).send();
    assert_eq!((response.status, response.end), (500, BodyEnd::Closed));
    assert_eq!(response.frames.concat().len(), 10);
}

#[test]
fn emulator_records_requests_as_received() {
    let emulator = start();
    api_request(&emulator, "GET", "/v1/models?provider=a%20b").send();
    chat_with_fault(&emulator, &Fault::status(500)).send();
    let requests = emulator.requests();
    assert_eq!(requests.len(), 2);
    assert_eq!(requests[0].method, http::Method::GET);
    assert_eq!(requests[0].path, "/v1/models");
    assert_eq!(requests[0].query.as_deref(), Some("provider=a%20b"));
    assert_eq!(requests[0].headers["authorization"], "Bearer emulator");
    assert!(!format!("{:?}", requests[0]).contains("Bearer emulator"));
    assert!(requests[0].body.is_empty());
    let body: serde_json::Value = serde_json::from_slice(&requests[1].body).unwrap();
    assert_eq!(body, chat_request("Who painted Olympia?"));
}

#[test]
fn emulator_records_the_last_requests_within_limits() {
    let builder = mistral_emulator::Emulator::builder();
    let emulator = builder.max_recorded_requests(2).max_recorded_bytes(10);
    let emulator = emulator.start().unwrap();
    for path in ["/v1/models", "/v1/agents"] {
        api_request(&emulator, "GET", path).send();
    }
    chat_with_fault(&emulator, &Fault::status(500)).send();
    let requests = emulator.requests();
    assert_eq!(requests.len(), 2);
    assert_eq!(requests[0].path, "/v1/agents");
    assert_eq!(requests[1].body.len(), 10);
    let complete = chat_request("Who painted Olympia?").to_string();
    assert_eq!(requests[1].body_length, complete.len());
}

#[test]
fn emulator_drop_closes_connections() {
    let emulator = start();
    assert_eq!(
        emulator.url(),
        format!("http://127.0.0.1:{}", emulator.port())
    );
    let mut connection = TcpStream::connect(("127.0.0.1", emulator.port())).unwrap();
    connection
        .set_read_timeout(Some(Duration::from_secs(20)))
        .unwrap();
    drop(emulator);
    match connection.read(&mut [0; 1]) {
        Ok(count) => assert_eq!(count, 0),
        Err(error) => assert_eq!(error.kind(), ErrorKind::ConnectionReset),
    }
}

#[test]
fn emulator_drop_ends_stalled_request() {
    let emulator = start();
    let request = stream_with_fault(&emulator, &Fault::stall_after_events(1));
    let reader = std::thread::spawn(move || {
        request
            .try_send()
            .map_or(BodyEnd::Closed, |response| response.end)
    });
    while emulator.requests().is_empty() {
        std::thread::yield_now();
    }
    drop(emulator);
    assert_eq!(reader.join().unwrap(), BodyEnd::Closed);
}

#[tokio::test(start_paused = true)]
async fn emulator_serves_inside_runtime_with_paused_clock() {
    assert!(!stream_chat(&chat_request("Hello")).is_empty());
    let started = Instant::now();
    chat_with_fault(&start(), &Fault::delay(Duration::from_millis(30))).send();
    assert!(started.elapsed() >= Duration::from_millis(30));
}

#[test]
fn emulator_start_unless_set_skips_set_variable() {
    assert!(Emulator::start_unless_set("PATH").unwrap().is_none());
    let emulator = Emulator::start_unless_set("MISTRAL_EMULATOR_TEST_UNSET").unwrap();
    assert_eq!(emulator.unwrap().api_key(), Emulator::API_KEY);
}

#[test]
fn emulator_start_on_used_port_fails() {
    let emulator = start();
    assert!(Emulator::builder().port(emulator.port()).start().is_err());
}

/// A child process that is killed on drop.
struct Program(Child);

impl Drop for Program {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

#[test]
fn binary_serves_and_prints_url() {
    let mut program = Command::new(env!("CARGO_BIN_EXE_emulator"));
    let program = program
        .args(["--port", "0", "--api-key", "k"])
        .stdout(Stdio::piped());
    let mut program = Program(program.spawn().unwrap());
    let mut line = String::new();
    BufReader::new(program.0.stdout.take().unwrap())
        .read_line(&mut line)
        .unwrap();
    assert!(line.contains("MISTRAL_API_KEY=k"), "{line}");
    let port = line.split("127.0.0.1:").nth(1).unwrap();
    let port: String = port.chars().take_while(char::is_ascii_digit).collect();
    let response =
        crate::client::request_to_port(port.parse().unwrap(), "k", "GET", "/v1/models").send();
    assert_eq!(response.status, 200);
}

#[test]
fn binary_help_and_unknown_argument_exit_codes() {
    let run = |argument: &str| {
        Command::new(env!("CARGO_BIN_EXE_emulator"))
            .arg(argument)
            .output()
            .unwrap()
    };
    let help = run("--help");
    assert!(help.status.success());
    assert!(
        String::from_utf8(help.stdout)
            .unwrap()
            .contains("--api-key")
    );
    let unknown = run("--nonsense");
    assert_eq!(unknown.status.code(), Some(2));
    assert!(
        String::from_utf8(unknown.stderr)
            .unwrap()
            .contains("--nonsense")
    );
}

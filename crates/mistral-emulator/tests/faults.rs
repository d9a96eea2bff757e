//! Faults on demand, the record of requests, and the life of a server.

#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test may panic, in its helpers too"
)]

#[cfg(test)]
mod common;

use std::io::{BufRead, BufReader, ErrorKind, Read};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use mistral_emulator::{Emulator, FAULT_HEADER, Fault};
use serde_json::json;

use common::{Call, End, call, chat, prompt, prompt_with, start, stream};

fn faulty(emulator: &Emulator, fault: &Fault) -> Call {
    let call = call(emulator, "POST", "/v1/chat/completions");
    call.header(FAULT_HEADER, &fault.to_header())
        .json(&prompt("Who painted Olympia?"))
}

fn faulty_stream(emulator: &Emulator, fault: &Fault) -> Call {
    let call = call(emulator, "POST", "/v1/chat/completions");
    let request = prompt_with("Who painted Olympia?", &json!({"stream": true}));
    call.header(FAULT_HEADER, &fault.to_header()).json(&request)
}

#[test]
fn a_status_has_the_body_the_server_uses_for_it() {
    let emulator = start();
    let body_of = |status| {
        let answer = faulty(&emulator, &Fault::status(status)).send();
        assert_eq!(answer.status, status);
        assert!(!answer.header("mistral-correlation-id").is_empty());
        answer.json()
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
    assert!(body_of(422)["message"]["detail"].is_array());
}

#[test]
fn body_and_headers_are_taken_as_given() {
    let fault = Fault::status(520)
        .with_body("<html>oops</html>")
        .with_header("content-type", "text/html")
        .with_header("retry-after", "2")
        .with_header("x-a", "1")
        .with_header("x-a", "2");
    let answer = faulty(&start(), &fault).send();
    assert_eq!(answer.status, 520);
    assert_eq!(answer.text(), "<html>oops</html>");
    assert_eq!(answer.header("content-type"), "text/html");
    assert_eq!(answer.header("retry-after"), "2");
    assert_eq!(answer.headers.get_all("x-a").iter().count(), 2);
}

#[test]
fn a_body_without_a_status_is_a_200() {
    let answer = faulty(&start(), &Fault::default().with_body("{\"a\":")).send();
    assert_eq!((answer.status, answer.text().as_str()), (200, "{\"a\":"));
}

#[test]
fn an_empty_body_can_be_asked_for() {
    let answer = faulty(&start(), &Fault::status(504).with_body("")).send();
    assert_eq!((answer.status, answer.text().as_str()), (504, ""));
    let answer = faulty(
        &start(),
        &Fault::status(500).with_header("content-length", "5"),
    )
    .until_silence()
    .send();
    assert_eq!(answer.header("content-length"), "5");
}

#[test]
fn headers_alone_are_added_to_the_real_answer() {
    let fault = Fault::default()
        .with_header("x-ratelimit-remaining-req-minute", "0")
        .with_header("x-extra", "yes");
    let answer = faulty(&start(), &fault).send();
    assert_eq!(answer.header("x-ratelimit-remaining-req-minute"), "0");
    assert_eq!(answer.header("x-extra"), "yes");
    assert_eq!(answer.json()["object"], "chat.completion");
}

#[test]
fn the_queue_comes_first_and_runs_out() {
    let emulator = Emulator::builder()
        .fault(Fault::status(500).times(2))
        .start()
        .unwrap();
    emulator.push_fault(Fault::status(502));
    let status = || faulty(&emulator, &Fault::status(418)).send().status;
    assert_eq!(
        [status(), status(), status(), status()],
        [500, 500, 502, 418]
    );
    assert_eq!(chat(&emulator, &prompt("a")).status, 200);
}

#[test]
fn a_malformed_fault_is_refused_with_the_reason() {
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
        let answer = call(&emulator, "GET", "/v1/models")
            .header(FAULT_HEADER, value)
            .send();
        assert_eq!(answer.status, 400, "{value}");
        let message = answer.json()["message"].as_str().unwrap().to_owned();
        assert!(
            message.contains(FAULT_HEADER) && message.contains(reason),
            "{message}"
        );
    }
}

#[test]
fn a_delay_comes_before_the_headers() {
    let delay = Duration::from_millis(80);
    let started = Instant::now();
    let answer = faulty(&start(), &Fault::delay(delay)).send();
    assert!(started.elapsed() >= delay);
    assert_eq!(answer.status, 200);
}

#[test]
fn a_closed_connection_gives_no_answer() {
    let emulator = start();
    assert!(faulty(&emulator, &Fault::close()).try_send().is_none());
    assert_eq!(emulator.requests().len(), 1);
    assert_eq!(chat(&emulator, &prompt("a")).status, 200);
}

#[test]
fn a_stalled_stream_stays_open_and_silent() {
    let emulator = start();
    for events in [0, 2] {
        let call = faulty_stream(&emulator, &Fault::stall_after_events(events));
        let answer = call.until_silence().send();
        assert_eq!(answer.status, 200);
        assert_eq!(answer.end, End::Silent);
        assert_eq!(answer.events().len(), events);
    }
    let whole = faulty_stream(&emulator, &Fault::stall_after_events(100)).send();
    assert_eq!(whole.end, End::Complete);
}

#[test]
fn a_whole_answer_stalls_before_its_body() {
    let emulator = start();
    let call = faulty(&emulator, &Fault::stall_after_events(0));
    let answer = call.until_silence().send();
    assert_eq!((answer.end, answer.text().as_str()), (End::Silent, ""));
    assert!(answer.header("content-length").parse::<usize>().unwrap() > 100);
}

#[test]
fn a_cut_sends_so_many_bytes_and_no_end() {
    let emulator = start();
    let whole = chat(&emulator, &prompt("Who painted Olympia?")).text();
    for bytes in [0, 1, 100, whole.len() - 1] {
        let answer = faulty(&emulator, &Fault::cut_after_bytes(bytes)).send();
        assert_eq!(answer.status, 200);
        assert_eq!(answer.end, End::Closed);
        assert_eq!(answer.frames.concat().len(), bytes);
        assert_eq!(answer.header("content-length"), whole.len().to_string());
    }
}

#[test]
fn a_cut_stream_breaks_off_in_the_middle_of_an_event() {
    let emulator = start();
    let answer = faulty_stream(&emulator, &Fault::cut_after_bytes(300)).send();
    assert_eq!(answer.end, End::Closed);
    assert_eq!(answer.frames.concat().len(), 300);
    assert!(!answer.text().ends_with("\n\n"));
    let past_the_end = faulty_stream(&emulator, &Fault::cut_after_bytes(1 << 30)).send();
    assert_eq!(past_the_end.end, End::Closed);
    assert!(past_the_end.text().ends_with("data: [DONE]\n\n"));
}

#[test]
fn a_long_body_is_cut_where_it_should() {
    let answer = call(&start(), "POST", "/v1/embeddings")
        .header(FAULT_HEADER, &Fault::cut_after_bytes(3_000_000).to_header())
        .json(&json!({
            "model": "codestral-embed",
            "output_dimension": 3072,
            "input": vec!["one two three"; 256],
        }))
        .send();
    assert!(answer.header("content-length").parse::<usize>().unwrap() > 3_000_000);
    assert_eq!(
        (answer.end, answer.frames.concat().len()),
        (End::Closed, 3_000_000)
    );
}

#[test]
fn faults_combine() {
    let fault = Fault::status(500)
        .with_cut_after_bytes(10)
        .with_delay(Duration::from_millis(1));
    let answer = faulty(&start(), &fault).send();
    assert_eq!((answer.status, answer.end), (500, End::Closed));
    assert_eq!(answer.frames.concat().len(), 10);
}

#[test]
fn requests_are_recorded_as_they_came() {
    let emulator = start();
    call(&emulator, "GET", "/v1/models?provider=a%20b").send();
    faulty(&emulator, &Fault::status(500)).send();
    let requests = emulator.requests();
    assert_eq!(requests.len(), 2);
    assert_eq!(requests[0].method, http::Method::GET);
    assert_eq!(requests[0].path, "/v1/models");
    assert_eq!(requests[0].query.as_deref(), Some("provider=a%20b"));
    assert_eq!(requests[0].headers["authorization"], "Bearer emulator");
    assert!(!format!("{:?}", requests[0]).contains("Bearer emulator"));
    assert!(requests[0].body.is_empty());
    let body: serde_json::Value = serde_json::from_slice(&requests[1].body).unwrap();
    assert_eq!(body, prompt("Who painted Olympia?"));
}

#[test]
fn dropping_the_emulator_closes_its_connections() {
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
fn a_stalled_request_does_not_keep_the_emulator_alive() {
    let emulator = start();
    let call = faulty_stream(&emulator, &Fault::stall_after_events(1));
    let reader =
        std::thread::spawn(move || call.try_send().map_or(End::Closed, |answer| answer.end));
    while emulator.requests().is_empty() {
        std::thread::yield_now();
    }
    drop(emulator);
    assert_eq!(reader.join().unwrap(), End::Closed);
}

#[tokio::test(start_paused = true)]
async fn it_works_inside_a_runtime_with_a_paused_clock() {
    assert!(!stream(&prompt("Hello")).is_empty());
    let started = Instant::now();
    faulty(&start(), &Fault::delay(Duration::from_millis(30))).send();
    assert!(started.elapsed() >= Duration::from_millis(30));
}

#[test]
fn a_set_variable_starts_nothing() {
    assert!(Emulator::start_unless_set("PATH").unwrap().is_none());
    let emulator = Emulator::start_unless_set("MISTRAL_EMULATOR_TEST_UNSET").unwrap();
    assert_eq!(emulator.unwrap().api_key(), Emulator::API_KEY);
}

#[test]
fn a_port_that_is_taken_is_an_error() {
    let emulator = start();
    assert!(Emulator::builder().port(emulator.port()).start().is_err());
}

/// A running program that ends with the test.
struct Program(Child);

impl Drop for Program {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

#[test]
fn the_program_serves_and_says_where() {
    let mut program = Command::new(env!("CARGO_BIN_EXE_mistral-emulator"));
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
    let answer = common::at(port.parse().unwrap(), "k", "GET", "/v1/models").send();
    assert_eq!(answer.status, 200);
}

#[test]
fn the_program_explains_itself() {
    let run = |argument: &str| {
        Command::new(env!("CARGO_BIN_EXE_mistral-emulator"))
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
    let mistake = run("--nonsense");
    assert_eq!(mistake.status.code(), Some(2));
    assert!(
        String::from_utf8(mistake.stderr)
            .unwrap()
            .contains("--nonsense")
    );
}

//! The program: options, signals, memory, and running other programs.

#![cfg(unix)] // signals are sent with `kill`
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "helpers of tests may panic as tests do"
)]

mod exec;
mod memory;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::time::Duration;

const PROGRAM: &str = env!("CARGO_BIN_EXE_emulator");

fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(PROGRAM);
    command.args(arguments).stdin(Stdio::null());
    command
}

fn output(arguments: &[&str]) -> Output {
    command(arguments).output().unwrap()
}

/// A program that serves, and is killed on drop.
struct Server {
    child: Child,
    line: String,
    address: String,
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

impl Server {
    fn start(arguments: &[&str]) -> Self {
        Self::spawn(command(&[&["--port", "0"], arguments].concat()))
    }

    fn spawn(mut command: Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        let output = child.stdout.take().unwrap();
        BufReader::new(output).read_line(&mut line).unwrap();
        let (_, rest) = line.split_once("http://").expect("a URL");
        let address = rest.split(',').next().unwrap().to_owned();
        Self {
            child,
            line,
            address,
        }
    }

    fn connect(&self) -> TcpStream {
        let connection = TcpStream::connect(&self.address).unwrap();
        connection
            .set_read_timeout(Some(Duration::from_secs(60)))
            .unwrap();
        connection
    }

    /// Sends a request on a connection of its own and returns the response as text.
    fn request(&self, method: &str, path: &str, body: &str) -> String {
        let mut connection = self.connect();
        connection
            .write_all(request(method, path, body, "close").as_bytes())
            .unwrap();
        let mut response = String::new();
        connection.read_to_string(&mut response).unwrap();
        response
    }

    fn signal(&self, name: &str) {
        let id = self.child.id().to_string();
        assert!(
            Command::new("kill")
                .args(["-s", name, &id])
                .status()
                .unwrap()
                .success()
        );
    }

    fn wait(&mut self) -> ExitStatus {
        self.child.wait().unwrap()
    }
}

fn request(method: &str, path: &str, body: &str, connection: &str) -> String {
    format!(
        "{method} {path} HTTP/1.1\r\nhost: e\r\nauthorization: Bearer emulator\r\n\
         content-type: application/json\r\nconnection: {connection}\r\n\
         content-length: {}\r\n\r\n{body}",
        body.len()
    )
}

const CHAT: &str =
    r#"{"model":"mistral-small-latest","messages":[{"role":"user","content":"Hi"}]}"#;

#[test]
fn program_version_and_help_are_printed() {
    let version = output(&["--version"]);
    assert!(version.status.success());
    let expected = format!("mistral-emulator {}\n", env!("CARGO_PKG_VERSION"));
    assert_eq!(String::from_utf8(version.stdout).unwrap(), expected);
    let help = String::from_utf8(output(&["--help"]).stdout).unwrap();
    assert!(help.contains("--api-key") && help.contains("/_emulator/faults"));
}

#[test]
fn program_bad_options_exit_2_with_their_name() {
    for (arguments, reason) in [
        (&["--nonsense"][..], "--nonsense"),
        (
            &["--replies", "/nowhere.json"],
            "/nowhere.json cannot be read",
        ),
        (
            &["--models", "/nowhere.json"],
            "/nowhere.json cannot be read",
        ),
        (
            &["--replay", "/nowhere.json"],
            "/nowhere.json cannot be read",
        ),
    ] {
        let output = output(arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        let error = String::from_utf8(output.stderr).unwrap();
        assert!(error.contains(reason), "{error}");
    }
}

#[test]
fn program_used_port_exits_1() {
    let server = Server::start(&[]);
    let port = server.address.rsplit(':').next().unwrap();
    let output = output(&["--port", port]);
    assert_eq!(output.status.code(), Some(1));
    let error = String::from_utf8(output.stderr).unwrap();
    assert!(
        error.contains(&format!("cannot listen on 127.0.0.1 port {port}")),
        "{error}"
    );
}

#[test]
fn program_options_come_from_the_environment() {
    let mut command = command(&[]);
    command
        .env("MISTRAL_EMULATOR_PORT", "0")
        .env("MISTRAL_EMULATOR_API_KEY", "k");
    let server = Server::spawn(command);
    assert!(server.line.contains("MISTRAL_API_KEY=k"), "{}", server.line);
}

#[test]
fn program_on_all_interfaces_prints_a_reachable_url() {
    let server = Server::start(&["--host", "0.0.0.0"]);
    assert!(
        server.address.starts_with("127.0.0.1:"),
        "{}",
        server.address
    );
    assert!(
        server
            .request("GET", "/health", "")
            .starts_with("HTTP/1.1 200")
    );
}

#[test]
fn program_on_ipv6_serves() {
    if std::net::TcpListener::bind("[::1]:0").is_err() {
        eprintln!("skipped: this machine has no IPv6");
        return;
    }
    let server = Server::start(&["--host", "::"]);
    assert!(server.address.starts_with("[::1]:"), "{}", server.address);
    assert!(
        server
            .request("GET", "/health", "")
            .starts_with("HTTP/1.1 200")
    );
}

#[test]
fn program_health_tells_whether_an_emulator_serves() {
    let mut server = Server::start(&[]);
    let port = server.address.rsplit(':').next().unwrap().to_owned();
    assert!(output(&["--port", &port, "health"]).status.success());
    server.signal("TERM");
    server.wait();
    assert_eq!(output(&["--port", &port, "health"]).status.code(), Some(1));
}

#[test]
fn program_signal_term_or_int_ends_it_with_0() {
    for signal in ["TERM", "INT"] {
        let mut server = Server::start(&[]);
        server.signal(signal);
        assert_eq!(server.wait().code(), Some(0), "{signal}");
    }
}

/// As in a container, where a signal without a handler does not end process 1.
#[test]
fn program_signal_term_ends_process_1() {
    let namespace = [
        "--user",
        "--map-root-user",
        "--pid",
        "--fork",
        "--kill-child",
    ];
    let can_unshare = Command::new("unshare").args(namespace).arg("true").status();
    if !can_unshare.is_ok_and(|status| status.success()) {
        eprintln!("skipped: this machine cannot create a namespace of processes");
        return;
    }
    let mut command = Command::new("unshare");
    command.args(namespace).args([PROGRAM, "--port", "0"]);
    let mut server = Server::spawn(command);
    // `unshare` ignores the signal and exits with the code of its child, which is process 1.
    let parent = server.child.id();
    let children =
        std::fs::read_to_string(format!("/proc/{parent}/task/{parent}/children")).unwrap();
    let killed = Command::new("kill")
        .args(["-s", "TERM", children.trim()])
        .status();
    assert!(killed.unwrap().success());
    assert_eq!(server.wait().code(), Some(0));
}

#[test]
fn program_signal_lets_a_response_end() {
    let mut server = Server::start(&["--token-delay", "30"]);
    let mut connection = server.connect();
    let body = CHAT.replacen('{', r#"{"stream":true,"#, 1);
    connection
        .write_all(request("POST", "/v1/chat/completions", &body, "keep-alive").as_bytes())
        .unwrap();
    let mut first = [0; 1];
    connection.read_exact(&mut first).unwrap();
    server.signal("TERM");
    let mut rest = String::new();
    connection.read_to_string(&mut rest).unwrap();
    assert!(rest.contains("data: [DONE]"), "{rest}");
    assert_eq!(server.wait().code(), Some(0));
}

#[test]
fn program_verbose_prints_requests() {
    let mut command = command(&["--port", "0", "--verbose"]);
    command.stderr(Stdio::piped());
    let mut server = Server::spawn(command);
    server.request("GET", "/v1/nothing?page=1&api_key=s3cret", "");
    let mut line = String::new();
    let errors = server.child.stderr.take().unwrap();
    BufReader::new(errors).read_line(&mut line).unwrap();
    assert!(
        line.starts_with("GET /v1/nothing?page=1&api_key=*** → 404 in "),
        "{line}"
    );
}

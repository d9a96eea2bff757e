//! The program: options, signals, memory, and running other programs.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "helpers of tests may panic as tests do"
)]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::time::Duration;

const PROGRAM: &str = env!("CARGO_BIN_EXE_mistral-emulator");

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
    server.request("GET", "/v1/nothing", "");
    let mut line = String::new();
    let errors = server.child.stderr.take().unwrap();
    BufReader::new(errors).read_line(&mut line).unwrap();
    assert!(line.starts_with("GET /v1/nothing → 404 in "), "{line}");
}

/// The resident memory of a process in kilobytes.
fn resident(process: u32) -> i64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let line = status
        .lines()
        .find(|line| line.starts_with("VmRSS:"))
        .unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

/// The program ran 100,000 calls and 200 uploads of 1 MB by hand; this is the short form.
#[test]
fn program_memory_is_flat() {
    if !std::path::Path::new("/proc/self/status").exists() {
        eprintln!("skipped: this system does not tell the resident memory");
        return;
    }
    let count = |name: &str, default: usize| {
        std::env::var(name).map_or(default, |value| value.parse().unwrap())
    };
    let calls = count("MISTRAL_EMULATOR_TEST_CALLS", 2_000);
    let uploads = count("MISTRAL_EMULATOR_TEST_UPLOADS", 12);
    let server = Server::start(&[]);
    // Fills the log of requests, which is bounded.
    let run = |calls: usize, uploads: usize| {
        let mut connection = BufReader::new(server.connect());
        let chat = request("POST", "/v1/chat/completions", CHAT, "keep-alive");
        for _ in 0..calls {
            exchange(&mut connection, chat.as_bytes());
        }
        let content = "x".repeat(1024 * 1024);
        for _ in 0..uploads {
            let id = upload(&mut connection, &content);
            let delete = request("DELETE", &format!("/v1/files/{id}"), "", "keep-alive");
            exchange(&mut connection, delete.as_bytes());
        }
    };
    run(1_000, 6);
    let before = resident(server.child.id());
    run(calls, uploads);
    let grown = resident(server.child.id()) - before;
    println!("{calls} calls and {uploads} uploads: {before} kB, {grown:+} kB");
    assert!(grown < 10 * 1024, "{before} kB grew by {grown} kB");
}

/// Sends a request and returns the body of the response.
fn exchange(connection: &mut BufReader<TcpStream>, request: &[u8]) -> String {
    connection.get_mut().write_all(request).unwrap();
    let mut length = 0;
    loop {
        let mut line = String::new();
        connection.read_line(&mut line).unwrap();
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().unwrap();
        }
        if line == "\r\n" {
            break;
        }
    }
    let mut body = vec![0; length];
    connection.read_exact(&mut body).unwrap();
    String::from_utf8(body).unwrap()
}

fn upload(connection: &mut BufReader<TcpStream>, content: &str) -> String {
    let form = format!(
        "--edge\r\ncontent-disposition: form-data; name=\"purpose\"\r\n\r\nocr\r\n\
         --edge\r\ncontent-disposition: form-data; name=\"file\"; filename=\"a.pdf\"\r\n\r\n\
         {content}\r\n--edge--\r\n"
    );
    let request = request("POST", "/v1/files", &form, "keep-alive")
        .replace("application/json", "multipart/form-data; boundary=edge");
    let file = exchange(connection, request.as_bytes());
    let (_, rest) = file.split_once("\"id\":\"").expect(&file);
    rest.split('"').next().unwrap().to_owned()
}

#[cfg(unix)]
mod exec {
    use super::*;

    #[test]
    fn exec_sets_the_environment_and_returns_the_exit_code() {
        let script = "echo $MISTRAL_API_KEY; echo $MISTRAL_SERVER; echo $MISTRAL_PROVIDER; \
                      echo $AZURE_ENDPOINT; echo $GCP_ENDPOINT; echo $OPENAI_BASE_URL; exit 7";
        let output = command(&["--api-key", "k", "exec", "sh", "-c", script])
            .env_remove("MISTRAL_PROVIDER")
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(7));
        let text = String::from_utf8(output.stdout).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        let url = lines[1];
        assert!(url.starts_with("http://127.0.0.1:"), "{text}");
        assert_eq!(
            lines,
            [
                "k",
                url,
                "api",
                &format!("{url}/models"),
                url,
                &format!("{url}/v1")
            ]
        );
    }

    #[test]
    fn exec_keeps_a_provider_that_is_set() {
        let output = command(&["exec", "sh", "-c", "echo $MISTRAL_PROVIDER"])
            .env("MISTRAL_PROVIDER", "gcp")
            .output()
            .unwrap();
        assert_eq!(String::from_utf8(output.stdout).unwrap(), "gcp\n");
    }

    #[test]
    fn exec_serves_while_the_program_runs() {
        let address = "$(echo $MISTRAL_SERVER | sed 's#.*:##')";
        let script = format!("{PROGRAM} --port {address} health");
        let output = output(&["exec", "--", "sh", "-c", &script]);
        assert_eq!(output.status.code(), Some(0), "{output:?}");
    }

    #[test]
    fn exec_of_missing_program_exits_127() {
        let output = output(&["exec", "/nowhere/program"]);
        assert_eq!(output.status.code(), Some(127));
        let error = String::from_utf8(output.stderr).unwrap();
        assert!(error.contains("cannot run /nowhere/program"), "{error}");
    }

    #[test]
    fn exec_forwards_signals() {
        let script = "trap 'echo ended; exit 9' TERM; echo ready; while :; do sleep 0.05; done";
        let mut child = command(&["exec", "sh", "-c", script])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut output = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        output.read_line(&mut line).unwrap();
        assert_eq!(line, "ready\n");
        let id = child.id().to_string();
        assert!(
            Command::new("kill")
                .args(["-s", "TERM", &id])
                .status()
                .unwrap()
                .success()
        );
        let mut rest = String::new();
        output.read_to_string(&mut rest).unwrap();
        assert_eq!(rest, "ended\n");
        assert_eq!(child.wait().unwrap().code(), Some(9));
    }

    #[test]
    fn exec_of_killed_program_exits_as_shells_do() {
        let output = output(&["exec", "sh", "-c", "kill -9 $$"]);
        assert_eq!(output.status.code(), Some(128 + 9));
    }
}

//! Running other programs.

use std::io::{BufRead, BufReader, Read};
use std::process::{Command, Stdio};

use crate::{PROGRAM, command, output};

#[test]
fn exec_sets_the_environment_and_returns_the_exit_code() {
    let script = "echo $MISTRAL_API_KEY; echo $MISTRAL_SERVER; echo $MISTRAL_PROVIDER; \
                  echo $AZURE_ENDPOINT; echo $GCP_ENDPOINT; echo $OPENAI_BASE_URL; \
                  echo $AWS_BEDROCK_BASE_URL $AWS_SECRET_ACCESS_KEY \
                  $AWS_BEARER_TOKEN_BEDROCK $AWS_SESSION_TOKEN; exit 7";
    let output = command(&["--api-key", "k", "exec", "sh", "-c", script])
        .env_remove("MISTRAL_PROVIDER")
        // The program must not send real credentials to the emulator.
        .envs([
            ("AWS_BEARER_TOKEN_BEDROCK", "x"),
            ("AWS_SESSION_TOKEN", "x"),
        ])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(7));
    let text = String::from_utf8(output.stdout).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    let url = lines[1];
    assert!(url.starts_with("http://127.0.0.1:"), "{text}");
    let (v1, bedrock) = (format!("{url}/v1"), format!("{url}/bedrock/v1 k"));
    assert_eq!(lines, ["k", url, "api", url, url, &*v1, &*bedrock]);
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

//! `Client::from_env`, in a child process.

use std::process::Command;

use mistral_emulator::Emulator;
use mistral_sdk::blocking::Client;
use mistral_sdk::chat::ChatCompletionRequest;

const CHILD: &str = "MISTRAL_TEST_CHILD";

#[test]
fn blocking_env_child_process() {
    if std::env::var_os(CHILD).is_none() {
        return;
    }
    if std::env::var_os("MISTRAL_PROVIDER").is_some() {
        let request = ChatCompletionRequest::new("m", "Who painted Olympia?");
        let client = Client::from_env().unwrap();
        let response = client.chat().complete(&request).send().unwrap();
        println!("outcome: {}: {}", client.provider_name(), response.text());
        return;
    }
    let listed = Client::from_env().and_then(|client| client.models().list().send());
    match listed {
        Ok(models) => println!("outcome: {} models", models.data.len()),
        Err(error) => println!("outcome: {error}"),
    }
}

/// Runs `Client::from_env` and a first call in a child process with only these variables, and
/// returns its output.
fn outcome(variables: &[(&str, &str)]) -> String {
    let mut child = Command::new(std::env::current_exe().unwrap());
    child.args([
        "--exact",
        "environment::blocking_env_child_process",
        "--nocapture",
    ]);
    for (name, _) in std::env::vars_os() {
        let is_ours = |name: &str| {
            ["MISTRAL_", "AWS_", "AZURE", "GCP_", "GOOGLE_"]
                .iter()
                .any(|it| name.starts_with(it))
        };
        if name.to_str().is_some_and(is_ours) {
            child.env_remove(name);
        }
    }
    child.env(CHILD, "1").envs(variables.iter().copied());
    let output = String::from_utf8(child.output().unwrap().stdout).unwrap();
    let line = output.lines().find_map(|line| line.split_once("outcome: "));
    line.unwrap_or_else(|| panic!("{output}")).1.to_owned()
}

#[test]
fn blocking_from_env_reads_same_variables_as_async() {
    let emulator = Emulator::start().unwrap();
    let (key, url) = (emulator.api_key(), emulator.url());
    let output_line = outcome(&[("MISTRAL_API_KEY", key), ("MISTRAL_SERVER", url)]);
    assert!(
        output_line.ends_with(" models") && !output_line.starts_with('0'),
        "{output_line}"
    );
    let output_line = outcome(&[]);
    assert!(
        output_line.starts_with("MISTRAL_API_KEY is not set"),
        "{output_line}"
    );
}

/// The search for credentials, and the one on the metadata service, need the runtime of the client.
#[test]
fn blocking_from_env_signs_requests_to_bedrock() {
    let emulator = Emulator::start().unwrap();
    let environment = emulator.environment();
    let has_key = |name: &str| name.contains("ACCESS_KEY");
    for without_key in [false, true] {
        let variables = environment.iter();
        let variables = variables.filter(|(name, _)| !(without_key && has_key(name)));
        let mut variables: Vec<_> = variables
            .map(|(name, value)| (*name, value.as_str()))
            .collect();
        variables.extend([("MISTRAL_PROVIDER", "aws"), ("HOME", "/nowhere")]);
        let output_line = outcome(&variables);
        assert!(output_line.starts_with("aws: "), "{output_line}");
        assert!(output_line.contains("Manet"), "{output_line}");
    }
}

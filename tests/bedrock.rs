//! Amazon Bedrock on the emulator: API keys, signatures and the metadata service.

use std::process::Command;

use mistral_emulator::Emulator;
use mistral_sdk::chat::ChatCompletionRequest;
use mistral_sdk::{AwsCredentials, Client, ErrorKind, MistralBedrock};

const CHILD: &str = "MISTRAL_TEST_CHILD";

fn chat_request() -> ChatCompletionRequest {
    ChatCompletionRequest::new("mistral-small-latest", "Who painted Olympia?")
}

#[tokio::test]
async fn bedrock_wrong_key_is_rejected_and_header_of_the_caller_is_signed() {
    let emulator = Emulator::start().unwrap();
    let client = |id: &str, secret: &str| {
        let endpoint = format!("{}/bedrock/openai/v1", emulator.url());
        let builder = MistralBedrock::builder().region("eu-west-1");
        let key = AwsCredentials::new(id, secret);
        let bedrock = builder.endpoint(endpoint).credentials(key).build();
        Client::new(bedrock.unwrap()).unwrap()
    };
    let request = chat_request();
    let right = client("AKIAEMULATOR", emulator.api_key());
    assert!(right.chat().complete(&request).await.is_ok());
    for (id, secret, reason) in [
        ("AKIAEMULATOR", "wrong", "Check your AWS Secret Access Key"),
        ("AKIAOTHER", emulator.api_key(), "security token"),
    ] {
        let error = client(id, secret).chat().complete(&request).await;
        let error = error.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::PermissionDenied);
        assert!(error.to_string().contains(reason), "{error}");
    }
    let call = right.chat().complete(&request);
    let call = call.header("content-type", "application/json; charset=utf-8");
    assert!(call.await.is_ok());
}

#[tokio::test]
async fn bedrock_api_key_is_accepted_on_both_prefixes() {
    let emulator = Emulator::start().unwrap();
    for path in ["/bedrock", "/bedrock/openai/v1"] {
        let builder = MistralBedrock::builder().api_key(emulator.api_key());
        let bedrock = builder.endpoint(format!("{}{path}", emulator.url()));
        let client = Client::new(bedrock.build().unwrap()).unwrap();
        let response = client.chat().complete(&chat_request()).await.unwrap();
        assert!(response.text().contains("Manet"), "{path}");
    }
}

/// Asks one question with `Client::from_env`.
#[tokio::test]
async fn env_child_process() {
    if std::env::var_os(CHILD).is_none() {
        return;
    }
    let client = Client::from_env().unwrap();
    let response = client.chat().complete(&chat_request()).await.unwrap();
    println!("{}", response.text());
}

#[test]
fn from_env_bedrock_signs_with_the_role_of_the_instance() {
    let emulator = Emulator::start().unwrap();
    let home = std::env::temp_dir().join("mistral-no-aws-profile");
    let mut child = Command::new(std::env::current_exe().unwrap());
    child
        .args(["--exact", "env_child_process", "--nocapture"])
        .envs(emulator.environment())
        .env("HOME", &home)
        .env("MISTRAL_PROVIDER", "bedrock")
        .env(CHILD, "1");
    for name in [
        "AWS_ACCESS_KEY_ID",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_BEARER_TOKEN_BEDROCK",
        "AWS_SESSION_TOKEN",
    ] {
        child.env_remove(name);
    }
    let output = String::from_utf8(child.output().unwrap().stdout).unwrap();
    assert!(output.contains("Manet painted Olympia"), "{output}");
    let requests = emulator.requests();
    let roles = "/latest/meta-data/iam/security-credentials/";
    let asked = requests.iter().filter(|it| it.path.starts_with(roles));
    assert_eq!(asked.count(), 2, "{requests:?}");
}

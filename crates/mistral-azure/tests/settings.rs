//! Mistakes are told before anything is sent, in words that name the setting and the fix.

#![allow(clippy::unwrap_used, clippy::panic)] // helpers outside of test functions may panic as tests do

mod common;

use std::process::Command;

use common::{Recorder, question};
use mistral_azure::MistralAzure;
use mistral_core::ErrorKind;

const RESOURCE: &str = "https://res.services.ai.azure.com";

#[test]
fn endpoints_that_cannot_be_any_form_are_refused() {
    println!();
    for (endpoint, words) in [
        ("", "`https://<resource>.services.ai.azure.com`"),
        ("res.services.ai.azure.com", "is not a URL"),
        ("https://<resource>.services.ai.azure.com", "is not a URL"),
        ("ftp://res.services.ai.azure.com", "`https://`"),
        ("http://res.services.ai.azure.com", "`https://`"),
        ("https://", "is not a URL"),
        ("https://ai.azure.com/resource/overview", "a portal"),
        ("https://services.ai.azure.com/models", "names no resource"),
        ("https://.services.ai.azure.com/models", "names no resource"),
        (
            "https://res.services.ai.azure.com/anthropic/v1/messages",
            "`/anthropic/v1/messages`",
        ),
        (
            "https://res.services.ai.azure.com/v1/chat/completions",
            "the known forms are",
        ),
        (
            "https://res.services.ai.azure.com/team/models",
            "the known forms are",
        ),
        (
            "https://res.openai.azure.com/openai/responses",
            "the known forms are",
        ),
        (
            "https://x.eastus.models.ai.azure.com/score",
            "the known forms are",
        ),
        (
            "https://res.cognitiveservices.azure.com/openai/deployments/{deployment}/chat/completions",
            "not the name of a deployment",
        ),
        (
            "https://res.services.ai.azure.com?api-version=1&x=s3cret",
            "not `x`",
        ),
        ("https://res.services.ai.azure.com#models", "fragment"),
        (
            "https://user:s3cret@res.services.ai.azure.com",
            "the key by itself",
        ),
    ] {
        let builder = MistralAzure::builder().endpoint(endpoint).api_key("k3y");
        let error = match builder.build() {
            Ok(azure) => panic!("{endpoint}: {azure:?}"),
            Err(error) => error,
        };
        println!("{endpoint}\n    {error}");
        assert_eq!(error.kind(), ErrorKind::Config);
        let text = error.to_string();
        assert!(
            text.contains("`endpoint`") && text.contains(words),
            "{text}"
        );
        assert!(
            !format!("{error:#} {error:?}").contains("s3cret"),
            "{error:?}"
        );
    }
}

#[test]
fn settings_that_cannot_work_are_refused() {
    let builder = || MistralAzure::builder().endpoint(RESOURCE).api_key("k3y");
    for (builder, words) in [
        (MistralAzure::builder().api_key("k3y"), "AZURE_ENDPOINT"),
        (MistralAzure::builder().endpoint(RESOURCE), "AZURE_API_KEY"),
        (builder().api_key(" "), "`api_key` is empty"),
        (
            builder().api_key("s3cret\nx"),
            "`api_key` has a control character",
        ),
        (builder().api_version(" "), "`api_version` is empty"),
        (builder().model(""), "`model` is empty"),
    ] {
        let error = builder.build().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config);
        assert!(error.to_string().contains(words), "{error}");
        assert!(
            !format!("{error:#} {error:?}").contains("s3cret"),
            "{error:?}"
        );
    }
}

#[test]
fn keys_are_never_printed() {
    let builder = MistralAzure::builder().endpoint(RESOURCE);
    for builder in [
        builder.clone().api_key("s3cret"),
        builder.clone().api_key_fn(|| Ok("s3cret")),
    ] {
        let text = format!("{builder:?} {:?}", builder.clone().build().unwrap());
        assert!(!text.contains("s3cret"), "{text}");
        assert!(text.contains(RESOURCE), "{text}");
    }
}

const CHILD: &str = "MISTRAL_TEST_CHILD";

/// What `from_env` and a first call come to under these variables, in a process of its own.
fn outcome(variables: &[(&str, &str)]) -> String {
    let mut child = Command::new(std::env::current_exe().unwrap());
    child
        .args(["--exact", "child", "--nocapture"])
        .env(CHILD, "1");
    for name in [
        "AZURE_ENDPOINT",
        "AZUREAI_ENDPOINT",
        "AZURE_API_KEY",
        "AZURE_API_VERSION",
        "AZURE_MODEL",
    ] {
        child.env_remove(name);
    }
    let output = child.envs(variables.iter().copied()).output().unwrap();
    let output = String::from_utf8(output.stdout).unwrap();
    let line = output.lines().find_map(|line| line.split_once("outcome: "));
    line.unwrap_or_else(|| panic!("{output}")).1.to_owned()
}

#[tokio::test]
async fn child() {
    if std::env::var_os(CHILD).is_none() {
        return;
    }
    match MistralAzure::from_env() {
        Err(error) => println!("outcome: {error}"),
        Ok(azure) => {
            let recorder = Recorder::willing();
            let client = recorder.client(azure);
            client.chat().complete(&question("")).await.unwrap();
            let sent = recorder.last();
            let key = sent.header("authorization");
            println!("outcome: {} {} {key:?}", sent.uri, sent.body["model"]);
        }
    }
}

#[test]
fn everything_can_come_from_the_environment() {
    let key = ("AZURE_API_KEY", " k3y\n");
    let endpoint = ("AZURE_ENDPOINT", RESOURCE);
    let other = (
        "AZUREAI_ENDPOINT",
        "https://other.services.ai.azure.com/models",
    );
    for (variables, expected) in [
        (
            vec![key, endpoint],
            r#"https://res.services.ai.azure.com/models/chat/completions?api-version=2024-05-01-preview "azureai" Some("Bearer k3y")"#,
        ),
        (
            vec![
                key,
                endpoint,
                other,
                ("AZURE_MODEL", "large"),
                ("AZURE_API_VERSION", "v"),
            ],
            r#"https://res.services.ai.azure.com/models/chat/completions?api-version=v "large" Some("Bearer k3y")"#,
        ),
        (
            vec![key, other, ("AZURE_ENDPOINT", " "), ("AZURE_MODEL", " ")],
            r#"https://other.services.ai.azure.com/models/chat/completions?api-version=2024-05-01-preview "azureai" Some("Bearer k3y")"#,
        ),
    ] {
        assert_eq!(outcome(&variables), expected);
    }
    for (variables, words) in [
        (vec![key], "set AZURE_ENDPOINT"),
        (vec![endpoint], "set AZURE_API_KEY"),
        (
            vec![key, ("AZURE_ENDPOINT", "res")],
            "AZURE_ENDPOINT is not a URL",
        ),
        (
            vec![key, ("AZUREAI_ENDPOINT", "https://ai.azure.com")],
            "AZUREAI_ENDPOINT: ",
        ),
        (
            vec![endpoint, ("AZURE_API_KEY", "s3cret\nx")],
            "AZURE_API_KEY has a control",
        ),
    ] {
        let outcome = outcome(&variables);
        assert!(outcome.contains(words), "{outcome}");
        assert!(!outcome.contains("s3cret"), "{outcome}");
    }
}

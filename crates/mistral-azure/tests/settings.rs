//! Invalid settings fail at construction, with an error that names the setting and the fix.

#![allow(clippy::unwrap_used, clippy::panic)] // helpers outside of test functions may panic as tests do

mod common;

use std::process::Command;

use common::{RecordingTransport, chat_request};
use mistral_azure::{EndpointKind, MistralAzure, MistralAzureBuilder};
use mistral_core::ErrorKind;

const RESOURCE: &str = "https://res.services.ai.azure.com";

#[test]
fn azure_endpoint_of_unknown_kind_fails_to_build() {
    println!();
    for (endpoint, expected) in [
        ("", "`https://<resource>.services.ai.azure.com`"),
        ("res.services.ai.azure.com", "is not a URL"),
        ("https://<resource>.services.ai.azure.com", "is not a URL"),
        ("\"https://res.services.ai.azure.com", "is not a URL"),
        ("ftp://res.services.ai.azure.com", "`https://`"),
        ("http://res.services.ai.azure.com", "`https://`"),
        ("https://", "is not a URL"),
        ("https://ai.azure.com/resource/overview", "a portal"),
        ("https://ai.azure.us/?wsid=/subscriptions/1", "a portal"),
        ("https://portal.azure.cn/#home", "a portal"),
        ("https://services.ai.azure.com/models", "names no resource"),
        ("https://.services.ai.azure.com/models", "names no resource"),
        (
            "https://res.services.ai.azure.com/anthropic/v1/messages",
            "`/anthropic/v1/messages` serves models of Anthropic: set it to `https://res.services.ai.azure.com/openai/v1`",
        ),
        (
            "https://res.services.ai.azure.com/v1/chat/completions",
            "set it to `https://res.services.ai.azure.com/openai/v1`",
        ),
        (
            "https://res.services.ai.azure.com/v1/ocr",
            "set it to `https://res.services.ai.azure.com`",
        ),
        (
            "https://res.services.ai.azure.com/chat/completions?api-version=2024-05-01-preview",
            "set it to `https://res.services.ai.azure.com/openai/v1`",
        ),
        (
            "https://res.services.ai.azure.com/openai/responses?api-version=2025-04-01-preview",
            "`/openai/responses` is a route of the Responses API, which the SDK does not use on Azure: set it to `https://res.services.ai.azure.com/openai/v1`",
        ),
        (
            "https://res.services.ai.azure.com/api/projects/p/openai/v1/responses",
            "set it to `https://res.services.ai.azure.com/api/projects/p/openai/v1`",
        ),
        (
            "https://res.services.ai.azure.com/models/embeddings",
            "set it to `https://res.services.ai.azure.com/models`",
        ),
        (
            "https://res.services.ai.azure.com/openai/deployments/d/embeddings",
            "set it to `https://res.services.ai.azure.com/openai/deployments/d`",
        ),
        (
            "https://res.services.ai.azure.com/providers/mistral/azure/chat",
            "set it to `https://res.services.ai.azure.com`",
        ),
        (
            "https://res.openai.azure.com/providers/mistral/azure/ocr",
            "set it to `https://res.services.ai.azure.com`",
        ),
        (
            "https://res.cognitiveservices.azure.us/providers/mistral/azure/ocr",
            "set it to `https://res.services.ai.azure.us`",
        ),
        (
            "https://res.cognitiveservices.azure.com/openai/deployments/d/completions",
            "set it to `https://res.cognitiveservices.azure.com/openai/deployments/d`",
        ),
        (
            "https://res.services.ai.azure.com/team/models",
            "`/team/models`: set it to `https://res.services.ai.azure.com/openai/v1`",
        ),
        (
            "https://res.openai.azure.com/openai/responses",
            "set it to `https://res.openai.azure.com/openai/v1`",
        ),
        (
            "https://x.eastus.models.ai.azure.com/score",
            "set it to `https://x.eastus.models.ai.azure.com`",
        ),
        (
            "https://x.eastus.inference.ml.azure.com/score",
            "`/score` has another protocol than Mistral's API: set it to `https://x.eastus.inference.ml.azure.com`",
        ),
        (
            "https://gate.example/mistral/chat/completions",
            "`/mistral/chat/completions`",
        ),
        (
            "https://gate.example/mistral/ocr/",
            "the path of the operation",
        ),
        ("https://gate.example/score", "`/score`"),
        (
            "https://gate.example/openai/responses",
            "the known forms are",
        ),
        ("https://gate.example/v1/embeddings", "`/v1/embeddings`"),
        (
            "https://gate.example/v1/fim/completions",
            "`/v1/fim/completions`",
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
            text.contains("`endpoint`") && text.contains(expected),
            "{text}"
        );
        assert!(
            !format!("{error:#} {error:?}").contains("s3cret"),
            "{error:?}"
        );
    }
}

#[test]
fn azure_missing_or_blank_setting_fails_to_build() {
    let builder = || MistralAzure::builder().endpoint(RESOURCE).api_key("k3y");
    for (builder, expected) in [
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
        assert!(error.to_string().contains(expected), "{error}");
        assert!(
            !format!("{error:#} {error:?}").contains("s3cret"),
            "{error:?}"
        );
    }
}

#[test]
fn azure_debug_output_redacts_key() {
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

/// Runs `from_env` and a first call in a child process with these variables, and returns its
/// output.
fn outcome(variables: &[(&str, &str)]) -> String {
    outcome_of("empty", variables)
}

/// The same for `or_env` on a builder of this kind.
fn outcome_of(kind: &str, variables: &[(&str, &str)]) -> String {
    let mut child = Command::new(std::env::current_exe().unwrap());
    child
        .args(["--exact", "env_child_process", "--nocapture"])
        .env(CHILD, kind);
    for name in [
        "AZURE_ENDPOINT",
        "AZUREAI_ENDPOINT",
        "AZURE_ENDPOINT_KIND",
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
async fn env_child_process() {
    if std::env::var_os(CHILD).is_none() {
        return;
    }
    let own = MistralAzure::builder()
        .endpoint("https://own.services.ai.azure.com")
        .api_key("own")
        .model("own");
    let builder = match std::env::var(CHILD).as_deref() {
        Ok("own") => own,
        Ok("own kind") => own.endpoint_kind(EndpointKind::OpenAiV1),
        _ => MistralAzure::builder(),
    };
    match builder.or_env().and_then(MistralAzureBuilder::build) {
        Err(error) => println!("outcome: {error}"),
        Ok(azure) => {
            let transport = RecordingTransport::accepting();
            let client = transport.client(azure);
            client.chat().complete(&chat_request("")).await.unwrap();
            let sent = transport.last();
            let key = sent.header("authorization");
            println!("outcome: {} {} {key:?}", sent.uri, sent.body["model"]);
        }
    }
}

#[test]
fn azure_from_env_reads_every_variable() {
    let key = ("AZURE_API_KEY", " k3y\n");
    let endpoint = ("AZURE_ENDPOINT", RESOURCE);
    let other = (
        "AZUREAI_ENDPOINT",
        "https://other.services.ai.azure.com/models",
    );
    for (variables, expected) in [
        (
            vec![key, endpoint],
            r#"https://res.services.ai.azure.com/openai/v1/chat/completions "azureai" Some("Bearer k3y")"#,
        ),
        (
            vec![
                ("AZURE_API_KEY", "'k3y'"),
                ("AZURE_ENDPOINT", "\"https://res.services.ai.azure.com\"\n"),
                ("AZURE_MODEL", "\"\""),
            ],
            r#"https://res.services.ai.azure.com/openai/v1/chat/completions "azureai" Some("Bearer k3y")"#,
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
        (
            vec![key, endpoint, ("AZURE_ENDPOINT_KIND", "Models")],
            r#"https://res.services.ai.azure.com/models/chat/completions?api-version=2024-05-01-preview "azureai" Some("Bearer k3y")"#,
        ),
        (
            vec![key, endpoint, ("AZURE_ENDPOINT_KIND", " ")],
            r#"https://res.services.ai.azure.com/openai/v1/chat/completions "azureai" Some("Bearer k3y")"#,
        ),
        (
            vec![
                key,
                endpoint,
                ("AZURE_ENDPOINT_KIND", "openai-v1"),
                ("AZURE_API_VERSION", "v"),
            ],
            r#"https://res.services.ai.azure.com/openai/v1/chat/completions "azureai" Some("Bearer k3y")"#,
        ),
        // What the path shows counts.
        (
            vec![key, other, ("AZURE_ENDPOINT_KIND", "openai-v1")],
            r#"https://other.services.ai.azure.com/models/chat/completions?api-version=2024-05-01-preview "azureai" Some("Bearer k3y")"#,
        ),
        // So does a host that has one kind of route.
        (
            vec![
                key,
                ("AZURE_ENDPOINT", "https://x.eastus.models.ai.azure.com"),
                ("AZURE_ENDPOINT_KIND", "models"),
            ],
            r#"https://x.eastus.models.ai.azure.com/v1/chat/completions "azureai" Some("Bearer k3y")"#,
        ),
    ] {
        assert_eq!(outcome(&variables), expected);
    }
    for (variables, expected) in [
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
            vec![key, endpoint, ("AZURE_ENDPOINT_KIND", "foundry")],
            "AZURE_ENDPOINT_KIND must be `openai-v1`, `models`, `deployments` or `serverless`, not `foundry`",
        ),
        (
            vec![endpoint, ("AZURE_API_KEY", "s3cret\nx")],
            "AZURE_API_KEY has a control",
        ),
    ] {
        let outcome = outcome(&variables);
        assert!(outcome.contains(expected), "{outcome}");
        assert!(!outcome.contains("s3cret"), "{outcome}");
    }
}

#[test]
fn azure_or_env_fills_only_what_is_not_set() {
    let variables = [
        ("AZURE_ENDPOINT", RESOURCE),
        ("AZUREAI_ENDPOINT", RESOURCE),
        ("AZURE_API_KEY", "k3y"),
        ("AZURE_MODEL", "large"),
        ("AZURE_API_VERSION", "v"),
    ];
    assert_eq!(
        outcome_of("own", &variables),
        r#"https://own.services.ai.azure.com/models/chat/completions?api-version=v "own" Some("Bearer own")"#,
    );
    let kind = ("AZURE_ENDPOINT_KIND", "models");
    assert_eq!(
        outcome_of("own kind", &[kind]),
        r#"https://own.services.ai.azure.com/openai/v1/chat/completions "own" Some("Bearer own")"#,
    );
}

//! The builder of `MistralApi`: settings, the environment, and errors that name both.

#![allow(clippy::unwrap_used, clippy::panic)] // helpers outside of test functions may panic as tests do

use std::process::Command;

use http::HeaderMap;
use mistral_api::{MistralApi, MistralApiBuilder, Server};
use mistral_sdk::ErrorKind;
use mistral_sdk::provider::{Operation, Provider, RouteRequest};

const CHILD: &str = "MISTRAL_TEST_CHILD";
const LOCAL: &str = "http://localhost:8000/v1";

/// The URL of the list of models, and the `authorization` header.
async fn request_of(api: &MistralApi) -> (String, Option<String>) {
    let models = Operation::all().find(|operation| operation.name == "models.list");
    let route = api.route(&RouteRequest::new(models.unwrap())).unwrap();
    let mut headers = HeaderMap::new();
    api.authorize(None, &mut headers).await.unwrap();
    let header = headers.get("authorization");
    let header = header.map(|value| value.to_str().unwrap().to_owned());
    (route.url.into(), header)
}

#[tokio::test]
async fn builder_without_key_sends_no_authorization() {
    let builder = MistralApi::builder().base_url(LOCAL).without_key();
    let api = builder.build().unwrap();
    let (url, header) = request_of(&api).await;
    assert_eq!(url, "http://localhost:8000/v1/models");
    assert_eq!(header, None);
    assert!(format!("{api:?}").contains("none"), "{api:?}");
}

#[tokio::test]
async fn builder_last_credential_and_server_win() {
    let builder = MistralApi::builder()
        .without_key()
        .api_key_fn(|| Ok("first"))
        .api_key("Bearer second ")
        .base_url(LOCAL)
        .server(Server::Eu);
    let (url, header) = request_of(&builder.build().unwrap()).await;
    assert_eq!(url, "https://api.eu.mistral.ai/v1/models");
    assert_eq!(header.as_deref(), Some("Bearer second"));
}

#[test]
fn builder_invalid_setting_fails_and_names_setter() {
    let builder = MistralApi::builder;
    for (builder, expected) in [
        (
            builder(),
            vec!["MISTRAL_API_KEY", "`MistralApiBuilder::api_key`"],
        ),
        (
            builder().api_key(" "),
            vec!["`api_key` is empty", "without_key"],
        ),
        (
            builder().api_key("s3cret\nx"),
            vec!["`api_key` has a control character"],
        ),
        (builder().api_key("k").base_url("local"), vec!["`base_url`"]),
        (
            builder().without_key(),
            vec!["`without_key`", "base_url`", "MISTRAL_SERVER", "api_key`"],
        ),
        (
            builder().without_key().server(Server::Us),
            vec!["`without_key`"],
        ),
    ] {
        let error = builder.build().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config);
        for part in expected {
            assert!(error.to_string().contains(part), "{error}");
        }
        assert!(
            !format!("{error:#} {error:?}").contains("s3cret"),
            "{error:?}"
        );
    }
}

#[test]
fn builder_debug_output_redacts_key_and_url() {
    let builder = MistralApi::builder()
        .api_key("s3cret")
        .base_url("https://user:s3cret@gate.test");
    assert!(!format!("{builder:?}").contains("s3cret"), "{builder:?}");
}

/// Runs `or_env` on a builder in a child process with these variables, and returns its output.
fn outcome(kind: &str, variables: &[(&str, &str)]) -> String {
    let mut child = Command::new(std::env::current_exe().unwrap());
    child
        .args(["--exact", "env_child_process", "--nocapture"])
        .env(CHILD, kind);
    for name in ["MISTRAL_API_KEY", "MISTRAL_SA_TOKEN_PATH", "MISTRAL_SERVER"] {
        child.env_remove(name);
    }
    let output = child.envs(variables.iter().copied()).output().unwrap();
    let output = String::from_utf8(output.stdout).unwrap();
    let line = output.lines().find_map(|line| line.split_once("outcome: "));
    line.unwrap_or_else(|| panic!("{output}")).1.to_owned()
}

fn builder_of(kind: &str) -> MistralApiBuilder {
    let builder = MistralApi::builder();
    match kind {
        "empty" => builder,
        "keyed" => builder.api_key("own"),
        "local" => builder.base_url(LOCAL),
        "open" => builder.without_key(),
        _ => panic!("{kind}"),
    }
}

#[tokio::test]
async fn env_child_process() {
    let Ok(kind) = std::env::var(CHILD) else {
        return;
    };
    match builder_of(&kind)
        .or_env()
        .and_then(MistralApiBuilder::build)
    {
        Ok(api) => {
            let (url, header) = request_of(&api).await;
            println!("outcome: {url} {}", header.unwrap_or_default());
        }
        Err(error) => println!("outcome: {error}"),
    }
}

#[test]
fn builder_or_env_fills_only_what_is_not_set() {
    let key = ("MISTRAL_API_KEY", "\"env\"");
    let server = ("MISTRAL_SERVER", "eu");
    let url = ("MISTRAL_SERVER", "http://gate.test:1");
    let global = "https://api.mistral.ai/v1/models";
    let europe = "https://api.eu.mistral.ai/v1/models";
    let local = "http://localhost:8000/v1/models";
    for (kind, variables, expected) in [
        ("empty", vec![key], format!("{global} Bearer env")),
        ("empty", vec![key, server], format!("{europe} Bearer env")),
        ("keyed", vec![key, server], format!("{europe} Bearer own")),
        ("keyed", vec![], format!("{global} Bearer own")),
        ("local", vec![key, server], format!("{local} Bearer env")),
        (
            "open",
            vec![key, url],
            "http://gate.test:1/v1/models ".to_owned(),
        ),
    ] {
        assert_eq!(outcome(kind, &variables), expected);
    }
    for (kind, variables, expected) in [
        ("empty", vec![server], "MISTRAL_API_KEY is not set"),
        (
            "keyed",
            vec![("MISTRAL_SERVER", "asia")],
            "MISTRAL_SERVER: there is no server `asia`",
        ),
        (
            "keyed",
            vec![("MISTRAL_SERVER", "ftp://x")],
            "MISTRAL_SERVER",
        ),
        (
            "empty",
            vec![("MISTRAL_API_KEY", "a\nb")],
            "MISTRAL_API_KEY has a control character",
        ),
        ("open", vec![key], "`without_key`"),
    ] {
        let outcome = outcome(kind, &variables);
        assert!(outcome.contains(expected), "{outcome}");
    }
}

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
async fn builder_keyless_sends_no_authorization() {
    let builder = MistralApi::builder().base_url(LOCAL).keyless();
    let api = builder.build().unwrap();
    let (url, header) = request_of(&api).await;
    assert_eq!(url, "http://localhost:8000/v1/models");
    assert_eq!(header, None);
    assert!(format!("{api:?}").contains("none"), "{api:?}");
}

#[tokio::test]
async fn builder_last_credential_and_server_win() {
    let builder = MistralApi::builder()
        .keyless()
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
            vec!["`api_key` is empty", "keyless"],
        ),
        (
            builder().api_key("s3cret\nx"),
            vec!["`api_key` has a control character"],
        ),
        (builder().api_key("k").base_url("local"), vec!["`base_url`"]),
        (
            builder().keyless(),
            vec!["`keyless`", "base_url`", "MISTRAL_SERVER", "api_key`"],
        ),
        (builder().keyless().server(Server::Us), vec!["`keyless`"]),
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

/// The presets, with the base URL of an account where they have none of their own.
const SERVERS: [(Server, Option<&str>, &str); 12] = [
    (Server::Global, None, "https://api.mistral.ai/v1/models"),
    (Server::Eu, None, "https://api.eu.mistral.ai/v1/models"),
    (Server::Us, None, "https://api.us.mistral.ai/v1/models"),
    (Server::Vllm, None, "http://localhost:8000/v1/models"),
    (Server::Sglang, None, "http://localhost:30000/v1/models"),
    (Server::LlamaCpp, None, "http://localhost:8080/v1/models"),
    (Server::Ollama, None, "http://localhost:11434/v1/models"),
    (
        Server::Outscale,
        Some("https://vm.example"),
        "https://vm.example/v1/models",
    ),
    (Server::Scaleway, None, "https://api.scaleway.ai/v1/models"),
    (
        Server::Ovh,
        None,
        "https://oai.endpoints.kepler.ai.cloud.ovh.net/v1/models",
    ),
    (
        Server::Nim,
        None,
        "https://integrate.api.nvidia.com/v1/models",
    ),
    (
        Server::Snowflake,
        Some("https://acme.snowflakecomputing.com"),
        "https://acme.snowflakecomputing.com/api/v2/cortex/v1/models",
    ),
];

fn builder_of_server(server: Server, url: Option<&str>) -> MistralApiBuilder {
    let builder = MistralApi::builder().server(server);
    match url {
        Some(url) => builder.base_url(url),
        None => builder,
    }
}

#[tokio::test]
async fn builder_server_sets_address_and_key() {
    for (server, base_url, expected) in SERVERS {
        let keyed = builder_of_server(server, base_url).api_key("key").build();
        let (url, header) = request_of(&keyed.unwrap()).await;
        assert_eq!(url, expected);
        assert_eq!(header.as_deref(), Some("Bearer key"), "{server:?}");

        match builder_of_server(server, base_url).build() {
            Ok(api) => {
                assert!(!server.needs_key(), "{server:?}");
                assert_eq!(request_of(&api).await, (expected.to_owned(), None));
            }
            Err(error) => {
                assert!(server.needs_key(), "{server:?}");
                let error = error.to_string();
                assert!(error.contains("MISTRAL_API_KEY is not set"), "{error}");
                assert!(error.contains("`MistralApiBuilder::api_key`"), "{error}");
            }
        }
    }
}

#[tokio::test]
async fn builder_base_url_replaces_address_of_server() {
    for server in [Server::Vllm, Server::Outscale, Server::Eu] {
        let builder = builder_of_server(server, Some("https://gpu.example/team"));
        let (url, header) = request_of(&builder.keyless().build().unwrap()).await;
        assert_eq!(url, "https://gpu.example/team/v1/models");
        assert_eq!(header, None);
    }
    for url in [
        "https://acme.snowflakecomputing.com/",
        "https://acme.snowflakecomputing.com/api/v2/cortex/v1",
        "https://acme.snowflakecomputing.com/api/v2/cortex/v1/chat/completions",
    ] {
        let builder = MistralApi::builder().base_url(url).api_key("key");
        let (url, _) = request_of(&builder.build().unwrap()).await;
        assert_eq!(
            url,
            "https://acme.snowflakecomputing.com/api/v2/cortex/v1/models"
        );
    }
}

#[tokio::test]
async fn builder_private_host_needs_no_key() {
    for (host, is_private) in [
        ("http://localhost:8000", true),
        ("http://127.0.0.1:8080/v1", true),
        ("http://[::1]:8000", true),
        ("http://10.0.0.7:8000", true),
        ("http://vllm:8000", true),
        ("http://gpu.internal:8000", true),
        ("https://gate.example", false),
    ] {
        match MistralApi::builder().base_url(host).build() {
            Ok(api) => {
                assert!(is_private, "{host}");
                assert_eq!(request_of(&api).await.1, None);
            }
            Err(error) => {
                assert!(!is_private, "{host}");
                let error = error.to_string();
                for part in [
                    "MISTRAL_API_KEY",
                    "api_key`",
                    "keyless`",
                    "MISTRAL_PROVIDER",
                ] {
                    assert!(error.contains(part), "{error}");
                }
            }
        }
        let keyed = MistralApi::builder().base_url(host).api_key("key").build();
        let (_, header) = request_of(&keyed.unwrap()).await;
        assert_eq!(header.as_deref(), Some("Bearer key"), "a key is sent");
    }
}

/// The rule for keys is that of the service, whether it is named or its URL is set.
#[test]
fn builder_url_of_a_service_has_its_rule_for_keys() {
    for (url, source) in [
        ("https://api.mistral.ai/v1", Some("console.mistral.ai")),
        ("https://codestral.mistral.ai", Some("console.mistral.ai")),
        ("https://api.scaleway.ai/v1", Some("console.scaleway.com")),
        (
            "https://api.scaleway.ai/0f0f0f/v1",
            Some("console.scaleway.com"),
        ),
        (
            "https://integrate.api.nvidia.com/v1",
            Some("build.nvidia.com"),
        ),
        (
            "https://acme.snowflakecomputing.com",
            Some("programmatic access token"),
        ),
        ("https://oai.endpoints.kepler.ai.cloud.ovh.net/v1", None),
    ] {
        match (MistralApi::builder().base_url(url).build(), source) {
            (Ok(_), None) => {}
            (Err(error), Some(source)) => {
                assert!(error.to_string().contains(source), "{error}");
            }
            (result, _) => panic!("{url}: {result:?}"),
        }
    }
}

#[test]
fn server_without_common_address_fails_before_io_and_names_the_setting() {
    for server in [Server::Outscale, Server::Snowflake] {
        let error = MistralApi::builder().server(server).api_key("k").build();
        let error = error.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config);
        let models = Operation::all().find(|operation| operation.name == "models.list");
        let api = MistralApi::new("k").unwrap().server(server);
        let late = api.route(&RouteRequest::new(models.unwrap())).unwrap_err();
        assert_eq!(late.to_string(), error.to_string());
        for part in [server.name(), "base_url`", "MISTRAL_SERVER", "https://"] {
            assert!(error.to_string().contains(part), "{error}");
        }
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
        "open" => builder.keyless(),
        _ => panic!("{kind}"),
    }
}

#[tokio::test]
async fn env_child_process() {
    let Ok(kind) = std::env::var(CHILD) else {
        return;
    };
    let built = match kind.as_str() {
        "elsewhere" => MistralApi::local_from_env(),
        kind => builder_of(kind).or_env().and_then(MistralApiBuilder::build),
    };
    match built {
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
        ("local", vec![], format!("{local} ")),
        (
            "empty",
            vec![("MISTRAL_SERVER", "http://10.0.0.7:1")],
            "http://10.0.0.7:1/v1/models ".to_owned(),
        ),
        (
            "empty",
            vec![key, ("MISTRAL_SERVER", "http://10.0.0.7:1")],
            "http://10.0.0.7:1/v1/models Bearer env".to_owned(),
        ),
        (
            "empty",
            vec![("MISTRAL_SERVER", "Ollama")],
            "http://localhost:11434/v1/models ".to_owned(),
        ),
        (
            "empty",
            vec![key, ("MISTRAL_SERVER", "scaleway")],
            "https://api.scaleway.ai/v1/models Bearer env".to_owned(),
        ),
        (
            "elsewhere",
            vec![url],
            "http://gate.test:1/v1/models ".to_owned(),
        ),
        (
            "elsewhere",
            vec![key, url],
            "http://gate.test:1/v1/models Bearer env".to_owned(),
        ),
        (
            "elsewhere",
            vec![("MISTRAL_SERVER", "llama.cpp")],
            "http://localhost:8080/v1/models ".to_owned(),
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
        ("open", vec![key], "`keyless`"),
        ("empty", vec![url], "`gate.test` is not a host of a private"),
        (
            "empty",
            vec![("MISTRAL_SERVER", "scaleway")],
            "console.scaleway.com",
        ),
        (
            "empty",
            vec![key, ("MISTRAL_SERVER", "snowflake")],
            "`https://ACCOUNT.snowflakecomputing.com`",
        ),
        ("elsewhere", vec![key], "MISTRAL_SERVER is not set"),
        (
            "elsewhere",
            vec![key, server],
            "MISTRAL_SERVER is a server of Mistral, `eu`",
        ),
        (
            "elsewhere",
            vec![key, ("MISTRAL_SERVER", "https://api.mistral.ai/v1")],
            "MISTRAL_SERVER is a server of Mistral",
        ),
        (
            "elsewhere",
            vec![("MISTRAL_SERVER", "nim")],
            "MISTRAL_API_KEY is not set: set it to a key from https://build.nvidia.com",
        ),
    ] {
        let outcome = outcome(kind, &variables);
        assert!(outcome.contains(expected), "{outcome}");
    }
}

//! `Client::from_env`. Each case runs in a child process, because environment variables are
//! global to a process.

#![allow(clippy::unwrap_used, clippy::panic)] // helpers outside of test functions may panic as tests do

use std::process::Command;

use mistral_emulator::Emulator;
use mistral_sdk::Client;
use mistral_sdk::chat::{ChatCompletionRequest, Message};

const CHILD: &str = "MISTRAL_TEST_CHILD";
const VARIABLES: [&str; 27] = [
    "MISTRAL_PROVIDER",
    "MISTRAL_MODEL_MAP",
    "MISTRAL_API_KEY",
    "MISTRAL_SA_TOKEN_PATH",
    "MISTRAL_SERVER",
    "AZURE_ENDPOINT",
    "AZUREAI_ENDPOINT",
    "AZURE_ENDPOINT_KIND",
    "AZURE_API_KEY",
    "AZURE_API_VERSION",
    "AZURE_MODEL",
    "GCP_PROJECT_ID",
    "GCP_REGION",
    "GCP_ENDPOINT",
    "GCP_MODEL",
    "GOOGLE_CLOUD_PROJECT",
    "GOOGLE_CLOUD_LOCATION",
    "GOOGLE_CLOUD_QUOTA_PROJECT",
    "GOOGLE_APPLICATION_CREDENTIALS",
    "GCLOUD_PROJECT",
    "AWS_REGION",
    "AWS_DEFAULT_REGION",
    "AWS_BEARER_TOKEN_BEDROCK",
    "AWS_BEDROCK_BASE_URL",
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
];

/// Runs `Client::from_env` and a first call in a child process with these variables, and returns
/// its output.
fn outcome(variables: &[(&str, &str)]) -> String {
    let mut child = Command::new(std::env::current_exe().unwrap());
    child
        .args(["--exact", "env_child_process", "--nocapture"])
        .env(CHILD, "1");
    VARIABLES.iter().for_each(|name| {
        child.env_remove(name);
    });
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
    let outcome = match Client::from_env() {
        Err(error) => format!("{:?} {error:#} {error:?}", error.kind()),
        Ok(client) => match client.models().list().await {
            Ok(models) => format!("{client:?} {} models", models.data.len()),
            Err(error) => format!("{:?} {error:#} {error:?}", error.kind()),
        },
    };
    println!("outcome: {outcome}");
}

#[test]
fn from_env_reads_api_key_and_server() {
    let emulator = Emulator::start().unwrap();
    let (url, key) = (emulator.url().to_owned(), emulator.api_key());
    for variables in [
        vec![("MISTRAL_API_KEY", key)],
        vec![("MISTRAL_API_KEY", key), ("MISTRAL_PROVIDER", "api")],
        vec![("MISTRAL_API_KEY", key), ("MISTRAL_PROVIDER", " API ")],
        vec![
            ("MISTRAL_API_KEY", " emulator\n"),
            ("MISTRAL_SA_TOKEN_PATH", " "),
        ],
    ] {
        let server = [("MISTRAL_SERVER", url.as_str())];
        let outcome = outcome(&[variables.as_slice(), &server].concat());
        assert!(outcome.ends_with(" models"), "{variables:?}: {outcome}");
        assert!(!outcome.contains("\"emulator"), "{outcome}");
    }
}

/// Asks one question with `Client::from_env`.
#[tokio::test]
async fn env_child_process_asks() {
    if std::env::var_os(CHILD).is_none() {
        return;
    }
    let client = Client::from_env().unwrap();
    let question = [Message::user("Who painted Olympia?")];
    let request = ChatCompletionRequest::new("mistral-small-latest", question);
    let response = client.chat().complete(&request).await.unwrap();
    println!("outcome: {}", response.text());
}

#[test]
fn from_env_in_environment_of_emulator_works_on_every_cloud() {
    let emulator = Emulator::start().unwrap();
    for provider in ["api", "aws", "azure", "bedrock", "gcp"] {
        let mut child = Command::new(std::env::current_exe().unwrap());
        child
            .args(["--exact", "env_child_process_asks", "--nocapture"])
            .env_remove("GOOGLE_APPLICATION_CREDENTIALS")
            .env_remove("AWS_BEARER_TOKEN_BEDROCK")
            .env_remove("AWS_SESSION_TOKEN")
            .envs(emulator.environment())
            .env("MISTRAL_PROVIDER", provider)
            .env(CHILD, "1");
        let output = child.output().unwrap();
        let output = String::from_utf8(output.stdout).unwrap();
        assert!(
            output.contains("Manet painted Olympia"),
            "{provider}: {output}"
        );
    }
    let paths: Vec<String> = emulator
        .requests()
        .into_iter()
        .map(|request| request.path)
        .collect();
    for path in [
        "/v1/chat/completions",
        "/openai/v1/chat/completions",
        ":rawPredict",
        "/bedrock/v1/chat/completions",
    ] {
        assert!(paths.iter().any(|sent| sent.ends_with(path)), "{paths:?}");
    }
}

#[test]
fn from_env_token_file_overrides_api_key() {
    let emulator = Emulator::start().unwrap();
    let file = std::env::temp_dir().join(format!("mistral-token-{}", emulator.port()));
    let path = file.to_str().unwrap();
    let variables = [
        ("MISTRAL_SA_TOKEN_PATH", path),
        ("MISTRAL_API_KEY", "wrong"),
        ("MISTRAL_SERVER", emulator.url()),
    ];

    let missing = outcome(&variables);
    assert!(
        missing.contains("cannot be read") && missing.contains(path),
        "{missing}"
    );
    std::fs::write(&file, "\n").unwrap();
    let empty = outcome(&variables);
    assert!(
        empty.contains("is empty") && empty.contains("Credentials"),
        "{empty}"
    );
    std::fs::write(&file, format!("{}\n", emulator.api_key())).unwrap();
    let valid = outcome(&variables);
    std::fs::remove_file(&file).unwrap();
    assert!(valid.ends_with(" models"), "{valid}");
}

#[test]
fn from_env_missing_or_invalid_variable_names_the_fix() {
    let key = ("MISTRAL_API_KEY", "s3cret");
    for (variables, expected) in [
        (
            vec![],
            vec!["MISTRAL_API_KEY is not set", "console.mistral.ai"],
        ),
        (
            vec![("MISTRAL_API_KEY", "  ")],
            vec!["MISTRAL_API_KEY is not set"],
        ),
        (
            vec![("MISTRAL_API_KEY", "s3cret\nx")],
            vec!["MISTRAL_API_KEY has a control character"],
        ),
        (
            vec![key, ("MISTRAL_PROVIDER", "ibm")],
            vec!["MISTRAL_PROVIDER is `ibm`", "use `api` or `aws`"],
        ),
        (
            vec![key, ("AZURE_ENDPOINT", "https://x.services.ai.azure.com")],
            vec![
                "several providers",
                "api (MISTRAL_API_KEY)",
                "azure (AZURE_ENDPOINT)",
            ],
        ),
        (
            vec![key, ("AWS_BEARER_TOKEN_BEDROCK", "s3cret")],
            vec!["several providers", "aws (AWS_BEARER_TOKEN_BEDROCK)"],
        ),
        (
            vec![("AWS_BEARER_TOKEN_BEDROCK", "s3cret")],
            vec!["the region is not set", "AWS_REGION"],
        ),
        (
            vec![
                ("MISTRAL_PROVIDER", "Bedrock"),
                ("AWS_REGION", "us-east-1a"),
            ],
            vec!["availability zone", "`us-east-1`"],
        ),
        (
            vec![key, ("MISTRAL_MODEL_MAP", "a=b, c")],
            vec!["MISTRAL_MODEL_MAP", "` c`"],
        ),
        (
            vec![key, ("MISTRAL_SERVER", "asia")],
            vec!["MISTRAL_SERVER", "`asia`", "`eu`"],
        ),
        (
            vec![key, ("MISTRAL_SERVER", "ftp://x")],
            vec!["MISTRAL_SERVER must start with `https://`"],
        ),
        (
            vec![key, ("MISTRAL_SERVER", "https://h?q=1")],
            vec!["MISTRAL_SERVER must not have a query"],
        ),
        (
            vec![("MISTRAL_SERVER", "https://gate.example")],
            vec!["MISTRAL_API_KEY is not set", "`gate.example`", "`local`"],
        ),
        (
            vec![("MISTRAL_SERVER", "https://api.mistral.ai")],
            vec!["MISTRAL_API_KEY is not set"],
        ),
        (
            vec![("MISTRAL_SERVER", "http://localhost:99999")],
            vec!["MISTRAL_SERVER is not a URL"],
        ),
        (
            vec![("MISTRAL_SERVER", "localhost:8000")],
            vec![
                "MISTRAL_SERVER: there is no server `localhost:8000`",
                "`http://localhost:8000`",
            ],
        ),
        (
            vec![key, ("MISTRAL_PROVIDER", "local")],
            vec!["MISTRAL_SERVER is not set", "`local`", "`ollama`"],
        ),
        (
            vec![key, ("MISTRAL_PROVIDER", "local"), ("MISTRAL_SERVER", "eu")],
            vec!["MISTRAL_SERVER is a server of Mistral, `eu`"],
        ),
        (
            vec![
                ("MISTRAL_SERVER", "http://localhost:1"),
                ("AZURE_ENDPOINT", "https://x.services.ai.azure.com"),
            ],
            vec![
                "several providers",
                "api (MISTRAL_SERVER)",
                "azure (AZURE_ENDPOINT)",
            ],
        ),
    ] {
        let outcome = outcome(&variables);
        assert!(outcome.contains("Config"), "{outcome}");
        assert!(
            expected.iter().all(|text| outcome.contains(text)),
            "{outcome}"
        );
        assert!(!outcome.contains("s3cret"), "{outcome}");
    }
}

#[test]
fn from_env_quotes_around_values_are_removed() {
    let emulator = Emulator::start().unwrap();
    let (url, key) = (emulator.url(), emulator.api_key());
    let quoted_url = format!("'{url}/v1'");
    let token_file = std::env::temp_dir().join(format!("mistral-quoted-{}", emulator.port()));
    std::fs::write(&token_file, format!("\"{key}\"\n")).unwrap();
    let quoted_path = format!("\"{}\"", token_file.display());
    for variables in [
        [
            ("MISTRAL_API_KEY", format!("\"{key}\"")),
            ("MISTRAL_SERVER", url.to_owned()),
        ],
        [
            ("MISTRAL_API_KEY", format!(" '{key}' \r")),
            ("MISTRAL_SERVER", url.to_owned()),
        ],
        [
            ("MISTRAL_API_KEY", format!("\"Bearer {key}\"")),
            ("MISTRAL_SERVER", quoted_url),
        ],
        [
            ("MISTRAL_SA_TOKEN_PATH", quoted_path),
            ("MISTRAL_SERVER", url.to_owned()),
        ],
    ] {
        let variables = variables
            .each_ref()
            .map(|(name, value)| (*name, value.as_str()));
        let outcome = outcome(&variables);
        assert!(outcome.ends_with(" models"), "{variables:?}: {outcome}");
    }
    std::fs::remove_file(&token_file).unwrap();
    for (variables, expected) in [
        (("MISTRAL_API_KEY", "\"\""), "MISTRAL_API_KEY is not set"),
        (
            ("MISTRAL_API_KEY", "'\"s3cret\"'"),
            "MISTRAL_API_KEY has a quotation mark",
        ),
        (
            ("MISTRAL_API_KEY", "\"s3cret"),
            "MISTRAL_API_KEY has a quotation mark",
        ),
    ] {
        let server = ("MISTRAL_SERVER", "https://gate.example");
        let outcome = outcome(&[variables, server]);
        assert!(outcome.contains("Config"), "{outcome}");
        assert!(outcome.contains(expected), "{outcome}");
        assert!(!outcome.contains("s3cret"), "{outcome}");
    }
}

#[test]
fn from_env_api_key_of_quotes_alone_is_refused_for_a_local_server() {
    let (url, _) = keyless_server();
    let outcome_of = |key| outcome(&[("MISTRAL_API_KEY", key), ("MISTRAL_SERVER", &url)]);
    for quotes in ["\"\"", " '' \r"] {
        let outcome = outcome_of(quotes);
        assert!(outcome.contains("between its quotation marks"), "{outcome}");
    }
    assert!(outcome_of("").ends_with(" models"));
}

/// A server that needs no key, at an address of loopback. Returns its URL, and the head of each
/// request through the channel.
fn keyless_server() -> (String, std::sync::mpsc::Receiver<String>) {
    use std::io::{Read, Write};

    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let (sender, heads) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        for socket in listener.incoming() {
            let mut socket = socket.unwrap();
            let mut head = Vec::new();
            let mut byte = [0];
            while !head.ends_with(b"\r\n\r\n") && socket.read(&mut byte).unwrap() == 1 {
                head.push(byte[0]);
            }
            let body = r#"{"object":"list","data":[{"id":"m","object":"model"}]}"#;
            let length = body.len();
            let head_of_response = "HTTP/1.1 200 OK\r\ncontent-type: application/json";
            write!(
                socket,
                "{head_of_response}\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{body}"
            )
            .unwrap();
            if sender.send(String::from_utf8(head).unwrap()).is_err() {
                return;
            }
        }
    });
    (url, heads)
}

#[test]
fn from_env_local_server_needs_no_key() {
    let (url, heads) = keyless_server();
    let server = ("MISTRAL_SERVER", &*url);
    let local = ("MISTRAL_PROVIDER", "local");
    let key = ("MISTRAL_API_KEY", "own-key");
    for (variables, header) in [
        (vec![server], None),
        (vec![server, ("MISTRAL_PROVIDER", "api")], None),
        (vec![server, ("MISTRAL_API_KEY", " ")], None),
        (vec![server, local], None),
        (
            vec![server, local, key],
            Some("authorization: Bearer own-key"),
        ),
        (vec![server, key], Some("authorization: Bearer own-key")),
    ] {
        let outcome = outcome(&variables);
        assert!(outcome.ends_with(" 1 models"), "{variables:?}: {outcome}");
        let head = heads.recv().unwrap();
        assert!(head.starts_with("GET /v1/models "), "{head}");
        match header {
            Some(header) => assert!(head.contains(header), "{head}"),
            None => assert!(!head.contains("authorization"), "{head}"),
        }
    }
}

#[test]
fn from_env_secret_in_the_wrong_variable_is_not_shown() {
    let secret = "s3cret-0123456789-0123456789-0123";
    let key = ("MISTRAL_API_KEY", "key");
    for variables in [
        vec![key, ("MISTRAL_SERVER", secret)],
        vec![key, ("MISTRAL_PROVIDER", secret)],
        vec![key, ("MISTRAL_MODEL_MAP", secret)],
        vec![("MISTRAL_SA_TOKEN_PATH", secret)],
    ] {
        let outcome = outcome(&variables);
        assert!(!outcome.contains("s3cret"), "{outcome}");
        let (name, _) = variables.last().unwrap();
        let named = outcome.contains(name) || outcome.contains("the token file");
        assert!(named, "{outcome}");
    }
}

/// Access keys are set on many machines that do not use Bedrock.
#[test]
fn from_env_access_key_of_aws_selects_no_provider() {
    let emulator = Emulator::start().unwrap();
    let variables = [
        ("MISTRAL_API_KEY", emulator.api_key()),
        ("MISTRAL_SERVER", emulator.url()),
        ("AWS_ACCESS_KEY_ID", "id"),
        ("AWS_SECRET_ACCESS_KEY", "s3cret"),
        ("AWS_REGION", "us-east-1"),
    ];
    let outcome = outcome(&variables);
    assert!(outcome.ends_with(" models"), "{outcome}");
}

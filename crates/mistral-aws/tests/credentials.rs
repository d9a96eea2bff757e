//! The search for credentials. It runs in child processes, because environment variables are global
//! to a process.

#![allow(clippy::unwrap_used, clippy::panic)] // helpers outside of test functions may panic as tests do

mod common;

use std::process::Command;

use async_trait::async_trait;
use common::{BedrockTransport, MODEL, TempDir, chat_request};
use http::{Request, Response};
use mistral_aws::MistralBedrock;
use mistral_sdk::transport::{Body, Transport, TransportError};
use serde_json::{Value, json};
use wiremock::matchers::{header, method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

const CHILD: &str = "MISTRAL_TEST_CHILD";
const PROFILE: &str = "MISTRAL_TEST_PROFILE";

/// Responds as STS to the web identity of a pod.
#[derive(Debug)]
struct SecurityTokenService;

#[async_trait]
impl Transport for SecurityTokenService {
    async fn send(&self, request: Request<Body>) -> Result<Response<Body>, TransportError> {
        let uri = request.uri().to_string();
        let body = request.into_body().collect().await?;
        let text = format!("{uri} {}", String::from_utf8_lossy(&body));
        let is_expected = text.contains("https://sts.") && text.contains("pod-token");
        let body = "<AssumeRoleWithWebIdentityResponse><AssumeRoleWithWebIdentityResult><Credentials>\
                    <AccessKeyId>IDWEB</AccessKeyId><SecretAccessKey>s3cret</SecretAccessKey>\
                    <SessionToken>TOKENWEB</SessionToken><Expiration>2099-01-01T00:00:00Z</Expiration>\
                    </Credentials></AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>";
        let mut response = Response::new(Body::from(body));
        if !is_expected {
            *response.status_mut() = http::StatusCode::BAD_REQUEST;
        }
        Ok(response)
    }
}

/// Sends a request with the credentials of the environment.
#[tokio::test]
async fn env_child_process() {
    if std::env::var_os(CHILD).is_none() {
        return;
    }
    let mut builder = MistralBedrock::builder().credentials_transport(SecurityTokenService);
    if let Ok(profile) = std::env::var(PROFILE) {
        builder = builder.profile(profile);
    }
    let transport = BedrockTransport::default();
    let outcome = match builder.or_env().and_then(|builder| builder.build()) {
        Err(error) => format!("{:?} {error:#} {error:?}", error.kind()),
        Ok(bedrock) => {
            let shown = format!("{bedrock:?}");
            let client = transport.client(bedrock);
            match client.chat().complete(&chat_request(MODEL)).await {
                Err(error) => format!("{:?} {error:#} {error:?} {shown}", error.kind()),
                Ok(_) => {
                    let sent = transport.take_one();
                    let token = sent.header("x-amz-security-token");
                    format!(
                        "{} token={token} {} {shown}",
                        sent.header("authorization"),
                        sent.url
                    )
                }
            }
        }
    };
    println!("outcome: {}", outcome.replace('\n', " "));
}

/// Runs `env_child_process` with these variables alone, and returns its output.
fn outcome(home: &TempDir, variables: &[(&str, &str)]) -> String {
    let mut child = command(home);
    child.envs(variables.iter().copied());
    run(child)
}

fn command(home: &TempDir) -> Command {
    let mut child = Command::new(std::env::current_exe().unwrap());
    child.args(["--exact", "env_child_process", "--nocapture"]);
    child
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap());
    child.envs([
        (CHILD, "1"),
        ("AWS_REGION", "us-east-1"),
        ("AWS_EC2_METADATA_DISABLED", "true"),
    ]);
    child.env("HOME", &home.0).env("USERPROFILE", &home.0);
    child
}

fn run(mut child: Command) -> String {
    let output = child.output().unwrap();
    let output = String::from_utf8_lossy(&output.stdout).into_owned()
        + &String::from_utf8_lossy(&output.stderr);
    let line = output.lines().find_map(|line| line.split_once("outcome: "));
    let outcome = line.unwrap_or_else(|| panic!("{output}")).1.to_owned();
    assert!(!outcome.contains("s3cret"), "{outcome}");
    outcome
}

const KEYS: [(&str, &str); 2] = [
    ("AWS_ACCESS_KEY_ID", "IDENV"),
    ("AWS_SECRET_ACCESS_KEY", "s3cret"),
];

#[test]
fn credentials_of_the_environment_are_found_in_order() {
    let home = TempDir::new("order");
    let profile = "[default]\naws_access_key_id = IDFILE\naws_secret_access_key = s3cret\n\
                   [work]\naws_access_key_id = IDWORK\naws_secret_access_key = s3cret\n\
                   aws_session_token = TOKENWORK\n";
    let with_files = TempDir::new("order-files");
    with_files.file(".aws/credentials", profile);
    let elsewhere = home.file("elsewhere", profile);
    let config = "[profile work]\naws_access_key_id = IDCONFIG\naws_secret_access_key = s3cret\n";
    let config = home.file("config", config);
    let token = home.file("pod-token", "pod-token");
    let role = ("AWS_ROLE_ARN", "arn:aws:iam::123456789012:role/r");
    let bearer = ("AWS_BEARER_TOKEN_BEDROCK", "bearer-key");
    let session = ("AWS_SESSION_TOKEN", "TOKENENV");
    for (home, variables, id, token) in [
        (&home, KEYS.to_vec(), "IDENV", ""),
        (
            &with_files,
            [KEYS.as_slice(), &[session]].concat(),
            "IDENV",
            "TOKENENV",
        ),
        (&with_files, vec![], "IDFILE", ""),
        (
            &with_files,
            vec![("AWS_PROFILE", "work")],
            "IDWORK",
            "TOKENWORK",
        ),
        (
            &home,
            vec![("AWS_SHARED_CREDENTIALS_FILE", &*elsewhere)],
            "IDFILE",
            "",
        ),
        (
            &home,
            vec![("AWS_CONFIG_FILE", &*config), ("AWS_PROFILE", "work")],
            "IDCONFIG",
            "",
        ),
        (
            &home,
            vec![("AWS_WEB_IDENTITY_TOKEN_FILE", &*token), role],
            "IDWEB",
            "TOKENWEB",
        ),
        // The profile that is set in code is the only place to search.
        (
            &with_files,
            [KEYS.as_slice(), &[(PROFILE, "work")]].concat(),
            "IDWORK",
            "TOKENWORK",
        ),
    ] {
        let outcome = outcome(home, &variables);
        let expected = format!("Credential={id}/");
        assert!(outcome.contains(&expected), "{variables:?}: {outcome}");
        assert!(
            outcome.contains(&format!("token={token} ")),
            "{variables:?}: {outcome}"
        );
    }
    let outcome = outcome(&with_files, &[KEYS.as_slice(), &[bearer]].concat());
    assert!(
        outcome.starts_with("Bearer bearer-key token= "),
        "{outcome}"
    );
}

#[test]
fn credentials_with_quotes_and_white_space_are_trimmed() {
    let home = TempDir::new("quotes");
    let variables = [
        ("AWS_ACCESS_KEY_ID", "\"IDENV\""),
        ("AWS_SECRET_ACCESS_KEY", " 's3cret' "),
        ("AWS_SESSION_TOKEN", " "),
        ("AWS_REGION", "'eu-west-1'"),
    ];
    let outcome = outcome(&home, &variables);
    assert!(outcome.contains("Credential=IDENV/"), "{outcome}");
    assert!(
        outcome.contains("token= https://bedrock-mantle.eu-west-1."),
        "{outcome}"
    );
}

#[cfg(unix)]
#[test]
fn credentials_beside_a_variable_that_is_not_utf_8_are_found() {
    use std::os::unix::ffi::OsStrExt;

    let home = TempDir::new("utf8");
    let mut child = command(&home);
    child
        .envs(KEYS)
        .env("OTHER", std::ffi::OsStr::from_bytes(b"\xff"));
    assert!(run(child).contains("Credential=IDENV/"));
}

#[cfg(unix)]
#[test]
fn credentials_of_a_process_are_found_and_its_output_is_not_shown() {
    let home = TempDir::new("process");
    for (printed, expected) in [
        (
            r#"{"Version": 1, "AccessKeyId": "IDPROCESS", "SecretAccessKey": "s3cret"}"#,
            "Credential=IDPROCESS/",
        ),
        (
            r#""s3cret""#,
            "credential process of the profile: failed to parse",
        ),
    ] {
        let script = home.file("print.sh", &format!("echo '{printed}'; echo s3cret >&2\n"));
        let config = format!("[default]\ncredential_process = sh {script}\n");
        let config = home.file("config", &config);
        let outcome = outcome(&home, &[("AWS_CONFIG_FILE", &config)]);
        assert!(outcome.contains(expected), "{outcome}");
    }
}

fn issued(id: &str) -> Value {
    json!({
        "Code": "Success", "AccessKeyId": id, "SecretAccessKey": "s3cret", "Token": "TOKEN",
        "Expiration": "2099-01-01T00:00:00Z",
    })
}

#[tokio::test]
async fn credentials_of_a_container_are_requested_with_its_token() {
    let home = TempDir::new("container");
    let server = MockServer::start().await;
    Mock::given(method("GET"))
        .and(path("/v2/credentials"))
        .and(header("authorization", "container-token"))
        .respond_with(ResponseTemplate::new(200).set_body_json(issued("IDTASK")))
        .mount(&server)
        .await;
    let url = format!("{}/v2/credentials", server.uri());
    let token = home.file("token", "container-token\n");
    for token in [
        ("AWS_CONTAINER_AUTHORIZATION_TOKEN", "container-token"),
        ("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", &*token),
    ] {
        let outcome = outcome(
            &home,
            &[("AWS_CONTAINER_CREDENTIALS_FULL_URI", &url), token],
        );
        assert!(outcome.contains("Credential=IDTASK/"), "{outcome}");
        assert!(outcome.contains("token=TOKEN "), "{outcome}");
    }
    let elsewhere = (
        "AWS_CONTAINER_CREDENTIALS_FULL_URI",
        "http://192.0.2.1/credentials",
    );
    let token = ("AWS_CONTAINER_AUTHORIZATION_TOKEN", "s3cret");
    let outcome = outcome(&home, &[elsewhere, token]);
    assert!(outcome.starts_with("Credentials "), "{outcome}");
    assert!(outcome.contains("not sent over plain HTTP"), "{outcome}");
}

#[tokio::test]
async fn credentials_of_an_instance_are_requested_with_a_session_and_again_while_busy() {
    let home = TempDir::new("instance");
    let server = MockServer::start().await;
    Mock::given(method("PUT"))
        .and(path("/latest/api/token"))
        .respond_with(ResponseTemplate::new(503))
        .up_to_n_times(2)
        .mount(&server)
        .await;
    Mock::given(method("PUT"))
        .and(path("/latest/api/token"))
        .respond_with(ResponseTemplate::new(200).set_body_string("session"))
        .mount(&server)
        .await;
    let roles = "/latest/meta-data/iam/security-credentials/";
    let role = format!("{roles}my-role");
    for (at, response) in [
        (roles, ResponseTemplate::new(200).set_body_string("my-role")),
        (
            &role,
            ResponseTemplate::new(200).set_body_json(issued("IDINSTANCE")),
        ),
    ] {
        Mock::given(method("GET"))
            .and(path(at))
            .and(header("x-aws-ec2-metadata-token", "session"))
            .respond_with(response)
            .mount(&server)
            .await;
    }
    let url = server.uri();
    let variables = [
        ("AWS_EC2_METADATA_DISABLED", "false"),
        ("AWS_EC2_METADATA_SERVICE_ENDPOINT", &*url),
    ];
    let outcome = outcome(&home, &variables);
    assert!(outcome.contains("Credential=IDINSTANCE/"), "{outcome}");
    assert!(outcome.contains("token=TOKEN "), "{outcome}");
}

#[test]
fn credentials_missing_name_every_place_and_the_fix() {
    let home = TempDir::new("missing");
    let missing = outcome(&home, &[]);
    assert!(missing.starts_with("Credentials "), "{missing}");
    for part in [
        "environment: not set",
        "access key of the profile: not set",
        "container: not set",
        "metadata service: not set",
        "AWS_BEARER_TOKEN_BEDROCK",
        "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY",
        "`aws configure`",
        "MistralBedrockBuilder::credential_source",
    ] {
        assert!(missing.contains(part), "no {part:?} in {missing}");
    }
    let profile = outcome(&home, &[KEYS.as_slice(), &[(PROFILE, "none")]].concat());
    assert!(
        profile.contains("MistralBedrockBuilder::profile"),
        "{profile}"
    );
    assert!(profile.contains("aws sso login"), "{profile}");
}

#[test]
fn credentials_half_of_a_key_is_refused_before_a_call() {
    let home = TempDir::new("half");
    for (set, unset) in [(0, 1), (1, 0)] {
        let outcome = outcome(&home, &KEYS[set..=set]);
        let expected = format!("{} is set, but {} is not", KEYS[set].0, KEYS[unset].0);
        assert!(outcome.starts_with("Config "), "{outcome}");
        assert!(outcome.contains(&expected), "{outcome}");
    }
}

#[test]
fn env_invalid_variable_is_named() {
    let home = TempDir::new("invalid");
    for (variable, expected) in [
        (("AWS_REGION", "Ireland"), "`Ireland`"),
        (
            ("AWS_BEARER_TOKEN_BEDROCK", "s3cret\nx"),
            "has a control character",
        ),
        (
            ("AWS_BEARER_TOKEN_BEDROCK", "AKIAs3cret"),
            "the id of an access key",
        ),
        (("AWS_BEDROCK_BASE_URL", "asia"), "is not a URL"),
        (
            (
                "AWS_BEDROCK_BASE_URL",
                "https://bedrock.us-east-1.amazonaws.com",
            ),
            "manages models",
        ),
    ] {
        let outcome = outcome(&home, &[KEYS.as_slice(), &[variable]].concat());
        assert!(outcome.starts_with("Config "), "{outcome}");
        assert!(outcome.contains(variable.0), "{outcome}");
        assert!(outcome.contains(expected), "{outcome}");
    }
    let url = (
        "AWS_BEDROCK_BASE_URL",
        "https://bedrock-mantle.eu-west-1.api.aws/openai/v1",
    );
    let outcome = outcome(&home, &[KEYS.as_slice(), &[url]].concat());
    let expected = "eu-west-1.api.aws/openai/v1/chat/completions";
    assert!(
        outcome.contains("/eu-west-1/bedrock-mantle/aws4_request"),
        "{outcome}"
    );
    assert!(outcome.contains(expected), "{outcome}");
}

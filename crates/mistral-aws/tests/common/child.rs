//! Child processes, because environment variables are global to a process.

use std::process::Command;

use async_trait::async_trait;
use http::{Request, Response};
use mistral_aws::MistralBedrock;
use mistral_sdk::transport::{Body, Transport, TransportError};

use super::{BedrockTransport, MODEL, TempDir, chat_request};

const CHILD: &str = "MISTRAL_TEST_CHILD";
pub const PROFILE: &str = "MISTRAL_TEST_PROFILE";

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

/// Sends a request with the credentials of the environment, in a child process. Each test file calls
/// it in its test `env_child_process`.
pub async fn send_if_child() {
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
pub fn outcome(home: &TempDir, variables: &[(&str, &str)]) -> String {
    let mut child = command(home);
    child.envs(variables.iter().copied());
    run(child)
}

pub fn command(home: &TempDir) -> Command {
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

pub fn run(mut child: Command) -> String {
    let output = child.output().unwrap();
    let output = String::from_utf8_lossy(&output.stdout).into_owned()
        + &String::from_utf8_lossy(&output.stderr);
    let line = output.lines().find_map(|line| line.split_once("outcome: "));
    let outcome = line.unwrap_or_else(|| panic!("{output}")).1.to_owned();
    assert!(!outcome.contains("s3cret"), "{outcome}");
    outcome
}

pub const KEYS: [(&str, &str); 2] = [
    ("AWS_ACCESS_KEY_ID", "IDENV"),
    ("AWS_SECRET_ACCESS_KEY", "s3cret"),
];

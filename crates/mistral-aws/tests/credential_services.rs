//! Credentials from services: those of containers, of instances, and of logins.

#![allow(clippy::unwrap_used, clippy::panic)] // helpers outside of test functions may panic as tests do

mod common;

use common::TempDir;
use common::child::{outcome, send_if_child};
use serde_json::{Value, json};
use wiremock::matchers::{header, method, path, query_param};
use wiremock::{Mock, MockServer, ResponseTemplate};

#[tokio::test]
async fn env_child_process() {
    send_if_child().await;
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

#[tokio::test]
async fn credentials_of_a_login_are_requested_with_its_token_until_it_expires() {
    let home = TempDir::new("login");
    let config = "[default]\nsso_start_url = https://my.awsapps.com/start\nsso_region = us-east-1\n\
                  sso_account_id = 123456789012\nsso_role_name = reader\n";
    home.file(".aws/config", config);
    // The name is the SHA-1 of the start URL.
    let cache = ".aws/sso/cache/40840c65697c043e2a71754cccb2ab4de3acc1c1.json";
    let login = |expiry: &str| json!({ "accessToken": "login-token", "expiresAt": expiry });
    let server = MockServer::start().await;
    let credentials = json!({ "roleCredentials": {
        "accessKeyId": "IDLOGIN", "secretAccessKey": "s3cret", "sessionToken": "TOKEN",
        "expiration": 4_070_908_800_000_i64,
    } });
    Mock::given(method("GET"))
        .and(query_param("role_name", "reader"))
        .and(query_param("account_id", "123456789012"))
        .and(header("x-amz-sso_bearer_token", "login-token"))
        .respond_with(ResponseTemplate::new(200).set_body_json(credentials))
        .mount(&server)
        .await;
    let url = server.uri();
    for (expiry, endpoint, expected) in [
        ("2099-01-01T00:00:00Z", &*url, "Credential=IDLOGIN/"),
        ("2020-01-01T00:00:00Z", &url, "run 'aws sso login'"),
        (
            "2099-01-01T00:00:00Z",
            "http://192.0.2.1",
            "not sent over plain HTTP",
        ),
    ] {
        home.file(cache, &login(expiry).to_string());
        let outcome = outcome(&home, &[("AWS_SSO_ENDPOINT", endpoint)]);
        assert!(outcome.contains(expected), "{outcome}");
        assert!(!outcome.contains("login-token"), "{outcome}");
    }
}

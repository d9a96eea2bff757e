//! The search order of credentials and settings. Cases that depend on the environment run in
//! child processes, because environment variables are global to a process.

#![allow(clippy::unwrap_used, clippy::panic)] // helpers outside of test functions may panic as tests do

use std::path::{Path, PathBuf};
use std::process::Command;

use mistral_gcp::MistralGcp;
use mistral_sdk::ErrorKind;
use mistral_sdk::provider::{Operation, Provider, RouteRequest};
use serde_json::{Value, json};

/// A temporary directory, removed on drop.
struct TempDir(PathBuf);

impl TempDir {
    fn new(name: &str) -> Self {
        let name = format!("mistral-gcp-{name}-{}", std::process::id());
        let dir = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&dir).unwrap();
        Self(dir)
    }

    fn file(&self, name: &str, text: &str) -> PathBuf {
        let path = self.0.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
        path
    }
}

impl Drop for TempDir {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn service_account() -> Value {
    json!({
        "type": "service_account",
        "project_id": "account-project",
        "client_email": "robot@p.example",
        "private_key": "s3cret",
        "token_uri": "https://oauth2.googleapis.com/token",
    })
}

fn authorized_user() -> Value {
    json!({
        "type": "authorized_user",
        "client_id": "id",
        "client_secret": "s3cret",
        "refresh_token": "s3cret",
        "quota_project_id": "user-project",
    })
}

fn without(mut credentials: Value, field: &str) -> String {
    credentials.as_object_mut().unwrap().remove(field);
    credentials.to_string()
}

fn build_error(path: &Path) -> String {
    let builder = MistralGcp::builder().project("p").credentials_file(path);
    let error = builder.build().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config);
    let message = format!("{error} {error:#} {error:?}");
    assert!(message.contains(path.to_str().unwrap()), "{message}");
    assert!(!message.contains("s3cret"), "{message}");
    error.to_string()
}

#[test]
fn vertex_credentials_file_invalid_names_file_and_fix() {
    let dir = TempDir::new("files");
    assert!(build_error(&dir.0.join("missing.json")).contains("cannot be read"));
    assert!(build_error(&dir.0).contains("cannot be read"));
    for (text, message) in [
        ("", "is not JSON"),
        (
            "{\"type\": \"service_account\", \"private_key\": \"s3cret\"",
            "is not JSON",
        ),
        ("\"s3cret\"", "is not a JSON object"),
        ("{}", "has no `type`"),
        (&without(service_account(), "type"), "has no `type`"),
        (
            &without(service_account(), "private_key"),
            "has no `private_key`",
        ),
        (
            &without(service_account(), "client_email"),
            "has no `client_email`",
        ),
        (
            &without(service_account(), "token_uri"),
            "has no `token_uri`",
        ),
        (
            &without(authorized_user(), "refresh_token"),
            "has no `refresh_token`",
        ),
    ] {
        let build_error = build_error(&dir.file("key.json", text));
        println!("{build_error}");
        assert!(build_error.contains(message), "{build_error}");
    }
    for uri in ["", "nowhere", "http://", "https://x y/"] {
        let mut account = service_account();
        account["token_uri"] = uri.into();
        let build_error = build_error(&dir.file("key.json", &account.to_string()));
        assert!(build_error.contains("`token_uri`"), "{build_error}");
    }
}

#[test]
fn vertex_credentials_file_unsupported_type_names_type_and_fix() {
    let dir = TempDir::new("kinds");
    for kind in [
        "external_account",
        "external_account_authorized_user",
        "impersonated_service_account",
        "gdch_service_account",
        "a_future_type",
    ] {
        let text = json!({ "type": kind, "private_key": "s3cret" }).to_string();
        let build_error = build_error(&dir.file("key.json", &text));
        println!("{build_error}");
        assert!(build_error.contains(&format!("`{kind}`")), "{build_error}");
        assert!(build_error.contains("token_source"), "{build_error}");
    }
}

#[tokio::test]
async fn vertex_credentials_file_invalid_key_fails_the_call() {
    let dir = TempDir::new("key");
    let path = dir.file("key.json", &service_account().to_string());
    let gcp = MistralGcp::builder().credentials_file(&path);
    let gcp = gcp.build().unwrap();
    let error = gcp.authorize(None, &mut http::HeaderMap::new()).await;
    let error = error.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Credentials);
    let message = format!("{error:#} {error:?} {gcp:?}");
    assert!(message.contains(path.to_str().unwrap()), "{message}");
    assert!(
        message.contains("private key") || message.contains("PKCS"),
        "{message}"
    );
    assert!(!message.contains("s3cret"), "{message}");
}

#[test]
fn vertex_credentials_in_place_of_their_path_are_not_shown() {
    for secret in [
        service_account().to_string(),
        "-----BEGIN PRIVATE KEY-----\ns3cret".to_owned(),
        "s3cret".to_owned(),
    ] {
        let builder = MistralGcp::builder().project("p").credentials_file(&secret);
        let shown = format!("{builder:?}");
        let error = builder.build().unwrap_err();
        let message = format!("{shown} {error} {error:#} {error:?}");
        assert!(!message.contains("s3cret"), "{message}");
        assert!(message.contains("credentials file"), "{message}");
    }
}

const CHILD: &str = "MISTRAL_GCP_TEST_CHILD";
const PREPARE: &str = "MISTRAL_GCP_TEST_PREPARE";
const VARIABLES: [&str; 13] = [
    PREPARE,
    "CLOUDSDK_CONFIG",
    "GCE_METADATA_HOST",
    "GCP_PROJECT_ID",
    "GOOGLE_CLOUD_PROJECT",
    "GCLOUD_PROJECT",
    "GCP_REGION",
    "GOOGLE_CLOUD_LOCATION",
    "GCP_MODEL",
    "GOOGLE_CLOUD_QUOTA_PROJECT",
    "GOOGLE_APPLICATION_CREDENTIALS",
    "APPDATA",
    "MISTRAL_GCP_TEST_BUILDER",
];

/// Runs `MistralGcp::from_env` in a child process with these variables and this home directory,
/// and returns its output. With `MISTRAL_GCP_TEST_BUILDER`, runs a builder with that model.
fn outcome(home: &Path, variables: &[(&str, &str)]) -> String {
    let mut child = Command::new(std::env::current_exe().unwrap());
    child.args(["--exact", "env_child_process", "--nocapture"]);
    VARIABLES.iter().for_each(|name| {
        child.env_remove(name);
    });
    child.env(CHILD, "1").env("HOME", home);
    child.env("APPDATA", home.join(".config"));
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
    let result = match std::env::var("MISTRAL_GCP_TEST_BUILDER") {
        Ok(model) => MistralGcp::builder().model(model).build(),
        Err(_) => MistralGcp::from_env(),
    };
    match result {
        Err(error) => println!("outcome: {error:#} {error:?}"),
        Ok(gcp) => {
            if std::env::var_os(PREPARE).is_some() {
                let calls = (0..200).map(|_| gcp.prepare());
                for outcome in futures::future::join_all(calls).await {
                    outcome.unwrap_or_else(|error| println!("outcome: {error:#}"));
                }
            }
            let chat = Operation::all().find(|it| it.name == "chat.complete");
            let route = gcp.route(&RouteRequest::new(chat.unwrap()));
            let url = route.map_or_else(|error| error.to_string(), |route| route.url.to_string());
            println!("outcome: {url} {gcp:?}");
        }
    }
}

#[test]
fn vertex_from_env_reads_every_variable() {
    let home = TempDir::new("home");
    let all = [
        ("GCP_PROJECT_ID", "p1"),
        ("GOOGLE_CLOUD_PROJECT", "p2"),
        ("GCLOUD_PROJECT", "p3"),
        ("GCP_REGION", " us-central1\n"),
        ("GOOGLE_CLOUD_LOCATION", "eu"),
        ("GCP_MODEL", "codestral@2405"),
        ("GOOGLE_CLOUD_QUOTA_PROJECT", "payer"),
    ];
    let url = |outcome: &str| outcome.split_whitespace().next().unwrap().to_owned();
    let output = outcome(&home.0, &all);
    assert_eq!(
        url(&output),
        "https://us-central1-aiplatform.googleapis.com/v1/projects/p1/locations/us-central1/\
         publishers/mistralai/models/codestral@2405:rawPredict"
    );
    assert!(output.contains("payer"), "{output}");

    let others: Vec<_> = all
        .into_iter()
        .filter(|(name, _)| !name.starts_with("GCP_P"))
        .collect();
    assert!(outcome(&home.0, &others).contains("/projects/p2/"));
    let output = outcome(
        &home.0,
        &[
            ("GCP_PROJECT_ID", " "),
            ("GOOGLE_CLOUD_PROJECT", "''"),
            ("GCLOUD_PROJECT", "\"p3\""),
            ("GOOGLE_CLOUD_LOCATION", "eu"),
            ("GCP_MODEL", "m"),
        ],
    );
    assert!(
        output.contains("//aiplatform.eu.rep.googleapis.com/v1/projects/p3/"),
        "{output}"
    );

    let no_project = outcome(&home.0, &[("GCP_MODEL", "m")]);
    assert!(no_project.contains("GCP_PROJECT_ID"), "{no_project}");
    let no_model = outcome(&home.0, &[("GCP_PROJECT_ID", "p")]);
    assert!(no_model.contains("GCP_MODEL"), "{no_model}");
    let invalid_location = outcome(&home.0, &[("GCP_PROJECT_ID", "p"), ("GCP_REGION", "a/b")]);
    assert!(
        invalid_location.contains("GCP_REGION"),
        "{invalid_location}"
    );
}

#[test]
fn vertex_project_defaults_to_that_of_credentials() {
    let home = TempDir::new("adc");
    let account = home.file("account.json", &service_account().to_string());
    let named = ("GOOGLE_APPLICATION_CREDENTIALS", account.to_str().unwrap());
    let model = ("GCP_MODEL", "m");

    let output = outcome(&home.0, &[model, named]);
    assert!(output.contains("/projects/account-project/"), "{output}");
    assert!(output.contains("quota_project: None"), "{output}");
    let output = outcome(&home.0, &[model, named, ("GCLOUD_PROJECT", "p3")]);
    assert!(output.contains("/projects/p3/"), "{output}");

    let login = ".config/gcloud/application_default_credentials.json";
    home.file(login, &authorized_user().to_string());
    let output = outcome(&home.0, &[model]);
    assert!(output.contains("/projects/user-project/"), "{output}");
    assert!(
        output.contains("quota_project: Some(\"user-project\")"),
        "{output}"
    );
    let output = outcome(&home.0, &[model, ("GOOGLE_CLOUD_QUOTA_PROJECT", "payer")]);
    assert!(
        output.contains("quota_project: Some(\"payer\")"),
        "{output}"
    );
    let output = outcome(&home.0, &[model, named]);
    assert!(output.contains("/projects/account-project/"), "{output}");
    let elsewhere = home.0.join("elsewhere");
    let elsewhere = elsewhere.to_str().unwrap();
    let file = "elsewhere/application_default_credentials.json";
    home.file(file, &service_account().to_string());
    let output = outcome(&home.0, &[model, ("CLOUDSDK_CONFIG", elsewhere)]);
    assert!(output.contains("/projects/account-project/"), "{output}");

    let path = home.file(login, &json!({ "type": "external_account" }).to_string());
    let output = outcome(&home.0, &[model, ("GCP_PROJECT_ID", "p")]);
    assert!(output.contains("`external_account`"), "{output}");
    assert!(output.contains(path.to_str().unwrap()), "{output}");

    let user = home.file("user.json", &authorized_user().to_string());
    let user = format!(" '{}'\n", user.display());
    let user = ("GOOGLE_APPLICATION_CREDENTIALS", user.as_str());
    let output = outcome(&home.0, &[model, user]);
    assert!(
        output.contains("quota_project: Some(\"user-project\")"),
        "{output}"
    );

    let json = format!("\u{feff}{}", service_account());
    let from_file = home.file("bom.json", &json);
    let from_file = (
        "GOOGLE_APPLICATION_CREDENTIALS",
        from_file.to_str().unwrap(),
    );
    let json = service_account().to_string();
    for variable in [("GOOGLE_APPLICATION_CREDENTIALS", json.as_str()), from_file] {
        let output = outcome(&home.0, &[model, variable]);
        assert!(output.contains("/projects/account-project/"), "{output}");
        assert!(!output.contains("s3cret"), "{output}");
    }
    for secret in [&json[..json.len() - 1], "s3cret", "eyJ0eXBlIjoi/s3cret"] {
        let variables = [model, ("GOOGLE_APPLICATION_CREDENTIALS", secret)];
        let output = outcome(&home.0, &variables);
        assert!(
            output.contains("GOOGLE_APPLICATION_CREDENTIALS"),
            "{output}"
        );
        assert!(!output.contains("s3cret"), "{output}");
    }

    let missing = ("GOOGLE_APPLICATION_CREDENTIALS", "/nowhere/key.json");
    let output = outcome(&home.0, &[model, ("GCP_PROJECT_ID", "p"), missing]);
    for message in [
        "GOOGLE_APPLICATION_CREDENTIALS",
        "/nowhere/key.json",
        "cannot be read",
    ] {
        assert!(output.contains(message), "{output}");
    }
}

#[cfg(unix)]
#[test]
fn vertex_project_concurrent_lookups_run_gcloud_once() {
    use std::os::unix::fs::PermissionsExt;

    let home = TempDir::new("project");
    let login = ".config/gcloud/application_default_credentials.json";
    home.file(login, &without(authorized_user(), "quota_project_id"));
    let install_gcloud = |command: &str| {
        let script = format!("#!/bin/sh\necho \"$1\" >> \"$HOME/log\"\n{command}\n");
        let path = home.file("bin/gcloud", &script);
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
        path
    };
    let lookups = || {
        let log = std::fs::read_to_string(home.0.join("log")).unwrap();
        log.lines().filter(|it| *it == "config").count()
    };
    let path = install_gcloud("case $1 in config) exit 1;; *) echo s3cret;; esac");
    let path = path.parent().unwrap().to_str().unwrap();
    let output = outcome(
        &home.0,
        &[("GCP_MODEL", "m"), (PREPARE, "1"), ("PATH", path)],
    );
    assert!(output.contains("project is not set"), "{output}");
    assert_eq!(lookups(), 1);
    install_gcloud("case $1 in config) echo gcloud-project;; *) echo s3cret;; esac");

    let variables = [("GCP_MODEL", "m"), (PREPARE, "1"), ("PATH", path)];
    let output = outcome(&home.0, &variables);
    assert!(output.contains("/projects/gcloud-project/"), "{output}");
    assert!(!output.contains("s3cret"), "{output}");
    assert_eq!(lookups(), 2);

    let output = outcome(&home.0, &[("GCP_MODEL", "m"), ("PATH", path)]);
    assert!(output.contains("project is not set"), "{output}");
}

#[test]
fn vertex_builder_reads_only_credential_variables_from_env() {
    let home = TempDir::new("builder");
    let output = outcome(
        &home.0,
        &[
            ("MISTRAL_GCP_TEST_BUILDER", "m"),
            ("GCP_PROJECT_ID", "p1"),
            ("GOOGLE_CLOUD_PROJECT", "p2"),
            ("GCP_REGION", "eu"),
            ("GOOGLE_CLOUD_QUOTA_PROJECT", "payer"),
        ],
    );
    assert!(
        output.contains("/projects/p2/locations/europe-west4/"),
        "{output}"
    );
    assert!(
        output.contains("quota_project: Some(\"payer\")"),
        "{output}"
    );
}

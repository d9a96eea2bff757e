//! Where credentials, and settings, are looked for. What the environment decides runs in
//! processes of its own, because the environment belongs to the whole process.

#![allow(clippy::unwrap_used, clippy::panic)] // helpers outside of test functions may panic as tests do

use std::path::{Path, PathBuf};
use std::process::Command;

use mistral_gcp::MistralGcp;
use mistral_sdk::ErrorKind;
use mistral_sdk::provider::{Operation, Provider, RouteRequest};
use serde_json::{Value, json};

/// A folder of its own, removed at the end.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let name = format!("mistral-gcp-{name}-{}", std::process::id());
        let folder = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&folder).unwrap();
        Self(folder)
    }

    fn file(&self, name: &str, text: &str) -> PathBuf {
        let path = self.0.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
        path
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _gone = std::fs::remove_dir_all(&self.0);
    }
}

fn service_account() -> Value {
    json!({
        "type": "service_account",
        "project_id": "of-the-account",
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
        "quota_project_id": "of-the-user",
    })
}

fn without(mut credentials: Value, field: &str) -> String {
    credentials.as_object_mut().unwrap().remove(field);
    credentials.to_string()
}

fn refusal(path: &Path) -> String {
    let builder = MistralGcp::builder().project("p").credentials_file(path);
    let error = builder.build().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config);
    let words = format!("{error} {error:#} {error:?}");
    assert!(words.contains(path.to_str().unwrap()), "{words}");
    assert!(!words.contains("s3cret"), "{words}");
    error.to_string()
}

#[test]
fn files_that_cannot_be_used_are_named_with_the_fix() {
    let folder = Folder::new("files");
    assert!(refusal(&folder.0.join("missing.json")).contains("cannot be read"));
    assert!(refusal(&folder.0).contains("cannot be read"));
    for (text, words) in [
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
        (
            &authorized_user().to_string(),
            "GOOGLE_APPLICATION_CREDENTIALS",
        ),
    ] {
        let refusal = refusal(&folder.file("key.json", text));
        println!("{refusal}");
        assert!(refusal.contains(words), "{refusal}");
    }
    for uri in ["", "nowhere", "http://", "https://x y/"] {
        let mut account = service_account();
        account["token_uri"] = uri.into();
        let refusal = refusal(&folder.file("key.json", &account.to_string()));
        assert!(refusal.contains("`token_uri`"), "{refusal}");
    }
}

#[test]
fn kinds_that_are_not_supported_are_named_with_the_fix() {
    let folder = Folder::new("kinds");
    for kind in [
        "external_account",
        "external_account_authorized_user",
        "impersonated_service_account",
        "gdch_service_account",
        "what-tomorrow-brings",
    ] {
        let text = json!({ "type": kind, "private_key": "s3cret" }).to_string();
        let refusal = refusal(&folder.file("key.json", &text));
        println!("{refusal}");
        assert!(refusal.contains(&format!("`{kind}`")), "{refusal}");
        assert!(refusal.contains("token_source"), "{refusal}");
    }
}

#[tokio::test]
async fn a_key_that_is_none_is_the_error_of_the_call() {
    let folder = Folder::new("key");
    let path = folder.file("key.json", &service_account().to_string());
    let gcp = MistralGcp::builder().credentials_file(&path);
    let gcp = gcp.build().unwrap();
    let error = gcp.authorize(None, &mut http::HeaderMap::new()).await;
    let error = error.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Credentials);
    let words = format!("{error:#} {error:?} {gcp:?}");
    assert!(words.contains(path.to_str().unwrap()), "{words}");
    assert!(
        words.contains("private key") || words.contains("PKCS"),
        "{words}"
    );
    assert!(!words.contains("s3cret"), "{words}");
}

const CHILD: &str = "MISTRAL_GCP_TEST_CHILD";
const PREPARE: &str = "MISTRAL_GCP_TEST_PREPARE";
const VARIABLES: [&str; 11] = [
    PREPARE,
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

/// What `MistralGcp::from_env` comes to under these variables, in this home. With
/// `MISTRAL_GCP_TEST_BUILDER`, what a builder with this model comes to.
fn outcome(home: &Path, variables: &[(&str, &str)]) -> String {
    let mut child = Command::new(std::env::current_exe().unwrap());
    child.args(["--exact", "child", "--nocapture"]);
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
async fn child() {
    if std::env::var_os(CHILD).is_none() {
        return;
    }
    let made = match std::env::var("MISTRAL_GCP_TEST_BUILDER") {
        Ok(model) => MistralGcp::builder().model(model).build(),
        Err(_) => MistralGcp::from_env(),
    };
    match made {
        Err(error) => println!("outcome: {error:#}"),
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
fn settings_come_from_the_environment() {
    let home = Folder::new("home");
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
    let shown = outcome(&home.0, &all);
    assert_eq!(
        url(&shown),
        "https://us-central1-aiplatform.googleapis.com/v1/projects/p1/locations/us-central1/\
         publishers/mistralai/models/codestral@2405:rawPredict"
    );
    assert!(shown.contains("payer"), "{shown}");

    let others: Vec<_> = all
        .into_iter()
        .filter(|(name, _)| !name.starts_with("GCP_P"))
        .collect();
    assert!(outcome(&home.0, &others).contains("/projects/p2/"));
    let shown = outcome(
        &home.0,
        &[
            ("GCP_PROJECT_ID", " "),
            ("GCLOUD_PROJECT", "p3"),
            ("GOOGLE_CLOUD_LOCATION", "eu"),
            ("GCP_MODEL", "m"),
        ],
    );
    assert!(
        shown.contains("//aiplatform.eu.rep.googleapis.com/v1/projects/p3/"),
        "{shown}"
    );

    let no_project = outcome(&home.0, &[("GCP_MODEL", "m")]);
    assert!(no_project.contains("GCP_PROJECT_ID"), "{no_project}");
    let no_model = outcome(&home.0, &[("GCP_PROJECT_ID", "p")]);
    assert!(no_model.contains("GCP_MODEL"), "{no_model}");
    let no_place = outcome(&home.0, &[("GCP_PROJECT_ID", "p"), ("GCP_REGION", "a/b")]);
    assert!(no_place.contains("GCP_REGION"), "{no_place}");
}

#[test]
fn the_credentials_name_the_projects_where_nothing_else_does() {
    let home = Folder::new("adc");
    let account = home.file("account.json", &service_account().to_string());
    let named = ("GOOGLE_APPLICATION_CREDENTIALS", account.to_str().unwrap());
    let model = ("GCP_MODEL", "m");

    let shown = outcome(&home.0, &[model, named]);
    assert!(shown.contains("/projects/of-the-account/"), "{shown}");
    assert!(shown.contains("quota_project: None"), "{shown}");
    let shown = outcome(&home.0, &[model, named, ("GCLOUD_PROJECT", "p3")]);
    assert!(shown.contains("/projects/p3/"), "{shown}");

    let login = ".config/gcloud/application_default_credentials.json";
    home.file(login, &authorized_user().to_string());
    let shown = outcome(&home.0, &[model]);
    assert!(shown.contains("/projects/of-the-user/"), "{shown}");
    assert!(
        shown.contains("quota_project: Some(\"of-the-user\")"),
        "{shown}"
    );
    let shown = outcome(&home.0, &[model, ("GOOGLE_CLOUD_QUOTA_PROJECT", "payer")]);
    assert!(shown.contains("quota_project: Some(\"payer\")"), "{shown}");
    let shown = outcome(&home.0, &[model, named]);
    assert!(shown.contains("/projects/of-the-account/"), "{shown}");

    let path = home.file(login, &json!({ "type": "external_account" }).to_string());
    let shown = outcome(&home.0, &[model, ("GCP_PROJECT_ID", "p")]);
    assert!(shown.contains("`external_account`"), "{shown}");
    assert!(shown.contains(path.to_str().unwrap()), "{shown}");

    let missing = ("GOOGLE_APPLICATION_CREDENTIALS", "/nowhere/key.json");
    let shown = outcome(&home.0, &[model, ("GCP_PROJECT_ID", "p"), missing]);
    for words in [
        "GOOGLE_APPLICATION_CREDENTIALS",
        "/nowhere/key.json",
        "cannot be read",
    ] {
        assert!(shown.contains(words), "{shown}");
    }
}

#[cfg(unix)]
#[test]
fn any_number_of_first_calls_ask_for_the_project_once() {
    use std::os::unix::fs::PermissionsExt;

    let home = Folder::new("project");
    let login = ".config/gcloud/application_default_credentials.json";
    home.file(login, &without(authorized_user(), "quota_project_id"));
    let tool = |does: &str| {
        let script = format!("#!/bin/sh\necho \"$1\" >> \"$HOME/asked\"\n{does}\n");
        let tool = home.file("bin/gcloud", &script);
        std::fs::set_permissions(&tool, std::fs::Permissions::from_mode(0o755)).unwrap();
        tool
    };
    let asked = || {
        let asked = std::fs::read_to_string(home.0.join("asked")).unwrap();
        asked.lines().filter(|it| *it == "config").count()
    };
    let path = tool("case $1 in config) exit 1;; *) echo s3cret;; esac");
    let path = path.parent().unwrap().to_str().unwrap();
    let shown = outcome(
        &home.0,
        &[("GCP_MODEL", "m"), (PREPARE, "1"), ("PATH", path)],
    );
    assert!(shown.contains("there is no project"), "{shown}");
    assert_eq!(asked(), 1);
    tool("case $1 in config) echo of-the-tool;; *) echo s3cret;; esac");

    let variables = [("GCP_MODEL", "m"), (PREPARE, "1"), ("PATH", path)];
    let shown = outcome(&home.0, &variables);
    assert!(shown.contains("/projects/of-the-tool/"), "{shown}");
    assert!(!shown.contains("s3cret"), "{shown}");
    assert_eq!(asked(), 2);

    let shown = outcome(&home.0, &[("GCP_MODEL", "m"), ("PATH", path)]);
    assert!(shown.contains("there is no project"), "{shown}");
}

#[test]
fn a_builder_takes_from_the_environment_what_belongs_to_the_credentials() {
    let home = Folder::new("builder");
    let shown = outcome(
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
        shown.contains("/projects/p2/locations/europe-west4/"),
        "{shown}"
    );
    assert!(shown.contains("quota_project: Some(\"payer\")"), "{shown}");
}

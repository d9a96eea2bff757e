//! The search for credentials in variables and files, and by programs.

#![allow(clippy::unwrap_used, clippy::panic)] // helpers outside of test functions may panic as tests do

mod common;

use common::TempDir;
use common::child::{KEYS, PROFILE, command, outcome, run, send_if_child};

#[tokio::test]
async fn env_child_process() {
    send_if_child().await;
}

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

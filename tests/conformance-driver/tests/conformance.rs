//! Runs an external conformance suite against the driver: a script `judge.py` in the directory that
//! `MISTRAL_CONFORMANCE` names, by default `shared/conformance` next to the repository. Without the
//! script, the tests are skipped.
//!
//! Of the newest official SDK (`v3`), a sample of the groups is tested, and all of them if
//! `MISTRAL_CONFORMANCE_ALL` is set.

#![allow(clippy::unwrap_used)] // helpers may panic as tests do

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::Command;

/// The groups of the sample, by the beginnings of their calls.
const SAMPLE: [&str; 5] = [
    "audio.voices.",
    "beta.conversations.",
    "beta.libraries.",
    "responses.",
    "workflows.events.",
];

/// The part of the overlay of the generated code that explains cases.
#[derive(serde::Deserialize)]
struct Overlay {
    exceptions: BTreeMap<String, String>,
}

/// The intended differences: the case, the texts of its report, and the reason.
const INTENDED_DIFFERENCES: &[(&str, &[&str], &str)] = &[(
    "gcp/project-arg:",
    &["models/codestral@2405:", "/model is \"codestral\""],
    "the model names of the first SDKs are still accepted",
)];

/// Whether the report of a failed case contains only an intended difference.
fn is_intended(report: &str) -> bool {
    let mut lines = report.lines().map(str::trim);
    let case = lines.next().unwrap_or_default();
    let lines: Vec<_> = lines.filter(|line| line.starts_with("- ")).collect();
    let intended = INTENDED_DIFFERENCES.iter().find(|(start, words, _)| {
        let is_known = |line: &&str| words.iter().any(|words| line.contains(words));
        case.starts_with(start) && !lines.is_empty() && lines.iter().all(is_known)
    });
    if let Some((_, _, reason)) = intended {
        println!("differs: {case}: {reason}");
    }
    intended.is_some()
}

fn suite_directory() -> Option<PathBuf> {
    let beside = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/conformance");
    let directory =
        std::env::var_os("MISTRAL_CONFORMANCE").map_or_else(|| beside.into(), PathBuf::from);
    directory.join("judge.py").exists().then_some(directory)
}

/// Whether the overlay has a reason for a failed case of the newest official SDK.
fn is_exception(report: &str, overlay: &Overlay) -> bool {
    let case = report.lines().next().unwrap_or_default().trim();
    let reason = overlay.exceptions.get(case);
    if let Some(reason) = reason {
        println!("differs: {case}: {reason}");
    }
    reason.is_some()
}

fn run_newest(part: &str) {
    let mut arguments = vec!["--data", "v3", "--require-all"];
    if std::env::var_os("MISTRAL_CONFORMANCE_ALL").is_none() && part != "streams" {
        arguments.extend(SAMPLE.iter().flat_map(|group| ["--only", group]));
    }
    run(part, &arguments);
}

fn run_suite(part: &str) {
    run(part, &[]);
}

fn run(part: &str, arguments: &[&str]) {
    let Some(directory) = suite_directory() else {
        println!("skipped: set MISTRAL_CONFORMANCE to the directory of the conformance suite");
        return;
    };
    let output = Command::new("python3")
        .args(["judge.py", part, "--driver"])
        .arg(env!("CARGO_BIN_EXE_conformance-driver"))
        .args(arguments)
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .current_dir(directory)
        .output();
    let Ok(output) = output else {
        println!("skipped: Python is not installed");
        return;
    };
    let report = String::from_utf8_lossy(&output.stdout);
    println!("{}", report.lines().last().unwrap_or_default());
    assert!(report.contains(" passed, "), "{report}");
    assert!(!report.contains("\n0 passed"), "{report}");
    let details = report.split("\nby group:").next().unwrap_or_default();
    let failed = details.split("FAIL ").skip(1);
    let overlay = include_str!("../../../spec/overlay.toml");
    let overlay: Overlay = toml::from_str(overlay).unwrap();
    let is_explained = |report: &&str| match arguments {
        [] => is_intended(report),
        _ => is_exception(report, &overlay),
    };
    let unexplained: Vec<_> = failed.filter(|report| !is_explained(report)).collect();
    assert!(unexplained.is_empty(), "{unexplained:#?}");
}

#[test]
fn conformance_requests_match_official_sdk() {
    run_suite("requests");
}

#[test]
fn conformance_responses_are_read_without_loss() {
    run_suite("responses");
}

#[test]
fn conformance_sse_streams_follow_the_standard() {
    run_suite("sse");
}

#[test]
fn conformance_azure_and_vertex_requests_match_official_sdk() {
    run_suite("cloud");
}

#[test]
fn conformance_requests_match_newest_official_sdk() {
    run_newest("requests");
}

#[test]
fn conformance_responses_of_newest_official_sdk_are_read_without_loss() {
    run_newest("responses");
}

#[test]
fn conformance_streams_of_newest_official_sdk_are_read_without_loss() {
    run_newest("streams");
}

//! What a judge from outside says, where there is one: a script `judge.py` that starts the
//! driver, in the folder `MISTRAL_CONFORMANCE` or `../shared/conformance`.

use std::path::PathBuf;
use std::process::Command;

/// Where the SDK wants to differ: case, what the judge says of it, and why.
const DIFFERENCES: &[(&str, &[&str], &str)] = &[(
    "gcp/project-arg:",
    &["models/codestral@2405:", "/model is \"codestral\""],
    "the names of the first SDKs are still understood",
)];

/// Whether a report on a case is about a difference that is wanted, and says no more.
fn is_wanted(report: &str) -> bool {
    let mut lines = report.lines().map(str::trim);
    let case = lines.next().unwrap_or_default();
    let lines: Vec<_> = lines.filter(|line| line.starts_with("- ")).collect();
    let wanted = DIFFERENCES.iter().find(|(start, words, _)| {
        let is_known = |line: &&str| words.iter().any(|words| line.contains(words));
        case.starts_with(start) && !lines.is_empty() && lines.iter().all(is_known)
    });
    if let Some((_, _, reason)) = wanted {
        println!("differs: {case}: {reason}");
    }
    wanted.is_some()
}

fn folder() -> Option<PathBuf> {
    let beside = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/conformance");
    let folder =
        std::env::var_os("MISTRAL_CONFORMANCE").map_or_else(|| beside.into(), PathBuf::from);
    folder.join("judge.py").exists().then_some(folder)
}

fn judge(part: &str) {
    let Some(folder) = folder() else {
        println!("skipped: there is no judge");
        return;
    };
    let judge = Command::new("python3")
        .args(["judge.py", part, "--driver"])
        .arg(env!("CARGO_BIN_EXE_conformance-driver"))
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .current_dir(folder)
        .output();
    let Ok(output) = judge else {
        println!("skipped: there is no Python");
        return;
    };
    let report = String::from_utf8_lossy(&output.stdout);
    println!("{}", report.lines().last().unwrap_or_default());
    assert!(report.contains(" passed, "), "{report}");
    assert!(!report.contains("\n0 passed"), "{report}");
    let details = report.split("\nby group:").next().unwrap_or_default();
    let failed = details.split("FAIL ").skip(1);
    let unexplained: Vec<_> = failed.filter(|report| !is_wanted(report)).collect();
    assert!(unexplained.is_empty(), "{unexplained:#?}");
}

#[test]
fn conformance_requests_match_official_sdk() {
    judge("requests");
}

#[test]
fn conformance_responses_are_read_without_loss() {
    judge("responses");
}

#[test]
fn conformance_sse_streams_follow_the_standard() {
    judge("sse");
}

#[test]
fn conformance_azure_and_vertex_requests_match_official_sdk() {
    judge("cloud");
}

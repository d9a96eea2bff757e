//! Compile errors that a new user makes: what the compiler says must name the fix.
//!
//! Every file in the folders beside this one is a program with one mistake. Its first lines are
//! phrases that the compiler's message must contain: `// says: …`. Phrases, and not whole messages,
//! because the latter differ between versions of the compiler.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)] // helpers may panic as tests do

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

/// A program with a mistake.
struct Case {
    name: String,
    path: PathBuf,
    /// The phrases that the compiler's message must contain.
    phrases: Vec<String>,
}

fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}

fn cases(group: &str) -> Vec<Case> {
    let folder = root().join("tests/compile_errors").join(group);
    let mut cases: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|file| {
            let path = file.unwrap().path();
            let code = fs::read_to_string(&path).unwrap();
            let phrases = code
                .lines()
                .map_while(|line| line.strip_prefix("// says: "));
            let case = Case {
                name: path.file_stem().unwrap().to_string_lossy().into_owned(),
                phrases: phrases.map(str::to_owned).collect(),
                path,
            };
            assert!(!case.phrases.is_empty(), "{}", case.name);
            case
        })
        .collect();
    cases.sort_by(|one, other| one.name.cmp(&other.name));
    cases
}

/// Writes a crate whose modules are the cases. All are compiled at once: a compiler that starts
/// for each would take minutes.
fn write_crate(group: &str, cases: &[Case], features: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"))
        .join("compile-errors")
        .join(group);
    fs::create_dir_all(folder.join("src")).unwrap();
    let manifest = format!(
        "[package]\nname = \"compile-errors-{group}\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n\
         [workspace]\n\n\
         [dependencies]\nserde = {{ version = \"1\", features = [\"derive\"] }}\n\
         mistral-sdk = {{ path = {:?}, default-features = false, features = [{features}] }}\n",
        root().join("crates/mistral-sdk"),
    );
    let mut lib = String::new();
    for case in cases {
        writeln!(lib, "#[path = {:?}]\npub mod {};", case.path, case.name).unwrap();
    }
    fs::write(folder.join("Cargo.toml"), manifest).unwrap();
    fs::write(folder.join("src/lib.rs"), lib).unwrap();
    // The versions that are there already.
    fs::copy(root().join("Cargo.lock"), folder.join("Cargo.lock")).unwrap();
    folder
}

/// Compiles the crate in `folder` and returns the compiler's messages, as it shows them, with the
/// files that they are about.
fn compile(folder: &Path) -> Vec<(Vec<String>, String)> {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join("compile-errors/target");
    let output = Command::new(env!("CARGO"))
        .args(["check", "--offline", "--message-format=json"])
        .current_dir(folder)
        .env("CARGO_TARGET_DIR", target)
        .env("CARGO_INCREMENTAL", "0")
        .env_remove("RUSTFLAGS")
        .output()
        .unwrap();
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!output.status.success(), "the cases compile: {errors}");
    let lines = String::from_utf8(output.stdout).unwrap();
    let lines = lines
        .lines()
        .map(|line| serde_json::from_str(line).unwrap());
    let messages: Vec<_> = lines
        .filter(|line: &Value| line["reason"] == "compiler-message")
        .map(|line| {
            let spans = line["message"]["spans"].as_array().unwrap();
            let files = spans
                .iter()
                .map(|span| span["file_name"].as_str().unwrap().to_owned());
            let shown = line["message"]["rendered"].as_str().unwrap();
            (files.collect(), shown.to_owned())
        })
        .collect();
    assert!(!messages.is_empty(), "{errors}");
    messages
}

/// Checks that what the compiler says about every case of `group` contains its phrases.
fn check(group: &str, features: &str) {
    let cases = cases(group);
    let messages = compile(&write_crate(group, &cases, features));
    let mut failures = String::new();
    for case in &cases {
        let is_about = |files: &[String]| {
            files
                .iter()
                .any(|file| case.path.ends_with(file_name(file)))
        };
        let said: String = messages
            .iter()
            .filter(|(files, _)| is_about(files))
            .map(|(_, shown)| shown.as_str())
            .collect();
        for phrase in &case.phrases {
            if !said.contains(phrase) {
                write!(failures, "{}: `{phrase}` is missing:\n{said}\n", case.name).unwrap();
            }
        }
    }
    assert!(failures.is_empty(), "{failures}");
}

fn file_name(path: &str) -> &Path {
    Path::new(Path::new(path).file_name().unwrap())
}

#[test]
fn compile_error_of_wrong_type_names_the_fix() {
    check("types", r#""api", "hyper""#);
}

/// In a crate of their own: the compiler reports no wrong types beside unknown names.
#[test]
fn compile_error_of_unknown_name_names_the_fix() {
    check("names", r#""api", "hyper""#);
}

#[test]
fn compile_error_without_provider_names_the_feature() {
    check("no_provider", "");
}

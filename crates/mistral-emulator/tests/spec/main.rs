//! The table of operations and schemas, `src/spec/api.json`, against the facts it is derived from.
//!
//! `UPDATE_SPEC=1 cargo test -p mistral-emulator-tests --test spec` writes the table anew.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "helpers of tests may panic as tests do"
)]

mod derive;

use std::path::{Path, PathBuf};

use serde_json::Value;

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../..")
}

/// Returns the folder with the facts of the official SDK, if there is one.
fn facts() -> Option<PathBuf> {
    let folders = ["spec", "../shared/conformance/v3"];
    let mut folders = folders.into_iter().map(|folder| repository().join(folder));
    folders.find(|folder| folder.join("surface.json").exists())
}

fn read(path: &Path) -> Value {
    let text = std::fs::read_to_string(path).unwrap();
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

#[test]
fn spec_table_is_derived_from_facts() {
    let Some(facts) = facts() else {
        return;
    };
    let table = Path::new(env!("CARGO_MANIFEST_DIR")).join("../src/spec/api.json");
    let derived = derive::table(
        &read(&facts.join("surface.json")),
        &read(&facts.join("schemas.json")),
        &read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("spec/closed.json")),
    );
    if std::env::var_os("UPDATE_SPEC").is_some() {
        std::fs::write(&table, &derived).unwrap();
    }
    let found = std::fs::read_to_string(&table).unwrap_or_default();
    let differs = derived.lines().zip(found.lines()).find(|(a, b)| a != b);
    assert_eq!(differs, None, "renew it with UPDATE_SPEC=1");
    assert_eq!(derived.lines().count(), found.lines().count());
}

//! Checks of the README and the guide as text.

#![allow(clippy::unwrap_used, clippy::panic)] // helpers may panic as tests do

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use mistral_sdk::provider::Operation;

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

/// Returns the README and the pages of the guide.
fn pages() -> Vec<(PathBuf, String)> {
    let docs = fs::read_dir(Path::new(ROOT).join("docs")).unwrap();
    let docs = docs.map(|entry| entry.unwrap().path());
    let pages = docs.filter(|path| path.extension().is_some_and(|it| it == "md"));
    let pages = pages.chain([Path::new(ROOT).join("README.md")]);
    pages
        .map(|path| (path.clone(), fs::read_to_string(&path).unwrap()))
        .collect()
}

/// Returns the text of a page without its code.
fn prose(page: &str) -> String {
    let blocks = page.split("```").step_by(2);
    blocks.collect()
}

#[test]
fn guide_blocks_have_no_lines_that_only_rustdoc_hides() {
    let mut checked = 0;
    for (path, page) in pages() {
        for block in page.split("\n```rust").skip(1) {
            let code = block.split("\n```").next().unwrap();
            let hidden = code
                .lines()
                .find(|line| line.trim_start().starts_with("# ") || line.trim() == "#");
            assert_eq!(hidden, None, "{}", path.display());
            checked += 1;
        }
    }
    assert!(checked > 40, "{checked}");
}

#[test]
fn guide_relative_links_lead_to_files() {
    let mut checked = 0;
    for (path, page) in pages() {
        let prose = prose(&page);
        for after in prose.split("](").skip(1) {
            let target = after.split([')', '#']).next().unwrap();
            if target.is_empty() || target.contains("://") || target.starts_with("crate::") {
                continue;
            }
            let file = path.parent().unwrap().join(target);
            assert!(file.exists(), "{}: {target}", path.display());
            checked += 1;
        }
    }
    assert!(checked > 40, "{checked}");
}

/// The table of methods has a row for each operation. Where Python has no method of that name, the
/// row shows the arguments.
#[test]
fn migrating_page_lists_each_operation() {
    let page = fs::read_to_string(Path::new(ROOT).join("docs/migrating.md")).unwrap();
    let table = page.split("### Methods").nth(1).unwrap();
    let table = table.split("\n## ").next().unwrap();
    let rows: Vec<_> = table
        .lines()
        .filter_map(|line| line.strip_prefix("| `")?.strip_suffix("` |"))
        .map(|row| row.split_once("` | `").unwrap())
        .collect();
    let operations: BTreeSet<_> = Operation::all()
        .map(|operation| operation.name.to_string())
        .collect();
    let mut listed = BTreeSet::new();
    for (python, rust) in rows {
        let name = rust.replace("client.", "").replace("()", "");
        assert!(python.contains('(') || python == name, "{python} is {rust}");
        listed.insert(name);
    }
    assert_eq!(listed, operations);
}

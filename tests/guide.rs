//! Checks of the README and the guide as text.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)] // helpers may panic as tests do

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

/// Returns the blocks of Rust of a page.
fn rust_blocks(page: &str) -> Vec<&str> {
    let blocks = page.split("\n```rust").skip(1);
    blocks
        .map(|block| block.split("\n```").next().unwrap())
        .collect()
}

/// Returns the targets of links to files, of both forms: `[text](target)` and `[label]: target`.
fn links_to_files(page: &str) -> Vec<&str> {
    let inline = page
        .split("](")
        .skip(1)
        .filter_map(|after| after.split(')').next());
    let definitions = page
        .lines()
        .filter_map(|line| Some(line.strip_prefix('[')?.split_once("]: ")?.1));
    let targets = inline.chain(definitions);
    let targets =
        targets.filter(|target| !target.contains("://") && !target.starts_with("crate::"));
    let files = targets.filter_map(|target| target.split('#').next());
    files.filter(|file| !file.is_empty()).collect()
}

#[test]
fn guide_blocks_have_no_lines_that_only_rustdoc_hides() {
    let mut checked = 0;
    for (path, page) in pages() {
        for code in rust_blocks(&page) {
            let hidden = code
                .lines()
                .find(|line| line.trim_start().starts_with("# ") || line.trim() == "#");
            assert_eq!(hidden, None, "{}", path.display());
            checked += 1;
        }
    }
    assert!(checked > 80, "{checked}");
}

/// Such a block compiles where it is pasted. All blocks are compiled as documentation tests.
#[test]
fn guide_blocks_are_programs_or_functions() {
    for (path, page) in pages() {
        for code in rust_blocks(&page) {
            let statement = code.lines().skip(1).find(|line| {
                let starts_statement = [
                    "let ", "if ", "for ", "while ", "match ", "println!", "assert",
                ];
                starts_statement.iter().any(|start| line.starts_with(start))
            });
            assert_eq!(statement, None, "{}", path.display());
            assert!(code.contains("fn "), "{}: {code}", path.display());
        }
    }
}

#[test]
fn guide_names_the_facade_only() {
    for (path, page) in pages() {
        for krate in ["core", "api", "aws", "azure", "gcp"] {
            let name = format!("use mistral_{krate}::");
            assert!(!page.contains(&name), "{}: {name}", path.display());
        }
    }
}

#[test]
fn guide_relative_links_lead_to_files() {
    let mut checked = 0;
    for (path, page) in pages() {
        let prose = prose(&page);
        for target in links_to_files(&prose) {
            let file = path.parent().unwrap().join(target);
            assert!(file.exists(), "{}: {target}", path.display());
            checked += 1;
        }
    }
    assert!(checked > 40, "{checked}");
}

#[test]
fn guide_readme_links_to_each_page() {
    let readme = fs::read_to_string(Path::new(ROOT).join("README.md")).unwrap();
    let links: BTreeSet<_> = links_to_files(&readme).into_iter().collect();
    for (path, _) in pages() {
        let name = path.file_name().unwrap().to_str().unwrap();
        let page = format!("docs/{name}");
        assert!(name == "README.md" || links.contains(&*page), "{page}");
    }
}

/// docs.rs shows files that are no pages from the package, so each link target must be in it.
#[test]
fn guide_links_to_sources_are_in_the_package() {
    let package = Path::new(ROOT).join("crates/mistral-sdk");
    let links = fs::read_to_string(package.join("src/links.md")).unwrap();
    let prefix = "https://docs.rs/crate/mistral-sdk/latest/source/";
    let sources: Vec<_> = links
        .lines()
        .filter_map(|line| line.split(prefix).nth(1))
        .collect();
    assert!(sources.len() > 20, "{}", sources.len());
    for source in sources {
        let file = package.join(source);
        assert!(file.is_file(), "{source}: add a symbolic link");
    }
}

/// The form of <https://llmstxt.org>: a title, a summary, and lists of links with a text each.
#[test]
fn llms_txt_lists_each_page_of_the_guide() {
    let text = fs::read_to_string(Path::new(ROOT).join("llms.txt")).unwrap();
    let mut lines = text.lines().filter(|line| !line.is_empty());
    assert!(lines.next().unwrap().starts_with("# "));
    assert!(lines.next().unwrap().starts_with("> "));

    let mut listed = BTreeSet::new();
    for item in lines.filter_map(|line| line.strip_prefix("- ")) {
        let (link, text) = item.split_once("): ").unwrap_or_else(|| panic!("{item}"));
        let target = link.split_once("](").unwrap_or_else(|| panic!("{item}")).1;
        assert!(!text.is_empty(), "{item}");
        assert!(Path::new(ROOT).join(target).exists(), "{target}");
        listed.insert(target);
    }
    for (path, _) in pages() {
        let page = path.strip_prefix(ROOT).unwrap().to_str().unwrap();
        assert!(listed.contains(page), "llms.txt lacks {page}");
    }
}

/// It is read as a whole, before a program is written.
#[test]
fn page_for_assistants_has_at_most_600_lines() {
    let page = fs::read_to_string(Path::new(ROOT).join("docs/for-assistants.md")).unwrap();
    let lines = page.lines().count();
    assert!((200..=600).contains(&lines), "{lines}");
}

/// Returns the rows of tables of methods: Python, Rust.
fn method_rows(section: &str) -> Vec<(&str, &str)> {
    let rows = section
        .lines()
        .filter_map(|line| line.strip_prefix("| `")?.strip_suffix("` |"));
    let rows = rows.filter_map(|row| row.split_once("` | `client."));
    rows.collect()
}

/// The generator writes the rows of newer groups, and `generate -- --check` compares them.
#[test]
fn migrating_page_lists_each_method_of_the_official_sdk() {
    let page = fs::read_to_string(Path::new(ROOT).join("docs/migrating.md")).unwrap();
    let section = page.split("\n### Methods\n").nth(1).unwrap();
    let section = section.split("\n## ").next().unwrap();
    let listed: BTreeSet<_> = method_rows(section).into_iter().map(|row| row.0).collect();

    let surface = fs::read_to_string(Path::new(ROOT).join("spec/surface.json")).unwrap();
    let surface: serde_json::Value = serde_json::from_str(&surface).unwrap();
    let methods = surface["methods"].as_array().unwrap();
    let missing: Vec<_> = methods
        .iter()
        .filter_map(|method| method["call"].as_str())
        .filter(|call| !listed.contains(call))
        .collect();
    assert!(missing.is_empty(), "{missing:?}");
    let claim = format!("All {} methods of version 3.7.0", methods.len());
    assert_eq!(surface["info"]["sdk"], "mistralai 3.7.0");
    assert!(page.contains(&claim), "{claim}");
}

/// The table of methods has a row for each operation. Where Python has no method of that name, the
/// row shows the arguments.
#[test]
fn migrating_page_lists_each_operation() {
    let page = fs::read_to_string(Path::new(ROOT).join("docs/migrating.md")).unwrap();
    let section = page.split("### Methods\n").nth(1).unwrap();
    let section = section.split("\n### ").next().unwrap();
    let rows = method_rows(section);
    let operations: BTreeSet<_> = Operation::all()
        .map(|operation| operation.name.to_string())
        .collect();
    let mut listed = BTreeSet::new();
    for (python, rust) in rows {
        let name = rust.replace("()", "");
        assert!(python.contains('(') || python == name, "{python} is {rust}");
        listed.insert(name);
    }
    assert_eq!(listed, operations);
}

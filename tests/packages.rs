//! Checks of what is published: links of the guide, examples in the documentation, and the
//! compiler that dependencies need.

#![allow(clippy::unwrap_used, clippy::panic)] // helpers may panic as tests do

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

fn read(path: impl AsRef<Path>) -> String {
    let path = Path::new(ROOT).join(path);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn files(folder: &str, extension: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(Path::new(ROOT).join(folder)).unwrap() {
        let path = Path::new(folder).join(entry.unwrap().file_name());
        if Path::new(ROOT).join(&path).is_dir() {
            found.extend(files(path.to_str().unwrap(), extension));
        } else if path.extension().is_some_and(|it| it == extension) {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// The pages of the documentation of `mistral_sdk`.
fn pages() -> Vec<PathBuf> {
    let mut pages = files("docs", "md");
    pages.extend(["README.md".into(), "examples/README.md".into()]);
    pages
}

/// The text without code blocks.
fn prose(page: &str) -> String {
    let blocks = page.split("\n```").step_by(2);
    blocks.collect::<Vec<_>>().join("\n")
}

/// The definitions of links: label and target.
fn definitions(text: &str) -> BTreeMap<&str, &str> {
    let lines = text.lines().filter_map(|line| line.strip_prefix('['));
    lines.filter_map(|line| line.split_once("]: ")).collect()
}

/// An inline link to a file works in one place only: in the repository, or in rustdoc.
#[test]
fn guide_links_between_pages_are_references() {
    for page in pages() {
        let text = prose(&read(&page));
        for (_, rest) in text
            .match_indices("](")
            .map(|(at, _)| text.split_at(at + 2))
        {
            let target = rest.split(')').next().unwrap();
            assert!(
                target.contains("://") || target.starts_with('#'),
                "{}: write [text][label] instead of a link to {target}, and define the label at \
                 the end of the page, and for rustdoc in crates/mistral-sdk/src/links.md",
                page.display()
            );
        }
    }
}

#[test]
fn guide_link_definitions_exist_for_files_and_for_rustdoc() {
    let for_rustdoc = read("crates/mistral-sdk/src/links.md");
    let for_rustdoc = definitions(&for_rustdoc);
    let mut links = 0;
    for page in pages() {
        let text = read(&page);
        let defined = definitions(&text);
        for (label, target) in &defined {
            if target.contains("://") {
                continue;
            }
            links += 1;
            let file = target.split('#').next().unwrap();
            let path = Path::new(ROOT).join(page.parent().unwrap()).join(file);
            assert!(path.exists(), "{}: {target}", page.display());
            assert!(for_rustdoc.contains_key(label), "links.md lacks [{label}]");
        }
        for part in prose(&text).split("][").skip(1) {
            let label = part.split(']').next().unwrap();
            let label = if label.is_empty() { continue } else { label };
            assert!(defined.contains_key(label), "{}: [{label}]", page.display());
        }
    }
    assert!(links > 50, "{links}");
}

#[test]
fn guide_has_a_module_per_page() {
    let guide = read("crates/mistral-sdk/src/guide.rs");
    for page in pages()
        .iter()
        .filter(|page| page.as_os_str() != "README.md")
    {
        let page = page.to_str().unwrap();
        assert!(guide.contains(&format!("\"{page}\" => ")), "{page}");
    }
}

/// The package contains a link to each example, which the documentation leads to.
#[test]
fn guide_examples_are_in_the_package() {
    for example in files("examples", "rs") {
        let depth = example.components().count();
        if depth == 2 || example.starts_with("examples/extra") {
            let packaged = Path::new("crates/mistral-sdk").join(&example);
            assert!(
                Path::new(ROOT).join(&packaged).exists(),
                "{}: add a symbolic link",
                packaged.display()
            );
        }
    }
}

/// Users depend on the facade, so examples must not name the crates behind it.
#[test]
fn documentation_examples_use_the_facade() {
    let crates = ["macros", "core", "api", "azure", "gcp", "beta"];
    let folders = crates.map(|name| format!("crates/mistral-{name}/src"));
    for file in folders.iter().flat_map(|folder| files(folder, "rs")) {
        for line in read(&file).lines().map(str::trim_start) {
            let is_doc = line.starts_with("///") || line.starts_with("//!");
            let names = |name: &str| line.contains(&format!("use mistral_{name}::"));
            assert!(
                !(is_doc && crates.into_iter().any(names)),
                "{}: {line}: use mistral_sdk",
                file.display()
            );
        }
    }
}

/// Returns the packages of the lock file.
fn packages() -> Vec<serde_json::Value> {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version=1", "--locked"])
        .current_dir(ROOT)
        .output()
        .unwrap();
    let metadata: serde_json::Value = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&output.stderr)));
    let packages = metadata.get("packages").and_then(|it| it.as_array());
    packages.unwrap().clone()
}

/// The same check as that of `cargo deny`, which takes minutes to install. Each dependency is used
/// under one of the licenses that it offers.
#[test]
fn licenses_of_every_dependency_are_allowed() {
    let settings = read("deny.toml");
    let allowed = settings.split("allow = [").nth(1).unwrap();
    let allowed: Vec<_> = allowed
        .split(']')
        .next()
        .unwrap()
        .split('"')
        .skip(1)
        .step_by(2)
        .collect();
    let mut checked = 0;
    for package in packages() {
        let offered = package["license"].as_str().unwrap_or_default();
        let offered = offered.replace(['(', ')'], "").replace('/', " OR ");
        let is_allowed = |license: &str| allowed.contains(&license.trim());
        let one_is_allowed = offered
            .split(" OR ")
            .any(|license| license.split(" AND ").all(is_allowed));
        assert!(one_is_allowed, "{}: {offered:?}", package["id"]);
        checked += 1;
    }
    assert!(checked > 200, "{checked}");
}

/// As far as dependencies declare it. Cargo's resolver prefers such versions, but does not insist.
#[test]
fn msrv_of_every_dependency_is_at_most_that_of_the_workspace() {
    let version = |text: &str| -> (u32, u32) {
        let mut parts = text.split('.').map(|part| part.parse().unwrap());
        (parts.next().unwrap(), parts.next().unwrap_or(0))
    };
    let manifest = read("Cargo.toml");
    let ours = manifest.split("\nrust-version = \"").nth(1).unwrap();
    let ours = version(ours.split('"').next().unwrap());

    let mut declared = 0;
    for package in packages() {
        if let Some(needed) = package["rust_version"].as_str() {
            declared += 1;
            assert!(version(needed) <= ours, "{} needs {needed}", package["id"]);
        }
    }
    assert!(declared > 200, "{declared}");
}

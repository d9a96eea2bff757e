//! ARCHITECTURE.md against the source: modules of the core import from lower floors only, and the
//! files that it names exist.

#![allow(clippy::unwrap_used, clippy::panic)] // helpers may panic as tests do

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

fn page() -> String {
    fs::read_to_string(Path::new(ROOT).join("ARCHITECTURE.md")).unwrap()
}

fn core() -> PathBuf {
    Path::new(ROOT).join("crates/mistral-core/src")
}

/// The floor of each module, from the table of modules.
fn floors(page: &str) -> BTreeMap<String, u32> {
    let rows = page.lines().filter_map(|line| line.strip_prefix("| "));
    let rows = rows.filter_map(|row| row.split_once(" | "));
    rows.filter_map(|(floor, rest)| {
        let floor: u32 = floor.parse().ok()?;
        let modules = rest.split(" |").next()?;
        Some(modules.split(", ").map(move |module| {
            let name = module.trim_matches('`');
            (
                name.trim_end_matches('/')
                    .trim_end_matches(".rs")
                    .to_owned(),
                floor,
            )
        }))
    })
    .flatten()
    .collect()
}

fn rust_files(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            rust_files(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
}

/// The modules that a source imports, outside of comments and of its unit tests.
fn imports(source: &str) -> Vec<String> {
    let source = source.split("#[cfg(test)]").next().unwrap_or_default();
    let is_part = |letter: char| letter.is_alphanumeric() || letter == '_';
    let code = source
        .lines()
        .filter(|line| !line.trim_start().starts_with("//"));
    code.flat_map(|line| {
        line.match_indices("crate::")
            .filter_map(move |(at, found)| {
                let (before, after) = line.split_at(at);
                let name = after
                    .trim_start_matches(found)
                    .chars()
                    .take_while(|it| is_part(*it));
                (!before.ends_with(is_part)).then(|| name.collect())
            })
    })
    .collect()
}

#[test]
fn architecture_modules_import_from_lower_floors_only() {
    let floors = floors(&page());
    let mut files = Vec::new();
    rust_files(&core(), &mut files);
    let mut checked = 0;
    for file in files {
        let path = file.strip_prefix(core()).unwrap();
        let module = path.iter().next().unwrap().to_str().unwrap();
        let module = module.trim_end_matches(".rs");
        if module == "lib" {
            continue; // it re-exports
        }
        let Some(floor) = floors.get(module) else {
            panic!("ARCHITECTURE.md does not list `{module}`");
        };
        for import in imports(&fs::read_to_string(&file).unwrap()) {
            if import == module {
                continue;
            }
            let Some(imported) = floors.get(&import) else {
                panic!(
                    "{}: `crate::{import}` is no module of the table",
                    path.display()
                );
            };
            assert!(imported < floor, "{} imports `{import}`", path.display());
            checked += 1;
        }
    }
    assert!(checked > 300, "{checked}");
}

#[test]
fn architecture_names_files_that_exist() {
    let page = page();
    let quoted: Vec<_> = page.split('`').skip(1).step_by(2).collect();
    let is_path = |text: &&&str| text.contains('/') && !text.contains([' ', '*', ':', '(']);
    let mut checked = 0;
    for text in quoted.iter().filter(is_path) {
        let found = [Path::new(ROOT).join(text), core().join(text)];
        assert!(
            found.iter().any(|path| path.exists()),
            "`{text}` does not exist"
        );
        checked += 1;
    }
    assert!(checked > 40, "{checked}");
}

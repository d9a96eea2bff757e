//! Checks that the rows of `docs/reliability.md` and `docs/compatibility.md` name existing tests.

#![allow(clippy::unwrap_used, clippy::panic)] // helpers may panic as tests do

use std::path::Path;

/// Returns the file and the name of the test in a table row.
fn test_of(row: &str) -> Option<(&str, &str)> {
    let mut parts = row.strip_prefix("| ")?.rsplit_once(" | ")?.1.split('`');
    let (file, name) = (parts.nth(1)?, parts.nth(1)?);
    Some((file, name))
}

/// Checks every row of the tables of a page but their heads.
fn check_rows(page: &str, head: &str) {
    let root = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."));
    let text = std::fs::read_to_string(root.join(page)).unwrap();
    let rows: Vec<_> = text
        .lines()
        .filter(|line| line.starts_with("| ") && !line.starts_with("| ---"))
        .filter(|line| *line != head)
        .collect();
    assert!(rows.len() > 20, "{page}: {}", rows.len());
    for row in rows {
        let (file, name) = test_of(row).unwrap_or_else(|| panic!("{page}: no test: {row}"));
        let code = std::fs::read_to_string(root.join(file)).unwrap_or_else(|_| panic!("{file}"));
        let lines: Vec<_> = code.lines().map(str::trim).collect();
        let is_test = lines.windows(2).any(|pair| match pair {
            [above, line] => {
                line.contains(&format!("fn {name}()"))
                    && (above.starts_with("#[test]") || above.starts_with("#[tokio::test"))
            }
            _ => false,
        });
        assert!(is_test, "{page}: {file} has no test {name}");
    }
}

#[test]
fn reliability_page_names_an_existing_test_per_promise() {
    check_rows("docs/reliability.md", "| promise | test |");
}

#[test]
fn compatibility_page_names_an_existing_test_per_quirk() {
    check_rows(
        "docs/compatibility.md",
        "| server or gateway | quirk | what the SDK makes of it | test |",
    );
}

//! Every promise of `docs/reliability.md` names a test that there is.

#![allow(clippy::unwrap_used)] // helpers outside of test functions may panic as tests do

use std::path::Path;

/// The file and the name of the test, from a row of a table.
fn named(row: &str) -> Option<(&str, &str)> {
    let mut words = row.strip_prefix("| ")?.rsplit_once(" | ")?.1.split('`');
    let (file, name) = (words.nth(1)?, words.nth(1)?);
    Some((file, name))
}

#[test]
fn reliability_page_names_an_existing_test_per_promise() {
    let root = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."));
    let page = std::fs::read_to_string(root.join("docs/reliability.md")).unwrap();
    let rows: Vec<_> = page
        .lines()
        .filter(|line| line.starts_with("| ") && !line.starts_with("| ---"))
        .filter(|line| *line != "| promise | test |")
        .collect();
    assert!(rows.len() > 20, "{}", rows.len());
    for row in rows {
        let (file, name) = named(row).unwrap_or_else(|| panic!("no test: {row}"));
        let code = std::fs::read_to_string(root.join(file)).unwrap_or_else(|_| panic!("{file}"));
        let lines: Vec<_> = code.lines().map(str::trim).collect();
        let is_test = lines.windows(2).any(|pair| match pair {
            [above, line] => {
                line.contains(&format!("fn {name}()"))
                    && (above.starts_with("#[test]") || above.starts_with("#[tokio::test"))
            }
            _ => false,
        });
        assert!(is_test, "{file} has no test {name}");
    }
}

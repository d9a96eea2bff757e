//! The report: a table of what was checked, the exceptions, and the failures.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use crate::checks::Checks;
use crate::coverage::{Feature, expected};
use crate::exceptions::{
    BEYOND, EMULATOR_BEYOND, ENDPOINTS_BEYOND, NO_FIELD, REQUIRED_BUT_UNDEFINED, UNMODELLED,
};

/// The total, and the number that is covered.
#[derive(Default)]
struct Tally(usize, usize);

impl Tally {
    fn add(&mut self, covered: bool) {
        self.0 += 1;
        self.1 += usize::from(covered);
    }
}

#[derive(Default)]
struct Row {
    operations: Tally,
    schemas: Tally,
    properties: Tally,
}

impl Row {
    fn line(&self, name: &str) -> String {
        let cell = |tally: &Tally| format!("{} of {}", tally.1, tally.0);
        let (operations, schemas) = (cell(&self.operations), cell(&self.schemas));
        let properties = cell(&self.properties);
        format!("{name:<22}{operations:>12}{schemas:>14}{properties:>16}\n")
    }
}

pub(crate) fn report(checks: &Checks<'_>) -> String {
    let mut text = table(checks);
    let exceptions = [
        ("Not in the OpenAPI document", BEYOND),
        (
            "No such operation in the OpenAPI document",
            ENDPOINTS_BEYOND,
        ),
        ("No field", NO_FIELD),
        ("Not modelled", UNMODELLED),
        ("Only in the emulator", EMULATOR_BEYOND),
    ];
    let document_errors = REQUIRED_BUT_UNDEFINED.iter();
    let document_errors = document_errors.map(|(location, name, reason)| {
        (
            "Error in the document",
            format!("{location} `{name}`"),
            *reason,
        )
    });
    let exceptions = exceptions.iter().flat_map(|(title, exceptions)| {
        let exceptions = exceptions.iter();
        exceptions.map(|(name, reason)| (*title, name.to_string(), *reason))
    });
    text.push_str("\nExceptions:\n");
    for (title, name, reason) in document_errors.chain(exceptions) {
        let _ = writeln!(text, "  {title}: {name} ({reason})");
    }
    for failure in &checks.failures {
        let _ = writeln!(text, "FAILED {failure}");
    }
    let _ = write!(
        text,
        "{} passed, {} failed",
        checks.passed,
        checks.failures.len()
    );
    text
}

fn table(checks: &Checks<'_>) -> String {
    let document = checks.document;
    let mut tags = BTreeMap::<&str, (Row, BTreeSet<Feature>)>::new();
    let mut all = (Row::default(), BTreeSet::new());
    for operation in &document.operations {
        let is_covered = checks.operations.contains(&operation.key());
        let tag = tags.entry(&operation.tag).or_default();
        for (row, features) in [tag, &mut all] {
            row.operations.add(is_covered);
            for address in operation.addresses() {
                features.extend(expected(document, address));
            }
        }
    }
    let mut text = format!(
        "{:<22}{:>12}{:>14}{:>16}\n",
        "tag", "operations", "schemas", "properties"
    );
    let lines = tags.into_iter().chain([("all", all)]);
    for (tag, (mut row, features)) in lines {
        for feature in features {
            let covered = checks.covered.contains(&feature);
            match feature {
                Feature::Schema(_) => row.schemas.add(covered),
                Feature::Property(_) => row.properties.add(covered),
                _ => {}
            }
        }
        text.push_str(&row.line(tag));
    }
    text
}

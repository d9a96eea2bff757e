//! What was held against the description, as a table, and what was wrong.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use crate::checks::Checks;
use crate::exceptions::{
    BEYOND, EMULATOR_BEYOND, ENDPOINTS_BEYOND, NO_FIELD, REQUIRED_BUT_UNDEFINED, UNMODELLED,
};
use crate::marks::{Mark, expected};

/// How many there are, and how many of them are covered.
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
        ("Not in the description", BEYOND),
        ("No such operation in the description", ENDPOINTS_BEYOND),
        ("No field", NO_FIELD),
        ("Not modelled", UNMODELLED),
        ("Only in the emulator", EMULATOR_BEYOND),
    ];
    let slips = REQUIRED_BUT_UNDEFINED.iter();
    let slips = slips.map(|(place, name, reason)| ("Slip", format!("{place} `{name}`"), *reason));
    let exceptions = exceptions.iter().flat_map(|(title, exceptions)| {
        let exceptions = exceptions.iter();
        exceptions.map(|(name, reason)| (*title, name.to_string(), *reason))
    });
    text.push_str("\nExceptions:\n");
    for (title, name, reason) in slips.chain(exceptions) {
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
    let mut tags = BTreeMap::<&str, (Row, BTreeSet<Mark>)>::new();
    let mut all = (Row::default(), BTreeSet::new());
    for operation in &document.operations {
        let is_there = checks.operations.contains(&operation.key());
        let tag = tags.entry(&operation.tag).or_default();
        for (row, marks) in [tag, &mut all] {
            row.operations.add(is_there);
            for address in operation.addresses() {
                marks.extend(expected(document, address));
            }
        }
    }
    let mut text = format!(
        "{:<22}{:>12}{:>14}{:>16}\n",
        "tag", "operations", "schemas", "properties"
    );
    let lines = tags.into_iter().chain([("all", all)]);
    for (tag, (mut row, marks)) in lines {
        for mark in marks {
            let covered = checks.covered.contains(&mark);
            match mark {
                Mark::Schema(_) => row.schemas.add(covered),
                Mark::Property(_) => row.properties.add(covered),
                _ => {}
            }
        }
        text.push_str(&row.line(tag));
    }
    text
}

//! The files of a group: which type stands in which, and in what order.

use std::collections::{BTreeMap, BTreeSet};

use crate::names::snake;
use crate::overlay::FileTable;

/// The file of a group that has only one.
const TYPES: &str = "types";

/// A definition with what belongs to it.
pub(crate) struct Item {
    pub(crate) name: String,
    pub(crate) text: String,
    /// The types that it refers to, in the order of its fields.
    pub(crate) uses: Vec<String>,
}

/// Returns definitions in the order of their use: each of `roots`, and behind it what it refers to.
pub(crate) fn in_order(items: Vec<Item>, roots: &[String]) -> Vec<Item> {
    let names: Vec<_> = items.iter().map(|it| it.name.clone()).collect();
    let mut rest: BTreeMap<_, _> = items.into_iter().map(|it| (it.name.clone(), it)).collect();
    let mut ordered = Vec::new();
    let mut next: Vec<_> = roots.iter().chain(&names).rev().cloned().collect();
    while let Some(name) = next.pop() {
        if let Some(item) = rest.remove(&name) {
            next.extend(item.uses.iter().rev().cloned());
            ordered.push(item);
        }
    }
    ordered
}

/// Distributes the definitions of a group over its files, and notes where the table of files does not
/// agree with them. A type that is not in the table stands with the type that uses it first.
pub(crate) fn distribute(
    group: &str,
    items: Vec<Item>,
    table: Option<&FileTable>,
    taken: &[&str],
    problems: &mut Vec<String>,
) -> Vec<(String, Vec<Item>)> {
    let types = FileTable::from([(TYPES.to_owned(), Vec::new())]);
    let files = table.unwrap_or(&types);
    if items.is_empty() && table.is_none() {
        return Vec::new();
    }
    check(group, &items, files, taken, problems);
    let homes = homes(&items, files);
    let rest = files.iter().find(|(_, types)| types.is_empty());
    let mut parts: BTreeMap<&str, Vec<Item>> = BTreeMap::new();
    for item in items {
        let rest = rest.map(|(file, _)| file.as_str());
        match homes.get(&item.name).copied().or(rest) {
            Some(file) => parts.entry(file).or_default().push(item),
            None => problems.push(format!("{group}: `{}` is in no file", item.name)),
        }
    }
    let mut ordered = Vec::new();
    for (file, types) in files {
        let items = parts.remove(file.as_str()).unwrap_or_default();
        if items.is_empty() {
            problems.push(format!("{group}: `{file}` has no types"));
        }
        ordered.push((file.clone(), in_order(items, types)));
    }
    ordered
}

/// Returns the file of each type that the table lists, and of what only follows one of those.
fn homes<'a>(items: &[Item], files: &'a FileTable) -> BTreeMap<String, &'a str> {
    let mut homes = BTreeMap::new();
    for (file, types) in files {
        homes.extend(types.iter().map(|it| (it.clone(), file.as_str())));
    }
    let by_name: BTreeMap<_, _> = items.iter().map(|it| (it.name.as_str(), it)).collect();
    let listed: Vec<_> = homes.iter().map(|(it, file)| (it.clone(), *file)).collect();
    let listed: BTreeMap<_, _> = listed.into_iter().collect();
    for item in items {
        let Some(file) = listed.get(&item.name) else {
            continue;
        };
        let mut next: Vec<_> = item.uses.iter().collect();
        while let Some(name) = next.pop() {
            let Some(item) = by_name.get(name.as_str()) else {
                continue;
            };
            if !homes.contains_key(name) {
                homes.insert(name.clone(), file);
                next.extend(&item.uses);
            }
        }
    }
    homes
}

fn check(
    group: &str,
    items: &[Item],
    files: &FileTable,
    taken: &[&str],
    problems: &mut Vec<String>,
) {
    let mut listed = BTreeSet::new();
    for (file, types) in files {
        if taken.contains(&file.as_str()) {
            problems.push(format!("{group}: `{file}` is the name of another module"));
        }
        if snake(file) != *file {
            problems.push(format!("{group}: `{file}` is no name of a file"));
        }
        for name in types {
            if !items.iter().any(|it| it.name == *name) {
                problems.push(format!(
                    "{group}: `{file}` lists `{name}`, which is no type"
                ));
            }
            if !listed.insert(name) {
                problems.push(format!("{group}: `{name}` is in two files"));
            }
        }
    }
    if files.values().filter(|it| it.is_empty()).count() > 1 {
        problems.push(format!("{group}: two files are for all other types"));
    }
}

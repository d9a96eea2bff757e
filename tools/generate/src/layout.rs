//! The files of a group: which type stands in which, and in what order.

use std::collections::{BTreeMap, BTreeSet};

use crate::Result;
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

/// Distributes the definitions of a group over its files. A type that is not in the table of files
/// stands with the type that uses it first.
pub(crate) fn distribute(
    group: &str,
    items: Vec<Item>,
    table: Option<&FileTable>,
    taken: &[&str],
) -> Result<Vec<(String, Vec<Item>)>> {
    let types = FileTable::from([(TYPES.to_owned(), Vec::new())]);
    let files = table.unwrap_or(&types);
    if items.is_empty() && table.is_none() {
        return Ok(Vec::new());
    }
    check(group, &items, files, taken)?;
    let mut homes = homes(&items, files);
    let rest = files.iter().find(|(_, types)| types.is_empty());
    for item in &items {
        if !homes.contains_key(&item.name) {
            let (file, _) = rest.ok_or_else(|| {
                let name = &item.name;
                format!("`{name}` is in no file: name one in [files.{group:?}] of the overlay")
            })?;
            homes.insert(item.name.clone(), file);
        }
    }
    let mut parts: BTreeMap<&str, Vec<Item>> = BTreeMap::new();
    for item in items {
        let file = homes.get(&item.name).copied().unwrap_or(TYPES);
        parts.entry(file).or_default().push(item);
    }
    let mut ordered = Vec::new();
    for (file, types) in files {
        let items = parts.remove(file.as_str()).unwrap_or_default();
        if items.is_empty() {
            return Err(format!("the file `{file}` of `{group}` has no types").into());
        }
        ordered.push((file.clone(), in_order(items, types)));
    }
    Ok(ordered)
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

fn check(group: &str, items: &[Item], files: &FileTable, taken: &[&str]) -> Result<()> {
    let mut listed = BTreeSet::new();
    for (file, types) in files {
        if taken.contains(&file.as_str()) {
            return Err(format!("`{group}` has two modules `{file}`").into());
        }
        if snake(file) != *file {
            return Err(format!("`{file}` of `{group}` is no name of a file").into());
        }
        for name in types {
            if !items.iter().any(|it| it.name == *name) {
                return Err(format!("`{group}` has no type `{name}` for the file `{file}`").into());
            }
            if !listed.insert(name) {
                return Err(format!("`{name}` of `{group}` is in two files").into());
            }
        }
    }
    match files.values().filter(|it| it.is_empty()).count() {
        0 | 1 => Ok(()),
        _ => Err(format!("`{group}` has two files for the types that are in no other").into()),
    }
}

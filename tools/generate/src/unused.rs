//! Entries of the overlay and of the prose about what the facts do not have, and those that change
//! nothing.

use std::collections::{BTreeMap, BTreeSet};

use crate::Result;
use crate::facts::{Method, Schema, Schemas, Surface};
use crate::group::reads_by_name;
use crate::model::Model;
use crate::names::{pascal, snake, spelled, words};
use crate::overlay::{Area, MethodNote, Overlay};
use crate::pages::Pages;
use crate::plan::Plan;

/// Fails if the overlay or the prose is about methods, schemas or fields that the facts do not have,
/// and names all such entries.
pub(crate) fn check_facts(surface: &Surface, schemas: &Schemas, overlay: &Overlay) -> Result<()> {
    let schemas: BTreeMap<_, _> = schemas
        .definitions
        .0
        .iter()
        .map(|(name, it)| (name.as_str(), it))
        .collect();
    let is_gone = |name: &&String| !schemas.contains_key(name.as_str());
    let mut gone = Vec::new();
    let tables = [
        ("types", &overlay.types),
        ("core", &overlay.core),
        ("opaque", &overlay.opaque),
        ("lists", &overlay.lists),
    ];
    for (table, entries) in tables {
        gone.extend(
            entries
                .keys()
                .filter(is_gone)
                .map(|it| format!("[{table}] {it}")),
        );
    }
    let same = overlay
        .same
        .iter()
        .filter(|(it, other)| is_gone(it) || is_gone(other));
    gone.extend(same.map(|(it, _)| format!("[same] {it}")));
    let omitted = overlay.omitted.keys().map(|it| ("[omitted]", it));
    let secrets = overlay.secrets.iter().map(|it| ("secrets", it));
    let fields = omitted
        .chain(secrets)
        .filter(|(_, it)| !is_field(it, &schemas));
    gone.extend(fields.map(|(table, it)| format!("{table} {it}")));
    let calls: BTreeSet<_> = surface.methods.iter().map(|it| &it.call).collect();
    let methods = overlay.methods.keys().map(|it| ("methods", it));
    let stable = overlay.stable.keys().map(|it| ("stable", it));
    let methods = methods.chain(stable).filter(|(_, it)| !calls.contains(it));
    gone.extend(methods.map(|(table, it)| format!("[{table}] {it}")));
    for (group, note) in &overlay.groups {
        let events = note.events.iter().filter(is_gone);
        gone.extend(events.map(|it| format!("[groups] {group}.events: {it}")));
    }
    gone.extend(overlay.prose.gone.iter().cloned());
    fail(
        "are about what the facts do not have: rename or remove them",
        &gone,
    )
}

fn is_field(key: &str, schemas: &BTreeMap<&str, &Schema>) -> bool {
    let (schema, field) = key.rsplit_once('.').unwrap_or((key, ""));
    let mut properties = schemas
        .get(schema)
        .into_iter()
        .flat_map(|it| &it.properties.0);
    properties.any(|(it, _)| it == field)
}

fn fail(problem: &str, entries: &[String]) -> Result<()> {
    match entries {
        [] => Ok(()),
        entries => Err(format!(
            "these entries of `spec` {problem}\n  {}",
            entries.join("\n  ")
        )
        .into()),
    }
}

/// The parts of the generated code, which entries of the overlay must have an effect on.
struct Uses<'a> {
    overlay: &'a Overlay,
    surface: &'a Surface,
    model: &'a Model<'a>,
    plan: &'a Plan<'a>,
    /// The schemas that have a definition.
    defined: BTreeSet<&'a str>,
}

/// Fails if the overlay or the prose has entries that change nothing, and names all of them.
pub(crate) fn check(surface: &Surface, plan: &Plan<'_>, model: &Model<'_>) -> Result<()> {
    let defined: BTreeSet<_> = plan.homes.values().flatten().map(String::as_str).collect();
    let uses = Uses {
        overlay: model.overlay,
        surface,
        model,
        plan,
        defined,
    };
    let mut unused = uses.groups();
    unused.extend(uses.methods());
    unused.extend(uses.schemas());
    unused.extend(uses.fields());
    unused.extend(uses.same());
    unused.extend(uses.lists()?);
    unused.extend(uses.prose());
    fail("change nothing: remove them", &unused)
}

impl Uses<'_> {
    fn method(&self, call: &str) -> Option<&Method> {
        let mut methods = self.plan.groups.iter().flat_map(|it| &it.methods);
        methods.find(|it| it.call == call).copied()
    }

    fn groups(&self) -> Vec<String> {
        let overlay = self.overlay;
        let is_group = |name: &String| self.plan.groups.iter().any(|it| it.name == *name);
        let is_in_surface =
            |name: &String| self.surface.methods.iter().any(|it| it.group() == name);
        let areas = overlay.area.iter().flat_map(|Area { groups, .. }| groups);
        let areas = areas.filter(|it| {
            let mut methods = self.surface.methods.iter();
            !methods.any(|method| within(method.group(), it))
        });
        let mut unused: Vec<_> = areas.map(|it| format!("[[area]] {it}")).collect();
        for (name, note) in &overlay.groups {
            if !is_group(name) {
                unused.push(format!("[groups] {name}"));
                continue;
            }
            let last = name.rsplit('.').next().unwrap_or(name);
            let noun = spelled(&words(last).join(" "));
            for (part, value, default) in [
                ("name", &note.name, pascal(last)),
                ("noun", &note.noun, noun),
            ] {
                if value.as_ref() == Some(&default) {
                    unused.push(format!("[groups] {name}.{part}"));
                }
            }
        }
        let files = overlay.files.keys().filter(|it| !is_group(it));
        unused.extend(files.map(|it| format!("[files] {it}")));
        let twins = overlay.twins.keys().filter(|it| !is_in_surface(it));
        unused.extend(twins.map(|it| format!("[twins] {it}")));
        unused
    }

    fn methods(&self) -> Vec<String> {
        let mut unused = Vec::new();
        for (call, note) in &self.overlay.methods {
            // The methods of a twin are those of the other group.
            let Some(method) = self.method(call) else {
                unused.push(format!("[methods] {call}"));
                continue;
            };
            let prose = self.overlay.prose.methods.get(call);
            let in_prose = prose.map(|it| (it.name.is_some(), it.doc.is_some()));
            let (has_name, has_doc) = in_prose.unwrap_or_default();
            let is_default = note.name.as_ref() == Some(&snake(method.name()));
            if note.name.is_some() && has_name || is_default {
                unused.push(format!("[methods] {call}.name"));
            }
            if note.doc.is_some() && has_doc {
                unused.push(format!("[methods] {call}.doc"));
            }
            let name = self.overlay.method_name(call).unwrap_or(method.name());
            if note.idempotent && (method.method != "POST" || reads_by_name(name)) {
                unused.push(format!("[methods] {call}.idempotent"));
            }
            if *note == MethodNote::default() {
                unused.push(format!("[methods] {call}"));
            }
        }
        unused
    }

    fn schemas(&self) -> Vec<String> {
        let overlay = self.overlay;
        let mut unused = Vec::new();
        for (schema, name) in &overlay.types {
            let prose = overlay.prose.schemas.get(schema);
            let has_other = prose.is_some_and(|it| it.name.is_some());
            if !self.defined.contains(schema.as_str()) || has_other || *name == pascal(schema) {
                unused.push(format!("[types] {schema}"));
            }
        }
        // An entry of [core] that no group refers to yet keeps a later version from a second type.
        unused
    }

    fn fields(&self) -> Vec<String> {
        let is_defined = |key: &String| {
            let (schema, _) = key.rsplit_once('.').unwrap_or((key, ""));
            self.defined.contains(schema)
        };
        let omitted = self.overlay.omitted.keys().map(|it| ("[omitted]", it));
        let secrets = self.overlay.secrets.iter().map(|it| ("secrets", it));
        let unused = omitted.chain(secrets).filter(|(_, it)| !is_defined(it));
        unused.map(|(table, it)| format!("{table} {it}")).collect()
    }

    fn same(&self) -> Vec<String> {
        let overlay = self.overlay;
        let known = self.model.names();
        let is_unused = |(name, other): &(&String, &String)| {
            self.model.same_by_prefix(name) == Some(other.as_str())
        };
        let unused = overlay.same.iter().filter(is_unused);
        let mut unused: Vec<_> = unused.map(|(it, _)| format!("[same] {it}")).collect();
        for prefix in overlay.same_prefix.keys() {
            let mut names = known.iter().filter(|it| it.starts_with(prefix.as_str()));
            let has_effect = |name: &&str| {
                !overlay.same.contains_key(*name) && self.model.same_by_prefix(name).is_some()
            };
            if !names.any(has_effect) {
                unused.push(format!("[same_prefix] {prefix}"));
            }
        }
        unused
    }

    fn lists(&self) -> Result<Vec<String>> {
        let pages = Pages::find(self.plan, self.model)?;
        let unused = self.overlay.lists.keys().filter(|it| !pages.contains(it));
        Ok(unused.map(|it| format!("[lists] {it}")).collect())
    }

    fn prose(&self) -> Vec<String> {
        let prose = &self.overlay.prose;
        let mut unused: Vec<_> = prose.unused.clone();
        let place = |table: &str, name: &String| {
            let file = prose.files.get(name).map_or("", String::as_str);
            format!("docs/{file}: [{table}] {name}")
        };
        let methods = prose.methods.keys().filter(|it| self.method(it).is_none());
        unused.extend(methods.map(|it| place("methods", it)));
        let is_unused = |name: &&String| {
            !self.defined.contains(name.as_str()) && !self.overlay.core.contains_key(*name)
        };
        let schemas = prose.schemas.keys().filter(is_unused);
        unused.extend(schemas.map(|it| place("schemas", it)));
        unused
    }
}

/// Whether a group is another one, or in it.
fn within(group: &str, other: &str) -> bool {
    let rest = group.strip_prefix(other);
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

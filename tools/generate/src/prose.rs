//! The prose: sentences and names that people write, in a file per area.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use crate::Result;
use crate::docs::plain;
use crate::facts::{Method, Schema, Schemas, Surface};

/// The content of one of `spec/docs/*.toml`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Area {
    /// Sentences of fields that mean the same in all types of this file.
    #[serde(default)]
    fields: BTreeMap<String, String>,
    /// Sentences of methods, by their calls.
    #[serde(default)]
    methods: BTreeMap<String, MethodProse>,
    /// Sentences of types, by the names of their schemas.
    #[serde(default)]
    schemas: BTreeMap<String, SchemaProse>,
}

#[derive(Debug, Default, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct MethodProse {
    pub(crate) doc: Option<String>,
    pub(crate) name: Option<String>,
    /// The Rust name of the struct for the query.
    pub(crate) query: Option<String>,
    pub(crate) query_doc: Option<String>,
    #[serde(default)]
    pub(crate) query_fields: BTreeMap<String, String>,
}

#[derive(Debug, Default, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SchemaProse {
    pub(crate) doc: Option<String>,
    pub(crate) name: Option<String>,
    #[serde(default)]
    pub(crate) fields: BTreeMap<String, String>,
    /// Sentences of the values of an enum, and of the members of a union.
    #[serde(default)]
    pub(crate) values: BTreeMap<String, String>,
}

/// The prose of all areas.
#[derive(Debug, Default)]
pub(crate) struct Prose {
    pub(crate) methods: BTreeMap<String, MethodProse>,
    pub(crate) schemas: BTreeMap<String, SchemaProse>,
    /// The file of each method and schema.
    pub(crate) files: BTreeMap<String, String>,
    /// The subjects of sentences that the facts do not have.
    pub(crate) gone: Vec<String>,
    /// The sentences of `[fields]` that no type uses.
    pub(crate) unused: Vec<String>,
    /// The places whose sentence is made of their name.
    undocumented: RefCell<BTreeSet<String>>,
}

impl Prose {
    /// Adds the prose of an area, and notes what the facts do not have.
    pub(crate) fn add(
        &mut self,
        file: &str,
        area: Area,
        surface: &Surface,
        schemas: &Schemas,
    ) -> Result<()> {
        let mut used = BTreeSet::new();
        for (call, mut prose) in area.methods {
            let found = surface.methods.iter().find(|it| it.call == call);
            let Some(method) = found else {
                self.gone.push(format!("docs/{file}: [methods] {call}"));
                continue;
            };
            let gone = other_parameters(method, &prose);
            let gone = gone.map(|it| format!("docs/{file}: [methods] {call}.query_fields.{it}"));
            self.gone.extend(gone);
            for parameter in &method.query_params {
                if let Some(text) = area.fields.get(&parameter.name) {
                    let entry = prose.query_fields.entry(parameter.name.clone());
                    entry.or_insert_with(|| used_by(&mut used, &parameter.name, text));
                }
            }
            self.files.insert(call.clone(), file.to_owned());
            if self.methods.insert(call.clone(), prose).is_some() {
                return Err(format!("`{call}` has two sentences").into());
            }
        }
        for (name, mut prose) in area.schemas {
            let mut found = schemas.definitions.0.iter();
            let Some((_, schema)) = found.find(|(it, _)| *it == name) else {
                self.gone.push(format!("docs/{file}: [schemas] {name}"));
                continue;
            };
            let gone = other_parts(schema, &prose, schemas);
            let gone = gone.map(|it| format!("docs/{file}: [schemas] {name}.{it}"));
            self.gone.extend(gone);
            for (property, _) in &schema.properties.0 {
                if let Some(text) = area.fields.get(property) {
                    let entry = prose.fields.entry(property.clone());
                    entry.or_insert_with(|| used_by(&mut used, property, text));
                }
            }
            self.files.insert(name.clone(), file.to_owned());
            if self.schemas.insert(name.clone(), prose).is_some() {
                return Err(format!("`{name}` has two sentences").into());
            }
        }
        let unused = area.fields.into_keys().filter(|it| !used.contains(it));
        let unused = unused.map(|it| format!("docs/{file}: [fields] {it}"));
        self.unused.extend(unused);
        Ok(())
    }

    /// Returns the sentence of a field of a schema.
    pub(crate) fn field(&self, schema: &str, field: &str) -> Option<&str> {
        let text = self.schemas.get(schema)?.fields.get(field)?;
        Some(text.trim_end_matches('.'))
    }

    /// Returns the sentence of a value of an enum, or of a member of a union.
    pub(crate) fn value(&self, schema: &str, value: &str) -> Option<&str> {
        let text = self.schemas.get(schema)?.values.get(value)?;
        Some(text.as_str())
    }

    /// Notes that the sentence of a place was made of its name.
    pub(crate) fn note(&self, place: String) {
        self.undocumented.borrow_mut().insert(place);
    }

    /// Returns the places whose sentence was made of their name.
    pub(crate) fn undocumented(&self) -> Vec<String> {
        self.undocumented.borrow().iter().cloned().collect()
    }
}

/// Returns the sentence of a field, and notes that it is used.
fn used_by(used: &mut BTreeSet<String>, field: &str, text: &str) -> String {
    used.insert(field.to_owned());
    text.to_owned()
}

/// Returns the query parameters that the prose has and the method has not.
fn other_parameters<'a>(
    method: &'a Method,
    prose: &'a MethodProse,
) -> impl Iterator<Item = &'a String> {
    let known = |name: &str| method.query_params.iter().any(|it| it.name == name);
    prose.query_fields.keys().filter(move |it| !known(it))
}

/// Returns the fields and the values that the prose has and the schema has not.
fn other_parts(
    schema: &Schema,
    prose: &SchemaProse,
    schemas: &Schemas,
) -> impl Iterator<Item = String> {
    let is_field = |name: &str| schema.properties.0.iter().any(|(it, _)| it == name);
    let fields = prose.fields.keys().filter(|it| !is_field(it));
    let fields: Vec<_> = fields.map(|it| format!("fields.{it}")).collect();
    let known = values(schema, schemas);
    let values = prose.values.keys().filter(|it| !known.contains(*it));
    let values: Vec<_> = values.map(|it| format!("values.{it}")).collect();
    fields.into_iter().chain(values)
}

/// Returns the values of an enum, and the tags and the members of a union.
fn values(schema: &Schema, schemas: &Schemas) -> BTreeSet<String> {
    let mut values = BTreeSet::new();
    for schema in std::iter::once(schema).chain(&schema.any_of) {
        let own = schema.values.iter().chain(&schema.constant);
        values.extend(own.map(plain));
        values.extend(schema.kind.clone());
        if let Some(name) = schema.reference() {
            values.insert(name.to_owned());
            let member = schemas.definitions.0.iter().find(|(it, _)| it == name);
            let properties = member.into_iter().flat_map(|(_, it)| &it.properties.0);
            values.extend(properties.filter_map(|(_, it)| it.constant.as_ref().map(plain)));
        }
    }
    let mapping = schema.discriminator.iter().flat_map(|it| &it.mapping.0);
    values.extend(mapping.map(|(tag, _)| tag.clone()));
    values
}

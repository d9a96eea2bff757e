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
    /// The places whose sentence is made of their name.
    undocumented: RefCell<BTreeSet<String>>,
}

impl Prose {
    /// Adds the prose of an area, which must agree with the facts.
    pub(crate) fn add(&mut self, area: Area, surface: &Surface, schemas: &Schemas) -> Result<()> {
        for (call, mut prose) in area.methods {
            let method = surface.methods.iter().find(|it| it.call == call);
            let method = method.ok_or_else(|| format!("there is no method `{call}`"))?;
            check_query(method, &prose)?;
            for parameter in &method.query_params {
                if let Some(text) = area.fields.get(&parameter.name) {
                    let entry = prose.query_fields.entry(parameter.name.clone());
                    entry.or_insert_with(|| text.clone());
                }
            }
            if self.methods.insert(call.clone(), prose).is_some() {
                return Err(format!("`{call}` has two sentences").into());
            }
        }
        for (name, mut prose) in area.schemas {
            let mut found = schemas.definitions.0.iter();
            let found = found.find(|(it, _)| *it == name);
            let (_, schema) = found.ok_or_else(|| format!("there is no schema `{name}`"))?;
            check_schema(&name, schema, &prose, schemas)?;
            for (property, _) in &schema.properties.0 {
                if let Some(text) = area.fields.get(property) {
                    let entry = prose.fields.entry(property.clone());
                    entry.or_insert_with(|| text.clone());
                }
            }
            if self.schemas.insert(name.clone(), prose).is_some() {
                return Err(format!("`{name}` has two sentences").into());
            }
        }
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

fn check_query(method: &Method, prose: &MethodProse) -> Result<()> {
    for field in prose.query_fields.keys() {
        if !method.query_params.iter().any(|it| it.name == *field) {
            return Err(format!("`{}` has no query parameter `{field}`", method.call).into());
        }
    }
    Ok(())
}

fn check_schema(name: &str, schema: &Schema, prose: &SchemaProse, schemas: &Schemas) -> Result<()> {
    for field in prose.fields.keys() {
        if !schema.properties.0.iter().any(|(it, _)| it == field) {
            return Err(format!("`{name}` has no field `{field}`").into());
        }
    }
    let known = values(schema, schemas);
    for value in prose.values.keys() {
        if !known.contains(value) {
            return Err(format!("`{name}` has no value `{value}`").into());
        }
    }
    Ok(())
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

//! The fields of the API's schemas that the golden files cover.

use std::collections::BTreeSet;

use serde_json::Value;

/// A field of a schema, as `Schema.field`.
type Fields = BTreeSet<String>;

/// The schemas of the API.
pub(crate) struct Schemas(Value);

impl Schemas {
    /// Returns `None` where the file of the schemas is not at hand.
    pub(crate) fn read() -> Option<Self> {
        let path = concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../../../../shared/spec/facts.json"
        );
        let text = std::fs::read_to_string(path).ok()?;
        let mut facts: Value = serde_json::from_str(&text).unwrap();
        Some(Self(facts["schemas"].take()))
    }

    /// The fields of the schema `name` and of those that it refers to.
    pub(crate) fn fields(&self, name: &str) -> Fields {
        let mut seen = BTreeSet::new();
        let mut open = vec![name.to_owned()];
        let mut fields = Fields::new();
        while let Some(name) = open.pop() {
            if !seen.insert(name.clone()) {
                continue;
            }
            let schema = &self.0[&name];
            assert!(schema.is_object(), "there is no schema {name}");
            open.extend(references(schema));
            let names = members(schema, "fields").map(|field| &field["name"]);
            fields.extend(names.map(|field| path(&name, field.as_str().unwrap())));
        }
        fields
    }

    /// Adds the fields that occur in `value`, an instance of the schema `name`.
    pub(crate) fn mark(&self, name: &str, value: &Value, shown: &mut Fields) {
        let schema = &self.0[name];
        for field in members(schema, "fields") {
            let field_name = field["name"].as_str().unwrap();
            if let Some(value) = value.get(field_name) {
                shown.insert(path(name, field_name));
                self.mark_node(field, value, shown);
            }
        }
        self.mark_node(schema, value, shown);
    }

    fn mark_node(&self, node: &Value, value: &Value, shown: &mut Fields) {
        if let Some(name) = node["ref"].as_str() {
            self.mark(name, value, shown);
        }
        for item in value.as_array().into_iter().flatten() {
            self.mark_node(&node["items"], item, shown);
        }
        let discriminator = &node["discriminator"];
        if let Some(tag) = discriminator["field"].as_str() {
            let tag = value[tag].as_str().unwrap_or_default();
            if let Some(name) = discriminator["tags"][tag].as_str() {
                self.mark(name, value, shown);
            }
            return;
        }
        let fitting = members(node, "union").filter(|member| self.fits(member, value));
        fitting.for_each(|member| self.mark_node(member, value, shown));
    }

    /// Whether `value` may be this member of a union that has no tags.
    fn fits(&self, member: &Value, value: &Value) -> bool {
        let schema = match member["ref"].as_str() {
            Some(name) => &self.0[name],
            None => return true, // arrays and plain values show no fields by themselves
        };
        members(schema, "fields").all(|field| match value.get(field["name"].as_str().unwrap()) {
            Some(value) => field["const"].is_null() || field["const"] == *value,
            None => field["required"] != true,
        })
    }
}

fn path(schema: &str, field: &str) -> String {
    format!("{schema}.{field}")
}

fn members<'a>(node: &'a Value, name: &str) -> impl Iterator<Item = &'a Value> + use<'a> {
    node[name].as_array().into_iter().flatten()
}

fn references(node: &Value) -> Vec<String> {
    match node {
        Value::Object(object) => {
            let own = object.get("ref").and_then(Value::as_str).map(str::to_owned);
            let inner = object.values().flat_map(references);
            own.into_iter().chain(inner).collect()
        }
        Value::Array(items) => items.iter().flat_map(references).collect(),
        _ => Vec::new(),
    }
}

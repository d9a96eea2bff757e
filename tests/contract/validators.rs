//! JSON Schema validation with the `boon` crate. It is independent of the generator, so that the
//! two check each other.
//!
//! `jsonschema` takes twice as long to build, and enables the feature `float_roundtrip` of
//! `serde_json`, with which all tests of the workspace would parse floats differently than users'
//! programs.

use std::cell::RefCell;
use std::collections::HashMap;

use boon::{Compiler, Draft, ErrorKind, SchemaIndex, Schemas, ValidationError};
use serde_json::Value;

use crate::document::{Document, URI};

pub(crate) struct Validators(RefCell<SchemaCompiler>);

struct SchemaCompiler {
    compiler: Compiler,
    schemas: Schemas,
    known: HashMap<String, SchemaIndex>,
}

impl Validators {
    pub(crate) fn new(document: &Document) -> Self {
        let mut compiler = Compiler::new();
        compiler.set_default_draft(Draft::V2020_12);
        compiler.enable_format_assertions();
        compiler
            .add_resource(URI, document.root.clone())
            .expect("the OpenAPI document is a JSON Schema resource");
        Self(RefCell::new(SchemaCompiler {
            compiler,
            schemas: Schemas::new(),
            known: HashMap::new(),
        }))
    }

    pub(crate) fn is_valid(&self, schema: &Value, value: &Value) -> bool {
        self.errors(schema, value).is_empty()
    }

    /// Returns the validation errors of `value`, each with its location.
    pub(crate) fn errors(&self, schema: &Value, value: &Value) -> Vec<String> {
        let mut compiled = self.0.borrow_mut();
        let index = compiled.compile(schema);
        let mut errors = Vec::new();
        if let Err(error) = compiled.schemas.validate(value, index) {
            describe(&error, &mut errors);
        }
        errors
    }
}

impl SchemaCompiler {
    fn compile(&mut self, schema: &Value) -> SchemaIndex {
        let key = schema.to_string();
        if let Some(index) = self.known.get(&key) {
            return *index;
        }
        let location = format!("{URI}:{}", self.known.len());
        if let Err(error) = self.compiler.add_resource(&location, schema.clone()) {
            panic!("{key} is no resource: {error}");
        }
        let index = self.compiler.compile(&location, &mut self.schemas);
        let index = index.unwrap_or_else(|error| panic!("{key} is no JSON Schema: {error}"));
        self.known.insert(key, index);
        index
    }
}

fn describe(error: &ValidationError<'_, '_>, errors: &mut Vec<String>) {
    match error.kind {
        ErrorKind::Schema { .. } | ErrorKind::Group | ErrorKind::Reference { .. } => {
            error
                .causes
                .iter()
                .for_each(|cause| describe(cause, errors));
        }
        _ => {
            let what: String = error.kind.to_string().chars().take(300).collect();
            errors.push(format!("at `{}`: {what}", error.instance_location));
            // For a union, the reasons why the value matches no member.
            error
                .causes
                .iter()
                .for_each(|cause| describe(cause, errors));
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// The keywords of the OpenAPI document, each with a valid and an invalid value.
    #[test]
    fn contract_validator_rejects_invalid_instances() {
        let yaml = "components: { schemas: { Text: { type: string, minLength: 2 } } }";
        let document = Document::parse(yaml);
        let validators = Validators::new(&document);
        let text = json!({ "$ref": format!("{URI}#/components/schemas/Text") });
        let a = json!({ "properties": { "t": { "const": "a" } }, "required": ["t"] });
        let b = json!({ "properties": { "t": { "const": "b" } }, "required": ["t"] });
        for (schema, good, bad) in [
            (text.clone(), json!("ab"), json!("a")),
            (json!({ "type": "integer" }), json!(1), json!(1.5)),
            (json!({ "type": ["string", "null"] }), json!(null), json!(1)),
            (json!({ "enum": ["a", null] }), json!(null), json!("b")),
            (json!({ "const": "a" }), json!("a"), json!("b")),
            (json!({ "minimum": 1, "maximum": 2 }), json!(2), json!(3)),
            (json!({ "exclusiveMinimum": 0 }), json!(0.1), json!(0)),
            (json!({ "maxLength": 1 }), json!("é"), json!("ab")),
            (json!({ "maxItems": 1 }), json!([1]), json!([1, 2])),
            (json!({ "pattern": "^\\w{2}$" }), json!("en"), json!("eng")),
            (
                json!({ "items": text.clone() }),
                json!(["ab"]),
                json!(["ab", 1]),
            ),
            (
                json!({ "required": ["a"] }),
                json!({ "a": 1 }),
                json!({ "b": 1 }),
            ),
            (
                json!({ "properties": { "a": text.clone() } }),
                json!({ "b": 1 }),
                json!({ "a": 1 }),
            ),
            (
                json!({ "additionalProperties": false }),
                json!({}),
                json!({ "a": 1 }),
            ),
            (
                json!({ "additionalProperties": text.clone() }),
                json!({ "a": "ab" }),
                json!({ "a": 1 }),
            ),
            (
                json!({ "propertyNames": { "maxLength": 1 } }),
                json!({ "a": 1 }),
                json!({ "ab": 1 }),
            ),
            (
                json!({ "anyOf": [text.clone(), { "type": "null" }] }),
                json!(null),
                json!(1),
            ),
            (
                json!({ "oneOf": [a.clone(), b.clone()] }),
                json!({ "t": "a" }),
                json!({ "t": "c" }),
            ),
            (
                json!({ "oneOf": [{}, a.clone()] }),
                json!({ "t": "b" }),
                json!({ "t": "a" }),
            ),
            (
                json!({ "allOf": [a, { "required": ["u"] }] }),
                json!({ "t": "a", "u": 1 }),
                json!({ "t": "a" }),
            ),
            (
                json!({ "format": "uuid" }),
                json!("6f1f7a0c-9e0b-4c6e-8a3e-0a4b4f0f9d11"),
                json!("6f1f"),
            ),
            (
                json!({ "format": "date-time" }),
                json!("2026-08-21T12:00:00Z"),
                json!("today"),
            ),
            (
                json!({ "format": "uri" }),
                json!("https://example.com/a"),
                json!("not a uri"),
            ),
        ] {
            assert!(
                validators.is_valid(&schema, &good),
                "{schema} refuses {good}"
            );
            assert!(!validators.is_valid(&schema, &bad), "{schema} takes {bad}");
            assert!(!validators.errors(&schema, &bad).is_empty(), "{schema}");
        }
    }
}

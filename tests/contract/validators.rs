//! JSON Schema validation, by the `jsonschema` crate: one that knows nothing of the
//! generator, so that the two check each other.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use jsonschema::{Registry, Validator};
use serde_json::Value;

use crate::document::{Document, URI};

pub(crate) struct Validators {
    registry: Registry<'static>,
    compiled: RefCell<HashMap<String, Rc<Validator>>>,
}

impl Validators {
    pub(crate) fn new(document: &Document) -> Self {
        let registry = Registry::new()
            .add(URI, document.root.clone())
            .and_then(|registry| registry.prepare())
            .expect("the description is a JSON Schema resource");
        Self {
            registry,
            compiled: RefCell::default(),
        }
    }

    fn of(&self, schema: &Value) -> Rc<Validator> {
        let key = schema.to_string();
        if let Some(compiled) = self.compiled.borrow().get(&key) {
            return Rc::clone(compiled);
        }
        let compiled = jsonschema::options()
            .with_draft(jsonschema::Draft::Draft202012)
            .with_registry(&self.registry)
            .should_validate_formats(true)
            .build(schema)
            .unwrap_or_else(|error| panic!("{key} is not a JSON Schema: {error}"));
        let compiled = Rc::new(compiled);
        self.compiled.borrow_mut().insert(key, Rc::clone(&compiled));
        compiled
    }

    pub(crate) fn is_valid(&self, schema: &Value, value: &Value) -> bool {
        self.of(schema).is_valid(value)
    }

    /// What is wrong with `value`, each with where.
    pub(crate) fn errors(&self, schema: &Value, value: &Value) -> Vec<String> {
        let validator = self.of(schema);
        let errors = validator.iter_errors(value);
        errors
            .map(|error| {
                let mut text = error.to_string();
                if let Some((end, _)) = text.char_indices().nth(300) {
                    text.truncate(end);
                }
                format!("at `{}`: {text}", error.instance_path())
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// The keywords of the description, each with a value that fits and one that does not.
    #[test]
    fn a_validator_that_accepts_everything_would_be_caught() {
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

//! Removes from a value the fields that the OpenAPI document does not have.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use crate::coverage::{map_values, member_location};
use crate::document::{Document, properties, reference, tag_of, union};
use crate::validators::Validators;

/// The remaining value, and the removed fields as `Schema.property`.
pub(crate) struct Stripped {
    pub(crate) value: Value,
    pub(crate) beyond: BTreeSet<String>,
}

pub(crate) fn strip(
    document: &Document,
    validators: &Validators,
    address: &str,
    value: &Value,
) -> Stripped {
    let stripper = Stripper {
        document,
        validators,
    };
    stripper.strip(address, document.schema(address), value)
}

struct Stripper<'a> {
    document: &'a Document,
    validators: &'a Validators,
}

impl Stripper<'_> {
    fn strip(&self, location: &str, schema: &Value, value: &Value) -> Stripped {
        if let Some(name) = reference(schema) {
            return self.strip(name, self.document.schema(name), value);
        }
        let schema = &self.document.flat(schema);
        if let Some((members, discriminator)) = union(schema) {
            return self.strip_member(location, members, discriminator, value);
        }
        match value {
            Value::Object(object) => self.strip_object(location, schema, object),
            Value::Array(elements) => {
                let location = format!("{location}[]");
                let items = schema.get("items").unwrap_or(&Value::Null);
                let mut beyond = BTreeSet::new();
                let mut strip = |element| {
                    let stripped = self.strip(&location, items, element);
                    beyond.extend(stripped.beyond);
                    stripped.value
                };
                Stripped {
                    value: elements.iter().map(&mut strip).collect(),
                    beyond,
                }
            }
            value => untouched(value),
        }
    }

    fn strip_object(
        &self,
        location: &str,
        schema: &Value,
        object: &Map<String, Value>,
    ) -> Stripped {
        let values = map_values(schema);
        let is_free = values.is_none() && schema.get("properties").is_none();
        let mut rest = Map::new();
        let mut beyond = BTreeSet::new();
        for (name, value) in object {
            let known = properties(schema).find(|(known, _)| *known == name);
            let stripped = match (known, values) {
                (Some((_, property)), _) => {
                    self.strip(&format!("{location}.{name}"), property, value)
                }
                (None, Some(values)) => self.strip(&format!("{location}{{}}"), values, value),
                (None, None) if is_free => untouched(value),
                (None, None) => {
                    beyond.insert(format!("{location}.{name}"));
                    continue;
                }
            };
            beyond.extend(stripped.beyond);
            rest.insert(name.clone(), stripped.value);
        }
        Stripped {
            value: rest.into(),
            beyond,
        }
    }

    /// Strips `value` as the union member that it matches; if several match, as the one that keeps
    /// most of it.
    fn strip_member(
        &self,
        location: &str,
        members: &[Value],
        discriminator: Option<&Value>,
        value: &Value,
    ) -> Stripped {
        let is_other = |member: &Value| {
            discriminator.is_some_and(|discriminator| {
                let property = discriminator["propertyName"].as_str().unwrap_or_default();
                let tag = value.get(property).and_then(Value::as_str);
                tag.is_some() && tag != tag_of(discriminator, member)
            })
        };
        let members = members.iter().enumerate();
        let fitting =
            members
                .filter(|(_, member)| !is_other(member))
                .filter_map(|(index, member)| {
                    let stripped = self.strip(&member_location(location, index), member, value);
                    let is_valid = self.validators.is_valid(member, &stripped.value);
                    is_valid.then_some(stripped)
                });
        fitting
            .min_by_key(|stripped| stripped.beyond.len())
            .unwrap_or_else(|| untouched(value))
    }
}

fn untouched(value: &Value) -> Stripped {
    Stripped {
        value: value.clone(),
        beyond: BTreeSet::new(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn contract_undocumented_fields_are_found_at_any_depth() {
        let document = Document::parse(
            "
components:
  schemas:
    Chunk: { type: object, properties: { text: { type: string } }, required: [text], additionalProperties: false }
    Request:
      type: object
      properties:
        parts: { anyOf: [{ type: string }, { items: { $ref: '#/components/schemas/Chunk' }, type: array }] }
        metadata: { type: object, additionalProperties: true }
",
        );
        let validators = Validators::new(&document);
        let value = json!({
            "parts": [{ "text": "a", "seal": 1 }, { "text": "b" }],
            "metadata": { "anything": 1 },
            "tier": "auto",
        });
        let stripped = strip(&document, &validators, "Request", &value);
        let expected =
            json!({ "parts": [{ "text": "a" }, { "text": "b" }], "metadata": { "anything": 1 } });
        assert_eq!(stripped.value, expected);
        let beyond: Vec<_> = stripped.beyond.iter().map(String::as_str).collect();
        assert_eq!(beyond, ["Chunk.seal", "Request.tier"]);
    }
}

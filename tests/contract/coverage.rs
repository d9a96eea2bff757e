//! The features of a schema, and those that a value has.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::document::{Document, properties, reference, requires, tag_of, union};
use crate::validators::Validators;

/// A feature that a value of a schema can have. Locations are named `Schema.property`, with `[]`
/// for the elements of a list, `{}` for the values of a map and `|2` for a member of a union.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Feature {
    /// A schema, by its address.
    Schema(String),
    /// A property that is present.
    Property(String),
    /// An optional property that is absent.
    Absence(String),
    /// A member of a union, or one of a schema's types.
    Member(String),
    /// A value of an enum.
    Value(String),
}

pub(crate) type Features = BTreeSet<Feature>;

/// Returns all features that values of the schema at `address` can have.
pub(crate) fn expected(document: &Document, address: &str) -> Features {
    let mut features = Features::from([Feature::Schema(address.to_owned())]);
    expect_at(document, address, document.schema(address), &mut features);
    features
}

pub(crate) fn expect_at(
    document: &Document,
    location: &str,
    schema: &Value,
    features: &mut Features,
) {
    if let Some(name) = reference(schema) {
        if features.insert(Feature::Schema(name.to_owned())) {
            expect_at(document, name, document.schema(name), features);
        }
        return;
    }
    let schema = &document.flat(schema);
    if let Some((members, _)) = union(schema) {
        for (index, member) in members.iter().enumerate() {
            let location = member_location(location, index);
            features.insert(Feature::Member(location.clone()));
            expect_at(document, &location, member, features);
        }
    }
    for value in enum_values(schema) {
        features.insert(value_feature(location, value));
    }
    for kind in schema["type"].as_array().into_iter().flatten() {
        features.insert(kind_feature(location, kind));
    }
    for (name, property) in properties(schema) {
        let location = format!("{location}.{name}");
        features.insert(Feature::Property(location.clone()));
        // A constant distinguishes the members of a union, so the generator always includes it.
        if !requires(schema, name) && property.get("const").is_none() {
            features.insert(Feature::Absence(location.clone()));
        }
        expect_at(document, &location, property, features);
    }
    if let Some(items) = schema.get("items") {
        expect_at(document, &format!("{location}[]"), items, features);
    }
    if let Some(values) = map_values(schema) {
        expect_at(document, &format!("{location}{{}}"), values, features);
    }
}

/// Collects the features of valid values, independently of the generator.
pub(crate) struct Observer<'a> {
    pub(crate) document: &'a Document,
    pub(crate) validators: &'a Validators,
    pub(crate) features: Features,
}

impl<'a> Observer<'a> {
    pub(crate) fn new(document: &'a Document, validators: &'a Validators) -> Self {
        Self {
            document,
            validators,
            features: Features::new(),
        }
    }

    pub(crate) fn observe(&mut self, address: &str, value: &Value) {
        self.features.insert(Feature::Schema(address.to_owned()));
        self.observe_at(address, self.document.schema(address), value);
    }

    fn observe_at(&mut self, location: &str, schema: &Value, value: &Value) {
        if let Some(name) = reference(schema) {
            let target = self.document.schema(name);
            self.features.insert(Feature::Schema(name.to_owned()));
            return self.observe_at(name, target, value);
        }
        let schema = &self.document.flat(schema);
        if let Some((members, discriminator)) = union(schema) {
            for (index, member) in members.iter().enumerate() {
                if self.is_member(member, discriminator, value) {
                    let location = member_location(location, index);
                    self.features.insert(Feature::Member(location.clone()));
                    self.observe_at(&location, member, value);
                }
            }
        }
        if enum_values(schema).any(|known| known == value) {
            self.features.insert(value_feature(location, value));
        }
        for kind in schema["type"].as_array().into_iter().flatten() {
            if *kind == kind_of(value) {
                self.features.insert(kind_feature(location, kind));
            }
        }
        match value {
            Value::Object(object) => self.observe_object(location, schema, object),
            Value::Array(elements) => {
                let location = format!("{location}[]");
                for element in elements {
                    self.observe_at(&location, &schema["items"], element);
                }
            }
            _ => {}
        }
    }

    fn observe_object(
        &mut self,
        location: &str,
        schema: &Value,
        object: &serde_json::Map<String, Value>,
    ) {
        for (name, property) in properties(schema) {
            let location = format!("{location}.{name}");
            match object.get(name) {
                Some(value) => {
                    self.features.insert(Feature::Property(location.clone()));
                    self.observe_at(&location, property, value);
                }
                None => drop(self.features.insert(Feature::Absence(location))),
            }
        }
        if let Some(values) = map_values(schema) {
            let location = format!("{location}{{}}");
            let known = |name: &str| properties(schema).any(|(known, _)| known == name);
            for (_, value) in object.iter().filter(|(name, _)| !known(name)) {
                self.observe_at(&location, values, value);
            }
        }
    }

    fn is_member(&self, member: &Value, discriminator: Option<&Value>, value: &Value) -> bool {
        if let Some(discriminator) = discriminator
            && let Some(tag) = tag_of(discriminator, member)
            && let Some(property) = discriminator["propertyName"].as_str()
        {
            return value[property] == tag;
        }
        self.validators.is_valid(member, value)
    }
}

/// Returns the schema of a map's values.
pub(crate) fn map_values(schema: &Value) -> Option<&Value> {
    schema
        .get("additionalProperties")
        .filter(|values| values.is_object())
}

pub(crate) fn member_location(location: &str, index: usize) -> String {
    format!("{location}|{index}")
}

/// Returns the enum's values without null, which is also one of the types.
pub(crate) fn enum_values(schema: &Value) -> impl Iterator<Item = &Value> {
    let values = schema["enum"].as_array().into_iter().flatten();
    values.filter(|value| !value.is_null())
}

pub(crate) fn value_feature(location: &str, value: &Value) -> Feature {
    Feature::Value(format!("{location}={value}"))
}

pub(crate) fn kind_feature(location: &str, kind: &Value) -> Feature {
    Feature::Member(format!("{location}:{}", kind.as_str().unwrap_or_default()))
}

fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_f64() => "number",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const ANIMALS: &str = "
components:
  schemas:
    Cat:
      type: object
      properties: { kind: { const: cat }, color: { enum: [black, white] }, kittens: { items: { $ref: '#/components/schemas/Animal' } } }
    Dog:
      type: object
      properties: { kind: { const: dog }, name: { anyOf: [{ type: string }, { type: 'null' }] }, toys: { additionalProperties: { type: [integer, 'null'] } } }
      required: [kind, name]
    Animal:
      oneOf: [{ $ref: '#/components/schemas/Cat' }, { $ref: '#/components/schemas/Dog' }]
      discriminator: { propertyName: kind, mapping: { cat: '#/components/schemas/Cat', dog: '#/components/schemas/Dog' } }
";

    #[test]
    fn contract_coverage_lists_exactly_the_features_of_a_value() {
        let document = Document::parse(ANIMALS);
        let validators = Validators::new(&document);
        let all = expected(&document, "Animal");
        let missing = |values: &[Value]| {
            let mut observer = Observer::new(&document, &validators);
            values
                .iter()
                .for_each(|value| observer.observe("Animal", value));
            let seen = &observer.features;
            all.difference(seen).cloned().collect::<Vec<_>>()
        };
        let cat = json!({ "kind": "cat", "color": "black", "kittens": [{ "kind": "cat", "color": "white" }] });
        let dog = json!({ "kind": "dog", "name": "Rex", "toys": { "ball": 1 } });
        let stray = json!({ "kind": "dog", "name": null, "toys": { "ball": null } });
        let bare = [
            json!({ "kind": "cat" }),
            json!({ "kind": "dog", "name": "Rex" }),
        ];
        let whole = [&[cat.clone(), dog.clone(), stray.clone()], &bare[..]].concat();
        assert_eq!(missing(&whole), []);
        let without = missing(&[cat.clone(), bare[0].clone()]);
        assert!(
            without.contains(&Feature::Schema("Dog".into())),
            "{without:?}"
        );
        assert!(without.contains(&Feature::Member("Animal|1".into())));
        assert!(without.contains(&Feature::Property("Dog.name".into())));
        let without = missing(&[&[cat, dog], &bare[..]].concat());
        let nulls =
            ["Dog.name|1", "Dog.toys{}:null"].map(|location| Feature::Member(location.into()));
        assert_eq!(without, nulls);
        let without = missing(&[&[stray], &bare[..]].concat());
        for color in ["black", "white"] {
            let feature = Feature::Value(format!("Cat.color=\"{color}\""));
            assert!(without.contains(&feature), "{without:?}");
        }
    }
}

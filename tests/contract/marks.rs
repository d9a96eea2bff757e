//! What there is to show of a schema, and what a value shows of it.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::document::{Document, properties, reference, requires, tag_of, union};
use crate::validators::Validators;

/// Something that a value can show. Places are named `Schema.property`, with `[]` for the
/// elements of a list, `{}` for the values of a map and `|2` for a member of a union.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Mark {
    /// A schema, by its address.
    Schema(String),
    /// A property that is there.
    Property(String),
    /// An optional property that is not there.
    Absence(String),
    /// A member of a union, or one of a schema's types.
    Member(String),
    /// A value of an enum.
    Value(String),
}

pub(crate) type Marks = BTreeSet<Mark>;

/// All that values of the schema at `address` can show.
pub(crate) fn expected(document: &Document, address: &str) -> Marks {
    let mut marks = Marks::from([Mark::Schema(address.to_owned())]);
    expect_at(document, address, document.schema(address), &mut marks);
    marks
}

pub(crate) fn expect_at(document: &Document, place: &str, schema: &Value, marks: &mut Marks) {
    if let Some(name) = reference(schema) {
        if marks.insert(Mark::Schema(name.to_owned())) {
            expect_at(document, name, document.schema(name), marks);
        }
        return;
    }
    let schema = &document.flat(schema);
    if let Some((members, _)) = union(schema) {
        for (index, member) in members.iter().enumerate() {
            let place = member_place(place, index);
            marks.insert(Mark::Member(place.clone()));
            expect_at(document, &place, member, marks);
        }
    }
    for value in enum_values(schema) {
        marks.insert(value_mark(place, value));
    }
    for kind in schema["type"].as_array().into_iter().flatten() {
        marks.insert(kind_mark(place, kind));
    }
    for (name, property) in properties(schema) {
        let place = format!("{place}.{name}");
        marks.insert(Mark::Property(place.clone()));
        // A constant is what tells a union's members apart: the generator always gives it.
        if !requires(schema, name) && property.get("const").is_none() {
            marks.insert(Mark::Absence(place.clone()));
        }
        expect_at(document, &place, property, marks);
    }
    if let Some(items) = schema.get("items") {
        expect_at(document, &format!("{place}[]"), items, marks);
    }
    if let Some(values) = map_values(schema) {
        expect_at(document, &format!("{place}{{}}"), values, marks);
    }
}

/// Adds what valid values show: an observer of its own, which does not trust the generator
/// that makes them.
pub(crate) struct Observer<'a> {
    pub(crate) document: &'a Document,
    pub(crate) validators: &'a Validators,
    pub(crate) marks: Marks,
}

impl<'a> Observer<'a> {
    pub(crate) fn new(document: &'a Document, validators: &'a Validators) -> Self {
        Self {
            document,
            validators,
            marks: Marks::new(),
        }
    }

    pub(crate) fn observe(&mut self, address: &str, value: &Value) {
        self.marks.insert(Mark::Schema(address.to_owned()));
        self.observe_at(address, self.document.schema(address), value);
    }

    fn observe_at(&mut self, place: &str, schema: &Value, value: &Value) {
        if let Some(name) = reference(schema) {
            let target = self.document.schema(name);
            self.marks.insert(Mark::Schema(name.to_owned()));
            return self.observe_at(name, target, value);
        }
        let schema = &self.document.flat(schema);
        if let Some((members, discriminator)) = union(schema) {
            for (index, member) in members.iter().enumerate() {
                if self.is_member(member, discriminator, value) {
                    let place = member_place(place, index);
                    self.marks.insert(Mark::Member(place.clone()));
                    self.observe_at(&place, member, value);
                }
            }
        }
        if enum_values(schema).any(|known| known == value) {
            self.marks.insert(value_mark(place, value));
        }
        for kind in schema["type"].as_array().into_iter().flatten() {
            if *kind == kind_of(value) {
                self.marks.insert(kind_mark(place, kind));
            }
        }
        match value {
            Value::Object(object) => self.observe_object(place, schema, object),
            Value::Array(elements) => {
                let place = format!("{place}[]");
                for element in elements {
                    self.observe_at(&place, &schema["items"], element);
                }
            }
            _ => {}
        }
    }

    fn observe_object(
        &mut self,
        place: &str,
        schema: &Value,
        object: &serde_json::Map<String, Value>,
    ) {
        for (name, property) in properties(schema) {
            let place = format!("{place}.{name}");
            match object.get(name) {
                Some(value) => {
                    self.marks.insert(Mark::Property(place.clone()));
                    self.observe_at(&place, property, value);
                }
                None => drop(self.marks.insert(Mark::Absence(place))),
            }
        }
        if let Some(values) = map_values(schema) {
            let place = format!("{place}{{}}");
            let known = |name: &str| properties(schema).any(|(known, _)| known == name);
            for (_, value) in object.iter().filter(|(name, _)| !known(name)) {
                self.observe_at(&place, values, value);
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

/// The schema of a map's values.
pub(crate) fn map_values(schema: &Value) -> Option<&Value> {
    schema
        .get("additionalProperties")
        .filter(|values| values.is_object())
}

pub(crate) fn member_place(place: &str, index: usize) -> String {
    format!("{place}|{index}")
}

/// The enum's values, but for a null, which is also one of the types.
pub(crate) fn enum_values(schema: &Value) -> impl Iterator<Item = &Value> {
    let values = schema["enum"].as_array().into_iter().flatten();
    values.filter(|value| !value.is_null())
}

pub(crate) fn value_mark(place: &str, value: &Value) -> Mark {
    Mark::Value(format!("{place}={value}"))
}

pub(crate) fn kind_mark(place: &str, kind: &Value) -> Mark {
    Mark::Member(format!("{place}:{}", kind.as_str().unwrap_or_default()))
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
            let seen = &observer.marks;
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
        assert!(without.contains(&Mark::Schema("Dog".into())), "{without:?}");
        assert!(without.contains(&Mark::Member("Animal|1".into())));
        assert!(without.contains(&Mark::Property("Dog.name".into())));
        let without = missing(&[&[cat, dog], &bare[..]].concat());
        let nulls = ["Dog.name|1", "Dog.toys{}:null"].map(|place| Mark::Member(place.into()));
        assert_eq!(without, nulls);
        let without = missing(&[&[stray], &bare[..]].concat());
        for color in ["black", "white"] {
            let mark = Mark::Value(format!("Cat.color=\"{color}\""));
            assert!(without.contains(&mark), "{without:?}");
        }
    }
}

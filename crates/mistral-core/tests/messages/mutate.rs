//! Random changes to a JSON document, of the kinds that servers make.

use std::hash::{DefaultHasher, Hash, Hasher};

use proptest::prelude::*;
use serde_json::{Map, Value, json};

/// A valid document, and the places where it may be changed.
///
/// A place is the end of a path: `tool_calls.*.type` is the `type` of every tool call.
pub(crate) struct Document {
    pub(crate) json: Value,
    /// Required members.
    pub(crate) required: Vec<&'static str>,
    /// Values of enums.
    pub(crate) enums: &'static [&'static str],
    /// Members of unions, tagged by their `type`.
    pub(crate) members: &'static [&'static str],
    /// Lists of such members.
    pub(crate) unions: &'static [&'static str],
}

#[derive(Debug, Clone)]
pub(crate) enum Change {
    AddField(String, Value),
    AddMember(Value),
    SetEnum(String),
    SetType(String),
    Null,
    Remove,
}

/// A change, and the index of its place among those where it can be made.
pub(crate) type Step = (Change, prop::sample::Index);

/// The way in which a document is serialized.
#[derive(Debug, Clone)]
pub(crate) struct Writing {
    order: Order,
    /// Whether strings are written in escapes, so that none can be borrowed.
    escaped: bool,
}

#[derive(Debug, Clone, Copy)]
enum Order {
    TypeFirst,
    TypeLast,
    Mixed(u64),
}

fn unknown_name() -> impl Strategy<Value = String> {
    "x_[a-z\"\\\\é ]{0,3}"
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        // Eighths have one decimal form, so that reading does not round them.
        any::<i32>().prop_map(|eighths| Value::from(f64::from(eighths) / 8.0)),
        "[a-zé\"\\\\\n🙂]{0,4}".prop_map(Value::from),
    ];
    leaf.prop_recursive(2, 8, 3, |inner| {
        let key = prop_oneof!["[a-z]{1,2}", Just("type".to_owned()), Just(String::new())];
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
            prop::collection::btree_map(key, inner, 0..3)
                .prop_map(|object| Value::Object(object.into_iter().collect())),
        ]
    })
}

/// An object of an unknown type, or a value that is no object.
fn unknown_member() -> impl Strategy<Value = Value> {
    let typed = (unknown_name(), unknown_name(), any_json())
        .prop_map(|(tag, name, value)| json!({ "type": tag, name: value, "id": "7" }));
    prop_oneof![4 => typed, 1 => any_json().prop_filter("an untyped object may be a known one", |value| !value.is_object())]
}

pub(crate) fn steps() -> impl Strategy<Value = Vec<Step>> {
    let change = prop_oneof![
        3 => (unknown_name(), any_json()).prop_map(|(name, value)| Change::AddField(name, value)),
        2 => unknown_member().prop_map(Change::AddMember),
        1 => unknown_name().prop_map(Change::SetEnum),
        1 => unknown_name().prop_map(Change::SetType),
        3 => Just(Change::Null),
        3 => Just(Change::Remove),
    ];
    prop::collection::vec((change, any::<prop::sample::Index>()), 0..8)
}

pub(crate) fn writing() -> impl Strategy<Value = Writing> {
    let order = prop_oneof![
        Just(Order::TypeFirst),
        Just(Order::TypeLast),
        any::<u64>().prop_map(Order::Mixed),
    ];
    (order, any::<bool>()).prop_map(|(order, escaped)| Writing { order, escaped })
}

impl Document {
    /// Applies the changes for which there is a place.
    pub(crate) fn changed(&self, steps: &[Step]) -> Value {
        let mut json = self.json.clone();
        for (change, place) in steps {
            let mut places = Vec::new();
            pointers(&json, String::new(), &mut places);
            places.retain(|pointer| self.allows(&json, pointer, change));
            if !places.is_empty() {
                apply(&mut json, place.get::<String>(&places), change);
            }
        }
        json
    }

    fn allows(&self, json: &Value, pointer: &str, change: &Change) -> bool {
        let value = json.pointer(pointer).unwrap();
        let is_one_of = |places: &[&str]| places.iter().any(|place| ends_with(pointer, place));
        match change {
            Change::AddField(..) => value.is_object(),
            Change::AddMember(_) => value.is_array() && is_one_of(self.unions),
            Change::SetEnum(_) => is_one_of(self.enums),
            Change::SetType(_) => value.is_object() && is_one_of(self.members),
            Change::Null | Change::Remove => {
                let is_field = pointer
                    .rsplit_once('/')
                    .is_some_and(|(parent, _)| json.pointer(parent).unwrap().is_object());
                is_field && !is_one_of(&self.required)
            }
        }
    }
}

fn pointers(value: &Value, at: String, all: &mut Vec<String>) {
    match value {
        Value::Object(object) => object
            .iter()
            .for_each(|(key, inner)| pointers(inner, format!("{at}/{key}"), all)),
        Value::Array(items) => items
            .iter()
            .enumerate()
            .for_each(|(index, inner)| pointers(inner, format!("{at}/{index}"), all)),
        _ => {}
    }
    all.push(at);
}

/// Whether the path's last parts are these; `*` is any part, and nothing is the root.
fn ends_with(pointer: &str, place: &str) -> bool {
    if place.is_empty() {
        return pointer.is_empty();
    }
    let mut parts = pointer.rsplit('/');
    place.rsplit('.').all(|wanted| {
        parts
            .next()
            .is_some_and(|part| wanted == "*" || wanted == part)
    })
}

fn apply(json: &mut Value, pointer: &str, change: &Change) {
    if let Change::Remove = change {
        let (parent, key) = pointer.rsplit_once('/').unwrap();
        let parent = json.pointer_mut(parent).unwrap();
        parent.as_object_mut().unwrap().remove(key);
        return;
    }
    let value = json.pointer_mut(pointer).unwrap();
    match change {
        Change::AddField(name, new) => value[name] = new.clone(),
        Change::AddMember(new) => value.as_array_mut().unwrap().push(new.clone()),
        Change::SetEnum(text) => *value = text.as_str().into(),
        Change::SetType(tag) => value["type"] = tag.as_str().into(),
        Change::Null | Change::Remove => *value = Value::Null,
    }
}

impl Writing {
    pub(crate) fn text(&self, json: &Value) -> String {
        match json {
            Value::Object(object) => {
                let field = |key: &String| {
                    let value = object.get(key).unwrap();
                    format!("{}: {}", self.string(key), self.text(value))
                };
                let fields: Vec<_> = self.keys(object).into_iter().map(field).collect();
                format!("{{{}}}", fields.join(","))
            }
            Value::Array(items) => {
                let items: Vec<_> = items.iter().map(|item| self.text(item)).collect();
                format!("[{}]", items.join(", "))
            }
            Value::String(text) => self.string(text),
            _ => json.to_string(),
        }
    }

    fn string(&self, text: &str) -> String {
        if !self.escaped {
            return Value::from(text).to_string();
        }
        let units = text.encode_utf16().map(|unit| format!("\\u{unit:04x}"));
        format!("\"{}\"", units.collect::<String>())
    }

    fn keys<'a>(&self, object: &'a Map<String, Value>) -> Vec<&'a String> {
        let mut keys: Vec<_> = object.keys().collect();
        keys.sort_by_key(|key| match self.order {
            Order::TypeFirst => u64::from(*key != "type"),
            Order::TypeLast => u64::from(*key == "type"),
            Order::Mixed(seed) => {
                let mut hasher = DefaultHasher::new();
                (seed, key).hash(&mut hasher);
                hasher.finish()
            }
        });
        keys
    }
}

/// Checks that all of `input` that is not null occurs in `output`, with the same value.
pub(crate) fn survives(input: &Value, output: &Value) -> Result<(), String> {
    let within =
        |at: &str, result: Result<(), String>| result.map_err(|lost| format!("/{at}{lost}"));
    match (input, output) {
        (Value::Object(input), Value::Object(output)) => input
            .iter()
            .filter(|(_, value)| !value.is_null())
            .try_for_each(|(key, value)| match output.get(key) {
                Some(output) => within(key, survives(value, output)),
                None => Err(format!("/{key} is lost")),
            }),
        (Value::Array(input), Value::Array(output)) if input.len() == output.len() => input
            .iter()
            .zip(output)
            .enumerate()
            .try_for_each(|(at, (input, output))| within(&at.to_string(), survives(input, output))),
        _ if input == output => Ok(()),
        // `1` may come back as `1.0`.
        _ if input.is_number() && input.as_f64() == output.as_f64() => Ok(()),
        _ => Err(format!(": {input} became {output}")),
    }
}

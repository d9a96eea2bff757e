//! Generates an instance of a JSON Schema.

use serde_json::{Map, Value, json};

use super::pattern;
use super::random::{hash, uuid};
use super::schema_keywords::{bound, merge, size, strings, type_of, without};
use crate::time::format_timestamp;

/// Bounds the instance of a schema that grows exponentially.
const MAX_VALUES: usize = 5_000;

/// The depth from which objects of a response have only their required members.
const MAX_OPTIONAL_DEPTH: usize = 3;

/// The members of a response that are null if they may be: those of resources that were deleted or
/// have failed.
const NULL_MEMBERS: &[&str] = &["deleted_at", "error", "error_message", "failure"];

/// Generates a value that satisfies the schema. The same schema always yields the same value.
pub(crate) fn instance(schema: &Value) -> Value {
    Generator::new(schema, None)
        .generate(schema, "text")
        .unwrap_or(Value::Null)
}

/// The properties of a response that its schema does not determine.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Origin {
    /// Determines the ids.
    pub(crate) seed: u64,
    /// The Unix seconds of the timestamps.
    pub(crate) now: u64,
    /// Whether optional members are omitted.
    pub(crate) is_minimal: bool,
}

/// Generates a response that satisfies the schema, whose references are relative to the root.
pub(crate) fn response_instance(root: &Value, schema: &Value, origin: Origin) -> Value {
    Generator::new(root, Some(origin))
        .generate(schema, "text")
        .unwrap_or(Value::Null)
}

struct Generator<'a> {
    root: &'a Value,
    /// The references that are being resolved, to detect recursion.
    active_refs: Vec<String>,
    /// The number of values that may still be generated.
    budget: usize,
    /// Incremented for the items of an array with `uniqueItems`.
    variant: usize,
    /// Set for a response.
    origin: Option<Origin>,
    /// The number of objects around the current value.
    depth: usize,
}

impl<'a> Generator<'a> {
    fn new(root: &'a Value, origin: Option<Origin>) -> Self {
        Self {
            root,
            active_refs: Vec::new(),
            budget: MAX_VALUES,
            variant: 0,
            origin,
            depth: 0,
        }
    }

    /// Generates a value, or `None` if the schema cannot be satisfied without recursion.
    fn generate(&mut self, schema: &Value, name: &str) -> Option<Value> {
        self.budget = self.budget.checked_sub(1)?;
        let Some(keywords) = schema.as_object() else {
            // `true` accepts anything, `false` nothing. An invalid schema is treated as `true`.
            return (schema != &Value::Bool(false)).then(|| self.text(&Map::new(), name));
        };
        if let Some(reference) = keywords.get("$ref").and_then(Value::as_str) {
            return self.resolve_ref(reference, keywords, name);
        }
        if let Some(value) = keywords.get("const") {
            return Some(value.clone());
        }
        if self.origin.is_some()
            && let Some(default) = keywords.get("default").filter(|value| !value.is_null())
        {
            return Some(default.clone());
        }
        if let Some(values) = keywords.get("enum").and_then(Value::as_array) {
            return values.get(self.variant).or(values.first()).cloned();
        }
        if let Some(schemas) = keywords.get("allOf").and_then(Value::as_array) {
            return self.all_of(schemas, keywords, name);
        }
        for keyword in ["anyOf", "oneOf"] {
            if let Some(choices) = keywords.get(keyword).and_then(Value::as_array) {
                let null = json!({ "type": "null" });
                if self.origin.is_some() && NULL_MEMBERS.contains(&name) && choices.contains(&null)
                {
                    return Some(Value::Null);
                }
                let rest = without(keywords, &[keyword]);
                return choices.iter().find_map(|choice| {
                    let merged = merge(&rest, choice);
                    self.generate(&merged, name)
                });
            }
        }
        self.of_type(keywords, name)
    }

    fn resolve_ref(
        &mut self,
        reference: &str,
        keywords: &Map<String, Value>,
        name: &str,
    ) -> Option<Value> {
        if self.active_refs.iter().any(|active| active == reference) {
            return None;
        }
        let target = self.root.pointer(reference.strip_prefix('#')?)?;
        let merged = merge(&without(keywords, &["$ref"]), target);
        self.active_refs.push(reference.to_owned());
        let value = self.generate(&merged, name);
        self.active_refs.pop();
        value
    }

    fn all_of(
        &mut self,
        schemas: &[Value],
        keywords: &Map<String, Value>,
        name: &str,
    ) -> Option<Value> {
        let before = self.active_refs.len();
        let rest = without(keywords, &["allOf"]);
        let merged = schemas.iter().try_fold(rest, |merged, schema| {
            Some(merge(&merged, self.enter(schema)?))
        });
        let value = merged.and_then(|merged| self.generate(&merged, name));
        self.active_refs.truncate(before);
        value
    }

    /// Resolves a chain of references, which all stay active.
    fn enter<'s>(&mut self, mut schema: &'s Value) -> Option<&'s Value>
    where
        'a: 's,
    {
        while let Some(reference) = schema.get("$ref").and_then(Value::as_str) {
            if self.active_refs.iter().any(|active| active == reference) {
                return None;
            }
            self.active_refs.push(reference.to_owned());
            schema = self.root.pointer(reference.strip_prefix('#')?)?;
        }
        Some(schema)
    }

    fn of_type(&mut self, keywords: &Map<String, Value>, name: &str) -> Option<Value> {
        match type_of(keywords) {
            "object" => self.object(keywords),
            "array" => self.array(keywords, name),
            "integer" => Some(self.number(keywords, true)),
            "number" => Some(self.number(keywords, false)),
            "boolean" => Some((self.variant.is_multiple_of(2)).into()),
            "null" => Some(Value::Null),
            _ => Some(self.text(keywords, name)),
        }
    }

    fn object(&mut self, keywords: &Map<String, Value>) -> Option<Value> {
        let mut object = Map::new();
        let empty = Map::new();
        let properties = keywords
            .get("properties")
            .and_then(Value::as_object)
            .unwrap_or(&empty);
        let required: Vec<&str> = strings(keywords.get("required"));
        let omits_optional = self
            .origin
            .is_some_and(|origin| origin.is_minimal || self.depth >= MAX_OPTIONAL_DEPTH);
        self.depth += 1;
        for (name, schema) in properties {
            if omits_optional && !required.contains(&name.as_str()) {
                continue;
            }
            match self.generate(schema, name) {
                Some(value) => {
                    object.insert(name.clone(), value);
                }
                None if required.contains(&name.as_str()) => return None,
                None => {}
            }
        }
        self.depth -= 1;
        let additional = keywords
            .get("additionalProperties")
            .unwrap_or(&Value::Bool(true));
        for name in required {
            if !object.contains_key(name) {
                object.insert(name.to_owned(), self.generate(additional, name)?);
            }
        }
        let min = size(keywords, "minProperties").unwrap_or(0);
        for number in 1..=min.min(MAX_VALUES) {
            if object.len() >= min {
                break;
            }
            let name = format!("key{number}");
            let value = self.generate(additional, &name)?;
            object.entry(name).or_insert(value);
        }
        Some(object.into())
    }

    fn array(&mut self, keywords: &Map<String, Value>, name: &str) -> Option<Value> {
        let first: &[Value] = match keywords.get("prefixItems").and_then(Value::as_array) {
            Some(schemas) => schemas,
            None => &[],
        };
        let min = size(keywords, "minItems").unwrap_or(0);
        let max = size(keywords, "maxItems").unwrap_or(usize::MAX);
        let length = min.max(first.len()).max(1).min(max);
        let is_unique = keywords.get("uniqueItems") == Some(&Value::Bool(true));
        let item = keywords.get("items").unwrap_or(&Value::Bool(true));
        let before = self.variant;
        let mut items = Vec::new();
        for index in 0..length {
            if is_unique {
                self.variant = index;
            }
            match self.generate(first.get(index).unwrap_or(item), name) {
                Some(value) => items.push(value),
                None => break,
            }
        }
        self.variant = before;
        (items.len() >= min).then(|| items.into())
    }

    fn number(&self, keywords: &Map<String, Value>, is_integer: bool) -> Value {
        let multiple_of = keywords
            .get("multipleOf")
            .and_then(Value::as_f64)
            .filter(|multiple_of| *multiple_of > 0.0);
        let multiple_of = multiple_of.unwrap_or(if is_integer { 1.0 } else { 0.0 });
        let lower = bound(keywords, "minimum", "exclusiveMinimum");
        let upper = bound(keywords, "maximum", "exclusiveMaximum");
        let number = if multiple_of > 0.0 {
            multiple_within(multiple_of, lower, upper) + multiple_of * to_f64(self.variant)
        } else {
            number_within(lower, upper) + to_f64(self.variant) / 1024.0
        };
        if number.fract() == 0.0 && number.abs() < 9e15 && (is_integer || multiple_of > 0.0) {
            let number = number as i64;
            return number.into();
        }
        json!(number)
    }

    fn text(&self, keywords: &Map<String, Value>, name: &str) -> Value {
        let min = size(keywords, "minLength").unwrap_or(0);
        let max = size(keywords, "maxLength").unwrap_or(usize::MAX);
        if let Some(pattern) = keywords.get("pattern").and_then(Value::as_str)
            && let Some(text) = pattern::instance(pattern, (min, max), self.variant)
        {
            return text.into();
        }
        let format = keywords.get("format").and_then(Value::as_str);
        let of_response = self.text_of_response(format, name);
        let mut text = match format {
            _ if of_response.is_some() => of_response.unwrap_or_default(),
            Some("date") => format!("2025-01-{:02}", 1 + self.variant % 28),
            Some("date-time") => format!("2025-01-01T00:00:{:02}Z", self.variant % 60),
            Some("time") => format!("00:00:{:02}Z", self.variant % 60),
            Some("duration") => format!("PT{}S", self.variant + 1),
            Some("email") => format!("ada{}@example.com", self.suffix()),
            Some("uuid") => format!("00000000-0000-4000-8000-{:012x}", self.variant + 1),
            Some("uri" | "url" | "iri") => format!("https://example.com/{}", self.variant),
            Some("hostname") => format!("host{}.example.com", self.suffix()),
            Some("ipv4") => format!("192.0.2.{}", self.variant % 255),
            Some("ipv6") => format!("2001:db8::{:x}", self.variant + 1),
            _ => format!("{name}{}", self.suffix()),
        };
        let length = text.chars().count();
        if length < min {
            text.push_str(&"x".repeat(min.min(1 << 20) - length.min(1 << 20)));
        }
        if max < length {
            let kept = text.chars().skip(length - max).collect();
            text = kept;
        }
        text.into()
    }

    /// Returns the id or the timestamp of a response.
    fn text_of_response(&self, format: Option<&str>, name: &str) -> Option<String> {
        let origin = self.origin?;
        match format {
            Some("date-time") => Some(format_timestamp(origin.now)),
            Some("uuid") => Some(self.id(origin, name)),
            None if name == "id" || name.ends_with("_id") => Some(self.id(origin, name)),
            _ => None,
        }
    }

    fn id(&self, origin: Origin, name: &str) -> String {
        let source = format!("{} {name} {}", origin.seed, self.variant);
        uuid(hash(source.as_bytes()))
    }

    fn suffix(&self) -> String {
        match self.variant {
            0 => String::new(),
            number => number.to_string(),
        }
    }
}

/// Returns the smallest multiple of `multiple_of` that is within the bounds and positive, if
/// possible, else the largest.
fn multiple_within(
    multiple_of: f64,
    lower: Option<(f64, bool)>,
    upper: Option<(f64, bool)>,
) -> f64 {
    let lowest = lower.map(|(limit, is_exclusive)| {
        let steps = (limit / multiple_of).ceil();
        if is_exclusive && steps * multiple_of <= limit {
            (steps + 1.0) * multiple_of
        } else {
            steps * multiple_of
        }
    });
    let highest = upper.map(|(limit, is_exclusive)| {
        let steps = (limit / multiple_of).floor();
        if is_exclusive && steps * multiple_of >= limit {
            (steps - 1.0) * multiple_of
        } else {
            steps * multiple_of
        }
    });
    let preferred = lowest.map_or(multiple_of, |lowest| lowest.max(multiple_of));
    match (lowest, highest) {
        (_, Some(highest)) if highest < preferred => {
            lowest.map_or(highest, |lowest| lowest.max(highest))
        }
        _ => preferred,
    }
}

fn number_within(lower: Option<(f64, bool)>, upper: Option<(f64, bool)>) -> f64 {
    let is_within = |number: f64| {
        lower.is_none_or(|(limit, is_exclusive)| {
            number > limit || (number == limit && !is_exclusive)
        }) && upper.is_none_or(|(limit, is_exclusive)| {
            number < limit || (number == limit && !is_exclusive)
        })
    };
    match (lower, upper) {
        _ if is_within(1.5) => 1.5,
        (Some((lowest, _)), Some((highest, _))) => f64::midpoint(lowest, highest),
        (Some((lowest, _)), None) => lowest + 0.5,
        (None, Some((highest, _))) => highest - 0.5,
        (None, None) => 1.5,
    }
}

fn to_f64(count: usize) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX))
}

#[cfg(test)]
#[path = "schema_instance_tests.rs"]
mod tests;

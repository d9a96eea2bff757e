//! Makes an instance that satisfies a JSON Schema.

use serde_json::{Map, Value, json};

/// A schema that fans out without end is cut short after so many values.
const MOST_VALUES: usize = 5_000;

/// A value that satisfies the schema; the same schema always gives the same value.
pub(crate) fn instance(schema: &Value) -> Value {
    let mut maker = Maker {
        root: schema,
        entered: Vec::new(),
        left: MOST_VALUES,
        variant: 0,
    };
    maker.make(schema, "text").unwrap_or(Value::Null)
}

struct Maker<'a> {
    root: &'a Value,
    /// The references that are being followed: entering one twice would not end.
    entered: Vec<String>,
    left: usize,
    /// Counts up where items of one list must differ.
    variant: usize,
}

impl<'a> Maker<'a> {
    /// `None` when the schema cannot be satisfied without going round in a circle.
    fn make(&mut self, schema: &Value, name: &str) -> Option<Value> {
        self.left = self.left.checked_sub(1)?;
        let Some(keywords) = schema.as_object() else {
            // `true`, and what is no schema at all, take anything; `false` takes nothing.
            return (schema != &Value::Bool(false)).then(|| self.text(&Map::new(), name));
        };
        if let Some(reference) = keywords.get("$ref").and_then(Value::as_str) {
            return self.follow(reference, keywords, name);
        }
        if let Some(value) = keywords.get("const") {
            return Some(value.clone());
        }
        if let Some(values) = keywords.get("enum").and_then(Value::as_array) {
            return values.get(self.variant).or(values.first()).cloned();
        }
        if let Some(parts) = keywords.get("allOf").and_then(Value::as_array) {
            return self.all_of(parts, keywords, name);
        }
        for keyword in ["anyOf", "oneOf"] {
            if let Some(choices) = keywords.get(keyword).and_then(Value::as_array) {
                let rest = without(keywords, &[keyword]);
                return choices.iter().find_map(|choice| {
                    let merged = merge(&rest, choice);
                    self.make(&merged, name)
                });
            }
        }
        self.typed(keywords, name)
    }

    fn follow(
        &mut self,
        reference: &str,
        keywords: &Map<String, Value>,
        name: &str,
    ) -> Option<Value> {
        if self.entered.iter().any(|entered| entered == reference) {
            return None;
        }
        let target = self.root.pointer(reference.strip_prefix('#')?)?;
        let merged = merge(&without(keywords, &["$ref"]), target);
        self.entered.push(reference.to_owned());
        let value = self.make(&merged, name);
        self.entered.pop();
        value
    }

    fn all_of(
        &mut self,
        parts: &[Value],
        keywords: &Map<String, Value>,
        name: &str,
    ) -> Option<Value> {
        let before = self.entered.len();
        let rest = without(keywords, &["allOf"]);
        let merged = parts
            .iter()
            .try_fold(rest, |merged, part| Some(merge(&merged, self.enter(part)?)));
        let value = merged.and_then(|merged| self.make(&merged, name));
        self.entered.truncate(before);
        value
    }

    /// The schema behind a chain of references, each of which stays entered.
    fn enter<'s>(&mut self, mut part: &'s Value) -> Option<&'s Value>
    where
        'a: 's,
    {
        while let Some(reference) = part.get("$ref").and_then(Value::as_str) {
            if self.entered.iter().any(|entered| entered == reference) {
                return None;
            }
            self.entered.push(reference.to_owned());
            part = self.root.pointer(reference.strip_prefix('#')?)?;
        }
        Some(part)
    }

    fn typed(&mut self, keywords: &Map<String, Value>, name: &str) -> Option<Value> {
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
        for (name, schema) in properties {
            match self.make(schema, name) {
                Some(value) => {
                    object.insert(name.clone(), value);
                }
                None if required.contains(&name.as_str()) => return None,
                None => {}
            }
        }
        let additional = keywords
            .get("additionalProperties")
            .unwrap_or(&Value::Bool(true));
        for name in required {
            if !object.contains_key(name) {
                object.insert(name.to_owned(), self.make(additional, name)?);
            }
        }
        let at_least = size(keywords, "minProperties").unwrap_or(0);
        for number in 1..=at_least.min(MOST_VALUES) {
            if object.len() >= at_least {
                break;
            }
            let name = format!("key{number}");
            let value = self.make(additional, &name)?;
            object.entry(name).or_insert(value);
        }
        Some(object.into())
    }

    fn array(&mut self, keywords: &Map<String, Value>, name: &str) -> Option<Value> {
        let first: &[Value] = match keywords.get("prefixItems").and_then(Value::as_array) {
            Some(schemas) => schemas,
            None => &[],
        };
        let at_least = size(keywords, "minItems").unwrap_or(0);
        let at_most = size(keywords, "maxItems").unwrap_or(usize::MAX);
        let wanted = at_least.max(first.len()).max(1).min(at_most);
        let differ = keywords.get("uniqueItems") == Some(&Value::Bool(true));
        let item = keywords.get("items").unwrap_or(&Value::Bool(true));
        let before = self.variant;
        let mut items = Vec::new();
        for index in 0..wanted {
            if differ {
                self.variant = index;
            }
            match self.make(first.get(index).unwrap_or(item), name) {
                Some(value) => items.push(value),
                None => break,
            }
        }
        self.variant = before;
        (items.len() >= at_least).then(|| items.into())
    }

    fn number(&self, keywords: &Map<String, Value>, whole: bool) -> Value {
        let step = keywords
            .get("multipleOf")
            .and_then(Value::as_f64)
            .filter(|step| *step > 0.0);
        let step = step.unwrap_or(if whole { 1.0 } else { 0.0 });
        let above = bound(keywords, "minimum", "exclusiveMinimum");
        let below = bound(keywords, "maximum", "exclusiveMaximum");
        let number = if step > 0.0 {
            on_a_step(step, above, below) + step * count_as_number(self.variant)
        } else {
            between(above, below) + count_as_number(self.variant) / 1024.0
        };
        if number.fract() == 0.0 && number.abs() < 9e15 && (whole || step > 0.0) {
            let number = number as i64;
            return number.into();
        }
        json!(number)
    }

    fn text(&self, keywords: &Map<String, Value>, name: &str) -> Value {
        let mut text = match keywords.get("format").and_then(Value::as_str) {
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
        let at_least = size(keywords, "minLength").unwrap_or(0);
        if length < at_least {
            text.push_str(&"x".repeat(at_least.min(1 << 20) - length.min(1 << 20)));
        }
        if let Some(at_most) = size(keywords, "maxLength").filter(|most| *most < length) {
            let kept = text.chars().skip(length - at_most).collect();
            text = kept;
        }
        text.into()
    }

    fn suffix(&self) -> String {
        match self.variant {
            0 => String::new(),
            number => number.to_string(),
        }
    }
}

fn type_of(keywords: &Map<String, Value>) -> &str {
    match keywords.get("type") {
        Some(Value::String(name)) => name,
        Some(Value::Array(names)) => {
            let names = names.iter().filter_map(Value::as_str);
            names
                .reduce(|kept, next| if kept == "null" { next } else { kept })
                .unwrap_or_default()
        }
        _ => {
            let has = |names: &[&str]| names.iter().any(|name| keywords.contains_key(*name));
            if has(&[
                "properties",
                "required",
                "additionalProperties",
                "minProperties",
            ]) {
                "object"
            } else if has(&["items", "prefixItems", "minItems", "uniqueItems"]) {
                "array"
            } else if has(&[
                "minimum",
                "maximum",
                "multipleOf",
                "exclusiveMinimum",
                "exclusiveMaximum",
            ]) {
                "number"
            } else {
                "string"
            }
        }
    }
}

/// A limit and whether the limit itself is outside.
fn bound(keywords: &Map<String, Value>, plain: &str, exclusive: &str) -> Option<(f64, bool)> {
    let limit = keywords.get(plain).and_then(Value::as_f64);
    match keywords.get(exclusive) {
        // Older drafts have a flag beside the limit.
        Some(Value::Bool(outside)) => limit.map(|limit| (limit, *outside)),
        Some(value) => value
            .as_f64()
            .map(|limit| (limit, true))
            .or(limit.map(|limit| (limit, false))),
        None => limit.map(|limit| (limit, false)),
    }
}

/// The first multiple of `step` from the lower limit, or the last one below the upper limit.
fn on_a_step(step: f64, above: Option<(f64, bool)>, below: Option<(f64, bool)>) -> f64 {
    let lowest = above.map(|(limit, outside)| {
        let steps = (limit / step).ceil();
        if outside && steps * step <= limit {
            (steps + 1.0) * step
        } else {
            steps * step
        }
    });
    let highest = below.map(|(limit, outside)| {
        let steps = (limit / step).floor();
        if outside && steps * step >= limit {
            (steps - 1.0) * step
        } else {
            steps * step
        }
    });
    let wanted = lowest.map_or(step, |lowest| lowest.max(step));
    match (lowest, highest) {
        (_, Some(highest)) if highest < wanted => {
            lowest.map_or(highest, |lowest| lowest.max(highest))
        }
        _ => wanted,
    }
}

fn between(above: Option<(f64, bool)>, below: Option<(f64, bool)>) -> f64 {
    let lies_within = |number: f64| {
        above.is_none_or(|(limit, outside)| number > limit || (number == limit && !outside))
            && below.is_none_or(|(limit, outside)| number < limit || (number == limit && !outside))
    };
    match (above, below) {
        _ if lies_within(1.5) => 1.5,
        (Some((lowest, _)), Some((highest, _))) => f64::midpoint(lowest, highest),
        (Some((lowest, _)), None) => lowest + 0.5,
        (None, Some((highest, _))) => highest - 0.5,
        (None, None) => 1.5,
    }
}

fn count_as_number(count: usize) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX))
}

fn size(keywords: &Map<String, Value>, name: &str) -> Option<usize> {
    keywords
        .get(name)
        .and_then(Value::as_u64)
        .and_then(|size| usize::try_from(size).ok())
}

fn strings(value: Option<&Value>) -> Vec<&str> {
    value
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect()
}

fn without(keywords: &Map<String, Value>, names: &[&str]) -> Value {
    let kept = keywords
        .iter()
        .filter(|(name, _)| !names.contains(&name.as_str()));
    Value::Object(
        kept.map(|(name, value)| (name.clone(), value.clone()))
            .collect(),
    )
}

/// Both schemas at once: members and required names are united, for the rest the second wins.
fn merge(first: &Value, second: &Value) -> Value {
    let (Some(base), Some(more)) = (first.as_object(), second.as_object()) else {
        return second.clone();
    };
    let mut merged = base.clone();
    for (name, value) in more {
        let both = match (merged.get(name), value) {
            (Some(Value::Object(kept)), Value::Object(added)) if name == "properties" => {
                let mut all = kept.clone();
                for (property, schema) in added {
                    let schema = all
                        .get(property)
                        .map_or(schema.clone(), |kept| merge(kept, schema));
                    all.insert(property.clone(), schema);
                }
                all.into()
            }
            (Some(Value::Array(kept)), Value::Array(added))
                if matches!(name.as_str(), "required" | "allOf") =>
            {
                kept.iter().chain(added).cloned().collect()
            }
            _ => value.clone(),
        };
        merged.insert(name.clone(), both);
    }
    merged.into()
}

#[cfg(test)]
#[path = "schema_instance_tests.rs"]
mod tests;

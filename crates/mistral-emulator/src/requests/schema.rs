//! Validates JSON against the schemas of the spec, with the server's error details.

use serde_json::{Map, Value, json};

use super::fields::{Validator, format_choices};
use crate::generate::schema_keywords::{bound, size};
use crate::json::array;
use crate::spec::Spec;
use crate::time;

/// Returns an error detail for every invalid part of a value.
pub(crate) fn errors(spec: &Spec, schema: &Value, location: &[Value], value: &Value) -> Vec<Value> {
    let mut validator = SchemaValidator {
        spec,
        inner: Validator::default(),
    };
    validator.inner.path = location.to_vec();
    validator.value(schema, value);
    validator.inner.errors
}

struct SchemaValidator<'a> {
    spec: &'a Spec,
    inner: Validator,
}

impl SchemaValidator<'_> {
    fn value(&mut self, schema: &Value, value: &Value) {
        let spec = self.spec;
        let target = spec.resolve(schema);
        let Some(keywords) = target.as_object() else {
            return;
        };
        if let Some(expected) = keywords.get("const") {
            if expected != value {
                self.literal(std::slice::from_ref(expected), value);
            }
            return;
        }
        if let Some(choices) = keywords.get("enum").and_then(Value::as_array) {
            if !choices.contains(value) {
                self.literal(choices, value);
            }
            return;
        }
        for keyword in ["anyOf", "oneOf"] {
            if let Some(members) = keywords.get(keyword).and_then(Value::as_array) {
                self.union(members, keywords, value);
            }
        }
        match keywords.get("type").and_then(Value::as_str) {
            Some(name) => self.typed(name, keywords, value),
            // Bounds beside a union apply to whichever member has their type.
            None if !value.is_null() => self.bounds(keywords, value),
            None => {}
        }
        // A reference may have bounds beside it.
        if schema.get("$ref").is_some()
            && let Some(beside) = schema.as_object()
        {
            self.bounds(beside, value);
        }
    }

    fn literal(&mut self, choices: &[Value], value: &Value) {
        let texts: Vec<String> = choices
            .iter()
            .map(|choice| choice.as_str().map_or(choice.to_string(), str::to_owned))
            .collect();
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        let expected = format_choices(&texts);
        let message = format!("Input should be {expected}");
        let kind = if choices.len() == 1 {
            "literal_error"
        } else {
            "enum"
        };
        let context = json!({ "expected": expected });
        self.inner
            .report_with_context(kind, &message, value, context);
    }

    fn typed(&mut self, name: &str, keywords: &Map<String, Value>, value: &Value) {
        let (kind, message) = match name {
            "object" => return self.object(keywords, value),
            "array" => return self.array(keywords, value),
            "string" if !value.is_string() => ("string_type", "Input should be a valid string"),
            "boolean" if !value.is_boolean() => ("bool_type", "Input should be a valid boolean"),
            "number" if !value.is_number() => ("float_type", "Input should be a valid number"),
            "integer" if !value.is_number() => ("int_type", "Input should be a valid integer"),
            "integer" if value.as_f64().is_some_and(|number| number.fract() != 0.0) => (
                "int_from_float",
                "Input should be a valid integer, got a number with a fractional part",
            ),
            "null" if !value.is_null() => ("none_required", "Input should be None"),
            _ => return self.bounds(keywords, value),
        };
        self.inner.report(kind, message, value);
    }

    /// Checks the bounds that apply to the JSON type of a value.
    fn bounds(&mut self, keywords: &Map<String, Value>, value: &Value) {
        match value {
            Value::String(text) => {
                let min = size(keywords, "minLength").unwrap_or(0);
                let max = size(keywords, "maxLength").unwrap_or(usize::MAX);
                self.inner.string(min, max, value);
                self.format(keywords, text, value);
            }
            Value::Number(number) => {
                let number = number.as_f64().unwrap_or_default();
                self.number(keywords, number, value);
            }
            Value::Array(items) => self.item_count(keywords, items.len(), value),
            _ => {}
        }
    }

    fn format(&mut self, keywords: &Map<String, Value>, text: &str, value: &Value) {
        let format = keywords.get("format").and_then(Value::as_str);
        let (kind, message) = match format {
            Some("date-time") if time::parse_timestamp(text).is_none() => (
                "datetime_from_date_parsing",
                "Input should be a valid datetime or date",
            ),
            Some("uuid") if !is_uuid(text) => ("uuid_parsing", "Input should be a valid UUID"),
            _ => return,
        };
        self.inner.report(kind, message, value);
    }

    fn number(&mut self, keywords: &Map<String, Value>, number: f64, value: &Value) {
        let limit = |plain, exclusive| bound(keywords, plain, exclusive);
        if let Some((limit, is_exclusive)) = limit("minimum", "exclusiveMinimum")
            && (number < limit || (is_exclusive && number == limit))
        {
            let (kind, words, name) = match is_exclusive {
                true => ("greater_than", "greater than", "gt"),
                false => ("greater_than_equal", "greater than or equal to", "ge"),
            };
            let message = format!("Input should be {words} {limit}");
            let context = json!({ name: whole(limit) });
            self.inner
                .report_with_context(kind, &message, value, context);
        }
        if let Some((limit, is_exclusive)) = limit("maximum", "exclusiveMaximum")
            && (number > limit || (is_exclusive && number == limit))
        {
            let (kind, words, name) = match is_exclusive {
                true => ("less_than", "less than", "lt"),
                false => ("less_than_equal", "less than or equal to", "le"),
            };
            let message = format!("Input should be {words} {limit}");
            let context = json!({ name: whole(limit) });
            self.inner
                .report_with_context(kind, &message, value, context);
        }
    }

    fn item_count(&mut self, keywords: &Map<String, Value>, count: usize, value: &Value) {
        let (kind, words, name, limit) =
            match (size(keywords, "minItems"), size(keywords, "maxItems")) {
                (Some(min), _) if count < min => ("too_short", "least", "min_length", min),
                (_, Some(max)) if count > max => ("too_long", "most", "max_length", max),
                _ => return,
            };
        let message =
            format!("List should have at {words} {limit} item after validation, not {count}");
        let context = json!({ "field_type": "List", name: limit, "actual_length": count });
        self.inner
            .report_with_context(kind, &message, value, context);
    }

    fn array(&mut self, keywords: &Map<String, Value>, value: &Value) {
        let Some(items) = value.as_array() else {
            return self
                .inner
                .report("list_type", "Input should be a valid list", value);
        };
        self.item_count(keywords, items.len(), value);
        let Some(schema) = keywords.get("items") else {
            return;
        };
        for (index, item) in items.iter().enumerate() {
            self.at(index.into(), |validator| validator.value(schema, item));
        }
    }

    fn object(&mut self, keywords: &Map<String, Value>, value: &Value) {
        let Some(members) = value.as_object() else {
            let message = "Input should be a valid dictionary or object to extract fields from";
            return self.inner.report("model_attributes_type", message, value);
        };
        let required = array_of(keywords, "required");
        for name in required.iter().filter_map(Value::as_str) {
            if !members.contains_key(name) {
                self.at(name.into(), |validator| {
                    validator.inner.report("missing", "Field required", value);
                });
            }
        }
        let properties = keywords.get("properties").and_then(Value::as_object);
        let additional = keywords.get("additionalProperties");
        for (name, member) in members {
            match (properties.and_then(|all| all.get(name)), additional) {
                // The server treats an explicit null of an optional field as absent.
                (Some(_), _) if member.is_null() && !required.contains(&name.as_str().into()) => {}
                (Some(schema), _) | (None, Some(schema @ Value::Object(_))) => {
                    self.at(name.as_str().into(), |validator| {
                        validator.value(schema, member)
                    });
                }
                (None, Some(Value::Bool(false))) => {
                    self.at(name.as_str().into(), |validator| {
                        let message = "Extra inputs are not permitted";
                        validator.inner.report("extra_forbidden", message, member);
                    });
                }
                _ => {}
            }
        }
    }

    fn at(&mut self, segment: Value, validate: impl FnOnce(&mut Self)) {
        self.inner.path.push(segment);
        validate(self);
        self.inner.path.pop();
    }

    fn union(&mut self, members: &[Value], keywords: &Map<String, Value>, value: &Value) {
        if let Some(discriminator) = keywords.get("discriminator")
            && let Some(found) = self.tag(discriminator, value)
        {
            let mapped = discriminator
                .pointer("/mapping")
                .and_then(|all| all.get(&found));
            match mapped.and_then(Value::as_str) {
                Some(reference) => {
                    let schema = json!({ "$ref": reference });
                    self.at(found.into(), |validator| validator.value(&schema, value));
                }
                None if keywords.get("x-unknown-member").is_none() => {
                    self.unknown_tag(discriminator, &found, value);
                }
                None => {}
            }
            return;
        }
        let attempts = members.iter().map(|member| {
            let location = &self.inner.path;
            (member, errors(self.spec, member, location, value))
        });
        let attempts: Vec<(&Value, Vec<Value>)> = attempts.collect();
        let is_valid = attempts.iter().any(|(_, errors)| errors.is_empty());
        if is_valid || keywords.get("x-unknown-member").is_some() {
            return;
        }
        // The member that comes closest explains best what is wrong.
        let depth = |errors: &[Value]| {
            let depths = errors.iter().map(|error| array(error, "loc").len());
            depths.max().unwrap_or(0)
        };
        let closest = attempts
            .into_iter()
            .min_by_key(|(_, errors)| (std::cmp::Reverse(depth(errors)), errors.len()));
        self.inner
            .errors
            .extend(closest.into_iter().flat_map(|(_, errors)| errors));
    }

    fn tag(&self, discriminator: &Value, value: &Value) -> Option<String> {
        let name = discriminator.get("propertyName")?.as_str()?;
        Some(value.get(name)?.as_str()?.to_owned())
    }

    fn unknown_tag(&mut self, discriminator: &Value, found: &str, value: &Value) {
        let name = discriminator.get("propertyName").and_then(Value::as_str);
        let name = name.unwrap_or_default();
        let mapping = discriminator.get("mapping").and_then(Value::as_object);
        let tags = mapping.into_iter().flat_map(Map::keys);
        let expected: Vec<String> = tags.map(|tag| format!("'{tag}'")).collect();
        let expected = expected.join(", ");
        let message = format!(
            "Input tag '{found}' found using '{name}' does not match any of the expected tags: {expected}"
        );
        let context = json!({
            "discriminator": format!("'{name}'"), "tag": found, "expected_tags": expected,
        });
        self.inner
            .report_with_context("union_tag_invalid", &message, value, context);
    }
}

fn array_of<'a>(keywords: &'a Map<String, Value>, name: &str) -> &'a [Value] {
    let items = keywords.get(name).and_then(Value::as_array);
    items.map_or(&[], Vec::as_slice)
}

/// Whether a text has the 32 hexadecimal digits of a UUID, with or without hyphens.
fn is_uuid(text: &str) -> bool {
    let mut digits = text.bytes().filter(|byte| *byte != b'-');
    digits.clone().count() == 32 && digits.all(|digit| digit.is_ascii_hexdigit())
}

/// Returns a limit as the integer that it is, if it is one.
fn whole(limit: f64) -> Value {
    match limit.fract() == 0.0 && limit.abs() < 9e15 {
        true => (limit as i64).into(),
        false => limit.into(),
    }
}

#[cfg(test)]
#[path = "schema_tests.rs"]
mod tests;

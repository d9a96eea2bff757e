//! Validates request bodies against a table of fields, with the server's error details.

use serde_json::{Map, Value, json};

use crate::responses::ApiError;
use crate::time::parse_timestamp;

/// One field of an object.
#[derive(Debug)]
pub(crate) struct Field {
    pub(crate) name: &'static str,
    pub(crate) ty: Type,
    pub(crate) required: bool,
}

pub(crate) const fn required(name: &'static str, ty: Type) -> Field {
    Field {
        name,
        ty,
        required: true,
    }
}

pub(crate) const fn optional(name: &'static str, ty: Type) -> Field {
    Field {
        name,
        ty,
        required: false,
    }
}

/// The type of a field.
#[derive(Debug)]
pub(crate) enum Type {
    String,
    /// A string with a minimum and a maximum number of characters, both inclusive.
    StringOfLength(usize, usize),
    /// A date-time in ISO 8601.
    DateTime,
    /// An object whose members all have a type.
    Map(&'static Self),
    Boolean,
    /// An integer within a range, both bounds inclusive.
    Integer(i64, i64),
    /// A number within a range, both bounds inclusive.
    Number(f64, f64),
    /// One of a closed set of strings.
    Enum(&'static [&'static str]),
    /// An object with arbitrary members.
    AnyObject,
    Null,
    /// An array with a minimum number of items.
    Array(usize, &'static Self),
    /// An object that rejects unknown members.
    Object(&'static [Field]),
    /// An object that ignores unknown members.
    OpenObject(&'static [Field]),
    /// An object whose member `tag` selects the variant.
    Union {
        tag: &'static str,
        default: Option<&'static str>,
        variants: &'static [(&'static str, &'static [Field])],
    },
    /// A value of any one of these types.
    AnyOf(&'static [Self]),
}

pub(crate) const INTEGER: Type = Type::Integer(i64::MIN, i64::MAX);
pub(crate) const UNSIGNED: Type = Type::Integer(0, i64::MAX);
pub(crate) const NUMBER: Type = Type::Number(f64::NEG_INFINITY, f64::INFINITY);

/// Validates a body. The error lists every invalid field.
pub(crate) fn validate(fields: &'static [Field], body: &Value) -> Result<(), ApiError> {
    validate_members(fields, true, body)
}

/// Validates a body whose unknown members are ignored.
pub(crate) fn validate_open(fields: &'static [Field], body: &Value) -> Result<(), ApiError> {
    validate_members(fields, false, body)
}

fn validate_members(
    fields: &'static [Field],
    is_closed: bool,
    body: &Value,
) -> Result<(), ApiError> {
    let mut validator = Validator::default();
    validator.path.push("body".into());
    validator.object(fields, &[], is_closed, body);
    if validator.errors.is_empty() {
        Ok(())
    } else {
        Err(ApiError::validation(validator.errors))
    }
}

/// Creates the entry of an error body that describes one invalid value.
pub(crate) fn error_detail(
    error_type: &str,
    location: &[Value],
    message: &str,
    input: &Value,
) -> Value {
    json!({ "type": error_type, "loc": location, "msg": message, "input": input })
}

#[derive(Debug, Default)]
pub(super) struct Validator {
    /// The path from the body to the current value, which becomes `loc` of an error.
    pub(super) path: Vec<Value>,
    pub(super) errors: Vec<Value>,
}

impl Validator {
    pub(super) fn report(&mut self, error_type: &str, message: &str, input: &Value) {
        self.errors
            .push(error_detail(error_type, &self.path, message, input));
    }

    pub(super) fn report_with_context(
        &mut self,
        error_type: &str,
        message: &str,
        input: &Value,
        context: Value,
    ) {
        let mut detail = error_detail(error_type, &self.path, message, input);
        if let Some(members) = detail.as_object_mut() {
            members.insert("ctx".into(), context);
        }
        self.errors.push(detail);
    }

    /// Validates a member or an item of the current value.
    fn at(&mut self, segment: impl Into<Value>, validate: impl FnOnce(&mut Self)) {
        self.path.push(segment.into());
        validate(self);
        self.path.pop();
    }

    fn value(&mut self, ty: &'static Type, value: &Value) {
        match ty {
            Type::String if !value.is_string() => {
                self.report("string_type", "Input should be a valid string", value);
            }
            Type::Boolean if !value.is_boolean() => {
                self.report("bool_type", "Input should be a valid boolean", value);
            }
            Type::AnyObject if !value.is_object() => {
                self.report("dict_type", "Input should be a valid dictionary", value);
            }
            Type::Null if !value.is_null() => {
                self.report("none_required", "Input should be None", value);
            }
            Type::String | Type::Boolean | Type::AnyObject | Type::Null => {}
            Type::StringOfLength(min, max) => self.string(*min, *max, value),
            Type::DateTime => self.date_time(value),
            Type::Map(member) => match value.as_object() {
                None => self.report("dict_type", "Input should be a valid dictionary", value),
                Some(members) => {
                    for (name, found) in members {
                        self.at(name.as_str(), |validator| validator.value(member, found));
                    }
                }
            },
            Type::Integer(min, max) => self.integer(*min, *max, value),
            Type::Number(min, max) => self.number(*min, *max, value),
            Type::Enum(choices) => self.choice(choices, value),
            Type::Array(min_items, item) => self.array(*min_items, item, value),
            Type::Object(fields) => self.object(fields, &[], true, value),
            Type::OpenObject(fields) => self.object(fields, &[], false, value),
            Type::Union {
                tag,
                default,
                variants,
            } => self.union(tag, *default, variants, value),
            Type::AnyOf(types) => self.any_of(types, value),
        }
    }

    pub(super) fn string(&mut self, min: usize, max: usize, value: &Value) {
        let Some(text) = value.as_str() else {
            return self.report("string_type", "Input should be a valid string", value);
        };
        let (error_type, side, bound, limit) = match text.chars().count() {
            length if length < min => ("string_too_short", "least", "min_length", min),
            length if length > max => ("string_too_long", "most", "max_length", max),
            _ => return,
        };
        let unit = if limit == 1 {
            "character"
        } else {
            "characters"
        };
        let message = format!("String should have at {side} {limit} {unit}");
        self.report_with_context(error_type, &message, value, json!({ bound: limit }));
    }

    fn date_time(&mut self, value: &Value) {
        if value.as_str().and_then(parse_timestamp).is_none() {
            let message = "Input should be a valid datetime or date";
            self.report("datetime_from_date_parsing", message, value);
        }
    }

    fn integer(&mut self, min: i64, max: i64, value: &Value) {
        let Some(number) = value.as_f64() else {
            return self.report("int_type", "Input should be a valid integer", value);
        };
        if number.fract() != 0.0 {
            let message = "Input should be a valid integer, got a number with a fractional part";
            return self.report("int_from_float", message, value);
        }
        self.bounds(
            number,
            (min as f64, max as f64),
            &json!(min),
            &json!(max),
            value,
        );
    }

    fn number(&mut self, min: f64, max: f64, value: &Value) {
        match value.as_f64() {
            None => self.report("float_type", "Input should be a valid number", value),
            Some(number) => {
                self.bounds(number, (min, max), &json!(min), &json!(max), value);
            }
        }
    }

    pub(super) fn bounds(
        &mut self,
        number: f64,
        range: (f64, f64),
        min: &Value,
        max: &Value,
        value: &Value,
    ) {
        if number < range.0 {
            let message = format!("Input should be greater than or equal to {min}");
            self.report_with_context("greater_than_equal", &message, value, json!({ "ge": min }));
        } else if number > range.1 {
            let message = format!("Input should be less than or equal to {max}");
            self.report_with_context("less_than_equal", &message, value, json!({ "le": max }));
        }
    }

    fn choice(&mut self, choices: &[&str], value: &Value) {
        if !value.as_str().is_some_and(|text| choices.contains(&text)) {
            let expected = format_choices(choices);
            let message = format!("Input should be {expected}");
            self.report_with_context("enum", &message, value, json!({ "expected": expected }));
        }
    }

    fn array(&mut self, min_items: usize, item: &'static Type, value: &Value) {
        let Some(items) = value.as_array() else {
            return self.report("list_type", "Input should be a valid list", value);
        };
        if items.len() < min_items {
            let message = format!(
                "List should have at least {min_items} item after validation, not {}",
                items.len()
            );
            let context = json!({
                "field_type": "List", "min_length": min_items, "actual_length": items.len(),
            });
            self.report_with_context("too_short", &message, value, context);
        }
        for (index, entry) in items.iter().enumerate() {
            self.at(index, |validator| validator.value(item, entry));
        }
    }

    fn object(
        &mut self,
        fields: &'static [Field],
        extra_known: &[&str],
        is_closed: bool,
        value: &Value,
    ) {
        let Some(members) = value.as_object() else {
            let message = "Input should be a valid dictionary or object to extract fields from";
            return self.report("model_attributes_type", message, value);
        };
        for field in fields {
            self.field(field, members, value);
        }
        if !is_closed {
            return;
        }
        let known = |name: &str| {
            extra_known.contains(&name) || fields.iter().any(|field| field.name == name)
        };
        for (name, member) in members.iter().filter(|(name, _)| !known(name)) {
            self.at(name.as_str(), |validator| {
                validator.report("extra_forbidden", "Extra inputs are not permitted", member);
            });
        }
    }

    fn field(&mut self, field: &'static Field, members: &Map<String, Value>, parent: &Value) {
        match members.get(field.name) {
            // The server treats an explicit null of an optional field as absent.
            Some(Value::Null) if !field.required => {}
            Some(member) => {
                self.at(field.name, |validator| validator.value(&field.ty, member));
            }
            None if field.required => {
                self.at(field.name, |validator| {
                    validator.report("missing", "Field required", parent)
                });
            }
            None => {}
        }
    }

    fn union(
        &mut self,
        tag: &'static str,
        default: Option<&'static str>,
        variants: &'static [(&'static str, &'static [Field])],
        value: &Value,
    ) {
        let Some(members) = value.as_object() else {
            let message = "Input should be a valid dictionary or object to extract fields from";
            return self.report("model_attributes_type", message, value);
        };
        let Some(found) = members.get(tag).and_then(Value::as_str).or(default) else {
            let message = format!("Unable to extract tag using discriminator '{tag}'");
            let context = json!({ "discriminator": format!("'{tag}'") });
            return self.report_with_context("union_tag_not_found", &message, value, context);
        };
        if let Some((name, fields)) = variants.iter().find(|(name, _)| *name == found) {
            return self.at(*name, |validator| {
                validator.object(fields, &[tag], true, value)
            });
        }
        let expected: Vec<String> = variants
            .iter()
            .map(|(name, _)| format!("'{name}'"))
            .collect();
        let expected = expected.join(", ");
        let message = format!(
            "Input tag '{found}' found using '{tag}' does not match any of the expected tags: {expected}"
        );
        let context = json!({
            "discriminator": format!("'{tag}'"), "tag": found, "expected_tags": expected,
        });
        self.report_with_context("union_tag_invalid", &message, value, context);
    }

    fn any_of(&mut self, types: &'static [Type], value: &Value) {
        match types.iter().find(|ty| ty.matches_json_type(value)) {
            Some(ty) => self.value(ty, value),
            None => types.iter().for_each(|ty| self.value(ty, value)),
        }
    }
}

impl Type {
    /// Whether the value has the JSON type of this type, regardless of its contents.
    fn matches_json_type(&self, value: &Value) -> bool {
        match self {
            Self::String | Self::StringOfLength(..) | Self::DateTime | Self::Enum(_) => {
                value.is_string()
            }
            Self::Boolean => value.is_boolean(),
            Self::Integer(..) | Self::Number(..) => value.is_number(),
            Self::Null => value.is_null(),
            Self::Array(..) => value.is_array(),
            Self::AnyObject
            | Self::Map(_)
            | Self::Object(_)
            | Self::OpenObject(_)
            | Self::Union { .. } => value.is_object(),
            Self::AnyOf(types) => types.iter().any(|ty| ty.matches_json_type(value)),
        }
    }
}

/// Formats a list of choices: `'a', 'b' or 'c'`.
pub(crate) fn format_choices(choices: &[&str]) -> String {
    let quoted: Vec<String> = choices.iter().map(|choice| format!("'{choice}'")).collect();
    match quoted.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, rest)) => format!("{} or {last}", rest.join(", ")),
        None => String::new(),
    }
}

#[cfg(test)]
#[path = "fields_tests.rs"]
mod tests;

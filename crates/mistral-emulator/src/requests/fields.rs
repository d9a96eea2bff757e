//! Checks a request body against a table of fields and reports problems as the server does.

use serde_json::{Map, Value, json};

use crate::responses::ApiError;

/// One field of an object.
#[derive(Debug)]
pub(crate) struct Field {
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
    pub(crate) required: bool,
}

pub(crate) const fn required(name: &'static str, kind: Kind) -> Field {
    Field {
        name,
        kind,
        required: true,
    }
}

pub(crate) const fn optional(name: &'static str, kind: Kind) -> Field {
    Field {
        name,
        kind,
        required: false,
    }
}

/// What a value may be.
#[derive(Debug)]
pub(crate) enum Kind {
    Text,
    /// A text of so many characters, both bounds included.
    Sized(usize, usize),
    /// An object whose members are texts of so many characters.
    Texts(usize, usize),
    Flag,
    /// A whole number within bounds, both included.
    Integer(i64, i64),
    /// A number within bounds, both included.
    Number(f64, f64),
    /// One of a closed set of strings.
    Choice(&'static [&'static str]),
    /// An object with any members.
    Map,
    Null,
    /// A list of at least so many items.
    List(usize, &'static Self),
    /// An object that refuses members it does not know.
    Record(&'static [Field]),
    /// An object that ignores members it does not know.
    OpenRecord(&'static [Field]),
    /// An object whose member `tag` says which record it is.
    Tagged {
        tag: &'static str,
        default: Option<&'static str>,
        variants: &'static [(&'static str, &'static [Field])],
    },
    /// A value of any one of these kinds.
    AnyOf(&'static [Self]),
}

pub(crate) const INTEGER: Kind = Kind::Integer(i64::MIN, i64::MAX);
pub(crate) const COUNT: Kind = Kind::Integer(0, i64::MAX);
pub(crate) const NUMBER: Kind = Kind::Number(f64::NEG_INFINITY, f64::INFINITY);

/// Checks a body; the error lists every problem found.
pub(crate) fn body(fields: &'static [Field], body: &Value) -> Result<(), ApiError> {
    problems(fields, body).map_err(ApiError::invalid)
}

/// Checks a body where the server lists problems in the short form.
pub(crate) fn short_body(fields: &'static [Field], body: &Value) -> Result<(), ApiError> {
    problems(fields, body).map_err(ApiError::details)
}

fn problems(fields: &'static [Field], body: &Value) -> Result<(), Vec<Value>> {
    let mut report = Report::default();
    report.place.push("body".into());
    report.record(fields, &[], true, body);
    if report.problems.is_empty() {
        Ok(())
    } else {
        Err(report.problems)
    }
}

/// One problem in the server's form.
pub(crate) fn problem(kind: &str, place: &[Value], message: &str, input: &Value) -> Value {
    json!({ "type": kind, "loc": place, "msg": message, "input": input })
}

#[derive(Debug, Default)]
struct Report {
    place: Vec<Value>,
    problems: Vec<Value>,
}

impl Report {
    fn add(&mut self, kind: &str, message: &str, input: &Value) {
        self.problems
            .push(problem(kind, &self.place, message, input));
    }

    fn add_with(&mut self, kind: &str, message: &str, input: &Value, context: Value) {
        let mut problem = problem(kind, &self.place, message, input);
        if let Some(members) = problem.as_object_mut() {
            members.insert("ctx".into(), context);
        }
        self.problems.push(problem);
    }

    fn within(&mut self, step: impl Into<Value>, check: impl FnOnce(&mut Self)) {
        self.place.push(step.into());
        check(self);
        self.place.pop();
    }

    fn value(&mut self, kind: &'static Kind, value: &Value) {
        match kind {
            Kind::Text if !value.is_string() => {
                self.add("string_type", "Input should be a valid string", value);
            }
            Kind::Flag if !value.is_boolean() => {
                self.add("bool_type", "Input should be a valid boolean", value);
            }
            Kind::Map if !value.is_object() => {
                self.add("dict_type", "Input should be a valid dictionary", value);
            }
            Kind::Null if !value.is_null() => {
                self.add("none_required", "Input should be None", value);
            }
            Kind::Text | Kind::Flag | Kind::Map | Kind::Null => {}
            Kind::Sized(least, most) => self.sized(*least, *most, value),
            Kind::Texts(least, most) => match value.as_object() {
                None => self.add("dict_type", "Input should be a valid dictionary", value),
                Some(members) => {
                    for (name, member) in members {
                        self.within(name.as_str(), |report| report.sized(*least, *most, member));
                    }
                }
            },
            Kind::Integer(least, most) => self.integer(*least, *most, value),
            Kind::Number(least, most) => self.number(*least, *most, value),
            Kind::Choice(choices) => self.choice(choices, value),
            Kind::List(at_least, item) => self.list(*at_least, item, value),
            Kind::Record(fields) => self.record(fields, &[], true, value),
            Kind::OpenRecord(fields) => self.record(fields, &[], false, value),
            Kind::Tagged {
                tag,
                default,
                variants,
            } => self.tagged(tag, *default, variants, value),
            Kind::AnyOf(kinds) => self.any_of(kinds, value),
        }
    }

    fn sized(&mut self, least: usize, most: usize, value: &Value) {
        let Some(text) = value.as_str() else {
            return self.add("string_type", "Input should be a valid string", value);
        };
        let (kind, side, bound, limit) = match text.chars().count() {
            length if length < least => ("string_too_short", "least", "min_length", least),
            length if length > most => ("string_too_long", "most", "max_length", most),
            _ => return,
        };
        let unit = if limit == 1 {
            "character"
        } else {
            "characters"
        };
        let message = format!("String should have at {side} {limit} {unit}");
        self.add_with(kind, &message, value, json!({ bound: limit }));
    }

    fn integer(&mut self, least: i64, most: i64, value: &Value) {
        let Some(number) = value.as_f64() else {
            return self.add("int_type", "Input should be a valid integer", value);
        };
        if number.fract() != 0.0 {
            let message = "Input should be a valid integer, got a number with a fractional part";
            return self.add("int_from_float", message, value);
        }
        self.bounds(
            number,
            (least as f64, most as f64),
            &json!(least),
            &json!(most),
            value,
        );
    }

    fn number(&mut self, least: f64, most: f64, value: &Value) {
        match value.as_f64() {
            None => self.add("float_type", "Input should be a valid number", value),
            Some(number) => {
                self.bounds(number, (least, most), &json!(least), &json!(most), value);
            }
        }
    }

    fn bounds(
        &mut self,
        number: f64,
        range: (f64, f64),
        least: &Value,
        most: &Value,
        value: &Value,
    ) {
        if number < range.0 {
            let message = format!("Input should be greater than or equal to {least}");
            self.add_with(
                "greater_than_equal",
                &message,
                value,
                json!({ "ge": least }),
            );
        } else if number > range.1 {
            let message = format!("Input should be less than or equal to {most}");
            self.add_with("less_than_equal", &message, value, json!({ "le": most }));
        }
    }

    fn choice(&mut self, choices: &[&str], value: &Value) {
        if !value.as_str().is_some_and(|text| choices.contains(&text)) {
            let expected = either(choices);
            let message = format!("Input should be {expected}");
            self.add_with("enum", &message, value, json!({ "expected": expected }));
        }
    }

    fn list(&mut self, at_least: usize, item: &'static Kind, value: &Value) {
        let Some(items) = value.as_array() else {
            return self.add("list_type", "Input should be a valid list", value);
        };
        if items.len() < at_least {
            let message = format!(
                "List should have at least {at_least} item after validation, not {}",
                items.len()
            );
            let context = json!({
                "field_type": "List", "min_length": at_least, "actual_length": items.len(),
            });
            self.add_with("too_short", &message, value, context);
        }
        for (index, entry) in items.iter().enumerate() {
            self.within(index, |report| report.value(item, entry));
        }
    }

    fn record(&mut self, fields: &'static [Field], also: &[&str], closed: bool, value: &Value) {
        let Some(members) = value.as_object() else {
            let message = "Input should be a valid dictionary or object to extract fields from";
            return self.add("model_attributes_type", message, value);
        };
        for field in fields {
            self.field(field, members, value);
        }
        if !closed {
            return;
        }
        let known =
            |name: &str| also.contains(&name) || fields.iter().any(|field| field.name == name);
        for (name, member) in members.iter().filter(|(name, _)| !known(name)) {
            self.within(name.as_str(), |report| {
                report.add("extra_forbidden", "Extra inputs are not permitted", member);
            });
        }
    }

    fn field(&mut self, field: &'static Field, members: &Map<String, Value>, parent: &Value) {
        match members.get(field.name) {
            // The server reads an explicit null of an optional field as absent.
            Some(Value::Null) if !field.required => {}
            Some(member) => {
                self.within(field.name, |report| report.value(&field.kind, member));
            }
            None if field.required => {
                self.within(field.name, |report| {
                    report.add("missing", "Field required", parent)
                });
            }
            None => {}
        }
    }

    fn tagged(
        &mut self,
        tag: &'static str,
        default: Option<&'static str>,
        variants: &'static [(&'static str, &'static [Field])],
        value: &Value,
    ) {
        let Some(members) = value.as_object() else {
            let message = "Input should be a valid dictionary or object to extract fields from";
            return self.add("model_attributes_type", message, value);
        };
        let Some(found) = members.get(tag).and_then(Value::as_str).or(default) else {
            let message = format!("Unable to extract tag using discriminator '{tag}'");
            let context = json!({ "discriminator": format!("'{tag}'") });
            return self.add_with("union_tag_not_found", &message, value, context);
        };
        if let Some((name, fields)) = variants.iter().find(|(name, _)| *name == found) {
            return self.within(*name, |report| report.record(fields, &[tag], true, value));
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
        self.add_with("union_tag_invalid", &message, value, context);
    }

    fn any_of(&mut self, kinds: &'static [Kind], value: &Value) {
        match kinds.iter().find(|kind| kind.resembles(value)) {
            Some(kind) => self.value(kind, value),
            None => kinds.iter().for_each(|kind| self.value(kind, value)),
        }
    }
}

impl Kind {
    /// Whether the value has the JSON type of this kind, whatever is inside.
    fn resembles(&self, value: &Value) -> bool {
        match self {
            Self::Text | Self::Sized(..) | Self::Choice(_) => value.is_string(),
            Self::Flag => value.is_boolean(),
            Self::Integer(..) | Self::Number(..) => value.is_number(),
            Self::Null => value.is_null(),
            Self::List(..) => value.is_array(),
            Self::Map
            | Self::Texts(..)
            | Self::Record(_)
            | Self::OpenRecord(_)
            | Self::Tagged { .. } => value.is_object(),
            Self::AnyOf(kinds) => kinds.iter().any(|kind| kind.resembles(value)),
        }
    }
}

pub(crate) fn either(choices: &[&str]) -> String {
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

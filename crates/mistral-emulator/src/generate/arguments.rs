//! Takes the arguments of a tool call from the prompt.

use serde_json::{Map, Value, json};

use super::json_answer::objects;
use super::schema_instance;

/// The words that precede a place or a name.
const PREPOSITIONS: &[&str] = &["in", "at", "for", "from", "to", "near", "about", "of", "on"];

/// Returns an object that satisfies the schema of a tool's parameters.
///
/// Values that the prompt states plainly are used: `city=Paris`, `city: "Paris"`, a JSON object, one
/// of the choices, numbers in their order, and a name after a preposition.
pub(super) fn arguments(schema: &Value, prompt: &str) -> Value {
    let mut arguments = match schema_instance::instance(schema) {
        Value::Object(members) => members,
        _ => Map::new(),
    };
    let mut found = Found {
        prompt,
        objects: objects(prompt),
        numbers: numbers(prompt),
        text: single_text(schema, prompt),
    };
    let properties: Vec<(&str, &Value)> = names(schema)
        .into_iter()
        .filter_map(|name| {
            let property = schema.get("properties")?.get(name)?;
            Some((name, resolve(schema, property)))
        })
        .collect();
    let mut others = Vec::new();
    // What is stated by name is taken first: the numbers that remain are for the others.
    for (name, property) in properties {
        match found.stated(name, property) {
            Some(value) => {
                arguments.insert(name.to_owned(), value);
            }
            None => others.push((name, property)),
        }
    }
    for (name, property) in others {
        if let Some(value) = found.guessed(name, property) {
            arguments.insert(name.to_owned(), value);
        }
    }
    arguments.into()
}

/// Returns the names of the properties, the required ones first and in their order.
fn names(schema: &Value) -> Vec<&str> {
    let required = schema.get("required").and_then(Value::as_array);
    let required = required.into_iter().flatten().filter_map(Value::as_str);
    let mut names: Vec<&str> = required.collect();
    let properties = schema.get("properties").and_then(Value::as_object);
    for name in properties.into_iter().flat_map(Map::keys) {
        if !names.contains(&name.as_str()) {
            names.push(name);
        }
    }
    names
}

/// Resolves a reference and picks the alternative that is not null.
fn resolve<'a>(root: &'a Value, property: &'a Value) -> &'a Value {
    let is_not_null = |choice: &&Value| choice.get("type") != Some(&json!("null"));
    let choices = ["anyOf", "oneOf"]
        .iter()
        .find_map(|keyword| property.get(keyword)?.as_array());
    let property = choices
        .and_then(|choices| choices.iter().find(is_not_null))
        .unwrap_or(property);
    let reference = property.get("$ref").and_then(Value::as_str);
    reference
        .and_then(|reference| root.pointer(reference.strip_prefix('#')?))
        .unwrap_or(property)
}

/// The values that a prompt contains.
struct Found<'a> {
    prompt: &'a str,
    objects: Vec<Value>,
    /// The numbers that no argument has used yet.
    numbers: Vec<f64>,
    /// The value of the only argument that is free text.
    text: Option<String>,
}

impl Found<'_> {
    /// Returns the value that the prompt states with the name of an argument.
    fn stated(&mut self, name: &str, property: &Value) -> Option<Value> {
        let in_object = self.objects.iter().find_map(|object| object.get(name));
        if let Some(value) = in_object.filter(|value| fits(value, property)) {
            return Some(value.clone());
        }
        let text = stated_value(self.prompt, name)?;
        let value = convert(&text, property)?;
        if let Some(number) = value.as_f64() {
            let position = self.numbers.iter().position(|other| *other == number);
            position.map(|position| self.numbers.remove(position));
        }
        Some(value)
    }

    /// Returns a value of the prompt that is likely to be for an argument.
    fn guessed(&mut self, name: &str, property: &Value) -> Option<Value> {
        if let Some(choices) = property.get("enum").and_then(Value::as_array) {
            let is_mentioned = |choice: &&Value| {
                let choice = choice.as_str().unwrap_or_default();
                words(self.prompt).any(|word| word.eq_ignore_ascii_case(choice))
            };
            return choices.iter().find(is_mentioned).cloned();
        }
        match kind(property) {
            "integer" | "number" => {
                let as_value = |number: &f64| convert(&number.to_string(), property);
                let position = self
                    .numbers
                    .iter()
                    .position(|number| as_value(number).is_some());
                let number = self.numbers.remove(position?);
                as_value(&number)
            }
            "string" => {
                let is_preposition = PREPOSITIONS.contains(&name);
                let named = is_preposition
                    .then(|| name_after(self.prompt, &[name]))
                    .flatten();
                let text = named.or_else(|| self.text.clone())?;
                convert(&text, property)
            }
            _ => None,
        }
    }
}

/// Returns the value of the only property that is free text: what is quoted, or else a name.
fn single_text(schema: &Value, prompt: &str) -> Option<String> {
    let properties = schema.get("properties")?.as_object()?;
    let is_text = |property: &&Value| {
        let property = resolve(schema, property);
        kind(property) == "string" && is_free(property)
    };
    if properties.values().filter(is_text).count() != 1 {
        return None;
    }
    let quoted = ['"', '\u{201c}', '`']
        .iter()
        .filter_map(|mark| prompt.find(*mark))
        .min()
        .and_then(|start| quoted(prompt.get(start..)?));
    quoted.or_else(|| name_after(prompt, PREPOSITIONS))
}

/// Returns the words in upper case that follow one of the prepositions: `in New York` has `New
/// York`.
fn name_after(prompt: &str, prepositions: &[&str]) -> Option<String> {
    let words: Vec<&str> = prompt.split_whitespace().collect();
    let starts_upper = |word: &&str| word.starts_with(char::is_uppercase);
    words.iter().enumerate().find_map(|(index, word)| {
        let is_preposition = prepositions
            .iter()
            .any(|known| known.eq_ignore_ascii_case(word));
        let following = words.get(index + 1..).filter(|_| is_preposition)?;
        let mut name: Vec<&str> = Vec::new();
        for word in following.iter().copied().take_while(starts_upper) {
            let bare = word.trim_end_matches(|letter: char| !letter.is_alphanumeric());
            name.push(bare);
            if bare.len() < word.len() {
                break;
            }
        }
        (!name.is_empty()).then(|| name.join(" "))
    })
}

/// Returns the text after `name=`, `name:` or `name is`.
fn stated_value(prompt: &str, name: &str) -> Option<String> {
    let plain = name.replace('_', " ");
    [name, plain.as_str()].iter().find_map(|name| {
        prompt.match_indices(name).find_map(|(start, found)| {
            let before = prompt.get(..start)?.chars().next_back();
            if before.is_some_and(|letter| letter.is_alphanumeric() || letter == '_') {
                return None;
            }
            let rest = prompt.get(start + found.len()..)?;
            let rest = rest.trim_start_matches(['"', '\'', '`']);
            let trimmed = rest.trim_start();
            let value = ["=", ":", "is "]
                .iter()
                .find_map(|separator| trimmed.strip_prefix(separator))?
                .trim_start();
            let value = quoted(value).or_else(|| bare_value(value))?;
            (!value.is_empty()).then_some(value)
        })
    })
}

/// Returns the text in the quotation marks that a text begins with.
fn quoted(text: &str) -> Option<String> {
    let mut letters = text.chars();
    let end = match letters.next()? {
        mark @ ('"' | '\'' | '`') => mark,
        '\u{201c}' => '\u{201d}',
        _ => return None,
    };
    let (inside, _) = letters.as_str().split_once(end)?;
    Some(inside.to_owned())
}

fn bare_value(text: &str) -> Option<String> {
    let word = text
        .split([' ', '\n', '\t', ',', ';', ')', '}', ']'])
        .next()?;
    Some(word.trim_end_matches(['.', '?', '!']).to_owned())
}

/// Converts a text to the type of a property. Fails if the value does not fit.
fn convert(text: &str, property: &Value) -> Option<Value> {
    let value = match kind(property) {
        "string" => json!(text),
        "boolean" => match text.to_ascii_lowercase().as_str() {
            "true" | "yes" => json!(true),
            "false" | "no" => json!(false),
            _ => return None,
        },
        "integer" => json!(text.parse::<i64>().ok()?),
        "number" => match text.parse::<i64>() {
            Ok(number) => json!(number),
            Err(_) => json!(
                text.parse::<f64>()
                    .ok()
                    .filter(|number| number.is_finite())?
            ),
        },
        _ => return None,
    };
    fits(&value, property).then_some(value)
}

/// Whether a value has the type of a property and is within its bounds.
fn fits(value: &Value, property: &Value) -> bool {
    if let Some(choices) = property.get("enum").and_then(Value::as_array) {
        return choices.contains(value);
    }
    let limit = |name: &str| property.get(name).and_then(Value::as_f64);
    match (kind(property), value) {
        ("string", Value::String(text)) => {
            let length = text.chars().count() as f64;
            is_free(property)
                && limit("minLength").is_none_or(|min| length >= min)
                && limit("maxLength").is_none_or(|max| length <= max)
        }
        ("integer", Value::Number(number)) if number.as_f64().is_none_or(|n| n.fract() != 0.0) => {
            false
        }
        ("integer" | "number", Value::Number(number)) => {
            let number = number.as_f64().unwrap_or(0.0);
            limit("minimum").is_none_or(|min| number >= min)
                && limit("maximum").is_none_or(|max| number <= max)
                && limit("exclusiveMinimum").is_none_or(|min| number > min)
                && limit("exclusiveMaximum").is_none_or(|max| number < max)
                && limit("multipleOf").is_none_or(|step| number % step == 0.0)
        }
        ("boolean", Value::Bool(_)) => true,
        _ => false,
    }
}

/// Whether a string may be any text.
fn is_free(property: &Value) -> bool {
    ["const", "enum", "format", "pattern"]
        .iter()
        .all(|keyword| property.get(keyword).is_none())
}

fn kind(property: &Value) -> &str {
    match property.get("type") {
        Some(Value::Array(kinds)) => {
            let mut kinds = kinds.iter().filter_map(Value::as_str);
            kinds.find(|kind| *kind != "null").unwrap_or_default()
        }
        kind => kind.and_then(Value::as_str).unwrap_or_default(),
    }
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    let is_separator = |letter: char| !letter.is_alphanumeric() && !matches!(letter, '_' | '-');
    text.split(is_separator)
}

/// Returns the numbers that are words of their own.
fn numbers(text: &str) -> Vec<f64> {
    let is_mark = |letter: char| !letter.is_ascii_digit() && letter != '-';
    text.split(|letter: char| letter.is_whitespace() || letter == '=')
        .filter_map(|word| word.trim_matches(is_mark).parse::<f64>().ok())
        .filter(|number| number.is_finite())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn two(kind: &str) -> Value {
        json!({
            "type": "object", "required": ["x", "y"],
            "properties": {"x": {"type": kind}, "y": {"type": kind}},
        })
    }

    #[test]
    fn arguments_stated_by_name_are_used() {
        let both = json!({"x": 17, "y": 25});
        for prompt in [
            "Call the add tool exactly once with x=17 and y=25. Do not answer in prose.",
            "x: 17, y is 25!",
            "add 17 and 25",
            r#"Use {"x": 17, "y": 25}."#,
            "y = 25; the other one is 17",
        ] {
            assert_eq!(arguments(&two("integer"), prompt), both, "{prompt}");
        }
        let texts = arguments(&two("string"), "x=\"a b\", y='c'");
        assert_eq!(texts, json!({"x": "a b", "y": "c"}));
    }

    #[test]
    fn arguments_single_text_is_quoted_or_a_name() {
        let schema = json!({"type": "object", "properties": {
            "city": {"type": "string"},
            "unit": {"enum": ["celsius", "fahrenheit"]},
            "days": {"anyOf": [{"type": "integer", "maximum": 7}, {"type": "null"}]},
        }});
        assert_eq!(
            arguments(
                &schema,
                "What is the weather in New York, in fahrenheit, for 5 days?"
            ),
            json!({"city": "New York", "unit": "fahrenheit", "days": 5})
        );
        assert_eq!(arguments(&schema, "The weather of \"Rio\"?")["city"], "Rio");
    }

    #[test]
    fn arguments_that_do_not_fit_are_placeholders() {
        let schema = json!({"type": "object", "properties": {
            "code": {"type": "string", "pattern": "^[A-Z]{3}$"},
            "count": {"type": "integer", "maximum": 3},
            "exact": {"type": "boolean"},
        }});
        assert_eq!(
            arguments(&schema, "code=paris, count=9, exact=perhaps"),
            json!({"code": "AAA", "count": 1, "exact": true})
        );
        assert_eq!(arguments(&schema, "exact: no")["exact"], false);
        assert_eq!(arguments(&json!(null), "x=1"), json!({}));
    }

    #[test]
    fn arguments_prepositions_are_names_of_properties() {
        let schema = json!({"type": "object", "properties": {
            "from": {"type": "string"}, "to": {"type": "string"},
        }});
        assert_eq!(
            arguments(&schema, "Trains from Paris to Lyon."),
            json!({"from": "Paris", "to": "Lyon"})
        );
    }
}

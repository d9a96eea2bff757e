//! Strict JSON Schemas of Rust types.

use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value};

/// How long the name of a schema may be.
const NAME_LENGTH: usize = 64;

type Keywords = Map<String, Value>;

/// The schema of `T` in the form that the API's strict mode wants: every object closed, and
/// all of its properties required.
///
/// # Errors
/// Fails with a sentence that names the place when `T` has no such schema.
pub(crate) fn strict<T: JsonSchema>() -> Result<Value, String> {
    let settings = SchemaSettings::draft2020_12().with(|settings| settings.meta_schema = None);
    let mut schema = settings
        .into_generator()
        .into_root_schema_for::<T>()
        .to_value();
    let strict = Strict {
        root: schema.clone(),
    };
    strict
        .close(&mut schema, "")
        .map_err(|why| format!("`{}` has no strict schema: {why}", T::schema_name()))?;
    Ok(schema)
}

/// The name of a schema of `T`, with the characters that the API allows.
pub(crate) fn name<T: JsonSchema>() -> String {
    let allowed = |letter: char| match letter {
        letter if letter.is_ascii_alphanumeric() || matches!(letter, '_' | '-') => letter,
        _ => '_',
    };
    T::schema_name()
        .chars()
        .map(allowed)
        .take(NAME_LENGTH)
        .collect()
}

struct Strict {
    /// The whole schema as it was.
    root: Value,
}

impl Strict {
    fn close(&self, schema: &mut Value, path: &str) -> Result<(), String> {
        let keywords = match schema {
            Value::Object(keywords) => keywords,
            Value::Bool(true) => return Err(takes_anything(path)),
            _ => return Ok(()),
        };
        self.inline(keywords);
        keywords.remove("default"); // what is required has none
        if is_number(keywords) {
            keywords.remove("format"); // Rust's own: `uint8` and its like
        }
        if is_map(keywords) {
            return Err(format!(
                "{} is a map, and the names of its keys are not known beforehand: use a list \
                 of structs that have a key and a value",
                place(path)
            ));
        }
        if is_object(keywords) {
            close_object(keywords, path)?;
        } else if !MEANINGFUL
            .iter()
            .any(|keyword| keywords.contains_key(*keyword))
        {
            return Err(takes_anything(path));
        }
        self.close_parts(keywords, path)
    }

    fn close_parts(&self, keywords: &mut Keywords, path: &str) -> Result<(), String> {
        for (keyword, part) in keywords.iter_mut() {
            match (keyword.as_str(), part) {
                ("properties", Value::Object(properties)) => {
                    for (name, property) in properties {
                        let dot = if path.is_empty() { "" } else { "." };
                        self.close(property, &format!("{path}{dot}{name}"))?;
                    }
                }
                ("$defs", Value::Object(definitions)) => {
                    for (name, definition) in definitions {
                        self.close(definition, name)?;
                    }
                }
                ("prefixItems" | "anyOf" | "oneOf" | "allOf", Value::Array(parts)) => {
                    parts
                        .iter_mut()
                        .try_for_each(|part| self.close(part, path))?;
                }
                ("items", items) => self.close(items, &format!("{path}[]"))?,
                _ => {}
            }
        }
        Ok(())
    }

    /// Puts the fields of a struct within an enum that is tagged inside beside its tag: as two
    /// closed schemas, no object would satisfy both.
    fn inline(&self, keywords: &mut Keywords) {
        if !keywords.contains_key("properties") {
            return;
        }
        let reference = keywords.get("$ref").and_then(Value::as_str);
        let Some(Value::Object(target)) = reference
            .and_then(|reference| reference.strip_prefix('#'))
            .and_then(|pointer| self.root.pointer(pointer))
        else {
            return;
        };
        keywords.remove("$ref");
        for (keyword, value) in target {
            match (keywords.get_mut(keyword), value) {
                (Some(Value::Object(own)), Value::Object(more)) if keyword == "properties" => {
                    own.extend(more.clone());
                }
                (Some(_), _) => {}
                (None, _) if keyword == "$defs" => {} // they stay where they are
                (None, _) => {
                    keywords.insert(keyword.clone(), value.clone());
                }
            }
        }
    }
}

/// The keywords of which a schema has one unless it takes anything.
const MEANINGFUL: &[&str] = &[
    "type", "$ref", "enum", "const", "anyOf", "oneOf", "allOf", "not",
];

fn close_object(keywords: &mut Keywords, path: &str) -> Result<(), String> {
    let alternatives = ["anyOf", "oneOf", "allOf", "$ref"];
    if alternatives
        .iter()
        .any(|keyword| keywords.contains_key(*keyword))
    {
        return Err(format!(
            "{} has both fields of its own and alternatives, as a flattened enum does: give \
             the enum a field",
            place(path)
        ));
    }
    let properties = keywords
        .entry("properties")
        .or_insert_with(|| Map::new().into());
    let names = properties
        .as_object()
        .map(|properties| properties.keys().cloned());
    let required: Vec<String> = names.into_iter().flatten().collect();
    keywords.insert("required".to_owned(), required.into());
    keywords.insert("additionalProperties".to_owned(), false.into());
    Ok(())
}

fn is_object(keywords: &Keywords) -> bool {
    has_type(keywords, &["object"]) || keywords.contains_key("properties")
}

fn is_number(keywords: &Keywords) -> bool {
    has_type(keywords, &["integer", "number"])
}

fn is_map(keywords: &Keywords) -> bool {
    let open = keywords.get("additionalProperties");
    open.is_some_and(|open| open != &Value::Bool(false))
        || keywords.contains_key("patternProperties")
}

fn has_type(keywords: &Keywords, names: &[&str]) -> bool {
    let is = |value: &Value| value.as_str().is_some_and(|name| names.contains(&name));
    match keywords.get("type") {
        Some(Value::Array(types)) => types.iter().any(is),
        Some(one) => is(one),
        None => false,
    }
}

fn takes_anything(path: &str) -> String {
    format!(
        "{} takes any JSON: give it a type that says what is in it",
        place(path)
    )
}

fn place(path: &str) -> String {
    match path {
        "" => "it".to_owned(),
        path => format!("`{path}`"),
    }
}

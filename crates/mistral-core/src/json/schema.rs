//! Strict JSON Schemas of Rust types.

use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value};

/// The maximum length of a schema's name, in characters.
const MAX_NAME_LENGTH: usize = 64;

type Keywords = Map<String, Value>;

/// Returns the JSON Schema of `T` in the form that the API's strict mode requires: every object
/// closed, and all of its properties required.
///
/// [`ResponseFormat::of`](crate::messages::ResponseFormat::of) and
/// [`ToolSet::tool`](crate::tools::ToolSet::tool) use it. Call it to send the schema by other means,
/// or to look at it.
///
/// # Errors
/// Fails with [`ErrorKind::Config`](crate::ErrorKind::Config) if `T` has no such schema: if it
/// contains a map or accepts any JSON. The message names the field.
///
/// ```
/// /// A painting in a museum.
/// #[derive(schemars::JsonSchema)]
/// struct Painting {
///     title: String,
///     year: Option<i32>,
/// }
///
/// let schema = mistral_sdk::json::strict_schema::<Painting>()?;
/// assert_eq!(schema["required"], serde_json::json!(["title", "year"]));
/// assert_eq!(schema["additionalProperties"], false);
/// # Ok::<_, mistral_sdk::Error>(())
/// ```
#[cfg(feature = "schemars")]
pub fn strict_schema<T: JsonSchema>() -> crate::error::Result<Value> {
    strict::<T>().map_err(crate::error::Error::config)
}

/// Returns the same as [`strict_schema`], with the message of the error alone.
pub(crate) fn strict<T: JsonSchema>() -> Result<Value, String> {
    let settings = SchemaSettings::draft2020_12().with(|settings| settings.meta_schema = None);
    let mut schema = settings
        .into_generator()
        .into_root_schema_for::<T>()
        .to_value();
    let strict = StrictSchema {
        root: schema.clone(),
    };
    strict
        .close(&mut schema, "")
        .map_err(|error| format!("`{}` has no strict schema: {error}", T::schema_name()))?;
    Ok(schema)
}

/// Returns the name for the schema of `T`, limited to the characters that the API allows.
pub(crate) fn name<T: JsonSchema>() -> String {
    let allowed = |letter: char| match letter {
        letter if letter.is_ascii_alphanumeric() || matches!(letter, '_' | '-') => letter,
        _ => '_',
    };
    T::schema_name()
        .chars()
        .map(allowed)
        .take(MAX_NAME_LENGTH)
        .collect()
}

struct StrictSchema {
    /// The original schema, which references are resolved against.
    root: Value,
}

impl StrictSchema {
    fn close(&self, schema: &mut Value, path: &str) -> Result<(), String> {
        let keywords = match schema {
            Value::Object(keywords) => keywords,
            Value::Bool(true) => return Err(unconstrained(path)),
            _ => return Ok(()),
        };
        self.inline(keywords);
        keywords.remove("default"); // required properties have no default
        if is_number(keywords) {
            keywords.remove("format"); // Rust-specific, such as `uint8`
        }
        if is_map(keywords) {
            return Err(format!(
                "{} is a map, whose keys a strict schema cannot list: use a list of structs with a \
                 key and a value",
                location(path)
            ));
        }
        if is_object(keywords) {
            close_object(keywords, path)?;
        } else if !TYPE_KEYWORDS
            .iter()
            .any(|keyword| keywords.contains_key(*keyword))
        {
            return Err(unconstrained(path));
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

    /// Inlines the fields of a struct within an internally tagged enum next to the tag. No
    /// object would satisfy two separate closed schemas.
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
                (None, _) if keyword == "$defs" => {} // definitions are not moved
                (None, _) => {
                    keywords.insert(keyword.clone(), value.clone());
                }
            }
        }
    }
}

/// The keywords that constrain a value. A schema without any of them accepts any JSON.
const TYPE_KEYWORDS: &[&str] = &[
    "type", "$ref", "enum", "const", "anyOf", "oneOf", "allOf", "not",
];

fn close_object(keywords: &mut Keywords, path: &str) -> Result<(), String> {
    let alternatives = ["anyOf", "oneOf", "allOf", "$ref"];
    if alternatives
        .iter()
        .any(|keyword| keywords.contains_key(*keyword))
    {
        return Err(format!(
            "{} has both fields of its own and alternatives, as a flattened enum does: move \
             the enum into a field of its own",
            location(path)
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

fn unconstrained(path: &str) -> String {
    format!(
        "{} accepts any JSON: use a type that describes its content",
        location(path)
    )
}

fn location(path: &str) -> String {
    match path {
        "" => "it".to_owned(),
        path => format!("`{path}`"),
    }
}

//! The import of a new official version: its surface and schemas, without what is not generated.

use std::fmt::Write as _;
use std::path::Path;

use serde::Deserialize;
use serde::de::{Deserializer, Error as _};
use serde_json::Value;

use crate::Result;
use crate::facts::Ordered;

/// The members of a method that the facts keep, in this order. `classic`, `deprecated` and empty lists are
/// left out where they say nothing.
const METHOD: [&str; 12] = [
    "call",
    "classic",
    "method",
    "path",
    "path_params",
    "query_params",
    "header_params",
    "body",
    "responses",
    "pagination",
    "deprecated",
    "security",
];
const BODY: [&str; 4] = ["media_type", "schema", "required", "nullable"];
const RESPONSE: [&str; 9] = [
    "status",
    "media_type",
    "kind",
    "schema",
    "sentinel",
    "frame",
    "discriminator",
    "data_required",
    "with_headers",
];
const PAGINATION: [&str; 4] = ["style", "next_query", "cursor_path", "results_path"];
/// The members of a schema that the facts leave out.
const SCHEMA_NOTES: [&str; 2] = ["x-already-known", "x-python"];

/// A JSON value whose objects keep their order.
#[derive(Debug, Clone)]
enum Json {
    Object(Vec<(String, Self)>),
    Array(Vec<Self>),
    Plain(Value),
}

impl<'de> Deserialize<'de> for Json {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = Box::<serde_json::value::RawValue>::deserialize(deserializer)?;
        let text = raw.get();
        let read = match text.as_bytes().first() {
            Some(b'{') => serde_json::from_str(text).map(|Ordered(it)| Self::Object(it)),
            Some(b'[') => serde_json::from_str(text).map(Self::Array),
            _ => serde_json::from_str(text).map(Self::Plain),
        };
        read.map_err(D::Error::custom)
    }
}

impl Json {
    fn get(&self, name: &str) -> Option<&Self> {
        match self {
            Self::Object(entries) => entries.iter().find(|(it, _)| it == name).map(|(_, it)| it),
            _ => None,
        }
    }

    /// Returns the entries of these names, in their order, but for those that say nothing.
    fn pick(&self, names: &[&str]) -> Self {
        let entries = names
            .iter()
            .filter_map(|name| Some((*name, self.get(name)?)));
        let entries = entries.filter(|(_, value)| !value.is_nothing());
        Self::Object(
            entries
                .map(|(name, it)| (name.to_owned(), it.clone()))
                .collect(),
        )
    }

    fn is_nothing(&self) -> bool {
        match self {
            Self::Array(elements) => elements.is_empty(),
            Self::Plain(value) => value.is_null() || *value == false,
            Self::Object(_) => false,
        }
    }

    /// Replaces the entry of a name.
    fn map(self, name: &str, change: impl Fn(Self) -> Self) -> Self {
        let Self::Object(entries) = self else {
            return self;
        };
        let entries = entries.into_iter().map(|(key, value)| match key == name {
            true => (key, change(value)),
            false => (key, value),
        });
        Self::Object(entries.collect())
    }

    fn map_all(self, change: impl Fn(Self) -> Self) -> Self {
        match self {
            Self::Array(elements) => Self::Array(elements.into_iter().map(change).collect()),
            other => other,
        }
    }

    /// Writes the value on one line.
    fn write(&self, text: &mut String) {
        match self {
            Self::Object(entries) => {
                text.push('{');
                for (index, (name, value)) in entries.iter().enumerate() {
                    text.push_str(if index > 0 { ", " } else { "" });
                    let _ = write!(text, "{}: ", Value::from(name.as_str()));
                    value.write(text);
                }
                text.push('}');
            }
            Self::Array(elements) => {
                text.push('[');
                for (index, value) in elements.iter().enumerate() {
                    text.push_str(if index > 0 { ", " } else { "" });
                    value.write(text);
                }
                text.push(']');
            }
            Self::Plain(value) => {
                let _ = write!(text, "{value}");
            }
        }
    }
}

/// Writes `spec/surface.json` and `spec/schemas.json` from the files of these names in `folder`.
pub(crate) fn import(folder: &Path, spec: &Path) -> Result<()> {
    let read = |name: &str| -> Result<Json> {
        let text = std::fs::read_to_string(folder.join(name))?;
        serde_json::from_str(&text).map_err(|error| format!("{name}: {error}").into())
    };
    let (surface, schemas) = (read("surface.json")?, read("schemas.json")?);
    std::fs::write(spec.join("surface.json"), methods(&surface)?)?;
    std::fs::write(spec.join("schemas.json"), definitions(&schemas)?)?;
    Ok(())
}

/// Returns the text of `spec/surface.json`: a line per method.
fn methods(surface: &Json) -> Result<String> {
    let Some(Json::Array(methods)) = surface.get("methods") else {
        return Err("surface.json has no `methods`".into());
    };
    let rows = methods.iter().map(|it| {
        let mut row = String::new();
        method(it).write(&mut row);
        row
    });
    let rows: Vec<_> = rows.collect();
    Ok(format!(
        "{{\n{},\n\"methods\": [\n{}\n]\n}}\n",
        info(surface)?,
        rows.join(",\n")
    ))
}

fn method(method: &Json) -> Json {
    let picked = method.pick(&METHOD);
    let picked = picked.map("body", |it| it.pick_all(&BODY, &["required"]));
    let picked = picked.map("responses", |it| {
        it.map_all(|it| it.pick_all(&RESPONSE, &["media_type"]))
    });
    let picked = picked.map("pagination", |it| it.pick(&PAGINATION));
    picked.map("security", |it| it.get("headers").cloned().unwrap_or(it))
}

impl Json {
    /// Returns the entries as [`pick`](Self::pick) does, and those of `always` even if they say
    /// nothing.
    fn pick_all(&self, names: &[&str], always: &[&str]) -> Self {
        let entries = names
            .iter()
            .filter_map(|name| Some((*name, self.get(name)?)));
        let entries = entries.filter(|(name, it)| always.contains(name) || !it.is_nothing());
        Self::Object(
            entries
                .map(|(name, it)| (name.to_owned(), it.clone()))
                .collect(),
        )
    }
}

/// Returns the text of `spec/schemas.json`: a line per schema.
fn definitions(schemas: &Json) -> Result<String> {
    let Some(Json::Object(definitions)) = schemas.get("$defs") else {
        return Err("schemas.json has no `$defs`".into());
    };
    let rows = definitions.iter().map(|(name, schema)| {
        let mut row = format!("{}: ", Value::from(name.as_str()));
        without_notes(schema, false).write(&mut row);
        row
    });
    let rows: Vec<_> = rows.collect();
    Ok(format!(
        "{{\n{},\n\"$defs\": {{\n{}\n}}\n}}\n",
        info(schemas)?,
        rows.join(",\n")
    ))
}

/// Returns a schema without notes. The names of properties are no keywords.
fn without_notes(schema: &Json, are_names: bool) -> Json {
    match schema {
        Json::Object(entries) => {
            let entries = entries.iter();
            let kept = entries.filter(|(it, _)| are_names || !SCHEMA_NOTES.contains(&it.as_str()));
            let kept = kept.map(|(name, value)| {
                let are_names = !are_names && (name == "properties" || name == "mapping");
                (name.clone(), without_notes(value, are_names))
            });
            Json::Object(kept.collect())
        }
        Json::Array(elements) => {
            Json::Array(elements.iter().map(|it| without_notes(it, false)).collect())
        }
        Json::Plain(_) => schema.clone(),
    }
}

/// Returns the version of the official SDK.
fn info(file: &Json) -> Result<String> {
    let sdk = file.get("info").and_then(|it| it.get("sdk"));
    let sdk = sdk.ok_or("the file does not name its SDK in `info`")?;
    let mut text = "\"info\": {\"sdk\": ".to_owned();
    sdk.write(&mut text);
    Ok(text + "}")
}

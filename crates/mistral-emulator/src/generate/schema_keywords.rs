//! Reads the keywords of a JSON Schema and merges schemas.

use serde_json::{Map, Value};

pub(super) fn type_of(keywords: &Map<String, Value>) -> &str {
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

/// Returns a bound and whether it is exclusive.
pub(crate) fn bound(
    keywords: &Map<String, Value>,
    plain: &str,
    exclusive: &str,
) -> Option<(f64, bool)> {
    let limit = keywords.get(plain).and_then(Value::as_f64);
    match keywords.get(exclusive) {
        // In older drafts the keyword is a boolean beside the limit.
        Some(Value::Bool(is_exclusive)) => limit.map(|limit| (limit, *is_exclusive)),
        Some(value) => value
            .as_f64()
            .map(|limit| (limit, true))
            .or(limit.map(|limit| (limit, false))),
        None => limit.map(|limit| (limit, false)),
    }
}

pub(crate) fn size(keywords: &Map<String, Value>, name: &str) -> Option<usize> {
    keywords
        .get(name)
        .and_then(Value::as_u64)
        .and_then(|size| usize::try_from(size).ok())
}

pub(super) fn strings(value: Option<&Value>) -> Vec<&str> {
    value
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect()
}

pub(super) fn without(keywords: &Map<String, Value>, names: &[&str]) -> Value {
    let kept = keywords
        .iter()
        .filter(|(name, _)| !names.contains(&name.as_str()));
    Value::Object(
        kept.map(|(name, value)| (name.clone(), value.clone()))
            .collect(),
    )
}

/// Merges two schemas: properties and required names are united; for other keywords the second
/// schema takes precedence.
pub(super) fn merge(first: &Value, second: &Value) -> Value {
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

//! Derives the table of operations of the emulator from the facts of the official SDK.
//!
//! It needs nothing but `serde_json`, so that a generator can include it as a module.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

/// The query parameters that set the size of a page.
const SIZES: &[&str] = &["page_size", "pageSize", "limit"];
/// The query parameters that select a page.
const TOKENS: &[&str] = &[
    "page_token",
    "pageToken",
    "next_page_token",
    "cursor",
    "offset",
    "page",
];
/// The members of a response that lead to the next page.
const NEXT: &[&str] = &[
    "next_page_token",
    "nextPageToken",
    "next_cursor",
    "next",
    "cursor",
];
/// The group whose methods accept a key in a header of their own.
const USERS: &str = "beta.users";
const USERS_KEY: &str = "x-api-key";
/// The keywords that only the official SDK needs.
const DROPPED: &[&str] = &[
    "x-roles",
    "x-already-known",
    "x-python",
    "x-presence",
    "x-spec",
];

/// Returns the text of the table: a line for each operation and for each schema.
///
/// The operations are those outside the classic groups, which the emulator implements by hand.
/// `closed` lists the schemas that allow no further members.
pub(crate) fn table(surface: &Value, schemas: &Value, closed: &Value) -> String {
    let definitions = &schemas["$defs"];
    let methods = array(&surface["methods"]);
    let operations: Vec<Value> = methods
        .iter()
        .filter(|method| method["classic"] != true && !is_twin(method, methods))
        .map(|method| operation(method, methods, definitions))
        .collect();
    let mut names = BTreeSet::new();
    operations
        .iter()
        .for_each(|it| collect(it, definitions, &mut names));
    let closed: Vec<&str> = array(closed).iter().filter_map(Value::as_str).collect();
    let operations = operations.iter().map(Value::to_string);
    let schemas = names.iter().map(|name| {
        let mut schema = compact(&definitions[name.as_str()]);
        if closed.contains(&name.as_str()) && schema.get("properties").is_some() {
            schema["additionalProperties"] = false.into();
        }
        format!("{}:{}", json!(name), sorted(&schema))
    });
    format!(
        "{{\"operations\":[\n{}\n],\"$defs\":{{\n{}\n}}}}\n",
        operations.collect::<Vec<_>>().join(",\n"),
        schemas.collect::<Vec<_>>().join(",\n"),
    )
}

/// Whether a method has the same request as another one in a group below, such as `events` and
/// `workflows.events`.
fn is_twin(method: &Value, methods: &[Value]) -> bool {
    let below = format!(".{}", group(method));
    methods.iter().any(|other| {
        group(other).ends_with(&below)
            && other["method"] == method["method"]
            && other["path"] == method["path"]
    })
}

/// Whether a method is the streamed one of two with the same path.
fn is_streamed(method: &Value, methods: &[Value]) -> bool {
    let is_stream = |it: &Value| it["responses"][0]["kind"] == "event-stream";
    let is_sibling = |it: &&Value| {
        it["method"] == method["method"] && it["path"] == method["path"] && !is_stream(it)
    };
    is_stream(method) && methods.iter().any(|it| is_sibling(&it))
}

fn group(method: &Value) -> &str {
    let call = method["call"].as_str().unwrap_or_default();
    call.rsplit_once('.').map_or("", |(group, _)| group)
}

fn array(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn operation(method: &Value, methods: &[Value], definitions: &Value) -> Value {
    let mut row = json!({
        "name": method["call"],
        "method": method["method"],
        "path": method["path"],
    });
    let parameters = |list: &Value| -> Vec<Value> { array(list).iter().map(parameter).collect() };
    for (name, list) in [
        ("in_path", parameters(&method["path_params"])),
        ("in_query", parameters(&method["query_params"])),
    ] {
        if !list.is_empty() {
            row[name] = list.into();
        }
    }
    if group(method) == USERS {
        row["key_headers"] = json!([USERS_KEY]);
    }
    if is_streamed(method, methods) {
        row["streamed"] = true.into();
    }
    if let Some(body) = method["body"].as_object() {
        row["body"] = json!({ "schema": compact(&method["body"]["schema"]) });
        let is_form = body.get("media_type") == Some(&"multipart/form-data".into());
        let is_required = body.get("required") == Some(&true.into());
        for (name, is_set) in [("form", is_form), ("required", is_required)] {
            if is_set {
                row["body"][name] = true.into();
            }
        }
    }
    row["responses"] = array(&method["responses"]).iter().map(response).collect();
    if group(method).starts_with("beta.observability.") {
        row["error"] = "observability".into();
    }
    if let Some(page) = page(method, definitions) {
        row["page"] = page;
    }
    sorted(&row)
}

fn parameter(parameter: &Value) -> Value {
    let mut row = json!({
        "name": parameter["name"],
        "schema": with_bounds(compact(&parameter["schema"]), parameter),
    });
    if parameter["required"] == true {
        row["required"] = true.into();
    }
    if let Some(default) = parameter
        .get("default")
        .filter(|default| !default.is_null())
    {
        row["default"] = default.clone();
    }
    if parameter["style"] == "json" {
        row["json"] = true.into();
    }
    row
}

fn response(response: &Value) -> Value {
    let status = array(&response["status"]).first().and_then(Value::as_str);
    let status: u16 = status.and_then(|status| status.parse().ok()).unwrap_or(200);
    let mut row = json!({ "status": status, "kind": response["kind"] });
    for name in ["schema", "sentinel"] {
        if let Some(value) = response.get(name).filter(|value| !value.is_null()) {
            row[name] = compact(value);
        }
    }
    if response["kind"] == "bytes" {
        row["media_type"] = response["media_type"].clone();
    }
    // A frame is a list of members if the schema describes them, and the data alone otherwise.
    if let Some(frame) = response["frame"].as_array() {
        row["frame"] = frame.clone().into();
    }
    row
}

/// Returns the paths of the items and of the next page in the response, and the parameters.
fn page(method: &Value, definitions: &Value) -> Option<Value> {
    let sent: Vec<&str> = array(&method["query_params"])
        .iter()
        .filter_map(|parameter| parameter["name"].as_str())
        .collect();
    let named = |names: &'static [&'static str]| names.iter().find(|name| sent.contains(name));
    let (size, token) = (named(SIZES), named(TOKENS));
    size?;
    let schema = resolve(&method["responses"][0]["schema"], definitions);
    let mut page = json!({ "size": size });
    page["items"] = items(schema, definitions, 0)?;
    if let Some(token) = token {
        page["token"] = (*token).into();
    }
    if let Some(next) = next(schema, definitions, 0) {
        page["next"] = next;
    }
    Some(page)
}

fn resolve<'a>(schema: &'a Value, definitions: &'a Value) -> &'a Value {
    if let Some(reference) = schema["$ref"].as_str() {
        let name = reference.rsplit('/').next().unwrap_or_default();
        return resolve(&definitions[name], definitions);
    }
    match array(&schema["anyOf"]) {
        [only, null] if null["type"] == "null" => resolve(only, definitions),
        _ => schema,
    }
}

/// Returns the path of the first array within two levels.
fn items(schema: &Value, definitions: &Value, depth: usize) -> Option<Value> {
    if schema["type"] == "array" {
        return Some(json!([]));
    }
    let members = schema["properties"].as_object().filter(|_| depth < 2)?;
    let is_array = |member: &Value| resolve(member, definitions)["type"] == "array";
    if let Some((name, _)) = members.iter().find(|(_, member)| is_array(member)) {
        return Some(json!([name]));
    }
    members.iter().find_map(|(name, member)| {
        let found = items(resolve(member, definitions), definitions, depth + 1)?;
        Some(prefixed(name, &found))
    })
}

fn next(schema: &Value, definitions: &Value, depth: usize) -> Option<Value> {
    let members = schema["properties"].as_object().filter(|_| depth < 2)?;
    if let Some(name) = NEXT.iter().find(|name| members.contains_key(**name)) {
        return Some(json!([name]));
    }
    members.iter().find_map(|(name, member)| {
        let found = next(resolve(member, definitions), definitions, depth + 1)?;
        Some(prefixed(name, &found))
    })
}

fn prefixed(name: &str, path: &Value) -> Value {
    std::iter::once(json!(name))
        .chain(array(path).iter().cloned())
        .collect()
}

/// Returns a schema without the keywords of the official SDK, with its bounds among the others.
fn compact(schema: &Value) -> Value {
    match schema {
        Value::Object(members) => {
            let mut kept = Map::new();
            for (name, value) in members {
                if DROPPED.contains(&name.as_str())
                    || (name == "x-unknown-member" && value != "kept")
                {
                    continue;
                }
                let value = match (name.as_str(), value) {
                    ("properties", Value::Object(members)) => members
                        .iter()
                        .map(|(name, member)| (name.clone(), compact(member)))
                        .collect(),
                    ("const" | "enum" | "default" | "discriminator", value) => value.clone(),
                    (_, value) => compact(value),
                };
                kept.insert(name.clone(), value);
            }
            with_bounds(kept.into(), schema)
        }
        Value::Array(items) => items.iter().map(compact).collect(),
        other => other.clone(),
    }
}

fn with_bounds(mut schema: Value, source: &Value) -> Value {
    if let Some(bounds) = source["x-spec"].as_object() {
        for (name, bound) in bounds {
            schema[name.as_str()] = bound.clone();
        }
    }
    schema
}

/// Collects the names of the schemas that a value refers to.
fn collect(value: &Value, definitions: &Value, names: &mut BTreeSet<String>) {
    match value {
        Value::Object(members) => {
            if let Some(Value::String(reference)) = members.get("$ref") {
                let name = reference.rsplit('/').next().unwrap_or_default();
                if names.insert(name.to_owned()) {
                    collect(&definitions[name], definitions, names);
                }
            }
            members
                .values()
                .for_each(|member| collect(member, definitions, names));
        }
        Value::Array(items) => items
            .iter()
            .for_each(|item| collect(item, definitions, names)),
        _ => {}
    }
}

/// Sorts the members of objects by name, whatever the map of `serde_json` is built as.
fn sorted(value: &Value) -> Value {
    match value {
        Value::Object(members) => {
            let mut names: Vec<&String> = members.keys().collect();
            names.sort();
            let members = names.into_iter().filter_map(|name| {
                let member = members.get(name)?;
                Some((name.clone(), sorted(member)))
            });
            members.collect::<Map<_, _>>().into()
        }
        Value::Array(items) => items.iter().map(sorted).collect(),
        other => other.clone(),
    }
}

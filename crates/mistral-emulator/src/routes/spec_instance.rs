//! Responses that are instances of the schemas of the spec.

use serde_json::{Map, Value, json};

use crate::generate::random::hash;
use crate::generate::schema_instance::{Origin, response_instance};
use crate::requests::schema;
use crate::requests::spec_request::SpecRequest;
use crate::spec::{SpecPage, spec};
use crate::time::unix_now;

/// The number of items of a list that has pages.
const LIST_LENGTH: usize = 3;
/// The names of the events that end a stream with an error, and of those without content.
const SKIPPED_EVENTS: &[&str] = &["error", "failed", "incomplete"];

/// Returns an instance of a schema, the same for the same request.
///
/// Members that the request names have the values of the request.
pub(crate) fn instance(request: &SpecRequest, schema: &Value) -> Value {
    let schema = spec().resolve(schema);
    if schema.as_object().is_none_or(Map::is_empty) {
        return json!({});
    }
    let mut body = response_instance(&spec().root, schema, origin(request, 0));
    echo(request, schema, &mut body);
    if let Some(page) = &request.operation.page {
        let items = items(request, schema, page);
        put_page(request, page, items, &mut body);
    }
    body
}

/// Returns an instance of a schema with only the required members and those of `members`.
pub(crate) fn instance_with(request: &SpecRequest, schema: &Value, members: Value) -> Value {
    let minimal = Origin {
        is_minimal: true,
        ..origin(request, 0)
    };
    let mut body = response_instance(&spec().root, schema, minimal);
    if let (Some(body), Value::Object(members)) = (body.as_object_mut(), members) {
        body.extend(members);
    }
    body
}

/// Returns an event for each kind of event of a stream, but for errors.
pub(crate) fn events(request: &SpecRequest, schema: &Value) -> Vec<Value> {
    let schema = spec().resolve(schema);
    let data = schema
        .pointer("/properties/data")
        .map(|data| spec().resolve(data));
    let union = data.unwrap_or(schema);
    let members = ["anyOf", "oneOf"]
        .into_iter()
        .find_map(|name| union.get(name)?.as_array());
    let members: Vec<&Value> = match members {
        Some(members) => members.iter().collect(),
        None => vec![union],
    };
    let is_error = |reference: &&Value| {
        let name = reference
            .get("$ref")
            .and_then(Value::as_str)
            .unwrap_or_default();
        let name = name.to_ascii_lowercase();
        SKIPPED_EVENTS.iter().any(|skipped| name.contains(skipped))
    };
    let members = members
        .into_iter()
        .filter(|member| !is_error(member))
        .enumerate();
    let values = members
        .map(|(index, member)| response_instance(&spec().root, member, origin(request, index)));
    values.collect()
}

fn origin(request: &SpecRequest, index: usize) -> Origin {
    Origin {
        seed: hash(format!("{} {index}", request.fingerprint()).as_bytes()),
        now: unix_now(),
        is_minimal: false,
    }
}

/// Copies the members of the request that the response has as well.
fn echo(request: &SpecRequest, schema: &Value, body: &mut Value) {
    let properties = schema.get("properties").and_then(Value::as_object);
    let (Some(properties), Some(members)) = (properties, body.as_object_mut()) else {
        return;
    };
    // A response may be one member around the resource.
    if let [(name, schema)] = properties.iter().collect::<Vec<_>>().as_slice()
        && let Some(inner) = members.get_mut(*name).filter(|inner| inner.is_object())
    {
        return echo(request, spec().resolve(schema), inner);
    }
    for (name, schema) in properties {
        let sent = request.in_body(name).or_else(|| request.path().get(name));
        let sent = sent.or_else(|| id_in_path(request).filter(|_| name == "id"));
        if let Some(sent) = sent
            && schema::errors(spec(), schema, &[], sent).is_empty()
        {
            members.insert(name.clone(), sent.clone());
        }
    }
}

/// Returns the last parameter of a path that ends with it.
fn id_in_path(request: &SpecRequest) -> Option<&Value> {
    let last = request.operation.path.rsplit('/').next()?;
    let name = last.strip_prefix('{')?.strip_suffix('}')?;
    request.path().get(name)
}

fn items(request: &SpecRequest, schema: &Value, page: &SpecPage) -> Vec<Value> {
    let mut list = schema;
    for name in &page.items {
        let member = list.get("properties").and_then(|all| all.get(name));
        list = spec().not_null(member.unwrap_or(&Value::Null));
    }
    let item = list.get("items").unwrap_or(&Value::Null);
    let numbers = 0..LIST_LENGTH;
    numbers
        .map(|index| {
            // All pages of a list are of the same items.
            let source = format!("{} {index}", request.operation.path);
            let origin = Origin {
                seed: hash(source.as_bytes()),
                now: unix_now(),
                is_minimal: false,
            };
            response_instance(&spec().root, item, origin)
        })
        .collect()
}

/// Puts the requested page of a list into a response.
pub(crate) fn put_page(request: &SpecRequest, page: &SpecPage, all: Vec<Value>, body: &mut Value) {
    let selection = Selection::new(request, page, all.len());
    let items: Vec<Value> = all
        .into_iter()
        .skip(selection.start)
        .take(selection.size)
        .collect();
    let next = selection.next(request);
    put_counts(&selection, body);
    for path in [&page.items, &page.next] {
        if let Some((_, parents)) = path.split_last()
            && let Some(parent) = descend(body, parents)
        {
            put_counts(&selection, parent);
        }
    }
    if let Some(pagination) = body.get_mut("pagination") {
        put_counts(&selection, pagination);
    }
    if let Some(place) = descend(body, &page.items) {
        *place = items.into();
    }
    if let Some((name, parents)) = page.next.split_last()
        && let Some(Value::Object(parent)) = descend(body, parents)
    {
        match next {
            Some(next) => drop(parent.insert(name.clone(), next.into())),
            None if is_nullable(request, page) => {
                parent.insert(name.clone(), Value::Null);
            }
            None => drop(parent.remove(name)),
        }
        if parent.contains_key("previous") {
            parent.insert("previous".into(), Value::Null);
        }
    }
}

/// Whether the member that leads to the next page may be null.
fn is_nullable(request: &SpecRequest, page: &SpecPage) -> bool {
    let mut schema = request.operation.response(false).map(|it| &it.schema);
    for name in &page.next {
        let parent = schema.map(|schema| spec().not_null(schema));
        schema = parent.and_then(|parent| parent.get("properties")?.get(name));
    }
    schema.is_some_and(|schema| !std::ptr::eq(spec().not_null(schema), spec().resolve(schema)))
}

fn descend<'a>(mut value: &'a mut Value, path: &[String]) -> Option<&'a mut Value> {
    for name in path {
        value = value.get_mut(name)?;
    }
    Some(value)
}

fn put_counts(selection: &Selection, value: &mut Value) {
    let Some(members) = value.as_object_mut() else {
        return;
    };
    let pages = selection.total.div_ceil(selection.size.max(1));
    let has_more = selection.end() < selection.total;
    for (name, count) in [
        ("count", json!(selection.total)),
        ("total", json!(selection.total)),
        ("total_count", json!(selection.total)),
        ("total_items", json!(selection.total)),
        ("total_pages", json!(pages)),
        ("page_size", json!(selection.size)),
        (
            "current_page",
            json!(selection.start / selection.size.max(1)),
        ),
        ("has_more", json!(has_more)),
    ] {
        if members.contains_key(name) {
            members.insert(name.to_owned(), count);
        }
    }
}

/// The part of a list that a request asks for.
#[derive(Debug)]
struct Selection {
    start: usize,
    size: usize,
    total: usize,
    /// The number of the page, and that of the first one, if pages have numbers.
    number: Option<usize>,
}

impl Selection {
    fn new(request: &SpecRequest, page: &SpecPage, total: usize) -> Self {
        let number = |name: &str| {
            let parameters = request.operation.in_query.iter();
            let default = parameters
                .clone()
                .find(|it| it.name == name)
                .map(|it| &it.default);
            let sent = request.in_query(name).or(default);
            sent.and_then(as_number)
        };
        let first = |name: &str| {
            let parameter = request.operation.in_query.iter().find(|it| it.name == name);
            parameter.and_then(|it| as_number(&it.default)).unwrap_or(0)
        };
        let size = number(&page.size).filter(|size| *size > 0).unwrap_or(50);
        let token = page.token.as_deref();
        let sent = token.and_then(number).unwrap_or(0);
        let (start, number) = match token {
            Some(name @ "page") => {
                let start = sent.saturating_sub(first(name)).saturating_mul(size);
                (start, Some(sent))
            }
            _ => (sent, None),
        };
        Self {
            start,
            size,
            total,
            number,
        }
    }

    fn end(&self) -> usize {
        self.start.saturating_add(self.size)
    }

    /// Returns the token of the next page, or a link to it.
    fn next(&self, request: &SpecRequest) -> Option<String> {
        if self.end() >= self.total {
            return None;
        }
        Some(match self.number {
            Some(number) => format!("{}?page={}", request.operation.path, number + 1),
            None => self.end().to_string(),
        })
    }
}

/// Reads a number or a token, which is the number of the items before the page.
fn as_number(value: &Value) -> Option<usize> {
    let number = value
        .as_u64()
        .and_then(|number| usize::try_from(number).ok());
    number.or_else(|| value.as_str()?.parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::SpecOperation;

    fn origin() -> Origin {
        Origin {
            seed: 1,
            now: 0,
            is_minimal: false,
        }
    }

    fn check(operation: &SpecOperation, schema: &Value, origin: Origin) {
        let root = &spec().root;
        let instance = response_instance(root, schema, origin);
        let errors = schema::errors(spec(), schema, &[], &instance);
        assert!(errors.is_empty(), "{}: {errors:?}", operation.name);
    }

    #[test]
    fn instance_satisfies_schema_of_each_response() {
        for operation in &spec().operations {
            for described in operation
                .responses
                .iter()
                .filter(|it| it.schema.is_object())
            {
                check(operation, &described.schema, origin());
                let minimal = Origin {
                    is_minimal: true,
                    ..origin()
                };
                check(operation, &described.schema, minimal);
            }
        }
    }

    #[test]
    fn instance_satisfies_schema_of_each_request() {
        for operation in &spec().operations {
            if let Some(body) = &operation.body {
                check(operation, &body.schema, origin());
            }
        }
    }
}

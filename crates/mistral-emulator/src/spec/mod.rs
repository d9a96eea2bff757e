//! The operations and schemas of the API as facts: those that have no table of their own elsewhere.
//!
//! `api.json` is derived from the facts of the official SDK by `tests/spec`. It is parsed when an
//! operation that no route serves is called for the first time, so that a program which only uses
//! the others does not pay for it.

use std::sync::LazyLock;

use serde_json::{Map, Value};

use crate::json::array;

static TABLE: &str = include_str!("api.json");

static SPEC: LazyLock<Spec> = LazyLock::new(|| Spec::parse(TABLE));

/// The operations and the schemas that they refer to.
#[derive(Debug)]
pub(crate) struct Spec {
    pub(crate) operations: Vec<SpecOperation>,
    /// An object with the member `$defs`, which references are relative to.
    pub(crate) root: Value,
}

/// An operation that is known from its facts.
#[derive(Debug)]
pub(crate) struct SpecOperation {
    pub(crate) name: String,
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) in_path: Vec<SpecParameter>,
    pub(crate) in_query: Vec<SpecParameter>,
    /// The headers that may carry a key in place of `Authorization`.
    pub(crate) key_headers: Vec<String>,
    pub(crate) body: Option<SpecBody>,
    pub(crate) responses: Vec<SpecResponse>,
    pub(crate) page: Option<SpecPage>,
    /// Whether the operation is that with `"stream": true` in its body, of two with one path.
    pub(crate) is_streamed: bool,
    /// Whether errors have the form of the observability API.
    pub(crate) has_coded_errors: bool,
}

#[derive(Debug)]
pub(crate) struct SpecParameter {
    pub(crate) name: String,
    pub(crate) schema: Value,
    pub(crate) is_required: bool,
    /// Whether the value is a JSON text.
    pub(crate) is_json: bool,
    pub(crate) default: Value,
}

#[derive(Debug)]
pub(crate) struct SpecBody {
    pub(crate) schema: Value,
    pub(crate) is_required: bool,
    /// Whether the body is a `multipart/form-data` form.
    pub(crate) is_form: bool,
}

#[derive(Debug)]
pub(crate) struct SpecResponse {
    pub(crate) status: u16,
    /// `json`, `none`, `bytes`, `event-stream` or `json-lines`.
    pub(crate) kind: String,
    pub(crate) schema: Value,
    pub(crate) media_type: Option<String>,
    /// Whether the schema describes an event with its name and its data, not the data alone.
    pub(crate) has_frame: bool,
    /// The data of the last event.
    pub(crate) end: Option<String>,
}

/// The pages of a list: where its items are, and the parameters that select them.
#[derive(Debug)]
pub(crate) struct SpecPage {
    pub(crate) items: Vec<String>,
    /// The member that leads to the next page.
    pub(crate) next: Vec<String>,
    pub(crate) size: String,
    pub(crate) token: Option<String>,
}

/// Returns the spec, which is parsed once.
pub(crate) fn spec() -> &'static Spec {
    &SPEC
}

impl Spec {
    fn parse(text: &str) -> Self {
        let mut table: Map<String, Value> = serde_json::from_str(text).unwrap_or_default();
        let rows = table.remove("operations").unwrap_or_default();
        let rows = rows.as_array().map_or(&[][..], Vec::as_slice);
        Self {
            operations: rows.iter().map(SpecOperation::parse).collect(),
            root: table.into(),
        }
    }

    /// Returns the names of the operations.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.operations
            .iter()
            .map(|operation| operation.name.as_str())
    }

    /// Returns the operation that a request addresses. A path with literal segments precedes one
    /// with parameters.
    ///
    /// `is_streamed` is called only if it decides between two operations.
    pub(crate) fn find(
        &self,
        method: &str,
        path: &str,
        is_streamed: impl FnOnce() -> bool,
    ) -> Option<&SpecOperation> {
        let matches = |operation: &&SpecOperation| {
            operation.method == method && matches_template(&operation.path, path)
        };
        let most_literal = self
            .operations
            .iter()
            .filter(matches)
            .min_by_key(|operation| operation.path.matches('{').count())?;
        let mut same_path = self
            .operations
            .iter()
            .filter(|it| it.method == method && it.path == most_literal.path);
        let (first, second) = (same_path.next()?, same_path.next());
        match second {
            Some(second) if first.is_streamed || second.is_streamed => {
                let wanted = is_streamed();
                let is_wanted = |it: &&SpecOperation| it.is_streamed == wanted;
                [first, second].into_iter().find(is_wanted)
            }
            _ => Some(first),
        }
    }

    /// Follows references to the schema behind them.
    pub(crate) fn resolve<'a>(&'a self, mut schema: &'a Value) -> &'a Value {
        // A chain of references is short; the bound ends one that leads back to itself.
        for _ in 0..32 {
            let Some(reference) = schema.get("$ref").and_then(Value::as_str) else {
                break;
            };
            let target = reference
                .strip_prefix('#')
                .and_then(|path| self.root.pointer(path));
            match target {
                Some(target) => schema = target,
                None => break,
            }
        }
        schema
    }

    /// Follows references to the schema behind them, and through a union with null.
    pub(crate) fn not_null<'a>(&'a self, schema: &'a Value) -> &'a Value {
        let schema = self.resolve(schema);
        let is_null = |member: &Value| member.get("type") == Some(&Value::from("null"));
        match array(schema, "anyOf") {
            [only, null] if is_null(null) => self.resolve(only),
            _ => schema,
        }
    }
}

impl SpecOperation {
    fn parse(row: &Value) -> Self {
        let body = row.get("body");
        Self {
            name: text(row, "name"),
            method: text(row, "method"),
            path: text(row, "path"),
            in_path: array(row, "in_path")
                .iter()
                .map(SpecParameter::parse)
                .collect(),
            in_query: array(row, "in_query")
                .iter()
                .map(SpecParameter::parse)
                .collect(),
            key_headers: texts(row, "key_headers"),
            body: body.map(|body| SpecBody {
                schema: member(body, "schema"),
                is_required: flag(body, "required"),
                is_form: flag(body, "form"),
            }),
            responses: array(row, "responses")
                .iter()
                .map(SpecResponse::parse)
                .collect(),
            page: row.get("page").map(|page| SpecPage {
                items: texts(page, "items"),
                next: texts(page, "next"),
                size: text(page, "size"),
                token: page.get("token").and_then(Value::as_str).map(str::to_owned),
            }),
            is_streamed: flag(row, "streamed"),
            has_coded_errors: row.get("error").is_some(),
        }
    }

    /// Returns the response of a kind.
    pub(crate) fn response(&self, is_streamed: bool) -> Option<&SpecResponse> {
        let is_wanted = |it: &&SpecResponse| (it.kind == "event-stream") == is_streamed;
        let wanted = self.responses.iter().find(is_wanted);
        wanted.or_else(|| self.responses.first())
    }
}

impl SpecParameter {
    fn parse(row: &Value) -> Self {
        Self {
            name: text(row, "name"),
            schema: member(row, "schema"),
            is_required: flag(row, "required"),
            is_json: flag(row, "json"),
            default: member(row, "default"),
        }
    }
}

impl SpecResponse {
    fn parse(row: &Value) -> Self {
        let status = row.get("status").and_then(Value::as_u64);
        let optional = |name: &str| row.get(name).and_then(Value::as_str).map(str::to_owned);
        Self {
            status: status
                .and_then(|status| u16::try_from(status).ok())
                .unwrap_or(200),
            kind: text(row, "kind"),
            schema: member(row, "schema"),
            media_type: optional("media_type"),
            has_frame: texts(row, "frame").iter().any(|part| part == "event"),
            end: optional("sentinel"),
        }
    }
}

/// Whether a path is that of a template such as `/v1/files/{file_id}`.
pub(crate) fn matches_template(template: &str, path: &str) -> bool {
    let mut segments = path.split('/');
    let matches = template.split('/').all(|expected| {
        segments.next().is_some_and(|found| {
            expected == found || (expected.starts_with('{') && !found.is_empty())
        })
    });
    matches && segments.next().is_none()
}

fn member(row: &Value, name: &str) -> Value {
    row.get(name).cloned().unwrap_or_default()
}

fn text(row: &Value, name: &str) -> String {
    row.get(name)
        .and_then(Value::as_str)
        .unwrap_or_default()
        .to_owned()
}

fn texts(row: &Value, name: &str) -> Vec<String> {
    let items = array(row, name).iter().filter_map(Value::as_str);
    items.map(str::to_owned).collect()
}

fn flag(row: &Value, name: &str) -> bool {
    row.get(name) == Some(&Value::Bool(true))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(method: &str, path: &str, is_streamed: bool) -> Option<&'static str> {
        let found = spec().find(method, path, || is_streamed);
        found.map(|operation| operation.name.as_str())
    }

    #[test]
    fn spec_operation_is_found_by_method_path_and_body() {
        for (method, path, is_streamed, expected) in [
            (
                "POST",
                "/v1/conversations",
                false,
                Some("beta.conversations.start"),
            ),
            (
                "POST",
                "/v1/conversations",
                true,
                Some("beta.conversations.start_stream"),
            ),
            (
                "GET",
                "/v1/agents/pages",
                false,
                Some("beta.agents.list_pages"),
            ),
            ("GET", "/v1/agents/a", false, Some("beta.agents.get")),
            (
                "GET",
                "/v1/workflows/runs",
                false,
                Some("workflows.runs.list_runs"),
            ),
            (
                "GET",
                "/v1/workflows/mine",
                false,
                Some("workflows.get_workflow"),
            ),
            ("GET", "/v1/workflows/", false, None),
            ("DELETE", "/v1/workflows/mine", false, None),
        ] {
            assert_eq!(name(method, path, is_streamed), expected, "{method} {path}");
        }
    }

    #[test]
    fn spec_references_lead_to_schemas() {
        fn check(value: &Value, root: &Value) {
            match value {
                Value::Object(members) => {
                    if let Some(Value::String(reference)) = members.get("$ref") {
                        let target = reference.strip_prefix('#').and_then(|it| root.pointer(it));
                        assert!(target.is_some(), "{reference}");
                    }
                    members.values().for_each(|member| check(member, root));
                }
                Value::Array(items) => items.iter().for_each(|item| check(item, root)),
                _ => {}
            }
        }
        let spec = spec();
        assert!(spec.operations.len() > 250, "{}", spec.operations.len());
        check(&spec.root, &spec.root);
        for operation in &spec.operations {
            assert!(!operation.responses.is_empty(), "{}", operation.name);
            let schemas = operation.responses.iter().map(|it| &it.schema);
            let bodies = operation.body.iter().map(|it| &it.schema);
            let parameters = operation.in_path.iter().chain(&operation.in_query);
            for schema in schemas.chain(bodies).chain(parameters.map(|it| &it.schema)) {
                check(schema, &spec.root);
            }
        }
    }
}

//! The OpenAPI document: its operations, and its schemas by address.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use serde_json::{Map, Value, json};

use crate::exceptions::{REQUIRED_BUT_UNDEFINED, in_scope};

/// The URI of the OpenAPI document as a JSON Schema resource. References are absolute, so that
/// each schema can be compiled by itself.
pub(crate) const URI: &str = "urn:mistral:openapi";
const COMPONENTS: &str = "#/components/schemas/";

pub(crate) struct Document {
    pub(crate) root: Value,
    pub(crate) operations: Vec<DocumentOperation>,
    /// The schemas without a name, by the operation they belong to.
    inline: BTreeMap<String, Value>,
}

/// An operation in the scope of the SDK. Schemas are given by address: see
/// [`Document::schema`].
pub(crate) struct DocumentOperation {
    pub(crate) tag: String,
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) query: BTreeSet<String>,
    pub(crate) request: Option<String>,
    /// The schema of a JSON response.
    pub(crate) response: Option<String>,
    /// The schema of a streamed response's event, with its name and its data.
    pub(crate) event: Option<String>,
    /// The schema of such an event's data.
    pub(crate) data: Option<String>,
    /// The content types of the response.
    pub(crate) kinds: BTreeSet<String>,
}

impl DocumentOperation {
    pub(crate) fn key(&self) -> String {
        format!("{} {}", self.method, self.path)
    }

    /// Returns the schemas that the SDK reads.
    pub(crate) fn responses(&self) -> impl Iterator<Item = &String> {
        self.response.iter().chain(&self.data)
    }

    /// Returns the schemas that the SDK has types for.
    pub(crate) fn addresses(&self) -> impl Iterator<Item = &String> {
        self.request.iter().chain(self.responses())
    }
}

/// Returns the path of the OpenAPI document, if there is one.
pub(crate) fn locate() -> Option<PathBuf> {
    if let Some(path) = std::env::var_os("MISTRAL_OPENAPI") {
        return Some(path.into()); // a configured file that is missing is an error
    }
    let shared = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../../shared/spec/openapi.yaml"
    );
    Some(PathBuf::from(shared)).filter(|path| path.exists())
}

impl Document {
    pub(crate) fn parse(yaml: &str) -> Self {
        let mut root: Value = serde_norway::from_str(yaml).expect("the OpenAPI document is YAML");
        make_references_absolute(&mut root);
        for (pointer, property, _) in REQUIRED_BUT_UNDEFINED {
            let required = root.pointer_mut(&format!("/components/schemas/{pointer}/required"));
            if let Some(Value::Array(required)) = required {
                required.retain(|name| name != property);
            }
        }
        let mut document = Self {
            root,
            operations: Vec::new(),
            inline: BTreeMap::new(),
        };
        document.read_operations();
        document
    }

    fn read_operations(&mut self) {
        let paths = self.root["paths"].as_object().cloned().unwrap_or_default();
        for (path, item) in &paths {
            // Suffixes like `#stream` distinguish operations that share a path on the wire.
            let path = path.split('#').next().unwrap_or(path);
            for (method, operation) in item.as_object().into_iter().flatten() {
                let Some(tag) = operation["tags"][0].as_str().filter(|tag| in_scope(tag)) else {
                    continue;
                };
                let operation = self.read_operation(tag, method, path, operation);
                self.operations.push(operation);
            }
        }
    }

    fn read_operation(
        &mut self,
        tag: &str,
        method: &str,
        path: &str,
        from: &Value,
    ) -> DocumentOperation {
        let method = method.to_uppercase();
        let key = format!("{method} {path}");
        let query = each(&from["parameters"]).filter(|parameter| parameter["in"] == "query");
        let query = query.filter_map(|parameter| parameter["name"].as_str());
        let query = query.map(str::to_owned).collect();
        let mut request = None;
        for content in from["requestBody"]["content"].as_object().into_iter() {
            for body in content.values() {
                request = Some(self.address(&format!("{key} request"), &body["schema"]));
            }
        }
        let (mut body, mut event, mut data) = (None, None, None);
        let mut kinds = BTreeSet::new();
        let success = from["responses"].as_object().into_iter().flatten();
        for (_, response) in success.filter(|(status, _)| status.starts_with('2')) {
            for (kind, content) in response["content"].as_object().into_iter().flatten() {
                let schema = &content["schema"];
                kinds.insert(kind.clone());
                match kind.as_str() {
                    "application/json" if !is_plain(schema) => {
                        body = Some(self.address(&format!("{key} response"), schema));
                    }
                    "text/event-stream" => {
                        let name = self.address(&format!("{key} event"), schema);
                        data = Some(self.named(&format!("{name}.data")));
                        event = Some(name);
                    }
                    _ => {} // files and audio have no schema
                }
            }
        }
        DocumentOperation {
            tag: tag.trim_start_matches("deprecated.").to_owned(),
            method,
            path: path.to_owned(),
            query,
            request,
            response: body,
            event,
            data,
            kinds,
        }
    }

    fn address(&mut self, otherwise: &str, schema: &Value) -> String {
        match reference(schema) {
            Some(name) => name.to_owned(),
            None => {
                self.inline.insert(otherwise.to_owned(), schema.clone());
                otherwise.to_owned()
            }
        }
    }

    /// Returns the name of the schema at `address` if that is a reference, otherwise the address.
    fn named(&self, address: &str) -> String {
        reference(self.schema(address))
            .unwrap_or(address)
            .to_owned()
    }

    /// Returns a schema by its address: `Name`, `Name.property`, or `POST /v1/path request`,
    /// `… response` and `… event` for those without a name.
    pub(crate) fn schema(&self, address: &str) -> &Value {
        self.find(address)
            .unwrap_or_else(|| panic!("the OpenAPI document has no schema `{address}`"))
    }

    pub(crate) fn find(&self, address: &str) -> Option<&Value> {
        let named = |name| self.root["components"]["schemas"].get(name);
        named(address)
            .or_else(|| self.inline.get(address))
            .or_else(|| {
                let (name, property) = address.split_once('.')?;
                named(name)?.get("properties")?.get(property)
            })
    }

    /// Returns the schema with the members of its `allOf` merged into it.
    pub(crate) fn flat(&self, schema: &Value) -> Value {
        let mut flat = schema.clone();
        let members = flat.as_object_mut().and_then(|flat| flat.remove("allOf"));
        for member in each(&members.unwrap_or_default()) {
            let member = match reference(member) {
                Some(name) => self.flat(self.schema(name)),
                None => self.flat(member),
            };
            merge(&mut flat, member);
        }
        flat
    }
}

fn merge(flat: &mut Value, member: Value) {
    let Value::Object(member) = member else {
        return;
    };
    let flat = flat.as_object_mut().expect("a schema is an object");
    for (keyword, value) in member {
        match (flat.get_mut(&keyword), value) {
            (Some(Value::Object(own)), Value::Object(value)) if keyword == "properties" => {
                own.extend(value);
            }
            (Some(Value::Array(own)), Value::Array(value)) if keyword == "required" => {
                own.extend(value);
            }
            (_, value) => drop(flat.insert(keyword, value)),
        }
    }
}

/// Returns the name of the component that `schema` refers to.
pub(crate) fn reference(schema: &Value) -> Option<&str> {
    let target = schema.get("$ref")?.as_str()?;
    let name = target
        .strip_prefix(URI)
        .and_then(|target| target.strip_prefix(COMPONENTS));
    Some(name.unwrap_or_else(|| panic!("a reference that is not to a component: {target}")))
}

/// Returns the members of a union, and its discriminator if it has one.
pub(crate) fn union(schema: &Value) -> Option<(&Vec<Value>, Option<&Value>)> {
    let members = schema.get("oneOf").or_else(|| schema.get("anyOf"))?;
    Some((members.as_array()?, schema.get("discriminator")))
}

/// Returns the tag of `member` in `discriminator`.
pub(crate) fn tag_of<'a>(discriminator: &'a Value, member: &Value) -> Option<&'a str> {
    let name = reference(member)?;
    let mapping = discriminator["mapping"].as_object()?;
    let is_it = |target: &Value| {
        let target = target.as_str().unwrap_or_default();
        target.rsplit('/').next() == Some(name)
    };
    let found = mapping.iter().find(|(_, target)| is_it(target));
    found.map(|(tag, _)| tag.as_str())
}

pub(crate) fn each(list: &Value) -> impl Iterator<Item = &Value> {
    list.as_array().into_iter().flatten()
}

pub(crate) fn properties(schema: &Value) -> impl Iterator<Item = (&String, &Value)> {
    let properties = schema.get("properties").and_then(Value::as_object);
    properties.into_iter().flatten()
}

pub(crate) fn requires(schema: &Value, property: &str) -> bool {
    each(&schema["required"]).any(|name| name == property)
}

/// Whether the schema needs no type: a string or no schema at all.
fn is_plain(schema: &Value) -> bool {
    schema["type"] == "string" || *schema == Value::Null || *schema == json!({})
}

fn make_references_absolute(node: &mut Value) {
    match node {
        Value::Object(object) => {
            absolute(object);
            object.values_mut().for_each(make_references_absolute);
        }
        Value::Array(items) => items.iter_mut().for_each(make_references_absolute),
        _ => {}
    }
}

fn absolute(object: &mut Map<String, Value>) {
    if let Some(Value::String(target)) = object.get_mut("$ref")
        && target.starts_with('#')
    {
        target.insert_str(0, URI);
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) const PAINTINGS: &str = "
paths:
  /v1/paintings#stream: { post: { tags: [chat], parameters: [{ name: page, in: query }] } }
components:
  schemas:
    Painter: { type: object, properties: { name: { type: string } } }
    Painting:
      type: object
      properties:
        style: { enum: [realism, cubism] }
        year: { type: integer }
        price: { anyOf: [{ type: number }, { type: string }, { type: 'null' }] }
        by: { $ref: '#/components/schemas/Painter' }
      required: [style]
";

    const SMALL: &str = "
openapi: 3.1.0
paths:
  /v1/cats#stream:
    post:
      tags: [chat]
      parameters:
      - { name: page, in: query }
      - { name: x-team, in: header }
      requestBody: { content: { application/json: { schema: { $ref: '#/components/schemas/Cat' } } } }
      responses:
        '200':
          content:
            application/json: { schema: { oneOf: [{ $ref: '#/components/schemas/Cat' }] } }
            text/event-stream: { schema: { $ref: '#/components/schemas/Event' } }
  /v1/secrets: { get: { tags: [beta.agents] } }
components:
  schemas:
    Animal: { type: object, properties: { legs: { type: integer } }, required: [legs] }
    Cat:
      allOf:
      - $ref: '#/components/schemas/Animal'
      - { properties: { name: { type: string } }, required: [name] }
    Event: { properties: { data: { $ref: '#/components/schemas/Cat' } } }
";

    #[test]
    fn contract_document_operations_have_schemas() {
        let document = Document::parse(SMALL);
        assert_eq!(
            document.operations.len(),
            1,
            "what is out of scope is left out"
        );
        let operation = &document.operations[0];
        assert_eq!(operation.key(), "POST /v1/cats");
        assert_eq!(operation.query, BTreeSet::from(["page".to_owned()]));
        assert_eq!(operation.request.as_deref(), Some("Cat"));
        assert_eq!(operation.event.as_deref(), Some("Event"));
        let responses: Vec<_> = operation.responses().map(String::as_str).collect();
        assert_eq!(responses, ["POST /v1/cats response", "Cat"]);
        assert_eq!(operation.kinds.len(), 2);
    }

    #[test]
    fn contract_document_schemas_are_found_by_address_and_flattened() {
        let document = Document::parse(SMALL);
        assert!(
            document
                .schema("POST /v1/cats response")
                .get("oneOf")
                .is_some()
        );
        assert_eq!(reference(document.schema("Event.data")), Some("Cat"));
        assert!(document.find("Dog").is_none());
        let flat = document.flat(document.schema("Cat"));
        let names: Vec<_> = properties(&flat).map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["legs", "name"]);
        assert!(requires(&flat, "legs") && requires(&flat, "name"));
    }

    #[test]
    fn contract_document_parses_scientific_notation() {
        let yaml = "components: { schemas: { A: { minimum: 1e-08 } } }";
        assert!(Document::parse(yaml).schema("A")["minimum"].is_number());
    }
}

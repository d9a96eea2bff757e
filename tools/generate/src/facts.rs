//! The facts: the methods of the official SDK and the schemas of their requests and responses.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, Visitor};
use serde_json::Value;

/// The content of `spec/surface.json`.
#[derive(Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Surface {
    #[serde(rename = "info")]
    _info: Value,
    pub(crate) methods: Vec<Method>,
}

/// A method of the official SDK.
#[derive(Debug, Clone, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Method {
    pub(crate) call: String,
    #[serde(default)]
    pub(crate) classic: bool,
    pub(crate) method: String,
    pub(crate) path: String,
    #[serde(default)]
    pub(crate) path_params: Vec<Parameter>,
    #[serde(default)]
    pub(crate) query_params: Vec<Parameter>,
    #[serde(default)]
    pub(crate) header_params: Vec<Parameter>,
    pub(crate) body: Option<Body>,
    pub(crate) responses: Vec<Response>,
    pub(crate) pagination: Option<Pagination>,
    #[serde(default)]
    pub(crate) deprecated: bool,
    #[serde(default)]
    pub(crate) security: Vec<String>,
}

impl Method {
    /// Returns the group of the method: `beta.agents` of `beta.agents.list`.
    pub(crate) fn group(&self) -> &str {
        self.call.rsplit_once('.').map_or("", |(group, _)| group)
    }

    /// Returns the name of the method without its group.
    pub(crate) fn name(&self) -> &str {
        self.call.rsplit_once('.').map_or("", |(_, name)| name)
    }
}

/// A parameter in the path, the query or a header.
#[derive(Debug, Clone, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Parameter {
    pub(crate) name: String,
    #[serde(rename = "argument")]
    _argument: Option<String>,
    pub(crate) schema: Schema,
    #[serde(default)]
    pub(crate) required: bool,
    pub(crate) default: Option<Value>,
    pub(crate) style: Option<String>,
    #[serde(default)]
    pub(crate) explode: bool,
    #[serde(rename = "x-spec")]
    pub(crate) spec: Option<Bounds>,
}

/// The body of a request.
#[derive(Debug, Clone, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Body {
    pub(crate) media_type: String,
    pub(crate) schema: Schema,
    pub(crate) required: bool,
    #[serde(rename = "nullable", default)]
    _nullable: bool,
}

/// A response, by its statuses.
#[derive(Debug, Clone, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Response {
    #[serde(rename = "status")]
    _status: Vec<String>,
    pub(crate) media_type: Option<String>,
    pub(crate) kind: String,
    pub(crate) schema: Option<Schema>,
    #[serde(rename = "sentinel")]
    _sentinel: Option<String>,
    #[serde(rename = "frame")]
    _frame: Option<Value>,
    #[serde(rename = "discriminator")]
    _discriminator: Option<String>,
    #[serde(rename = "data_required")]
    _data_required: Option<bool>,
    #[serde(rename = "with_headers")]
    _with_headers: Option<bool>,
}

/// The way from one page of a list to the next.
#[derive(Debug, Clone, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Pagination {
    pub(crate) style: String,
    pub(crate) next_query: Ordered<String>,
    #[serde(rename = "cursor_path")]
    _cursor_path: Option<String>,
    #[serde(rename = "results_path")]
    _results_path: String,
}

/// The content of `spec/schemas.json`.
#[derive(Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Schemas {
    #[serde(rename = "info")]
    _info: Value,
    #[serde(rename = "$defs")]
    pub(crate) definitions: Ordered<Schema>,
}

/// A JSON Schema, as far as the facts use it. Anything else is an error that names it.
#[derive(Debug, Clone, Default, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Schema {
    #[serde(rename = "type")]
    pub(crate) kind: Option<String>,
    #[serde(rename = "$ref")]
    pub(crate) reference: Option<String>,
    #[serde(rename = "anyOf", default)]
    pub(crate) any_of: Vec<Self>,
    #[serde(default)]
    pub(crate) properties: Ordered<Self>,
    #[serde(default)]
    pub(crate) required: Vec<String>,
    pub(crate) items: Option<Box<Self>>,
    #[serde(rename = "additionalProperties")]
    pub(crate) additional: Option<Additional>,
    #[serde(rename = "enum", default)]
    pub(crate) values: Vec<Value>,
    #[serde(rename = "const")]
    pub(crate) constant: Option<Value>,
    pub(crate) default: Option<Value>,
    pub(crate) format: Option<String>,
    pub(crate) discriminator: Option<Discriminator>,
    #[serde(rename = "x-presence")]
    pub(crate) presence: Option<String>,
    #[serde(rename = "x-open-enum", default)]
    pub(crate) open_enum: bool,
    #[serde(rename = "x-unknown-member")]
    _unknown_member: Option<String>,
    #[serde(rename = "x-roles", default)]
    pub(crate) roles: Vec<String>,
    #[serde(rename = "x-spec")]
    pub(crate) spec: Option<Bounds>,
}

impl Schema {
    /// Returns the name of the definition that this schema refers to.
    pub(crate) fn reference(&self) -> Option<&str> {
        self.reference.as_deref()?.strip_prefix("#/$defs/")
    }

    /// Returns the schema without `null`, and whether it had it.
    pub(crate) fn without_null(&self) -> (Option<&Self>, bool) {
        let is_null = |it: &&Self| it.kind.as_deref() == Some("null");
        if !self.any_of.iter().any(|it| is_null(&it)) {
            return (Some(self), false);
        }
        let mut others = self.any_of.iter().filter(|it| !is_null(it));
        let first = others.next();
        (first.filter(|_| others.next().is_none()), true)
    }
}

/// The type of the members that an object does not name.
#[derive(Debug, Clone, serde::Deserialize)]
#[serde(untagged)]
pub(crate) enum Additional {
    Any(#[allow(dead_code)] bool),
    Typed(Box<Schema>),
}

/// The field that tells the members of a union apart.
#[derive(Debug, Clone, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Discriminator {
    #[serde(rename = "propertyName")]
    pub(crate) property: String,
    pub(crate) mapping: Ordered<String>,
}

/// The bounds and the format of a value.
#[derive(Debug, Clone, Default, serde::Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct Bounds {
    pub(crate) format: Option<String>,
    pub(crate) minimum: Option<Value>,
    pub(crate) maximum: Option<Value>,
    pub(crate) exclusive_minimum: Option<Value>,
    pub(crate) exclusive_maximum: Option<Value>,
    pub(crate) min_length: Option<u64>,
    pub(crate) max_length: Option<u64>,
    pub(crate) min_items: Option<u64>,
    pub(crate) max_items: Option<u64>,
    pub(crate) pattern: Option<String>,
}

/// The entries of a JSON object, in the order of the file.
#[derive(Debug, Clone)]
pub(crate) struct Ordered<T>(pub(crate) Vec<(String, T)>);

impl<T> Default for Ordered<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Ordered<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Entries<T>(PhantomData<T>);

        impl<'de, T: Deserialize<'de>> Visitor<'de> for Entries<T> {
            type Value = Ordered<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Ordered<T>, A::Error> {
                let mut entries = Vec::new();
                while let Some(name) = map.next_key::<String>()? {
                    let value = map.next_value();
                    // The error names the place.
                    let value = value.map_err(|it| A::Error::custom(format!("`{name}`: {it}")))?;
                    entries.push((name, value));
                }
                Ok(Ordered(entries))
            }
        }

        deserializer.deserialize_map(Entries(PhantomData))
    }
}

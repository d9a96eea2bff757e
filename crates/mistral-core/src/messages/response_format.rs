use serde_json::{Map, Value};

use crate::json::{ApiEnum, ApiObject, ApiRequest};

/// The form of the answer. Mirrors the API's `ResponseFormat`.
///
/// ```
/// use mistral_core::chat::ResponseFormat;
/// use serde_json::json;
///
/// let format = ResponseFormat::json_schema("painting", json!({
///     "type": "object",
///     "properties": { "title": { "type": "string" }, "year": { "type": "integer" } },
///     "required": ["title", "year"],
///     "additionalProperties": false,
/// }));
/// # assert_eq!(serde_json::to_value(&format)?["json_schema"]["strict"], true);
/// # Ok::<_, serde_json::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Default, ApiObject)]
#[non_exhaustive]
pub struct ResponseFormat {
    /// Text, JSON, or JSON by a schema. Default: text.
    #[api(rename = "type")]
    pub kind: Option<ResponseFormatType>,
    /// The schema, for [`ResponseFormatType::ResponseSchema`].
    pub json_schema: Option<ResponseSchema>,
    /// Fields that this version of the SDK does not know, as they came.
    #[api(extra)]
    pub extra: Map<String, Value>,
}

impl ResponseFormat {
    /// Text.
    pub fn text() -> Self {
        Self::of(ResponseFormatType::Text, None)
    }

    /// A JSON object. The messages, too, must ask the model for JSON.
    pub fn json_object() -> Self {
        Self::of(ResponseFormatType::JsonObject, None)
    }

    /// JSON that follows `schema` to the letter (`strict`).
    ///
    /// A strict schema needs `"additionalProperties": false` in every object.
    pub fn json_schema(name: impl Into<String>, schema: impl Into<Value>) -> Self {
        ResponseSchema::new(name, schema).strict(true).into()
    }

    fn of(kind: ResponseFormatType, json_schema: Option<ResponseSchema>) -> Self {
        Self {
            kind: Some(kind),
            json_schema,
            extra: Map::new(),
        }
    }
}

impl From<ResponseSchema> for ResponseFormat {
    fn from(schema: ResponseSchema) -> Self {
        Self::of(ResponseFormatType::ResponseSchema, Some(schema))
    }
}

/// The kind of a response's form. Mirrors the API's `ResponseFormats`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, ApiEnum)]
#[non_exhaustive]
pub enum ResponseFormatType {
    /// Text.
    #[api("text")]
    Text,
    /// A JSON object.
    #[api("json_object")]
    JsonObject,
    /// JSON by a schema.
    #[api("json_schema")]
    ResponseSchema,
    /// A value that this version of the SDK does not know, as it came.
    Unknown(String),
}

/// A schema for the answer. Mirrors the API's `ResponseSchema`.
#[derive(Debug, Clone, PartialEq, ApiRequest)]
#[non_exhaustive]
pub struct ResponseSchema {
    /// The schema's name.
    #[api(required, into)]
    pub name: String,
    /// The JSON Schema.
    #[api(required, into)]
    pub schema: Value,
    /// What the schema is for.
    #[api(into)]
    pub description: Option<String>,
    /// Whether the answer must follow the schema to the letter. Default: no.
    pub strict: Option<bool>,
    /// Fields that this version of the SDK does not know, as they came.
    #[api(extra)]
    pub extra: Map<String, Value>,
}

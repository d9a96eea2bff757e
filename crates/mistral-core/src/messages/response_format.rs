use serde_json::{Map, Value};

use crate::json::{ApiEnum, ApiObject, ApiRequest};

/// The format of a response. Mirrors the API's `ResponseFormat`.
///
/// ```
/// use mistral_sdk::chat::ResponseFormat;
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
    /// The type of the format: text, a JSON object, or JSON that follows a schema. Default:
    /// text.
    #[api(rename = "type")]
    pub kind: Option<ResponseFormatType>,
    /// The schema, for [`ResponseFormatType::JsonSchema`].
    pub json_schema: Option<ResponseSchema>,
    /// Fields that this version of the SDK does not declare, and declared fields whose value could
    /// not be read. They are serialized unchanged.
    #[api(extra)]
    pub extra: Map<String, Value>,
}

impl ResponseFormat {
    /// Creates the format for text.
    pub fn text() -> Self {
        Self::with_kind(ResponseFormatType::Text, None)
    }

    /// Creates the format for a JSON object. The messages must instruct the model to produce
    /// JSON, too.
    pub fn json_object() -> Self {
        Self::with_kind(ResponseFormatType::JsonObject, None)
    }

    /// Creates the format for JSON that follows `schema` strictly (`strict`).
    ///
    /// A strict schema requires `"additionalProperties": false` in every object.
    pub fn json_schema(name: impl Into<String>, schema: impl Into<Value>) -> Self {
        ResponseSchema::new(name, schema).strict(true).into()
    }

    /// Creates the format for JSON that follows the strict schema of `T`, in which the doc comments
    /// of `T` are descriptions for the model.
    ///
    /// [`Chat::parse`](crate::api::chat::Chat::parse) sets it. Set it by hand where the response is
    /// not parsed by the same program, for example in the requests of a batch.
    ///
    /// # Errors
    /// Fails with [`ErrorKind::Config`](crate::ErrorKind::Config) if `T` has no strict schema, as
    /// [`strict_schema`](crate::json::strict_schema) does.
    ///
    /// ```
    /// use mistral_sdk::chat::{ChatCompletionRequest, ResponseFormat};
    ///
    /// #[derive(schemars::JsonSchema)]
    /// struct Painting {
    ///     title: String,
    ///     year: Option<i32>,
    /// }
    ///
    /// let question = "Name a painting by Manet.";
    /// let request = ChatCompletionRequest::new("mistral-small-latest", question)
    ///     .response_format(ResponseFormat::of::<Painting>()?);
    /// # let sent = serde_json::to_value(&request).unwrap();
    /// # assert_eq!(sent["response_format"]["json_schema"]["name"], "Painting");
    /// # Ok::<_, mistral_sdk::Error>(())
    /// ```
    #[cfg(feature = "schemars")]
    pub fn of<T: schemars::JsonSchema>() -> crate::error::Result<Self> {
        let schema = crate::json::schema::strict_schema::<T>()?;
        Ok(Self::json_schema(crate::json::schema::name::<T>(), schema))
    }

    fn with_kind(kind: ResponseFormatType, json_schema: Option<ResponseSchema>) -> Self {
        Self {
            kind: Some(kind),
            json_schema,
            extra: Map::new(),
        }
    }
}

impl From<ResponseSchema> for ResponseFormat {
    fn from(schema: ResponseSchema) -> Self {
        Self::with_kind(ResponseFormatType::JsonSchema, Some(schema))
    }
}

/// The type of a response format. Mirrors the API's `ResponseFormats`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, ApiEnum)]
#[non_exhaustive]
pub enum ResponseFormatType {
    /// Text.
    #[api("text")]
    Text,
    /// A JSON object.
    #[api("json_object")]
    JsonObject,
    /// JSON that follows a schema.
    #[api("json_schema")]
    JsonSchema,
    /// A value that this version of the SDK does not declare.
    Unknown(String),
}

/// The schema of a response. Mirrors the API's `JsonSchema`.
#[derive(Debug, Clone, PartialEq, ApiRequest)]
#[non_exhaustive]
pub struct ResponseSchema {
    /// The schema's name.
    #[api(required, into)]
    pub name: String,
    /// The JSON Schema.
    #[api(required, into)]
    pub schema: Value,
    /// The purpose of the schema.
    #[api(into)]
    pub description: Option<String>,
    /// Whether the response must follow the schema strictly. Default: false.
    pub strict: Option<bool>,
    /// Additional fields, by name.
    #[api(extra)]
    pub extra: Map<String, Value>,
}

use serde_json::{Map, Value};

object! {
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
    #[derive(Default)]
    ResponseFormat {
        optional: {
            /// Text, JSON, or JSON by a schema. Default: text.
            #[rename("type")]
            kind: ResponseFormatType,
            /// The schema, for [`ResponseFormatType::ResponseSchema`].
            json_schema: ResponseSchema,
        }
    }
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

string_enum! {
    /// The kind of a response's form. Mirrors the API's `ResponseFormats`.
    ResponseFormatType {
        /// Text.
        Text = "text",
        /// A JSON object.
        JsonObject = "json_object",
        /// JSON by a schema.
        ResponseSchema = "json_schema",
    }
}

request! {
    /// A schema for the answer. Mirrors the API's `ResponseSchema`.
    ResponseSchema {
        required: {
            /// The schema's name.
            name: String => into,
            /// The JSON Schema.
            schema: Value => into,
        }
        optional: {
            /// What the schema is for.
            description: String => into,
            /// Whether the answer must follow the schema to the letter. Default: no.
            strict: bool,
        }
    }
}

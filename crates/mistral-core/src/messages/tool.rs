use serde_json::Value;

use crate::json::Secret;

tagged_union! {
    /// Something that the model may use. Mirrors the API's `Tool` and the official SDK's
    /// further kinds.
    ///
    /// ```
    /// use mistral_core::chat::{Function, Tool};
    /// use serde_json::json;
    ///
    /// let parameters = json!({
    ///     "type": "object",
    ///     "properties": { "city": { "type": "string" } },
    ///     "required": ["city"],
    /// });
    /// let weather = Function::new("get_weather", parameters)
    ///     .description("Says what the weather is like.");
    /// assert!(matches!(Tool::from(weather), Tool::Function(_)));
    /// ```
    Tool by "type" or "function" {
        /// A function of yours.
        Function(FunctionTool) = "function",
        /// Search on the web.
        WebSearch(WebSearchTool) = "web_search",
        /// Search on the web and in the archives of news agencies.
        WebSearchPremium(WebSearchPremiumTool) = "web_search_premium",
        /// A sandbox that runs code.
        CodeInterpreter(CodeInterpreterTool) = "code_interpreter",
        /// Generation of images.
        ImageGeneration(ImageGenerationTool) = "image_generation",
        /// Search in document libraries.
        DocumentLibrary(DocumentLibraryTool) = "document_library",
        /// A connector.
        Connector(CustomConnector) = "connector",
    }
}

impl From<Function> for Tool {
    fn from(function: Function) -> Self {
        FunctionTool::new(function).into()
    }
}

request! {
    /// A function of yours, as a tool. Mirrors the API's `Tool`.
    FunctionTool {
        required: {
            /// The function.
            function: Function,
        }
    }
}

request! {
    /// Describes a function to the model. Mirrors the API's `Function`.
    Function {
        required: {
            /// The name by which the model calls it.
            name: String => into,
            /// The JSON Schema of its arguments.
            parameters: Value => into,
        }
        optional: {
            /// What it does and when to call it, for the model to read.
            description: String => into,
            /// Whether arguments must follow the schema to the letter. Default: no.
            strict: bool,
        }
    }
}

/// Declares the tools whose only setting is which of their functions may be used.
macro_rules! built_in_tools {
    ($($(#[$meta:meta])* $name:ident,)+) => {
        $(request! {
            $(#[$meta])*
            #[derive(Default)]
            $name {
                optional: {
                    /// Which of the tool's functions may be used, and how.
                    tool_configuration: ToolConfiguration,
                }
            }
        })+
    };
}

built_in_tools! {
    /// Search on the web. Mirrors the API's `WebSearchTool`.
    WebSearchTool,
    /// Search on the web and in the archives of news agencies. Mirrors the API's
    /// `WebSearchPremiumTool`.
    WebSearchPremiumTool,
    /// A sandbox that runs code. Mirrors the API's `CodeInterpreterTool`.
    CodeInterpreterTool,
    /// Generation of images. Mirrors the API's `ImageGenerationTool`.
    ImageGenerationTool,
}

request! {
    /// Search in document libraries. Mirrors the API's `DocumentLibraryTool`.
    DocumentLibraryTool {
        required: {
            /// The libraries to search in.
            library_ids: Vec<String> => list String,
        }
        optional: {
            /// Which of the tool's functions may be used, and how.
            tool_configuration: ToolConfiguration,
        }
    }
}

request! {
    /// A connector. Mirrors the API's `CustomConnector`.
    CustomConnector {
        required: {
            /// The connector's id.
            connector_id: String => into,
        }
        optional: {
            /// How to be let in.
            authorization: ConnectorAuthorization => into,
            /// Which of the connector's functions may be used, and how.
            tool_configuration: ToolConfiguration,
        }
    }
}

tagged_union! {
    /// How a connector is let in.
    ConnectorAuthorization by "type" {
        /// By an API key.
        ApiKey(ApiKeyAuth) = "api-key",
        /// By an OAuth 2 token.
        OAuth2Token(OAuth2TokenAuth) = "oauth2-token",
    }
}

request! {
    /// Lets a connector in by an API key. Mirrors the API's `APIKeyAuth`.
    ApiKeyAuth {
        required: {
            /// The key. Never printed.
            value: Secret => into,
        }
    }
}

request! {
    /// Lets a connector in by an OAuth 2 token. Mirrors the API's `OAuth2TokenAuth`.
    OAuth2TokenAuth {
        required: {
            /// The token. Never printed.
            value: Secret => into,
        }
    }
}

request! {
    /// Which functions of a tool may be used, and how. Mirrors the API's `ToolConfiguration`.
    #[derive(Default)]
    ToolConfiguration {
        optional: {
            /// The functions that may not be used.
            exclude: Vec<String> => list String,
            /// The only functions that may be used.
            include: Vec<String> => list String,
            /// The functions that a person must confirm.
            requires_confirmation: Vec<String> => list String,
        }
    }
}

string_or_object! {
    /// Whether the model calls a tool, and which. Mirrors the API's `tool_choice`.
    ///
    /// ```
    /// use mistral_core::chat::{ToolChoice, ToolChoiceEnum};
    ///
    /// assert_eq!(ToolChoice::from("any"), ToolChoiceEnum::Any.into());
    /// let one = ToolChoice::function("get_weather");
    /// # assert!(matches!(one, ToolChoice::Tool(_)));
    /// ```
    ToolChoice {
        /// By a rule.
        Rule(ToolChoiceEnum),
        /// This one.
        Tool(NamedToolChoice),
    }
}

impl ToolChoice {
    /// Makes the model call the function `name`.
    pub fn function(name: impl Into<String>) -> Self {
        NamedToolChoice::new(FunctionName::new(name))
            .kind(ToolType::Function)
            .into()
    }
}

impl From<ToolChoiceEnum> for ToolChoice {
    fn from(rule: ToolChoiceEnum) -> Self {
        Self::Rule(rule)
    }
}

string_enum! {
    /// Whether the model calls a tool. Mirrors the API's `ToolChoiceEnum`.
    ToolChoiceEnum {
        /// As the model sees fit.
        Auto = "auto",
        /// No tool.
        None = "none",
        /// At least one tool.
        Any = "any",
        /// At least one tool.
        Required = "required",
    }
}

request! {
    /// The one tool that the model must call. Mirrors the API's `ToolChoice`.
    NamedToolChoice {
        required: {
            /// The function.
            function: FunctionName,
        }
        optional: {
            /// The kind of tool. Default: a function.
            #[rename("type")]
            kind: ToolType,
        }
    }
}

request! {
    /// Names a function. Mirrors the API's `FunctionName`.
    FunctionName {
        required: {
            /// The name.
            name: String => into,
        }
    }
}

string_enum! {
    /// The kind of a tool call. Mirrors the API's `ToolTypes`.
    ToolType {
        /// A function.
        Function = "function",
    }
}

request! {
    /// A source that a tool found. Mirrors the API's `ToolReferenceChunk`.
    ToolReferenceChunk {
        required: {
            /// The tool, for example `web_search`.
            tool: String => into,
            /// The source's title.
            title: String => into,
        }
        optional: {
            /// The source's URL.
            url: String => into,
            /// The URL of the source's icon.
            favicon: String => into,
            /// What the source is about.
            description: String => into,
        }
    }
}

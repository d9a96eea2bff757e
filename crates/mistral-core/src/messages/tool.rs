use serde_json::{Map, Value};

use crate::json::{ApiEnum, ApiRequest, ApiUnion, Secret};

/// A tool that the model may call. Mirrors the API's `Tool` and the official SDK's further
/// kinds.
///
/// ```
/// use mistral_sdk::chat::{Function, Tool};
/// use serde_json::json;
///
/// let parameters = json!({
///     "type": "object",
///     "properties": { "city": { "type": "string" } },
///     "required": ["city"],
/// });
/// let weather = Function::new("get_weather", parameters)
///     .description("Returns the current weather.");
/// assert!(matches!(Tool::from(weather), Tool::Function(_)));
/// ```
#[derive(Debug, Clone, PartialEq, ApiUnion)]
#[api(tag = "type", default = "function")]
#[non_exhaustive]
pub enum Tool {
    /// A function that the application implements.
    #[api("function")]
    Function(FunctionTool),
    /// Web search.
    #[api("web_search")]
    WebSearch(WebSearchTool),
    /// Web search that includes news agencies.
    #[api("web_search_premium")]
    WebSearchPremium(WebSearchPremiumTool),
    /// A sandbox that runs code.
    #[api("code_interpreter")]
    CodeInterpreter(CodeInterpreterTool),
    /// Image generation.
    #[api("image_generation")]
    ImageGeneration(ImageGenerationTool),
    /// Search in document libraries.
    #[api("document_library")]
    DocumentLibrary(DocumentLibraryTool),
    /// A connector.
    #[api("connector")]
    Connector(CustomConnector),
    /// A value that this version of the SDK does not declare.
    Unknown(Value),
}

impl From<Function> for Tool {
    fn from(function: Function) -> Self {
        FunctionTool::new(function).into()
    }
}

/// A function that the application implements, as a tool. Mirrors the API's `Tool`.
#[derive(Debug, Clone, PartialEq, ApiRequest)]
#[non_exhaustive]
pub struct FunctionTool {
    /// The function.
    #[api(required)]
    pub function: Function,
    /// Additional fields, by name.
    #[api(extra)]
    pub extra: Map<String, Value>,
}

/// The description of a function for the model. Mirrors the API's `Function`.
#[derive(Debug, Clone, PartialEq, ApiRequest)]
#[non_exhaustive]
pub struct Function {
    /// The name that the model calls the function by.
    #[api(required, into)]
    pub name: String,
    /// The JSON Schema of the arguments.
    #[api(required, into)]
    pub parameters: Value,
    /// The purpose of the function and when to call it, for the model.
    #[api(into)]
    pub description: Option<String>,
    /// Whether the arguments must follow the schema strictly. Default: false.
    pub strict: Option<bool>,
    /// Additional fields, by name.
    #[api(extra)]
    pub extra: Map<String, Value>,
}

/// Web search. Mirrors the API's `WebSearchTool`.
#[derive(Debug, Clone, PartialEq, Default, ApiRequest)]
#[non_exhaustive]
pub struct WebSearchTool {
    /// The functions of the tool that the model may call.
    pub tool_configuration: Option<ToolConfiguration>,
    /// Additional fields, by name.
    #[api(extra)]
    pub extra: Map<String, Value>,
}

/// Web search that includes news agencies. Mirrors the API's `WebSearchPremiumTool`.
#[derive(Debug, Clone, PartialEq, Default, ApiRequest)]
#[non_exhaustive]
pub struct WebSearchPremiumTool {
    /// The functions of the tool that the model may call.
    pub tool_configuration: Option<ToolConfiguration>,
    /// Additional fields, by name.
    #[api(extra)]
    pub extra: Map<String, Value>,
}

/// A sandbox that runs code. Mirrors the API's `CodeInterpreterTool`.
#[derive(Debug, Clone, PartialEq, Default, ApiRequest)]
#[non_exhaustive]
pub struct CodeInterpreterTool {
    /// The functions of the tool that the model may call.
    pub tool_configuration: Option<ToolConfiguration>,
    /// Additional fields, by name.
    #[api(extra)]
    pub extra: Map<String, Value>,
}

/// Image generation. Mirrors the API's `ImageGenerationTool`.
#[derive(Debug, Clone, PartialEq, Default, ApiRequest)]
#[non_exhaustive]
pub struct ImageGenerationTool {
    /// The functions of the tool that the model may call.
    pub tool_configuration: Option<ToolConfiguration>,
    /// Additional fields, by name.
    #[api(extra)]
    pub extra: Map<String, Value>,
}

/// Search in document libraries. Mirrors the API's `DocumentLibraryTool`.
#[derive(Debug, Clone, PartialEq, ApiRequest)]
#[non_exhaustive]
pub struct DocumentLibraryTool {
    /// The ids of the libraries to search in.
    #[api(required, list)]
    pub library_ids: Vec<String>,
    /// The functions of the tool that the model may call.
    pub tool_configuration: Option<ToolConfiguration>,
    /// Additional fields, by name.
    #[api(extra)]
    pub extra: Map<String, Value>,
}

/// A connector. Mirrors the API's `CustomConnector`.
#[derive(Debug, Clone, PartialEq, ApiRequest)]
#[non_exhaustive]
pub struct CustomConnector {
    /// The connector's id.
    #[api(required, into)]
    pub connector_id: String,
    /// The credentials for the connector.
    #[api(into)]
    pub authorization: Option<ConnectorAuthorization>,
    /// The functions of the connector that the model may call.
    pub tool_configuration: Option<ToolConfiguration>,
    /// Additional fields, by name.
    #[api(extra)]
    pub extra: Map<String, Value>,
}

/// The credentials for a connector.
#[derive(Debug, Clone, PartialEq, ApiUnion)]
#[api(tag = "type")]
#[non_exhaustive]
pub enum ConnectorAuthorization {
    /// An API key.
    #[api("api-key")]
    ApiKey(ApiKeyAuth),
    /// An OAuth 2 token.
    #[api("oauth2-token")]
    OAuth2Token(OAuth2TokenAuth),
    /// A value that this version of the SDK does not declare.
    Unknown(Value),
}

/// An API key for a connector. Mirrors the API's `APIKeyAuth`.
#[derive(Debug, Clone, PartialEq, ApiRequest)]
#[non_exhaustive]
pub struct ApiKeyAuth {
    /// The API key. Never printed.
    #[api(required, into)]
    pub value: Secret,
    /// Additional fields, by name.
    #[api(extra)]
    pub extra: Map<String, Value>,
}

/// An OAuth 2 token for a connector. Mirrors the API's `OAuth2TokenAuth`.
#[derive(Debug, Clone, PartialEq, ApiRequest)]
#[non_exhaustive]
pub struct OAuth2TokenAuth {
    /// The token. Never printed.
    #[api(required, into)]
    pub value: Secret,
    /// Additional fields, by name.
    #[api(extra)]
    pub extra: Map<String, Value>,
}

/// The functions of a tool that the model may call. Mirrors the API's `ToolConfiguration`.
#[derive(Debug, Clone, PartialEq, Default, ApiRequest)]
#[non_exhaustive]
pub struct ToolConfiguration {
    /// The functions that the model may not call.
    #[api(list)]
    pub exclude: Option<Vec<String>>,
    /// The only functions that the model may call.
    #[api(list)]
    pub include: Option<Vec<String>>,
    /// The functions whose calls require confirmation by a person.
    #[api(list)]
    pub requires_confirmation: Option<Vec<String>>,
    /// Additional fields, by name.
    #[api(extra)]
    pub extra: Map<String, Value>,
}

/// Controls whether the model calls a tool, and which one. Mirrors the API's `tool_choice`.
///
/// ```
/// use mistral_sdk::chat::{ToolChoice, ToolChoiceEnum};
///
/// assert_eq!(ToolChoice::from("any"), ToolChoiceEnum::Any.into());
/// let one = ToolChoice::function("get_weather");
/// # assert!(matches!(one, ToolChoice::Tool(_)));
/// ```
#[derive(Debug, Clone, PartialEq, ApiUnion)]
#[api(untagged)]
#[non_exhaustive]
pub enum ToolChoice {
    /// A rule for all tools.
    #[api(string)]
    Rule(ToolChoiceEnum),
    /// The one function that the model must call.
    #[api(object)]
    Tool(NamedToolChoice),
}

impl ToolChoice {
    /// Requires the model to call the function `name`.
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

/// Controls whether the model calls a tool. Mirrors the API's `ToolChoiceEnum`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, ApiEnum)]
#[non_exhaustive]
pub enum ToolChoiceEnum {
    /// The model decides.
    #[api("auto")]
    Auto,
    /// The model calls no tool.
    #[api("none")]
    None,
    /// The model calls at least one tool.
    #[api("any")]
    Any,
    /// The model calls at least one tool.
    #[api("required")]
    Required,
    /// A value that this version of the SDK does not declare.
    Unknown(String),
}

/// The one tool that the model must call. Mirrors the API's `ToolChoice`.
#[derive(Debug, Clone, PartialEq, ApiRequest)]
#[non_exhaustive]
pub struct NamedToolChoice {
    /// The function.
    #[api(required)]
    pub function: FunctionName,
    /// The type of the tool. Default: `function`.
    #[api(rename = "type")]
    pub kind: Option<ToolType>,
    /// Additional fields, by name.
    #[api(extra)]
    pub extra: Map<String, Value>,
}

/// The name of a function. Mirrors the API's `FunctionName`.
#[derive(Debug, Clone, PartialEq, ApiRequest)]
#[non_exhaustive]
pub struct FunctionName {
    /// The function's name.
    #[api(required, into)]
    pub name: String,
    /// Additional fields, by name.
    #[api(extra)]
    pub extra: Map<String, Value>,
}

/// The type of a tool call. Mirrors the API's `ToolTypes`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, ApiEnum)]
#[non_exhaustive]
pub enum ToolType {
    /// A function.
    #[api("function")]
    Function,
    /// A value that this version of the SDK does not declare.
    Unknown(String),
}

/// A source that a tool found. Mirrors the API's `ToolReferenceChunk`.
#[derive(Debug, Clone, PartialEq, ApiRequest)]
#[non_exhaustive]
pub struct ToolReferenceChunk {
    /// The tool, for example `web_search`.
    #[api(required, into)]
    pub tool: String,
    /// The source's title.
    #[api(required, into)]
    pub title: String,
    /// The source's URL.
    #[api(into)]
    pub url: Option<String>,
    /// The URL of the source's icon.
    #[api(into)]
    pub favicon: Option<String>,
    /// The description of the source.
    #[api(into)]
    pub description: Option<String>,
    /// Additional fields, by name.
    #[api(extra)]
    pub extra: Map<String, Value>,
}

use serde_json::{Map, Value};

use crate::json::Secret;
use crate::json::{ApiEnum, ApiRequest, ApiUnion};

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
#[derive(Debug, Clone, PartialEq, ApiUnion)]
#[api(tag = "type", default = "function")]
#[non_exhaustive]
pub enum Tool {
    /// A function of yours.
    #[api("function")]
    Function(FunctionTool),
    /// Search on the web.
    #[api("web_search")]
    WebSearch(WebSearchTool),
    /// Search on the web and in the archives of news agencies.
    #[api("web_search_premium")]
    WebSearchPremium(WebSearchPremiumTool),
    /// A sandbox that runs code.
    #[api("code_interpreter")]
    CodeInterpreter(CodeInterpreterTool),
    /// Generation of images.
    #[api("image_generation")]
    ImageGeneration(ImageGenerationTool),
    /// Search in document libraries.
    #[api("document_library")]
    DocumentLibrary(DocumentLibraryTool),
    /// A connector.
    #[api("connector")]
    Connector(CustomConnector),
    /// A member that this version of the SDK does not know, as it came.
    Unknown(Value),
}

impl From<Function> for Tool {
    fn from(function: Function) -> Self {
        FunctionTool::new(function).into()
    }
}

/// A function of yours, as a tool. Mirrors the API's `Tool`.
#[derive(Debug, Clone, PartialEq, ApiRequest)]
#[non_exhaustive]
pub struct FunctionTool {
    /// The function.
    #[api(required)]
    pub function: Function,
    /// Fields that this version of the SDK does not know, as they came.
    #[api(extra)]
    pub extra: Map<String, Value>,
}

/// Describes a function to the model. Mirrors the API's `Function`.
#[derive(Debug, Clone, PartialEq, ApiRequest)]
#[non_exhaustive]
pub struct Function {
    /// The name by which the model calls it.
    #[api(required, into)]
    pub name: String,
    /// The JSON Schema of its arguments.
    #[api(required, into)]
    pub parameters: Value,
    /// What it does and when to call it, for the model to read.
    #[api(into)]
    pub description: Option<String>,
    /// Whether arguments must follow the schema to the letter. Default: no.
    pub strict: Option<bool>,
    /// Fields that this version of the SDK does not know, as they came.
    #[api(extra)]
    pub extra: Map<String, Value>,
}

/// Search on the web. Mirrors the API's `WebSearchTool`.
#[derive(Debug, Clone, PartialEq, Default, ApiRequest)]
#[non_exhaustive]
pub struct WebSearchTool {
    /// Which of the tool's functions may be used, and how.
    pub tool_configuration: Option<ToolConfiguration>,
    /// Fields that this version of the SDK does not know, as they came.
    #[api(extra)]
    pub extra: Map<String, Value>,
}

/// Search on the web and in the archives of news agencies. Mirrors the API's
/// `WebSearchPremiumTool`.
#[derive(Debug, Clone, PartialEq, Default, ApiRequest)]
#[non_exhaustive]
pub struct WebSearchPremiumTool {
    /// Which of the tool's functions may be used, and how.
    pub tool_configuration: Option<ToolConfiguration>,
    /// Fields that this version of the SDK does not know, as they came.
    #[api(extra)]
    pub extra: Map<String, Value>,
}

/// A sandbox that runs code. Mirrors the API's `CodeInterpreterTool`.
#[derive(Debug, Clone, PartialEq, Default, ApiRequest)]
#[non_exhaustive]
pub struct CodeInterpreterTool {
    /// Which of the tool's functions may be used, and how.
    pub tool_configuration: Option<ToolConfiguration>,
    /// Fields that this version of the SDK does not know, as they came.
    #[api(extra)]
    pub extra: Map<String, Value>,
}

/// Generation of images. Mirrors the API's `ImageGenerationTool`.
#[derive(Debug, Clone, PartialEq, Default, ApiRequest)]
#[non_exhaustive]
pub struct ImageGenerationTool {
    /// Which of the tool's functions may be used, and how.
    pub tool_configuration: Option<ToolConfiguration>,
    /// Fields that this version of the SDK does not know, as they came.
    #[api(extra)]
    pub extra: Map<String, Value>,
}

/// Search in document libraries. Mirrors the API's `DocumentLibraryTool`.
#[derive(Debug, Clone, PartialEq, ApiRequest)]
#[non_exhaustive]
pub struct DocumentLibraryTool {
    /// The libraries to search in.
    #[api(required, list)]
    pub library_ids: Vec<String>,
    /// Which of the tool's functions may be used, and how.
    pub tool_configuration: Option<ToolConfiguration>,
    /// Fields that this version of the SDK does not know, as they came.
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
    /// How to be let in.
    #[api(into)]
    pub authorization: Option<ConnectorAuthorization>,
    /// Which of the connector's functions may be used, and how.
    pub tool_configuration: Option<ToolConfiguration>,
    /// Fields that this version of the SDK does not know, as they came.
    #[api(extra)]
    pub extra: Map<String, Value>,
}

/// How a connector is let in.
#[derive(Debug, Clone, PartialEq, ApiUnion)]
#[api(tag = "type")]
#[non_exhaustive]
pub enum ConnectorAuthorization {
    /// By an API key.
    #[api("api-key")]
    ApiKey(ApiKeyAuth),
    /// By an OAuth 2 token.
    #[api("oauth2-token")]
    OAuth2Token(OAuth2TokenAuth),
    /// A member that this version of the SDK does not know, as it came.
    Unknown(Value),
}

/// Lets a connector in by an API key. Mirrors the API's `APIKeyAuth`.
#[derive(Debug, Clone, PartialEq, ApiRequest)]
#[non_exhaustive]
pub struct ApiKeyAuth {
    /// The key. Never printed.
    #[api(required, into)]
    pub value: Secret,
    /// Fields that this version of the SDK does not know, as they came.
    #[api(extra)]
    pub extra: Map<String, Value>,
}

/// Lets a connector in by an OAuth 2 token. Mirrors the API's `OAuth2TokenAuth`.
#[derive(Debug, Clone, PartialEq, ApiRequest)]
#[non_exhaustive]
pub struct OAuth2TokenAuth {
    /// The token. Never printed.
    #[api(required, into)]
    pub value: Secret,
    /// Fields that this version of the SDK does not know, as they came.
    #[api(extra)]
    pub extra: Map<String, Value>,
}

/// Which functions of a tool may be used, and how. Mirrors the API's `ToolConfiguration`.
#[derive(Debug, Clone, PartialEq, Default, ApiRequest)]
#[non_exhaustive]
pub struct ToolConfiguration {
    /// The functions that may not be used.
    #[api(list)]
    pub exclude: Option<Vec<String>>,
    /// The only functions that may be used.
    #[api(list)]
    pub include: Option<Vec<String>>,
    /// The functions that a person must confirm.
    #[api(list)]
    pub requires_confirmation: Option<Vec<String>>,
    /// Fields that this version of the SDK does not know, as they came.
    #[api(extra)]
    pub extra: Map<String, Value>,
}

/// Whether the model calls a tool, and which. Mirrors the API's `tool_choice`.
///
/// ```
/// use mistral_core::chat::{ToolChoice, ToolChoiceEnum};
///
/// assert_eq!(ToolChoice::from("any"), ToolChoiceEnum::Any.into());
/// let one = ToolChoice::function("get_weather");
/// # assert!(matches!(one, ToolChoice::Tool(_)));
/// ```
#[derive(Debug, Clone, PartialEq, ApiUnion)]
#[api(untagged)]
#[non_exhaustive]
pub enum ToolChoice {
    /// By a rule.
    #[api(string)]
    Rule(ToolChoiceEnum),
    /// This one.
    #[api(object)]
    Tool(NamedToolChoice),
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

/// Whether the model calls a tool. Mirrors the API's `ToolChoiceEnum`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, ApiEnum)]
#[non_exhaustive]
pub enum ToolChoiceEnum {
    /// As the model sees fit.
    #[api("auto")]
    Auto,
    /// No tool.
    #[api("none")]
    None,
    /// At least one tool.
    #[api("any")]
    Any,
    /// At least one tool.
    #[api("required")]
    Required,
    /// A value that this version of the SDK does not know, as it came.
    Unknown(String),
}

/// The one tool that the model must call. Mirrors the API's `ToolChoice`.
#[derive(Debug, Clone, PartialEq, ApiRequest)]
#[non_exhaustive]
pub struct NamedToolChoice {
    /// The function.
    #[api(required)]
    pub function: FunctionName,
    /// The kind of tool. Default: a function.
    #[api(rename = "type")]
    pub kind: Option<ToolType>,
    /// Fields that this version of the SDK does not know, as they came.
    #[api(extra)]
    pub extra: Map<String, Value>,
}

/// Names a function. Mirrors the API's `FunctionName`.
#[derive(Debug, Clone, PartialEq, ApiRequest)]
#[non_exhaustive]
pub struct FunctionName {
    /// The name.
    #[api(required, into)]
    pub name: String,
    /// Fields that this version of the SDK does not know, as they came.
    #[api(extra)]
    pub extra: Map<String, Value>,
}

/// The kind of a tool call. Mirrors the API's `ToolTypes`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, ApiEnum)]
#[non_exhaustive]
pub enum ToolType {
    /// A function.
    #[api("function")]
    Function,
    /// A value that this version of the SDK does not know, as it came.
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
    /// What the source is about.
    #[api(into)]
    pub description: Option<String>,
    /// Fields that this version of the SDK does not know, as they came.
    #[api(extra)]
    pub extra: Map<String, Value>,
}

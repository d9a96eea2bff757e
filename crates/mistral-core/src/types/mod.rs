//! The words that several API groups share: messages, content, tools, formats, usage.

mod content;
mod format;
mod history;
mod message;
mod patch;
mod repair;
mod secret;
mod tool;
mod tool_call;
mod tool_call_ids;
mod usage;

pub use self::content::{
    AudioChunk, Content, ContentChunk, DocumentUrlChunk, FileChunk, ImageDetail, ImageUrl,
    ImageUrlChunk, ImageUrlUnion, InputAudio, ReferenceChunk, ReferenceId, ResourceChunk,
    ResourceLinkChunk, TextChunk, ThinkChunk,
};
pub use self::format::{JsonSchema, ResponseFormat, ResponseFormatType};
pub use self::history::{MessageRule, Violation, lint_messages};
pub(crate) use self::message::WithRole;
pub use self::message::{AssistantMessage, Message, SystemMessage, ToolMessage, UserMessage};
pub use self::patch::Patch;
pub use self::repair::repair_messages;
pub use self::secret::Secret;
pub use self::tool::{
    ApiKeyAuth, CodeInterpreterTool, ConnectorAuthorization, CustomConnector, DocumentLibraryTool,
    Function, FunctionName, FunctionTool, ImageGenerationTool, NamedToolChoice, OAuth2TokenAuth,
    Tool, ToolChoice, ToolChoiceEnum, ToolConfiguration, ToolReferenceChunk, ToolType,
    WebSearchPremiumTool, WebSearchTool,
};
pub use self::tool_call::{Arguments, FunctionCall, ToolCall};
pub use self::tool_call_ids::normalize_tool_call_ids;
pub use self::usage::{PromptTokensDetails, UsageInfo};

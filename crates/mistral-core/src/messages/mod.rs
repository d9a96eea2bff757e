//! Types that several API groups share: messages, content, tools, response formats, usage.

mod change;
mod content;
mod content_chunk;
mod ids;
mod import;
mod into_messages;
mod lint;
mod media;
mod message;
pub(crate) mod outgoing;
mod repair;
mod response_format;
mod tool;
mod tool_call;
mod undeclared;
mod usage;
mod violation;

pub use self::change::{Change, ChangeKind};
pub use self::content::Content;
pub use self::content_chunk::{
    AudioChunk, ContentChunk, DocumentUrlChunk, FileChunk, ImageDetail, ImageUrl, ImageUrlChunk,
    ImageUrlUnion, InputAudio, ReferenceChunk, ReferenceId, ResourceChunk, ResourceLinkChunk,
    TextChunk, ThinkChunk,
};
pub use self::ids::normalize_tool_call_ids;
pub use self::import::import_openai;
pub use self::into_messages::IntoMessages;
pub use self::lint::lint_messages;
pub(crate) use self::media::read_file;
pub use self::message::{AssistantMessage, Message, SystemMessage, ToolMessage, UserMessage};
pub(crate) use self::message::{REASONING_FIELDS, WithRole, reasoning};
pub use self::repair::repair_messages;
pub use self::response_format::{ResponseFormat, ResponseFormatType, ResponseSchema};
pub use self::tool::{
    ApiKeyAuth, CodeInterpreterTool, ConnectorAuthorization, CustomConnector, DocumentLibraryTool,
    Function, FunctionName, FunctionTool, ImageGenerationTool, NamedToolChoice, OAuth2TokenAuth,
    Tool, ToolChoice, ToolChoiceEnum, ToolConfiguration, ToolReferenceChunk, ToolType,
    WebSearchPremiumTool, WebSearchTool,
};
pub(crate) use self::tool_call::present_id;
pub use self::tool_call::{Arguments, FunctionCall, ToolCall};
pub use self::usage::{PromptTokensDetails, UsageInfo};
pub use self::violation::{MessageRule, Violation};

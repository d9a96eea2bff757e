use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};

use super::tool::ToolReferenceChunk;
use crate::json::__private::Scalar;
use crate::json::text::TextOrValue;
use crate::json::{ApiEnum, ApiRequest, ApiUnion};

/// A part of a message. Mirrors the API's `ContentChunk`.
#[derive(Debug, Clone, PartialEq, ApiUnion)]
#[api(tag = "type")]
#[non_exhaustive]
pub enum ContentChunk {
    /// Text.
    #[api("text")]
    Text(TextChunk),
    /// An image, by URL or as a data URL.
    #[api("image_url")]
    ImageUrl(ImageUrlChunk),
    /// A document, by URL or as a data URL.
    #[api("document_url")]
    DocumentUrl(DocumentUrlChunk),
    /// References to sources.
    #[api("reference")]
    Reference(ReferenceChunk),
    /// An uploaded file.
    #[api("file")]
    File(FileChunk),
    /// The model's reasoning.
    #[api("thinking")]
    Thinking(ThinkChunk),
    /// An audio recording.
    #[api("input_audio")]
    InputAudio(AudioChunk),
    /// A resource with its content.
    #[api("resource")]
    Resource(ResourceChunk),
    /// A link to a resource.
    #[api("resource_link")]
    ResourceLink(ResourceLinkChunk),
    /// A source that a tool found.
    #[api("tool_reference")]
    ToolReference(ToolReferenceChunk),
    /// A value that this version of the SDK does not declare.
    Unknown(Value),
}

impl ContentChunk {
    /// Creates a chunk of text.
    pub fn text(text: impl Into<String>) -> Self {
        TextChunk::new(text).into()
    }

    /// Creates an image chunk from a URL or a data URL (`data:image/png;base64,…`).
    pub fn image_url(url: impl Into<String>) -> Self {
        ImageUrlChunk::new(ImageUrlUnion::Url(url.into())).into()
    }

    /// Creates a document chunk from a URL or a data URL (`data:application/pdf;base64,…`).
    pub fn document_url(url: impl Into<String>) -> Self {
        DocumentUrlChunk::new(url).into()
    }

    /// Creates a file chunk from the id of an uploaded file.
    pub fn file(file_id: impl Into<String>) -> Self {
        FileChunk::new(file_id).into()
    }

    /// Creates an audio chunk from base64-encoded data or a URL.
    pub fn input_audio(audio: impl Into<String>) -> Self {
        AudioChunk::new(InputAudio::Text(audio.into())).into()
    }

    /// Returns the text of a text chunk. `None` for all other chunks.
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(chunk) => Some(&chunk.text),
            _ => None,
        }
    }
}

impl From<&str> for ContentChunk {
    fn from(text: &str) -> Self {
        Self::text(text)
    }
}

/// A chunk of text. Mirrors the API's `TextChunk`.
#[derive(Debug, Clone, PartialEq, ApiRequest)]
#[non_exhaustive]
pub struct TextChunk {
    /// The text.
    #[api(required, into)]
    pub text: String,
    /// Additional fields, by name.
    #[api(extra)]
    pub extra: Map<String, Value>,
}

/// An image. Mirrors the API's `ImageURLChunk`.
#[derive(Debug, Clone, PartialEq, ApiRequest)]
#[non_exhaustive]
pub struct ImageUrlChunk {
    /// The location of the image.
    #[api(required, into)]
    pub image_url: ImageUrlUnion,
    /// Additional fields, by name.
    #[api(extra)]
    pub extra: Map<String, Value>,
}

/// The URL of an image, with the level of detail to process it in. Mirrors the API's
/// `ImageURL`.
#[derive(Debug, Clone, PartialEq, ApiRequest)]
#[non_exhaustive]
pub struct ImageUrl {
    /// The URL, or a data URL.
    #[api(required, into)]
    pub url: String,
    /// The level of detail. Default: the model's own.
    #[api(into)]
    pub detail: Option<ImageDetail>,
    /// Additional fields, by name.
    #[api(extra)]
    pub extra: Map<String, Value>,
}

/// The level of detail that an image is processed in. Mirrors the API's `ImageDetail`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, ApiEnum)]
#[non_exhaustive]
pub enum ImageDetail {
    /// Low detail, which uses fewer tokens.
    #[api("low")]
    Low,
    /// The model selects the level of detail.
    #[api("auto")]
    Auto,
    /// High detail.
    #[api("high")]
    High,
    /// A value that this version of the SDK does not declare.
    Unknown(String),
}

/// The location of an image: a URL, alone or with the level of detail. Mirrors the API's
/// `ImageURLUnion`.
#[derive(Debug, Clone, PartialEq, ApiUnion)]
#[api(untagged)]
#[non_exhaustive]
pub enum ImageUrlUnion {
    /// The URL, or a data URL.
    #[api(string)]
    Url(String),
    /// The URL with the level of detail.
    #[api(object)]
    Object(ImageUrl),
}

/// A document. Mirrors the API's `DocumentURLChunk`.
#[derive(Debug, Clone, PartialEq, ApiRequest)]
#[non_exhaustive]
pub struct DocumentUrlChunk {
    /// The URL, or a data URL.
    #[api(required, into)]
    pub document_url: String,
    /// The document's file name.
    #[api(into)]
    pub document_name: Option<String>,
    /// Additional fields, by name.
    #[api(extra)]
    pub extra: Map<String, Value>,
}

/// References to sources. Mirrors the API's `ReferenceChunk`.
#[derive(Debug, Clone, PartialEq, ApiRequest)]
#[non_exhaustive]
pub struct ReferenceChunk {
    /// The ids of the sources.
    #[api(required, list)]
    pub reference_ids: Vec<ReferenceId>,
    /// Additional fields, by name.
    #[api(extra)]
    pub extra: Map<String, Value>,
}

/// The id of a source: a number by the API reference, a string from some models.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
#[serde(untagged)]
#[non_exhaustive]
pub enum ReferenceId {
    /// A number.
    Integer(i64),
    /// A string.
    String(String),
}

impl<'de> Deserialize<'de> for ReferenceId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = match TextOrValue::deserialize(deserializer)?.0 {
            Ok(text) => return Ok(Self::String(text.into_owned())),
            Err(value) => value,
        };
        // A number may be written as a float.
        let number = value.as_number().and_then(i64::from_number);
        number.map(Self::Integer).ok_or_else(|| {
            D::Error::custom(format_args!(
                "invalid value: {value}, expected a number or a string"
            ))
        })
    }
}

impl From<i64> for ReferenceId {
    fn from(id: i64) -> Self {
        Self::Integer(id)
    }
}

impl From<&str> for ReferenceId {
    fn from(id: &str) -> Self {
        Self::String(id.to_owned())
    }
}

/// An uploaded file. Mirrors the API's `FileChunk`.
#[derive(Debug, Clone, PartialEq, ApiRequest)]
#[non_exhaustive]
pub struct FileChunk {
    /// The file's id.
    #[api(required, into)]
    pub file_id: String,
    /// Additional fields, by name.
    #[api(extra)]
    pub extra: Map<String, Value>,
}

/// The model's reasoning. Mirrors the API's `ThinkChunk`.
///
/// Send it back unchanged when the conversation continues.
#[derive(Debug, Clone, PartialEq, ApiRequest)]
#[non_exhaustive]
pub struct ThinkChunk {
    /// The reasoning, as text and reference chunks.
    #[api(required, list)]
    pub thinking: Vec<ContentChunk>,
    /// Whether the reasoning is complete. Default: true.
    pub closed: Option<bool>,
    /// The server's signature of the reasoning.
    #[api(into)]
    pub signature: Option<String>,
    /// Additional fields, by name.
    #[api(extra)]
    pub extra: Map<String, Value>,
}

/// An audio recording. Mirrors the API's `AudioChunk`.
#[derive(Debug, Clone, PartialEq, ApiRequest)]
#[non_exhaustive]
pub struct AudioChunk {
    /// The audio data or its URL.
    #[api(required, into)]
    pub input_audio: InputAudio,
    /// Additional fields, by name.
    #[api(extra)]
    pub extra: Map<String, Value>,
}

/// Audio data: base64 or a URL, or an object as some hosts require it.
#[derive(Debug, Clone, PartialEq, ApiUnion)]
#[api(untagged)]
#[non_exhaustive]
pub enum InputAudio {
    /// Base64-encoded data, or a URL.
    #[api(string)]
    Text(String),
    /// An object, as it was received.
    #[api(object)]
    Object(Map<String, Value>),
}

/// A resource with its content. Mirrors the official SDK's `ResourceChunk`.
#[derive(Debug, Clone, PartialEq, ApiRequest)]
#[non_exhaustive]
pub struct ResourceChunk {
    /// The resource's URI.
    #[api(required, into)]
    pub uri: String,
    /// The content of the resource: a text or an image chunk.
    #[api(required)]
    pub content: Box<ContentChunk>,
    /// Additional fields, by name.
    #[api(extra)]
    pub extra: Map<String, Value>,
}

/// A link to a resource. Mirrors the official SDK's `ResourceLinkChunk`.
#[derive(Debug, Clone, PartialEq, ApiRequest)]
#[non_exhaustive]
pub struct ResourceLinkChunk {
    /// The resource's URI.
    #[api(required, into)]
    pub uri: String,
    /// Metadata of the resource: strings, numbers and booleans.
    #[api(lenient)]
    pub metadata: Option<Map<String, Value>>,
    /// Additional fields, by name.
    #[api(extra)]
    pub extra: Map<String, Value>,
}

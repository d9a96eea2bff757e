use std::borrow::Cow;
use std::fmt;

use serde::de::value::SeqAccessDeserializer;
use serde::de::{self, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value};

use super::tool::ToolReferenceChunk;
use crate::json::{ApiEnum, ApiRequest, ApiUnion};

/// What a message says: one text, or a list of chunks of several kinds.
///
/// ```
/// use mistral_core::chat::{Content, ContentChunk};
///
/// let text = Content::from("Describe this image.");
/// let chunks = Content::from([
///     ContentChunk::text("Describe this image."),
///     ContentChunk::image_url("https://example.com/cat.png"),
/// ]);
/// assert_eq!(text.text(), chunks.text());
/// ```
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Content {
    /// One text.
    Text(String),
    /// Chunks of text, images, reasoning and more.
    Chunks(Vec<ContentChunk>),
    /// An explicit `null`, as sent and received with some tool calls.
    Null,
}

impl Content {
    /// The text, joined from all text chunks; reasoning and everything else is left out.
    pub fn text(&self) -> Cow<'_, str> {
        match self {
            Self::Text(text) => Cow::Borrowed(text),
            Self::Chunks(chunks) => join(chunks.iter().filter_map(ContentChunk::as_text)),
            Self::Null => Cow::Borrowed(""),
        }
    }

    /// The reasoning, joined from all thinking chunks. Empty if there is none.
    pub fn thinking(&self) -> Cow<'_, str> {
        match self {
            Self::Chunks(chunks) => join(chunks.iter().flat_map(|chunk| {
                match chunk {
                    ContentChunk::Thinking(thinking) => thinking.thinking.as_slice(),
                    _ => &[],
                }
                .iter()
                .filter_map(ContentChunk::as_text)
            })),
            Self::Text(_) | Self::Null => Cow::Borrowed(""),
        }
    }

    /// The chunks; empty for one text.
    pub fn chunks(&self) -> &[ContentChunk] {
        match self {
            Self::Chunks(chunks) => chunks,
            Self::Text(_) | Self::Null => &[],
        }
    }
}

fn join<'a>(mut texts: impl Iterator<Item = &'a str>) -> Cow<'a, str> {
    let Some(first) = texts.next() else {
        return Cow::Borrowed("");
    };
    let mut joined = Cow::Borrowed(first);
    for text in texts {
        joined.to_mut().push_str(text);
    }
    joined
}

impl From<&str> for Content {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Content {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<Vec<ContentChunk>> for Content {
    fn from(chunks: Vec<ContentChunk>) -> Self {
        Self::Chunks(chunks)
    }
}

impl<const N: usize> From<[ContentChunk; N]> for Content {
    fn from(chunks: [ContentChunk; N]) -> Self {
        Self::Chunks(chunks.into())
    }
}

impl Serialize for Content {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Text(text) => serializer.serialize_str(text),
            Self::Chunks(chunks) => chunks.serialize(serializer),
            Self::Null => serializer.serialize_unit(),
        }
    }
}

impl<'de> Deserialize<'de> for Content {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ContentVisitor;

        impl<'de> Visitor<'de> for ContentVisitor {
            type Value = Content;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string or a list of chunks")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Content, E> {
                Ok(Content::Text(text.to_owned()))
            }

            fn visit_string<E: de::Error>(self, text: String) -> Result<Content, E> {
                Ok(Content::Text(text))
            }

            fn visit_unit<E: de::Error>(self) -> Result<Content, E> {
                Ok(Content::Null)
            }

            fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<Content, A::Error> {
                Vec::deserialize(SeqAccessDeserializer::new(seq)).map(Content::Chunks)
            }
        }

        deserializer.deserialize_any(ContentVisitor)
    }
}

/// Part of a message. Mirrors the API's `ContentChunk`.
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
    /// A file that was uploaded before.
    #[api("file")]
    File(FileChunk),
    /// The model's reasoning.
    #[api("thinking")]
    Thinking(ThinkChunk),
    /// A recording.
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
    /// A member that this version of the SDK does not know, as it came.
    Unknown(Value),
}

impl ContentChunk {
    /// A chunk of text.
    pub fn text(text: impl Into<String>) -> Self {
        TextChunk::new(text).into()
    }

    /// An image, by URL or as a data URL (`data:image/png;base64,…`).
    pub fn image_url(url: impl Into<String>) -> Self {
        ImageUrlChunk::new(ImageUrlUnion::Url(url.into())).into()
    }

    /// A document, by URL or as a data URL (`data:application/pdf;base64,…`).
    pub fn document_url(url: impl Into<String>) -> Self {
        DocumentUrlChunk::new(url).into()
    }

    /// A file that was uploaded before, by its id.
    pub fn file(file_id: impl Into<String>) -> Self {
        FileChunk::new(file_id).into()
    }

    /// A recording, base64-encoded or by URL.
    pub fn input_audio(audio: impl Into<String>) -> Self {
        AudioChunk::new(InputAudio::Text(audio.into())).into()
    }

    /// The text, if this is a chunk of text.
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

/// A text. Mirrors the API's `TextChunk`.
#[derive(Debug, Clone, PartialEq, ApiRequest)]
#[non_exhaustive]
pub struct TextChunk {
    /// The text.
    #[api(required, into)]
    pub text: String,
    /// Fields that this version of the SDK does not know, as they came.
    #[api(extra)]
    pub extra: Map<String, Value>,
}

/// An image. Mirrors the API's `ImageURLChunk`.
#[derive(Debug, Clone, PartialEq, ApiRequest)]
#[non_exhaustive]
pub struct ImageUrlChunk {
    /// Where it is.
    #[api(required, into)]
    pub image_url: ImageUrlUnion,
    /// Fields that this version of the SDK does not know, as they came.
    #[api(extra)]
    pub extra: Map<String, Value>,
}

/// An image's URL and how closely to look at it. Mirrors the API's `ImageURL`.
#[derive(Debug, Clone, PartialEq, ApiRequest)]
#[non_exhaustive]
pub struct ImageUrl {
    /// The URL, or a data URL.
    #[api(required, into)]
    pub url: String,
    /// How closely to look. Default: the model's own.
    #[api(into)]
    pub detail: Option<ImageDetail>,
    /// Fields that this version of the SDK does not know, as they came.
    #[api(extra)]
    pub extra: Map<String, Value>,
}

/// How closely a model looks at an image. Mirrors the API's `ImageDetail`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, ApiEnum)]
#[non_exhaustive]
pub enum ImageDetail {
    /// Coarsely, for few tokens.
    #[api("low")]
    Low,
    /// As the model sees fit.
    #[api("auto")]
    Auto,
    /// Closely.
    #[api("high")]
    High,
    /// A value that this version of the SDK does not know, as it came.
    Unknown(String),
}

/// Where an image is: a URL alone, or with the level of detail. Mirrors the API's
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
    /// Fields that this version of the SDK does not know, as they came.
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
    /// Fields that this version of the SDK does not know, as they came.
    #[api(extra)]
    pub extra: Map<String, Value>,
}

/// The id of a source: a number by the document, a string from some models.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(untagged)]
#[non_exhaustive]
pub enum ReferenceId {
    /// A number.
    Integer(i64),
    /// A string.
    String(String),
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

/// A file that was uploaded before. Mirrors the API's `FileChunk`.
#[derive(Debug, Clone, PartialEq, ApiRequest)]
#[non_exhaustive]
pub struct FileChunk {
    /// The file's id.
    #[api(required, into)]
    pub file_id: String,
    /// Fields that this version of the SDK does not know, as they came.
    #[api(extra)]
    pub extra: Map<String, Value>,
}

/// The model's reasoning. Mirrors the API's `ThinkChunk`.
///
/// Send it back unchanged when the conversation goes on.
#[derive(Debug, Clone, PartialEq, ApiRequest)]
#[non_exhaustive]
pub struct ThinkChunk {
    /// Texts and references.
    #[api(required, list)]
    pub thinking: Vec<ContentChunk>,
    /// Whether the reasoning is complete. Default: yes.
    pub closed: Option<bool>,
    /// The server's seal on the reasoning.
    #[api(into)]
    pub signature: Option<String>,
    /// Fields that this version of the SDK does not know, as they came.
    #[api(extra)]
    pub extra: Map<String, Value>,
}

/// A recording. Mirrors the API's `AudioChunk`.
#[derive(Debug, Clone, PartialEq, ApiRequest)]
#[non_exhaustive]
pub struct AudioChunk {
    /// The recording.
    #[api(required, into)]
    pub input_audio: InputAudio,
    /// Fields that this version of the SDK does not know, as they came.
    #[api(extra)]
    pub extra: Map<String, Value>,
}

/// A recording: base64 or a URL, or an object as some hosts want it.
#[derive(Debug, Clone, PartialEq, ApiUnion)]
#[api(untagged)]
#[non_exhaustive]
pub enum InputAudio {
    /// Base64, or a URL.
    #[api(string)]
    Text(String),
    /// An object, as it came.
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
    /// A text or an image.
    #[api(required)]
    pub content: Box<ContentChunk>,
    /// Fields that this version of the SDK does not know, as they came.
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
    /// Facts about the resource: strings, numbers and booleans.
    pub metadata: Option<Map<String, Value>>,
    /// Fields that this version of the SDK does not know, as they came.
    #[api(extra)]
    pub extra: Map<String, Value>,
}

use std::borrow::Cow;
use std::fmt;

use serde::de::value::SeqAccessDeserializer;
use serde::de::{self, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value};

use super::tool::ToolReferenceChunk;

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

tagged_union! {
    /// Part of a message. Mirrors the API's `ContentChunk`.
    ContentChunk by "type" {
        /// Text.
        Text(TextChunk) = "text",
        /// An image, by URL or as a data URL.
        ImageUrl(ImageUrlChunk) = "image_url",
        /// A document, by URL or as a data URL.
        DocumentUrl(DocumentUrlChunk) = "document_url",
        /// References to sources.
        Reference(ReferenceChunk) = "reference",
        /// A file that was uploaded before.
        File(FileChunk) = "file",
        /// The model's reasoning.
        Thinking(ThinkChunk) = "thinking",
        /// A recording.
        InputAudio(AudioChunk) = "input_audio",
        /// A resource with its content.
        Resource(ResourceChunk) = "resource",
        /// A link to a resource.
        ResourceLink(ResourceLinkChunk) = "resource_link",
        /// A source that a tool found.
        ToolReference(ToolReferenceChunk) = "tool_reference",
    }
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

request! {
    /// A text. Mirrors the API's `TextChunk`.
    TextChunk {
        required: {
            /// The text.
            text: String => into,
        }
    }
}

request! {
    /// An image. Mirrors the API's `ImageURLChunk`.
    ImageUrlChunk {
        required: {
            /// Where it is.
            image_url: ImageUrlUnion => into,
        }
    }
}

request! {
    /// An image's URL and how closely to look at it. Mirrors the API's `ImageURL`.
    ImageUrl {
        required: {
            /// The URL, or a data URL.
            url: String => into,
        }
        optional: {
            /// How closely to look. Default: the model's own.
            detail: ImageDetail => into,
        }
    }
}

string_enum! {
    /// How closely a model looks at an image. Mirrors the API's `ImageDetail`.
    ImageDetail {
        /// Coarsely, for few tokens.
        Low = "low",
        /// As the model sees fit.
        Auto = "auto",
        /// Closely.
        High = "high",
    }
}

string_or_object! {
    /// Where an image is: a URL alone, or with the level of detail. Mirrors the API's
    /// `ImageURLUnion`.
    ImageUrlUnion {
        /// The URL, or a data URL.
        Url(String),
        /// The URL with the level of detail.
        Object(ImageUrl),
    }
}

request! {
    /// A document. Mirrors the API's `DocumentURLChunk`.
    DocumentUrlChunk {
        required: {
            /// The URL, or a data URL.
            document_url: String => into,
        }
        optional: {
            /// The document's file name.
            document_name: String => into,
        }
    }
}

request! {
    /// References to sources. Mirrors the API's `ReferenceChunk`.
    ReferenceChunk {
        required: {
            /// The ids of the sources.
            reference_ids: Vec<ReferenceId> => list ReferenceId,
        }
    }
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

request! {
    /// A file that was uploaded before. Mirrors the API's `FileChunk`.
    FileChunk {
        required: {
            /// The file's id.
            file_id: String => into,
        }
    }
}

request! {
    /// The model's reasoning. Mirrors the API's `ThinkChunk`.
    ///
    /// Send it back unchanged when the conversation goes on.
    ThinkChunk {
        required: {
            /// Texts and references.
            thinking: Vec<ContentChunk> => list ContentChunk,
        }
        optional: {
            /// Whether the reasoning is complete. Default: yes.
            closed: bool,
            /// The server's seal on the reasoning.
            signature: String => into,
        }
    }
}

request! {
    /// A recording. Mirrors the API's `AudioChunk`.
    AudioChunk {
        required: {
            /// The recording.
            input_audio: InputAudio => into,
        }
    }
}

string_or_object! {
    /// A recording: base64 or a URL, or an object as some hosts want it.
    InputAudio {
        /// Base64, or a URL.
        Text(String),
        /// An object, as it came.
        Object(Map<String, Value>),
    }
}

request! {
    /// A resource with its content. Mirrors the official SDK's `ResourceChunk`.
    ResourceChunk {
        required: {
            /// The resource's URI.
            uri: String => into,
            /// A text or an image.
            content: Box<ContentChunk>,
        }
    }
}

request! {
    /// A link to a resource. Mirrors the official SDK's `ResourceLinkChunk`.
    ResourceLinkChunk {
        required: {
            /// The resource's URI.
            uri: String => into,
        }
        optional: {
            /// Facts about the resource: strings, numbers and booleans.
            metadata: Map<String, Value>,
        }
    }
}

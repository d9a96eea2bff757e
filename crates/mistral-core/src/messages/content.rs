use std::borrow::Cow;
use std::fmt;

use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{self, MapAccess, SeqAccess, Unexpected, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

use super::content_chunk::ContentChunk;

/// The content of a message: one text, or a list of chunks of several kinds.
///
/// ```
/// use mistral_sdk::chat::{Content, ContentChunk};
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
    /// Whether there is neither text nor a chunk.
    pub(crate) fn is_empty(&self) -> bool {
        match self {
            Self::Text(text) => text.is_empty(),
            Self::Chunks(chunks) => chunks.is_empty(),
            Self::Null => true,
        }
    }

    /// Returns the text, joined from all text chunks. Reasoning and all other chunks are left
    /// out.
    pub fn text(&self) -> Cow<'_, str> {
        match self {
            Self::Text(text) => Cow::Borrowed(text),
            Self::Chunks(chunks) => join(chunks.iter().filter_map(ContentChunk::as_text)),
            Self::Null => Cow::Borrowed(""),
        }
    }

    /// Returns the reasoning, joined from all thinking chunks. Empty if there is none.
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

    /// Returns the chunks. Empty if the content is one text.
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

impl From<&String> for Content {
    fn from(text: &String) -> Self {
        Self::Text(text.clone())
    }
}

impl From<ContentChunk> for Content {
    fn from(chunk: ContentChunk) -> Self {
        Self::Chunks(vec![chunk])
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

            /// Reads a chunk that some servers write without the list around it.
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Content, A::Error> {
                let chunk = ContentChunk::deserialize(MapAccessDeserializer::new(map))?;
                match chunk {
                    // A number has this form with serde_json's feature `arbitrary_precision`.
                    ContentChunk::Unknown(Value::Number(_)) => {
                        Err(de::Error::invalid_type(Unexpected::Other("number"), &self))
                    }
                    chunk => Ok(Content::Chunks(vec![chunk])),
                }
            }
        }

        deserializer.deserialize_any(ContentVisitor)
    }
}

//! The content of messages, and the messages that have nothing else.

use serde::Deserialize;
use serde_json::{Map, Value};

use super::fields::Fields;
use crate::messages::change::ChangeLog;
use crate::messages::content::Content;
use crate::messages::content_chunk::{
    AudioChunk, ContentChunk, DocumentUrlChunk, FileChunk, ImageDetail, ImageUrl, ImageUrlChunk,
    ImageUrlUnion, InputAudio, TextChunk,
};
use crate::messages::message::{SystemMessage, ToolMessage, UserMessage};

/// The fields of the chunks that Mistral has and OpenAI has not.
const OWN_CHUNKS: [(&str, &[&str]); 5] = [
    ("document_url", &["document_url", "document_name"]),
    ("reference", &["reference_ids"]),
    ("thinking", &["thinking", "closed", "signature"]),
    ("resource", &["uri", "content"]),
    ("resource_link", &["uri", "metadata"]),
];

const FOREIGN_FILE: &str = "the id is that of a file at OpenAI: upload the file to Mistral, and \
    replace the id";

#[inline]
pub(super) fn system(fields: &mut Fields, log: &mut ChangeLog) -> SystemMessage {
    let mut content = take(fields, "content", log);
    if let Content::Chunks(chunks) = &mut content {
        chunks.retain(|chunk| {
            let is_allowed = matches!(chunk, ContentChunk::Text(_) | ContentChunk::Thinking(_));
            if !is_allowed {
                let before = serde_json::to_value(chunk).unwrap_or_default();
                log.removed("content", before, "a system message consists of text");
            }
            is_allowed
        });
    }
    SystemMessage::new(content)
}

#[inline]
pub(super) fn user(fields: &mut Fields, log: &mut ChangeLog) -> UserMessage {
    UserMessage::new(take(fields, "content", log))
}

#[inline]
pub(super) fn tool(fields: &mut Fields, log: &mut ChangeLog) -> ToolMessage {
    let mut message = ToolMessage::new(result(fields, "content", log));
    message.tool_call_id = fields.take_text("tool_call_id");
    message.name = fields.take_text("name");
    message
}

/// Takes the result of a tool, which may be empty.
#[inline]
pub(super) fn result(fields: &mut Fields, name: &str, log: &mut ChangeLog) -> Content {
    match take(fields, name, log) {
        Content::Null => Content::Text(String::new()),
        content => content,
    }
}

/// Takes the content of a message: text, or a list of parts.
#[inline]
pub(super) fn take(fields: &mut Fields, name: &str, log: &mut ChangeLog) -> Content {
    let path = fields.path(name);
    match fields.take(name) {
        None => {
            fields.skip(&[name]);
            Content::Null
        }
        Some(Value::String(text)) => Content::Text(text),
        Some(Value::Array(parts)) => {
            let parts = parts.into_iter().enumerate();
            let chunks = parts.filter_map(|(at, value)| part(value, format!("{path}[{at}]"), log));
            Content::Chunks(chunks.collect())
        }
        Some(Value::Object(object)) => {
            let chunk = part(Value::Object(object), path, log);
            Content::Chunks(chunk.into_iter().collect())
        }
        Some(other) => {
            let text = other.to_string();
            log.converted(path, other, "content is text or a list of parts");
            Content::Text(text)
        }
    }
}

#[inline]
fn part(value: Value, path: String, log: &mut ChangeLog) -> Option<ContentChunk> {
    let Value::Object(object) = value else {
        if let Value::String(text) = &value {
            let chunk = ContentChunk::text(text);
            log.converted(path, value, "a part of content is an object");
            return Some(chunk);
        }
        log.removed(path, value, "a part of content is an object");
        return None;
    };
    let kind = object
        .get("type")
        .and_then(Value::as_str)
        .map(str::to_owned);
    let before = object.clone();
    let mut fields = Fields::new(path.clone(), object);
    fields.skip(&["type"]);
    let chunk = match kind.as_deref() {
        Some("text") => text(&mut fields, "text"),
        Some("input_text" | "output_text" | "summary_text" | "reasoning_text") => {
            renamed(text(&mut fields, "text"), &fields, &before, log)
        }
        Some("refusal") => renamed(text(&mut fields, "refusal"), &fields, &before, log),
        Some("image_url") => image(&mut fields, log),
        Some("input_image") => {
            let chunk = image(&mut fields, log).or_else(|| file(&mut fields, log));
            renamed(chunk, &fields, &before, log)
        }
        Some("input_audio") => audio(&mut fields, log),
        Some("file") => match fields.take_object("file") {
            Some(object) => {
                let mut inner = Fields::new(fields.path("file"), object.clone());
                let chunk = file(&mut inner, log);
                if chunk.is_some() {
                    let reason = "its fields are those of the part";
                    log.converted(fields.path("file"), Value::Object(object), reason);
                    inner.finish(log);
                }
                chunk
            }
            None => file(&mut fields, log),
        },
        Some("input_file") => renamed(file(&mut fields, log), &fields, &before, log),
        Some(kind) => return own_chunk(kind, fields, before, path, log),
        None => None,
    };
    if chunk.is_some() {
        fields.finish(log);
    } else {
        let reason = "the API has no content of this type or form";
        log.removed(path, Value::Object(before), reason);
    }
    chunk
}

/// Records that the part has another type, if it could be converted.
#[inline]
fn renamed(
    chunk: Option<ContentChunk>,
    fields: &Fields,
    before: &Map<String, Value>,
    log: &mut ChangeLog,
) -> Option<ContentChunk> {
    if chunk.is_some() {
        let before = before.get("type").cloned().unwrap_or_default();
        log.converted(
            fields.path("type"),
            before,
            "Mistral's type has another name",
        );
    }
    chunk
}

#[inline]
fn text(fields: &mut Fields, name: &str) -> Option<ContentChunk> {
    Some(TextChunk::new(fields.take_text(name)?).into())
}

#[inline]
fn image(fields: &mut Fields, log: &mut ChangeLog) -> Option<ContentChunk> {
    let url = match fields.take_object("image_url") {
        None => ImageUrl::new(fields.take_text("image_url")?),
        Some(object) => {
            let mut inner = Fields::new(fields.path("image_url"), object);
            let mut image = ImageUrl::new(inner.take_text("url")?);
            image.detail = detail(&mut inner);
            inner.finish(log);
            image
        }
    };
    let detail = url.detail.clone().or_else(|| detail(fields));
    let url = match detail {
        None => ImageUrlUnion::Url(url.url),
        Some(detail) => ImageUrlUnion::Object(url.detail(detail)),
    };
    Some(ImageUrlChunk::new(url).into())
}

/// Takes a level of detail that Mistral has.
#[inline]
fn detail(fields: &mut Fields) -> Option<ImageDetail> {
    let is_known = |value: &Value| matches!(value.as_str(), Some("low" | "auto" | "high"));
    let detail = fields.take_if("detail", is_known)?;
    detail.as_str().map(ImageDetail::from)
}

#[inline]
fn audio(fields: &mut Fields, log: &mut ChangeLog) -> Option<ContentChunk> {
    let data = match fields.take_object("input_audio") {
        None => fields.take_text("input_audio")?,
        Some(object) => {
            let data = object.get("data").or_else(|| object.get("url"));
            let data = data.and_then(Value::as_str)?.to_owned();
            let path = fields.path("input_audio");
            log.converted(path, Value::Object(object), "it is the data alone");
            data
        }
    };
    Some(AudioChunk::new(InputAudio::Text(data)).into())
}

/// Takes a file: its id, its URL, or its data.
#[inline]
fn file(fields: &mut Fields, log: &mut ChangeLog) -> Option<ContentChunk> {
    let name = fields.take_text("filename");
    let url = match (fields.take_text("file_data"), fields.take_text("file_url")) {
        (Some(data), _) if data.starts_with("data:") => data,
        (Some(data), _) => format!("data:application/pdf;base64,{data}"),
        (None, Some(url)) => url,
        (None, None) => {
            let id = fields.take_text("file_id")?;
            log.converted(fields.path("file_id"), id.as_str().into(), FOREIGN_FILE);
            if let Some(name) = name {
                let reason = "a file that is referred to by its id has a name already";
                log.removed(fields.path("filename"), name.into(), reason);
            }
            return Some(FileChunk::new(id).into());
        }
    };
    let mut chunk = DocumentUrlChunk::new(url);
    chunk.document_name = name;
    Some(chunk.into())
}

/// Imports a chunk that has Mistral's form already.
#[inline]
fn own_chunk(
    kind: &str,
    fields: Fields,
    before: Map<String, Value>,
    path: String,
    log: &mut ChangeLog,
) -> Option<ContentChunk> {
    let known = OWN_CHUNKS.iter().find(|(known, _)| *known == kind);
    let chunk = known.and_then(|(_, names)| {
        let mut object = fields.keep(names, log);
        object.insert("type".to_owned(), kind.into());
        let chunk = ContentChunk::deserialize(Value::Object(object)).ok()?;
        (!matches!(chunk, ContentChunk::Unknown(_))).then_some(chunk)
    });
    if chunk.is_none() {
        let reason = "the API has no content of this type or form";
        log.removed(path, Value::Object(before), reason);
    }
    chunk
}

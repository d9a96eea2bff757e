//! Files that were uploaded or written by a job.

use bytes::Bytes;
use serde_json::{Value, json};

use crate::generate::random::hash;

#[derive(Debug, Clone)]
pub(crate) struct File {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) content: Bytes,
    pub(crate) mimetype: String,
    pub(crate) purpose: String,
    pub(crate) sample_type: &'static str,
    pub(crate) source: &'static str,
    visibility: String,
    created_at: u64,
    expires_at: Option<u64>,
}

/// The properties of a file to be added.
#[derive(Debug)]
pub(crate) struct NewFile {
    pub(crate) name: String,
    pub(crate) content: Bytes,
    pub(crate) mimetype: String,
    pub(crate) purpose: String,
    pub(crate) sample_type: &'static str,
    pub(crate) source: &'static str,
    pub(crate) visibility: String,
    pub(crate) expiry_hours: Option<u64>,
}

pub(crate) const JSONL: &str = "application/jsonl";
pub(crate) const BINARY: &str = "application/octet-stream";

impl File {
    pub(super) fn new(id: String, created_at: u64, new: NewFile) -> Self {
        Self {
            id,
            name: new.name,
            content: new.content,
            mimetype: new.mimetype,
            purpose: new.purpose,
            sample_type: new.sample_type,
            source: new.source,
            visibility: new.visibility,
            created_at,
            expires_at: new
                .expiry_hours
                .map(|hours| created_at.saturating_add(hours.saturating_mul(3600))),
        }
    }

    /// Returns the file as the API describes it.
    pub(crate) fn to_json(&self) -> Value {
        json!({
            "id": self.id,
            "object": "file",
            "bytes": self.content.len(),
            "created_at": self.created_at,
            "filename": self.name,
            "purpose": self.purpose,
            "sample_type": self.sample_type,
            "num_lines": self.has_lines().then(|| self.lines().count()),
            "mimetype": self.mimetype,
            "source": self.source,
            "signature": format!("{:016x}", hash(&self.content)),
            "expires_at": self.expires_at,
            "visibility": self.visibility,
        })
    }

    fn has_lines(&self) -> bool {
        self.mimetype == JSONL || self.name.ends_with(".jsonl")
    }

    /// Returns the lines that are not blank, with their numbers, which start at 1.
    pub(crate) fn lines(&self) -> impl Iterator<Item = (usize, &[u8])> {
        lines(&self.content)
    }
}

/// Returns the lines that are not blank, with their numbers, which start at 1.
pub(crate) fn lines(content: &[u8]) -> impl Iterator<Item = (usize, &[u8])> {
    let numbered = content.split(|byte| *byte == b'\n').enumerate();
    numbered
        .map(|(index, line)| (index + 1, line.trim_ascii()))
        .filter(|(_, line)| !line.is_empty())
}

/// Guesses the MIME type from the extension of a file name.
pub(crate) fn guess_mimetype(name: &str) -> &'static str {
    let extension = name.rsplit_once('.').map_or("", |(_, extension)| extension);
    match extension.to_ascii_lowercase().as_str() {
        "jsonl" => JSONL,
        "json" => "application/json",
        "pdf" => "application/pdf",
        "txt" => "text/plain",
        "csv" => "text/csv",
        "md" => "text/markdown",
        "png" => "image/png",
        "jpg" | "jpeg" => "image/jpeg",
        "webp" => "image/webp",
        "gif" => "image/gif",
        "mp3" => "audio/mpeg",
        "wav" => "audio/wav",
        "flac" => "audio/flac",
        "ogg" => "audio/ogg",
        "zip" => "application/zip",
        "epub" => "application/epub+zip",
        "docx" => "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        "pptx" => "application/vnd.openxmlformats-officedocument.presentationml.presentation",
        "xlsx" => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        _ => BINARY,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn file_blank_lines_are_skipped() {
        let found: Vec<(usize, &[u8])> = lines(b"{}\r\n\n  \n{\"a\":1}").collect();
        assert_eq!(found, [(1, &b"{}"[..]), (4, b"{\"a\":1}")]);
    }

    #[test]
    fn file_mimetype_is_guessed_from_extension() {
        assert_eq!(guess_mimetype("A.PDF"), "application/pdf");
        assert_eq!(guess_mimetype("pdf"), BINARY);
        assert_eq!(guess_mimetype("a.tar.unknown"), BINARY);
    }
}

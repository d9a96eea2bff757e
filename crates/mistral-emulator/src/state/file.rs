//! A file: what was uploaded or written by a job.

use bytes::Bytes;
use serde_json::{Value, json};

use super::store::Store;
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

/// What a new file is made of.
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

impl Store {
    pub(crate) fn add_file(&mut self, new: NewFile) -> File {
        let created_at = self.tick();
        let file = File {
            id: self.new_id("file"),
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
        };
        self.files.push(file.clone());
        file
    }

    /// Writes what a job has to say, one line per value.
    pub(crate) fn add_lines(
        &mut self,
        name: String,
        sample_type: &'static str,
        lines: &[Value],
    ) -> String {
        let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
        let file = self.add_file(NewFile {
            name,
            content: text.into(),
            mimetype: JSONL.to_owned(),
            purpose: "batch".to_owned(),
            sample_type,
            source: "mistral",
            visibility: "workspace".to_owned(),
            expiry_hours: None,
        });
        file.id
    }
}

impl File {
    pub(crate) fn card(&self) -> Value {
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

    /// The lines that are not blank, with their numbers from 1.
    pub(crate) fn lines(&self) -> impl Iterator<Item = (usize, &[u8])> {
        lines(&self.content)
    }
}

/// The lines that are not blank, with their numbers from 1.
pub(crate) fn lines(content: &[u8]) -> impl Iterator<Item = (usize, &[u8])> {
    let numbered = content.split(|byte| *byte == b'\n').enumerate();
    numbered
        .map(|(index, line)| (index + 1, line.trim_ascii()))
        .filter(|(_, line)| !line.is_empty())
}

/// The type that the ending of a name stands for.
pub(crate) fn mimetype_of(name: &str) -> &'static str {
    let ending = name.rsplit_once('.').map_or("", |(_, ending)| ending);
    match ending.to_ascii_lowercase().as_str() {
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
    fn blank_lines_do_not_count() {
        let found: Vec<(usize, &[u8])> = lines(b"{}\r\n\n  \n{\"a\":1}").collect();
        assert_eq!(found, [(1, &b"{}"[..]), (4, b"{\"a\":1}")]);
    }

    #[test]
    fn the_ending_of_a_name_tells_the_type() {
        assert_eq!(mimetype_of("A.PDF"), "application/pdf");
        assert_eq!(mimetype_of("pdf"), BINARY);
        assert_eq!(mimetype_of("a.tar.unknown"), BINARY);
    }
}

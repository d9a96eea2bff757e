//! Libraries, their documents and the entities that they are shared with.

use bytes::Bytes;
use serde_json::{Value, json};

use crate::generate::document::{Document as Pages, PageOptions};
use crate::generate::random::{hash, hex_id, uuid};
use crate::generate::reply::first_words;
use crate::generate::tokenizer;
use crate::json::set_member;
use crate::time::format_timestamp;

const DEFAULT_CHUNK_SIZE: u64 = 2048;

#[derive(Debug)]
pub(crate) struct Library {
    pub(crate) id: String,
    created_at: u64,
    pub(crate) updated_at: u64,
    /// The members that requests set.
    pub(crate) name: Value,
    pub(crate) description: Value,
    chunk_size: Value,
    owner_type: Value,
    pub(crate) documents: Vec<Document>,
    pub(crate) shares: Vec<Share>,
}

/// An entity that has access to a library.
#[derive(Debug, Clone)]
pub(crate) struct Share {
    pub(crate) role: String,
    pub(crate) entity: String,
    pub(crate) kind: String,
}

/// The step of the processing of a document, which advances each time it is retrieved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Processing {
    Todo,
    InProgress,
    Done,
    /// The document is empty.
    MissingContent,
}

#[derive(Debug, Clone)]
pub(crate) struct Document {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) content: Bytes,
    pub(crate) mimetype: String,
    pub(crate) attributes: Value,
    pub(crate) expires_at: Value,
    created_at: u64,
    processing: Processing,
    processed_at: Option<u64>,
    pages: Vec<String>,
}

/// Returns the id of the only user, who owns every library.
pub(crate) fn user_id() -> String {
    uuid(hash(b"user"))
}

/// Returns the id of the organization of the user.
pub(crate) fn organization_id() -> String {
    uuid(hash(b"organization"))
}

impl Library {
    /// Creates a library from a validated request.
    pub(crate) fn new(id: String, now: u64, request: &Value) -> Self {
        let member = |name: &str, default: Value| {
            let value = request.get(name).filter(|value| !value.is_null());
            value.cloned().unwrap_or(default)
        };
        Self {
            id,
            created_at: now,
            updated_at: now,
            name: member("name", Value::Null),
            description: member("description", Value::Null),
            chunk_size: member("chunk_size", DEFAULT_CHUNK_SIZE.into()),
            owner_type: member("owner_type", "User".into()),
            documents: Vec::new(),
            shares: Vec::new(),
        }
    }

    /// Returns the library as the API describes it.
    pub(crate) fn to_json(&self) -> Value {
        let size: usize = self.documents.iter().map(|it| it.content.len()).sum();
        let members = |kind: &str| self.shares.iter().filter(|it| it.kind == kind).count();
        json!({
            "id": self.id,
            "name": self.name,
            "created_at": format_timestamp(self.created_at),
            "updated_at": format_timestamp(self.updated_at),
            "owner_id": user_id(),
            "owner_type": self.owner_type,
            "total_size": size,
            "nb_documents": self.documents.len(),
            "chunk_size": self.chunk_size,
            "emoji": null,
            "description": self.description,
            "generated_name": null,
            "generated_description": null,
            "explicit_user_members_count": members("User"),
            "explicit_workspace_members_count": members("Workspace"),
            "org_sharing_role": null,
        })
    }

    pub(crate) fn document(&mut self, id: &str) -> Option<&mut Document> {
        self.documents.iter_mut().find(|document| document.id == id)
    }

    /// Returns everything that has access, the owner first.
    pub(crate) fn access_json(&self) -> Vec<Value> {
        let owner = Share {
            role: "Owner".to_owned(),
            entity: user_id(),
            kind: "User".to_owned(),
        };
        let all = std::iter::once(&owner).chain(&self.shares);
        all.map(|share| share.to_json(&self.id)).collect()
    }

    /// Removes the access of an entity, and returns it.
    pub(crate) fn unshare(&mut self, entity: &str, kind: &str) -> Option<Value> {
        let is_it = |share: &Share| share.entity == entity && share.kind == kind;
        let index = self.shares.iter().position(is_it)?;
        Some(self.shares.remove(index).to_json(&self.id))
    }
}

impl Share {
    /// Returns the access to a library as the API describes it.
    pub(crate) fn to_json(&self, library: &str) -> Value {
        json!({
            "library_id": library,
            "org_id": organization_id(),
            "role": self.role,
            "share_with_type": self.kind,
            "share_with_uuid": self.entity,
            "user_id": (self.kind == "User").then_some(&self.entity),
        })
    }
}

impl Document {
    pub(crate) fn new(
        id: String,
        now: u64,
        name: String,
        mimetype: String,
        content: Bytes,
    ) -> Self {
        Self {
            id,
            pages: read_pages(&name, &mimetype, &content),
            name,
            content,
            mimetype,
            attributes: json!({}),
            expires_at: Value::Null,
            created_at: now,
            processing: Processing::Todo,
            processed_at: None,
        }
    }

    /// Returns the hash of the content, which is that of every equal document.
    pub(crate) fn hash(&self) -> String {
        content_hash(&self.content)
    }

    /// Moves the processing to its next step.
    pub(crate) fn advance(&mut self, now: u64) {
        self.processing = match self.processing {
            Processing::Todo => Processing::InProgress,
            Processing::InProgress if self.content.is_empty() => Processing::MissingContent,
            Processing::InProgress => Processing::Done,
            ended => ended,
        };
        if self.processing == Processing::Done && self.processed_at.is_none() {
            self.processed_at = Some(now);
        }
    }

    /// Starts the processing again.
    pub(crate) fn reprocess(&mut self) {
        self.processing = Processing::Todo;
        self.processed_at = None;
    }

    /// Whether the processing has not ended.
    pub(crate) fn is_running(&self) -> bool {
        matches!(self.processing, Processing::Todo | Processing::InProgress)
    }

    /// Returns the pages of the text; none before the document has been processed.
    pub(crate) fn pages(&self) -> &[String] {
        match self.processing {
            Processing::Done => &self.pages,
            _ => &[],
        }
    }

    pub(crate) fn status_json(&self) -> Value {
        json!({
            "document_id": self.id,
            "process_status": self.process_status(),
            "processing_status": self.processing_status(),
        })
    }

    fn process_status(&self) -> &'static str {
        match self.processing {
            Processing::Todo => "todo",
            Processing::InProgress => "in_progress",
            Processing::Done => "done",
            Processing::MissingContent => "missing_content",
        }
    }

    fn processing_status(&self) -> &'static str {
        match self.processing {
            Processing::Todo | Processing::InProgress => "Running",
            Processing::Done => "Completed",
            Processing::MissingContent => "Failed",
        }
    }

    /// Returns the document as the API describes it.
    pub(crate) fn to_json(&self, library: &str) -> Value {
        let extension = self.name.rsplit_once('.').map(|(_, extension)| extension);
        let mut json = json!({
            "id": self.id,
            "library_id": library,
            "hash": self.hash(),
            "mime_type": self.mimetype,
            "extension": extension.map(str::to_lowercase),
            "size": self.content.len(),
            "name": self.name,
            "created_at": format_timestamp(self.created_at),
            "process_status": self.process_status(),
            "processing_status": self.processing_status(),
            "uploaded_by_id": user_id(),
            "uploaded_by_type": "User",
            "tokens_processing_total": 0,
            "summary": null,
            "last_processed_at": self.processed_at.map(format_timestamp),
            "number_of_pages": null,
            "tokens_processing_main_content": null,
            "tokens_processing_summary": null,
            "url": null,
            "attributes": self.attributes,
            "expires_at": self.expires_at,
        });
        if self.processing == Processing::Done {
            let text = self.pages.join("\n");
            let summary = first_words(&text);
            let (main, short) = (
                tokenizer::count_tokens(&text),
                tokenizer::count_tokens(&summary),
            );
            for (name, value) in [
                ("summary", summary.into()),
                ("number_of_pages", self.pages.len().into()),
                ("tokens_processing_main_content", main.into()),
                ("tokens_processing_summary", short.into()),
                ("tokens_processing_total", (main + short).into()),
            ] {
                set_member(&mut json, name, value);
            }
        }
        json
    }
}

/// Returns the hash of a content: 32 hexadecimal digits.
pub(crate) fn content_hash(content: &[u8]) -> String {
    hex_id(hash(content))
}

/// Returns the text of every page, which is a placeholder unless the content is text.
fn read_pages(name: &str, mimetype: &str, content: &[u8]) -> Vec<String> {
    let is_text = matches!(mimetype, "application/json" | "application/jsonl");
    let mimetype = if is_text { "text/plain" } else { mimetype };
    let document = Pages::from_file(name.to_owned(), mimetype, content);
    let page = |index| {
        let page = document.page(index, &PageOptions::default());
        let text = page.get("markdown").and_then(Value::as_str);
        text.unwrap_or_default().to_owned()
    };
    (0..document.page_count()).map(page).collect()
}

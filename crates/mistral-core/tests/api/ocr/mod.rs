//! OCR of documents.

mod process;
mod write;

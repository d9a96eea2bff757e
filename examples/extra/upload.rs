//! Uploads a file with a progress bar: `cargo run -p examples-extra --example upload -- report.pdf`

use std::path::PathBuf;

use indicatif::{ProgressBar, ProgressStyle};
use mistral_sdk::Client;
use mistral_sdk::files::{FilePurpose, FileSource, UploadFileRequest};
use serde_json::json;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let client = Client::from_env()?;

    let path = match std::env::args().nth(1) {
        Some(path) => PathBuf::from(path),
        None => some_questions()?,
    };
    let purpose = match path.extension() {
        Some(extension) if extension == "jsonl" => FilePurpose::Batch,
        _ => FilePurpose::Ocr,
    };

    let style = ProgressStyle::with_template("{wide_bar} {bytes} of {total_bytes}, {eta} left")?;
    let bar = ProgressBar::no_length().with_style(style);
    let progress = bar.clone();
    let source = FileSource::from_path(path).on_progress(move |sent, all| {
        progress.set_position(sent);
        progress.set_length(all.unwrap_or(sent));
    });
    let request = UploadFileRequest::new(purpose, source).expiry(24); // hours
    let upload = client.files().upload(&request).await;
    let file = upload.inspect_err(|_| bar.abandon())?; // leaves the bar at the last position
    bar.finish();
    println!("{}  {:?} bytes  {}", file.id, file.bytes, file.filename);
    Ok(())
}

/// Creates a batch file of some megabytes.
fn some_questions() -> std::io::Result<PathBuf> {
    let path = std::env::temp_dir().join("mistral-example-questions.jsonl");
    let body = json!({ "messages": [{ "role": "user", "content": "Who painted Olympia?" }] });
    let lines = (0..40_000).map(|number: u32| {
        let line = json!({ "custom_id": number.to_string(), "body": body });
        format!("{line}\n")
    });
    std::fs::write(&path, lines.collect::<String>())?;
    Ok(path)
}

//! Uploads, lists, downloads and deletes a file.

use mistral_sdk::Client;
use mistral_sdk::files::{FilePurpose, FileSource, ListFilesRequest, UploadFileRequest};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let client = Client::from_env()?;

    // `FileSource::from_path` streams a file from disk, of any size.
    let line = r#"{"custom_id": "1", "body": {"messages": [{"role": "user", "content": "Hi."}]}}"#;
    let source = FileSource::from_bytes("questions.jsonl", line)
        .on_progress(|sent, all| eprintln!("{sent} of {all:?} bytes sent"));
    let request = UploadFileRequest::new(FilePurpose::Batch, source);
    let uploaded = client.files().upload(&request).await?;

    let mut files = client
        .files()
        .list(&ListFilesRequest::new())
        .pages()
        .items();
    while let Some(file) = files.next().await {
        let file = file?;
        println!("{}  {:?} bytes  {}", file.id, file.bytes, file.filename);
    }

    let copy = std::env::temp_dir().join("questions-copy.jsonl");
    let download = client.files().download(&uploaded.id).await?;
    let bytes = download.write_to(&copy).await?;
    println!("{bytes} bytes in {}", copy.display());

    client.files().delete(&uploaded.id).await?;
    Ok(())
}

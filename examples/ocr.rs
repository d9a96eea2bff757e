//! Extracts a document's text and images into a directory: `… --example ocr -- invoice.pdf out`

use std::path::PathBuf;

use mistral_sdk::Client;
use mistral_sdk::ocr::{Document, OcrRequest};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let client = Client::from_env()?;

    let mut arguments = std::env::args().skip(1);
    let document = match arguments.next() {
        Some(url) if url.contains("://") => Document::url(url),
        Some(path) => Document::from_path(path).await?,
        None => Document::url("https://arxiv.org/pdf/1706.03762"),
    };
    let dir = match arguments.next() {
        Some(dir) => PathBuf::from(dir),
        None => std::env::temp_dir().join("mistral-example-ocr"),
    };

    let request = OcrRequest::new("mistral-ocr-latest", document).include_image_base64(true);
    let response = client.ocr().process(&request).await?;
    let files = response.write_to(dir).await?;
    println!("{}", files.markdown.display());
    for image in files.images {
        println!("{}", image.display());
    }
    Ok(())
}

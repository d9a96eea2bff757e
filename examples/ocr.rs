//! Extracts a document's text and images into a directory: `… --example ocr -- invoice.pdf out`

use std::path::PathBuf;

use mistral_emulator::Emulator;
use mistral_sdk::ocr::{Document, OcrRequest};
use mistral_sdk::{Client, MistralApi};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let emulator = Emulator::start_unless_set("MISTRAL_API_KEY")?;
    let client = match &emulator {
        Some(local) => Client::new(MistralApi::new(local.api_key())?.base_url(local.url())?)?,
        None => Client::from_env()?,
    };

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

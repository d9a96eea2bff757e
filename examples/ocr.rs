//! Reads the text of a document: `cargo run --example ocr -- invoice.pdf`, or of a URL.

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

    let document = match std::env::args().nth(1) {
        Some(url) if url.contains("://") => Document::url(url),
        Some(path) => Document::from_path(path).await?,
        None => Document::url("https://arxiv.org/pdf/1706.03762"),
    };
    let request = OcrRequest::new("mistral-ocr-latest", document);
    let response = client.ocr().process(&request).await?;
    println!("{}", response.markdown());
    Ok(())
}

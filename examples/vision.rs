//! Describes an image: `cargo run -p examples --example vision -- photo.jpg`

use mistral_sdk::Client;
use mistral_sdk::chat::{ChatCompletionRequest, ContentChunk, Message};

const RED_CIRCLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/red-circle.png");

#[tokio::main]
async fn main() -> mistral_sdk::Result<()> {
    let client = Client::from_env()?;

    let path = std::env::args().nth(1);
    let image = ContentChunk::image_from_path(path.as_deref().unwrap_or(RED_CIRCLE)).await?;
    let text = ContentChunk::text("What is in this image?");
    let question = Message::user([text, image]);
    let request = ChatCompletionRequest::new("mistral-small-latest", question);
    let response = client.chat().complete(&request).await?;
    println!("{}", response.text());
    println!(
        "{} tokens",
        response.usage.unwrap_or_default().prompt_tokens
    );
    Ok(())
}

//! The smallest program that sends one question.

use ours::chat::{ChatCompletionRequest, Message};
use ours::{Client, MistralApi};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let base = std::env::args()
        .nth(1)
        .unwrap_or("http://127.0.0.1:8099".into());
    let client = Client::new(MistralApi::new("key")?.base_url(&base)?)?;
    let request = ChatCompletionRequest::new("mistral-small-latest", [Message::user("Hello")]);
    println!("{}", client.chat().complete(&request).await?.text());
    Ok(())
}

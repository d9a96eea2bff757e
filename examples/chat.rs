//! Streams the answer to a question: `cargo run -p examples --example chat -- "Why?"`

use std::io::Write;

use mistral_emulator::Emulator;
use mistral_sdk::chat::ChatCompletionRequest;
use mistral_sdk::messages::Message;
use mistral_sdk::{Client, MistralApi};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let emulator = Emulator::start_unless_set("MISTRAL_API_KEY")?;
    let client = match &emulator {
        Some(local) => Client::new(MistralApi::new(local.api_key())?.base_url(local.url())?)?,
        None => Client::from_env()?,
    };

    let question = std::env::args().nth(1);
    let question = question.unwrap_or_else(|| "Who painted Olympia?".to_owned());
    let request = ChatCompletionRequest::new("mistral-small-latest", [Message::user(question)]);

    let mut stream = client.chat().stream(&request).await?;
    while let Some(chunk) = stream.next().await {
        print!("{}", chunk?.text());
        std::io::stdout().flush()?;
    }
    println!();
    Ok(())
}

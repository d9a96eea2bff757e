//! Streams the answer to a question: `cargo run -p examples --example chat -- "Why?"`

use std::io::Write;

use mistral_sdk::Client;
use mistral_sdk::chat::ChatCompletionRequest;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let client = Client::from_env()?;

    let question = std::env::args().nth(1);
    let question = question.unwrap_or_else(|| "Who painted Olympia?".to_owned());
    let request = ChatCompletionRequest::new("mistral-small-latest", question);

    let mut stream = client.chat().stream(&request).await?;
    while let Some(chunk) = stream.next().await {
        print!("{}", chunk?.text());
        std::io::stdout().flush()?;
    }
    println!();
    Ok(())
}

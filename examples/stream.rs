//! Streams an answer, then collects the whole response: text, finish reason, usage.

use std::time::Duration;

use mistral_sdk::Client;
use mistral_sdk::chat::{ChatCompletionRequest, Message};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let client = Client::from_env()?;

    let messages = [
        Message::system("Answer in two sentences."),
        Message::user("Why does a streamed answer feel faster?"),
    ];
    let request = ChatCompletionRequest::new("mistral-small-latest", messages).max_tokens(200);
    let mut stream = client
        .chat()
        .stream(&request)
        .idle_timeout(Duration::from_secs(30))
        .await?;

    let mut chunks = 0;
    while let Some(chunk) = stream.next().await {
        chunk?; // a truncated stream ends with an error
        chunks += 1;
    }

    let response = stream.collect_response().await?;
    println!("{}", response.text());
    println!("{chunks} chunks; finished: {:?}", response.finish_reason());
    if let Some(usage) = &response.usage {
        println!(
            "{} tokens, {} from the cache",
            usage.total_tokens,
            usage.cached_tokens()
        );
    }
    Ok(())
}

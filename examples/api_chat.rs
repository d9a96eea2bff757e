//! Sends a question to Mistral's own API, and prints the response's request id and rate limits.

use mistral_sdk::chat::ChatCompletionRequest;
use mistral_sdk::{Client, MistralApi};

#[tokio::main]
async fn main() -> mistral_sdk::Result<()> {
    let client = Client::new(MistralApi::from_env()?)?;

    let request = ChatCompletionRequest::new("mistral-small-latest", "Who painted Olympia?");
    let response = client.chat().complete(&request).with_response().await?;
    println!("{}", response.body.text());
    println!(
        "request {}",
        response.request_id().unwrap_or("without an id")
    );
    println!(
        "{:?} requests left",
        response.rate_limit().remaining_requests
    );
    Ok(())
}

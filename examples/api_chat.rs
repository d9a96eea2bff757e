//! Sends a question to Mistral's own API, and prints the response's request id and rate limits.

use mistral_emulator::Emulator;
use mistral_sdk::chat::ChatCompletionRequest;
use mistral_sdk::messages::Message;
use mistral_sdk::{Client, MistralApi};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let emulator = Emulator::start_unless_set("MISTRAL_API_KEY")?;
    let api = match &emulator {
        Some(local) => MistralApi::new(local.api_key())?.base_url(local.url())?,
        None => MistralApi::from_env()?,
    };
    let client = Client::new(api)?;

    let question = [Message::user("Who painted Olympia?")];
    let request = ChatCompletionRequest::new("mistral-small-latest", question);
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

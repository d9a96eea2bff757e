//! Streams an answer, then collects the whole response: text, finish reason, usage.

use std::time::Duration;

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
    let finish_reason = response
        .choices
        .first()
        .and_then(|choice| choice.finish_reason.as_ref());
    println!("{chunks} chunks; finished: {finish_reason:?}");
    if let Some(usage) = &response.usage {
        println!(
            "{} tokens, {} from the cache",
            usage.total_tokens,
            usage.cached_tokens()
        );
    }
    Ok(())
}

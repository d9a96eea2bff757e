//! Stays below a rate limit with any number of concurrent tasks: `cargo run --example rate_limit`

use std::time::{Duration, Instant};

use futures::future::try_join_all;
use mistral_emulator::Emulator;
use mistral_sdk::chat::ChatCompletionRequest;
use mistral_sdk::messages::Message;
use mistral_sdk::rate_limit::RateLimiter;
use mistral_sdk::transport::HyperTransport;
use mistral_sdk::{Client, MistralApi};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let emulator = Emulator::start_unless_set("MISTRAL_API_KEY")?;
    let api = match &emulator {
        Some(local) => MistralApi::new(local.api_key())?.base_url(local.url())?,
        None => MistralApi::from_env()?,
    };

    // One request per half second, shared by all clones of the limiter and the client.
    let limiter = RateLimiter::new()
        .requests_per_minute(120)
        .tokens_per_minute(100_000);
    let transport = HyperTransport::new(Duration::from_secs(10))?;
    let client = Client::builder(api)
        .transport(limiter.around(transport))
        .timeout(Duration::from_secs(600)) // includes the wait for the rate limiter
        .build()?;

    let start = Instant::now();
    let tasks = (1..=6).map(|number| {
        let client = client.clone();
        async move {
            let question = [Message::user(format!("Who painted Olympia? ({number})"))];
            let request = ChatCompletionRequest::new("mistral-small-latest", question);
            let response = client.chat().complete(&request).await?;
            println!("{:.1?} {number}: {}", start.elapsed(), response.text());
            Ok::<_, mistral_sdk::Error>(())
        }
    });
    try_join_all(tasks).await?;
    println!("{limiter:?}");
    Ok(())
}

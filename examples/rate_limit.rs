//! Stays below a rate limit with any number of concurrent tasks.

use std::time::{Duration, Instant};

use mistral_sdk::chat::ChatCompletionRequest;
use mistral_sdk::rate_limit::RateLimiter;
use mistral_sdk::transport::HyperTransport;
use mistral_sdk::{Client, MistralApi};
use tokio::task::JoinSet;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    // One request per half second, shared by all clones of the limiter and the client.
    let limiter = RateLimiter::new()
        .requests_per_minute(120)
        .tokens_per_minute(100_000);
    let transport = HyperTransport::new(Duration::from_secs(10))?;
    let client = Client::builder(MistralApi::from_env()?)
        .transport(limiter.around(transport))
        .timeout(Duration::from_secs(600)) // includes the wait for the rate limiter
        .build()?;

    let start = Instant::now();
    let mut tasks = JoinSet::new();
    for number in 1..=6 {
        let question = format!("Who painted Olympia? ({number})");
        let request = ChatCompletionRequest::new("mistral-small-latest", question);
        let call = client.chat().complete(&request);
        tasks.spawn(async move { (number, call.await) });
    }
    while let Some(task) = tasks.join_next().await {
        let (number, response) = task?;
        println!("{:.1?} {number}: {}", start.elapsed(), response?.text());
    }
    println!("{limiter:?}");
    Ok(())
}

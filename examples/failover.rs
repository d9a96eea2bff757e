//! Fails over to another provider when one fails:
//! `cargo run -p examples --features azure,gcp --example failover`

use mistral_emulator::{Emulator, Fault};
use mistral_sdk::chat::ChatCompletionRequest;
use mistral_sdk::client::Failover;
use mistral_sdk::messages::Message;
use mistral_sdk::{Client, MistralApi, MistralAzure, MistralGcp, RetryPolicy};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    // One emulator stands in for all three providers, and injects faults.
    let emulator = Emulator::start()?;
    let failover = Failover::new(local(&emulator)?);
    let question = [Message::user("Who painted Olympia?")];
    let request = ChatCompletionRequest::new("mistral-small-latest", question);

    emulator.push_fault(Fault::status(503)); // Mistral is overloaded
    let response = failover
        .run(|client| client.chat().complete(&request))
        .await?;
    println!("{}: {}", response.provider, response.body.text());
    for failure in &response.failures {
        println!("not {}: {}", failure.provider, failure.error);
    }

    emulator.push_fault(Fault::status(429).times(2)); // Mistral and Azure are rate-limited
    let response = failover
        .run(|client| client.chat().stream(&request))
        .await?;
    print!("{}: ", response.provider);
    let mut stream = response.body;
    while let Some(chunk) = stream.next().await {
        print!("{}", chunk?.text());
    }
    println!();

    emulator.push_fault(Fault::status(500).times(3)); // all providers fail
    if let Err(error) = failover
        .run(|client| client.chat().complete(&request))
        .await
    {
        println!("{error}");
    }
    Ok(())
}

/// Returns a failover over Mistral, Azure and Vertex AI, each without retries.
fn local(emulator: &Emulator) -> mistral_sdk::Result<[Client; 3]> {
    let (url, key) = (emulator.url(), emulator.api_key());
    let api = MistralApi::new(key)?.base_url(url)?;
    let azure = MistralAzure::builder().endpoint(url).api_key(key).build()?;
    let gcp = MistralGcp::builder().project("p").endpoint(url);
    let gcp = gcp.access_token(key).build()?;
    let gcp = Client::builder(gcp).retry(RetryPolicy::none()).build()?;
    let azure = Client::builder(azure).retry(RetryPolicy::none()).build()?;
    let api = Client::builder(api).retry(RetryPolicy::none()).build()?;
    Ok([api, azure, gcp])
}

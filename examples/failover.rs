//! Fails over to another provider when one fails:
//! `cargo run -p examples --features azure,gcp --example failover`

use std::time::Duration;

use mistral_sdk::chat::ChatCompletionRequest;
use mistral_sdk::client::Failover;
use mistral_sdk::provider::Provider;
use mistral_sdk::{Client, MistralApi, MistralAzure, MistralGcp, RetryPolicy};

#[tokio::main]
async fn main() -> mistral_sdk::Result<()> {
    let api = client(MistralApi::from_env()?)?;
    let azure = client(MistralAzure::from_env()?)?;
    let gcp = client(MistralGcp::from_env()?)?;
    let failover = Failover::new([api, azure, gcp]).timeout(Duration::from_secs(60));

    let request = ChatCompletionRequest::new("mistral-small-latest", "Who painted Olympia?");
    let call = failover.run(|client| client.chat().complete(&request));
    let response = call.await?;
    println!("{}: {}", response.provider, response.body.text());
    for failure in &response.failures {
        println!("not {}: {}", failure.provider, failure.error);
    }

    // A stream fails over until its first chunk.
    let call = failover.run(|client| client.chat().stream(&request));
    let response = call.await?;
    print!("{}: ", response.provider);
    let mut stream = response.body;
    while let Some(chunk) = stream.next().await {
        print!("{}", chunk?.text());
    }
    println!();
    Ok(())
}

/// Creates a client without retries: another provider is faster than another attempt.
fn client(provider: impl Provider) -> mistral_sdk::Result<Client> {
    let builder = Client::builder(provider).retry(RetryPolicy::none());
    builder.build()
}

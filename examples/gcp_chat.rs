//! Sends a question to a model on Vertex AI:
//! `cargo run -p examples --features gcp --example gcp_chat`

use mistral_sdk::chat::ChatCompletionRequest;
use mistral_sdk::{Client, MistralGcp};

#[tokio::main]
async fn main() -> mistral_sdk::Result<()> {
    // Reads GCP_PROJECT_ID and GCP_REGION, and finds Application Default Credentials.
    let client = Client::new(MistralGcp::from_env()?)?;

    let request = ChatCompletionRequest::new("mistral-small-2503", "Who painted Olympia?");
    println!("{}", client.chat().complete(&request).await?.text());
    Ok(())
}

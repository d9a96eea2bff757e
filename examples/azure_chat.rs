//! Sends a question to a deployment on Azure AI:
//! `cargo run -p examples --features azure --example azure_chat`

use mistral_sdk::chat::ChatCompletionRequest;
use mistral_sdk::{Client, MistralAzure};

#[tokio::main]
async fn main() -> mistral_sdk::Result<()> {
    // Reads AZURE_ENDPOINT, AZURE_API_KEY and AZURE_MODEL.
    let client = Client::new(MistralAzure::from_env()?)?;

    // A request without a model goes to the deployment in AZURE_MODEL.
    let request = ChatCompletionRequest::new("", "Who painted Olympia?");
    println!("{}", client.chat().complete(&request).await?.text());
    Ok(())
}

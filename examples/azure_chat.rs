//! Sends a question to a deployment on Azure AI:
//! `cargo run -p examples --features azure --example azure_chat`

use mistral_emulator::Emulator;
use mistral_sdk::chat::ChatCompletionRequest;
use mistral_sdk::messages::Message;
use mistral_sdk::{Client, MistralAzure};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let emulator = Emulator::start_unless_set("AZURE_ENDPOINT")?;
    let azure = match &emulator {
        Some(local) => MistralAzure::builder()
            .endpoint(local.url())
            .api_key(local.api_key())
            .build()?,
        None => MistralAzure::from_env()?,
    };
    let client = Client::new(azure)?;

    // A request without a model goes to the deployment in `AZURE_MODEL`.
    let question = [Message::user("Who painted Olympia?")];
    let request = ChatCompletionRequest::new("", question);
    println!("{}", client.chat().complete(&request).await?.text());
    Ok(())
}

//! Sends a question to a model on Vertex AI:
//! `cargo run -p examples --features gcp --example gcp_chat`

use mistral_emulator::Emulator;
use mistral_sdk::chat::ChatCompletionRequest;
use mistral_sdk::messages::Message;
use mistral_sdk::{Client, MistralGcp};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let emulator = Emulator::start_unless_set("GCP_PROJECT_ID")?;
    let gcp = match &emulator {
        Some(local) => MistralGcp::builder()
            .project("emulator")
            .endpoint(local.url())
            .access_token(local.api_key())
            .build()?,
        None => MistralGcp::from_env()?,
    };
    let client = Client::new(gcp)?;

    let question = [Message::user("Who painted Olympia?")];
    let request = ChatCompletionRequest::new("mistral-small-2503", question);
    println!("{}", client.chat().complete(&request).await?.text());
    Ok(())
}

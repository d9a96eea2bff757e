//! Sends a question to a model on Amazon Bedrock:
//! `cargo run -p examples --features aws --example aws_chat`

use mistral_sdk::chat::ChatCompletionRequest;
use mistral_sdk::{Client, MistralBedrock};

#[tokio::main]
async fn main() -> mistral_sdk::Result<()> {
    // Reads AWS_REGION, and finds an API key of Bedrock or the credentials of AWS's SDKs.
    let client = Client::new(MistralBedrock::from_env()?)?;

    let model = "mistral.mistral-large-3-675b-instruct";
    let request = ChatCompletionRequest::new(model, "Who painted Olympia?");
    println!("{}", client.chat().complete(&request).await?.text());
    Ok(())
}

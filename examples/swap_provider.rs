//! Runs the same program on every provider. The environment selects it:
//! `MISTRAL_PROVIDER=azure cargo run -p examples --features aws,azure,gcp --example swap_provider`

use mistral_sdk::Client;
use mistral_sdk::chat::ChatCompletionRequest;

#[tokio::main]
async fn main() -> mistral_sdk::Result<()> {
    // Without MISTRAL_PROVIDER, the variables that are set select the provider.
    let client = Client::from_env()?;

    // MISTRAL_MODEL_MAP maps the model's name to that of a deployment.
    let request = ChatCompletionRequest::new("mistral-small-latest", "Who painted Olympia?");
    let response = client.chat().complete(&request).await?;
    println!("{}: {}", client.provider_name(), response.text());
    Ok(())
}

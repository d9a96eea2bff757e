//! Runs the same program on every provider:
//! `cargo run -p examples --features azure,gcp --example swap_provider`

use mistral_emulator::Emulator;
use mistral_sdk::chat::ChatCompletionRequest;
use mistral_sdk::messages::Message;
use mistral_sdk::{Client, MistralApi, MistralAzure, MistralGcp};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let client = match Client::from_env() {
        Ok(client) => client,
        Err(error) => {
            eprintln!("using the built-in emulator, because {error}");
            let emulator = Emulator::start()?;
            for client in local(&emulator)? {
                ask(&client).await?;
            }
            return Ok(());
        }
    };
    ask(&client).await
}

/// Independent of the provider. `MISTRAL_MODEL_MAP` maps the model's name.
async fn ask(client: &Client) -> Result<(), Box<dyn std::error::Error>> {
    let question = [Message::user("Who painted Olympia?")];
    let request = ChatCompletionRequest::new("mistral-small-latest", question);
    let response = client.chat().complete(&request).await?;
    println!("{}: {}", client.provider_name(), response.text());
    Ok(())
}

/// Returns a client per provider, all of them for the emulator.
fn local(emulator: &Emulator) -> mistral_sdk::Result<[Client; 3]> {
    let (url, key) = (emulator.url(), emulator.api_key());
    let azure = MistralAzure::builder().endpoint(url).api_key(key).build()?;
    let gcp = MistralGcp::builder()
        .project("p")
        .endpoint(url)
        .access_token(key)
        .build()?;
    Ok([
        Client::new(MistralApi::new(key)?.base_url(url)?)?,
        Client::new(azure)?,
        Client::new(gcp)?,
    ])
}

//! Records a server's responses in a file, and replays them without the server or a key.

use std::error::Error;
use std::time::Duration;

use mistral_sdk::chat::ChatCompletionRequest;
use mistral_sdk::testing::Cassette;
use mistral_sdk::transport::HyperTransport;
use mistral_sdk::{Client, MistralApi};

/// The program under test: collects a streamed answer.
async fn ask(client: &Client, question: &str) -> mistral_sdk::Result<String> {
    let request = ChatCompletionRequest::new("mistral-small-latest", question);
    let stream = client.chat().stream(&request).await?;
    Ok(stream.collect_response().await?.text().into_owned())
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let path = std::env::temp_dir().join("mistral-example-cassette.json");
    let question = "Who painted Olympia?";

    let api = MistralApi::from_env()?;
    let http = HyperTransport::new(Duration::from_secs(10))?;
    let cassette = Cassette::record(&path, http);
    let client = Client::builder(api).transport(cassette.clone()).build()?;
    let recorded = ask(&client, question).await?;
    cassette.save()?;
    println!("{}", std::fs::read_to_string(&path)?);

    let cassette = Cassette::replay(&path)?;
    let api = MistralApi::new("any key")?;
    let client = Client::builder(api).transport(cassette.clone()).build()?;
    assert_eq!(ask(&client, question).await?, recorded);
    assert_eq!(cassette.remaining(), 0);

    if let Err(error) = ask(&client, "Who sculpted Olympia?").await {
        println!("{error}");
    }
    Ok(())
}

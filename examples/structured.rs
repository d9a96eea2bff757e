//! Requests a value of a Rust type, complete and while it is streamed.

use mistral_sdk::Client;
use mistral_sdk::chat::ChatCompletionRequest;
use schemars::JsonSchema;
use serde::Deserialize;

/// A painting in a museum.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default)] // so that a partial value can be parsed
struct Painting {
    title: String,
    artist: String,
    /// The year of completion, if known.
    year: Option<i32>,
    /// The visible details, in a few words each.
    details: Vec<String>,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let client = Client::from_env()?;

    let question = "Describe the best-known painting by Manet.";
    let request = ChatCompletionRequest::new("mistral-small-latest", question);
    let parsed = client.chat().parse::<Painting>(&request).await?;
    println!("{:#?}", parsed.value);
    println!("{:?}", parsed.response.usage);

    let mut stream = client.chat().parse_stream::<Painting>(&request).await?;
    while let Some(event) = stream.next().await {
        if let Some(so_far) = event?.value {
            println!("{:?} by {:?} …", so_far.title, so_far.artist);
        }
    }
    let parsed = stream.collect_parsed().await?;
    println!("{} details", parsed.value.details.len());
    Ok(())
}

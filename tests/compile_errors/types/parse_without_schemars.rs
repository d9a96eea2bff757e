// says: enable the feature `schemars` of `mistral-sdk`

use mistral_sdk::chat::ChatCompletionRequest;
use mistral_sdk::{Client, Result};

#[derive(serde::Deserialize)]
pub struct Painting {
    pub title: String,
}

pub async fn program(client: Client, request: ChatCompletionRequest) -> Result<()> {
    let parsed = client.chat().parse::<Painting>(&request).await?;
    println!("{}", parsed.value.title);
    Ok(())
}

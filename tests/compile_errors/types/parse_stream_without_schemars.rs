// says: enable the feature `schemars` of `mistral-sdk`

use mistral_sdk::agents::AgentsCompletionRequest;
use mistral_sdk::{Client, Result};

#[derive(serde::Deserialize)]
pub struct Painting {
    pub title: String,
}

pub async fn program(client: Client, request: AgentsCompletionRequest) -> Result<()> {
    client.agents().parse_stream::<Painting>(&request).await?;
    Ok(())
}

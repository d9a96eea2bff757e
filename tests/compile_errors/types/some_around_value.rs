// says: expected `f64`, found `Option<

use mistral_sdk::chat::ChatCompletionRequest;
use mistral_sdk::{Client, Result};

pub async fn program(client: Client, request: ChatCompletionRequest) -> Result<()> {
    let request = request.temperature(Some(0.5));
    client.chat().complete(&request).await?;
    Ok(())
}

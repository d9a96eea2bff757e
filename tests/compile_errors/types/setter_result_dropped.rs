// says: takes ownership of the receiver
// says: request.clone()

use mistral_sdk::chat::ChatCompletionRequest;
use mistral_sdk::{Client, Result};

pub async fn program(client: Client, request: ChatCompletionRequest) -> Result<()> {
    request.temperature(0.5);
    client.chat().complete(&request).await?;
    Ok(())
}

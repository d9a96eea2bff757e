// says: use parentheses to call the method

use mistral_sdk::chat::ChatCompletionRequest;
use mistral_sdk::{Client, Result};

pub async fn program(client: Client, request: ChatCompletionRequest) -> Result<()> {
    client.chat.complete(&request).await?;
    Ok(())
}

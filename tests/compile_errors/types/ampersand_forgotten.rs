// says: expected `&ChatCompletionRequest`
// says: consider borrowing here

use mistral_sdk::chat::ChatCompletionRequest;
use mistral_sdk::{Client, Result};

pub async fn program(client: Client, request: ChatCompletionRequest) -> Result<()> {
    client.chat().complete(request).await?;
    Ok(())
}

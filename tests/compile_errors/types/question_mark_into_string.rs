// says: couldn't convert the error to

use mistral_sdk::Client;
use mistral_sdk::chat::ChatCompletionRequest;

pub async fn program(client: Client, request: ChatCompletionRequest) -> Result<(), String> {
    client.chat().complete(&request).await?;
    Ok(())
}

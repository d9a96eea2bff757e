// says: the `?` operator can only be used in
// says: Result

use mistral_sdk::Client;
use mistral_sdk::chat::ChatCompletionRequest;

pub async fn program(client: Client, request: ChatCompletionRequest) {
    client.chat().complete(&request).await?;
}

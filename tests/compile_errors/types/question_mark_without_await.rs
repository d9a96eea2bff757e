// says: the `?` operator can only be applied to values
// says: consider `await`ing on the `Future`

use mistral_sdk::chat::ChatCompletionRequest;
use mistral_sdk::{Client, Result};

pub async fn program(client: Client, request: ChatCompletionRequest) -> Result<()> {
    client.chat().complete(&request)?;
    Ok(())
}

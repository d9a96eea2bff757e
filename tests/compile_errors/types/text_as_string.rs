// says: expected `String`, found `Cow<
// says: to_string

use mistral_sdk::chat::ChatCompletionRequest;
use mistral_sdk::{Client, Result};

pub async fn program(client: Client, request: ChatCompletionRequest) -> Result<()> {
    let response = client.chat().complete(&request).await?;
    let text: String = response.text();
    println!("{text}");
    Ok(())
}

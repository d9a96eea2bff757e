// says: `.await`

use mistral_sdk::chat::ChatCompletionRequest;
use mistral_sdk::{Client, Result};

pub async fn program(client: Client, request: ChatCompletionRequest) -> Result<()> {
    let mut call = client.chat().stream(&request);
    while let Some(chunk) = call.next().await {
        println!("{}", chunk?.text());
    }
    Ok(())
}

// says: while let Some(event) = stream.next().await

use mistral_sdk::chat::ChatCompletionRequest;
use mistral_sdk::{Client, Result};

pub async fn program(client: Client, request: ChatCompletionRequest) -> Result<()> {
    let stream = client.chat().stream(&request).await?;
    for chunk in stream {
        println!("{}", chunk?.text());
    }
    Ok(())
}

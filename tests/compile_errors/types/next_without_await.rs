// says: consider `await`ing on the `Future`

use mistral_sdk::chat::ChatCompletionRequest;
use mistral_sdk::{Client, Result};

pub async fn program(client: Client, request: ChatCompletionRequest) -> Result<()> {
    let mut stream = client.chat().stream(&request).await?;
    while let Some(chunk) = stream.next() {
        println!("{}", chunk?.text());
    }
    Ok(())
}

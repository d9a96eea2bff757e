// says: no method named `text` found
// says: consider `await`ing on the `Future`

use mistral_sdk::Client;
use mistral_sdk::chat::ChatCompletionRequest;

pub async fn program(client: Client, request: ChatCompletionRequest) {
    let response = client.chat().complete(&request);
    println!("{}", response.text());
}

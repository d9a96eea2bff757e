// says: unused
// says: awaited or sent

use mistral_sdk::Client;
use mistral_sdk::chat::ChatCompletionRequest;

pub fn program(client: Client, request: ChatCompletionRequest) {
    client.chat().complete(&request);
}

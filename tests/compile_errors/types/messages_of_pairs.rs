// says: is neither a message nor a list of messages
// says: `Message::system`

use mistral_sdk::chat::ChatCompletionRequest;

pub fn program() -> ChatCompletionRequest {
    ChatCompletionRequest::new("mistral-small-latest", vec![("user", "Hello")])
}

// says: is neither a message nor a list of messages
// says: expected a text, a `Message`, or a list of them

use mistral_sdk::chat::ChatCompletionRequest;

pub fn program() -> ChatCompletionRequest {
    ChatCompletionRequest::new("mistral-small-latest", 5)
}

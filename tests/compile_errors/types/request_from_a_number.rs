// says: is not JSON
// says: expected text, bytes, or a `serde_json::Value`

use mistral_sdk::Result;
use mistral_sdk::chat::ChatCompletionRequest;

pub fn program() -> Result<ChatCompletionRequest> {
    ChatCompletionRequest::from_json(5)
}

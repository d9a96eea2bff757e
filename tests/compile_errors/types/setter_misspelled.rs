// says: there is a method `temperature` with a similar name

use mistral_sdk::chat::ChatCompletionRequest;

pub fn program(request: ChatCompletionRequest) -> ChatCompletionRequest {
    request.temprature(0.5)
}

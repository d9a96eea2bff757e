use mistral_sdk::agents::AgentsCompletionRequest;
use mistral_sdk::chat::ReasoningEffort;

use super::{BuiltRequest, chat, full, part};

#[expect(deprecated, reason = "every field is sent")]
pub(super) fn rows() -> Vec<BuiltRequest> {
    // The fields that agents share with chat requests are built in the same way.
    let chat = chat::chat();
    let mut request = AgentsCompletionRequest::new("ag:1", chat.messages);
    request.top_k = chat.top_k;
    request.max_tokens = chat.max_tokens;
    request.min_tokens = chat.min_tokens;
    request.stop = chat.stop;
    request.random_seed = chat.random_seed;
    request.metadata = chat.metadata;
    request.response_format = chat.response_format;
    request.tools = chat.tools;
    request.tool_choice = chat.tool_choice;
    request.parallel_tool_calls = chat.parallel_tool_calls;
    request.presence_penalty = chat.presence_penalty;
    request.frequency_penalty = chat.frequency_penalty;
    request.repetition_penalty = chat.repetition_penalty;
    request.n = chat.n;
    request.prediction = chat.prediction;
    request.prompt_mode = chat.prompt_mode;
    request.reasoning_effort = Some(ReasoningEffort::High);
    request.guardrails = chat.guardrails;
    request.prompt_cache_key = chat.prompt_cache_key;
    request.service_tier = chat.service_tier;
    request.logprobs = chat.logprobs;
    request.top_logprobs = chat.top_logprobs;
    request.prompt_logprobs = chat.prompt_logprobs;
    request.top_prompt_logprobs = chat.top_prompt_logprobs;
    let conversation = chat::conversation().messages;
    vec![
        full("AgentsCompletionRequest", &request),
        part(
            "AgentsCompletionRequest",
            &AgentsCompletionRequest::new("ag:1", conversation),
        ),
    ]
}

use mistral_sdk::chat::{
    ChatCompletionRequest, GuardrailConfig, ModerationAction, ModerationLlmV1CategoryThresholds,
    ModerationLlmV1Config, ModerationLlmV2CategoryThresholds, ModerationLlmV2Config, Prediction,
    PromptMode, ReasoningEffort, ServiceTier,
};
use mistral_sdk::messages::{
    AssistantMessage, ContentChunk, DocumentUrlChunk, Function, ImageDetail, ImageUrl,
    ImageUrlChunk, Message, ReferenceChunk, ResponseSchema, ThinkChunk, ToolCall, ToolChoice,
    ToolMessage, ToolReferenceChunk, ToolType,
};
use serde_json::json;

use super::{BuiltRequest, full, metadata, part};

pub(super) fn rows() -> Vec<BuiltRequest> {
    vec![
        full("ChatCompletionRequest", &chat()),
        part("ChatCompletionRequest", &conversation()),
    ]
}

#[expect(deprecated, reason = "every field is sent")]
pub(super) fn chat() -> ChatCompletionRequest {
    let schema = ResponseSchema::new("painting", json!({ "type": "object" }))
        .description("A painting.")
        .strict(true);
    let function = Function::new("look_up", json!({ "type": "object" }))
        .description("Looks something up.")
        .strict(true);
    ChatCompletionRequest::new(
        "mistral-small-latest",
        [Message::user("Who painted Olympia?")],
    )
    .temperature(0.3)
    .top_p(0.9)
    .top_k(41)
    .max_tokens(512)
    .min_tokens(7)
    .stop(["END", "STOP"])
    .random_seed(1337)
    .metadata(metadata())
    .response_format(schema)
    .tools([function])
    .tool_choice(ToolChoice::function("look_up"))
    .parallel_tool_calls(false)
    .presence_penalty(0.25)
    .frequency_penalty(-0.5)
    .repetition_penalty(1.1)
    .n(2)
    .prediction(Prediction::content("Manet did."))
    .prompt_mode(PromptMode::Reasoning)
    .reasoning_effort(ReasoningEffort::High)
    .guardrails(guardrails())
    .prompt_cache_key("olympia-1")
    .safe_prompt(true)
    .service_tier(ServiceTier::StandardOnly)
    .logprobs(true)
    .top_logprobs(3)
    .prompt_logprobs(false)
    .top_prompt_logprobs(4)
}

fn guardrails() -> [GuardrailConfig; 2] {
    let v1 = ModerationLlmV1Config::new()
        .model_name("mistral-moderation-2411")
        .custom_category_thresholds(
            ModerationLlmV1CategoryThresholds::new()
                .sexual(0.1)
                .hate_and_discrimination(0.1)
                .violence_and_threats(0.1)
                .dangerous_and_criminal_content(0.1)
                .selfharm(0.1)
                .health(0.1)
                .financial(0.1)
                .law(0.1)
                .pii(0.1),
        )
        .ignore_other_categories(true)
        .action(ModerationAction::None);
    let v2 = ModerationLlmV2Config::new()
        .model_name("mistral-moderation-2603")
        .custom_category_thresholds(
            ModerationLlmV2CategoryThresholds::new()
                .sexual(0.2)
                .hate_and_discrimination(0.2)
                .violence_and_threats(0.2)
                .dangerous(0.2)
                .criminal(0.2)
                .selfharm(0.2)
                .health(0.2)
                .financial(0.2)
                .law(0.2)
                .pii(0.2)
                .jailbreaking(0.2),
        )
        .ignore_other_categories(false)
        .action(ModerationAction::Block);
    let guardrail = GuardrailConfig::new().block_on_error(true);
    [
        guardrail.clone().moderation_llm_v1(v1),
        guardrail.moderation_llm_v2(v2),
    ]
}

/// Every role and every kind of chunk.
pub(super) fn conversation() -> ChatCompletionRequest {
    let mut call = ToolCall::new("aB3dE5gH7", "get_weather", "{\"city\": \"Paris\"}");
    call.kind = Some(ToolType::Function);
    call.index = Some(0);
    let source = ToolReferenceChunk::new("web_search", "Cats")
        .url("https://example.com/cats")
        .favicon("https://example.com/favicon.ico")
        .description("All about cats.");
    let thinking: [ContentChunk; 3] = [
        "Hm.".into(),
        ReferenceChunk::new([1_i64]).into(),
        source.into(),
    ];
    let picture = ImageUrl::new("https://example.com/cat.png").detail(ImageDetail::Low);
    let chunks: [ContentChunk; 7] = [
        "What is all this?".into(),
        ImageUrlChunk::new(picture).into(),
        DocumentUrlChunk::new("https://example.com/report.pdf")
            .document_name("report.pdf")
            .into(),
        ReferenceChunk::new([1_i64, 23]).into(),
        ContentChunk::file("6f1f7a0c-9e0b-4c6e-8a3e-0a4b4f0f9d11"),
        ThinkChunk::new(thinking)
            .closed(false)
            .signature("seal")
            .into(),
        ContentChunk::input_audio("UklGRg=="),
    ];
    let messages = [
        Message::system("Be brief."),
        Message::user(chunks),
        AssistantMessage::new()
            .content("Let me see.")
            .tool_calls([call])
            .prefix(false)
            .into(),
        ToolMessage::new("21 °C")
            .tool_call_id("aB3dE5gH7")
            .name("get_weather")
            .into(),
    ];
    ChatCompletionRequest::new("mistral-small-latest", messages)
}

//! The requests of the golden files, built by the public API.

use mistral_core::chat::{
    ChatCompletionRequest, GuardrailConfig, ModerationAction, ModerationLlmV1CategoryThresholds,
    ModerationLlmV1Config, ModerationLlmV2CategoryThresholds, ModerationLlmV2Config, Prediction,
    PromptMode, ReasoningEffort, ServiceTier,
};
use mistral_core::embeddings::{EmbeddingDtype, EmbeddingRequest, EncodingFormat};
use mistral_core::messages::{
    ApiKeyAuth, Arguments, AssistantMessage, CodeInterpreterTool, Content, ContentChunk,
    CustomConnector, DocumentLibraryTool, DocumentUrlChunk, Function, FunctionTool, ImageDetail,
    ImageGenerationTool, ImageUrl, ImageUrlChunk, Message, OAuth2TokenAuth, ReferenceChunk,
    ReferenceId, ResourceChunk, ResourceLinkChunk, ResponseFormat, ResponseSchema, SystemMessage,
    TextChunk, ThinkChunk, Tool, ToolCall, ToolChoice, ToolChoiceEnum, ToolConfiguration,
    ToolMessage, ToolReferenceChunk, ToolType, UserMessage, WebSearchPremiumTool, WebSearchTool,
};
use serde_json::{Map, Value, json};

use crate::common::question;

fn object(value: Value) -> Map<String, Value> {
    serde_json::from_value(value).unwrap()
}

/// A request with every field set, each to a value of its own.
#[expect(deprecated, reason = "every field is sent")]
fn full() -> ChatCompletionRequest {
    let v1 = ModerationLlmV1Config::new()
        .model_name("mistral-moderation-2411")
        .custom_category_thresholds(
            ModerationLlmV1CategoryThresholds::new()
                .sexual(0.11)
                .hate_and_discrimination(0.12)
                .violence_and_threats(0.13)
                .dangerous_and_criminal_content(0.14)
                .selfharm(0.15)
                .health(0.16)
                .financial(0.17)
                .law(0.18)
                .pii(0.19),
        )
        .ignore_other_categories(true)
        .action(ModerationAction::None);
    let v2 = ModerationLlmV2Config::new()
        .model_name("mistral-moderation-2603")
        .custom_category_thresholds(
            ModerationLlmV2CategoryThresholds::new()
                .sexual(0.21)
                .hate_and_discrimination(0.22)
                .violence_and_threats(0.23)
                .dangerous(0.24)
                .criminal(0.25)
                .selfharm(0.26)
                .health(0.27)
                .financial(0.28)
                .law(0.29)
                .pii(0.31)
                .jailbreaking(0.32),
        )
        .ignore_other_categories(false)
        .action(ModerationAction::Block);
    let messages = [
        Message::system("Be brief."),
        Message::user("Who painted Olympia?"),
    ];
    ChatCompletionRequest::new("mistral-medium-latest", messages)
        .temperature(0.3)
        .top_p(0.9)
        .top_k(41)
        .max_tokens(512)
        .min_tokens(7)
        .stop(["END", "STOP"])
        .random_seed(1337)
        .metadata(object(
            json!({ "team": "search", "run": 12, "tags": ["a", "b"] }),
        ))
        .response_format(ResponseFormat::json_object())
        .tools([Function::new("look_up", json!({ "type": "object" }))])
        .tool_choice(ToolChoiceEnum::Any)
        .parallel_tool_calls(false)
        .presence_penalty(0.25)
        .frequency_penalty(-0.5)
        .repetition_penalty(1.1)
        .n(2)
        .prediction(Prediction::content("Manet did."))
        .prompt_mode(PromptMode::Reasoning)
        .reasoning_effort(ReasoningEffort::High)
        .guardrails([
            GuardrailConfig::new()
                .block_on_error(true)
                .moderation_llm_v1(v1),
            GuardrailConfig::new()
                .block_on_error(false)
                .moderation_llm_v2(v2),
        ])
        .prompt_cache_key("olympia-1")
        .safe_prompt(true)
        .service_tier(ServiceTier::StandardOnly)
        .logprobs(true)
        .top_logprobs(3)
        .prompt_logprobs(false)
        .top_prompt_logprobs(4)
}

fn roles() -> ChatCompletionRequest {
    let call = |id: &str, index, arguments: Arguments| {
        let mut call = ToolCall::new(id, "get_weather", arguments);
        call.kind = Some(ToolType::Function);
        call.index = Some(index);
        call
    };
    let calls = [
        call("aB3dE5gH7", 0, "{\"city\": \"Paris\"}".into()),
        call("kL9mN1pQ2", 1, object(json!({ "city": "Rome" })).into()),
    ];
    let thoughts = ThinkChunk::new([TextChunk::new("(thoughts)")]);
    let messages = [
        Message::system("Be brief."),
        SystemMessage::new([ContentChunk::text("Think first:"), thoughts.into()]).into(),
        Message::user("Weather in Paris and Rome?"),
        AssistantMessage::new()
            .content(Content::Null)
            .tool_calls(calls)
            .into(),
        ToolMessage::new("21 °C")
            .tool_call_id("aB3dE5gH7")
            .name("get_weather")
            .into(),
        Message::tool(
            "kL9mN1pQ2",
            [
                ContentChunk::text("24 °C"),
                ReferenceChunk::new([7_i64]).into(),
            ],
        ),
        ToolMessage::new(Content::Null).into(),
        Message::assistant([ContentChunk::text("Warm.")]),
        AssistantMessage::new()
            .tool_calls(Vec::<ToolCall>::new())
            .into(),
        UserMessage::new([ContentChunk::text("Go on.")]).into(),
        AssistantMessage::new().content("It is").prefix(true).into(),
    ];
    ChatCompletionRequest::new("m", messages)
}

fn tools() -> ChatCompletionRequest {
    let parameters = json!({
        "type": "object",
        "properties": { "city": { "type": "string" } },
        "required": ["city"],
        "additionalProperties": false,
    });
    let weather = Function::new("get_weather", parameters)
        .description("Says what the weather is like.")
        .strict(true);
    let setting = ToolConfiguration::new;
    let tools: [Tool; 15] = [
        weather.into(),
        WebSearchTool::new()
            .tool_configuration(
                setting()
                    .exclude(["open_url"])
                    .include(["search"])
                    .requires_confirmation(["search", "open_url"]),
            )
            .into(),
        WebSearchPremiumTool::new()
            .tool_configuration(setting().include(["news"]))
            .into(),
        CodeInterpreterTool::new()
            .tool_configuration(setting().exclude(Vec::<String>::new()))
            .into(),
        ImageGenerationTool::new()
            .tool_configuration(setting().requires_confirmation(["draw"]))
            .into(),
        DocumentLibraryTool::new(["lib-1", "lib-2"])
            .tool_configuration(setting().include(["read"]))
            .into(),
        CustomConnector::new("github")
            .authorization(ApiKeyAuth::new("key-of-github"))
            .tool_configuration(setting().exclude(["delete"]))
            .into(),
        CustomConnector::new("calendar")
            .authorization(OAuth2TokenAuth::new("token-of-calendar"))
            .into(),
        WebSearchTool::new().into(),
        WebSearchPremiumTool::new().into(),
        CodeInterpreterTool::new().into(),
        ImageGenerationTool::new().into(),
        DocumentLibraryTool::new(Vec::<String>::new()).into(),
        CustomConnector::new("open").into(),
        FunctionTool::new(Function::new("bare", json!({}))).into(),
    ];
    question().tools(tools)
}

fn chunks() -> ChatCompletionRequest {
    let thinking: [ContentChunk; 3] = [
        "A cat, ".into(),
        ReferenceChunk::new([4_i64]).into(),
        ToolReferenceChunk::new("web_search", "Cats")
            .url("https://example.com/cats")
            .favicon("https://example.com/favicon.ico")
            .description("All about cats.")
            .into(),
    ];
    let metadata = json!({ "size": 12, "score": 0.5, "public": true, "author": "Ada" });
    let chunks: [ContentChunk; 17] = [
        "What is all this?".into(),
        ContentChunk::image_url("https://example.com/cat.png"),
        ImageUrlChunk::new(
            ImageUrl::new("data:image/png;base64,iVBORw0KGgo=").detail(ImageDetail::Low),
        )
        .into(),
        ImageUrlChunk::new(ImageUrl::new("https://example.com/dog.png")).into(),
        DocumentUrlChunk::new("https://example.com/report.pdf")
            .document_name("report.pdf")
            .into(),
        ContentChunk::document_url("data:application/pdf;base64,JVBERi0="),
        ReferenceChunk::new([1_i64, 23]).into(),
        ReferenceChunk::new([ReferenceId::from("a1"), 2.into(), "b3".into()]).into(),
        ContentChunk::file("6f1f7a0c-9e0b-4c6e-8a3e-0a4b4f0f9d11"),
        ThinkChunk::new(thinking)
            .closed(false)
            .signature("c2VhbA==")
            .into(),
        ThinkChunk::new(Vec::<ContentChunk>::new()).into(),
        ContentChunk::input_audio("UklGRg=="),
        ResourceChunk::new("mcp://notes/1", Box::new("A note.".into())).into(),
        ResourceChunk::new(
            "mcp://pictures/1",
            Box::new(ContentChunk::image_url("https://example.com/owl.png")),
        )
        .into(),
        ResourceLinkChunk::new("mcp://notes/2")
            .metadata(object(metadata))
            .into(),
        ResourceLinkChunk::new("mcp://notes/3").into(),
        ToolReferenceChunk::new("mistral_mcp", "Notes").into(),
    ];
    ChatCompletionRequest::new("m", [Message::user(chunks)])
}

fn painting() -> ResponseSchema {
    let schema = json!({
        "type": "object",
        "properties": { "title": { "type": "string" }, "year": { "type": "integer" } },
        "required": ["title", "year"],
        "additionalProperties": false,
    });
    ResponseSchema::new("painting", schema)
        .description("A painting and its year.")
        .strict(true)
}

pub(crate) fn chat_requests() -> Vec<(&'static str, ChatCompletionRequest)> {
    let choice = |choice: ToolChoiceEnum| question().tool_choice(choice);
    let format = |format: ResponseFormat| question().response_format(format);
    vec![
        ("minimal", question()),
        ("full", full()),
        ("stop", question().stop("END")),
        ("roles", roles()),
        ("tools", tools()),
        ("chunks", chunks()),
        ("tool_choice.auto", choice(ToolChoiceEnum::Auto)),
        ("tool_choice.none", choice(ToolChoiceEnum::None)),
        ("tool_choice.any", choice(ToolChoiceEnum::Any)),
        ("tool_choice.required", choice(ToolChoiceEnum::Required)),
        (
            "tool_choice.function",
            question().tool_choice(ToolChoice::function("get_weather")),
        ),
        ("response_format.text", format(ResponseFormat::text())),
        (
            "response_format.json_object",
            format(ResponseFormat::json_object()),
        ),
        ("response_format.json_schema", format(painting().into())),
    ]
}

pub(crate) fn embedding_requests() -> [(&'static str, EmbeddingRequest); 2] {
    let full = EmbeddingRequest::new("codestral-embed", ["a cat", "a dog"])
        .output_dimension(256)
        .output_dtype(EmbeddingDtype::Int8)
        .encoding_format(EncodingFormat::Base64)
        .metadata(object(json!({ "team": "search", "run": 12 })));
    [
        ("minimal", EmbeddingRequest::new("mistral-embed", "a cat")),
        ("full", full),
    ]
}

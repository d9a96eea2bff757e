//! The intended differences between the SDK and the OpenAPI document, each with its reason. All
//! are printed, and an exception that is not needed is a failure.

/// Whether the operations of this tag are in the scope of the SDK.
pub(crate) fn in_scope(tag: &str) -> bool {
    let tag = tag.strip_prefix("deprecated.").unwrap_or(tag);
    const TAGS: [&str; 10] = [
        "models",
        "files",
        "fine-tuning",
        "batch",
        "chat",
        "fim",
        "agents",
        "embeddings",
        "classifiers",
        "ocr",
    ];
    TAGS.contains(&tag) || tag.starts_with("audio.")
}

/// Errors in the OpenAPI document: schemas (below `components/schemas`) that require a property
/// they do not define.
pub(crate) const REQUIRED_BUT_UNDEFINED: &[(&str, &str, &str)] = &[(
    "ChatCompletionResponse/allOf/1",
    "data",
    "required, but defined nowhere",
)];

/// The subject of an exception, and its reason.
pub(crate) type Exception = (&'static str, &'static str);

const STREAM: &str = "`complete` and `stream` are two methods: the call sets it";
const NEWER: &str = "in the official SDK, which is newer than the OpenAPI document";

const UNKNOWN: &str = "clients must accept unknown fields";

/// Properties of requests that have no field in the SDK.
pub(crate) const NO_FIELD: &[Exception] = &[
    ("AgentsCompletionRequest.stream", STREAM),
    ("AudioTranscriptionRequest.stream", STREAM),
    ("ChatCompletionRequest.stream", STREAM),
    ("FIMCompletionRequest.stream", STREAM),
    ("SpeechRequest.stream", STREAM),
];

/// Fields of requests, and query parameters (`GET /path?name`), that the OpenAPI document does
/// not have.
pub(crate) const BEYOND: &[Exception] = &[
    ("AgentsCompletionRequest.guardrails", NEWER),
    ("AgentsCompletionRequest.logprobs", NEWER),
    ("AgentsCompletionRequest.min_tokens", NEWER),
    ("AgentsCompletionRequest.prompt_logprobs", NEWER),
    ("AgentsCompletionRequest.repetition_penalty", NEWER),
    ("AgentsCompletionRequest.service_tier", NEWER),
    ("AgentsCompletionRequest.top_k", NEWER),
    ("AgentsCompletionRequest.top_logprobs", NEWER),
    ("AgentsCompletionRequest.top_prompt_logprobs", NEWER),
    ("AudioTranscriptionRequest.speaker_references", NEWER),
    ("AudioTranscriptionRequestStream.speaker_references", NEWER),
    ("VoiceUpdateRequest.description", NEWER),
    ("VoiceUpdateRequest.retention_notice", NEWER),
    ("ChatCompletionRequest.logprobs", NEWER),
    ("ChatCompletionRequest.min_tokens", NEWER),
    ("ChatCompletionRequest.prompt_logprobs", NEWER),
    ("ChatCompletionRequest.repetition_penalty", NEWER),
    ("ChatCompletionRequest.service_tier", NEWER),
    ("ChatCompletionRequest.top_k", NEWER),
    ("ChatCompletionRequest.top_logprobs", NEWER),
    ("ChatCompletionRequest.top_prompt_logprobs", NEWER),
    ("GET /v1/audio/voices?type", NEWER),
    ("SpeechRequest.conversation_history", NEWER),
    ("SpeechRequest.expressiveness", NEWER),
    ("SpeechRequest.metadata", NEWER),
    ("SpeechRequest.phoneme_hints", NEWER),
    ("SpeechRequest.prompt_cache_key", NEWER),
    ("ThinkChunk.signature", NEWER),
    ("VoiceCreateRequest.description", NEWER),
];

/// Endpoints of operations that the OpenAPI document does not have, as `POST /path`.
pub(crate) const ENDPOINTS_BEYOND: &[Exception] = &[
    ("DELETE /v1/batch/jobs/{job_id}", NEWER),
    ("GET /v2/audio/voices", NEWER),
];

/// Properties and union members of responses that the types keep without modelling them.
pub(crate) const UNMODELLED: &[Exception] = &[
    ("AgentsCompletionRequest: the field `stream`", STREAM),
    ("ChatCompletionRequest: the field `stream`", STREAM),
    ("FIMCompletionRequest: the field `stream`", STREAM),
    ("SpeechRequest: the field `stream`", STREAM),
];

/// Fields of the emulator's responses that the OpenAPI document does not have.
pub(crate) const EMULATOR_BEYOND: &[Exception] = &[
    (
        "CompletionChunk.p",
        "padding, which hides how long a chunk is",
    ),
    ("ModelCapabilities.audio_speech", NEWER),
    ("ModelCapabilities.audio_transcription_realtime", NEWER),
    ("ModelCapabilities.reasoning", NEWER),
    ("ModelCapabilities.unified_resources", NEWER),
    (
        "PromptTokensDetails.audio_tokens",
        "in responses of the real server to recordings",
    ),
    ("UsageInfo.completion_tokens_details", UNKNOWN),
    ("UsageInfo.request_count", UNKNOWN),
    ("UsageInfo.service_tier", NEWER),
    ("VoiceResponse.description", NEWER),
    ("VoiceResponse.kind", NEWER),
    ("VoiceResponse.trimmed_seconds", NEWER),
    ("VoiceResponse.type", NEWER),
];

//! The fields of chat and agent requests.

use super::fields::{Field, INTEGER, NUMBER, Type, UNSIGNED, optional, required};

/// Bounds the memory that a request can occupy.
const MAX_CHOICES: i64 = 128;

pub(crate) static CHAT: &[Field] = &[
    required("model", Type::String),
    required("messages", Type::Array(0, &MESSAGE)),
    optional("temperature", Type::Number(0.0, 1.5)),
    optional("top_p", Type::Number(0.0, 1.0)),
    optional("top_k", UNSIGNED),
    optional("max_tokens", UNSIGNED),
    optional("min_tokens", UNSIGNED),
    optional("stream", Type::Boolean),
    optional("stream_options", STREAM_OPTIONS),
    optional("stop", STRING_OR_STRINGS),
    optional("random_seed", UNSIGNED),
    optional("metadata", Type::AnyObject),
    optional("response_format", Type::Object(RESPONSE_FORMAT)),
    optional("tools", Type::Array(0, &TOOL)),
    optional("tool_choice", TOOL_CHOICE),
    optional("presence_penalty", Type::Number(-2.0, 2.0)),
    optional("frequency_penalty", Type::Number(-2.0, 2.0)),
    optional("repetition_penalty", NUMBER),
    optional("n", Type::Integer(1, MAX_CHOICES)),
    optional("prediction", PREDICTION),
    optional("parallel_tool_calls", Type::Boolean),
    optional("prompt_mode", Type::Enum(&["reasoning"])),
    optional("reasoning_effort", REASONING_EFFORT),
    optional("guardrails", Type::Array(0, &GUARDRAIL)),
    optional("prompt_cache_key", Type::String),
    optional("safe_prompt", Type::Boolean),
    optional("service_tier", Type::Enum(&["auto", "standard_only"])),
    optional("logprobs", Type::Boolean),
    optional("top_logprobs", Type::Integer(0, 128)),
    optional("prompt_logprobs", Type::Boolean),
    optional("top_prompt_logprobs", Type::Integer(0, 128)),
    // The guide to documents in conversations sends these two.
    optional("document_image_limit", UNSIGNED),
    optional("document_page_limit", UNSIGNED),
];

/// The model and the sampling settings belong to the agent.
pub(crate) static AGENTS: &[Field] = &[
    required("agent_id", Type::String),
    required("messages", Type::Array(0, &MESSAGE)),
    optional("top_k", UNSIGNED),
    optional("max_tokens", UNSIGNED),
    optional("min_tokens", UNSIGNED),
    optional("stream", Type::Boolean),
    optional("stop", STRING_OR_STRINGS),
    optional("random_seed", UNSIGNED),
    optional("metadata", Type::AnyObject),
    optional("response_format", Type::Object(RESPONSE_FORMAT)),
    optional("tools", Type::Array(0, &TOOL)),
    optional("tool_choice", TOOL_CHOICE),
    optional("presence_penalty", Type::Number(-2.0, 2.0)),
    optional("frequency_penalty", Type::Number(-2.0, 2.0)),
    optional("repetition_penalty", NUMBER),
    optional("n", Type::Integer(1, MAX_CHOICES)),
    optional("prediction", PREDICTION),
    optional("parallel_tool_calls", Type::Boolean),
    optional("prompt_mode", Type::Enum(&["reasoning"])),
    optional("reasoning_effort", REASONING_EFFORT),
    optional("guardrails", Type::Array(0, &GUARDRAIL)),
    optional("prompt_cache_key", Type::String),
    optional("service_tier", Type::Enum(&["auto", "standard_only"])),
    optional("logprobs", Type::Boolean),
    optional("top_logprobs", Type::Integer(0, 128)),
    optional("prompt_logprobs", Type::Boolean),
    optional("top_prompt_logprobs", Type::Integer(0, 128)),
    // The guide to documents in conversations sends these two.
    optional("document_image_limit", UNSIGNED),
    optional("document_page_limit", UNSIGNED),
];

/// A string or an array of strings.
pub(crate) const STRING_OR_STRINGS: Type =
    Type::AnyOf(&[Type::String, Type::Array(0, &Type::String)]);

const TOOL_CHOICE: Type = Type::AnyOf(&[
    Type::Enum(&["auto", "none", "any", "required"]),
    Type::Object(&[
        optional("type", Type::Enum(&["function"])),
        required("function", Type::Object(&[required("name", Type::String)])),
    ]),
]);

/// Changes nothing: the last chunk of a stream always has the usage. The reference does not list it,
/// but Mistral's own client for the terminal sends both members.
const STREAM_OPTIONS: Type = Type::Object(&[
    optional("include_usage", Type::Boolean),
    optional("stream_tool_calls", Type::Boolean),
]);

pub(super) const PREDICTION: Type = Type::Object(&[
    optional("type", Type::Enum(&["content"])),
    optional("content", Type::String),
]);

pub(super) const REASONING_EFFORT: Type =
    Type::Enum(&["none", "minimal", "low", "medium", "high", "xhigh", "max"]);

pub(crate) static MESSAGE: Type = Type::Union {
    tag: "role",
    default: None,
    variants: &[
        (
            "system",
            &[required(
                "content",
                Type::AnyOf(&[Type::String, Type::Array(0, &SYSTEM_CHUNK)]),
            )],
        ),
        ("user", &[required("content", NULLABLE_CONTENT)]),
        (
            "assistant",
            &[
                optional("content", CONTENT),
                optional("tool_calls", Type::Array(0, &Type::Object(TOOL_CALL))),
                optional("prefix", Type::Boolean),
            ],
        ),
        (
            "tool",
            &[
                required("content", NULLABLE_CONTENT),
                optional("tool_call_id", Type::String),
                optional("name", Type::String),
            ],
        ),
    ],
};

const CONTENT: Type = Type::AnyOf(&[Type::String, Type::Array(0, &CHUNK)]);
const NULLABLE_CONTENT: Type = Type::AnyOf(&[Type::String, Type::Array(0, &CHUNK), Type::Null]);

static TOOL_CALL: &[Field] = &[
    optional("id", Type::String),
    optional("type", Type::Enum(&["function"])),
    optional("index", INTEGER),
    required(
        "function",
        Type::Object(&[
            required("name", Type::String),
            required("arguments", Type::AnyOf(&[Type::String, Type::AnyObject])),
        ]),
    ),
];

pub(super) type Variant = (&'static str, &'static [Field]);

pub(super) const TEXT: Variant = ("text", &[required("text", Type::String)]);
pub(super) const IMAGE_URL: Variant = (
    "image_url",
    &[required(
        "image_url",
        Type::AnyOf(&[
            Type::String,
            Type::Object(&[
                required("url", Type::String),
                optional("detail", Type::Enum(&["low", "auto", "high"])),
            ]),
        ]),
    )],
);
const REFERENCE: Variant = (
    "reference",
    &[required(
        "reference_ids",
        Type::Array(0, &Type::AnyOf(&[INTEGER, Type::String])),
    )],
);
pub(super) const THINKING: Variant = (
    "thinking",
    &[
        required("thinking", Type::Array(0, &THOUGHT)),
        optional("closed", Type::Boolean),
        optional("signature", Type::String),
    ],
);

static THOUGHT: Type = Type::Union {
    tag: "type",
    default: Some("text"),
    variants: &[
        TEXT,
        REFERENCE,
        (
            "tool_reference",
            &[
                required("tool", Type::String),
                required("title", Type::String),
                optional("url", Type::String),
                optional("favicon", Type::String),
                optional("description", Type::String),
            ],
        ),
    ],
};

static SYSTEM_CHUNK: Type = Type::Union {
    tag: "type",
    default: None,
    variants: &[TEXT, THINKING],
};

static CHUNK: Type = Type::Union {
    tag: "type",
    default: None,
    variants: &[
        TEXT,
        IMAGE_URL,
        REFERENCE,
        THINKING,
        (
            "document_url",
            &[
                required("document_url", Type::String),
                optional("document_name", Type::String),
            ],
        ),
        ("file", &[required("file_id", Type::String)]),
        ("input_audio", &[required("input_audio", Type::String)]),
        (
            "resource",
            &[
                required("uri", Type::String),
                required(
                    "content",
                    Type::Union {
                        tag: "type",
                        default: None,
                        variants: &[TEXT, IMAGE_URL],
                    },
                ),
            ],
        ),
        (
            "resource_link",
            &[
                required("uri", Type::String),
                optional("metadata", Type::AnyObject),
            ],
        ),
    ],
};

pub(crate) static RESPONSE_FORMAT: &[Field] = &[
    optional("type", Type::Enum(&["text", "json_object", "json_schema"])),
    optional(
        "json_schema",
        Type::Object(&[
            required("name", Type::String),
            required("schema", Type::AnyObject),
            optional("description", Type::String),
            optional("strict", Type::Boolean),
        ]),
    ),
];

const TOOL_CONFIGURATION: Field = optional(
    "tool_configuration",
    Type::Object(&[
        optional("exclude", Type::Array(0, &Type::String)),
        optional("include", Type::Array(0, &Type::String)),
        optional("requires_confirmation", Type::Array(0, &Type::String)),
    ]),
);

pub(super) static TOOL: Type = Type::Union {
    tag: "type",
    default: Some("function"),
    variants: &[
        (
            "function",
            &[required(
                "function",
                Type::Object(&[
                    required("name", Type::String),
                    required("parameters", Type::AnyObject),
                    optional("description", Type::String),
                    optional("strict", Type::Boolean),
                ]),
            )],
        ),
        ("web_search", &[TOOL_CONFIGURATION]),
        ("web_search_premium", &[TOOL_CONFIGURATION]),
        ("code_interpreter", &[TOOL_CONFIGURATION]),
        ("image_generation", &[TOOL_CONFIGURATION]),
        (
            "document_library",
            &[
                required("library_ids", Type::Array(1, &Type::String)),
                TOOL_CONFIGURATION,
            ],
        ),
        (
            "connector",
            &[
                required("connector_id", Type::String),
                optional(
                    "authorization",
                    Type::Union {
                        tag: "type",
                        default: None,
                        variants: &[
                            ("api-key", &[required("value", Type::String)]),
                            ("oauth2-token", &[required("value", Type::String)]),
                        ],
                    },
                ),
                TOOL_CONFIGURATION,
            ],
        ),
    ],
};

pub(super) static GUARDRAIL: Type = Type::OpenObject(&[
    optional("block_on_error", Type::Boolean),
    optional("moderation_llm_v1", MODERATION),
    optional("moderation_llm_v2", MODERATION),
]);

const MODERATION: Type = Type::OpenObject(&[
    optional("model_name", Type::String),
    optional("action", Type::Enum(&["none", "block"])),
    optional("ignore_other_categories", Type::Boolean),
    optional("custom_category_thresholds", Type::AnyObject),
]);

//! What the server takes in a request of chat or an agent: every object, field by field.

use super::fields::{COUNT, Field, INTEGER, Kind, NUMBER, optional, required};

/// More choices than this would only fill memory.
const MOST_CHOICES: i64 = 128;

pub(crate) static CHAT: &[Field] = &[
    required("model", Kind::Text),
    required("messages", Kind::List(0, &MESSAGE)),
    optional("temperature", Kind::Number(0.0, 1.5)),
    optional("top_p", Kind::Number(0.0, 1.0)),
    optional("top_k", COUNT),
    optional("max_tokens", COUNT),
    optional("min_tokens", COUNT),
    optional("stream", Kind::Flag),
    optional("stop", TEXTS),
    optional("random_seed", COUNT),
    optional("metadata", Kind::Map),
    optional("response_format", Kind::Record(RESPONSE_FORMAT)),
    optional("tools", Kind::List(0, &TOOL)),
    optional("tool_choice", TOOL_CHOICE),
    optional("presence_penalty", Kind::Number(-2.0, 2.0)),
    optional("frequency_penalty", Kind::Number(-2.0, 2.0)),
    optional("repetition_penalty", NUMBER),
    optional("n", Kind::Integer(1, MOST_CHOICES)),
    optional("prediction", PREDICTION),
    optional("parallel_tool_calls", Kind::Flag),
    optional("prompt_mode", Kind::Choice(&["reasoning"])),
    optional("reasoning_effort", REASONING_EFFORT),
    optional("guardrails", Kind::List(0, &GUARDRAIL)),
    optional("prompt_cache_key", Kind::Text),
    optional("safe_prompt", Kind::Flag),
    optional("service_tier", Kind::Choice(&["auto", "standard_only"])),
    optional("logprobs", Kind::Flag),
    optional("top_logprobs", Kind::Integer(0, 128)),
    optional("prompt_logprobs", Kind::Flag),
    optional("top_prompt_logprobs", Kind::Integer(0, 128)),
];

/// An agent has a model, and with it a temperature, of its own.
pub(crate) static AGENTS: &[Field] = &[
    required("agent_id", Kind::Text),
    required("messages", Kind::List(0, &MESSAGE)),
    optional("top_k", COUNT),
    optional("max_tokens", COUNT),
    optional("min_tokens", COUNT),
    optional("stream", Kind::Flag),
    optional("stop", TEXTS),
    optional("random_seed", COUNT),
    optional("metadata", Kind::Map),
    optional("response_format", Kind::Record(RESPONSE_FORMAT)),
    optional("tools", Kind::List(0, &TOOL)),
    optional("tool_choice", TOOL_CHOICE),
    optional("presence_penalty", Kind::Number(-2.0, 2.0)),
    optional("frequency_penalty", Kind::Number(-2.0, 2.0)),
    optional("repetition_penalty", NUMBER),
    optional("n", Kind::Integer(1, MOST_CHOICES)),
    optional("prediction", PREDICTION),
    optional("parallel_tool_calls", Kind::Flag),
    optional("prompt_mode", Kind::Choice(&["reasoning"])),
    optional("reasoning_effort", REASONING_EFFORT),
    optional("guardrails", Kind::List(0, &GUARDRAIL)),
    optional("prompt_cache_key", Kind::Text),
    optional("service_tier", Kind::Choice(&["auto", "standard_only"])),
    optional("logprobs", Kind::Flag),
    optional("top_logprobs", Kind::Integer(0, 128)),
    optional("prompt_logprobs", Kind::Flag),
    optional("top_prompt_logprobs", Kind::Integer(0, 128)),
];

/// One text or a list of texts.
pub(crate) const TEXTS: Kind = Kind::AnyOf(&[Kind::Text, Kind::List(0, &Kind::Text)]);

const TOOL_CHOICE: Kind = Kind::AnyOf(&[
    Kind::Choice(&["auto", "none", "any", "required"]),
    Kind::Record(&[
        optional("type", Kind::Choice(&["function"])),
        required("function", Kind::Record(&[required("name", Kind::Text)])),
    ]),
]);

const PREDICTION: Kind = Kind::Record(&[
    optional("type", Kind::Choice(&["content"])),
    optional("content", Kind::Text),
]);

const REASONING_EFFORT: Kind =
    Kind::Choice(&["none", "minimal", "low", "medium", "high", "xhigh", "max"]);

pub(crate) static MESSAGE: Kind = Kind::Tagged {
    tag: "role",
    default: None,
    variants: &[
        (
            "system",
            &[required(
                "content",
                Kind::AnyOf(&[Kind::Text, Kind::List(0, &SYSTEM_CHUNK)]),
            )],
        ),
        ("user", &[required("content", NULLABLE_CONTENT)]),
        (
            "assistant",
            &[
                optional("content", CONTENT),
                optional("tool_calls", Kind::List(0, &Kind::Record(TOOL_CALL))),
                optional("prefix", Kind::Flag),
            ],
        ),
        (
            "tool",
            &[
                required("content", NULLABLE_CONTENT),
                optional("tool_call_id", Kind::Text),
                optional("name", Kind::Text),
            ],
        ),
    ],
};

const CONTENT: Kind = Kind::AnyOf(&[Kind::Text, Kind::List(0, &CHUNK)]);
const NULLABLE_CONTENT: Kind = Kind::AnyOf(&[Kind::Text, Kind::List(0, &CHUNK), Kind::Null]);

static TOOL_CALL: &[Field] = &[
    optional("id", Kind::Text),
    optional("type", Kind::Choice(&["function"])),
    optional("index", INTEGER),
    required(
        "function",
        Kind::Record(&[
            required("name", Kind::Text),
            required("arguments", Kind::AnyOf(&[Kind::Text, Kind::Map])),
        ]),
    ),
];

type Variant = (&'static str, &'static [Field]);

const TEXT: Variant = ("text", &[required("text", Kind::Text)]);
const IMAGE_URL: Variant = (
    "image_url",
    &[required(
        "image_url",
        Kind::AnyOf(&[
            Kind::Text,
            Kind::Record(&[
                required("url", Kind::Text),
                optional("detail", Kind::Choice(&["low", "auto", "high"])),
            ]),
        ]),
    )],
);
const REFERENCE: Variant = (
    "reference",
    &[required(
        "reference_ids",
        Kind::List(0, &Kind::AnyOf(&[INTEGER, Kind::Text])),
    )],
);
const THINKING: Variant = (
    "thinking",
    &[
        required("thinking", Kind::List(0, &THOUGHT)),
        optional("closed", Kind::Flag),
        optional("signature", Kind::Text),
    ],
);

static THOUGHT: Kind = Kind::Tagged {
    tag: "type",
    default: Some("text"),
    variants: &[
        TEXT,
        REFERENCE,
        (
            "tool_reference",
            &[
                required("tool", Kind::Text),
                required("title", Kind::Text),
                optional("url", Kind::Text),
                optional("favicon", Kind::Text),
                optional("description", Kind::Text),
            ],
        ),
    ],
};

static SYSTEM_CHUNK: Kind = Kind::Tagged {
    tag: "type",
    default: None,
    variants: &[TEXT, THINKING],
};

static CHUNK: Kind = Kind::Tagged {
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
                required("document_url", Kind::Text),
                optional("document_name", Kind::Text),
            ],
        ),
        ("file", &[required("file_id", Kind::Text)]),
        ("input_audio", &[required("input_audio", Kind::Text)]),
        (
            "resource",
            &[
                required("uri", Kind::Text),
                required(
                    "content",
                    Kind::Tagged {
                        tag: "type",
                        default: None,
                        variants: &[TEXT, IMAGE_URL],
                    },
                ),
            ],
        ),
        (
            "resource_link",
            &[required("uri", Kind::Text), optional("metadata", Kind::Map)],
        ),
    ],
};

pub(crate) static RESPONSE_FORMAT: &[Field] = &[
    optional(
        "type",
        Kind::Choice(&["text", "json_object", "json_schema"]),
    ),
    optional(
        "json_schema",
        Kind::Record(&[
            required("name", Kind::Text),
            required("schema", Kind::Map),
            optional("description", Kind::Text),
            optional("strict", Kind::Flag),
        ]),
    ),
];

const TOOL_CONFIGURATION: Field = optional(
    "tool_configuration",
    Kind::Record(&[
        optional("exclude", Kind::List(0, &Kind::Text)),
        optional("include", Kind::List(0, &Kind::Text)),
        optional("requires_confirmation", Kind::List(0, &Kind::Text)),
    ]),
);

static TOOL: Kind = Kind::Tagged {
    tag: "type",
    default: Some("function"),
    variants: &[
        (
            "function",
            &[required(
                "function",
                Kind::Record(&[
                    required("name", Kind::Text),
                    required("parameters", Kind::Map),
                    optional("description", Kind::Text),
                    optional("strict", Kind::Flag),
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
                required("library_ids", Kind::List(0, &Kind::Text)),
                TOOL_CONFIGURATION,
            ],
        ),
        (
            "connector",
            &[
                required("connector_id", Kind::Text),
                optional(
                    "authorization",
                    Kind::Tagged {
                        tag: "type",
                        default: None,
                        variants: &[
                            ("api-key", &[required("value", Kind::Text)]),
                            ("oauth2-token", &[required("value", Kind::Text)]),
                        ],
                    },
                ),
                TOOL_CONFIGURATION,
            ],
        ),
    ],
};

static GUARDRAIL: Kind = Kind::OpenRecord(&[
    optional("block_on_error", Kind::Flag),
    optional("moderation_llm_v1", MODERATION),
    optional("moderation_llm_v2", MODERATION),
]);

const MODERATION: Kind = Kind::OpenRecord(&[
    optional("model_name", Kind::Text),
    optional("action", Kind::Choice(&["none", "block"])),
    optional("ignore_other_categories", Kind::Flag),
    optional("custom_category_thresholds", Kind::Map),
]);

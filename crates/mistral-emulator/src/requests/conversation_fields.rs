//! The fields of requests for agents and conversations.

use super::chat_fields::{
    GUARDRAIL, IMAGE_URL, PREDICTION, REASONING_EFFORT, RESPONSE_FORMAT, STRING_OR_STRINGS, TEXT,
    THINKING, TOOL, Variant,
};
use super::fields::{Field, INTEGER, Type, UNSIGNED, optional, required};

pub(crate) static CREATE_AGENT: &[Field] = &[
    required("model", Type::String),
    required("name", Type::String),
    INSTRUCTIONS,
    TOOLS,
    COMPLETION_ARGS,
    GUARDRAILS,
    DESCRIPTION,
    HANDOFFS,
    METADATA,
    VERSION_MESSAGE,
];

pub(crate) static UPDATE_AGENT: &[Field] = &[
    optional("model", Type::String),
    optional("name", Type::String),
    INSTRUCTIONS,
    TOOLS,
    COMPLETION_ARGS,
    GUARDRAILS,
    DESCRIPTION,
    HANDOFFS,
    optional("deployment_chat", Type::Boolean),
    METADATA,
    VERSION_MESSAGE,
];

pub(crate) static START_CONVERSATION: &[Field] = &[
    required("inputs", INPUTS),
    optional("stream", Type::Boolean),
    optional("store", Type::Boolean),
    HANDOFF_EXECUTION,
    INSTRUCTIONS,
    TOOLS,
    COMPLETION_ARGS,
    GUARDRAILS,
    optional("name", Type::String),
    DESCRIPTION,
    METADATA,
    optional("agent_id", Type::String),
    AGENT_VERSION,
    optional("model", Type::String),
];

pub(crate) static APPEND_TO_CONVERSATION: &[Field] = &[
    optional("inputs", INPUTS),
    optional("stream", Type::Boolean),
    optional("store", Type::Boolean),
    HANDOFF_EXECUTION,
    COMPLETION_ARGS,
    optional(
        "tool_confirmations",
        Type::Array(
            0,
            &Type::Object(&[
                required("tool_call_id", Type::String),
                required("confirmation", Type::Enum(&["allow", "deny"])),
            ]),
        ),
    ),
];

pub(crate) static RESTART_CONVERSATION: &[Field] = &[
    required("from_entry_id", Type::String),
    optional("inputs", INPUTS),
    optional("stream", Type::Boolean),
    optional("store", Type::Boolean),
    HANDOFF_EXECUTION,
    COMPLETION_ARGS,
    GUARDRAILS,
    METADATA,
    AGENT_VERSION,
];

const INSTRUCTIONS: Field = optional("instructions", Type::String);
const DESCRIPTION: Field = optional("description", Type::String);
const METADATA: Field = optional("metadata", Type::AnyObject);
const TOOLS: Field = optional("tools", Type::Array(0, &TOOL));
const GUARDRAILS: Field = optional("guardrails", Type::Array(0, &GUARDRAIL));
const HANDOFFS: Field = optional("handoffs", Type::Array(1, &Type::String));
const VERSION_MESSAGE: Field = optional("version_message", Type::StringOfLength(0, 500));
const HANDOFF_EXECUTION: Field = optional("handoff_execution", Type::Enum(&["client", "server"]));
/// The number of a version, or an alias.
const AGENT_VERSION: Field = optional("agent_version", Type::AnyOf(&[Type::String, INTEGER]));

const COMPLETION_ARGS: Field = optional("completion_args", Type::Object(ARGUMENTS));

/// The temperature has a smaller range than in a chat request.
static ARGUMENTS: &[Field] = &[
    optional("stop", STRING_OR_STRINGS),
    optional("presence_penalty", Type::Number(-2.0, 2.0)),
    optional("frequency_penalty", Type::Number(-2.0, 2.0)),
    optional("temperature", Type::Number(0.0, 1.0)),
    optional("top_p", Type::Number(0.0, 1.0)),
    optional("max_tokens", UNSIGNED),
    optional("random_seed", UNSIGNED),
    optional("prediction", PREDICTION),
    optional("response_format", Type::Object(RESPONSE_FORMAT)),
    optional(
        "tool_choice",
        Type::Enum(&["auto", "none", "any", "required"]),
    ),
    optional("reasoning_effort", REASONING_EFFORT),
];

const INPUTS: Type = Type::AnyOf(&[Type::String, Type::Array(0, &ENTRY)]);

/// The members of every entry, which the server sets where they are absent.
const OBJECT: Field = optional("object", Type::Enum(&["entry"]));
const CREATED_AT: Field = optional("created_at", Type::DateTime);
const COMPLETED_AT: Field = optional("completed_at", Type::DateTime);
const ID: Field = optional("id", Type::String);
const AGENT_ID: Field = optional("agent_id", Type::String);
const MODEL: Field = optional("model", Type::String);

static ENTRY: Type = Type::Union {
    tag: "type",
    default: Some("message.input"),
    variants: &[
        (
            "message.input",
            &[
                OBJECT,
                CREATED_AT,
                COMPLETED_AT,
                ID,
                required("role", Type::Enum(&["assistant", "user"])),
                required("content", CONTENT),
                optional("prefix", Type::Boolean),
            ],
        ),
        (
            "message.output",
            &[
                OBJECT,
                CREATED_AT,
                COMPLETED_AT,
                ID,
                AGENT_ID,
                MODEL,
                optional("role", Type::Enum(&["assistant"])),
                required("content", CONTENT),
            ],
        ),
        (
            "function.call",
            &[
                OBJECT,
                CREATED_AT,
                COMPLETED_AT,
                ID,
                AGENT_ID,
                MODEL,
                required("tool_call_id", Type::String),
                required("name", Type::String),
                required("arguments", Type::AnyOf(&[Type::String, Type::AnyObject])),
                optional(
                    "confirmation_status",
                    Type::Enum(&["pending", "allowed", "denied"]),
                ),
            ],
        ),
        (
            "function.result",
            &[
                OBJECT,
                CREATED_AT,
                COMPLETED_AT,
                ID,
                required("tool_call_id", Type::String),
                required("result", Type::String),
            ],
        ),
        (
            "tool.execution",
            &[
                OBJECT,
                CREATED_AT,
                COMPLETED_AT,
                ID,
                AGENT_ID,
                MODEL,
                required("name", Type::String),
                required("arguments", Type::String),
                optional("info", Type::AnyObject),
            ],
        ),
        (
            "agent.handoff",
            &[
                OBJECT,
                CREATED_AT,
                COMPLETED_AT,
                ID,
                required("previous_agent_id", Type::String),
                required("previous_agent_name", Type::String),
                required("next_agent_id", Type::String),
                required("next_agent_name", Type::String),
            ],
        ),
    ],
};

const CONTENT: Type = Type::AnyOf(&[Type::String, Type::Array(0, &CHUNK)]);

const DOCUMENT_URL: Variant = (
    "document_url",
    &[
        required("document_url", Type::String),
        optional("document_name", Type::String),
    ],
);

static CHUNK: Type = Type::Union {
    tag: "type",
    default: None,
    variants: &[
        TEXT,
        IMAGE_URL,
        DOCUMENT_URL,
        THINKING,
        (
            "tool_file",
            &[
                required("tool", Type::String),
                required("file_id", Type::String),
                optional("file_name", Type::String),
                optional("file_type", Type::String),
            ],
        ),
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

//! Advice for known errors whose message does not tell how to fix them.

use super::ApiError;

/// The advice for the errors that match all conditions.
struct Hint {
    /// The HTTP status. `0` matches any.
    status: u16,
    /// The server's error code. Empty matches any.
    code: &'static str,
    message: MessagePattern,
    advice: &'static str,
}

enum MessagePattern {
    Any,
    /// The whole message, ignoring ASCII case.
    Equals(&'static str),
    /// All of these texts, in lower case.
    Contains(&'static [&'static str]),
    /// The type of one of the details.
    DetailType(&'static str),
}

use MessagePattern::{Any, Contains, DetailType, Equals};

const fn hint(
    status: u16,
    code: &'static str,
    message: MessagePattern,
    advice: &'static str,
) -> Hint {
    Hint {
        status,
        code,
        message,
        advice,
    }
}

const TOOL_CALL_IDS: &str = "tool-call ids must be nine letters or digits: \
    `messages::normalize_tool_call_ids` makes those of a history valid";
const TOOL_MESSAGES: &str = "answer every tool call of a message with one tool message that names \
    its id, before any other message";
const MESSAGE_ORDER: &str = "end with a user or tool message (or an assistant message with \
    `prefix`), and do not let a user message follow a tool message directly";
const WRONG_HOST: &str = "check that the key belongs to this host: api.mistral.ai and \
    codestral.mistral.ai take different keys";
const PURPOSE: &str = "set the purpose of the file, for example `FilePurpose::Ocr` for a PDF: \
    without one it is validated as fine-tuning data";
const FEWER_TOKENS: &str = "send fewer or shorter inputs per request";

/// The first match is used.
const HINTS: &[Hint] = &[
    hint(0, "3280", Any, TOOL_CALL_IDS),
    hint(
        0,
        "",
        Contains(&["tool call id was", "must be"]),
        TOOL_CALL_IDS,
    ),
    hint(
        0,
        "",
        Contains(&["number of function calls and responses"]),
        TOOL_MESSAGES,
    ),
    hint(0, "3230", Any, MESSAGE_ORDER),
    hint(400, "", Contains(&["expected last role"]), MESSAGE_ORDER),
    hint(400, "", Contains(&["unexpected role"]), MESSAGE_ORDER),
    hint(
        0,
        "",
        Contains(&["response type with tools", "tool_choice"]),
        "with a response format, tools need `tool_choice: auto`: leave out any other choice",
    ),
    hint(401, "", Equals("unauthorized"), WRONG_HOST),
    hint(401, "", Equals("invalid api key"), WRONG_HOST),
    hint(
        404,
        "",
        Contains(&["no route matched"]),
        "check the base URL: this host has nothing at that path",
    ),
    hint(
        0,
        "",
        DetailType("extra_forbidden"),
        "leave out the field that the message names: this host, or this model, does not know it",
    ),
    hint(
        0,
        "1500",
        Any,
        "the model is unknown here or has been retired: `models().list()` returns those available",
    ),
    hint(
        0,
        "3210",
        Contains(&["too many inputs"]),
        "embed at most 256 inputs per request",
    ),
    hint(0, "3210", Contains(&["too many tokens"]), FEWER_TOKENS),
    hint(0, "", Contains(&["too many tokens in batch"]), FEWER_TOKENS),
    hint(
        400,
        "",
        Contains(&["maximum context length"]),
        "shorten the messages, lower `max_tokens`, or use a model with a longer context",
    ),
    hint(
        0,
        "3051",
        Any,
        "leave out the setting that the message names, or use a model that supports it",
    ),
    hint(
        422,
        "",
        Contains(&["received file with mimetype"]),
        "give the file a name whose extension fits its content, and the purpose that fits it",
    ),
    hint(422, "", Contains(&["invalid file format"]), PURPOSE),
    hint(
        422,
        "",
        Contains(&["encode your file using utf-8"]),
        PURPOSE,
    ),
    hint(
        0,
        "",
        Contains(&["capacity exceeded"]),
        "the model is out of capacity, no limit of yours is exceeded: try again later, or use another model",
    ),
];

impl ApiError {
    pub(super) fn hint(&self) -> Option<&'static str> {
        let code = self.code.as_deref().unwrap_or_default();
        let matches = |hint: &&Hint| {
            (hint.status == 0 || hint.status == self.status.as_u16())
                && (hint.code.is_empty() || hint.code == code)
                && self.matches(&hint.message)
        };
        HINTS.iter().find(matches).map(|hint| hint.advice)
    }

    fn matches(&self, pattern: &MessagePattern) -> bool {
        match pattern {
            Any => true,
            Equals(message) => self.message.eq_ignore_ascii_case(message),
            Contains(texts) => texts.iter().all(|text| self.message_contains(text)),
            DetailType(name) => self.details.iter().any(|detail| detail.error_type == *name),
        }
    }
}

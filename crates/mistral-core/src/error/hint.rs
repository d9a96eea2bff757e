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
const TOOL_CALL_IDS_MISSING: &str = "give every tool call an id, and every tool message the \
    `tool_call_id` of its call: `messages::repair_messages` adds those that are missing";
const TOOL_MESSAGES: &str = "answer every tool call of a message with one tool message that names \
    its id, before any other message";
const MESSAGE_ORDER: &str = "end with a user or tool message (or an assistant message with \
    `prefix`), and do not let a user message follow a tool message directly";
const NO_MESSAGES: &str = "the list of messages is empty: send at least one, for example \
    `Message::user(\"Hello\")`";
const TOOL_CHOICE: &str =
    "with a response format, tools need `tool_choice: auto`: leave out any other choice";
const TOOLS_AND_FORMAT: &str =
    "leave out the tools or the response format: this model does not take both in one request";
const TOOL_SCHEMA: &str = "the `parameters` of each tool must be a valid JSON Schema of the type \
    `object`, without `$schema`, `$id` and references to other documents";
const RESPONSE_SCHEMA: &str = "the schema of the response format must be a valid JSON Schema of \
    the type `object`, without `$schema` and `$id`; with `strict`, every object in it needs \
    `\"additionalProperties\": false`";
const GRAMMAR: &str = "simplify the JSON schema of the tool or of the response format: leave out \
    `$schema`, `$id`, `format`, `pattern` and what else this host does not compile";
const WRONG_HOST: &str = "check that the key belongs to this host: api.mistral.ai and \
    codestral.mistral.ai take different keys. A plan or a budget that is used up may be reported \
    like this, too";
pub(super) const NO_KEY: &str = "no key was sent, and the server requires one: set \
    MISTRAL_API_KEY, or call `api_key` on the provider's builder";
const PAYMENT: &str = "the account has no means of payment, or its budget or plan is used up: \
    see its billing page";
pub(super) const BASE_URL: &str = "check the base URL: this host has nothing at that path";
const UNKNOWN_FIELD: &str =
    "leave out the field that the message names: this host, or this model, does not know it";
const UNKNOWN_MODEL: &str =
    "the model is unknown here or has been retired: `models().list()` returns those available";
const FEWER_INPUTS: &str = "embed at most 256 inputs per request";
const FEWER_TOKENS: &str = "send fewer or shorter inputs per request";
const SHORTER: &str =
    "shorten the messages, lower `max_tokens`, or use a model with a longer context";
const UNSUPPORTED: &str =
    "leave out the setting that the message names, or use a model that supports it";
const FILE_NAME: &str =
    "give the file a name whose extension fits its content, and the purpose that fits it";
const PURPOSE: &str = "set the purpose of the file, for example `FilePurpose::Ocr` for a PDF: \
    without one it is validated as fine-tuning data";
const BATCH_SIZE: &str = "send fewer or shorter inputs per request, or start llama.cpp with a \
    larger `--batch-size` and `--ubatch-size`";
const LOADING: &str = "the server is still loading its model: try again in some seconds, or raise \
    `RetryPolicy::max_retries`";
const CAPACITY: &str = "the model is out of capacity, no limit of yours is exceeded: try again \
    later, or use another model";

/// Errors and what to do about them. The first match is used, so that words stand before the
/// code that several errors share.
#[rustfmt::skip] // one line each
static HINTS: &[Hint] = &[
    hint(0, "3280", Any, TOOL_CALL_IDS),
    hint(0, "", Contains(&["tool call id was", "must be"]), TOOL_CALL_IDS),
    hint(0, "", Contains(&["tool call id has to be defined"]), TOOL_CALL_IDS_MISSING),
    hint(0, "", Contains(&["unexpected tool call id"]), TOOL_MESSAGES),
    hint(0, "", Contains(&["number of function calls and responses"]), TOOL_MESSAGES),
    hint(0, "", Contains(&["must be followed by tool messages"]), TOOL_MESSAGES),
    hint(0, "", Contains(&["at least one message"]), NO_MESSAGES),
    hint(0, "3230", Any, MESSAGE_ORDER),
    hint(400, "", Contains(&["expected last role"]), MESSAGE_ORDER),
    hint(400, "", Contains(&["unexpected role"]), MESSAGE_ORDER),
    hint(0, "", Contains(&["response type with tools", "tool_choice"]), TOOL_CHOICE),
    hint(0, "", Contains(&["response type with tools"]), TOOLS_AND_FORMAT),
    hint(0, "", Contains(&["invalid tool schema"]), TOOL_SCHEMA),
    hint(0, "", Contains(&["grammar error"]), GRAMMAR),
    hint(0, "", Contains(&["failed to compile", "schema"]), GRAMMAR),
    hint(0, "3300", Any, RESPONSE_SCHEMA),
    hint(0, "", Contains(&["failed to parse schema"]), RESPONSE_SCHEMA),
    hint(401, "", Equals(""), WRONG_HOST),
    hint(401, "", Equals("unauthorized"), WRONG_HOST),
    hint(401, "", Equals("invalid api key"), WRONG_HOST),
    hint(402, "", Any, PAYMENT),
    hint(404, "", Contains(&["no route matched"]), BASE_URL),
    hint(0, "", DetailType("extra_forbidden"), UNKNOWN_FIELD),
    hint(0, "1500", Any, UNKNOWN_MODEL),
    hint(0, "3210", Contains(&["too many inputs"]), FEWER_INPUTS),
    hint(0, "3210", Contains(&["too many tokens"]), FEWER_TOKENS),
    hint(0, "", Contains(&["too many tokens in batch"]), FEWER_TOKENS),
    hint(400, "", Contains(&["maximum context length"]), SHORTER),
    hint(400, "", Contains(&["longer than the model's context length"]), SHORTER),
    hint(400, "", Contains(&["exceeds the available context size"]), SHORTER),
    hint(0, "", Contains(&["is too large to process"]), BATCH_SIZE),
    hint(404, "", Contains(&["the model", "does not exist"]), UNKNOWN_MODEL),
    hint(404, "", Contains(&["model", "not found"]), UNKNOWN_MODEL),
    hint(503, "", Equals("loading model"), LOADING),
    hint(0, "3051", Any, UNSUPPORTED),
    hint(422, "", Contains(&["received file with mimetype"]), FILE_NAME),
    hint(422, "", Contains(&["invalid file format"]), PURPOSE),
    hint(422, "", Contains(&["encode your file using utf-8"]), PURPOSE),
    hint(0, "", Contains(&["capacity exceeded"]), CAPACITY),
];

impl ApiError {
    pub(super) fn hint(&self) -> Option<&'static str> {
        self.matching_hint().map(|hint| hint.advice)
    }

    fn matching_hint(&self) -> Option<&'static Hint> {
        let code = self.code.as_deref().unwrap_or_default();
        let details = self.details.iter().map(|detail| &detail.message);
        let texts = std::iter::once(&self.message).chain(details);
        let texts: Vec<_> = texts.map(|text| text.to_ascii_lowercase()).collect();
        let matches = |hint: &&Hint| {
            (hint.status == 0 || hint.status == self.status.as_u16())
                && (hint.code.is_empty() || hint.code == code)
                && self.matches(&hint.message, &texts)
        };
        HINTS.iter().find(matches)
    }

    /// Whether the error matches a pattern. `texts` are the message and those of the details, in
    /// lower case.
    fn matches(&self, pattern: &MessagePattern, texts: &[String]) -> bool {
        match pattern {
            Any => true,
            Equals(message) => {
                let ours = self.message.trim_end_matches(['.', '!']);
                ours.eq_ignore_ascii_case(message)
            }
            Contains(parts) => parts
                .iter()
                .all(|part| texts.iter().any(|text| text.contains(part))),
            DetailType(name) => self.details.iter().any(|detail| detail.error_type == *name),
        }
    }
}

#[cfg(test)]
mod tests {
    use http::{HeaderMap, StatusCode};
    use serde_json::json;

    use super::*;

    /// An error that a row of the table describes, and nothing more.
    fn described_by(hint: &Hint) -> ApiError {
        let status = StatusCode::from_u16(hint.status).unwrap_or(StatusCode::BAD_REQUEST);
        let (message, kind) = match hint.message {
            Any => (String::new(), ""),
            Equals(message) => (message.to_uppercase(), ""),
            Contains(parts) => (format!("Because {}: x", parts.join(" y ")), ""),
            DetailType(kind) => (String::new(), kind),
        };
        let details = json!([{ "loc": ["a"], "msg": "m", "type": kind }]);
        let body = if kind.is_empty() {
            json!({ "message": message, "code": hint.code })
        } else {
            json!({ "detail": details })
        };
        ApiError::parse(status, HeaderMap::new(), body.to_string().as_bytes())
    }

    #[test]
    fn hint_of_every_row_is_reachable() {
        for (row, hint) in HINTS.iter().enumerate() {
            let error = described_by(hint);
            let found = error.matching_hint();
            assert!(
                found.is_some_and(|found| std::ptr::eq(found, hint)),
                "row {row} ({}) is hidden by another: {:?}",
                hint.advice,
                found.map(|found| found.advice)
            );
        }
    }

    #[test]
    fn hint_is_one_line_of_advice() {
        for Hint { advice, .. } in HINTS {
            assert!(
                !advice.contains(['\n', '\t']) && !advice.contains("  "),
                "{advice}"
            );
            assert!(!advice.ends_with('.'), "{advice}");
            assert!(advice.starts_with(|first: char| first.is_lowercase() || first == '`'));
        }
    }

    #[test]
    fn hint_is_absent_for_errors_that_tell_enough() {
        for (status, body) in [
            (400, json!({ "message": "The date lies in the past" })),
            (
                401,
                json!({ "message": "Unauthorized. The token has expired" }),
            ),
            (403, json!({ "message": "Unauthorized" })),
            (500, json!({ "message": "Internal error", "code": "1000" })),
        ] {
            let status = StatusCode::from_u16(status).unwrap();
            let error = ApiError::parse(status, HeaderMap::new(), body.to_string().as_bytes());
            assert_eq!(error.hint(), None, "{body}");
        }
    }
}

use super::ApiError;

/// What to try when the server says something that does not tell.
struct Hint {
    /// The status. `0`: any.
    status: u16,
    /// The code. Empty: any.
    code: &'static str,
    /// What the server's words are.
    words: Words,
    hint: &'static str,
}

enum Words {
    Any,
    /// These alone, but for upper and lower case.
    Are(&'static str),
    /// All of these are in them. In lower case.
    Have(&'static [&'static str]),
    /// One of the complaints is of this type.
    Complain(&'static str),
}

use Words::{Any, Are, Complain, Have};

const fn hint(status: u16, code: &'static str, words: Words, hint: &'static str) -> Hint {
    Hint {
        status,
        code,
        words,
        hint,
    }
}

const TOOL_CALL_IDS: &str = "tool-call ids must be nine letters or digits: \
    `types::normalize_tool_call_ids` makes those of a history valid";
const TOOL_ANSWERS: &str = "answer every tool call of a message with one tool message that names \
    its id, before any other message";
const MESSAGE_ORDER: &str = "end with a user or tool message (or an assistant message with \
    `prefix`), and do not let a user message follow a tool message directly";
const WRONG_HOST: &str = "check that the key belongs to this host: api.mistral.ai and \
    codestral.mistral.ai take different keys";
const PURPOSE: &str = "name what the file is for, for example `FilePurpose::Ocr` for a PDF: \
    without a purpose it is read as fine-tuning data";
const FEWER_TOKENS: &str = "send fewer or shorter inputs per request";

/// The first that fits counts.
const HINTS: &[Hint] = &[
    hint(0, "3280", Any, TOOL_CALL_IDS),
    hint(0, "", Have(&["tool call id was", "must be"]), TOOL_CALL_IDS),
    hint(
        0,
        "",
        Have(&["number of function calls and responses"]),
        TOOL_ANSWERS,
    ),
    hint(0, "3230", Any, MESSAGE_ORDER),
    hint(400, "", Have(&["expected last role"]), MESSAGE_ORDER),
    hint(400, "", Have(&["unexpected role"]), MESSAGE_ORDER),
    hint(
        0,
        "",
        Have(&["response type with tools", "tool_choice"]),
        "with a response format, tools need `tool_choice: auto`: leave out any other choice",
    ),
    hint(401, "", Are("unauthorized"), WRONG_HOST),
    hint(401, "", Are("invalid api key"), WRONG_HOST),
    hint(
        404,
        "",
        Have(&["no route matched"]),
        "check the base URL: this host has nothing at that path",
    ),
    hint(
        0,
        "",
        Complain("extra_forbidden"),
        "leave out the field that the message names: this host, or this model, does not know it",
    ),
    hint(
        0,
        "1500",
        Any,
        "the model is unknown here or has been retired: `models().list()` tells which there are",
    ),
    hint(
        0,
        "3210",
        Have(&["too many inputs"]),
        "embed at most 256 inputs per request",
    ),
    hint(0, "3210", Have(&["too many tokens"]), FEWER_TOKENS),
    hint(0, "", Have(&["too many tokens in batch"]), FEWER_TOKENS),
    hint(
        400,
        "",
        Have(&["maximum context length"]),
        "shorten the messages, lower `max_tokens`, or take a model with a longer context",
    ),
    hint(
        0,
        "3051",
        Any,
        "leave out the setting that the message names, or take a model that supports it",
    ),
    hint(
        422,
        "",
        Have(&["received file with mimetype"]),
        "give the file a name whose extension fits its content, and the purpose that fits it",
    ),
    hint(422, "", Have(&["invalid file format"]), PURPOSE),
    hint(422, "", Have(&["encode your file using utf-8"]), PURPOSE),
    hint(
        0,
        "",
        Have(&["capacity exceeded"]),
        "the model is out of capacity, not you at a limit: try again later, or take another model",
    ),
];

impl ApiError {
    pub(super) fn hint(&self) -> Option<&'static str> {
        let code = self.code.as_deref().unwrap_or_default();
        let fits = |hint: &&Hint| {
            (hint.status == 0 || hint.status == self.status.as_u16())
                && (hint.code.is_empty() || hint.code == code)
                && self.fits(&hint.words)
        };
        HINTS.iter().find(fits).map(|hint| hint.hint)
    }

    fn fits(&self, words: &Words) -> bool {
        match words {
            Any => true,
            Are(words) => self.message.eq_ignore_ascii_case(words),
            Have(signs) => signs.iter().all(|sign| self.says(sign)),
            Complain(kind) => self.details.iter().any(|detail| detail.error_type == *kind),
        }
    }
}

//! Import of histories in OpenAI's form.

mod content;
mod fields;
mod items;
mod model;

use serde_json::{Map, Value};

use self::fields::Fields;
use super::change::{Change, ChangeLog};
use super::content_chunk::{ContentChunk, ThinkChunk};
use super::message::{AssistantMessage, Message};
use super::repair::repair;
use crate::error::{Error, ErrorKind, Result};
use crate::json::JsonInput;

/// Converts a history in OpenAI's form into messages that Mistral accepts, and returns them with
/// the changes.
///
/// `json` is the list of messages of a chat completion (`messages`), or the list of items of a
/// response (`input` and `output` of the Responses API), as text, bytes or a [`Value`].
///
/// * Roles, content parts, tool calls and their results get Mistral's form: `developer` becomes
///   `system`, `function_call` a tool call, a refusal text, reasoning a thinking chunk.
/// * Fields and items that Mistral does not accept are removed.
/// * The history is repaired as [`repair_messages`](super::repair_messages) does.
///
/// Nothing is lost silently: each [`Change`] has the value before it. [`lint_messages`] then
/// reports nothing, except that the history may end without a message to respond to.
///
/// [`lint_messages`]: super::lint_messages
///
/// # Errors
/// Fails with [`ErrorKind::Decode`] if `json` is not a list of objects that have a `role` or a
/// `type`.
///
/// ```
/// use mistral_sdk::messages::{ChangeKind, import_openai};
///
/// let history = r#"[
///     { "role": "developer", "content": "Be brief." },
///     { "role": "user", "content": "Who painted Olympia?", "name": "Ada" },
///     { "role": "assistant", "content": "Manet.", "refusal": null }
/// ]"#;
/// let (messages, changes) = import_openai(history)?;
///
/// let roles: Vec<_> = messages.iter().map(|message| message.role()).collect();
/// assert_eq!(roles, ["system", "user", "assistant"]);
/// let fields: Vec<_> = changes.iter().map(|change| (change.at, &*change.field)).collect();
/// assert_eq!(fields, [(0, "role"), (1, "name"), (2, "refusal")]);
/// assert_eq!(changes[1].kind, ChangeKind::Removed);
/// assert_eq!(changes[1].before, Some("Ada".into()));
/// # Ok::<(), mistral_sdk::Error>(())
/// ```
#[inline]
pub fn import_openai(json: impl JsonInput) -> Result<(Vec<Message>, Vec<Change>)> {
    let mut import = Import::default();
    for (at, item) in read(&json.to_json())?.into_iter().enumerate() {
        import.log.at = at;
        import.add(item)?;
    }
    Ok(import.finish())
}

#[inline]
fn read(json: &[u8]) -> Result<Vec<Value>> {
    let read: Value = serde_json::from_slice(json)
        .map_err(|error| invalid(format!("the history is not JSON: {error}")))?;
    match read {
        Value::Array(items) => Ok(items),
        _ => Err(invalid(
            "the history is not a list: pass the value of `messages` (chat completions) or of \
             `input` (responses)",
        )),
    }
}

#[inline]
fn invalid(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::Decode, message)
}

/// The messages so far.
#[derive(Default)]
struct Import {
    /// The messages, with the index of the item that each begins with.
    messages: Vec<(usize, Message)>,
    /// The reasoning that belongs to the next message of the model.
    reasoning: Option<(usize, ThinkChunk)>,
    log: ChangeLog,
}

impl Import {
    #[inline]
    fn add(&mut self, item: Value) -> Result<()> {
        let at = self.log.at;
        let Value::Object(item) = item else {
            return Err(invalid(format!("[{at}] is not an object")));
        };
        let text = |name: &str| item.get(name).and_then(Value::as_str).map(str::to_owned);
        match (text("type").as_deref(), text("role")) {
            (None | Some("message"), Some(role)) => self.add_message(&role, item),
            (Some(kind), _) => self.add_item(kind, item),
            (None, None) => {
                return Err(invalid(format!("[{at}] has no field `role` and no `type`")));
            }
        }
        Ok(())
    }

    #[inline]
    fn add_message(&mut self, role: &str, item: Map<String, Value>) {
        let log = &mut self.log;
        if ![
            "system",
            "developer",
            "user",
            "assistant",
            "tool",
            "function",
        ]
        .contains(&role)
        {
            return log.removed("", item.into(), "the API does not know the role");
        }
        let mut fields = Fields::new("", item);
        fields.skip(&["role", "type"]);
        fields.remove(&["id", "status"], "it belongs to the response", log);
        let message = match role {
            "system" | "developer" => content::system(&mut fields, log).into(),
            "user" => content::user(&mut fields, log).into(),
            "assistant" => {
                let message = model::assistant(&mut fields, log);
                fields.finish(log);
                return self.push_model(message);
            }
            _ => content::tool(&mut fields, log).into(),
        };
        match role {
            "developer" => log.converted("role", role.into(), "Mistral's role is `system`"),
            "function" => log.converted("role", role.into(), "Mistral's role is `tool`"),
            _ => {}
        }
        fields.finish(log);
        self.push(message);
    }

    /// Appends a message that is not from the model.
    #[inline]
    fn push(&mut self, message: Message) {
        self.flush_reasoning();
        self.messages.push((self.log.at, message));
    }

    /// Appends a message from the model, with the reasoning before it.
    #[inline]
    fn push_model(&mut self, mut message: AssistantMessage) {
        let (at, reasoning) = match self.reasoning.take() {
            Some((at, reasoning)) => (at, Some(reasoning)),
            None => (self.log.at, None),
        };
        if let Some(reasoning) = reasoning {
            model::prepend(&mut message.content, reasoning.into());
        }
        self.messages.push((at, message.into()));
    }

    /// Appends reasoning that no message of the model follows, as a message of its own.
    #[inline]
    fn flush_reasoning(&mut self) {
        if let Some((at, reasoning)) = self.reasoning.take() {
            let message = Message::assistant([ContentChunk::from(reasoning)]);
            self.messages.push((at, message));
        }
    }

    #[inline]
    fn finish(mut self) -> (Vec<Message>, Vec<Change>) {
        self.flush_reasoning();
        let messages = repair(self.messages, &mut self.log);
        let mut changes = self.log.changes;
        changes.sort_by_key(|change| change.at);
        (messages, changes)
    }
}

//! Conversations and their entries.

use serde_json::{Value, json};

use crate::json::{array, set_member};
use crate::time::format_timestamp;

#[derive(Debug, Clone)]
pub(crate) struct Conversation {
    pub(crate) id: String,
    /// The conversation as the API describes it.
    pub(crate) card: Value,
    /// The members of the request that take precedence over those of the agent.
    pub(crate) settings: Value,
    /// The agent that responds next, and its version, unless a model does.
    pub(crate) agent: Option<(String, Option<String>)>,
    pub(crate) entries: Vec<Value>,
}

/// The members of a request that affect responses.
const SETTINGS: &[&str] = &[
    "model",
    "instructions",
    "tools",
    "completion_args",
    "guardrails",
];

impl Conversation {
    /// Creates a conversation from a validated request.
    pub(crate) fn new(id: String, now: u64, request: &Value) -> Self {
        let member = |name: &str| request.get(name).cloned().unwrap_or_default();
        let created_at = format_timestamp(now);
        let mut card = json!({
            "object": "conversation",
            "id": id,
            "created_at": created_at,
            "updated_at": created_at,
        });
        for name in ["name", "description", "metadata"] {
            set_member(&mut card, name, member(name));
        }
        let mut settings = json!({});
        for name in SETTINGS {
            if !member(name).is_null() {
                set_member(&mut settings, name, member(name));
            }
        }
        let agent = request.get("agent_id").and_then(Value::as_str);
        let members: &[&str] = match agent {
            Some(_) => &["agent_id", "agent_version"],
            None => SETTINGS,
        };
        for name in members {
            set_member(&mut card, name, member(name));
        }
        if agent.is_none() && array(request, "tools").is_empty() {
            set_member(&mut card, "tools", json!([]));
        }
        if agent.is_none() && member("completion_args").is_null() {
            set_member(&mut card, "completion_args", json!({}));
        }
        Self {
            id,
            card,
            settings,
            agent: agent.map(|id| (id.to_owned(), version_name(&member("agent_version")))),
            entries: Vec::new(),
        }
    }

    /// Creates a conversation with the entries up to one of this conversation, which is included.
    pub(crate) fn restart(&self, id: String, now: u64, from_entry: &str) -> Option<Self> {
        let is_it = |entry: &Value| entry.get("id").and_then(Value::as_str) == Some(from_entry);
        let last = self.entries.iter().position(is_it)?;
        let mut restarted = self.clone();
        restarted.entries.truncate(last + 1);
        set_member(&mut restarted.card, "id", id.as_str().into());
        set_member(
            &mut restarted.card,
            "created_at",
            format_timestamp(now).into(),
        );
        restarted.id = id;
        restarted.touch(now);
        Some(restarted)
    }

    /// Takes over the members of a request that restarts a conversation.
    pub(crate) fn override_with(&mut self, request: &Value) {
        let member = |name: &str| request.get(name).filter(|value| !value.is_null());
        if let Some(metadata) = member("metadata") {
            set_member(&mut self.card, "metadata", metadata.clone());
        }
        if let Some(guardrails) = member("guardrails") {
            set_member(&mut self.settings, "guardrails", guardrails.clone());
        }
        if let (Some(version), Some((_, known))) = (member("agent_version"), &mut self.agent) {
            *known = version_name(version);
            set_member(&mut self.card, "agent_version", version.clone());
        }
    }

    /// Sets the time of the last change.
    pub(crate) fn touch(&mut self, now: u64) {
        set_member(&mut self.card, "updated_at", format_timestamp(now).into());
    }
}

/// Returns the number of a version or its alias as text.
fn version_name(version: &Value) -> Option<String> {
    match version {
        Value::String(alias) => Some(alias.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

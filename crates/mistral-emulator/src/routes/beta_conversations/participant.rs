//! The agent or the model that responds in a conversation.

use serde_json::{Map, Value, json};

use crate::json::{array, set_member};
use crate::responses::ApiError;
use crate::routes::beta_agents;
use crate::state::AppState;
use crate::state::conversation::Conversation;

/// An agent with its settings, or a model with those of the conversation.
#[derive(Debug)]
pub(super) struct Participant {
    /// Absent for a model.
    pub(super) agent_id: Option<String>,
    settings: Value,
}

impl Participant {
    /// Returns the participant that responds next.
    pub(super) fn of(state: &AppState, conversation: &Conversation) -> Result<Self, ApiError> {
        let Some((id, version)) = &conversation.agent else {
            return Ok(Self {
                agent_id: None,
                settings: conversation.settings.clone(),
            });
        };
        let mut agent = Self::agent(state, id, version.as_deref())?;
        for (name, value) in conversation.settings.as_object().into_iter().flatten() {
            if name != "completion_args" {
                set_member(&mut agent.settings, name, value.clone());
            }
        }
        let overrides = conversation.settings.get("completion_args");
        let args = merged(agent.settings.get("completion_args"), overrides);
        set_member(&mut agent.settings, "completion_args", args);
        Ok(agent)
    }

    /// Returns an agent without the settings of a conversation.
    pub(super) fn agent(
        state: &AppState,
        id: &str,
        version: Option<&str>,
    ) -> Result<Self, ApiError> {
        Ok(Self {
            agent_id: Some(id.to_owned()),
            settings: beta_agents::find(state, id, version)?,
        })
    }

    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.settings.get(name).and_then(Value::as_str)
    }

    pub(super) fn list(&self, name: &str) -> &[Value] {
        array(&self.settings, name)
    }

    /// Creates the chat request for messages, with completion arguments that take precedence.
    pub(super) fn chat_request(&self, messages: Vec<Value>, overrides: Option<&Value>) -> Value {
        let mut request = json!({
            "model": self.settings.get("model"),
            "messages": messages,
        });
        if !self.list("tools").is_empty() {
            set_member(&mut request, "tools", self.list("tools").into());
        }
        let args = merged(self.settings.get("completion_args"), overrides);
        apply_completion_args(&mut request, &args);
        request
    }
}

/// Sets the members of a chat request that it lacks and that the completion arguments have.
pub(in crate::routes) fn apply_completion_args(request: &mut Value, args: &Value) {
    for (name, value) in args.as_object().into_iter().flatten() {
        let is_absent = request.get(name).is_none_or(Value::is_null);
        if is_absent && !value.is_null() {
            set_member(request, name, value.clone());
        }
    }
}

fn merged(args: Option<&Value>, overrides: Option<&Value>) -> Value {
    let both = [args, overrides].into_iter().flatten();
    let members = both.filter_map(Value::as_object).flatten();
    let members = members.filter(|(_, value)| !value.is_null());
    let members: Map<String, Value> = members
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect();
    members.into()
}

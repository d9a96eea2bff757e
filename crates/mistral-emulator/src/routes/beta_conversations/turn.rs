//! A turn of a conversation: handoffs, tools of the server, and the message or the function calls.

use serde_json::{Map, Value, json};

use super::inputs::Confirmation;
use super::participant::Participant;
use crate::generate::completion::prompt_tokens;
use crate::generate::conversation::built_in_tools::{self, Execution, Hit};
use crate::generate::conversation::messages::{chat_messages, text};
use crate::generate::random::{Rng, hash};
use crate::generate::reply::Reply as Generated;
use crate::generate::tokenizer;
use crate::generate::tool_calls::requested;
use crate::json::{array, prompt, role, set_member};
use crate::replies::Reply;
use crate::requests::messages;
use crate::responses::ApiError;
use crate::routes::{beta_libraries, chat_rules, guardrails};
use crate::state::AppState;
use crate::state::file::NewFile;
use crate::state::models::Model;
use crate::time::format_timestamp;

/// The history and the settings from which a response is generated.
pub(super) struct Turn<'a> {
    pub(super) state: &'a AppState,
    pub(super) participant: Participant,
    /// The entries so far, with those of the request.
    pub(super) history: &'a [Value],
    pub(super) request: &'a Value,
    pub(super) confirmed: Vec<Confirmation>,
    pub(super) now: u64,
}

/// The result of a turn.
#[derive(Debug, Default)]
pub(super) struct Outcome {
    pub(super) outputs: Vec<Value>,
    pub(super) usage: Value,
    pub(super) guardrails: Option<Value>,
    /// The agent that took over, if one did.
    pub(super) next_agent: Option<String>,
}

/// A chat request and the model that completes it.
pub(super) struct Prepared {
    chat: Value,
    model: &'static Model,
}

impl Prepared {
    fn check_context(&self) -> Result<(), ApiError> {
        chat_rules::check_context(prompt_tokens(&self.chat).len(), self.model)
    }
}

impl Turn<'_> {
    /// Validates the turn.
    pub(super) fn prepare(&self) -> Result<Prepared, ApiError> {
        let messages = chat_messages(self.participant.text("instructions"), self.history);
        messages::validate(&messages)?;
        let overrides = self.request.get("completion_args");
        let chat = self.participant.chat_request(messages, overrides);
        let model = self.state.store().resolve_model(&chat, "completion_chat")?;
        chat_rules::validate(&chat, model)?;
        let tools = self.participant.list("tools").iter();
        for id in tools.flat_map(|tool| array(tool, "library_ids")) {
            let store = self.state.store();
            let mut libraries = store.libraries.iter();
            if !libraries.any(|library| Some(library.id.as_str()) == id.as_str()) {
                return Err(beta_libraries::not_found());
            }
        }
        Ok(Prepared { chat, model })
    }

    /// Returns the results of guardrails. Fails if one blocks the turn, or if the history is too long
    /// for the model.
    pub(super) fn check(&self, prepared: &Prepared) -> Result<Option<Value>, ApiError> {
        let configured = self.request.get("guardrails").and_then(Value::as_array);
        let guardrails = match configured {
            Some(configured) => configured.as_slice(),
            None => self.participant.list("guardrails"),
        };
        prepared.check_context()?;
        guardrails::evaluate(guardrails, array(&prepared.chat, "messages"))
    }

    /// Responds, with the completion of a scripted reply if there is one.
    pub(super) fn run(
        mut self,
        mut prepared: Prepared,
        scripted: Option<&Reply>,
    ) -> Result<Outcome, ApiError> {
        let mut outcome = Outcome::default();
        if let Some(completion) = scripted.and_then(|reply| reply.generated(&prepared.chat)) {
            self.complete(&mut outcome, &prepared, &completion, &[]);
            return Ok(outcome);
        }
        while self.confirmed.is_empty()
            && let Some(next) = self.hand_off(&mut outcome, &prepared.chat)
        {
            self.participant = next;
            outcome.next_agent.clone_from(&self.participant.agent_id);
            if text(self.request, "handoff_execution") == "client" {
                outcome.usage = usage(0, 0, &[]);
                return Ok(outcome);
            }
            prepared = self.prepare()?;
            prepared.check_context()?;
        }
        let executions = self.execute_tools(&mut outcome, &prepared.chat);
        let is_waiting = outcome.outputs.iter().any(is_pending);
        if is_waiting {
            let prompt = prompt_tokens(&prepared.chat).len();
            outcome.usage = usage(prompt, 0, &[]);
            return Ok(outcome);
        }
        let completion = self.generate(&mut prepared, &executions);
        self.complete(&mut outcome, &prepared, &completion, &executions);
        Ok(outcome)
    }

    /// Adds a handoff, and returns the agent that takes over, if the prompt is about one that has
    /// not responded yet.
    fn hand_off(&self, outcome: &mut Outcome, chat: &Value) -> Option<Participant> {
        let messages = array(chat, "messages");
        messages.last().filter(|last| role(last) == "user")?;
        let visited = |id: &str| {
            let mut handoffs = outcome.outputs.iter();
            handoffs.any(|entry| text(entry, "previous_agent_id") == id)
        };
        let agents = self.participant.list("handoffs").iter();
        let agents = agents.filter_map(Value::as_str).filter(|id| !visited(id));
        let next = agents
            .filter_map(|id| Participant::agent(self.state, id, None).ok())
            .find(|agent| {
                let card = json!({
                    "name": agent.text("name"),
                    "description": agent.text("description"),
                });
                // A second tool, so that the description does not count on its own.
                !requested(&[&card, &Value::Null], &prompt(messages)).is_empty()
            })?;
        let name = |agent: &Participant| agent.text("name").map(str::to_owned);
        let entry = self.entry(
            "handoff",
            "agent.handoff",
            json!({
                "previous_agent_id": self.participant.agent_id,
                "previous_agent_name": name(&self.participant),
                "next_agent_id": next.agent_id,
                "next_agent_name": name(&next),
            }),
        );
        outcome.outputs.push(entry);
        Some(next)
    }

    /// Executes the tools of the server, and adds an entry for each. A tool that must be confirmed
    /// becomes a call instead.
    fn execute_tools(&self, outcome: &mut Outcome, chat: &Value) -> Vec<Execution> {
        let prompt = prompt(array(chat, "messages"));
        let hits = self.search_libraries(&prompt);
        if !self.confirmed.is_empty() {
            let executions = self.confirmed.iter().map(|call| match call.is_allowed {
                true => self.execute(outcome, &call.name, &prompt, &hits),
                false => Execution::denied(&call.name),
            });
            return executions.collect();
        }
        let is_answered = array(chat, "messages").last().map(role) != Some("user");
        if is_answered {
            return Vec::new();
        }
        let choice = chat.get("tool_choice").and_then(Value::as_str);
        let tools = self.participant.list("tools");
        let selected = built_in_tools::selected(tools, choice, &prompt, &hits);
        let mut ids = Rng::new(hash(chat.to_string().as_bytes()).wrapping_add(1));
        let mut executions = Vec::new();
        for tool in selected {
            let name = built_in_tools::name(tool);
            if built_in_tools::needs_confirmation(tool) {
                let arguments = built_in_tools::execute(name, &prompt, &hits).arguments;
                outcome.outputs.push(self.call(json!({
                    "tool_call_id": ids.alphanumeric(9),
                    "name": name,
                    "arguments": arguments,
                    "confirmation_status": "pending",
                })));
            } else {
                executions.push(self.execute(outcome, name, &prompt, &hits));
            }
        }
        executions
    }

    fn execute(&self, outcome: &mut Outcome, name: &str, prompt: &str, hits: &[Hit]) -> Execution {
        let mut execution = built_in_tools::execute(name, prompt, hits);
        if let Some(image) = execution.image.take() {
            let chunk = self.add_image(name, image);
            execution.chunks.push(chunk);
        }
        outcome.outputs.push(self.entry(
            "tool_exec",
            "tool.execution",
            json!({
                "name": execution.name,
                "arguments": execution.arguments,
                "info": execution.info,
                "agent_id": self.participant.agent_id,
                "model": self.participant.text("model"),
            }),
        ));
        execution
    }

    /// Adds a file with an image, and returns the chunk that refers to it.
    fn add_image(&self, tool: &str, content: Vec<u8>) -> Value {
        let name = "image_generated_0.jpeg";
        let file = self.state.store().add_file(NewFile {
            name: name.to_owned(),
            content: content.into(),
            mimetype: "image/jpeg".to_owned(),
            purpose: "ocr".to_owned(),
            sample_type: "ocr_input",
            source: "mistral",
            visibility: "workspace".to_owned(),
            expiry_hours: None,
        });
        json!({
            "type": "tool_file",
            "tool": tool,
            "file_id": file.id,
            "file_name": name,
            "file_type": "jpeg",
        })
    }

    /// Returns the processed documents with a word of the prompt, in all libraries of the tools: the
    /// one with the most words first.
    fn search_libraries(&self, prompt: &str) -> Vec<Hit> {
        let tools = self.participant.list("tools").iter();
        let ids = tools.flat_map(|tool| array(tool, "library_ids"));
        let ids: Vec<&str> = ids.filter_map(Value::as_str).collect();
        let store = self.state.store();
        let libraries = store.libraries.iter();
        let libraries = libraries.filter(|library| ids.contains(&library.id.as_str()));
        let documents = libraries.flat_map(|library| &library.documents);
        let documents = documents.filter(|document| !document.pages().is_empty());
        let mut hits: Vec<Hit> = documents
            .filter_map(|it| built_in_tools::search(prompt, &it.name, it.pages()))
            .collect();
        hits.sort_by_key(|hit| std::cmp::Reverse(hit.shared_words));
        hits
    }

    /// Generates function calls, or the message that answers with the results of the tools.
    fn generate(&self, prepared: &mut Prepared, executions: &[Execution]) -> Generated {
        let effort = prepared
            .chat
            .get("reasoning_effort")
            .and_then(Value::as_str);
        let default = prepared.model.reasons_by_default();
        let with_thinking = effort.map_or(default, |effort| effort != "none");
        let generated = Generated::new(&prepared.chat, 0, with_thinking);
        if executions.is_empty() || !generated.tool_calls.is_empty() {
            return generated;
        }
        let mut extended = prepared.chat.clone();
        let mut messages = array(&prepared.chat, "messages").to_vec();
        for execution in executions {
            messages.push(json!({
                "role": "tool", "name": execution.name, "content": execution.result,
            }));
        }
        set_member(&mut extended, "messages", messages.into());
        Generated::new(&extended, 0, with_thinking)
    }

    /// Adds the entries of a completion, and the usage.
    fn complete(
        &self,
        outcome: &mut Outcome,
        prepared: &Prepared,
        completion: &Generated,
        executions: &[Execution],
    ) {
        let prompt = prompt_tokens(&prepared.chat).len();
        let text = format!("{}{}", completion.prefix, completion.text.concat());
        if completion.tool_calls.is_empty() || !text.is_empty() {
            let chunks = executions.iter().flat_map(|it| it.chunks.clone());
            let content = content(&completion.thinking.concat(), &text, chunks.collect());
            outcome.outputs.push(self.entry(
                "msg",
                "message.output",
                json!({
                    "role": "assistant",
                    "content": content,
                    "agent_id": self.participant.agent_id,
                    "model": self.participant.text("model"),
                }),
            ));
        }
        for call in &completion.tool_calls {
            outcome.outputs.push(self.call(json!({
                "tool_call_id": call.get("id"),
                "name": call.pointer("/function/name"),
                "arguments": call.pointer("/function/arguments"),
                "confirmation_status": null,
            })));
        }
        outcome.usage = usage(prompt, completion.generated_tokens(), executions);
    }

    fn call(&self, mut members: Value) -> Value {
        set_member(
            &mut members,
            "agent_id",
            self.participant.agent_id.as_deref().into(),
        );
        set_member(&mut members, "model", self.participant.text("model").into());
        self.entry("fc", "function.call", members)
    }

    /// Sets the members that every entry has.
    fn entry(&self, prefix: &str, entry_type: &str, mut members: Value) -> Value {
        let id = self.state.store().new_prefixed_id(prefix);
        let now = format_timestamp(self.now);
        for (name, value) in [
            ("object", "entry".into()),
            ("type", entry_type.into()),
            ("id", id.into()),
            ("created_at", now.as_str().into()),
            ("completed_at", now.as_str().into()),
        ] {
            set_member(&mut members, name, value);
        }
        members
    }
}

fn is_pending(entry: &Value) -> bool {
    text(entry, "confirmation_status") == "pending"
}

/// Returns the text, or a list of chunks if there is more than text.
fn content(thinking: &str, text: &str, chunks: Vec<Value>) -> Value {
    if thinking.is_empty() && chunks.is_empty() {
        return text.into();
    }
    let thought = (!thinking.is_empty())
        .then(|| json!({ "type": "thinking", "thinking": [{ "type": "text", "text": thinking }] }));
    let said = (!text.is_empty()).then(|| json!({ "type": "text", "text": text }));
    let all = thought.into_iter().chain(said).chain(chunks);
    all.collect::<Vec<Value>>().into()
}

/// Returns the usage, in which the results of tools count apart.
fn usage(prompt: usize, generated: usize, executions: &[Execution]) -> Value {
    let executed = || executions.iter().filter(|it| !it.is_denied());
    let results = executed().map(|it| it.result.as_str());
    let connector_tokens: usize = results.map(tokenizer::count_tokens).sum();
    let mut connectors: Map<String, Value> = Map::new();
    for execution in executed() {
        let count = connectors.get(&execution.name).and_then(Value::as_u64);
        connectors.insert(execution.name.clone(), (count.unwrap_or(0) + 1).into());
    }
    let is_used = !connectors.is_empty();
    json!({
        "prompt_tokens": prompt,
        "completion_tokens": generated,
        "total_tokens": prompt + generated + connector_tokens,
        "connector_tokens": is_used.then_some(connector_tokens),
        "connectors": is_used.then_some(connectors),
    })
}

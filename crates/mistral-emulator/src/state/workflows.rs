//! Workflows and their executions, which advance each time they are retrieved.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::execution::{COMPLETED, Execution, FAILED, RUNNING};
use crate::generate::random::{hash, uuid};
use crate::time::{RunningClock, format_timestamp};

/// The namespace that all workflows belong to.
pub(crate) const NAMESPACE: &str = "emulator";

/// The workflows, executions and schedules of an emulator.
#[derive(Debug)]
pub(crate) struct Workflows {
    pub(crate) executions: Vec<Execution>,
    /// The events sent so far, in the order of `broker_sequence`, which starts at 1.
    pub(crate) events: Vec<Value>,
    /// The schedules in the form of the API.
    pub(crate) schedules: Vec<Value>,
    /// The definitions of workflows, by name.
    definitions: BTreeMap<String, Value>,
    created: u64,
    clock: Arc<RunningClock>,
}

impl Workflows {
    pub(crate) fn new(clock: Arc<RunningClock>) -> Self {
        Self {
            executions: Vec::new(),
            events: Vec::new(),
            schedules: Vec::new(),
            definitions: BTreeMap::new(),
            created: 0,
            clock,
        }
    }

    /// Creates an id.
    pub(crate) fn new_id(&mut self, kind: &str) -> String {
        self.created += 1;
        uuid(hash(format!("{kind} {}", self.created).as_bytes()))
    }

    /// Returns the time in Unix seconds.
    pub(crate) fn now(&self) -> u64 {
        self.clock.now()
    }

    /// Returns the execution with an id, or `None`.
    pub(crate) fn execution(&self, id: &str) -> Option<&Execution> {
        self.executions.iter().find(|execution| execution.id == id)
    }

    /// Returns the id of the execution that a run belongs to.
    pub(crate) fn execution_of_run(&self, run_id: &str) -> Option<String> {
        let found = self.executions.iter().find(|it| it.run_id == run_id);
        found.map(|execution| execution.id.clone())
    }

    /// Changes an execution, if it exists.
    pub(crate) fn change(&mut self, id: &str, change: impl FnOnce(&mut Execution)) {
        if let Some(execution) = self.executions.iter_mut().find(|it| it.id == id) {
            change(execution);
        }
    }

    /// Starts an execution. Returns `None` if there is one with the id.
    pub(crate) fn start(
        &mut self,
        workflow: &str,
        body: &Value,
        schedule_id: Option<&str>,
    ) -> Option<Execution> {
        let requested = body.get("execution_id").and_then(Value::as_str);
        let id = match requested.filter(|id| !id.is_empty()) {
            Some(id) if self.execution(id).is_some() => return None,
            Some(id) => id.to_owned(),
            None => self.new_id("execution"),
        };
        self.definition(workflow);
        let run_id = self.new_id("run");
        let execution = Execution::new(id, run_id, workflow, body, schedule_id, self.clock.tick());
        self.executions.push(execution.clone());
        let attributes = json!({
            "task_id": execution.run_id,
            "workflow_name": workflow,
            "input": payload(&execution.input),
        });
        self.record(&execution, "WORKFLOW_EXECUTION_STARTED", attributes);
        for binding in bindings(body) {
            let attributes = self.connector_auth(binding);
            self.record(&execution, "CUSTOM_TASK_STARTED", attributes);
        }
        Some(execution)
    }

    /// Returns the attributes of a task that waits for the credentials of a connector.
    fn connector_auth(&mut self, binding: &Value) -> Value {
        let name = binding.get("connector_name").and_then(Value::as_str);
        let name = name.unwrap_or_default();
        let state = json!({
            "connector_name": name,
            "connector_id": uuid(hash(format!("connector {name}").as_bytes())),
            "credentials_name": binding.get("credentials_name"),
            "auth_url": format!("https://auth.example.com/authorize?connector={name}"),
            "message": null,
        });
        json!({
            "custom_task_id": self.new_id("task"),
            "custom_task_type": "connector_auth",
            "payload": payload(&state),
        })
    }

    /// Advances a running execution, which completes the second time it is retrieved.
    pub(crate) fn advance(&mut self, id: &str) {
        let Some(execution) = self.execution(id).filter(|it| it.status == RUNNING) else {
            return;
        };
        if execution.was_retrieved {
            self.complete(id);
        } else {
            self.change(id, |execution| execution.was_retrieved = true);
        }
    }

    /// Runs an execution to its end, if it is running.
    pub(crate) fn complete(&mut self, id: &str) {
        let Some(execution) = self
            .execution(id)
            .filter(|it| it.status == RUNNING)
            .cloned()
        else {
            return;
        };
        let task_id = &execution.run_id;
        match execution.failure() {
            Some(message) => {
                let failure = json!({ "task_id": task_id, "failure": { "message": message } });
                self.end(id, FAILED, "WORKFLOW_EXECUTION_FAILED", failure);
            }
            None => {
                let result = payload(&execution.result());
                let completed = json!({ "task_id": task_id, "result": result });
                self.end(id, COMPLETED, "WORKFLOW_EXECUTION_COMPLETED", completed);
            }
        }
    }

    /// Ends a running execution with a status and an event.
    pub(crate) fn end(&mut self, id: &str, status: &'static str, event: &str, attributes: Value) {
        let now = self.clock.tick();
        self.change(id, |execution| {
            execution.status = status;
            execution.ended_at = Some(now);
        });
        if let Some(execution) = self.execution(id).cloned() {
            self.record(&execution, event, attributes);
        }
    }

    fn record(&mut self, execution: &Execution, event: &str, attributes: Value) {
        let sequence = self.events.len() + 1;
        let seconds = self.now();
        let data = json!({
            "event_id": uuid(hash(format!("event {sequence}").as_bytes())),
            "event_type": event,
            "event_timestamp": seconds.saturating_mul(1_000_000_000),
            "root_workflow_exec_id": execution.id,
            "parent_workflow_exec_id": null,
            "workflow_exec_id": execution.id,
            "workflow_run_id": execution.run_id,
            "workflow_name": execution.workflow,
            "schedule_id": execution.schedule_id,
            "attributes": attributes,
        });
        self.events.push(json!({
            "stream": execution.id,
            "data": data,
            "workflow_context": {
                "namespace": NAMESPACE,
                "workflow_name": execution.workflow,
                "workflow_exec_id": execution.id,
                "parent_workflow_exec_id": null,
                "root_workflow_exec_id": execution.id,
            },
            "broker_sequence": sequence,
            "timestamp": format_timestamp(seconds),
            "metadata": {},
        }));
    }

    /// Returns what is known of a workflow. Every name is that of a workflow.
    pub(crate) fn definition(&mut self, name: &str) -> &mut Value {
        let id = |kind: &str| uuid(hash(format!("{kind} {name}").as_bytes()));
        self.definitions.entry(name.to_owned()).or_insert_with(|| {
            json!({
                "id": id("workflow"),
                "name": name,
                "display_name": name,
                "description": null,
                "type": "code",
                "customer_id": uuid(hash(b"customer")),
                "workspace_id": uuid(hash(b"workspace")),
                "available_in_chat_assistant": false,
                "is_technical": false,
                "archived": false,
                "tags": [],
            })
        })
    }

    /// Returns the workflows that were named so far, ordered by their names.
    pub(crate) fn definitions(&self) -> impl Iterator<Item = &Value> {
        self.definitions.values()
    }

    /// Returns the name of the workflow with a name, an id or the id of a registration.
    pub(crate) fn workflow_name(&self, identifier: &str) -> String {
        let is_named = |name: &&String| {
            *name == identifier
                || self.id_of(name) == identifier
                || registration_id(name) == identifier
        };
        let found = self.definitions.keys().find(is_named);
        found.cloned().unwrap_or_else(|| identifier.to_owned())
    }

    fn id_of(&self, name: &str) -> &str {
        let id = self.definitions.get(name).and_then(|it| it.get("id"));
        id.and_then(Value::as_str).unwrap_or_default()
    }
}

/// Returns the connectors that an execution is to be bound to.
fn bindings(body: &Value) -> &[Value] {
    let bindings = body.pointer("/extensions/mistralai/connectors/bindings");
    bindings
        .and_then(Value::as_array)
        .map_or(&[], Vec::as_slice)
}

/// Returns the id of the registration of a workflow.
pub(crate) fn registration_id(workflow: &str) -> String {
    uuid(hash(format!("registration {workflow}").as_bytes()))
}

/// Wraps a value as the events of workflows do.
fn payload(value: &Value) -> Value {
    let encoded = value.as_object().filter(|it| it.contains_key("b64payload"));
    let mut members = Map::new();
    members.insert("type".into(), "json".into());
    let value = match encoded {
        Some(encoded) => {
            let options = encoded.get("encoding_options").cloned();
            members.insert("encoding_options".into(), options.unwrap_or_default());
            encoded.get("b64payload").cloned().unwrap_or_default()
        }
        None => value.clone(),
    };
    members.insert("value".into(), value);
    members.into()
}

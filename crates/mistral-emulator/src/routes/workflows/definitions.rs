//! Workflows and their registrations. Every name is that of a workflow; lists have those that a
//! request has named.

use axum::response::Response;
use serde_json::{Map, Value, json};

use crate::json::{array, set_member};
use crate::requests::spec_request::SpecRequest;
use crate::responses::ApiError;
use crate::routes::spec_response::{Handlers, done, json, json_with, list};
use crate::state::AppState;
use crate::state::execution::{COMPLETED, FAILED};
use crate::state::workflows::{Workflows, registration_id};

pub(in crate::routes) static HANDLERS: Handlers = &[
    ("workflows.get_workflows", list_workflows),
    ("workflows.get_workflow", retrieve),
    ("workflows.update_workflow", update),
    ("workflows.add_workflow_tags", add_tags),
    ("workflows.archive_workflow", archive),
    ("workflows.unarchive_workflow", unarchive),
    ("workflows.bulk_archive_workflows", archive_many),
    ("workflows.bulk_unarchive_workflows", unarchive_many),
    ("workflows.get_workflow_registrations", list_registrations),
    ("workflows.get_workflow_registration", retrieve_registration),
    ("workflows.metrics.get_workflow_metrics", metrics),
];

fn list_workflows(state: &AppState, request: &SpecRequest) -> Result<Response, ApiError> {
    let workflows = state.workflows();
    let is_wanted = |workflow: &&Value| {
        let name = workflow.get("display_name").and_then(Value::as_str);
        let found = request.query_text("search").unwrap_or_default();
        let archived = request.in_query("archived");
        name.unwrap_or_default().contains(found)
            && archived.is_none_or(|archived| workflow.get("archived") == Some(archived))
    };
    let items = workflows.definitions().filter(is_wanted).map(|workflow| {
        let names = [
            "id",
            "name",
            "display_name",
            "description",
            "archived",
            "tags",
        ];
        let members = names.iter().map(|name| {
            let member = workflow.get(*name).cloned().unwrap_or_default();
            ((*name).to_owned(), member)
        });
        Value::from(members.collect::<Map<_, _>>())
    });
    let items = items.collect();
    Ok(list(request, items))
}

/// Changes the workflow that a request names, and returns it.
fn change(workflows: &mut Workflows, identifier: &str, change: impl FnOnce(&mut Value)) -> Value {
    let name = workflows.workflow_name(identifier);
    let workflow = workflows.definition(&name);
    change(workflow);
    workflow.clone()
}

fn retrieve(state: &AppState, request: &SpecRequest) -> Result<Response, ApiError> {
    let identifier = request.in_path("workflow_identifier");
    let mut workflow = change(&mut state.workflows(), identifier, |_| {});
    set_member(&mut workflow, "active", true.into());
    Ok(json(request, &json!({ "workflow": workflow })))
}

fn update(state: &AppState, request: &SpecRequest) -> Result<Response, ApiError> {
    let changes = request.body.as_object();
    respond(state, request, |workflow| {
        for (name, value) in changes.into_iter().flatten() {
            let is_cleared = value.is_null() && name != "description";
            if !is_cleared {
                set_member(workflow, name, value.clone());
            }
        }
    })
}

fn archive(state: &AppState, request: &SpecRequest) -> Result<Response, ApiError> {
    respond(state, request, |it| set_member(it, "archived", true.into()))
}

fn unarchive(state: &AppState, request: &SpecRequest) -> Result<Response, ApiError> {
    respond(state, request, |it| {
        set_member(it, "archived", false.into())
    })
}

fn respond(
    state: &AppState,
    request: &SpecRequest,
    changes: impl FnOnce(&mut Value),
) -> Result<Response, ApiError> {
    let identifier = request.in_path("workflow_identifier");
    let workflow = change(&mut state.workflows(), identifier, changes);
    Ok(json(request, &json!({ "workflow": workflow })))
}

fn add_tags(state: &AppState, request: &SpecRequest) -> Result<Response, ApiError> {
    let identifier = request.in_path("workflow_identifier");
    change(&mut state.workflows(), identifier, |workflow| {
        let mut tags = array(workflow, "tags").to_vec();
        for tag in array(&request.body, "tags") {
            if !tags.contains(tag) {
                tags.push(tag.clone());
            }
        }
        set_member(workflow, "tags", tags.into());
    });
    Ok(done(request))
}

fn archive_many(state: &AppState, request: &SpecRequest) -> Result<Response, ApiError> {
    Ok(change_many(state, request, "archived", true))
}

fn unarchive_many(state: &AppState, request: &SpecRequest) -> Result<Response, ApiError> {
    Ok(change_many(state, request, "unarchived", false))
}

fn change_many(state: &AppState, request: &SpecRequest, name: &str, is_archived: bool) -> Response {
    let mut workflows = state.workflows();
    let ids = array(&request.body, "workflow_ids")
        .iter()
        .filter_map(Value::as_str);
    let changed = ids.map(|id| {
        change(&mut workflows, id, |workflow| {
            set_member(workflow, "archived", is_archived.into());
        })
    });
    let changed: Vec<Value> = changed.collect();
    json(request, &json!({ name: changed, "errored": [] }))
}

fn list_registrations(state: &AppState, request: &SpecRequest) -> Result<Response, ApiError> {
    let workflows = state.workflows();
    let is_wanted = |workflow: &&Value| {
        let is = |query: &str, name: &str| {
            request
                .query_text(query)
                .is_none_or(|wanted| workflow.get(name).and_then(Value::as_str) == Some(wanted))
        };
        is("workflow_name", "name") && is("workflow_id", "id")
    };
    let found: Vec<Value> = workflows
        .definitions()
        .filter(is_wanted)
        .map(registration)
        .collect();
    Ok(json(
        request,
        &json!({
            "workflow_registrations": found,
            "workflow_versions": found,
            "next_cursor": null,
        }),
    ))
}

fn retrieve_registration(state: &AppState, request: &SpecRequest) -> Result<Response, ApiError> {
    let id = request.in_path("workflow_registration_id");
    let workflow = change(&mut state.workflows(), id, |_| {});
    let mut found = registration(&workflow);
    set_member(&mut found, "id", id.into());
    set_member(&mut found, "active", true.into());
    let body = json!({ "workflow_registration": found, "workflow_version": found });
    Ok(json(request, &body))
}

fn registration(workflow: &Value) -> Value {
    let name = workflow
        .get("name")
        .and_then(Value::as_str)
        .unwrap_or_default();
    json!({
        "id": registration_id(name),
        "workflow_id": workflow.get("id"),
        "workflow": workflow,
        "definition": {
            "input_schema": { "type": "object" },
            "signals": [],
            "queries": [],
            "updates": [],
        },
        "deployment_name": null,
        "task_queue": null,
        "compatible_with_chat_assistant": false,
    })
}

/// Counts the executions of a workflow.
fn metrics(state: &AppState, request: &SpecRequest) -> Result<Response, ApiError> {
    let workflows = state.workflows();
    let name = workflows.workflow_name(request.in_path("workflow_name"));
    let own = || workflows.executions.iter().filter(|it| it.workflow == name);
    let count = |status: &str| own().filter(|it| it.status == status).count();
    let durations = own().filter_map(|it| Some(it.ended_at?.saturating_sub(it.started_at)));
    let total: u64 = durations.clone().sum();
    let average = total.saturating_mul(1000) / (durations.count() as u64).max(1);
    Ok(json_with(
        request,
        json!({
            "execution_count": { "value": own().count() },
            "success_count": { "value": count(COMPLETED) },
            "error_count": { "value": count(FAILED) },
            "average_latency_ms": { "value": average },
            "latency_over_time": { "value": [] },
            "retry_rate": { "value": 0 },
        }),
    ))
}

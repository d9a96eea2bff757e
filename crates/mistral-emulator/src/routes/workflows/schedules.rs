//! Schedules of workflows, which start executions when they are triggered.

use axum::response::Response;
use http::StatusCode;
use serde_json::{Value, json};

use crate::json::set_member;
use crate::requests::spec_request::SpecRequest;
use crate::responses::ApiError;
use crate::routes::spec_response::{Handlers, done, json, list};
use crate::state::AppState;
use crate::state::workflows::Workflows;
use crate::time::format_timestamp;

pub(in crate::routes) static HANDLERS: Handlers = &[
    ("workflows.schedules.schedule_workflow", create),
    ("workflows.schedules.get_schedules", list_schedules),
    ("workflows.schedules.get_schedule", retrieve),
    ("workflows.schedules.update_schedule", update),
    ("workflows.schedules.unschedule_workflow", delete),
    ("workflows.schedules.pause_schedule", pause),
    ("workflows.schedules.resume_schedule", resume),
    ("workflows.schedules.trigger_schedule", trigger),
];

fn create(state: &AppState, request: &SpecRequest) -> Result<Response, ApiError> {
    let mut workflows = state.workflows();
    let identifiers = [
        "workflow_identifier",
        "workflow_registration_id",
        "workflow_version_id",
    ];
    let identifier = identifiers.iter().find_map(|name| request.body_text(name));
    let name = workflows.workflow_name(identifier.unwrap_or("workflow"));
    let mut schedule = request.in_body("schedule").cloned().unwrap_or_default();
    let own_id = schedule
        .get("schedule_id")
        .and_then(Value::as_str)
        .map(str::to_owned);
    let id = request
        .body_text("schedule_id")
        .map(str::to_owned)
        .or(own_id);
    let id = id.unwrap_or_else(|| workflows.new_id("schedule"));
    if position(&workflows, &id).is_ok() {
        let message = "A schedule with this id exists already";
        return Err(ApiError::detail(StatusCode::CONFLICT, message));
    }
    let remaining = schedule.get("max_executions").cloned().unwrap_or_default();
    if let Some(members) = schedule.as_object_mut() {
        members.remove("max_executions");
    }
    for (member, value) in [
        ("schedule_id", id.as_str().into()),
        ("workflow_name", name.as_str().into()),
        ("paused", false.into()),
        ("remaining_executions", remaining),
        (
            "deployment_name",
            request
                .in_body("deployment_name")
                .cloned()
                .unwrap_or_default(),
        ),
        ("future_executions", json!([])),
        ("recent_executions", json!([])),
    ] {
        set_member(&mut schedule, member, value);
    }
    workflows.definition(&name);
    workflows.schedules.push(schedule);
    Ok(json(request, &json!({ "schedule_id": id })))
}

fn position(workflows: &Workflows, id: &str) -> Result<usize, ApiError> {
    let is_wanted = |it: &Value| it.get("schedule_id") == Some(&id.into());
    let found = workflows.schedules.iter().position(is_wanted);
    found.ok_or_else(|| ApiError::detail(StatusCode::NOT_FOUND, "Schedule not found"))
}

/// Changes the schedule that a request names, and returns it.
fn change(
    workflows: &mut Workflows,
    request: &SpecRequest,
    change: impl FnOnce(&mut Value),
) -> Result<Value, ApiError> {
    let at = position(workflows, request.in_path("schedule_id"))?;
    let schedule = workflows.schedules.get_mut(at);
    let schedule = schedule.map(|schedule| {
        change(schedule);
        schedule.clone()
    });
    Ok(schedule.unwrap_or_default())
}

fn list_schedules(state: &AppState, request: &SpecRequest) -> Result<Response, ApiError> {
    let workflows = state.workflows();
    let is_wanted = |it: &&Value| {
        let name = it
            .get("workflow_name")
            .and_then(Value::as_str)
            .unwrap_or_default();
        let id = it
            .get("schedule_id")
            .and_then(Value::as_str)
            .unwrap_or_default();
        let found = request.query_text("search").unwrap_or_default();
        request
            .query_text("workflow_name")
            .is_none_or(|wanted| wanted == name)
            && (name.contains(found) || id.contains(found))
    };
    let schedules = workflows.schedules.iter().filter(is_wanted).cloned();
    Ok(list(request, schedules.collect()))
}

fn retrieve(state: &AppState, request: &SpecRequest) -> Result<Response, ApiError> {
    Ok(json(
        request,
        &change(&mut state.workflows(), request, |_| {})?,
    ))
}

fn update(state: &AppState, request: &SpecRequest) -> Result<Response, ApiError> {
    let changes = request.in_body("schedule").and_then(Value::as_object);
    let schedule = change(&mut state.workflows(), request, |schedule| {
        for (name, value) in changes.into_iter().flatten() {
            let name = if name == "max_executions" {
                "remaining_executions"
            } else {
                name
            };
            set_member(schedule, name, value.clone());
        }
    })?;
    Ok(json(
        request,
        &json!({ "schedule_id": schedule.get("schedule_id") }),
    ))
}

fn delete(state: &AppState, request: &SpecRequest) -> Result<Response, ApiError> {
    let mut workflows = state.workflows();
    let at = position(&workflows, request.in_path("schedule_id"))?;
    workflows.schedules.remove(at);
    Ok(done(request))
}

fn pause(state: &AppState, request: &SpecRequest) -> Result<Response, ApiError> {
    set_paused(state, request, true)
}

fn resume(state: &AppState, request: &SpecRequest) -> Result<Response, ApiError> {
    set_paused(state, request, false)
}

fn set_paused(
    state: &AppState,
    request: &SpecRequest,
    is_paused: bool,
) -> Result<Response, ApiError> {
    change(&mut state.workflows(), request, |schedule| {
        set_member(schedule, "paused", is_paused.into());
        if let Some(note) = request.in_body("note") {
            set_member(schedule, "note", note.clone());
        }
    })?;
    Ok(done(request))
}

/// Starts an execution, paused or not, which `recent_executions` of the schedule names.
fn trigger(state: &AppState, request: &SpecRequest) -> Result<Response, ApiError> {
    let mut workflows = state.workflows();
    let schedule = change(&mut workflows, request, |_| {})?;
    let name = schedule
        .get("workflow_name")
        .and_then(Value::as_str)
        .unwrap_or_default();
    let body = json!({
        "input": schedule.get("input"),
        "deployment_name": schedule.get("deployment_name"),
    });
    let id = Some(request.in_path("schedule_id"));
    if let Some(execution) = workflows.start(name, &body, id) {
        let time = format_timestamp(execution.started_at);
        let entry = json!({
            "scheduled_at": time, "started_at": time, "execution_id": execution.id,
        });
        change(&mut workflows, request, |schedule| {
            let recent = schedule
                .get_mut("recent_executions")
                .and_then(Value::as_array_mut);
            if let Some(recent) = recent {
                recent.push(entry);
            }
        })?;
    }
    Ok(done(request))
}

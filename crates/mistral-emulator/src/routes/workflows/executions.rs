//! Executions of workflows.

use axum::response::Response;
use http::StatusCode;
use serde_json::{Map, Value, json};

use crate::json::array;
use crate::requests::spec_request::SpecRequest;
use crate::responses::ApiError;
use crate::routes::spec_response::{Handlers, done, json, json_with, list};
use crate::state::AppState;
use crate::state::execution::{CANCELED, Execution, RUNNING, TERMINATED};
use crate::state::workflows::Workflows;

pub(in crate::routes) static HANDLERS: Handlers = &[
    ("workflows.execute_workflow", execute),
    ("workflows.execute_workflow_registration", execute),
    ("workflows.executions.get_workflow_execution", retrieve),
    (
        "workflows.executions.get_workflow_execution_history",
        history,
    ),
    (
        "workflows.executions.get_workflow_execution_trace_events",
        trace,
    ),
    (
        "workflows.executions.get_workflow_execution_trace_info",
        trace_info,
    ),
    (
        "workflows.executions.get_workflow_execution_trace_otel",
        trace,
    ),
    (
        "workflows.executions.get_workflow_execution_trace_summary",
        trace,
    ),
    ("workflows.executions.query_workflow_execution", query),
    ("workflows.executions.signal_workflow_execution", signal),
    ("workflows.executions.update_workflow_execution", update),
    ("workflows.executions.cancel_workflow_execution", cancel),
    (
        "workflows.executions.terminate_workflow_execution",
        terminate,
    ),
    (
        "workflows.executions.batch_cancel_workflow_executions",
        cancel_many,
    ),
    (
        "workflows.executions.batch_terminate_workflow_executions",
        terminate_many,
    ),
    ("workflows.executions.reset_workflow", reset),
    ("workflows.runs.get_run", retrieve_run),
    ("workflows.runs.get_run_history", run_history),
    ("workflows.runs.list_runs", list_runs),
];

fn execute(state: &AppState, request: &SpecRequest) -> Result<Response, ApiError> {
    let identifier = match request.in_path("workflow_identifier") {
        "" => request.in_path("workflow_registration_id"),
        identifier => identifier,
    };
    let mut workflows = state.workflows();
    let name = workflows.workflow_name(identifier);
    let started = workflows.start(&name, &request.body, None);
    let execution = started.ok_or_else(|| {
        let message = "An execution with this id exists already";
        ApiError::detail(StatusCode::CONFLICT, message)
    })?;
    if request.in_body("wait_for_result") != Some(&Value::Bool(true)) {
        return Ok(json(request, &execution.to_json()));
    }
    workflows.complete(&execution.id);
    let ended = find(&workflows, &execution.id)?;
    if ended.to_json().get("result").is_none_or(Value::is_null) {
        return Ok(json(request, &ended.to_json()));
    }
    let body = json!({
        "workflow_name": ended.workflow,
        "execution_id": ended.id,
        "result": ended.result(),
    });
    Ok(json(request, &body))
}

fn not_found() -> ApiError {
    ApiError::detail(StatusCode::NOT_FOUND, "Workflow execution not found")
}

/// Returns an execution, or the 404 of those that do not exist.
pub(super) fn find<'a>(workflows: &'a Workflows, id: &str) -> Result<&'a Execution, ApiError> {
    workflows.execution(id).ok_or_else(not_found)
}

/// Returns an execution that is running.
fn running<'a>(workflows: &'a Workflows, id: &str) -> Result<&'a Execution, ApiError> {
    let execution = find(workflows, id)?;
    if execution.status == RUNNING {
        return Ok(execution);
    }
    let message = format!(
        "The workflow execution is not running: it is {}",
        execution.status
    );
    Err(ApiError::detail(StatusCode::CONFLICT, &message))
}

fn retrieve(state: &AppState, request: &SpecRequest) -> Result<Response, ApiError> {
    respond(state, request, request.in_path("execution_id"))
}

fn retrieve_run(state: &AppState, request: &SpecRequest) -> Result<Response, ApiError> {
    let id = state
        .workflows()
        .execution_of_run(request.in_path("run_id"));
    respond(state, request, &id.ok_or_else(not_found)?)
}

fn respond(state: &AppState, request: &SpecRequest, id: &str) -> Result<Response, ApiError> {
    let mut workflows = state.workflows();
    workflows.advance(id);
    Ok(json(request, &find(&workflows, id)?.to_json()))
}

fn history(state: &AppState, request: &SpecRequest) -> Result<Response, ApiError> {
    respond_history(state, request, request.in_path("execution_id"))
}

fn run_history(state: &AppState, request: &SpecRequest) -> Result<Response, ApiError> {
    let id = state
        .workflows()
        .execution_of_run(request.in_path("run_id"));
    respond_history(state, request, &id.ok_or_else(not_found)?)
}

fn respond_history(
    state: &AppState,
    request: &SpecRequest,
    id: &str,
) -> Result<Response, ApiError> {
    let workflows = state.workflows();
    find(&workflows, id)?;
    let events = workflows
        .events
        .iter()
        .filter_map(|event| event.get("data"));
    let own = events.filter(|data| data.get("workflow_exec_id") == Some(&id.into()));
    let events: Vec<Value> = own
        .enumerate()
        .map(|(index, data)| {
            json!({
                "eventId": index + 1,
                "eventType": data.get("event_type"),
                "eventTime": data.get("event_timestamp"),
                "attributes": data.get("attributes"),
            })
        })
        .collect();
    Ok(json(request, &json!({ "events": events })))
}

fn trace(state: &AppState, request: &SpecRequest) -> Result<Response, ApiError> {
    let workflows = state.workflows();
    let execution = find(&workflows, request.in_path("execution_id"))?;
    let mut body = execution.to_json();
    crate::json::set_member(&mut body, "data_source", "emulator".into());
    Ok(json_with(request, body))
}

fn trace_info(state: &AppState, request: &SpecRequest) -> Result<Response, ApiError> {
    let workflows = state.workflows();
    let execution = find(&workflows, request.in_path("execution_id"))?;
    let body = json!({ "otel_trace_id": execution.trace_id(), "has_trace_data": false });
    Ok(json(request, &body))
}

fn query(state: &AppState, request: &SpecRequest) -> Result<Response, ApiError> {
    let workflows = state.workflows();
    let execution = find(&workflows, request.in_path("execution_id"))?;
    let result = json!({
        "status": execution.status,
        "input": request.in_body("input"),
        "signals": execution.signals,
    });
    let body = json!({ "query_name": request.body_text("name"), "result": result });
    Ok(json(request, &body))
}

fn signal(state: &AppState, request: &SpecRequest) -> Result<Response, ApiError> {
    let mut workflows = state.workflows();
    let id = running(&workflows, request.in_path("execution_id"))?
        .id
        .clone();
    workflows.change(&id, |execution| execution.signals.push(sent(request)));
    Ok(json(request, &json!({ "message": "Signal accepted" })))
}

fn update(state: &AppState, request: &SpecRequest) -> Result<Response, ApiError> {
    let mut workflows = state.workflows();
    let id = running(&workflows, request.in_path("execution_id"))?
        .id
        .clone();
    workflows.change(&id, |execution| execution.updates.push(sent(request)));
    let body = json!({
        "update_name": request.body_text("name"),
        "result": request.in_body("input"),
    });
    Ok(json(request, &body))
}

/// Returns the name and the input of a signal or update.
fn sent(request: &SpecRequest) -> Value {
    json!({ "name": request.body_text("name"), "input": request.in_body("input") })
}

fn cancel(state: &AppState, request: &SpecRequest) -> Result<Response, ApiError> {
    stop(
        &mut state.workflows(),
        request.in_path("execution_id"),
        CANCELED,
    )?;
    Ok(done(request))
}

fn terminate(state: &AppState, request: &SpecRequest) -> Result<Response, ApiError> {
    stop(
        &mut state.workflows(),
        request.in_path("execution_id"),
        TERMINATED,
    )?;
    Ok(done(request))
}

fn stop(workflows: &mut Workflows, id: &str, status: &'static str) -> Result<(), ApiError> {
    let task_id = running(workflows, id)?.run_id.clone();
    let attributes = json!({ "task_id": task_id, "reason": status });
    workflows.end(id, status, "WORKFLOW_EXECUTION_CANCELED", attributes);
    Ok(())
}

fn cancel_many(state: &AppState, request: &SpecRequest) -> Result<Response, ApiError> {
    Ok(stop_many(state, request, CANCELED))
}

fn terminate_many(state: &AppState, request: &SpecRequest) -> Result<Response, ApiError> {
    Ok(stop_many(state, request, TERMINATED))
}

fn stop_many(state: &AppState, request: &SpecRequest, status: &'static str) -> Response {
    let mut workflows = state.workflows();
    let ids = array(&request.body, "execution_ids")
        .iter()
        .filter_map(Value::as_str);
    let results = ids.map(|id| {
        let result = match stop(&mut workflows, id, status) {
            Ok(()) => json!({ "status": "success" }),
            Err(error) => json!({ "status": "failure", "error": error.body.get("detail") }),
        };
        (id.to_owned(), result)
    });
    let results: Map<String, Value> = results.collect();
    json(request, &json!({ "results": results }))
}

/// Starts a new run of an execution, which forgets what it received.
fn reset(state: &AppState, request: &SpecRequest) -> Result<Response, ApiError> {
    let mut workflows = state.workflows();
    let id = find(&workflows, request.in_path("execution_id"))?
        .id
        .clone();
    let run_id = workflows.new_id("run");
    let keeps = |name: &str| request.in_body(name) != Some(&Value::Bool(true));
    workflows.change(&id, |execution| {
        execution.run_id = run_id;
        execution.status = RUNNING;
        execution.ended_at = None;
        execution.was_retrieved = false;
        if !keeps("exclude_signals") {
            execution.signals.clear();
        }
        if !keeps("exclude_updates") {
            execution.updates.clear();
        }
    });
    Ok(done(request))
}

fn list_runs(state: &AppState, request: &SpecRequest) -> Result<Response, ApiError> {
    let workflows = state.workflows();
    let wanted = request.query_text("workflow_identifier");
    let wanted = wanted.map(|identifier| workflows.workflow_name(identifier));
    let is = |name: &str, found: &str| request.query_text(name).is_none_or(|text| text == found);
    let matches = |it: &&Execution| {
        let found = request.query_text("search").unwrap_or_default();
        wanted.as_ref().is_none_or(|name| *name == it.workflow)
            && has_status(request, it.status)
            && is("root_execution_id", &it.id)
            && (it.workflow.contains(found) || it.id.contains(found))
    };
    let executions = workflows.executions.iter().filter(matches);
    let mut runs: Vec<Value> = executions.map(Execution::to_json_without_result).collect();
    if request.query_text("order") != Some("asc") {
        runs.reverse();
    }
    Ok(list(request, runs))
}

/// Whether a filter by one status or several is absent or accepts a status.
fn has_status(request: &SpecRequest, status: &str) -> bool {
    match request.in_query("status") {
        None => true,
        Some(Value::Array(accepted)) => accepted.contains(&status.into()),
        Some(accepted) => accepted == status,
    }
}

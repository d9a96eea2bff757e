//! Events and logs of executions, in lists and in streams that can be resumed.

use axum::response::Response;
use serde_json::{Value, json};

use super::executions::find;
use crate::generate::random::{hash, hex_id};
use crate::json_format::to_ordered_string;
use crate::requests::spec_request::SpecRequest;
use crate::responses::{ApiError, sse};
use crate::routes::spec_response::{Handlers, list};
use crate::state::AppState;

pub(in crate::routes) static HANDLERS: Handlers = &[
    ("workflows.events.get_stream_events", stream_all),
    ("workflows.events.get_workflow_events", list_events),
    ("workflows.executions.stream", stream_one),
    (
        "workflows.executions.get_workflow_execution_logs",
        list_logs,
    ),
    (
        "workflows.executions.stream_workflow_execution_logs",
        stream_logs,
    ),
];

/// The filters of a stream by the members of events, each of which is `*` for all.
const FILTERS: &[(&str, &str)] = &[
    ("workflow_name", "/data/workflow_name"),
    ("workflow_exec_id", "/data/workflow_exec_id"),
    ("root_workflow_exec_id", "/data/root_workflow_exec_id"),
    ("workflow_run_id", "/data/workflow_run_id"),
    ("stream", "/stream"),
];

/// Streams the events of an execution, which runs to its end.
fn stream_one(state: &AppState, request: &SpecRequest) -> Result<Response, ApiError> {
    let id = request.in_path("execution_id");
    find(&state.workflows(), id)?;
    state.workflows().complete(id);
    let first = last_event_id(request).map_or(0, |last| last + 1);
    Ok(stream(&events(state, first, |event| {
        event.get("stream") == Some(&id.into())
    })))
}

/// Streams the events that the filters select. An execution that they name runs to its end.
fn stream_all(state: &AppState, request: &SpecRequest) -> Result<Response, ApiError> {
    for name in ["root_workflow_exec_id", "workflow_exec_id"] {
        if let Some(id) = request.query_text(name) {
            state.workflows().complete(id);
        }
    }
    let start = request.in_query("start_seq").and_then(Value::as_u64);
    let first = last_event_id(request).map_or(start.unwrap_or(0), |last| last + 1);
    Ok(stream(&events(state, first, |event| {
        is_selected(request, event)
    })))
}

fn list_events(state: &AppState, request: &SpecRequest) -> Result<Response, ApiError> {
    let selected = events(state, 0, |event| is_selected(request, event));
    let events = selected
        .iter()
        .filter_map(|event| event.get("data").cloned());
    Ok(list(request, events.collect()))
}

/// Returns the number of the last event that a client has seen, from the header or the query.
fn last_event_id(request: &SpecRequest) -> Option<u64> {
    let header = request.headers.get("last-event-id");
    let header = header.and_then(|value| value.to_str().ok());
    header
        .or_else(|| request.query_text("last_event_id"))?
        .parse()
        .ok()
}

fn events(state: &AppState, first: u64, is_wanted: impl Fn(&Value) -> bool) -> Vec<Value> {
    let workflows = state.workflows();
    let sequence = |event: &Value| event.get("broker_sequence").and_then(Value::as_u64);
    let events = workflows.events.iter();
    let wanted = events.filter(|event| sequence(event) >= Some(first) && is_wanted(event));
    wanted.cloned().collect()
}

fn is_selected(request: &SpecRequest, event: &Value) -> bool {
    let accepts = |(name, place): &(&str, &str)| match request.query_text(name) {
        None | Some("*") => true,
        Some(wanted) => event.pointer(place).and_then(Value::as_str) == Some(wanted),
    };
    let types = request
        .in_query("workflow_event_types")
        .and_then(Value::as_array);
    let event_type = event.pointer("/data/event_type");
    let has_type = types.is_none_or(|types| event_type.is_some_and(|it| types.contains(it)));
    FILTERS.iter().all(accepts) && has_type
}

fn stream(events: &[Value]) -> Response {
    sse::event_stream(events.iter().map(|event| {
        let sequence = event.get("broker_sequence").cloned().unwrap_or_default();
        let data = to_ordered_string(event);
        format!("event: message\nid: {sequence}\ndata: {data}\n\n")
    }))
}

fn list_logs(state: &AppState, request: &SpecRequest) -> Result<Response, ApiError> {
    let mut records = logs(state, request)?;
    if request.query_text("order") == Some("desc") {
        records.reverse();
    }
    Ok(list(request, records))
}

fn stream_logs(state: &AppState, request: &SpecRequest) -> Result<Response, ApiError> {
    let seen = last_event_id(request).unwrap_or(0);
    let records = logs(state, request)?.into_iter().zip(1_u64..);
    let unseen = records.filter(|(_, number)| *number > seen);
    Ok(sse::event_stream(unseen.map(|(record, number)| {
        format!("event: log\nid: {number}\ndata: {record}\n\n")
    })))
}

/// Returns a record for each event of an execution.
fn logs(state: &AppState, request: &SpecRequest) -> Result<Vec<Value>, ApiError> {
    let id = request.in_path("execution_id");
    let trace_id = {
        let workflows = state.workflows();
        let trace_id = find(&workflows, id)?.trace_id().map(str::to_owned);
        trace_id.unwrap_or_else(|| hex_id(hash(id.as_bytes())))
    };
    let events = events(state, 0, |event| event.get("stream") == Some(&id.into()));
    let records = events.iter().map(|event| {
        let name = event.pointer("/data/event_type").and_then(Value::as_str);
        let name = name.unwrap_or_default();
        let is_failure = name.ends_with("FAILED");
        json!({
            "timestamp": event.get("timestamp"),
            "trace_id": trace_id,
            "span_id": hex_id(hash(format!("{id} {name}").as_bytes())).get(..16),
            "severity_text": if is_failure { "ERROR" } else { "INFO" },
            "body": name,
            "log_attributes": { "workflow_exec_id": id },
        })
    });
    Ok(records.collect())
}

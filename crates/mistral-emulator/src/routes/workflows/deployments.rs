//! Deployments of workers, which run as soon as they are created.

use axum::response::Response;
use http::StatusCode;
use serde_json::{Value, json};

use crate::generate::random::{hash, uuid};
use crate::json::set_member;
use crate::requests::spec_request::SpecRequest;
use crate::responses::ApiError;
use crate::routes::spec_response::{Handlers, done, generated, json, json_with, list};
use crate::state::AppState;
use crate::state::resources::has;

const KIND: &str = "deployment";

pub(in crate::routes) static HANDLERS: Handlers = &[
    ("workflows.deployments.create_deployment", create),
    ("workflows.deployments.list_deployments", list_deployments),
    ("workflows.deployments.get_deployment", retrieve),
    ("workflows.deployments.update_deployment", update),
    ("workflows.deployments.delete_deployment", delete),
    ("workflows.deployments.start_deployment", start),
    ("workflows.deployments.stop_deployment", stop),
    ("workflows.deployments.restart_deployment", restart),
    ("workflows.deployments.unharden_deployment", unharden),
    ("workflows.deployments.get_deployment_archive", describe),
    ("workflows.deployments.get_deployment_logs", describe),
    ("workflows.deployments.list_deployment_workers", describe),
    ("workflows.deployments.stream_deployment_logs", stream_logs),
];

fn create(state: &AppState, request: &SpecRequest) -> Result<Response, ApiError> {
    let name = request.body_text("name").unwrap_or_default();
    let mut resources = state.resources();
    if resources.find(KIND, |it| has(it, "name", name)).is_some() {
        let message = "A deployment with this name exists already";
        return Err(ApiError::detail(StatusCode::CONFLICT, message));
    }
    let mut spec = json!({
        "type": "workflows_worker",
        "github_url": "",
        "backend_spec": { "type": "mistral_cloud" },
    });
    merge(&mut spec, request.in_body("spec"));
    let now = resources.tick();
    let replicas = request
        .body
        .pointer("/resources/replicas")
        .and_then(Value::as_u64);
    let replicas = replicas.unwrap_or(1);
    let deployment = json!({
        "service_id": resources.new_id(KIND),
        "name": name,
        "spec": spec,
        "resources": { "replicas": replicas },
        "status": {
            "phase": "RUNNING", "available_replicas": replicas, "ready_replicas": replicas,
        },
        "created_at": now,
        "updated_at": now,
        "stopped": false,
        "is_hardened": request.in_body("hardened").cloned().unwrap_or(false.into()),
    });
    resources.add(KIND, deployment.clone());
    Ok(json(request, &deployment))
}

/// Sets the members of an object that are not null in another.
fn merge(target: &mut Value, changes: Option<&Value>) {
    for (name, value) in changes.and_then(Value::as_object).into_iter().flatten() {
        if !value.is_null() {
            set_member(target, name, value.clone());
        }
    }
}

fn list_deployments(state: &AppState, request: &SpecRequest) -> Result<Response, ApiError> {
    let resources = state.resources();
    let only_active = request.in_query("active_only") != Some(&Value::Bool(false));
    let found = request.query_text("search").unwrap_or_default();
    let is_wanted = |it: &&Value| {
        let name = it.get("name").and_then(Value::as_str).unwrap_or_default();
        name.contains(found) && (!only_active || is_active(it))
    };
    let deployments = resources.all(KIND).iter().filter(is_wanted).map(summary);
    Ok(list(request, deployments.collect()))
}

fn is_active(deployment: &Value) -> bool {
    deployment.get("stopped") != Some(&Value::Bool(true))
}

/// Returns a deployment as lists describe it.
fn summary(deployment: &Value) -> Value {
    let member = |name: &str| deployment.get(name).cloned().unwrap_or_default();
    let replicas = deployment.pointer("/resources/replicas").cloned();
    let is_active = is_active(deployment);
    json!({
        "id": member("service_id"),
        "name": member("name"),
        "is_active": is_active,
        "is_hardened": member("is_hardened"),
        "created_at": member("created_at"),
        "updated_at": member("updated_at"),
        "last_heartbeat": member("updated_at"),
        "worker_count": replicas,
        "active_worker_count": if is_active { replicas } else { Some(0.into()) },
        "locations": ["managed"],
        "managed": deployment,
    })
}

fn retrieve(state: &AppState, request: &SpecRequest) -> Result<Response, ApiError> {
    let deployment = change(state, request, |_| {})?;
    let mut detail = summary(&deployment);
    set_member(&mut detail, "workers", json!([]));
    Ok(json_with(request, detail))
}

fn not_found() -> ApiError {
    ApiError::detail(StatusCode::NOT_FOUND, "Deployment not found")
}

/// Changes the deployment that a request names, and returns it.
fn change(
    state: &AppState,
    request: &SpecRequest,
    change: impl FnOnce(&mut Value),
) -> Result<Value, ApiError> {
    let name = request.in_path("name");
    let mut resources = state.resources();
    let changed = resources.change(KIND, |it| has(it, "name", name), change);
    changed.ok_or_else(not_found)
}

/// Changes a deployment now, and responds with it.
fn respond(
    state: &AppState,
    request: &SpecRequest,
    changes: impl FnOnce(&mut Value),
) -> Result<Response, ApiError> {
    change(state, request, |_| {})?;
    let now = state.resources().tick();
    let deployment = change(state, request, |deployment| {
        changes(deployment);
        set_member(deployment, "updated_at", now.into());
    })?;
    Ok(json(request, &deployment))
}

fn update(state: &AppState, request: &SpecRequest) -> Result<Response, ApiError> {
    respond(state, request, |deployment| {
        for name in ["spec", "resources"] {
            if let Some(part) = deployment.get_mut(name) {
                merge(part, request.in_body(name));
            }
        }
    })
}

fn delete(state: &AppState, request: &SpecRequest) -> Result<Response, ApiError> {
    let name = request.in_path("name");
    let removed = state.resources().remove(KIND, |it| has(it, "name", name));
    removed
        .first()
        .map(|deployment| json(request, deployment))
        .ok_or_else(not_found)
}

fn start(state: &AppState, request: &SpecRequest) -> Result<Response, ApiError> {
    respond(state, request, |deployment| set_stopped(deployment, false))
}

fn stop(state: &AppState, request: &SpecRequest) -> Result<Response, ApiError> {
    respond(state, request, |deployment| set_stopped(deployment, true))
}

fn restart(state: &AppState, request: &SpecRequest) -> Result<Response, ApiError> {
    respond(state, request, |deployment| {
        set_stopped(deployment, false);
        let revision = uuid(hash(deployment.to_string().as_bytes()));
        if let Some(status) = deployment.get_mut("status") {
            set_member(status, "deployed_revision", revision.into());
        }
    })
}

fn unharden(state: &AppState, request: &SpecRequest) -> Result<Response, ApiError> {
    let id = request.in_path("deployment_id");
    let mut resources = state.resources();
    let changed = resources.change(
        KIND,
        |it| has(it, "service_id", id),
        |deployment| set_member(deployment, "is_hardened", false.into()),
    );
    changed.map(|_| done(request)).ok_or_else(not_found)
}

/// Describes a deployment that exists with an instance of the schema.
fn describe(state: &AppState, request: &SpecRequest) -> Result<Response, ApiError> {
    change(state, request, |_| {})?;
    Ok(generated(request, false))
}

fn stream_logs(state: &AppState, request: &SpecRequest) -> Result<Response, ApiError> {
    change(state, request, |_| {})?;
    Ok(generated(request, true))
}

fn set_stopped(deployment: &mut Value, is_stopped: bool) {
    set_member(deployment, "stopped", is_stopped.into());
    if let Some(status) = deployment.get_mut("status") {
        let phase = if is_stopped { "STOPPED" } else { "RUNNING" };
        set_member(status, "phase", phase.into());
    }
}

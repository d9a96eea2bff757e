//! Connectors and their tools. Each connector has the tools `echo` and `search`.

use axum::response::Response;
use http::StatusCode;
use serde_json::{Map, Value, json};

use super::spec_response::{Handlers, json, list};
use crate::generate::random::{hash, uuid};
use crate::json::{array, set_member};
use crate::json_format::to_spaced_string;
use crate::requests::spec_request::SpecRequest;
use crate::responses::ApiError;
use crate::state::AppState;
use crate::state::resources::has;

const KIND: &str = "connector";
/// The seconds for which a URL of authentication is valid.
const AUTH_URL_TTL: u64 = 600;

pub(super) static HANDLERS: Handlers = &[
    ("beta.connectors.create", create),
    ("beta.connectors.list", list_connectors),
    ("beta.connectors.get", retrieve),
    ("beta.connectors.update", update),
    ("beta.connectors.delete", delete),
    ("beta.connectors.list_tools", list_tools),
    ("beta.connectors.call_tool", call_tool),
    (
        "beta.connectors.get_authentication_methods",
        authentication_methods,
    ),
    ("beta.connectors.get_auth_url", auth_url),
    ("beta.connectors.activate_for_consumer", acknowledge),
    ("beta.connectors.deactivate_for_consumer", acknowledge),
    ("beta.connectors.share", share_in_workspace),
    (
        "beta.connectors.share_to_organization",
        share_in_organization,
    ),
    ("beta.connectors.unshare", unshare),
    ("beta.connectors.unshare_from_organization", unshare),
];

fn create(state: &AppState, request: &SpecRequest) -> Result<Response, ApiError> {
    let name = request.body_text("name").unwrap_or_default();
    let mut resources = state.resources();
    if resources.find(KIND, |it| has(it, "name", name)).is_some() {
        let message = "A connector with this name exists already";
        return Err(ApiError::detail(StatusCode::CONFLICT, message));
    }
    let protocol = request.body_text("protocol").unwrap_or("mcp");
    let now = resources.tick();
    let owner = uuid(hash(b"user"));
    let sent = |name: &str| request.in_body(name).cloned();
    let connector = json!({
        "id": resources.new_id(KIND),
        "name": name,
        "title": sent("title"),
        "description": sent("description"),
        "server": sent("server"),
        "icon_url": sent("icon_url"),
        "system_prompt": sent("system_prompt"),
        "protocol": protocol,
        "supports_mcp": protocol == "mcp",
        "private_tool_execution": false,
        "owner_type": "user",
        "owner_id": owner,
        "creator_id": owner,
        "visibility": sent("visibility").unwrap_or("private".into()),
        "supported_auth_methods": methods(request),
        "created_at": now,
        "modified_at": now,
    });
    resources.add(KIND, connector.clone());
    Ok(json(request, &connector))
}

/// Returns the authentication methods of a request as a connector shows them, without secrets.
fn methods(request: &SpecRequest) -> Vec<Value> {
    let methods = array(&request.body, "auth_methods").iter().map(|method| {
        let mut shown = Map::new();
        for name in ["method_type", "headers", "grant_type"] {
            if let Some(value) = method.get(name).filter(|value| !value.is_null()) {
                shown.insert(name.to_owned(), value.clone());
            }
        }
        shown.entry("method_type").or_insert("none".into());
        shown.into()
    });
    methods.collect()
}

/// Returns the connector with the id or name in the path of a request.
pub(super) fn find(state: &AppState, request: &SpecRequest) -> Result<Value, ApiError> {
    let identifier = identifier(request);
    let resources = state.resources();
    let found = resources.find(KIND, |it| is_named(it, identifier));
    found.cloned().ok_or_else(not_found)
}

fn identifier(request: &SpecRequest) -> &str {
    match request.in_path("connector_id_or_name") {
        "" => request.in_path("connector_id"),
        identifier => identifier,
    }
}

fn is_named(connector: &Value, identifier: &str) -> bool {
    has(connector, "id", identifier) || has(connector, "name", identifier)
}

fn not_found() -> ApiError {
    ApiError::detail(StatusCode::NOT_FOUND, "Connector not found")
}

fn list_connectors(state: &AppState, request: &SpecRequest) -> Result<Response, ApiError> {
    let wanted = request
        .in_query("query_filters")
        .and_then(|it| it.get("supports_mcp"));
    let resources = state.resources();
    let is_wanted =
        |it: &&Value| wanted.is_none_or(|wanted| it.get("supports_mcp") == Some(wanted));
    let connectors = resources.all(KIND).iter().filter(is_wanted).cloned();
    Ok(list(request, connectors.collect()))
}

fn retrieve(state: &AppState, request: &SpecRequest) -> Result<Response, ApiError> {
    Ok(json(request, &find(state, request)?))
}

/// Changes the connector that a request names, and returns it.
fn change(
    state: &AppState,
    request: &SpecRequest,
    change: impl FnOnce(&mut Value),
) -> Result<Value, ApiError> {
    let identifier = identifier(request);
    let mut resources = state.resources();
    let now = resources.tick();
    let changed = resources.change(
        KIND,
        |it| is_named(it, identifier),
        |connector| {
            change(connector);
            set_member(connector, "modified_at", now.into());
        },
    );
    changed.ok_or_else(not_found)
}

fn update(state: &AppState, request: &SpecRequest) -> Result<Response, ApiError> {
    let connector = change(state, request, |connector| {
        for name in [
            "name",
            "title",
            "description",
            "icon_url",
            "server",
            "system_prompt",
        ] {
            if let Some(value) = request.in_body(name) {
                set_member(connector, name, value.clone());
            }
        }
        if request.in_body("auth_methods").is_some() {
            set_member(connector, "supported_auth_methods", methods(request).into());
        }
    })?;
    Ok(json(request, &connector))
}

fn delete(state: &AppState, request: &SpecRequest) -> Result<Response, ApiError> {
    let identifier = identifier(request);
    let removed = state
        .resources()
        .remove(KIND, |it| is_named(it, identifier));
    if removed.is_empty() {
        return Err(not_found());
    }
    Ok(message(request, "Connector deleted"))
}

/// Responds with a message alone.
pub(super) fn message(request: &SpecRequest, text: &str) -> Response {
    json(request, &json!({ "message": text }))
}

/// The names, the descriptions and the parameters of the tools.
const TOOLS: &[(&str, &str, &str)] = &[
    ("echo", "Repeats a text", "text"),
    ("search", "Searches for a query", "query"),
];

fn list_tools(state: &AppState, request: &SpecRequest) -> Result<Response, ApiError> {
    find(state, request)?;
    let is_pretty = request.in_query("pretty") == Some(&Value::Bool(true));
    let tools = TOOLS.iter().map(|(name, description, parameter)| {
        if is_pretty {
            return json!({ "name": name, "description": description });
        }
        json!({
            "name": name,
            "description": description,
            "inputSchema": {
                "type": "object",
                "properties": { *parameter: { "type": "string" } },
                "required": [parameter],
            },
        })
    });
    Ok(list(request, tools.collect()))
}

/// Calls a tool: `echo` returns its text, `search` a sentence with its query.
fn call_tool(state: &AppState, request: &SpecRequest) -> Result<Response, ApiError> {
    let connector = find(state, request)?;
    let name = request.in_path("tool_name");
    let arguments = request.in_body("arguments").cloned().unwrap_or(json!({}));
    let Some((_, _, parameter)) = TOOLS.iter().find(|(tool, _, _)| *tool == name) else {
        return Err(ApiError::detail(StatusCode::NOT_FOUND, "Tool not found"));
    };
    let argument = arguments.get(*parameter).and_then(Value::as_str);
    let (text, is_error) = match argument {
        Some(text) if name == "echo" => (text.to_owned(), false),
        Some(query) => {
            let connector = connector
                .get("name")
                .and_then(Value::as_str)
                .unwrap_or_default();
            (
                format!("{connector} found one result for \"{query}\"."),
                false,
            )
        }
        None => {
            let sent = to_spaced_string(&arguments);
            (
                format!("The argument `{parameter}` must be a string, not in {sent}"),
                true,
            )
        }
    };
    let body = json!({
        "content": [{ "type": "text", "text": text }],
        "metadata": { "mcp_meta": { "isError": is_error, "structuredContent": arguments } },
    });
    Ok(json(request, &body))
}

fn authentication_methods(state: &AppState, request: &SpecRequest) -> Result<Response, ApiError> {
    let connector = find(state, request)?;
    let methods = array(&connector, "supported_auth_methods");
    let none = [json!({ "method_type": "none" })];
    let methods = if methods.is_empty() {
        &none[..]
    } else {
        methods
    };
    Ok(json(request, &methods.into()))
}

fn auth_url(state: &AppState, request: &SpecRequest) -> Result<Response, ApiError> {
    let connector = find(state, request)?;
    let id = connector
        .get("id")
        .and_then(Value::as_str)
        .unwrap_or_default();
    let url = format!("https://auth.example.com/authorize?state={id}");
    Ok(json(
        request,
        &json!({ "auth_url": url, "ttl": AUTH_URL_TTL }),
    ))
}

fn acknowledge(state: &AppState, request: &SpecRequest) -> Result<Response, ApiError> {
    find(state, request)?;
    Ok(message(request, "Connector updated"))
}

fn share_in_workspace(state: &AppState, request: &SpecRequest) -> Result<Response, ApiError> {
    set_visibility(state, request, "shared_workspace")
}

fn share_in_organization(state: &AppState, request: &SpecRequest) -> Result<Response, ApiError> {
    set_visibility(state, request, "shared_org")
}

fn unshare(state: &AppState, request: &SpecRequest) -> Result<Response, ApiError> {
    set_visibility(state, request, "private")
}

fn set_visibility(
    state: &AppState,
    request: &SpecRequest,
    visibility: &str,
) -> Result<Response, ApiError> {
    change(state, request, |connector| {
        set_member(connector, "visibility", visibility.into());
    })?;
    Ok(message(request, "Connector updated"))
}

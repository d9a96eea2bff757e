//! The same models where other clouds serve them: their routes, their errors, their tokens.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Path, RawQuery, Request, State};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use http::{HeaderMap, StatusCode, header};
use serde_json::{Value, json};

use crate::json::set;
use crate::requests::{JsonBody, bearer};
use crate::responses::{ApiError, json_response};
use crate::routes::{chat, fim, ocr};
use crate::state::Shared;
use crate::state::models;

/// How long the tokens of the clouds say that they are good, in seconds.
const TOKEN_LIFE: u64 = 3599;
/// What answers under the name of a deployment that no model has.
const BEHIND_DEPLOYMENTS: &str = "mistral-small-latest";

pub(crate) fn router(shared: &Arc<Shared>) -> Router<Arc<Shared>> {
    let azure = Router::new()
        .route("/models/chat/completions", post(versioned_chat))
        .route("/providers/mistral/azure/ocr", post(versioned_ocr))
        .route("/openai/v1/chat/completions", post(azure_chat))
        .route(
            "/openai/deployments/{deployment}/chat/completions",
            post(deployment_chat),
        )
        .route_layer(middleware::from_fn_with_state(
            Arc::clone(shared),
            check_azure_key,
        ));
    let vertex = Router::new()
        .route(
            "/v1/projects/{project}/locations/{location}/publishers/mistralai/models/{call}",
            post(predict),
        )
        .route_layer(middleware::from_fn_with_state(
            Arc::clone(shared),
            check_google_token,
        ));
    let tokens = Router::new()
        .route("/token", post(google_token))
        .route("/{tenant}/oauth2/v2.0/token", post(entra_token))
        .route(
            "/computeMetadata/v1/instance/service-accounts/default/token",
            get(metadata_token),
        )
        .route(
            "/computeMetadata/v1/project/project-id",
            get(metadata_project),
        );
    azure.merge(vertex).merge(tokens)
}

async fn versioned_chat(
    shared: State<Arc<Shared>>,
    RawQuery(query): RawQuery,
    request: JsonBody,
) -> Result<Response, ApiError> {
    check_version(query.as_deref())?;
    azure_chat(shared, request).await
}

async fn versioned_ocr(
    RawQuery(query): RawQuery,
    JsonBody(mut request): JsonBody,
) -> Result<Response, ApiError> {
    check_version(query.as_deref())?;
    stand_in(&mut request, "mistral-ocr-latest");
    ocr::process(JsonBody(request)).await
}

async fn deployment_chat(
    shared: State<Arc<Shared>>,
    Path(deployment): Path<String>,
    RawQuery(query): RawQuery,
    JsonBody(mut request): JsonBody,
) -> Result<Response, ApiError> {
    check_version(query.as_deref())?;
    set(&mut request, "model", deployment.into());
    azure_chat(shared, JsonBody(request)).await
}

async fn azure_chat(
    shared: State<Arc<Shared>>,
    JsonBody(mut request): JsonBody,
) -> Result<Response, ApiError> {
    stand_in(&mut request, BEHIND_DEPLOYMENTS);
    chat::complete(shared, JsonBody(request)).await
}

/// A deployment has a name of its own; `model` is what answers behind it.
fn stand_in(request: &mut Value, model: &str) {
    let name = request
        .get("model")
        .and_then(Value::as_str)
        .unwrap_or_default();
    if models::find(name).is_none() {
        set(request, "model", model.into());
    }
}

fn check_version(query: Option<&str>) -> Result<(), ApiError> {
    let mut parameters = query.unwrap_or_default().split('&');
    let has_version = parameters.any(|parameter| {
        let version = parameter.strip_prefix("api-version=");
        version.is_some_and(|version| !version.is_empty())
    });
    has_version.then_some(()).ok_or_else(|| {
        let message =
            "The api-version query parameter (?api-version=) is required for all requests";
        azure_error(
            StatusCode::BAD_REQUEST,
            "MissingApiVersionParameter",
            message,
        )
    })
}

fn azure_error(status: StatusCode, code: &str, message: &str) -> ApiError {
    ApiError {
        status,
        body: json!({ "error": { "code": code, "message": message } }),
    }
}

async fn check_azure_key(
    State(shared): State<Arc<Shared>>,
    request: Request,
    next: Next,
) -> Result<Response, ApiError> {
    let headers = request.headers();
    let key = headers.get("api-key").and_then(|key| key.to_str().ok());
    match key.or_else(|| bearer(headers)) {
        Some(key) if shared.accepts(key) => Ok(next.run(request).await),
        _ => Err(azure_error(
            StatusCode::UNAUTHORIZED,
            "401",
            "Access denied due to invalid subscription key or wrong API endpoint. Make sure to \
             provide a valid key for an active subscription.",
        )),
    }
}

/// `call` is a model and, after a colon, the way it is called.
async fn predict(
    shared: State<Arc<Shared>>,
    Path((project, location, call)): Path<(String, String, String)>,
    JsonBody(mut request): JsonBody,
) -> Result<Response, ApiError> {
    let (model, verb) = call.rsplit_once(':').unwrap_or((&call, ""));
    let place =
        format!("projects/{project}/locations/{location}/publishers/mistralai/models/{model}");
    let is_stream = request.get("stream") == Some(&Value::Bool(true));
    match (verb, is_stream) {
        ("rawPredict", false) | ("streamRawPredict", true) => {}
        ("rawPredict" | "streamRawPredict", _) => {
            let message = format!("`stream` does not go with {verb}.");
            return Err(google_error(
                StatusCode::BAD_REQUEST,
                "INVALID_ARGUMENT",
                &message,
            ));
        }
        _ => {
            let message = format!("{place} has no method `{verb}`.");
            return Err(google_error(StatusCode::NOT_FOUND, "NOT_FOUND", &message));
        }
    }
    let is_fim = request.get("prompt").is_some();
    let is_ocr = request.get("document").is_some();
    let behind = match (is_fim, is_ocr) {
        (true, _) => "codestral-latest",
        (_, true) => "mistral-ocr-latest",
        _ => BEHIND_DEPLOYMENTS,
    };
    stand_in(&mut request, behind);
    let request = JsonBody(request);
    match (is_fim, is_ocr) {
        (true, _) => fim::complete(request).await,
        (_, true) => ocr::process(request).await,
        _ => chat::complete(shared, request).await,
    }
}

fn google_error(status: StatusCode, kind: &str, message: &str) -> ApiError {
    ApiError {
        status,
        body: json!({
            "error": { "code": status.as_u16(), "message": message, "status": kind },
        }),
    }
}

async fn check_google_token(
    State(shared): State<Arc<Shared>>,
    request: Request,
    next: Next,
) -> Result<Response, ApiError> {
    match bearer(request.headers()) {
        Some(token) if shared.accepts(token) => Ok(next.run(request).await),
        _ => Err(google_error(
            StatusCode::UNAUTHORIZED,
            "UNAUTHENTICATED",
            "Request had invalid authentication credentials. Expected OAuth 2 access token, \
             login cookie or other valid authentication credential.",
        )),
    }
}

fn token(shared: &Shared) -> Response {
    json_response(
        StatusCode::OK,
        &json!({
            "access_token": shared.issue_token(),
            "expires_in": TOKEN_LIFE,
            "token_type": "Bearer",
        }),
    )
}

/// The form's field of this name.
fn field<'a>(form: &'a [(String, String)], name: &str) -> Option<&'a str> {
    let (_, value) = form.iter().find(|(it, _)| it == name)?;
    Some(value)
}

type Fields = axum::Form<Vec<(String, String)>>;

async fn google_token(State(shared): State<Arc<Shared>>, fields: Fields) -> Response {
    let grant = field(&fields, "grant_type").unwrap_or_default();
    let needed = match grant {
        "urn:ietf:params:oauth:grant-type:jwt-bearer" => "assertion",
        "refresh_token" => "refresh_token",
        _ => return refuse_grant("unsupported_grant_type", "Invalid grant_type"),
    };
    match field(&fields, needed) {
        Some(value) if !value.is_empty() => token(&shared),
        _ => refuse_grant("invalid_request", &format!("Missing parameter: {needed}")),
    }
}

async fn entra_token(State(shared): State<Arc<Shared>>, fields: Fields) -> Response {
    let scope = field(&fields, "scope").unwrap_or_default();
    if !scope.contains("/.default") {
        return refuse_grant(
            "invalid_scope",
            "AADSTS70011: The provided value for 'scope' is not valid.",
        );
    }
    token(&shared)
}

fn refuse_grant(error: &str, description: &str) -> Response {
    let body = json!({ "error": error, "error_description": description });
    json_response(StatusCode::BAD_REQUEST, &body)
}

async fn metadata_token(State(shared): State<Arc<Shared>>, headers: HeaderMap) -> Response {
    if headers.get("metadata-flavor").is_none() {
        return StatusCode::FORBIDDEN.into_response();
    }
    token(&shared)
}

async fn metadata_project() -> Response {
    ([(header::CONTENT_TYPE, "application/text")], "emulator").into_response()
}

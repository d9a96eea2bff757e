//! Batch jobs, which run their requests through this very server.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{Extension, Path, State};
use axum::response::{IntoResponse, Response};
use http::{Method, Request, StatusCode, header};
use http_body_util::BodyExt;
use hyper::service::Service;
use hyper_util::service::TowerToHyperService;
use serde_json::{Map, Value, json};

use crate::json::array;
use crate::requests::JsonBody;
use crate::requests::fields::{self, Field, Type, error_detail, optional, required};
use crate::requests::query::{PAGE, PAGE_SIZE, Parameter, ParameterType, Parameters, Query};
use crate::responses::{ApiError, json_response};
use crate::state::AppState;
use crate::state::batch_job::{
    BatchJob, BatchRequest, BatchResult, CANCELLATION_REQUESTED, CANCELLED, FAILED, QUEUED,
    RUNNING, SUCCESS, TIMEOUT_EXCEEDED,
};

const MOST_REQUESTS: usize = 10_000;

static FIELDS: &[Field] = &[
    optional("input_files", Type::Array(0, &Type::String)),
    optional(
        "requests",
        Type::Array(
            1,
            &Type::Object(&[
                optional("custom_id", Type::String),
                required("body", Type::AnyObject),
            ]),
        ),
    ),
    required(
        "endpoint",
        Type::Enum(&[
            "/v1/chat/completions",
            "/v1/embeddings",
            "/v1/fim/completions",
            "/v1/moderations",
            "/v1/chat/moderations",
            "/v1/ocr",
            "/v1/classifications",
            "/v1/chat/classifications",
            "/v1/conversations",
            "/v1/audio/transcriptions",
        ]),
    ),
    optional("model", Type::String),
    optional("agent_id", Type::String),
    optional("metadata", Type::StringMap(1, 512)),
    optional("timeout_hours", fields::UNSIGNED),
];

static FILTERS: &[Parameter] = &[
    PAGE,
    PAGE_SIZE,
    ("model", ParameterType::String),
    ("agent_id", ParameterType::String),
    ("metadata", ParameterType::String),
    ("created_after", ParameterType::Timestamp),
    ("created_by_me", ParameterType::Boolean),
    (
        "status",
        ParameterType::Enums(&[
            QUEUED,
            RUNNING,
            SUCCESS,
            FAILED,
            TIMEOUT_EXCEEDED,
            CANCELLATION_REQUESTED,
            CANCELLED,
        ]),
    ),
    ("order_by", ParameterType::Enum(&["created", "-created"])),
];

/// The router that the requests of a batch job are dispatched to, as an extension of the request.
#[derive(Debug, Clone)]
pub(crate) struct BatchRouter(pub(crate) Router);

/// `POST /v1/batch/jobs`
pub(crate) async fn create(
    State(state): State<Arc<AppState>>,
    JsonBody(asked): JsonBody,
) -> Result<Response, ApiError> {
    fields::validate_plain(FIELDS, &asked)?;
    let inline = array(&asked, "requests");
    let files = array(&asked, "input_files");
    if inline.is_empty() == files.is_empty() {
        return Err(refuse(
            "Value error, Either input_files or requests must be given, and not both",
            &asked,
        ));
    }
    let mut store = state.store();
    let mut requests: Vec<BatchRequest> = inline.iter().filter_map(BatchRequest::parse).collect();
    let mut errors = Vec::new();
    for id in files.iter().filter_map(Value::as_str) {
        let Some(file) = store.file(id) else {
            return Err(ApiError::detail(StatusCode::NOT_FOUND, "File not found"));
        };
        if file.purpose != "batch" {
            let message = format!("Value error, File {id} was not uploaded with purpose batch");
            return Err(refuse(&message, &asked));
        }
        let (of_file, error) = BatchRequest::parse_lines(&file.content);
        requests.extend(of_file);
        errors.extend(error);
    }
    if inline.len() > MOST_REQUESTS {
        let message = format!("Value error, At most {MOST_REQUESTS} requests can be inline");
        return Err(refuse(&message, &json!(inline.len())));
    }
    let shown = store.add_batch_job(asked, requests, errors);
    Ok(json_response(StatusCode::OK, &shown))
}

fn refuse(message: &str, input: &Value) -> ApiError {
    ApiError::validation_plain(vec![error_detail(
        "value_error",
        &["body".into()],
        message,
        input,
    )])
}

/// `GET /v1/batch/jobs`
pub(crate) async fn list(
    State(state): State<Arc<AppState>>,
    query: Query,
) -> Result<Response, ApiError> {
    let wanted = query.validate(FILTERS)?;
    let metadata = wanted_metadata(&query, &wanted)?;
    let mut jobs: Vec<Value> = state
        .store()
        .batch_jobs
        .iter()
        .filter(|job| is_wanted(job, &wanted, &metadata))
        .map(|job| job.to_json(false))
        .collect();
    if wanted.string("order_by") != Some("created") {
        jobs.reverse();
    }
    let total = jobs.len();
    let body = json!({ "object": "list", "data": wanted.page(jobs), "total": total });
    Ok(json_response(StatusCode::OK, &body))
}

/// The official SDK sends each entry as a parameter of its own; an object is understood too.
fn wanted_metadata(query: &Query, wanted: &Parameters) -> Result<Map<String, Value>, ApiError> {
    let mut metadata: Map<String, Value> = query
        .others(FILTERS)
        .map(|(name, value)| (name.clone(), value.as_str().into()))
        .collect();
    if let Some(text) = wanted.string("metadata") {
        match serde_json::from_str(text) {
            Ok(Value::Object(members)) => metadata.extend(members),
            _ => {
                let location = ["query".into(), "metadata".into()];
                let message = "Input should be a valid dictionary";
                let problem = error_detail("dict_type", &location, message, &text.into());
                return Err(ApiError::validation_plain(vec![problem]));
            }
        }
    }
    Ok(metadata)
}

fn is_wanted(job: &BatchJob, wanted: &Parameters, metadata: &Map<String, Value>) -> bool {
    let asked = |name: &str| job.request.get(name).and_then(Value::as_str);
    let has = |(name, value): (&String, &Value)| {
        let found = job.request.get("metadata").and_then(|all| all.get(name));
        found == Some(value)
    };
    let created = i64::try_from(job.created_at).unwrap_or(i64::MAX);
    wanted.accepts("model", asked("model"))
        && wanted.accepts("agent_id", asked("agent_id"))
        && wanted.accepts("status", Some(job.status))
        && wanted
            .integer("created_after")
            .is_none_or(|after| created > after)
        && metadata.iter().all(has)
}

/// `GET /v1/batch/jobs/{job_id}`, which moves the job one step on
pub(crate) async fn retrieve(
    State(state): State<Arc<AppState>>,
    Extension(router): Extension<BatchRouter>,
    Path(id): Path<String>,
    query: Query,
) -> Result<Response, ApiError> {
    let wanted = query.validate(&[("inline", ParameterType::Boolean)])?;
    let inline = wanted.boolean("inline").unwrap_or(false);
    let to_run = state.store().advance_batch_job(&id);
    if let Some(job) = to_run {
        let outcomes = run(&state, &router, job).await;
        state.store().finish_batch_job(&id, outcomes);
    }
    with_job(&state, &id, |job| Ok(job.to_json(inline)))
}

/// `POST /v1/batch/jobs/{job_id}/cancel`
pub(crate) async fn cancel(
    State(state): State<Arc<AppState>>,
    Path(id): Path<String>,
) -> Result<Response, ApiError> {
    with_job(&state, &id, |job| {
        if job.is_finished() {
            let message = format!("The job cannot be cancelled: it is {}", job.status);
            return Err(ApiError::detail(StatusCode::BAD_REQUEST, &message));
        }
        job.status = CANCELLATION_REQUESTED;
        Ok(job.to_json(false))
    })
}

/// `DELETE /v1/batch/jobs/{job_id}`
pub(crate) async fn delete(
    State(state): State<Arc<AppState>>,
    Path(id): Path<String>,
) -> Result<Response, ApiError> {
    let response = with_job(&state, &id, |job| {
        Ok(json!({ "id": job.id, "object": "batch", "deleted": true }))
    })?;
    state.store().batch_jobs.retain(|job| job.id != id);
    Ok(response)
}

fn with_job(
    state: &AppState,
    id: &str,
    action: impl FnOnce(&mut BatchJob) -> Result<Value, ApiError>,
) -> Result<Response, ApiError> {
    let mut store = state.store();
    let job = store
        .batch_job(id)
        .ok_or_else(|| ApiError::detail(StatusCode::NOT_FOUND, "Batch job not found"))?;
    Ok(json_response(StatusCode::OK, &action(job)?))
}

async fn run(state: &AppState, router: &BatchRouter, job: BatchJob) -> Vec<BatchResult> {
    let given = |name: &str| job.request.get(name).filter(|value| !value.is_null());
    let mut path = given("endpoint").and_then(Value::as_str).unwrap_or("/");
    if given("agent_id").is_some() && path == "/v1/chat/completions" {
        path = "/v1/agents/completions";
    }
    let mut outcomes = Vec::with_capacity(job.requests.len());
    for mut request in job.requests {
        for name in ["model", "agent_id"] {
            let value = job.request.get(name).filter(|value| !value.is_null());
            if let (Some(value), Some(body)) = (value, request.body.as_object_mut()) {
                body.insert(name.to_owned(), value.clone());
            }
        }
        let response = ask(&router.0, &state.api_key, path, &request.body).await;
        let status = response.status().as_u16();
        let bytes = match response.into_body().collect().await {
            Ok(body) => body.to_bytes(),
            Err(_) => Default::default(),
        };
        let body = serde_json::from_slice(&bytes)
            .unwrap_or_else(|_| String::from_utf8_lossy(&bytes).into());
        outcomes.push(BatchResult {
            custom_id: request.custom_id,
            status,
            body,
        });
    }
    outcomes
}

async fn ask(server: &Router, key: &str, path: &str, body: &Value) -> Response {
    let request = Request::builder()
        .method(Method::POST)
        .uri(path)
        .header(header::AUTHORIZATION, format!("Bearer {key}"))
        .header(header::CONTENT_TYPE, "application/json")
        .body(Body::from(body.to_string()));
    match request {
        Ok(request) => match TowerToHyperService::new(server.clone()).call(request).await {
            Ok(response) => response,
            Err(never) => match never {},
        },
        // A key that no header can hold; nobody can have come this far with it.
        Err(error) => ApiError::detail(StatusCode::BAD_REQUEST, &error.to_string()).into_response(),
    }
}

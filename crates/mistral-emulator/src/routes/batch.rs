//! Batch jobs, whose requests are dispatched to the server itself.

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

const MAX_INLINE_REQUESTS: usize = 10_000;

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
    optional("metadata", Type::Map(&Type::StringOfLength(1, 512))),
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

/// Marks a request of a batch job, whose body is JSON whatever the operation, as an extension of
/// the request.
#[derive(Debug, Clone, Copy)]
pub(crate) struct InBatchJob;

/// `POST /v1/batch/jobs`
pub(crate) async fn create(
    State(state): State<Arc<AppState>>,
    JsonBody(request): JsonBody,
) -> Result<Response, ApiError> {
    fields::validate(FIELDS, &request)?;
    let inline = array(&request, "requests");
    let files = array(&request, "input_files");
    if inline.is_empty() == files.is_empty() {
        return Err(value_error(
            "Value error, Either input_files or requests must be given, and not both",
            &request,
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
            return Err(value_error(&message, &request));
        }
        let (file_requests, error) = BatchRequest::parse_lines(&file.content);
        requests.extend(file_requests);
        errors.extend(error);
    }
    if inline.len() > MAX_INLINE_REQUESTS {
        let message = format!("Value error, At most {MAX_INLINE_REQUESTS} requests can be inline");
        return Err(value_error(&message, &json!(inline.len())));
    }
    let json = store.add_batch_job(request, requests, errors);
    Ok(json_response(StatusCode::OK, &json))
}

fn value_error(message: &str, input: &Value) -> ApiError {
    ApiError::validation(vec![error_detail(
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
    let filters = query.validate(FILTERS)?;
    let metadata = metadata_filters(&query, &filters)?;
    let mut jobs: Vec<Value> = state
        .store()
        .batch_jobs
        .iter()
        .filter(|job| matches_filters(job, &filters, &metadata))
        .map(|job| job.to_json(false))
        .collect();
    if filters.string("order_by") != Some("created") {
        jobs.reverse();
    }
    let total = jobs.len();
    let body = json!({ "object": "list", "data": filters.page(jobs), "total": total });
    Ok(json_response(StatusCode::OK, &body))
}

/// Returns the metadata to filter by.
///
/// The official SDK sends each entry as a separate parameter. A JSON object is accepted, too.
fn metadata_filters(query: &Query, filters: &Parameters) -> Result<Map<String, Value>, ApiError> {
    let mut metadata: Map<String, Value> = query
        .others(FILTERS)
        .map(|(name, value)| (name.clone(), value.as_str().into()))
        .collect();
    if let Some(text) = filters.string("metadata") {
        match serde_json::from_str(text) {
            Ok(Value::Object(members)) => metadata.extend(members),
            _ => {
                let location = ["query".into(), "metadata".into()];
                let message = "Input should be a valid dictionary";
                let error = error_detail("dict_type", &location, message, &text.into());
                return Err(ApiError::validation(vec![error]));
            }
        }
    }
    Ok(metadata)
}

fn matches_filters(job: &BatchJob, filters: &Parameters, metadata: &Map<String, Value>) -> bool {
    let requested = |name: &str| job.request.get(name).and_then(Value::as_str);
    let has = |(name, value): (&String, &Value)| {
        let found = job.request.get("metadata").and_then(|all| all.get(name));
        found == Some(value)
    };
    let created = i64::try_from(job.created_at).unwrap_or(i64::MAX);
    filters.accepts("model", requested("model"))
        && filters.accepts("agent_id", requested("agent_id"))
        && filters.accepts("status", Some(job.status))
        && filters
            .integer("created_after")
            .is_none_or(|after| created > after)
        && metadata.iter().all(has)
}

/// `GET /v1/batch/jobs/{job_id}`, which advances the job by one status
pub(crate) async fn retrieve(
    State(state): State<Arc<AppState>>,
    Extension(router): Extension<BatchRouter>,
    Path(id): Path<String>,
    query: Query,
) -> Result<Response, ApiError> {
    let filters = query.validate(&[("inline", ParameterType::Boolean)])?;
    let inline = filters.boolean("inline").unwrap_or(false);
    let ready_job = state.store().advance_batch_job(&id);
    if let Some(job) = ready_job {
        let results = run_requests(&state, &router, job).await;
        state.store().finish_batch_job(&id, results);
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

async fn run_requests(state: &AppState, router: &BatchRouter, job: BatchJob) -> Vec<BatchResult> {
    let requested = |name: &str| job.request.get(name).filter(|value| !value.is_null());
    let mut path = requested("endpoint").and_then(Value::as_str).unwrap_or("/");
    if requested("agent_id").is_some() && path == "/v1/chat/completions" {
        path = "/v1/agents/completions";
    }
    let mut results = Vec::with_capacity(job.requests.len());
    for mut request in job.requests {
        for name in ["model", "agent_id"] {
            let value = job.request.get(name).filter(|value| !value.is_null());
            if let (Some(value), Some(body)) = (value, request.body.as_object_mut()) {
                body.insert(name.to_owned(), value.clone());
            }
        }
        let response = dispatch(&router.0, &state.api_key, path, &request.body).await;
        let status = response.status().as_u16();
        let bytes = match response.into_body().collect().await {
            Ok(body) => body.to_bytes(),
            Err(_) => Default::default(),
        };
        let body = serde_json::from_slice(&bytes)
            .unwrap_or_else(|_| String::from_utf8_lossy(&bytes).into());
        results.push(BatchResult {
            custom_id: request.custom_id,
            status,
            body,
        });
    }
    results
}

async fn dispatch(router: &Router, key: &str, path: &str, body: &Value) -> Response {
    let request = Request::builder()
        .method(Method::POST)
        .uri(path)
        .header(header::AUTHORIZATION, format!("Bearer {key}"))
        .header(header::CONTENT_TYPE, "application/json")
        .extension(InBatchJob)
        .body(Body::from(body.to_string()));
    match request {
        Ok(request) => match TowerToHyperService::new(router.clone()).call(request).await {
            Ok(response) => response,
            Err(never) => match never {},
        },
        // The configured key is not a valid header value, so that no client can have sent it.
        Err(error) => ApiError::detail(StatusCode::BAD_REQUEST, &error.to_string()).into_response(),
    }
}

//! Fine-tuning jobs.

use std::sync::Arc;

use axum::extract::{Path, Request, State};
use axum::middleware::Next;
use axum::response::Response;
use http::StatusCode;
use serde_json::{Value, json};

use crate::json::array;
use crate::requests::JsonBody;
use crate::requests::fields::{self, Field, Type, error_detail, optional, required};
use crate::requests::query::{PAGE, PAGE_SIZE, Parameter, ParameterType, Parameters, Query};
use crate::responses::{ApiError, json_response};
use crate::state::AppState;
use crate::state::file::File;
use crate::state::fine_tuning_job::{
    CANCELLATION_REQUESTED, CANCELLED, FAILED, FAILED_VALIDATION, FineTuningJob, QUEUED, RUNNING,
    STARTED, SUCCESS, TrainingPlan, VALIDATED, VALIDATING,
};
use crate::state::models;

static FIELDS: &[Field] = &[
    required("model", Type::String),
    optional(
        "training_files",
        Type::Array(
            0,
            &Type::Object(&[
                required("file_id", Type::String),
                optional("weight", POSITIVE),
            ]),
        ),
    ),
    optional("validation_files", Type::Array(0, &Type::String)),
    optional("suffix", Type::StringOfLength(0, 18)),
    optional(
        "integrations",
        Type::Array(
            0,
            &Type::Union {
                tag: "type",
                default: Some("wandb"),
                variants: &[(
                    "wandb",
                    &[
                        required("project", Type::String),
                        optional("name", Type::String),
                        required("api_key", Type::StringOfLength(40, 40)),
                        optional("run_name", Type::String),
                    ],
                )],
            },
        ),
    ),
    optional("auto_start", Type::Boolean),
    optional("invalid_sample_skip_percentage", Type::Number(0.0, 0.5)),
    optional("job_type", Type::Enum(&["completion", "classifier"])),
    required(
        "hyperparameters",
        Type::Object(&[
            optional("training_steps", Type::Integer(1, i64::MAX)),
            optional("learning_rate", Type::Number(1e-8, 1.0)),
            optional("weight_decay", FRACTION),
            optional("warmup_fraction", FRACTION),
            optional("epochs", POSITIVE),
            optional("seq_len", Type::Integer(100, i64::MAX)),
            optional("fim_ratio", FRACTION),
        ]),
    ),
    optional(
        "repositories",
        Type::Array(
            0,
            &Type::Union {
                tag: "type",
                default: Some("github"),
                variants: &[(
                    "github",
                    &[
                        required("name", Type::String),
                        required("owner", Type::String),
                        optional("ref", Type::String),
                        optional("weight", POSITIVE),
                        required("token", Type::String),
                    ],
                )],
            },
        ),
    ),
    optional(
        "classifier_targets",
        Type::Array(
            0,
            &Type::Object(&[
                required("name", Type::String),
                required("labels", Type::Array(0, &Type::String)),
                optional("weight", Type::Number(0.0, f64::INFINITY)),
                optional(
                    "loss_function",
                    Type::Enum(&["single_class", "multi_class"]),
                ),
            ]),
        ),
    ),
];

const FRACTION: Type = Type::Number(0.0, 1.0);
const POSITIVE: Type = Type::Number(f64::MIN_POSITIVE, f64::INFINITY);

static FILTERS: &[Parameter] = &[
    PAGE,
    PAGE_SIZE,
    ("model", ParameterType::String),
    ("created_after", ParameterType::Timestamp),
    ("created_before", ParameterType::Timestamp),
    ("created_by_me", ParameterType::Boolean),
    (
        "status",
        ParameterType::Enum(&[
            QUEUED,
            STARTED,
            VALIDATING,
            VALIDATED,
            RUNNING,
            FAILED_VALIDATION,
            FAILED,
            SUCCESS,
            CANCELLED,
            CANCELLATION_REQUESTED,
        ]),
    ),
    ("wandb_project", ParameterType::String),
    ("wandb_name", ParameterType::String),
    ("suffix", ParameterType::String),
];

/// Rejects every operation on jobs with 410 if the emulator is configured so.
pub(crate) async fn reject_if_gone(
    State(state): State<Arc<AppState>>,
    request: Request,
    next: Next,
) -> Result<Response, ApiError> {
    if state.fine_tuning_gone {
        return Err(ApiError::detail(
            StatusCode::GONE,
            "Fine-tuning is no longer available",
        ));
    }
    Ok(next.run(request).await)
}

/// `POST /v1/fine_tuning/jobs`
pub(crate) async fn create(
    State(state): State<Arc<AppState>>,
    query: Query,
    JsonBody(request): JsonBody,
) -> Result<Response, ApiError> {
    let dry_run = query
        .validate(&[("dry_run", ParameterType::Boolean)])?
        .boolean("dry_run");
    fields::validate(FIELDS, &request)?;
    let root = models::resolve(&request, |model| model.supports("fine_tuning"))?;
    let training: Vec<&str> = array(&request, "training_files")
        .iter()
        .filter_map(|file| file.get("file_id").and_then(Value::as_str))
        .collect();
    if training.is_empty() && array(&request, "repositories").is_empty() {
        return Err(value_error(
            "Value error, A job needs training files or repositories",
            &request,
        ));
    }
    let mut store = state.store();
    let mut find = |id: &str| match store.file(id) {
        Some(file) if file.purpose == "fine-tune" => Ok(file.clone()),
        Some(_) => {
            let message = format!("Value error, File {id} was not uploaded with purpose fine-tune");
            Err(value_error(&message, &request))
        }
        None => Err(ApiError::detail(StatusCode::NOT_FOUND, "File not found")),
    };
    let validation = array(&request, "validation_files");
    for id in validation.iter().filter_map(Value::as_str) {
        find(id)?;
    }
    let files: Vec<File> = training
        .into_iter()
        .map(&mut find)
        .collect::<Result<_, _>>()?;
    let plan = TrainingPlan::new(&request, root, &files);
    let json = if dry_run == Some(true) {
        plan.to_json()
    } else {
        store.add_fine_tuning_job(request, plan)
    };
    Ok(json_response(StatusCode::OK, &json))
}

fn value_error(message: &str, input: &Value) -> ApiError {
    let location = ["body".into()];
    ApiError::validation(vec![error_detail("value_error", &location, message, input)])
}

/// `GET /v1/fine_tuning/jobs`, the newest first
pub(crate) async fn list(
    State(state): State<Arc<AppState>>,
    query: Query,
) -> Result<Response, ApiError> {
    let filters = query.validate(FILTERS)?;
    let jobs: Vec<Value> = {
        let store = state.store();
        let newest_first = store.fine_tuning_jobs.iter().rev();
        newest_first
            .filter(|job| matches_filters(job, &filters))
            .map(FineTuningJob::to_json)
            .collect()
    };
    let total = jobs.len();
    let body = json!({ "object": "list", "data": filters.page(jobs), "total": total });
    Ok(json_response(StatusCode::OK, &body))
}

fn matches_filters(job: &FineTuningJob, filters: &Parameters) -> bool {
    let requested = |name: &str| job.request.get(name).and_then(Value::as_str);
    let created = i64::try_from(job.created_at).unwrap_or(i64::MAX);
    let integrations = array(&job.request, "integrations");
    let has_integration = |filter: &str, member: &str| {
        let mut names = integrations
            .iter()
            .map(|integration| integration.get(member).and_then(Value::as_str));
        filters.string(filter).is_none() || names.any(|name| filters.accepts(filter, name))
    };
    filters.accepts("model", requested("model"))
        && filters.accepts("suffix", requested("suffix"))
        && filters.accepts("status", Some(job.status()))
        && filters
            .integer("created_after")
            .is_none_or(|after| created > after)
        && filters
            .integer("created_before")
            .is_none_or(|before| created < before)
        && has_integration("wandb_project", "project")
        && has_integration("wandb_name", "name")
}

/// `GET /v1/fine_tuning/jobs/{job_id}`, which advances the job by one status
pub(crate) async fn retrieve(
    State(state): State<Arc<AppState>>,
    Path(id): Path<String>,
) -> Result<Response, ApiError> {
    state.store().advance_fine_tuning_job(&id);
    job_response(&state, &id)
}

/// `POST /v1/fine_tuning/jobs/{job_id}/cancel`
pub(crate) async fn cancel(
    State(state): State<Arc<AppState>>,
    Path(id): Path<String>,
) -> Result<Response, ApiError> {
    set_status(&state, &id, CANCELLATION_REQUESTED, |job| {
        !job.is_finished()
    })
}

/// `POST /v1/fine_tuning/jobs/{job_id}/start`
pub(crate) async fn start(
    State(state): State<Arc<AppState>>,
    Path(id): Path<String>,
) -> Result<Response, ApiError> {
    set_status(&state, &id, STARTED, |job| job.status() == VALIDATED)
}

fn set_status(
    state: &AppState,
    id: &str,
    status: &'static str,
    is_allowed: impl FnOnce(&FineTuningJob) -> bool,
) -> Result<Response, ApiError> {
    {
        let mut store = state.store();
        let job = store.fine_tuning_job(id).ok_or_else(not_found)?;
        if !is_allowed(job) {
            let message = format!("The job cannot become {status}: it is {}", job.status());
            return Err(ApiError::detail(StatusCode::BAD_REQUEST, &message));
        }
        store.set_fine_tuning_status(id, status);
    }
    job_response(state, id)
}

fn job_response(state: &AppState, id: &str) -> Result<Response, ApiError> {
    let mut store = state.store();
    let job = store.fine_tuning_job(id).ok_or_else(not_found)?;
    Ok(json_response(StatusCode::OK, &job.to_detailed_json()))
}

fn not_found() -> ApiError {
    ApiError::detail(StatusCode::NOT_FOUND, "Fine-tuning job not found")
}

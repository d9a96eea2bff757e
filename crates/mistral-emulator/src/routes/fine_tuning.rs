//! Fine-tuning jobs.

use std::sync::Arc;

use axum::extract::{Path, Request, State};
use axum::middleware::Next;
use axum::response::Response;
use http::StatusCode;
use serde_json::{Value, json};

use crate::json::list as members;
use crate::requests::JsonBody;
use crate::requests::fields::{self, Field, Kind as Is, optional, problem, required};
use crate::requests::query::{Kind, PAGE, PAGE_SIZE, Parameter, Parameters, Query};
use crate::responses::{ApiError, json_response};
use crate::state::Shared;
use crate::state::file::File;
use crate::state::fine_tuning_job::{
    CANCELLATION_REQUESTED, CANCELLED, FAILED, FAILED_VALIDATION, Plan, QUEUED, RUNNING, STARTED,
    SUCCESS, TuningJob, VALIDATED, VALIDATING,
};
use crate::state::models;

static FIELDS: &[Field] = &[
    required("model", Is::Text),
    optional(
        "training_files",
        Is::List(
            0,
            &Is::Record(&[required("file_id", Is::Text), optional("weight", POSITIVE)]),
        ),
    ),
    optional("validation_files", Is::List(0, &Is::Text)),
    optional("suffix", Is::Sized(0, 18)),
    optional(
        "integrations",
        Is::List(
            0,
            &Is::Tagged {
                tag: "type",
                default: Some("wandb"),
                variants: &[(
                    "wandb",
                    &[
                        required("project", Is::Text),
                        optional("name", Is::Text),
                        required("api_key", Is::Sized(40, 40)),
                        optional("run_name", Is::Text),
                    ],
                )],
            },
        ),
    ),
    optional("auto_start", Is::Flag),
    optional("invalid_sample_skip_percentage", Is::Number(0.0, 0.5)),
    optional("job_type", Is::Choice(&["completion", "classifier"])),
    required(
        "hyperparameters",
        Is::Record(&[
            optional("training_steps", Is::Integer(1, i64::MAX)),
            optional("learning_rate", Is::Number(1e-8, 1.0)),
            optional("weight_decay", SHARE),
            optional("warmup_fraction", SHARE),
            optional("epochs", POSITIVE),
            optional("seq_len", Is::Integer(100, i64::MAX)),
            optional("fim_ratio", SHARE),
        ]),
    ),
    optional(
        "repositories",
        Is::List(
            0,
            &Is::Tagged {
                tag: "type",
                default: Some("github"),
                variants: &[(
                    "github",
                    &[
                        required("name", Is::Text),
                        required("owner", Is::Text),
                        optional("ref", Is::Text),
                        optional("weight", POSITIVE),
                        required("token", Is::Text),
                    ],
                )],
            },
        ),
    ),
    optional(
        "classifier_targets",
        Is::List(
            0,
            &Is::Record(&[
                required("name", Is::Text),
                required("labels", Is::List(0, &Is::Text)),
                optional("weight", Is::Number(0.0, f64::INFINITY)),
                optional(
                    "loss_function",
                    Is::Choice(&["single_class", "multi_class"]),
                ),
            ]),
        ),
    ),
];

const SHARE: Is = Is::Number(0.0, 1.0);
const POSITIVE: Is = Is::Number(f64::MIN_POSITIVE, f64::INFINITY);

static FILTERS: &[Parameter] = &[
    PAGE,
    PAGE_SIZE,
    ("model", Kind::Text),
    ("created_after", Kind::Time),
    ("created_before", Kind::Time),
    ("created_by_me", Kind::Flag),
    (
        "status",
        Kind::Choice(&[
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
    ("wandb_project", Kind::Text),
    ("wandb_name", Kind::Text),
    ("suffix", Kind::Text),
];

/// Answers for all of them where they have been withdrawn.
pub(crate) async fn refuse_if_gone(
    State(shared): State<Arc<Shared>>,
    request: Request,
    next: Next,
) -> Result<Response, ApiError> {
    if shared.fine_tuning_gone {
        return Err(ApiError::detail(
            StatusCode::GONE,
            "Fine-tuning is no longer available",
        ));
    }
    Ok(next.run(request).await)
}

/// `POST /v1/fine_tuning/jobs`
pub(crate) async fn create(
    State(shared): State<Arc<Shared>>,
    query: Query,
    JsonBody(asked): JsonBody,
) -> Result<Response, ApiError> {
    let dry_run = query.read(&[("dry_run", Kind::Flag)])?.flag("dry_run");
    fields::short_body(FIELDS, &asked)?;
    let root = models::able(&asked, |model| model.can("fine_tuning"))?;
    let training: Vec<&str> = members(&asked, "training_files")
        .iter()
        .filter_map(|file| file.get("file_id").and_then(Value::as_str))
        .collect();
    if training.is_empty() && members(&asked, "repositories").is_empty() {
        return Err(refuse(
            "Value error, A job needs training files or repositories",
            &asked,
        ));
    }
    let mut state = shared.state();
    let mut find = |id: &str| match state.file(id) {
        Some(file) if file.purpose == "fine-tune" => Ok(file.clone()),
        Some(_) => {
            let message = format!("Value error, File {id} was not uploaded with purpose fine-tune");
            Err(refuse(&message, &asked))
        }
        None => Err(ApiError::detail(StatusCode::NOT_FOUND, "File not found")),
    };
    let validation = members(&asked, "validation_files");
    for id in validation.iter().filter_map(Value::as_str) {
        find(id)?;
    }
    let files: Vec<File> = training
        .into_iter()
        .map(&mut find)
        .collect::<Result<_, _>>()?;
    let plan = Plan::new(&asked, root, &files);
    let shown = if dry_run == Some(true) {
        plan.show()
    } else {
        state.add_tuning_job(asked, plan)
    };
    Ok(json_response(StatusCode::OK, &shown))
}

fn refuse(message: &str, input: &Value) -> ApiError {
    let place = ["body".into()];
    ApiError::details(vec![problem("value_error", &place, message, input)])
}

/// `GET /v1/fine_tuning/jobs`, the newest first
pub(crate) async fn list(
    State(shared): State<Arc<Shared>>,
    query: Query,
) -> Result<Response, ApiError> {
    let wanted = query.read(FILTERS)?;
    let jobs: Vec<Value> = {
        let state = shared.state();
        let newest_first = state.tuning_jobs.iter().rev();
        newest_first
            .filter(|job| is_wanted(job, &wanted))
            .map(TuningJob::show)
            .collect()
    };
    let total = jobs.len();
    let body = json!({ "object": "list", "data": wanted.page(jobs), "total": total });
    Ok(json_response(StatusCode::OK, &body))
}

fn is_wanted(job: &TuningJob, wanted: &Parameters) -> bool {
    let asked = |name: &str| job.asked.get(name).and_then(Value::as_str);
    let created = i64::try_from(job.created_at).unwrap_or(i64::MAX);
    let integrations = members(&job.asked, "integrations");
    let reports = |filter: &str, member: &str| {
        let mut names = integrations
            .iter()
            .map(|integration| integration.get(member).and_then(Value::as_str));
        wanted.text(filter).is_none() || names.any(|name| wanted.allow(filter, name))
    };
    wanted.allow("model", asked("model"))
        && wanted.allow("suffix", asked("suffix"))
        && wanted.allow("status", Some(job.status()))
        && wanted
            .integer("created_after")
            .is_none_or(|after| created > after)
        && wanted
            .integer("created_before")
            .is_none_or(|before| created < before)
        && reports("wandb_project", "project")
        && reports("wandb_name", "name")
}

/// `GET /v1/fine_tuning/jobs/{job_id}`, which moves the job one step on
pub(crate) async fn retrieve(
    State(shared): State<Arc<Shared>>,
    Path(id): Path<String>,
) -> Result<Response, ApiError> {
    shared.state().advance_tuning_job(&id);
    show(&shared, &id)
}

/// `POST /v1/fine_tuning/jobs/{job_id}/cancel`
pub(crate) async fn cancel(
    State(shared): State<Arc<Shared>>,
    Path(id): Path<String>,
) -> Result<Response, ApiError> {
    change(&shared, &id, CANCELLATION_REQUESTED, |job| !job.is_over())
}

/// `POST /v1/fine_tuning/jobs/{job_id}/start`
pub(crate) async fn start(
    State(shared): State<Arc<Shared>>,
    Path(id): Path<String>,
) -> Result<Response, ApiError> {
    change(&shared, &id, STARTED, |job| job.status() == VALIDATED)
}

fn change(
    shared: &Shared,
    id: &str,
    status: &'static str,
    may: impl FnOnce(&TuningJob) -> bool,
) -> Result<Response, ApiError> {
    {
        let mut state = shared.state();
        let job = state.tuning_job(id).ok_or_else(unknown)?;
        if !may(job) {
            let message = format!("The job cannot become {status}: it is {}", job.status());
            return Err(ApiError::detail(StatusCode::BAD_REQUEST, &message));
        }
        state.set_tuning_status(id, status);
    }
    show(shared, id)
}

fn show(shared: &Shared, id: &str) -> Result<Response, ApiError> {
    let mut state = shared.state();
    let job = state.tuning_job(id).ok_or_else(unknown)?;
    Ok(json_response(StatusCode::OK, &job.show_details()))
}

fn unknown() -> ApiError {
    ApiError::detail(StatusCode::NOT_FOUND, "Fine-tuning job not found")
}

//! Fine-tuning jobs, which advance by one status each time they are retrieved.

use serde_json::{Map, Value, json};

use super::file::File;
use super::fine_tuned_model::FineTunedModel;
use super::models::Model;
use crate::generate::random::{hash, hex_id};
use crate::generate::tokenizer;
use crate::json::{array, unsigned};

/// The value in the examples of the API reference.
const TOKENS_PER_STEP: u64 = 131_072;
const DEFAULT_EPOCHS: f64 = 3.0;
const MAX_CHECKPOINTS: u64 = 10;
const EUROS_PER_MILLION_TOKENS: f64 = 4.0;
const SECONDS_PER_STEP: u64 = 20;

#[derive(Debug)]
pub(crate) struct FineTuningJob {
    pub(crate) id: String,
    /// The body of the request that created the job.
    pub(crate) request: Value,
    pub(crate) created_at: u64,
    plan: TrainingPlan,
    /// Each status of the job so far and the time since when.
    statuses: Vec<(&'static str, u64)>,
    fine_tuned_model: Option<String>,
}

/// The size and cost of a job, as estimated before it runs.
#[derive(Debug)]
pub(crate) struct TrainingPlan {
    root: &'static Model,
    data_tokens: u64,
    steps: u64,
    epochs: Option<f64>,
    is_data_valid: bool,
}

pub(crate) const QUEUED: &str = "QUEUED";
pub(crate) const STARTED: &str = "STARTED";
pub(crate) const VALIDATING: &str = "VALIDATING";
pub(crate) const VALIDATED: &str = "VALIDATED";
pub(crate) const RUNNING: &str = "RUNNING";
pub(crate) const FAILED_VALIDATION: &str = "FAILED_VALIDATION";
pub(crate) const FAILED: &str = "FAILED";
pub(crate) const SUCCESS: &str = "SUCCESS";
pub(crate) const CANCELLED: &str = "CANCELLED";
pub(crate) const CANCELLATION_REQUESTED: &str = "CANCELLATION_REQUESTED";

impl FineTuningJob {
    pub(super) fn new(id: String, created_at: u64, request: Value, plan: TrainingPlan) -> Self {
        Self {
            id,
            request,
            created_at,
            plan,
            statuses: vec![(QUEUED, created_at)],
            fine_tuned_model: None,
        }
    }

    /// Returns the status that follows by itself, if there is one.
    pub(super) fn next_status(&self) -> Option<&'static str> {
        match self.status() {
            QUEUED => Some(VALIDATING),
            VALIDATING if !self.plan.is_data_valid => Some(FAILED_VALIDATION),
            VALIDATING if !self.auto_starts() => Some(VALIDATED),
            VALIDATING | STARTED => Some(RUNNING),
            RUNNING => Some(SUCCESS),
            CANCELLATION_REQUESTED => Some(CANCELLED),
            _ => None,
        }
    }

    pub(super) fn set_status(&mut self, status: &'static str, now: u64) {
        self.statuses.push((status, now));
    }

    pub(crate) fn status(&self) -> &'static str {
        self.statuses.last().map_or(QUEUED, |(status, _)| status)
    }

    pub(crate) fn is_finished(&self) -> bool {
        matches!(
            self.status(),
            FAILED_VALIDATION | FAILED | SUCCESS | CANCELLED
        )
    }

    fn auto_starts(&self) -> bool {
        self.request.get("auto_start") != Some(&Value::Bool(false))
    }

    fn suffix(&self) -> Option<&str> {
        self.request.get("suffix").and_then(Value::as_str)
    }

    /// Creates the model and records its id.
    pub(super) fn create_model(&mut self, created: u64) -> FineTunedModel {
        let label = self.suffix().unwrap_or("emulator");
        let unique = hex_id(hash(self.id.as_bytes()));
        let unique = unique.get(..8).unwrap_or_default();
        let root = self.plan.root.undated_name();
        let id = format!("ft:{root}:{label}:20260101:{unique}");
        self.fine_tuned_model = Some(id.clone());
        FineTunedModel {
            id,
            root: self.plan.root,
            job: self.id.clone(),
            created,
            name: None,
            description: None,
            archived: false,
            classifier_targets: is_classifier(&self.request).then(|| self.targets()),
        }
    }

    fn targets(&self) -> Value {
        let targets = array(&self.request, "classifier_targets").iter();
        targets
            .map(|target| {
                json!({
                    "name": target.get("name"),
                    "labels": target.get("labels"),
                    "weight": member_or(target, "weight", 1.0.into()),
                    "loss_function": member_or(target, "loss_function", "single_class".into()),
                })
            })
            .collect()
    }

    /// Returns the job as it appears in the list of jobs.
    pub(crate) fn to_json(&self) -> Value {
        let files: Vec<&Value> = array(&self.request, "training_files")
            .iter()
            .filter_map(|file| file.get("file_id"))
            .collect();
        let mut json = json!({
            "id": self.id,
            "object": "job",
            "auto_start": self.auto_starts(),
            "model": self.request.get("model"),
            "status": self.status(),
            "created_at": self.created_at,
            "modified_at": self.statuses.last().map(|(_, at)| at),
            "training_files": files,
            "validation_files": array(&self.request, "validation_files"),
            "fine_tuned_model": self.fine_tuned_model,
            "suffix": self.suffix(),
            "integrations": self.integrations(),
            "trained_tokens": (self.status() == SUCCESS).then(|| self.plan.train_tokens()),
            "metadata": self.plan.metadata(),
            "job_type": if is_classifier(&self.request) { "classifier" } else { "completion" },
            "hyperparameters": self.hyperparameters(),
        });
        if let (false, Some(members)) = (is_classifier(&self.request), json.as_object_mut()) {
            members.insert("repositories".into(), self.repositories());
        }
        json
    }

    /// Returns the job with its events and checkpoints, the newest first.
    pub(crate) fn to_detailed_json(&self) -> Value {
        let mut json = self.to_json();
        if let Some(members) = json.as_object_mut() {
            members.insert("events".into(), self.events());
            members.insert("checkpoints".into(), self.checkpoints());
            if is_classifier(&self.request) {
                members.insert("classifier_targets".into(), self.targets());
            }
        }
        json
    }

    fn events(&self) -> Value {
        let newest_first = self.statuses.iter().rev();
        newest_first
            .map(|(status, at)| {
                json!({
                    "name": "status-updated", "data": { "status": status }, "created_at": at,
                })
            })
            .collect()
    }

    fn checkpoints(&self) -> Value {
        let Some((_, at)) = self
            .statuses
            .last()
            .filter(|(status, _)| *status == SUCCESS)
        else {
            return json!([]);
        };
        let is_validated = !array(&self.request, "validation_files").is_empty();
        let count = self.plan.steps.min(MAX_CHECKPOINTS);
        (1..=count)
            .rev()
            .map(|index| {
                let share = index as f64 / count as f64;
                let loss = round_to_thousandths(2.0 - 1.5 * share);
                json!({
                    "metrics": {
                        "train_loss": loss,
                        "valid_loss": is_validated.then(|| round_to_thousandths(loss + 0.1)),
                        "valid_mean_token_accuracy":
                            is_validated.then(|| round_to_thousandths(0.4 + 0.4 * share)),
                    },
                    "step_number": self.plan.steps * index / count,
                    "created_at": at,
                })
            })
            .collect()
    }

    fn hyperparameters(&self) -> Value {
        let requested = self.request.get("hyperparameters").unwrap_or(&Value::Null);
        let mut parameters = Map::new();
        for (name, default) in [
            ("training_steps", self.plan.steps.into()),
            ("learning_rate", 0.0001.into()),
            ("weight_decay", 0.1.into()),
            ("warmup_fraction", 0.05.into()),
            ("epochs", json!(self.plan.epochs)),
            ("seq_len", Value::Null),
            ("fim_ratio", 0.9.into()),
        ] {
            if name != "fim_ratio" || !is_classifier(&self.request) {
                parameters.insert(name.to_owned(), member_or(requested, name, default));
            }
        }
        parameters.into()
    }

    /// Returns the requested integrations without their API keys.
    fn integrations(&self) -> Value {
        let integrations = array(&self.request, "integrations").iter();
        integrations
            .map(|integration| {
                let member = |name| integration.get(name).and_then(Value::as_str);
                let project = member("project").unwrap_or_default();
                json!({
                    "type": "wandb",
                    "project": project,
                    "name": member("name").unwrap_or(&self.id),
                    "run_name": member("run_name"),
                    "url": format!("https://wandb.ai/emulator/{project}/runs/{}", self.id),
                })
            })
            .collect()
    }

    fn repositories(&self) -> Value {
        let repositories = array(&self.request, "repositories").iter();
        repositories
            .map(|repository| {
                let mut commit = hex_id(hash(repository.to_string().as_bytes()));
                commit.push_str("00000000");
                json!({
                    "type": "github",
                    "name": repository.get("name"),
                    "owner": repository.get("owner"),
                    "ref": repository.get("ref"),
                    "weight": member_or(repository, "weight", 1.0.into()),
                    "commit_id": commit,
                })
            })
            .collect()
    }
}

impl TrainingPlan {
    pub(crate) fn new(request: &Value, root: &'static Model, files: &[File]) -> Self {
        let contents = files
            .iter()
            .map(|file| String::from_utf8_lossy(&file.content));
        let data_tokens: u64 = contents
            .map(|text| tokenizer::count_tokens(&text) as u64)
            .sum();
        let parameters = request.get("hyperparameters").unwrap_or(&Value::Null);
        let steps = unsigned(parameters, "training_steps").map(|steps| steps as u64);
        let epochs = parameters.get("epochs").and_then(Value::as_f64);
        let epochs = epochs.or(steps.is_none().then_some(DEFAULT_EPOCHS));
        let needed = epochs.unwrap_or_default() * data_tokens as f64 / TOKENS_PER_STEP as f64;
        Self {
            root,
            data_tokens,
            steps: steps.unwrap_or((needed.ceil() as u64).max(1)),
            epochs,
            is_data_valid: is_data_valid(request, files),
        }
    }

    fn train_tokens(&self) -> u64 {
        self.steps.saturating_mul(TOKENS_PER_STEP)
    }

    fn metadata(&self) -> Value {
        let cost = self.train_tokens() as f64 / 1e6 * EUROS_PER_MILLION_TOKENS;
        json!({
            "expected_duration_seconds": self.steps.saturating_mul(SECONDS_PER_STEP),
            "cost": (cost * 100.0).round() / 100.0,
            "cost_currency": "EUR",
            "train_tokens_per_step": TOKENS_PER_STEP,
            "train_tokens": self.train_tokens(),
            "data_tokens": self.data_tokens,
            "estimated_start_time": null,
        })
    }

    /// Returns the response to a dry run.
    pub(crate) fn to_json(&self) -> Value {
        let mut json = self.metadata();
        if let Some(members) = json.as_object_mut() {
            members.insert("object".into(), "job.metadata".into());
            members.insert("deprecated".into(), true.into());
            members.insert("details".into(), "The job was not created.".into());
            members.insert("epochs".into(), json!(self.epochs));
            members.insert("training_steps".into(), self.steps.into());
        }
        json
    }
}

pub(crate) fn is_classifier(request: &Value) -> bool {
    request.get("job_type").and_then(Value::as_str) == Some("classifier")
}

/// Whether the share of invalid samples is at most `invalid_sample_skip_percentage`.
fn is_data_valid(request: &Value, files: &[File]) -> bool {
    let is_usable = |line: &[u8]| {
        let sample: Value = serde_json::from_slice(line).unwrap_or_default();
        let has_content = ["messages", "text", "prompt"].iter().any(|name| {
            sample
                .get(name)
                .is_some_and(|member| member.is_array() || member.is_string())
        });
        has_content && (!is_classifier(request) || sample.get("labels").is_some())
    };
    let samples: Vec<bool> = files
        .iter()
        .flat_map(File::lines)
        .map(|(_, line)| is_usable(line))
        .collect();
    if samples.is_empty() {
        return files.is_empty();
    }
    let invalid = samples.iter().filter(|is_usable| !**is_usable).count();
    let tolerance = request.get("invalid_sample_skip_percentage");
    let tolerance = tolerance.and_then(Value::as_f64).unwrap_or(0.0);
    invalid as f64 <= tolerance * samples.len() as f64
}

fn member_or(object: &Value, name: &str, default: Value) -> Value {
    let given = object.get(name).filter(|value| !value.is_null());
    given.cloned().unwrap_or(default)
}

fn round_to_thousandths(number: f64) -> f64 {
    (number * 1000.0).round() / 1000.0
}

//! A fine-tuning job: from the queue to its model, one step each time it is looked at.

use serde_json::{Map, Value, json};

use super::file::File;
use super::fine_tuned_model::TunedModel;
use super::models::Model;
use super::store::Store;
use crate::generate::random::{hash, hex_id};
use crate::generate::tokenizer as tokens;
use crate::json::{list, whole_number};

/// What one step of training reads, as in the API's documentation.
const TOKENS_PER_STEP: u64 = 131_072;
const DEFAULT_EPOCHS: f64 = 3.0;
const MOST_CHECKPOINTS: u64 = 10;
const EUROS_PER_MILLION_TOKENS: f64 = 4.0;
const SECONDS_PER_STEP: u64 = 20;

#[derive(Debug)]
pub(crate) struct TuningJob {
    pub(crate) id: String,
    /// The body that created it.
    pub(crate) asked: Value,
    pub(crate) created_at: u64,
    plan: Plan,
    /// Every status it had and when it began.
    history: Vec<(&'static str, u64)>,
    fine_tuned_model: Option<String>,
}

/// What is known of a job before it runs.
#[derive(Debug)]
pub(crate) struct Plan {
    root: &'static Model,
    data_tokens: u64,
    steps: u64,
    epochs: Option<f64>,
    valid: bool,
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

impl Store {
    pub(crate) fn add_tuning_job(&mut self, asked: Value, plan: Plan) -> Value {
        let created_at = self.tick();
        let job = TuningJob {
            id: self.new_id("fine-tuning"),
            asked,
            created_at,
            plan,
            history: vec![(QUEUED, created_at)],
            fine_tuned_model: None,
        };
        let shown = job.show();
        self.tuning_jobs.push(job);
        shown
    }

    /// Moves a job one step on.
    pub(crate) fn advance_tuning_job(&mut self, id: &str) {
        let Some(job) = self.tuning_job(id) else {
            return;
        };
        let next = match job.status() {
            QUEUED => VALIDATING,
            VALIDATING if !job.plan.valid => FAILED_VALIDATION,
            VALIDATING if !job.starts_itself() => VALIDATED,
            VALIDATING | STARTED => RUNNING,
            RUNNING => SUCCESS,
            CANCELLATION_REQUESTED => CANCELLED,
            _ => return,
        };
        let now = self.set_tuning_status(id, next);
        if next == SUCCESS {
            let made = self.tuning_job(id).map(|job| job.finish(now));
            self.tuned_models.extend(made);
        }
    }

    /// Sets the status of a job that there is; returns the time of it.
    pub(crate) fn set_tuning_status(&mut self, id: &str, status: &'static str) -> u64 {
        let now = self.tick();
        if let Some(job) = self.tuning_job(id) {
            job.history.push((status, now));
        }
        now
    }
}

impl TuningJob {
    pub(crate) fn status(&self) -> &'static str {
        self.history.last().map_or(QUEUED, |(status, _)| status)
    }

    pub(crate) fn is_over(&self) -> bool {
        matches!(
            self.status(),
            FAILED_VALIDATION | FAILED | SUCCESS | CANCELLED
        )
    }

    fn starts_itself(&self) -> bool {
        self.asked.get("auto_start") != Some(&Value::Bool(false))
    }

    fn suffix(&self) -> Option<&str> {
        self.asked.get("suffix").and_then(Value::as_str)
    }

    /// Makes the model and remembers its name.
    fn finish(&mut self, created: u64) -> TunedModel {
        let label = self.suffix().unwrap_or("emulator");
        let unique = hex_id(hash(self.id.as_bytes()));
        let unique = unique.get(..8).unwrap_or_default();
        let id = format!("ft:{}:{label}:20260101:{unique}", self.plan.root.id);
        self.fine_tuned_model = Some(id.clone());
        TunedModel {
            id,
            root: self.plan.root,
            job: self.id.clone(),
            created,
            name: None,
            description: None,
            archived: false,
            classifier_targets: classifies(&self.asked).then(|| self.targets()),
        }
    }

    fn targets(&self) -> Value {
        let targets = list(&self.asked, "classifier_targets").iter();
        targets
            .map(|target| {
                json!({
                    "name": target.get("name"),
                    "labels": target.get("labels"),
                    "weight": or(target, "weight", 1.0.into()),
                    "loss_function": or(target, "loss_function", "single_class".into()),
                })
            })
            .collect()
    }

    /// The job as it is listed.
    pub(crate) fn show(&self) -> Value {
        let files: Vec<&Value> = list(&self.asked, "training_files")
            .iter()
            .filter_map(|file| file.get("file_id"))
            .collect();
        let mut shown = json!({
            "id": self.id,
            "object": "job",
            "auto_start": self.starts_itself(),
            "model": self.asked.get("model"),
            "status": self.status(),
            "created_at": self.created_at,
            "modified_at": self.history.last().map(|(_, at)| at),
            "training_files": files,
            "validation_files": list(&self.asked, "validation_files"),
            "fine_tuned_model": self.fine_tuned_model,
            "suffix": self.suffix(),
            "integrations": self.integrations(),
            "trained_tokens": (self.status() == SUCCESS).then(|| self.plan.train_tokens()),
            "metadata": self.plan.metadata(),
            "job_type": if classifies(&self.asked) { "classifier" } else { "completion" },
            "hyperparameters": self.hyperparameters(),
        });
        if let (false, Some(members)) = (classifies(&self.asked), shown.as_object_mut()) {
            members.insert("repositories".into(), self.repositories());
        }
        shown
    }

    /// The job with all that happened to it, the newest first.
    pub(crate) fn show_details(&self) -> Value {
        let mut shown = self.show();
        if let Some(members) = shown.as_object_mut() {
            members.insert("events".into(), self.events());
            members.insert("checkpoints".into(), self.checkpoints());
            if classifies(&self.asked) {
                members.insert("classifier_targets".into(), self.targets());
            }
        }
        shown
    }

    fn events(&self) -> Value {
        let newest_first = self.history.iter().rev();
        newest_first
            .map(|(status, at)| {
                json!({
                    "name": "status-updated", "data": { "status": status }, "created_at": at,
                })
            })
            .collect()
    }

    fn checkpoints(&self) -> Value {
        let Some((_, at)) = self.history.last().filter(|(status, _)| *status == SUCCESS) else {
            return json!([]);
        };
        let is_validated = !list(&self.asked, "validation_files").is_empty();
        let count = self.plan.steps.min(MOST_CHECKPOINTS);
        (1..=count)
            .rev()
            .map(|index| {
                let share = index as f64 / count as f64;
                let loss = thousandths(2.0 - 1.5 * share);
                json!({
                    "metrics": {
                        "train_loss": loss,
                        "valid_loss": is_validated.then(|| thousandths(loss + 0.1)),
                        "valid_mean_token_accuracy":
                            is_validated.then(|| thousandths(0.4 + 0.4 * share)),
                    },
                    "step_number": self.plan.steps * index / count,
                    "created_at": at,
                })
            })
            .collect()
    }

    fn hyperparameters(&self) -> Value {
        let asked = self.asked.get("hyperparameters").unwrap_or(&Value::Null);
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
            if name != "fim_ratio" || !classifies(&self.asked) {
                parameters.insert(name.to_owned(), or(asked, name, default));
            }
        }
        parameters.into()
    }

    /// Whatever was asked for, without the keys that came with it.
    fn integrations(&self) -> Value {
        let integrations = list(&self.asked, "integrations").iter();
        integrations
            .map(|asked| {
                let member = |name| asked.get(name).and_then(Value::as_str);
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
        let repositories = list(&self.asked, "repositories").iter();
        repositories
            .map(|asked| {
                let mut commit = hex_id(hash(asked.to_string().as_bytes()));
                commit.push_str("00000000");
                json!({
                    "type": "github",
                    "name": asked.get("name"),
                    "owner": asked.get("owner"),
                    "ref": asked.get("ref"),
                    "weight": or(asked, "weight", 1.0.into()),
                    "commit_id": commit,
                })
            })
            .collect()
    }
}

impl Plan {
    pub(crate) fn new(asked: &Value, root: &'static Model, files: &[File]) -> Self {
        let texts = files
            .iter()
            .map(|file| String::from_utf8_lossy(&file.content));
        let data_tokens: u64 = texts.map(|text| tokens::count(&text) as u64).sum();
        let parameters = asked.get("hyperparameters").unwrap_or(&Value::Null);
        let steps = whole_number(parameters, "training_steps").map(|steps| steps as u64);
        let epochs = parameters.get("epochs").and_then(Value::as_f64);
        let epochs = epochs.or(steps.is_none().then_some(DEFAULT_EPOCHS));
        let needed = epochs.unwrap_or_default() * data_tokens as f64 / TOKENS_PER_STEP as f64;
        Self {
            root,
            data_tokens,
            steps: steps.unwrap_or((needed.ceil() as u64).max(1)),
            epochs,
            valid: is_valid(asked, files),
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

    /// The answer to a request that only wants to know.
    pub(crate) fn show(&self) -> Value {
        let mut shown = self.metadata();
        if let Some(members) = shown.as_object_mut() {
            members.insert("object".into(), "job.metadata".into());
            members.insert("deprecated".into(), true.into());
            members.insert("details".into(), "The job was not created.".into());
            members.insert("epochs".into(), json!(self.epochs));
            members.insert("training_steps".into(), self.steps.into());
        }
        shown
    }
}

pub(crate) fn classifies(asked: &Value) -> bool {
    asked.get("job_type").and_then(Value::as_str) == Some("classifier")
}

/// Whether no more of the samples are unusable than the job puts up with.
fn is_valid(asked: &Value, files: &[File]) -> bool {
    let usable = |line: &[u8]| {
        let sample: Value = serde_json::from_slice(line).unwrap_or_default();
        let says_something = ["messages", "text", "prompt"].iter().any(|name| {
            sample
                .get(name)
                .is_some_and(|it| it.is_array() || it.is_string())
        });
        says_something && (!classifies(asked) || sample.get("labels").is_some())
    };
    let samples: Vec<bool> = files
        .iter()
        .flat_map(File::lines)
        .map(|(_, line)| usable(line))
        .collect();
    if samples.is_empty() {
        return files.is_empty();
    }
    let unusable = samples.iter().filter(|usable| !**usable).count();
    let tolerated = asked.get("invalid_sample_skip_percentage");
    let tolerated = tolerated.and_then(Value::as_f64).unwrap_or(0.0);
    unusable as f64 <= tolerated * samples.len() as f64
}

fn or(object: &Value, name: &str, default: Value) -> Value {
    let given = object.get(name).filter(|value| !value.is_null());
    given.cloned().unwrap_or(default)
}

fn thousandths(number: f64) -> f64 {
    (number * 1000.0).round() / 1000.0
}

//! The resources that were created on one emulator. They live until it stops.

use std::sync::Arc;

use serde_json::Value;

use super::agent::Agent;
use super::batch_job::{BatchJob, BatchRequest, BatchResult, RUNNING};
use super::conversation::Conversation;
use super::file::{File, JSONL, NewFile};
use super::fine_tuned_model::FineTunedModel;
use super::fine_tuning_job::{FineTuningJob, SUCCESS, TrainingPlan};
use super::library::Library;
use super::models::{self, Model};
use super::registry::Registry;
use crate::generate::random::{hash, hex_id, uuid};
use crate::responses::ApiError;
use crate::time::RunningClock;

#[derive(Debug)]
pub(crate) struct Store {
    pub(crate) files: Vec<File>,
    pub(crate) batch_jobs: Vec<BatchJob>,
    pub(crate) fine_tuning_jobs: Vec<FineTuningJob>,
    pub(crate) fine_tuned_models: Vec<FineTunedModel>,
    pub(crate) agents: Vec<Agent>,
    pub(crate) conversations: Vec<Conversation>,
    pub(crate) libraries: Vec<Library>,
    pub(crate) prompts: Registry,
    pub(crate) skills: Registry,
    next_id: u64,
    clock: Arc<RunningClock>,
}

impl Store {
    pub(crate) fn new(clock: Arc<RunningClock>) -> Self {
        Self {
            files: Vec::new(),
            batch_jobs: Vec::new(),
            fine_tuning_jobs: Vec::new(),
            fine_tuned_models: FineTunedModel::presets().unwrap_or_default(),
            agents: Vec::new(),
            conversations: Vec::new(),
            libraries: Vec::new(),
            prompts: Registry::default(),
            skills: Registry::default(),
            next_id: 0,
            clock,
        }
    }

    /// Returns the time in Unix seconds.
    pub(crate) fn now(&self) -> u64 {
        self.clock.now()
    }

    /// Advances the clock by a second and returns the time of the change.
    ///
    /// Timestamps are therefore the same on every run and still reflect the order of changes.
    pub(crate) fn tick(&self) -> u64 {
        self.clock.tick()
    }

    pub(crate) fn new_id(&mut self, kind: &str) -> String {
        uuid(self.new_seed(kind))
    }

    /// Creates an id such as `ag_0123…`, which starts with its kind.
    pub(crate) fn new_prefixed_id(&mut self, kind: &str) -> String {
        format!("{kind}_{}", hex_id(self.new_seed(kind)))
    }

    fn new_seed(&mut self, kind: &str) -> u64 {
        self.next_id += 1;
        hash(format!("{kind} {}", self.next_id).as_bytes())
    }

    pub(crate) fn file(&self, id: &str) -> Option<&File> {
        self.files.iter().find(|file| file.id == id)
    }

    pub(crate) fn add_file(&mut self, new: NewFile) -> File {
        let created_at = self.tick();
        let file = File::new(self.new_id("file"), created_at, new);
        self.files.push(file.clone());
        file
    }

    /// Adds a JSONL file that a job writes, with one line per value, and returns its id.
    fn add_jsonl_file(
        &mut self,
        name: String,
        sample_type: &'static str,
        lines: &[Value],
    ) -> String {
        let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
        let file = self.add_file(NewFile {
            name,
            content: text.into(),
            mimetype: JSONL.to_owned(),
            purpose: "batch".to_owned(),
            sample_type,
            source: "mistral",
            visibility: "workspace".to_owned(),
            expiry_hours: None,
        });
        file.id
    }

    pub(crate) fn batch_job(&mut self, id: &str) -> Option<&mut BatchJob> {
        self.batch_jobs.iter_mut().find(|job| job.id == id)
    }

    pub(crate) fn add_batch_job(
        &mut self,
        request: Value,
        requests: Vec<BatchRequest>,
        errors: Vec<Value>,
    ) -> Value {
        let id = self.new_id("batch");
        let job = BatchJob::new(id, self.tick(), request, requests, errors);
        let json = job.to_json(false);
        self.batch_jobs.push(job);
        json
    }

    /// Moves a job to its next status. Returns the job if its requests are to be run for that.
    pub(crate) fn advance_batch_job(&mut self, id: &str) -> Option<BatchJob> {
        let job = self.batch_job(id)?;
        if job.is_ready_to_run() {
            return Some(job.clone());
        }
        let next = job.next_status()?;
        let now = self.tick();
        self.batch_job(id)?.set_status(next, now);
        None
    }

    /// Stores the results of a job, unless it was cancelled meanwhile.
    pub(crate) fn finish_batch_job(&mut self, id: &str, results: Vec<BatchResult>) {
        if self.batch_job(id).is_none_or(|job| job.status != RUNNING) {
            return;
        }
        let mut lines: Vec<(bool, Value)> = results
            .into_iter()
            .enumerate()
            .map(|(index, result)| (result.status < 400, result.to_json(id, index)))
            .collect();
        // The real server does not keep the order of the requests. Ids are pseudorandom, so
        // sorting by them shuffles the lines in a reproducible way.
        lines.sort_by_cached_key(|(_, line)| line.get("id").map(Value::to_string));
        let (succeeded, failed): (Vec<_>, Vec<_>) = lines
            .iter()
            .cloned()
            .partition(|(is_success, _)| *is_success);
        let mut write = |sample_type, name: &str, lines: &[(bool, Value)]| {
            let lines: Vec<Value> = lines.iter().map(|(_, line)| line.clone()).collect();
            let name = format!("{id}_{name}.jsonl");
            (!lines.is_empty()).then(|| self.add_jsonl_file(name, sample_type, &lines))
        };
        let output_file = write("batch_result", "results", &succeeded);
        let error_file = write("batch_error", "errors", &failed);
        let now = self.tick();
        if let Some(job) = self.batch_job(id) {
            job.output_file = output_file;
            job.error_file = error_file;
            job.succeed(
                now,
                (succeeded.len(), failed.len()),
                lines.into_iter().map(|(_, line)| line).collect(),
            );
        }
    }

    pub(crate) fn fine_tuning_job(&mut self, id: &str) -> Option<&mut FineTuningJob> {
        self.fine_tuning_jobs.iter_mut().find(|job| job.id == id)
    }

    pub(crate) fn add_fine_tuning_job(&mut self, request: Value, plan: TrainingPlan) -> Value {
        let created_at = self.tick();
        let id = self.new_id("fine-tuning");
        let job = FineTuningJob::new(id, created_at, request, plan);
        let json = job.to_json();
        self.fine_tuning_jobs.push(job);
        json
    }

    /// Moves a job to its next status.
    pub(crate) fn advance_fine_tuning_job(&mut self, id: &str) {
        let next = self.fine_tuning_job(id).and_then(|job| job.next_status());
        let Some(next) = next else {
            return;
        };
        let now = self.set_fine_tuning_status(id, next);
        if next == SUCCESS {
            let created = self.fine_tuning_job(id).map(|job| job.create_model(now));
            self.fine_tuned_models.extend(created);
        }
    }

    /// Sets the status of an existing job and returns the time of the change.
    pub(crate) fn set_fine_tuning_status(&mut self, id: &str, status: &'static str) -> u64 {
        let now = self.tick();
        if let Some(job) = self.fine_tuning_job(id) {
            job.set_status(status, now);
        }
        now
    }

    pub(crate) fn fine_tuned_model(&mut self, id: &str) -> Option<&mut FineTunedModel> {
        self.fine_tuned_models
            .iter_mut()
            .find(|model| model.id == id)
    }

    /// Returns the base model behind the `model` of a request, if it has the capability.
    pub(crate) fn resolve_model(
        &mut self,
        request: &Value,
        capability: &str,
    ) -> Result<&'static Model, ApiError> {
        let name = request
            .get("model")
            .and_then(Value::as_str)
            .unwrap_or_default();
        match self.fine_tuned_model(name) {
            None => models::resolve(request, |model| model.supports(capability)),
            Some(model) if model.supports(capability) => Ok(model.root),
            Some(_) => Err(models::invalid_model(name)),
        }
    }
}

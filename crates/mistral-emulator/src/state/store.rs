//! What was created on one emulator, until it stops.

use serde_json::Value;

use super::batch_job::BatchJob;
use super::file::File;
use super::fine_tuned_model::TunedModel;
use super::fine_tuning_job::TuningJob;
use super::models::{self, Model};
use crate::generate::random::{hash, uuid};
use crate::responses::ApiError;

/// When everything begins: 2026-01-01, as for completions.
pub(super) const BEGINNING: u64 = 1_767_225_600;

#[derive(Debug)]
pub(crate) struct Store {
    pub(crate) files: Vec<File>,
    pub(crate) batch_jobs: Vec<BatchJob>,
    pub(crate) tuning_jobs: Vec<TuningJob>,
    pub(crate) tuned_models: Vec<TunedModel>,
    ids: u64,
    now: u64,
}

impl Store {
    pub(crate) fn new() -> Self {
        Self {
            files: Vec::new(),
            batch_jobs: Vec::new(),
            tuning_jobs: Vec::new(),
            tuned_models: TunedModel::demos().unwrap_or_default(),
            ids: 0,
            now: BEGINNING,
        }
    }

    /// The time in Unix seconds.
    pub(crate) fn now(&self) -> u64 {
        self.now
    }

    /// The time of a change. Each comes a second after the last, so that times are the same on
    /// every run and still tell what came first.
    pub(crate) fn tick(&mut self) -> u64 {
        self.now += 1;
        self.now
    }

    pub(crate) fn new_id(&mut self, of: &str) -> String {
        self.ids += 1;
        uuid(hash(format!("{of} {}", self.ids).as_bytes()))
    }

    pub(crate) fn file(&self, id: &str) -> Option<&File> {
        self.files.iter().find(|file| file.id == id)
    }

    pub(crate) fn batch_job(&mut self, id: &str) -> Option<&mut BatchJob> {
        self.batch_jobs.iter_mut().find(|job| job.id == id)
    }

    pub(crate) fn tuning_job(&mut self, id: &str) -> Option<&mut TuningJob> {
        self.tuning_jobs.iter_mut().find(|job| job.id == id)
    }

    /// The model a request names, or what it was tuned from, if it can do what the request asks.
    pub(crate) fn able(
        &mut self,
        request: &Value,
        capability: &str,
    ) -> Result<&'static Model, ApiError> {
        let name = request
            .get("model")
            .and_then(Value::as_str)
            .unwrap_or_default();
        match self.tuned_model(name) {
            None => models::able(request, |model| model.can(capability)),
            Some(tuned) if tuned.can(capability) => Ok(tuned.root),
            Some(_) => Err(models::invalid_model(name)),
        }
    }

    pub(crate) fn tuned_model(&mut self, id: &str) -> Option<&mut TunedModel> {
        self.tuned_models.iter_mut().find(|model| model.id == id)
    }
}

//! Fine-tuned models, which are created by a job or exist from the start.

use serde_json::{Map, Value, json};

use super::models::{self, Model};
use crate::generate::random::{hash, uuid};
use crate::time::CLOCK_START;

const OWNER: &str = "emulator";

#[derive(Debug)]
pub(crate) struct FineTunedModel {
    pub(crate) id: String,
    /// The base model.
    pub(crate) root: &'static Model,
    pub(crate) job: String,
    pub(crate) created: u64,
    pub(crate) name: Option<String>,
    pub(crate) description: Option<String>,
    pub(crate) archived: bool,
    /// The targets of a classifier; `None` for a completion model.
    pub(crate) classifier_targets: Option<Value>,
}

impl FineTunedModel {
    /// Creates the models that exist from the start: a completion model and a classifier.
    pub(crate) fn presets() -> Option<Vec<Self>> {
        let root = models::find("ministral-3b-latest")?;
        let preset = |id: &str, job: &str, description: &str, targets| Self {
            id: id.to_owned(),
            root,
            job: job.to_owned(),
            created: CLOCK_START,
            name: None,
            description: Some(description.to_owned()),
            archived: false,
            classifier_targets: targets,
        };
        let target = |name: &str, labels: &[&str]| {
            json!({
                "name": name, "labels": labels, "weight": 1.0, "loss_function": "single_class",
            })
        };
        let targets = json!([
            target("sentiment", &["positive", "neutral", "negative"]),
            target("language", &["english", "french", "german"]),
        ]);
        Some(vec![
            preset(
                "ft:ministral-3b-latest:emulator:20250101:demo",
                "6e6f7420-6120-4265-a16c-206a6f620000",
                "A fine-tuned model.",
                None,
            ),
            preset(
                "ft:classifier:ministral-3b-latest:emulator:20250101:demo",
                "6e6f7420-6120-4265-a16c-206a6f620001",
                "A fine-tuned model that tells sentiment and language.",
                Some(targets),
            ),
        ])
    }

    pub(crate) fn is_completion(&self) -> bool {
        self.classifier_targets.is_none()
    }

    pub(crate) fn supports(&self, capability: &str) -> bool {
        match capability {
            "classification" => !self.is_completion(),
            "fine_tuning" => false,
            _ => self.is_completion() && self.root.supports(capability),
        }
    }

    /// Returns the model as it appears in the list of models.
    pub(crate) fn card(&self) -> Value {
        let mut card = self.root.card(&self.id);
        let Some(members) = card.as_object_mut() else {
            return card;
        };
        if let Some(Value::Object(capabilities)) = members.get_mut("capabilities") {
            for (capability, value) in capabilities {
                *value = self.supports(capability).into();
            }
        }
        for (name, value) in [
            ("created", self.created.into()),
            ("owned_by", OWNER.into()),
            ("type", "fine-tuned".into()),
            ("name", json!(self.name.as_ref().unwrap_or(&self.id))),
            ("description", json!(self.description)),
            ("aliases", json!([])),
            ("job", json!(self.job)),
            ("root", self.root.undated_name().into()),
            ("archived", self.archived.into()),
        ] {
            members.insert(name.to_owned(), value);
        }
        card
    }

    /// Returns the model as the operations on fine-tuned models describe it.
    pub(crate) fn to_json(&self) -> Value {
        let capabilities: Map<String, Value> = [
            "completion_chat",
            "completion_fim",
            "function_calling",
            "fine_tuning",
            "classification",
        ]
        .into_iter()
        .map(|name| (name.to_owned(), self.supports(name).into()))
        .collect();
        let mut details = json!({
            "id": self.id,
            "object": "model",
            "created": self.created,
            "owned_by": OWNER,
            "workspace_id": uuid(hash(OWNER.as_bytes())),
            "root": self.root.undated_name(),
            "root_version": self.root.version(),
            "archived": self.archived,
            "name": self.name,
            "description": self.description,
            "capabilities": capabilities,
            "max_context_length": self.root.context(),
            "aliases": [],
            "job": self.job,
            "model_type": if self.is_completion() { "completion" } else { "classifier" },
        });
        if let (Some(targets), Some(members)) = (&self.classifier_targets, details.as_object_mut())
        {
            members.insert("classifier_targets".into(), targets.clone());
        }
        details
    }
}

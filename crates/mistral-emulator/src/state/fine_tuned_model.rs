//! A fine-tuned model: what a job made, or the one that is there from the start.

use serde_json::{Map, Value, json};

use super::models::{self, Model};
use super::store::BEGINNING;
use crate::generate::random::{hash, uuid};

const OWNER: &str = "emulator";

#[derive(Debug)]
pub(crate) struct TunedModel {
    pub(crate) id: String,
    /// The model it started from.
    pub(crate) root: &'static Model,
    pub(crate) job: String,
    pub(crate) created: u64,
    pub(crate) name: Option<String>,
    pub(crate) description: Option<String>,
    pub(crate) archived: bool,
    /// What it tells apart, if it classifies instead of completing.
    pub(crate) classifier_targets: Option<Value>,
}

impl TunedModel {
    /// The models that are there from the start: one that completes, one that classifies.
    pub(crate) fn demos() -> Option<Vec<Self>> {
        let root = models::find("ministral-3b-latest")?;
        let demo = |id: &str, job: &str, description: &str, targets| Self {
            id: id.to_owned(),
            root,
            job: job.to_owned(),
            created: BEGINNING,
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
            demo(
                "ft:ministral-3b-latest:emulator:20250101:demo",
                "6e6f7420-6120-4265-a16c-206a6f620000",
                "A fine-tuned model.",
                None,
            ),
            demo(
                "ft:classifier:ministral-3b-latest:emulator:20250101:demo",
                "6e6f7420-6120-4265-a16c-206a6f620001",
                "A fine-tuned model that tells sentiment and language.",
                Some(targets),
            ),
        ])
    }

    pub(crate) fn completes(&self) -> bool {
        self.classifier_targets.is_none()
    }

    pub(crate) fn can(&self, capability: &str) -> bool {
        match capability {
            "classification" => !self.completes(),
            "fine_tuning" => false,
            _ => self.completes() && self.root.can(capability),
        }
    }

    /// How it appears in the list of models.
    pub(crate) fn card(&self) -> Value {
        let mut card = self.root.card(&self.id);
        let Some(members) = card.as_object_mut() else {
            return card;
        };
        if let Some(Value::Object(capabilities)) = members.get_mut("capabilities") {
            for (capability, value) in capabilities {
                *value = self.can(capability).into();
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
            ("root", self.root.id.into()),
            ("archived", self.archived.into()),
        ] {
            members.insert(name.to_owned(), value);
        }
        card
    }

    /// How the operations on fine-tuned models show it.
    pub(crate) fn details(&self) -> Value {
        let capabilities: Map<String, Value> = [
            "completion_chat",
            "completion_fim",
            "function_calling",
            "fine_tuning",
            "classification",
        ]
        .into_iter()
        .map(|name| (name.to_owned(), self.can(name).into()))
        .collect();
        let mut details = json!({
            "id": self.id,
            "object": "model",
            "created": self.created,
            "owned_by": OWNER,
            "workspace_id": uuid(hash(OWNER.as_bytes())),
            "root": self.root.id,
            "root_version": self.root.version(),
            "archived": self.archived,
            "name": self.name,
            "description": self.description,
            "capabilities": capabilities,
            "max_context_length": self.root.context(),
            "aliases": [],
            "job": self.job,
            "model_type": if self.completes() { "completion" } else { "classifier" },
        });
        if let (Some(targets), Some(members)) = (&self.classifier_targets, details.as_object_mut())
        {
            members.insert("classifier_targets".into(), targets.clone());
        }
        details
    }
}

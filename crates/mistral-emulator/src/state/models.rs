//! The base models of the emulator.

mod table;

use std::cell::Cell;

use serde_json::{Map, Value, json};

use self::table::MODELS;
use crate::json::set_member;
use crate::responses::ApiError;
use crate::time::CLOCK_START;

/// An entry of the table of base models.
#[derive(Debug)]
pub(crate) struct Model {
    pub(crate) id: &'static str,
    aliases: &'static [&'static str],
    capabilities: &'static [&'static str],
    description: &'static str,
    context: u64,
    temperature: Option<f64>,
    /// The deprecation date and the replacement.
    deprecation: Option<(&'static str, &'static str)>,
    is_listed: bool,
    /// Whether completions may contain log probabilities.
    has_logprobs: bool,
}

pub(super) const CAPABILITIES: &[&str] = &[
    "audio",
    "audio_speech",
    "audio_transcription",
    "audio_transcription_realtime",
    "classification",
    "completion_chat",
    "completion_fim",
    "fine_tuning",
    "function_calling",
    "moderation",
    "ocr",
    "reasoning",
    "unified_resources",
    "vision",
];

pub(crate) const MISTRAL_SMALL: &str = "mistral-small-latest";
pub(crate) const CODESTRAL: &str = "codestral-latest";
pub(crate) const MISTRAL_EMBED: &str = "mistral-embed";
pub(crate) const CODESTRAL_EMBED: &str = "codestral-embed";
pub(crate) const MODERATION_2603: &str = "mistral-moderation-2603";
pub(crate) const MODERATION_2411: &str = "mistral-moderation-2411";
pub(crate) const MISTRAL_OCR: &str = "mistral-ocr-latest";
pub(crate) const VOXTRAL_TTS: &str = "voxtral-mini-tts-latest";

thread_local! {
    /// Whether any model is accepted, and the models in place of the known ones. An emulator runs
    /// on a thread of its own, where requests find them.
    static SELECTED: Cell<(bool, Option<&'static [Model]>)> = const { Cell::new((false, None)) };
}

/// Sets the models of the emulator that runs on this thread.
pub(super) fn select(any: bool, listed: Option<&'static [Model]>) {
    SELECTED.set((any, listed));
}

/// Whether the emulator that runs on this thread accepts any model.
fn accepts_any() -> bool {
    SELECTED.get().0
}

/// Returns the models that take the place of the known ones, if there are any.
fn listed() -> Option<&'static [Model]> {
    SELECTED.get().1
}

/// Returns the cards of the listed models: one for each id and alias, as in the real list.
pub(crate) fn cards() -> impl Iterator<Item = Value> {
    let listed = MODELS.iter().filter(|model| model.is_listed);
    listed.flat_map(|model| model.names().map(|name| model.card(name)))
}

/// Returns the model with an id or alias.
pub(crate) fn find(name: &str) -> Option<&'static Model> {
    if let Some(models) = listed() {
        return models.iter().find(|model| model.id == name);
    }
    MODELS
        .iter()
        .find(|model| model.names().any(|known| known == name))
}

/// Returns the model that a request names, if it is suitable.
pub(crate) fn resolve(
    body: &Value,
    is_suitable: impl Fn(&Model) -> bool,
) -> Result<&'static Model, ApiError> {
    let name = body
        .get("model")
        .and_then(Value::as_str)
        .unwrap_or_default();
    let substitute = || MODELS.iter().find(|model| is_suitable(model));
    find(name)
        .filter(|model| is_suitable(model))
        .or_else(|| accepts_any().then(substitute).flatten())
        .ok_or_else(|| invalid_model(name))
}

/// Returns the known model that serves under a name: the one of that name, or else a general one.
pub(super) fn known(name: &str) -> Option<&'static Model> {
    let general = || MODELS.iter().find(|model| model.supports("vision"));
    find(name).or_else(general)
}

/// Replaces the `model` of a request unless a model of that name exists.
///
/// Other clouds address models by the names of deployments, which are arbitrary.
pub(crate) fn replace_unknown_model(request: &mut Value, replacement: &str) {
    let name = request
        .get("model")
        .and_then(Value::as_str)
        .unwrap_or_default();
    if find(name).is_none() {
        set_member(request, "model", replacement.into());
    }
}

/// Replaces the model `azureai`, with which older versions of the official SDK call a deployment
/// on Azure that serves one model, and names under which only Azure serves a model.
pub(crate) fn replace_azure_name(request: &mut Value, replacement: &str) {
    const DEPLOYMENT: &str = "azureai";
    const DOCUMENT_AI: &str = "mistral-document-ai-";
    let name = request.get("model").and_then(Value::as_str);
    if name.is_some_and(|name| {
        name == DEPLOYMENT || (replacement == MISTRAL_OCR && name.starts_with(DOCUMENT_AI))
    }) {
        set_member(request, "model", replacement.into());
    }
}

pub(crate) fn invalid_model(name: &str) -> ApiError {
    ApiError::bad_request(
        "invalid_model",
        Some("1500"),
        format!("Invalid model: {name}"),
    )
}

impl Model {
    pub(crate) fn supports(&self, capability: &str) -> bool {
        self.capabilities.contains(&capability)
    }

    /// Returns the id and the aliases.
    fn names(&self) -> impl Iterator<Item = &'static str> {
        std::iter::once(self.id).chain(self.aliases.iter().copied())
    }

    pub(crate) fn has_logprobs(&self) -> bool {
        self.has_logprobs
    }

    /// Returns the date suffix of the dated name.
    pub(crate) fn version(&self) -> &'static str {
        let is_date =
            |part: &&str| part.len() == 4 && part.bytes().all(|byte| byte.is_ascii_digit());
        let mut parts = self.names().filter_map(|name| name.rsplit('-').next());
        parts.find(is_date).unwrap_or(self.id)
    }

    /// Returns the name without a date, if there is one.
    pub(crate) fn undated_name(&self) -> &'static str {
        let mut names = self.names();
        names
            .find(|name| name.ends_with("-latest"))
            .unwrap_or(self.id)
    }

    pub(crate) fn context(&self) -> u64 {
        self.context
    }

    pub(crate) fn is_embedding_model(&self) -> bool {
        self.names()
            .any(|name| matches!(name, MISTRAL_EMBED | CODESTRAL_EMBED))
    }

    /// Returns the same model with another id, other capabilities and another context.
    pub(super) fn named(
        &self,
        id: &'static str,
        capabilities: &'static [&'static str],
        context: u64,
    ) -> Self {
        Self {
            id,
            capabilities,
            context,
            ..*self
        }
    }

    /// Whether completions contain reasoning by default.
    pub(crate) fn reasons_by_default(&self) -> bool {
        self.id.starts_with("magistral-")
    }

    /// Returns the card of the model under its id or an alias.
    pub(crate) fn card(&self, name: &str) -> Value {
        let aliases: Vec<&str> = self.names().filter(|other| *other != name).collect();
        let capabilities: Map<String, Value> = CAPABILITIES
            .iter()
            .map(|capability| ((*capability).to_owned(), self.supports(capability).into()))
            .collect();
        let (deprecation, replacement) = self.deprecation.unzip();
        json!({
            "id": name,
            "object": "model",
            "created": CLOCK_START,
            "owned_by": "mistralai",
            "type": "base",
            "capabilities": capabilities,
            "name": self.id,
            "description": self.description,
            "max_context_length": self.context,
            "aliases": aliases,
            "deprecation": deprecation,
            "deprecation_replacement_model": replacement,
            "default_model_temperature": self.temperature,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn models_names_are_unique_and_capabilities_known() {
        let mut names: Vec<&str> = MODELS.iter().flat_map(Model::names).collect();
        let count = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), count);
        for model in MODELS {
            assert!(
                model
                    .capabilities
                    .iter()
                    .all(|name| CAPABILITIES.contains(name))
            );
        }
    }

    #[test]
    fn models_deprecation_replacements_exist() {
        let replacements: Vec<&str> = MODELS
            .iter()
            .filter_map(|model| model.deprecation)
            .map(|(_, name)| name)
            .collect();
        assert!(!replacements.is_empty());
        assert!(replacements.iter().all(|name| find(name).is_some()));
    }

    #[test]
    fn models_version_is_from_dated_name() {
        let version = |name| find(name).unwrap().version();
        assert_eq!(version("ministral-3b-latest"), "2512");
        assert_eq!(version("mistral-medium-latest"), "2604");
        assert_eq!(version("magistral-medium-latest"), "2509");
    }
}

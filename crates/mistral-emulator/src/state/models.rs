//! The base models of the emulator.

use serde_json::{Map, Value, json};

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

const CHAT: &[&str] = &[
    "completion_chat",
    "function_calling",
    "vision",
    "unified_resources",
];
const TUNABLE: &[&str] = &[
    "completion_chat",
    "fine_tuning",
    "function_calling",
    "vision",
    "unified_resources",
];
const REASONING: &[&str] = &["completion_chat", "function_calling", "reasoning", "vision"];

const fn model(
    id: &'static str,
    aliases: &'static [&'static str],
    capabilities: &'static [&'static str],
    description: &'static str,
) -> Model {
    Model {
        id,
        aliases,
        capabilities,
        description,
        context: 131_072,
        temperature: Some(0.3),
        deprecation: None,
    }
}

static MODELS: &[Model] = &[
    model(
        "mistral-large-latest",
        &["mistral-large-2512"],
        CHAT,
        "The largest general model.",
    ),
    model(
        "mistral-medium-latest",
        &["mistral-medium-2508", "mistral-medium"],
        CHAT,
        "A general model between large and small.",
    ),
    model(
        MISTRAL_SMALL,
        &["mistral-small-2603", "mistral-small"],
        &[
            "completion_chat",
            "fine_tuning",
            "function_calling",
            "reasoning",
            "vision",
            "unified_resources",
        ],
        "A fast general model.",
    ),
    model(
        "ministral-8b-latest",
        &["ministral-8b-2512"],
        TUNABLE,
        "A small model for devices.",
    ),
    model(
        "ministral-3b-latest",
        &["ministral-3b-2512"],
        TUNABLE,
        "The smallest model.",
    ),
    Model {
        temperature: Some(0.7),
        ..model(
            "magistral-medium-latest",
            &["magistral-medium-2509"],
            REASONING,
            "Thinks first.",
        )
    },
    Model {
        temperature: Some(0.7),
        deprecation: Some(("2026-12-31T12:00:00Z", MISTRAL_SMALL)),
        ..model(
            "magistral-small-latest",
            &["magistral-small-2509"],
            REASONING,
            "Thinks first; small.",
        )
    },
    Model {
        context: 262_144,
        ..model(
            CODESTRAL,
            &["codestral-2508"],
            &["completion_chat", "completion_fim", "function_calling"],
            "Writes and completes code.",
        )
    },
    Model {
        context: 262_144,
        ..model(
            "devstral-latest",
            &["devstral-2512"],
            &["completion_chat", "function_calling"],
            "Works on code bases with tools.",
        )
    },
    Model {
        context: 8_192,
        temperature: None,
        ..model(
            MISTRAL_EMBED,
            &["mistral-embed-2312"],
            &[],
            "Turns text into 1024 numbers.",
        )
    },
    Model {
        context: 8_192,
        temperature: None,
        ..model(
            CODESTRAL_EMBED,
            &["codestral-embed-2505"],
            &[],
            "Turns code into numbers.",
        )
    },
    Model {
        context: 16_384,
        temperature: None,
        ..model(
            MISTRAL_OCR,
            &["mistral-ocr-2512"],
            &["ocr"],
            "Reads documents.",
        )
    },
    Model {
        temperature: None,
        ..model(
            "mistral-moderation-latest",
            &["mistral-moderation-2603"],
            &["moderation", "classification"],
            "Finds text that should not be published.",
        )
    },
    Model {
        context: 32_768,
        ..model(
            "voxtral-mini-latest",
            &["voxtral-mini-2602"],
            &["audio", "audio_transcription", "completion_chat"],
            "Listens and transcribes.",
        )
    },
    Model {
        temperature: None,
        ..model(
            MODERATION_2411,
            &[],
            &["moderation"],
            "Finds text that should not be published; older categories.",
        )
    },
    Model {
        context: 4_096,
        ..model(
            VOXTRAL_TTS,
            &["voxtral-mini-tts-2603"],
            &["audio_speech"],
            "Speaks.",
        )
    },
];

pub(crate) const MISTRAL_SMALL: &str = "mistral-small-latest";
pub(crate) const CODESTRAL: &str = "codestral-latest";
pub(crate) const MISTRAL_EMBED: &str = "mistral-embed";
pub(crate) const CODESTRAL_EMBED: &str = "codestral-embed";
pub(crate) const MODERATION_2411: &str = "mistral-moderation-2411";
pub(crate) const MISTRAL_OCR: &str = "mistral-ocr-latest";
pub(crate) const VOXTRAL_TTS: &str = "voxtral-mini-tts-latest";

/// Returns all models, in the order of the list operation.
pub(crate) fn all() -> impl Iterator<Item = &'static Model> {
    MODELS.iter()
}

/// Returns the model with an id or alias.
pub(crate) fn find(name: &str) -> Option<&'static Model> {
    if let Some(models) = super::model_settings::listed() {
        return models.iter().find(|model| model.id == name);
    }
    MODELS
        .iter()
        .find(|model| model.id == name || model.aliases.contains(&name))
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
        .or_else(|| {
            super::model_settings::accepts_any()
                .then(substitute)
                .flatten()
        })
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

    /// Returns the date suffix of the dated alias.
    pub(crate) fn version(&self) -> &'static str {
        let dated = self.aliases.first().copied().unwrap_or(self.id);
        dated.rsplit_once('-').map_or(dated, |(_, version)| version)
    }

    pub(crate) fn context(&self) -> u64 {
        self.context
    }

    pub(crate) fn is_embedding_model(&self) -> bool {
        matches!(self.id, MISTRAL_EMBED | CODESTRAL_EMBED)
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
        let names = std::iter::once(&self.id).chain(self.aliases);
        let aliases: Vec<&str> = names.copied().filter(|other| *other != name).collect();
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
            "name": self.aliases.first().unwrap_or(&self.id),
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
        let mut names: Vec<&str> = all()
            .flat_map(|model| std::iter::once(&model.id).chain(model.aliases))
            .copied()
            .collect();
        let count = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), count);
        for model in all() {
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
        let replacements: Vec<&str> = all()
            .filter_map(|model| model.deprecation)
            .map(|(_, name)| name)
            .collect();
        assert!(!replacements.is_empty());
        assert!(replacements.iter().all(|name| find(name).is_some()));
    }
}

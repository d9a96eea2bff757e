//! The models that the emulator has.

use serde_json::{Map, Value, json};

use crate::responses::ApiError;

/// One model as the table describes it.
#[derive(Debug)]
pub(crate) struct Model {
    pub(crate) id: &'static str,
    aliases: &'static [&'static str],
    capabilities: &'static [&'static str],
    description: &'static str,
    context: u64,
    temperature: Option<f64>,
    /// When it goes away and what takes its place.
    deprecation: Option<(&'static str, &'static str)>,
}

const CAPABILITIES: &[&str] = &[
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
const THINKS: &[&str] = &["completion_chat", "function_calling", "reasoning", "vision"];

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
        "mistral-small-latest",
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
            THINKS,
            "Thinks first.",
        )
    },
    Model {
        temperature: Some(0.7),
        deprecation: Some(("2026-12-31T12:00:00Z", "mistral-small-latest")),
        ..model(
            "magistral-small-latest",
            &["magistral-small-2509"],
            THINKS,
            "Thinks first; small.",
        )
    },
    Model {
        context: 262_144,
        ..model(
            "codestral-latest",
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

pub(crate) const MISTRAL_EMBED: &str = "mistral-embed";
pub(crate) const CODESTRAL_EMBED: &str = "codestral-embed";
pub(crate) const MODERATION_2411: &str = "mistral-moderation-2411";
pub(crate) const MISTRAL_OCR: &str = "mistral-ocr-latest";
pub(crate) const VOXTRAL_TTS: &str = "voxtral-mini-tts-latest";

/// All models, in the order in which they are listed.
pub(crate) fn all() -> impl Iterator<Item = &'static Model> {
    MODELS.iter()
}

/// The model of that id or alias.
pub(crate) fn find(name: &str) -> Option<&'static Model> {
    MODELS
        .iter()
        .find(|model| model.id == name || model.aliases.contains(&name))
}

/// The model a request names, if it can do what the request asks.
pub(crate) fn able(
    body: &Value,
    able: impl FnOnce(&Model) -> bool,
) -> Result<&'static Model, ApiError> {
    let name = body
        .get("model")
        .and_then(Value::as_str)
        .unwrap_or_default();
    find(name)
        .filter(|model| able(model))
        .ok_or_else(|| invalid_model(name))
}

pub(crate) fn invalid_model(name: &str) -> ApiError {
    ApiError::bad_request(
        "invalid_model",
        Some("1500"),
        format!("Invalid model: {name}"),
    )
}

impl Model {
    pub(crate) fn can(&self, capability: &str) -> bool {
        self.capabilities.contains(&capability)
    }

    /// The digits at the end of its dated name.
    pub(crate) fn version(&self) -> &'static str {
        let dated = self.aliases.first().copied().unwrap_or(self.id);
        dated.rsplit_once('-').map_or(dated, |(_, version)| version)
    }

    pub(crate) fn context(&self) -> u64 {
        self.context
    }

    pub(crate) fn embeds(&self) -> bool {
        matches!(self.id, MISTRAL_EMBED | CODESTRAL_EMBED)
    }

    /// Whether it thinks without being asked to.
    pub(crate) fn always_thinks(&self) -> bool {
        self.id.starts_with("magistral-")
    }

    /// The card of the model under one of its names.
    pub(crate) fn card(&self, name: &str) -> Value {
        let names = std::iter::once(&self.id).chain(self.aliases);
        let aliases: Vec<&str> = names.copied().filter(|other| *other != name).collect();
        let capabilities: Map<String, Value> = CAPABILITIES
            .iter()
            .map(|capability| ((*capability).to_owned(), self.can(capability).into()))
            .collect();
        let (deprecation, replacement) = self.deprecation.unzip();
        json!({
            "id": name,
            "object": "model",
            "created": 1_767_225_600,
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
    fn names_are_unique_and_capabilities_are_known() {
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
    fn replacements_exist() {
        let replacements: Vec<&str> = all()
            .filter_map(|model| model.deprecation)
            .map(|(_, name)| name)
            .collect();
        assert!(!replacements.is_empty());
        assert!(replacements.iter().all(|name| find(name).is_some()));
    }
}

//! The table of base models, in the order of the list operation.

use super::{CODESTRAL_EMBED, MISTRAL_EMBED, MISTRAL_OCR, MODERATION_2411, MODERATION_2603, Model};

const CHAT: &[&str] = &["completion_chat", "function_calling"];
const TUNABLE: &[&str] = &[
    "completion_chat",
    "fine_tuning",
    "function_calling",
    "vision",
];
const REASONING: &[&str] = &["completion_chat", "function_calling", "reasoning", "vision"];
const OCR: &[&str] = &["function_calling", "ocr", "vision"];

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
        context: 262_144,
        temperature: Some(0.3),
        deprecation: None,
        is_listed: true,
        has_logprobs: true,
    }
}

/// The models of the real list, followed by those that are served but no longer listed.
pub(super) static MODELS: &[Model] = &[
    Model {
        context: 131_072,
        deprecation: Some(("2026-08-31T12:00:00Z", "mistral-medium-3-5")),
        ..model(
            "mistral-medium-2505",
            &[],
            TUNABLE,
            "A general model of 2025.",
        )
    },
    Model {
        context: 131_072,
        deprecation: Some(("2026-08-31T12:00:00Z", "mistral-medium-3-5")),
        ..model(
            "mistral-medium-2508",
            &[],
            TUNABLE,
            "A general model of 2025.",
        )
    },
    Model {
        context: 256_000,
        ..model(
            "codestral-2508",
            &[
                "codestral-latest",
                "mistral-code-latest",
                "mistral-code-fim-latest",
            ],
            &["completion_chat", "completion_fim", "function_calling"],
            "Writes and completes code.",
        )
    },
    Model {
        temperature: Some(0.2),
        deprecation: Some(("2026-08-31T12:00:00Z", "mistral-medium-3-5")),
        ..model(
            "devstral-2512",
            &[
                "devstral-medium-latest",
                "devstral-latest",
                "mistral-code-agent-latest",
            ],
            CHAT,
            "Works on code bases with tools.",
        )
    },
    Model {
        has_logprobs: false,
        ..model(
            "mistral-small-2603",
            &[
                "mistral-small-latest",
                "mistral-vibe-cli-fast",
                "magistral-small-latest",
            ],
            REASONING,
            "A fast general model.",
        )
    },
    Model {
        context: 32_768,
        temperature: Some(0.2),
        ..model(
            "voxtral-small-2507",
            &["voxtral-small-latest"],
            &["audio", "completion_chat", "function_calling"],
            "Understands recordings.",
        )
    },
    Model {
        temperature: Some(1.0),
        ..model(
            "labs-leanstral-1-5-1",
            &["labs-leanstral-1-5"],
            &[
                "completion_chat",
                "function_calling",
                "reasoning",
                "unified_resources",
                "vision",
            ],
            "Proves theorems.",
        )
    },
    Model {
        has_logprobs: false,
        ..model(
            "mistral-large-2512",
            &["mistral-large-latest"],
            TUNABLE,
            "The largest general model.",
        )
    },
    Model {
        context: 131_072,
        has_logprobs: false,
        ..model(
            "ministral-3b-2512",
            &["ministral-3b-latest"],
            TUNABLE,
            "The smallest model.",
        )
    },
    Model {
        has_logprobs: false,
        ..model(
            "ministral-8b-2512",
            &["ministral-8b-latest"],
            TUNABLE,
            "A small model for devices.",
        )
    },
    Model {
        has_logprobs: false,
        ..model(
            "ministral-14b-2512",
            &["ministral-14b-latest"],
            TUNABLE,
            "A small model for workstations.",
        )
    },
    Model {
        temperature: Some(1.0),
        ..model(
            "mistral-medium-latest",
            &[
                "mistral-medium",
                "mistral-medium-3-5",
                "mistral-medium-3.5",
                "mistral-medium-3",
                "mistral-medium-2604",
                "mistral-vibe-cli-latest",
                "mistral-vibe-cli-with-tools",
            ],
            REASONING,
            "A general model between large and small.",
        )
    },
    Model {
        context: 1_048_576,
        temperature: None,
        ..model(
            "glm-5-2",
            &["zai-glm-5-2"],
            &["completion_chat", "function_calling", "reasoning"],
            "A model of another vendor.",
        )
    },
    Model {
        context: 8_192,
        temperature: None,
        ..model(
            "mistral-embed-2312",
            &[MISTRAL_EMBED],
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
        context: 131_072,
        temperature: None,
        ..model(
            MODERATION_2603,
            &[],
            &["classification", "moderation"],
            "Finds text that should not be published.",
        )
    },
    Model {
        context: 16_384,
        temperature: Some(0.0),
        ..model(
            "mistral-ocr-2512",
            &["mistral-ocr-3-0", "mistral-ocr-3"],
            OCR,
            "Reads documents; version 3.",
        )
    },
    Model {
        context: 16_384,
        temperature: Some(0.0),
        ..model("mistral-ocr-4-0", &[], OCR, "Reads documents; version 4.0.")
    },
    Model {
        context: 16_384,
        temperature: Some(0.0),
        ..model(
            MISTRAL_OCR,
            &["mistral-ocr-4", "mistral-ocr-4-1"],
            OCR,
            "Reads documents.",
        )
    },
    Model {
        context: 16_384,
        temperature: Some(0.0),
        ..model(
            "voxtral-mini-2602",
            &["voxtral-mini-latest"],
            &["audio_transcription"],
            "Transcribes.",
        )
    },
    Model {
        context: 32_768,
        temperature: Some(0.0),
        ..model(
            "voxtral-mini-transcribe-realtime-2602",
            &["voxtral-mini-realtime-2602", "voxtral-mini-realtime-latest"],
            &["audio_transcription_realtime"],
            "Transcribes speech while it is recorded.",
        )
    },
    Model {
        context: 4_096,
        ..model(
            "voxtral-mini-tts-2603",
            &["voxtral-mini-tts-latest"],
            &["audio_speech", "fine_tuning", "function_calling"],
            "Speaks.",
        )
    },
    Model {
        context: 131_072,
        temperature: Some(0.7),
        is_listed: false,
        ..model(
            "magistral-medium-latest",
            &["magistral-medium-2509"],
            REASONING,
            "Thinks first.",
        )
    },
    Model {
        context: 131_072,
        temperature: None,
        is_listed: false,
        ..model(
            "mistral-moderation-latest",
            &[],
            &["classification", "moderation"],
            "Finds text that should not be published.",
        )
    },
    Model {
        context: 131_072,
        temperature: None,
        deprecation: Some(("2026-12-31T12:00:00Z", "mistral-moderation-2603")),
        is_listed: false,
        ..model(
            MODERATION_2411,
            &[],
            &["moderation"],
            "Finds text that should not be published; older categories.",
        )
    },
];

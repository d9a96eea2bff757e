object! {
    /// The models that the key may use. Mirrors the API's `ModelList`.
    #[derive(Default)]
    ModelList {
        defaulted: {
            /// The kind of object: `list`.
            object: String,
            /// The models.
            data: Vec<ModelCard>,
        }
    }
}

tagged_union! {
    /// A model's card. Mirrors the members of the API's `ModelList`.
    ModelCard by "type" or "base" {
        /// A model of Mistral's.
        Base(BaseModelCard) = "base",
        /// A model that was fine-tuned.
        FineTuned(FtModelCard) = "fine-tuned",
    }
}

impl ModelCard {
    /// The model's id, as requests name it. Empty if the card has none.
    pub fn id(&self) -> &str {
        match self {
            Self::Base(card) => &card.id,
            Self::FineTuned(card) => &card.id,
            Self::Unknown(card) => card
                .get("id")
                .and_then(|id| id.as_str())
                .unwrap_or_default(),
        }
    }

    /// What the model can do, if the card says so.
    pub fn capabilities(&self) -> Option<&ModelCapabilities> {
        match self {
            Self::Base(card) => Some(&card.capabilities),
            Self::FineTuned(card) => Some(&card.capabilities),
            Self::Unknown(_) => None,
        }
    }

    /// When the model will be, or was, retired, as an RFC 3339 time.
    pub fn deprecation(&self) -> Option<&str> {
        match self {
            Self::Base(card) => card.deprecation.as_deref(),
            Self::FineTuned(card) => card.deprecation.as_deref(),
            Self::Unknown(_) => None,
        }
    }
}

/// Declares the two kinds of card, which share most of their fields.
macro_rules! model_cards {
    ($(
        $(#[$meta:meta])*
        $name:ident {
            required: { $($required:tt)* }
            defaulted: { $($defaulted:tt)* }
            optional: { $($optional:tt)* }
        }
    )+) => {
        $(object! {
            $(#[$meta])*
            $name {
                required: {
                    /// The model's id, as requests name it.
                    id: String,
                    $($required)*
                }
                defaulted: {
                    /// What the model can do.
                    capabilities: ModelCapabilities,
                    /// Other names of the model.
                    aliases: Vec<String>,
                    $($defaulted)*
                }
                optional: {
                    /// The kind of object: `model`.
                    object: String,
                    /// When the model was made, in seconds since 1970.
                    created: i64,
                    /// Whose the model is.
                    owned_by: String,
                    /// The model's name for people.
                    name: String,
                    /// What the model is good for.
                    description: String,
                    /// How many tokens the model's context holds.
                    max_context_length: i64,
                    /// When the model will be, or was, retired, as an RFC 3339 time.
                    deprecation: String,
                    /// The model to use instead.
                    deprecation_replacement_model: String,
                    /// The temperature that is used when a request sets none.
                    default_model_temperature: f64,
                    /// The name under which the model is billed.
                    billing_model_name: String,
                    /// Whether the model is the server's own affair.
                    internal: bool,
                    $($optional)*
                }
            }
        })+
    };
}

model_cards! {
    /// A model of Mistral's. Mirrors the API's `BaseModelCard`.
    BaseModelCard {
        required: {}
        defaulted: {}
        optional: {
            /// What the model can do with recordings.
            audio_transcription_capabilities: AudioTranscriptionCapabilities,
            /// What the model can do in speaking.
            audio_speech_capabilities: AudioSpeechCapabilities,
        }
    }
    /// A model that was fine-tuned. Mirrors the API's `FTModelCard`.
    FtModelCard {
        required: {}
        defaulted: {
            /// The job that made the model.
            job: String,
            /// The model that it was made from.
            root: String,
            /// Whether the model is archived, and so cannot be used.
            archived: bool,
        }
        optional: {}
    }
}

/// Declares objects of flags, each of which is false when it is absent.
macro_rules! flags {
    ($(#[$meta:meta])* $name:ident { $($(#[doc = $fdoc:literal])* $flag:ident,)+ }) => {
        object! {
            $(#[$meta])*
            #[derive(Default)]
            $name {
                defaulted: {
                    $($(#[doc = $fdoc])* $flag: bool,)+
                }
            }
        }
    };
}

flags! {
    /// What a model can do. Mirrors the API's `ModelCapabilities`.
    ///
    /// Capabilities that this version of the SDK does not know are in `extra`.
    ModelCapabilities {
        /// Chat completions.
        completion_chat,
        /// Calls of tools.
        function_calling,
        /// Completions of the middle of a text.
        completion_fim,
        /// Fine-tuning.
        fine_tuning,
        /// Images in messages.
        vision,
        /// Text recognition.
        ocr,
        /// Classification.
        classification,
        /// Moderation.
        moderation,
        /// Recordings in messages.
        audio,
        /// Transcription.
        audio_transcription,
        /// Transcription as one speaks.
        audio_transcription_realtime,
        /// Speech.
        audio_speech,
        /// Reasoning.
        reasoning,
        /// The unified resources API.
        unified_resources,
    }
}

object! {
    /// What a model can do with recordings. Mirrors the official SDK's
    /// `AudioTranscriptionCapabilities`.
    #[derive(Default)]
    AudioTranscriptionCapabilities {
        defaulted: {
            /// Whether words can be hinted at.
            context_bias: bool,
            /// Whether speakers are told apart.
            diarization: bool,
            /// The languages.
            languages: Vec<String>,
            /// The modes.
            modes: Vec<String>,
            /// The steps in which times are given.
            timestamp_granularities: Vec<String>,
            /// Whether ends of turns are noticed.
            turn_detection: bool,
        }
        optional: {
            /// The delays to choose among when streaming, in milliseconds.
            streaming_delays_ms: Vec<StreamingDelayRange>,
        }
    }
}

object! {
    /// A range of delays in milliseconds. Mirrors the official SDK's `StreamingDelayRange`.
    StreamingDelayRange {
        required: {
            /// The shortest.
            min: i64,
            /// The longest.
            max: i64,
        }
    }
}

object! {
    /// What a model can do in speaking. Mirrors the official SDK's `AudioSpeechCapabilities`.
    #[derive(Default)]
    AudioSpeechCapabilities {
        defaulted: {
            /// Whether it takes instructions on how to speak.
            instruction: bool,
            /// The modes.
            modes: Vec<String>,
            /// The forms of the recording.
            response_formats: Vec<String>,
        }
    }
}

use std::collections::BTreeMap;

use base64_simd::STANDARD;
use serde_json::{Map, Value};

request! {
    /// Asks for a text to be spoken. Mirrors the API's `SpeechRequest`.
    ///
    /// ```
    /// use mistral_core::audio::{SpeechOutputFormat, SpeechRequest};
    ///
    /// let request = SpeechRequest::new("Bonjour !")
    ///     .voice_id("fr_marie_neutral")
    ///     .response_format(SpeechOutputFormat::Opus);
    /// # let _ = request;
    /// ```
    SpeechRequest with nulls {
        required: {
            /// What is to be said.
            input: String => into,
        }
        optional: {
            /// The model's id. Default: the server's own.
            model: String => into,
            /// The id or the slug of the voice that says it. Default: the server's own.
            voice_id: String => into,
            /// A recording, as base64, of a voice to imitate. See
            /// [`ref_audio_bytes`](Self::ref_audio_bytes).
            ref_audio: String => into,
            /// The recording's format. Default: MP3.
            response_format: SpeechOutputFormat => into,
            /// What was said before, by both sides.
            conversation_history: Vec<SpeechTurn> => list SpeechTurn,
            /// How expressively it is to be said.
            expressiveness: f64,
            /// How words are pronounced: by the word, its phonemes in the signs of the IPA.
            ///
            /// The API knows: `a`, `aɪ`, `aʊ`, `b`, `d`, `dʒ`, `e`, `eɪ`, `f`, `g`, `h`,
            /// `i`, `j`, `k`, `l`, `m`, `n`, `o`, `oʊ`, `p`, `s`, `t`, `tʃ`, `u`, `v`, `w`,
            /// `z`, `æ`, `ð`, `ŋ`, `ɑ`, `ɔ`, `ɔɪ`, `ɖ`, `ə`, `ɚ`, `ɛ`, `ɜ`, `ɪ`, `ɱ`, `ɹ`,
            /// `ɾ`, `ʃ`, `ʈ`, `ʊ`, `ʋ`, `ʌ`, `ʒ`, `ʔ`, `θ`, `ʁ`, `r`, `ɑ̃`, `ʀ`, `x`, `y`,
            /// `ɔ̃`, `ɐ`, `œ`, `ɛ̃`, `ʝ`, `ɲ`, `ts`, `ɥ`, `ʏ`, `ø`, `β`, `ɦ`, `pf`, `ʎ`, `ɣ`,
            /// `ɳ`, `ɔʏ`, `œ̃`, `ɟʝ`, `ɬ`, `q`.
            phoneme_hints: BTreeMap<String, Vec<String>>,
            /// Facts that are kept with the request.
            metadata: Map<String, Value>,
            /// What requests that begin alike have in common, so that the server finds
            /// again what it has worked out before.
            prompt_cache_key: String => into,
        }
    }
}

impl SpeechRequest {
    /// Imitates the voice of a recording.
    #[must_use]
    pub fn ref_audio_bytes(self, recording: impl AsRef<[u8]>) -> Self {
        self.ref_audio(STANDARD.encode_to_string(recording))
    }
}

string_enum! {
    /// The format of a recording. Mirrors the API's `SpeechOutputFormat`.
    SpeechOutputFormat {
        /// Samples without a header.
        Pcm = "pcm",
        /// WAV.
        Wav = "wav",
        /// MP3.
        Mp3 = "mp3",
        /// FLAC.
        Flac = "flac",
        /// Opus.
        Opus = "opus",
    }
}

tagged_union! {
    /// What one side has said before. Mirrors the official SDK's `ConversationHistory`.
    SpeechTurn by "role" {
        /// The model.
        Assistant(SpeechAssistantTurn) = "assistant",
        /// The user.
        User(SpeechUserTurn) = "user",
    }
}

request! {
    /// What the model has said before. Mirrors the API's `SpeechAssistantTurn`.
    SpeechAssistantTurn {
        required: {
            /// As text.
            text: String => into,
            /// As a recording.
            audio: RawAudio,
        }
    }
}

request! {
    /// What the user has said before. Mirrors the API's `SpeechUserTurn`.
    SpeechUserTurn {
        required: {
            /// As a recording.
            audio: RawAudio,
        }
    }
}

request! {
    /// A recording. Mirrors the API's `RawAudio`.
    RawAudio {
        required: {
            /// The recording as base64.
            data: String => into,
        }
    }
}

impl RawAudio {
    /// A recording of these bytes.
    pub fn from_bytes(recording: impl AsRef<[u8]>) -> Self {
        Self::new(STANDARD.encode_to_string(recording))
    }
}

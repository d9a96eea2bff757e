use std::collections::BTreeMap;

use base64_simd::STANDARD;
use serde_json::{Map, Value};

use crate::json::{ApiEnum, ApiRequest, ApiUnion};

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
#[derive(Debug, Clone, PartialEq, ApiRequest)]
#[api(keep_nulls)]
#[non_exhaustive]
pub struct SpeechRequest {
    /// What is to be said.
    #[api(required, into)]
    pub input: String,
    /// The model's id. Default: the server's own.
    #[api(into)]
    pub model: Option<String>,
    /// The id or the slug of the voice that says it. Default: the server's own.
    #[api(into)]
    pub voice_id: Option<String>,
    /// A recording, as base64, of a voice to imitate. See
    /// [`ref_audio_bytes`](Self::ref_audio_bytes).
    #[api(into)]
    pub ref_audio: Option<String>,
    /// The recording's format. Default: MP3.
    #[api(into)]
    pub response_format: Option<SpeechOutputFormat>,
    /// What was said before, by both sides.
    #[api(list)]
    pub conversation_history: Option<Vec<SpeechTurn>>,
    /// How expressively it is to be said.
    pub expressiveness: Option<f64>,
    /// How words are pronounced: by the word, its phonemes in the signs of the IPA.
    ///
    /// The API knows: `a`, `aɪ`, `aʊ`, `b`, `d`, `dʒ`, `e`, `eɪ`, `f`, `g`, `h`,
    /// `i`, `j`, `k`, `l`, `m`, `n`, `o`, `oʊ`, `p`, `s`, `t`, `tʃ`, `u`, `v`, `w`,
    /// `z`, `æ`, `ð`, `ŋ`, `ɑ`, `ɔ`, `ɔɪ`, `ɖ`, `ə`, `ɚ`, `ɛ`, `ɜ`, `ɪ`, `ɱ`, `ɹ`,
    /// `ɾ`, `ʃ`, `ʈ`, `ʊ`, `ʋ`, `ʌ`, `ʒ`, `ʔ`, `θ`, `ʁ`, `r`, `ɑ̃`, `ʀ`, `x`, `y`,
    /// `ɔ̃`, `ɐ`, `œ`, `ɛ̃`, `ʝ`, `ɲ`, `ts`, `ɥ`, `ʏ`, `ø`, `β`, `ɦ`, `pf`, `ʎ`, `ɣ`,
    /// `ɳ`, `ɔʏ`, `œ̃`, `ɟʝ`, `ɬ`, `q`.
    pub phoneme_hints: Option<BTreeMap<String, Vec<String>>>,
    /// Facts that are kept with the request.
    pub metadata: Option<Map<String, Value>>,
    /// What requests that begin alike have in common, so that the server finds
    /// again what it has worked out before.
    #[api(into)]
    pub prompt_cache_key: Option<String>,
    /// Fields that this version of the SDK does not know, as they came.
    #[api(extra)]
    pub extra: Map<String, Value>,
}

impl SpeechRequest {
    /// Imitates the voice of a recording.
    #[must_use]
    pub fn ref_audio_bytes(self, recording: impl AsRef<[u8]>) -> Self {
        self.ref_audio(STANDARD.encode_to_string(recording))
    }
}

/// The format of a recording. Mirrors the API's `SpeechOutputFormat`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, ApiEnum)]
#[non_exhaustive]
pub enum SpeechOutputFormat {
    /// Samples without a header.
    #[api("pcm")]
    Pcm,
    /// WAV.
    #[api("wav")]
    Wav,
    /// MP3.
    #[api("mp3")]
    Mp3,
    /// FLAC.
    #[api("flac")]
    Flac,
    /// Opus.
    #[api("opus")]
    Opus,
    /// A value that this version of the SDK does not know, as it came.
    Unknown(String),
}

/// What one side has said before. Mirrors the official SDK's `ConversationHistory`.
#[derive(Debug, Clone, PartialEq, ApiUnion)]
#[api(tag = "role")]
#[non_exhaustive]
pub enum SpeechTurn {
    /// The model.
    #[api("assistant")]
    Assistant(SpeechAssistantTurn),
    /// The user.
    #[api("user")]
    User(SpeechUserTurn),
    /// A member that this version of the SDK does not know, as it came.
    Unknown(Value),
}

/// What the model has said before. Mirrors the API's `SpeechAssistantTurn`.
#[derive(Debug, Clone, PartialEq, ApiRequest)]
#[non_exhaustive]
pub struct SpeechAssistantTurn {
    /// As text.
    #[api(required, into)]
    pub text: String,
    /// As a recording.
    #[api(required)]
    pub audio: RawAudio,
    /// Fields that this version of the SDK does not know, as they came.
    #[api(extra)]
    pub extra: Map<String, Value>,
}

/// What the user has said before. Mirrors the API's `SpeechUserTurn`.
#[derive(Debug, Clone, PartialEq, ApiRequest)]
#[non_exhaustive]
pub struct SpeechUserTurn {
    /// As a recording.
    #[api(required)]
    pub audio: RawAudio,
    /// Fields that this version of the SDK does not know, as they came.
    #[api(extra)]
    pub extra: Map<String, Value>,
}

/// A recording. Mirrors the API's `RawAudio`.
#[derive(Debug, Clone, PartialEq, ApiRequest)]
#[non_exhaustive]
pub struct RawAudio {
    /// The recording as base64.
    #[api(required, into)]
    pub data: String,
    /// Fields that this version of the SDK does not know, as they came.
    #[api(extra)]
    pub extra: Map<String, Value>,
}

impl RawAudio {
    /// A recording of these bytes.
    pub fn from_bytes(recording: impl AsRef<[u8]>) -> Self {
        Self::new(STANDARD.encode_to_string(recording))
    }
}

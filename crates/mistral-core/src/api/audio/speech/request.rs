use std::collections::BTreeMap;

use base64_simd::STANDARD;
use serde_json::{Map, Value};

use crate::json::{ApiEnum, ApiRequest, ApiUnion};

/// A request to synthesize speech. Mirrors the API's `SpeechRequest`.
///
/// ```
/// use mistral_sdk::audio::{SpeechOutputFormat, SpeechRequest};
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
    /// The text to speak.
    #[api(required, into)]
    pub input: String,
    /// The model's id. Default: chosen by the server.
    #[api(into)]
    pub model: Option<String>,
    /// The id or the slug of a preset or custom voice. Default: chosen by the server.
    #[api(into)]
    pub voice_id: Option<String>,
    /// A recording, in base64, of the voice to clone.
    /// [`ref_audio_bytes`](Self::ref_audio_bytes) encodes it.
    #[api(into)]
    pub ref_audio: Option<String>,
    /// The recording's format. Default: MP3.
    #[api(into)]
    pub response_format: Option<SpeechOutputFormat>,
    /// The earlier turns of the conversation, of both sides.
    #[api(list)]
    pub conversation_history: Option<Vec<SpeechTurn>>,
    /// The expressiveness of the speech.
    pub expressiveness: Option<f64>,
    /// The pronunciation of words: a map from a word to its phonemes in IPA.
    ///
    /// The API accepts `a`, `aɪ`, `aʊ`, `b`, `d`, `dʒ`, `e`, `eɪ`, `f`, `g`, `h`,
    /// `i`, `j`, `k`, `l`, `m`, `n`, `o`, `oʊ`, `p`, `s`, `t`, `tʃ`, `u`, `v`, `w`,
    /// `z`, `æ`, `ð`, `ŋ`, `ɑ`, `ɔ`, `ɔɪ`, `ɖ`, `ə`, `ɚ`, `ɛ`, `ɜ`, `ɪ`, `ɱ`, `ɹ`,
    /// `ɾ`, `ʃ`, `ʈ`, `ʊ`, `ʋ`, `ʌ`, `ʒ`, `ʔ`, `θ`, `ʁ`, `r`, `ɑ̃`, `ʀ`, `x`, `y`,
    /// `ɔ̃`, `ɐ`, `œ`, `ɛ̃`, `ʝ`, `ɲ`, `ts`, `ɥ`, `ʏ`, `ø`, `β`, `ɦ`, `pf`, `ʎ`, `ɣ`,
    /// `ɳ`, `ɔʏ`, `œ̃`, `ɟʝ`, `ɬ`, `q`.
    pub phoneme_hints: Option<BTreeMap<String, Vec<String>>>,
    /// Key-value pairs that are stored with the request.
    pub metadata: Option<Map<String, Value>>,
    /// A key shared by requests with a common prefix, so that the server can reuse its cache.
    #[api(into)]
    pub prompt_cache_key: Option<String>,
    /// Additional fields, by name.
    #[api(extra)]
    pub extra: Map<String, Value>,
}

impl SpeechRequest {
    /// Sets [`ref_audio`](Self::ref_audio) to a recording, which is encoded in base64.
    #[must_use]
    pub fn ref_audio_bytes(self, recording: impl AsRef<[u8]>) -> Self {
        self.ref_audio(STANDARD.encode_to_string(recording))
    }
}

/// The audio format of a recording. Mirrors the API's `SpeechOutputFormat`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, ApiEnum)]
#[non_exhaustive]
pub enum SpeechOutputFormat {
    /// Raw PCM samples, without a header.
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
    /// A value that this version of the SDK does not declare.
    Unknown(String),
}

/// An earlier turn of a conversation. Mirrors the official SDK's `ConversationHistory`.
#[derive(Debug, Clone, PartialEq, ApiUnion)]
#[api(tag = "role")]
#[non_exhaustive]
pub enum SpeechTurn {
    /// A turn of the model.
    #[api("assistant")]
    Assistant(SpeechAssistantTurn),
    /// A turn of the user.
    #[api("user")]
    User(SpeechUserTurn),
    /// A value that this version of the SDK does not declare.
    Unknown(Value),
}

/// An earlier turn of the model. Mirrors the API's `SpeechAssistantTurn`.
#[derive(Debug, Clone, PartialEq, ApiRequest)]
#[non_exhaustive]
pub struct SpeechAssistantTurn {
    /// The text of the turn.
    #[api(required, into)]
    pub text: String,
    /// The recording of the turn.
    #[api(required)]
    pub audio: RawAudio,
    /// Additional fields, by name.
    #[api(extra)]
    pub extra: Map<String, Value>,
}

/// An earlier turn of the user. Mirrors the API's `SpeechUserTurn`.
#[derive(Debug, Clone, PartialEq, ApiRequest)]
#[non_exhaustive]
pub struct SpeechUserTurn {
    /// The recording of the turn.
    #[api(required)]
    pub audio: RawAudio,
    /// Additional fields, by name.
    #[api(extra)]
    pub extra: Map<String, Value>,
}

/// A recording in base64. Mirrors the API's `RawAudio`.
#[derive(Debug, Clone, PartialEq, ApiRequest)]
#[non_exhaustive]
pub struct RawAudio {
    /// The recording in base64.
    #[api(required, into)]
    pub data: String,
    /// Additional fields, by name.
    #[api(extra)]
    pub extra: Map<String, Value>,
}

impl RawAudio {
    /// Encodes a recording in base64.
    pub fn from_bytes(recording: impl AsRef<[u8]>) -> Self {
        Self::new(STANDARD.encode_to_string(recording))
    }
}

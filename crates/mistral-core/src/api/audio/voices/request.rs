use base64_simd::STANDARD;
use serde_json::{Map, Value};

use super::response::VoiceGender;
use crate::json::Patch;
use crate::json::{ApiEnum, ApiRequest};

/// Which voices to list. Mirrors the query of `GET /v1/audio/voices`.
#[derive(Debug, Clone, PartialEq, Default, ApiRequest)]
#[non_exhaustive]
pub struct ListVoicesRequest {
    /// How many voices a page has at most. Default: 10.
    pub limit: Option<u64>,
    /// How many voices come before the first page. Default: 0.
    pub offset: Option<u64>,
    /// Whose voices. Default: all.
    #[api(rename = "type", into)]
    pub filter: Option<VoiceFilter>,
    /// Fields that this version of the SDK does not know, as they came.
    #[api(extra)]
    pub extra: Map<String, Value>,
}

/// Whose voices to list. Mirrors the parameter `type` of `GET /v1/audio/voices`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, ApiEnum)]
#[non_exhaustive]
pub enum VoiceFilter {
    /// All.
    #[api("all")]
    All,
    /// Those that Mistral offers.
    #[api("preset")]
    Preset,
    /// Those that users have made.
    #[api("custom")]
    Custom,
    /// A value that this version of the SDK does not know, as it came.
    Unknown(String),
}

/// A voice to be made. Mirrors the API's `VoiceCreateRequest`.
#[derive(Debug, Clone, PartialEq, ApiRequest)]
#[api(keep_nulls)]
#[non_exhaustive]
pub struct VoiceCreateRequest {
    /// The voice's name.
    #[api(required, into)]
    pub name: String,
    /// A short name that can stand for the voice's id.
    #[api(into)]
    pub slug: Option<String>,
    /// What the voice is like.
    #[api(into)]
    pub description: Option<String>,
    /// The languages that it speaks.
    #[api(list)]
    pub languages: Option<Vec<String>>,
    /// The speaker's gender.
    #[api(into)]
    pub gender: Option<VoiceGender>,
    /// The speaker's age, in years.
    pub age: Option<u64>,
    /// Words to find it by.
    #[api(list)]
    pub tags: Option<Vec<String>>,
    /// The colour that it is shown in.
    #[api(into)]
    pub color: Option<String>,
    /// How many days ahead the end of its retention is told. Default: 30.
    pub retention_notice: Option<u64>,
    /// The recording to make it of, as base64.
    #[api(into)]
    pub sample_audio: Option<String>,
    /// The recording's file name: its extension tells the format.
    #[api(into)]
    pub sample_filename: Option<String>,
    /// Fields that this version of the SDK does not know, as they came.
    #[api(extra)]
    pub extra: Map<String, Value>,
}

impl VoiceCreateRequest {
    /// Makes a voice called `name` of a recording; the extension of `file_name` tells the
    /// recording's format. Everything else is unset.
    pub fn from_sample(
        name: impl Into<String>,
        file_name: impl Into<String>,
        recording: impl AsRef<[u8]>,
    ) -> Self {
        Self::new(name)
            .sample_audio(STANDARD.encode_to_string(recording))
            .sample_filename(file_name)
    }
}

/// What is to change about a voice. Mirrors the API's `VoiceUpdateRequest`.
///
/// A field that is not set stays as it is.
///
/// ```
/// use mistral_core::audio::VoiceUpdateRequest;
/// use mistral_core::json::Patch;
///
/// let request = VoiceUpdateRequest::new().age(30).gender(Patch::Clear);
/// let sent = serde_json::to_value(&request)?;
/// assert_eq!(sent, serde_json::json!({ "age": 30, "gender": null }));
/// # Ok::<_, serde_json::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Default, ApiRequest)]
#[non_exhaustive]
pub struct VoiceUpdateRequest {
    /// The voice's name.
    #[api(nullable, into)]
    pub name: Option<Patch<String>>,
    /// The languages that it speaks.
    #[api(nullable, into)]
    pub languages: Option<Patch<Vec<String>>>,
    /// The speaker's gender.
    #[api(nullable, into)]
    pub gender: Option<Patch<VoiceGender>>,
    /// The speaker's age, in years.
    #[api(nullable, into)]
    pub age: Option<Patch<u64>>,
    /// Words to find it by.
    #[api(nullable, into)]
    pub tags: Option<Patch<Vec<String>>>,
    /// Fields that this version of the SDK does not know, as they came.
    #[api(extra)]
    pub extra: Map<String, Value>,
}

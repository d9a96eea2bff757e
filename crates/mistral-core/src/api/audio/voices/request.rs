use base64_simd::STANDARD;
use serde_json::{Map, Value};

use super::response::{VoiceGender, VoiceKind};
use crate::json::{ApiEnum, ApiRequest, Patch};

/// The filter and the page size of a list of voices. Mirrors the query of
/// `GET /v1/audio/voices`.
#[derive(Debug, Clone, PartialEq, Default, ApiRequest)]
#[non_exhaustive]
pub struct ListVoicesRequest {
    /// The maximum number of voices per page. Default: 10.
    pub limit: Option<u64>,
    /// The number of voices to skip. Default: 0.
    pub offset: Option<u64>,
    /// The type of voices to list. Default: all.
    #[api(rename = "type", into)]
    pub filter: Option<VoiceFilter>,
    /// Additional fields, by name.
    #[api(extra)]
    pub extra: Map<String, Value>,
}

/// The type of voices to list. Mirrors the parameter `type` of `GET /v1/audio/voices`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, ApiEnum)]
#[non_exhaustive]
pub enum VoiceFilter {
    /// All voices.
    #[api("all")]
    All,
    /// Voices that Mistral provides.
    #[api("preset")]
    Preset,
    /// Voices that users have created.
    #[api("custom")]
    Custom,
    /// A value that this version of the SDK does not declare.
    Unknown(String),
}

/// The filters and the page size of a search for voices. Mirrors the query of
/// `GET /v2/audio/voices`.
#[derive(Debug, Clone, PartialEq, Default, ApiRequest)]
#[non_exhaustive]
pub struct SearchVoicesRequest {
    /// The maximum number of voices per page. Default: 10.
    pub page_size: Option<u64>,
    /// The token of a page, from the page before it. Default: the first page.
    #[api(into)]
    pub page_token: Option<String>,
    /// The type of voices to return. Default: all.
    #[api(rename = "type", into)]
    pub filter: Option<VoiceFilter>,
    /// The genders of the speakers, of which a voice has one. Default: any.
    #[api(list)]
    pub gender: Option<Vec<VoiceGender>>,
    /// The languages of which a voice speaks at least one. Default: any.
    #[api(list)]
    pub language: Option<Vec<String>>,
    /// Text to search the voices by.
    #[api(into)]
    pub query: Option<String>,
    /// The method that the voices were cloned with. Default: any.
    #[api(into)]
    pub kind: Option<VoiceKind>,
    /// Additional fields, by name.
    #[api(extra)]
    pub extra: Map<String, Value>,
}

/// A request to create a voice. Mirrors the API's `VoiceCreateRequest`.
#[derive(Debug, Clone, PartialEq, ApiRequest)]
#[api(keep_nulls)]
#[non_exhaustive]
pub struct VoiceCreateRequest {
    /// The voice's name.
    #[api(required, into)]
    pub name: String,
    /// A short name that is accepted in place of the voice's id.
    #[api(into)]
    pub slug: Option<String>,
    /// A description of the voice.
    #[api(into)]
    pub description: Option<String>,
    /// The languages that the voice speaks.
    #[api(list)]
    pub languages: Option<Vec<String>>,
    /// The speaker's gender.
    #[api(into)]
    pub gender: Option<VoiceGender>,
    /// The speaker's age, in years.
    pub age: Option<u64>,
    /// Tags to search the voice by.
    #[api(list)]
    pub tags: Option<Vec<String>>,
    /// The color that the voice is displayed in.
    #[api(into)]
    pub color: Option<String>,
    /// The number of days before the end of the retention at which a notice is sent.
    /// Default: 30.
    pub retention_notice: Option<u64>,
    /// The recording to create the voice from, in base64.
    #[api(into)]
    pub sample_audio: Option<String>,
    /// The file name of the recording. Its extension determines the format.
    #[api(into)]
    pub sample_filename: Option<String>,
    /// Additional fields, by name.
    #[api(extra)]
    pub extra: Map<String, Value>,
}

impl VoiceCreateRequest {
    /// Creates a request for a voice called `name` from a recording. The extension of
    /// `file_name` determines the recording's format. Everything else is unset.
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

/// A request to update a voice. Mirrors the API's `VoiceUpdateRequest`.
///
/// Fields that are not set keep their value.
///
/// ```
/// use mistral_sdk::audio::VoiceUpdateRequest;
/// use mistral_sdk::json::Patch;
///
/// let request = VoiceUpdateRequest::new()
///     .age(30)
///     .description("Calm and low")
///     .gender(Patch::Clear);
/// let sent = serde_json::to_value(&request)?;
/// let expected = serde_json::json!({ "age": 30, "description": "Calm and low", "gender": null });
/// assert_eq!(sent, expected);
/// # Ok::<_, serde_json::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Default, ApiRequest)]
#[non_exhaustive]
pub struct VoiceUpdateRequest {
    /// The voice's name.
    #[api(nullable, into)]
    pub name: Option<Patch<String>>,
    /// The languages that the voice speaks.
    #[api(nullable, into)]
    pub languages: Option<Patch<Vec<String>>>,
    /// The speaker's gender.
    #[api(nullable, into)]
    pub gender: Option<Patch<VoiceGender>>,
    /// The speaker's age, in years.
    #[api(nullable, into)]
    pub age: Option<Patch<u64>>,
    /// Tags to search the voice by.
    #[api(nullable, into)]
    pub tags: Option<Patch<Vec<String>>>,
    /// A description of the voice, at most 500 characters.
    #[api(nullable, into)]
    pub description: Option<Patch<String>>,
    /// The number of days before the end of the retention at which a notice is sent.
    #[api(nullable, into)]
    pub retention_notice: Option<Patch<u64>>,
    /// Additional fields, by name.
    #[api(extra)]
    pub extra: Map<String, Value>,
}

use serde_json::{Map, Value};

use crate::call::{NextPage, Page};
use crate::json::open_enum::optional_enum;
use crate::json::{ApiEnum, ApiObject};

/// The gender of a voice's speaker. Mirrors the API's `gender`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, ApiEnum)]
#[non_exhaustive]
pub enum VoiceGender {
    /// Female.
    #[api("female")]
    Female,
    /// Male.
    #[api("male")]
    Male,
    /// Neutral.
    #[api("neutral")]
    Neutral,
    /// A value that this version of the SDK does not declare.
    Unknown(String),
}

/// The origin of a voice. Mirrors the API's `type`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, ApiEnum)]
#[non_exhaustive]
pub enum VoiceType {
    /// Provided by Mistral.
    #[api("preset")]
    Preset,
    /// Created by a user.
    #[api("custom")]
    Custom,
    /// A value that this version of the SDK does not declare.
    Unknown(String),
}

/// The method that a voice was cloned with. Mirrors the API's `kind`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, ApiEnum)]
#[non_exhaustive]
pub enum VoiceKind {
    /// Instant voice cloning, from a short recording.
    #[api("ivc")]
    Ivc,
    /// Professional voice cloning, from long recordings.
    #[api("pvc")]
    Pvc,
    /// A value that this version of the SDK does not declare.
    Unknown(String),
}

/// A voice. Mirrors the API's `VoiceResponse`.
#[derive(Debug, Clone, PartialEq, ApiObject)]
#[non_exhaustive]
pub struct VoiceResponse {
    /// The voice's name.
    #[api(default)]
    pub name: String,
    /// A short name that is accepted in place of the id.
    pub slug: Option<String>,
    /// The languages that the voice speaks.
    #[api(default, lenient)]
    pub languages: Vec<String>,
    /// The speaker's gender.
    pub gender: Option<String>,
    /// The speaker's age, in years.
    pub age: Option<i64>,
    /// Tags to search the voice by.
    #[api(lenient)]
    pub tags: Option<Vec<String>>,
    /// The color that the voice is displayed in.
    pub color: Option<String>,
    /// The number of days before the end of the retention at which a notice is sent.
    pub retention_notice: Option<i64>,
    /// The voice's id.
    #[api(required)]
    pub id: String,
    /// The time of creation, in RFC 3339.
    pub created_at: Option<String>,
    /// The id of the user that created the voice.
    pub user_id: Option<String>,
    /// A description of the voice.
    pub description: Option<String>,
    /// The origin of the voice.
    #[api(rename = "type", read_with = optional_enum)]
    pub voice_type: Option<VoiceType>,
    /// The method that the voice was cloned with.
    #[api(read_with = optional_enum)]
    pub kind: Option<VoiceKind>,
    /// The duration that was trimmed from the recording, in seconds.
    pub trimmed_seconds: Option<f64>,
    /// Fields that this version of the SDK does not declare, and declared fields whose value could
    /// not be read. They are serialized unchanged.
    #[api(extra)]
    pub extra: Map<String, Value>,
}

/// A page of voices. Mirrors the API's `VoiceListResponse`.
#[derive(Debug, Clone, PartialEq, ApiObject)]
#[non_exhaustive]
pub struct VoiceListResponse {
    /// The voices of this page.
    #[api(required)]
    pub items: Vec<VoiceResponse>,
    /// The total number of voices.
    pub total: Option<i64>,
    /// The number of this page.
    pub page: Option<i64>,
    /// The number of voices per page.
    pub page_size: Option<i64>,
    /// The total number of pages.
    pub total_pages: Option<i64>,
    /// Fields that this version of the SDK does not declare, and declared fields whose value could
    /// not be read. They are serialized unchanged.
    #[api(extra)]
    pub extra: Map<String, Value>,
}

impl Page for VoiceListResponse {
    type Item = VoiceResponse;

    fn into_items(self) -> Vec<VoiceResponse> {
        self.items
    }

    fn len(&self) -> usize {
        self.items.len()
    }

    fn next(&self) -> Option<NextPage> {
        NextPage::offset(self.total)
    }
}

/// A page of a search for voices. Mirrors the API's `VoiceListPage`.
#[derive(Debug, Clone, PartialEq, ApiObject)]
#[non_exhaustive]
pub struct VoiceListPage {
    /// The voices of this page.
    #[api(required)]
    pub data: Vec<VoiceResponse>,
    /// The token of the next page, unless this is the last one.
    pub next_page_token: Option<String>,
    /// Fields that this version of the SDK does not declare, and declared fields whose value could
    /// not be read. They are serialized unchanged.
    #[api(extra)]
    pub extra: Map<String, Value>,
}

impl Page for VoiceListPage {
    type Item = VoiceResponse;

    fn into_items(self) -> Vec<VoiceResponse> {
        self.data
    }

    fn len(&self) -> usize {
        self.data.len()
    }

    fn next(&self) -> Option<NextPage> {
        NextPage::token("page_token", self.next_page_token.as_deref())
    }
}

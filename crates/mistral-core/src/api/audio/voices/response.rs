use serde_json::{Map, Value};

use crate::call::{NextPage, Page};
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
    /// A value that this version of the SDK does not know, as it came.
    Unknown(String),
}

/// Whose voice it is. Mirrors the API's `type`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, ApiEnum)]
#[non_exhaustive]
pub enum VoiceType {
    /// Mistral offers it.
    #[api("preset")]
    Preset,
    /// A user has made it.
    #[api("custom")]
    Custom,
    /// A value that this version of the SDK does not know, as it came.
    Unknown(String),
}

/// How a voice was made. Mirrors the API's `kind`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, ApiEnum)]
#[non_exhaustive]
pub enum VoiceKind {
    /// Instantly, of a short recording.
    #[api("ivc")]
    Ivc,
    /// Professionally, of long ones.
    #[api("pvc")]
    Pvc,
    /// A value that this version of the SDK does not know, as it came.
    Unknown(String),
}

/// A voice. Mirrors the API's `VoiceResponse`.
#[derive(Debug, Clone, PartialEq, ApiObject)]
#[non_exhaustive]
pub struct VoiceResponse {
    /// The voice's id.
    #[api(required)]
    pub id: String,
    /// Its name.
    #[api(default)]
    pub name: String,
    /// The languages that it speaks.
    #[api(default, lenient)]
    pub languages: Vec<String>,
    /// A short name that can stand for the id.
    pub slug: Option<String>,
    /// What it is like.
    pub description: Option<String>,
    /// Whose voice it is.
    #[api(rename = "type")]
    pub voice_type: Option<VoiceType>,
    /// How it was made.
    pub kind: Option<VoiceKind>,
    /// The speaker's gender.
    pub gender: Option<String>,
    /// The speaker's age, in years.
    pub age: Option<i64>,
    /// Words to find it by.
    #[api(lenient)]
    pub tags: Option<Vec<String>>,
    /// The colour that it is shown in.
    pub color: Option<String>,
    /// How many days ahead the end of its retention is told.
    pub retention_notice: Option<i64>,
    /// How many seconds of the recording were cut off.
    pub trimmed_seconds: Option<f64>,
    /// When it was made, by RFC 3339.
    pub created_at: Option<String>,
    /// The id of the user who has made it.
    pub user_id: Option<String>,
    /// Fields that this version of the SDK does not know, as they came.
    #[api(extra)]
    pub extra: Map<String, Value>,
}

/// A page of a list of voices. Mirrors the API's `VoiceListResponse`.
#[derive(Debug, Clone, PartialEq, ApiObject)]
#[non_exhaustive]
pub struct VoiceListResponse {
    /// The voices.
    #[api(required)]
    pub items: Vec<VoiceResponse>,
    /// How many voices there are in all.
    pub total: Option<i64>,
    /// Which page this is.
    pub page: Option<i64>,
    /// How many voices a page has.
    pub page_size: Option<i64>,
    /// How many pages there are.
    pub total_pages: Option<i64>,
    /// Fields that this version of the SDK does not know, as they came.
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

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Map, Value};

use super::response::BatchJobStatus;
use crate::error::{Error, Result};
use crate::json::wire::Object;
use crate::json::{ApiEnum, ApiObject, ApiRequest};

/// What the requests of a batch are for. Mirrors the API's `ApiEndpoint`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, ApiEnum)]
#[non_exhaustive]
pub enum ApiEndpoint {
    /// Chat completions.
    #[api("/v1/chat/completions")]
    ChatCompletions,
    /// Vectors of texts.
    #[api("/v1/embeddings")]
    Embeddings,
    /// Completions of the middle of a text.
    #[api("/v1/fim/completions")]
    FimCompletions,
    /// Moderation of texts.
    #[api("/v1/moderations")]
    Moderations,
    /// Moderation of conversations.
    #[api("/v1/chat/moderations")]
    ChatModerations,
    /// Text recognition.
    #[api("/v1/ocr")]
    Ocr,
    /// Classification of texts.
    #[api("/v1/classifications")]
    Classifications,
    /// Classification of conversations.
    #[api("/v1/chat/classifications")]
    ChatClassifications,
    /// Conversations.
    #[api("/v1/conversations")]
    Conversations,
    /// Transcription.
    #[api("/v1/audio/transcriptions")]
    AudioTranscriptions,
    /// A value that this version of the SDK does not know, as it came.
    Unknown(String),
}

/// The order of a list. Mirrors the values of the API's `order_by`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, ApiEnum)]
#[non_exhaustive]
pub enum OrderBy {
    /// The oldest first.
    #[api("created")]
    Created,
    /// The newest first.
    #[api("-created")]
    MinusCreated,
    /// A value that this version of the SDK does not know, as it came.
    Unknown(String),
}

/// One request of a batch: a line of an input file, as JSON. Mirrors the API's
/// `BatchRequest`.
///
/// ```
/// use mistral_core::batch::BatchRequest;
/// use mistral_core::embeddings::EmbeddingRequest;
///
/// let request = EmbeddingRequest::new("mistral-embed", "a cat");
/// let line = serde_json::to_string(&BatchRequest::new("cat", &request)?)?;
/// # assert!(line.contains(r#""custom_id":"cat""#));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, ApiObject)]
#[non_exhaustive]
pub struct BatchRequest {
    /// The request, as it would be sent by itself.
    #[api(required)]
    pub body: Map<String, Value>,
    /// What its result is told by.
    pub custom_id: Option<String>,
    /// Fields that this version of the SDK does not know, as they came.
    #[api(extra)]
    pub extra: Map<String, Value>,
}

impl BatchRequest {
    /// Makes one of a request as it would be sent by itself, for example a
    /// [`ChatCompletionRequest`](crate::api::chat::ChatCompletionRequest).
    ///
    /// # Errors
    /// Fails when `body` is not written as a JSON object.
    pub fn new(custom_id: impl Into<String>, body: &impl Serialize) -> Result<Self> {
        match serde_json::to_value(body) {
            Ok(Value::Object(body)) => Ok(Self {
                body,
                custom_id: Some(custom_id.into()),
                extra: Map::new(),
            }),
            Ok(_) => Err(Error::config(
                "`body`: a request of a batch is a JSON object: pass a request of this SDK, \
                 or a `serde_json::json!({ … })`",
            )),
            Err(error) => Err(Error::config("`body` cannot be written as JSON").with_source(error)),
        }
    }
}

/// A batch to be worked through. Mirrors the API's `BatchJobIn`.
///
/// It needs `input_files` or `requests`, and for most endpoints a `model`.
#[derive(Debug, Clone, PartialEq, ApiRequest)]
#[api(keep_nulls)]
#[non_exhaustive]
pub struct CreateBatchJobRequest {
    /// What the requests are for.
    #[api(required, into)]
    pub endpoint: ApiEndpoint,
    /// The ids of uploaded files whose lines are the requests.
    #[api(list)]
    pub input_files: Option<Vec<String>>,
    /// The requests: 10 000 at most.
    #[api(list)]
    pub requests: Option<Vec<BatchRequest>>,
    /// The model's id, for example `mistral-small-latest`.
    #[api(into)]
    pub model: Option<String>,
    /// The id of an agent to use in place of a model. Agents of the deprecated
    /// agents API alone.
    #[api(into)]
    pub agent_id: Option<String>,
    /// Facts that are kept with the job: names of 1 to 32 characters, values of 1
    /// to 512.
    pub metadata: Option<BTreeMap<String, String>>,
    /// After how many hours the job ends, finished or not. Default: 24.
    pub timeout_hours: Option<u64>,
    /// Fields that this version of the SDK does not know, as they came.
    #[api(extra)]
    pub extra: Map<String, Value>,
}

/// Which jobs to list. Mirrors the query of `GET /v1/batch/jobs`.
#[derive(Debug, Clone, PartialEq, Default, ApiRequest)]
#[non_exhaustive]
pub struct ListBatchJobsRequest {
    /// Which page, counted from 0. Default: 0.
    pub page: Option<u64>,
    /// How many jobs a page has. Default: 100.
    pub page_size: Option<u64>,
    /// Only jobs with this model.
    #[api(into)]
    pub model: Option<String>,
    /// Only jobs with this agent.
    #[api(into)]
    pub agent_id: Option<String>,
    /// Only jobs with these facts. As the API documents it, each is a query
    /// parameter of its own.
    pub metadata: Option<Map<String, Value>>,
    /// Only jobs made after this time, as an RFC 3339 time.
    #[api(into)]
    pub created_after: Option<String>,
    /// Only the caller's own jobs. Default: false.
    pub created_by_me: Option<bool>,
    /// Only jobs in one of these states.
    #[api(list)]
    pub status: Option<Vec<BatchJobStatus>>,
    /// The order. Default: the newest first.
    #[api(into)]
    pub order_by: Option<OrderBy>,
    /// Fields that this version of the SDK does not know, as they came.
    #[api(extra)]
    pub extra: Map<String, Value>,
}

impl ListBatchJobsRequest {
    /// Returns this request with each entry of `metadata` as a parameter of its own.
    ///
    /// # Errors
    /// Fails when an entry has the name of another parameter.
    pub(super) fn exploded(&self) -> Result<Cow<'_, Self>> {
        let Some(metadata) = &self.metadata else {
            return Ok(Cow::Borrowed(self));
        };
        if let Some(name) = metadata
            .keys()
            .find(|name| Self::FIELDS.contains(&name.as_str()))
        {
            return Err(Error::config(format!(
                "`metadata`: jobs cannot be filtered by the key `{name}`, which is the name \
                 of a query parameter: filter the listed jobs by it"
            )));
        }
        let mut exploded = self.clone();
        exploded.metadata = None;
        for (name, value) in metadata {
            exploded.extra.entry(name).or_insert_with(|| value.clone());
        }
        Ok(Cow::Owned(exploded))
    }
}

/// What to give of a job. Mirrors the query of `GET /v1/batch/jobs/{job_id}`.
#[derive(Debug, Clone, PartialEq, Default, ApiRequest)]
#[non_exhaustive]
pub struct GetBatchJobRequest {
    /// Whether the results come along, in [`BatchJob::outputs`](super::BatchJob).
    /// Default: false.
    pub inline: Option<bool>,
    /// Fields that this version of the SDK does not know, as they came.
    #[api(extra)]
    pub extra: Map<String, Value>,
}

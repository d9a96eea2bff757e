use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Map, Value};

use super::response::BatchJobStatus;
use crate::error::{Error, Result};
use crate::json::wire::Object;
use crate::json::{ApiEnum, ApiObject, ApiRequest};

/// The endpoint that the requests of a batch are for. Mirrors the API's `ApiEndpoint`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, ApiEnum)]
#[non_exhaustive]
pub enum ApiEndpoint {
    /// Chat completions.
    #[api("/v1/chat/completions")]
    ChatCompletions,
    /// Embeddings.
    #[api("/v1/embeddings")]
    Embeddings,
    /// Fill-in-the-middle completions.
    #[api("/v1/fim/completions")]
    FimCompletions,
    /// Moderation of texts.
    #[api("/v1/moderations")]
    Moderations,
    /// Moderation of conversations.
    #[api("/v1/chat/moderations")]
    ChatModerations,
    /// Text recognition (OCR).
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
    /// Audio transcriptions.
    #[api("/v1/audio/transcriptions")]
    AudioTranscriptions,
    /// A value that this version of the SDK does not declare.
    Unknown(String),
}

/// The sort order of a list. Mirrors the values of the API's `order_by`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, ApiEnum)]
#[non_exhaustive]
pub enum OrderBy {
    /// Oldest first.
    #[api("created")]
    Created,
    /// Newest first.
    #[api("-created")]
    MinusCreated,
    /// A value that this version of the SDK does not declare.
    Unknown(String),
}

/// One request of a batch, as it appears on a line of an input file. Mirrors the API's
/// `BatchRequest`.
///
/// ```
/// use mistral_sdk::batch::BatchRequest;
/// use mistral_sdk::embeddings::EmbeddingRequest;
///
/// let request = EmbeddingRequest::new("mistral-embed", "a cat");
/// let line = serde_json::to_string(&BatchRequest::new("cat", &request)?)?;
/// # assert!(line.contains(r#""custom_id":"cat""#));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, ApiObject)]
#[non_exhaustive]
pub struct BatchRequest {
    /// The caller's id of the request, which its result repeats.
    pub custom_id: Option<String>,
    /// The request body that the endpoint accepts.
    #[api(required)]
    pub body: Map<String, Value>,
    /// Fields that this version of the SDK does not declare, and declared fields whose value could
    /// not be read. They are serialized unchanged.
    #[api(extra)]
    pub extra: Map<String, Value>,
}

impl BatchRequest {
    /// Creates a batch request from a request body, for example a
    /// [`ChatCompletionRequest`](crate::api::chat::ChatCompletionRequest).
    ///
    /// # Errors
    /// Fails with [`ErrorKind::Config`](crate::ErrorKind::Config) if `body` does not serialize
    /// as a JSON object.
    pub fn new(custom_id: impl Into<String>, body: &impl Serialize) -> Result<Self> {
        match serde_json::to_value(body) {
            Ok(Value::Object(body)) => Ok(Self {
                body,
                custom_id: Some(custom_id.into()),
                extra: Map::new(),
            }),
            Ok(_) => Err(Error::config(
                "`body` is not a JSON object: pass a request type of this SDK, or a \
                 `serde_json::json!({ … })`",
            )),
            Err(error) => {
                Err(Error::config("`body` cannot be serialized as JSON").with_source(error))
            }
        }
    }
}

/// A request to create a batch job. Mirrors the API's `BatchJobIn`.
///
/// The API requires `input_files` or `requests`, and for most endpoints a `model`.
#[derive(Debug, Clone, PartialEq, ApiRequest)]
#[api(keep_nulls)]
#[non_exhaustive]
pub struct CreateBatchJobRequest {
    /// The endpoint that the requests are for.
    #[api(required, into)]
    pub endpoint: ApiEndpoint,
    /// The ids of uploaded input files, with one [`BatchRequest`] per line.
    #[api(list)]
    pub input_files: Option<Vec<String>>,
    /// The inline requests, at most 10 000.
    #[api(list)]
    pub requests: Option<Vec<BatchRequest>>,
    /// The model's id, for example `mistral-small-latest`.
    #[api(into)]
    pub model: Option<String>,
    /// The id of an agent to use instead of a model. Only agents of the deprecated
    /// agents API are supported.
    #[api(into)]
    pub agent_id: Option<String>,
    /// Metadata to store with the job. Keys have 1 to 32 characters, values 1 to
    /// 512.
    pub metadata: Option<BTreeMap<String, String>>,
    /// The number of hours after which an unfinished job times out. Default: 24.
    pub timeout_hours: Option<u64>,
    /// Additional fields, by name.
    #[api(extra)]
    pub extra: Map<String, Value>,
}

/// A request to list batch jobs. Mirrors the query of `GET /v1/batch/jobs`.
#[derive(Debug, Clone, PartialEq, Default, ApiRequest)]
#[non_exhaustive]
pub struct ListBatchJobsRequest {
    /// The page number, starting at 0. Default: 0.
    pub page: Option<u64>,
    /// The number of jobs per page. Default: 100.
    pub page_size: Option<u64>,
    /// Lists only jobs with this model.
    #[api(into)]
    pub model: Option<String>,
    /// Lists only jobs with this agent.
    #[api(into)]
    pub agent_id: Option<String>,
    /// Lists only jobs with this metadata. Each entry becomes a separate query
    /// parameter, as the API documents it.
    pub metadata: Option<Map<String, Value>>,
    /// Lists only jobs created after this time, in RFC 3339 format.
    #[api(into)]
    pub created_after: Option<String>,
    /// Whether to list only jobs that the caller created. Default: `false`.
    pub created_by_me: Option<bool>,
    /// Lists only jobs with one of these statuses.
    #[api(list)]
    pub status: Option<Vec<BatchJobStatus>>,
    /// The sort order. Default: newest first.
    #[api(into)]
    pub order_by: Option<OrderBy>,
    /// Additional fields, by name.
    #[api(extra)]
    pub extra: Map<String, Value>,
}

impl ListBatchJobsRequest {
    /// Returns the request with each entry of `metadata` as a separate parameter.
    ///
    /// # Errors
    /// Fails if a key is the name of another parameter.
    pub(super) fn with_flat_metadata(&self) -> Result<Cow<'_, Self>> {
        let Some(metadata) = &self.metadata else {
            return Ok(Cow::Borrowed(self));
        };
        if let Some(name) = metadata
            .keys()
            .find(|name| Self::FIELDS.contains(&name.as_str()))
        {
            return Err(Error::config(format!(
                "`metadata`: jobs cannot be filtered by the key `{name}`, because it is the \
                 name of a query parameter: filter the listed jobs instead"
            )));
        }
        let mut flattened = self.clone();
        flattened.metadata = None;
        for (name, value) in metadata {
            flattened.extra.entry(name).or_insert_with(|| value.clone());
        }
        Ok(Cow::Owned(flattened))
    }
}

/// A request to retrieve a batch job. Mirrors the query of `GET /v1/batch/jobs/{job_id}`.
#[derive(Debug, Clone, PartialEq, Default, ApiRequest)]
#[non_exhaustive]
pub struct GetBatchJobRequest {
    /// Whether to include the results in [`BatchJob::outputs`](super::BatchJob).
    /// Default: `false`.
    pub inline: Option<bool>,
    /// Additional fields, by name.
    #[api(extra)]
    pub extra: Map<String, Value>,
}

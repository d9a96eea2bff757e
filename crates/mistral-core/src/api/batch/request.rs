use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Map, Value};

use super::response::BatchJobStatus;
use crate::error::{Error, Result};
use crate::json::wire::Object;

string_enum! {
    /// What the requests of a batch are for. Mirrors the API's `ApiEndpoint`.
    ApiEndpoint {
        /// Chat completions.
        ChatCompletions = "/v1/chat/completions",
        /// Vectors of texts.
        Embeddings = "/v1/embeddings",
        /// Completions of the middle of a text.
        FimCompletions = "/v1/fim/completions",
        /// Moderation of texts.
        Moderations = "/v1/moderations",
        /// Moderation of conversations.
        ChatModerations = "/v1/chat/moderations",
        /// Text recognition.
        Ocr = "/v1/ocr",
        /// Classification of texts.
        Classifications = "/v1/classifications",
        /// Classification of conversations.
        ChatClassifications = "/v1/chat/classifications",
        /// Conversations.
        Conversations = "/v1/conversations",
        /// Transcription.
        AudioTranscriptions = "/v1/audio/transcriptions",
    }
}

string_enum! {
    /// The order of a list. Mirrors the values of the API's `order_by`.
    OrderBy {
        /// The oldest first.
        Created = "created",
        /// The newest first.
        MinusCreated = "-created",
    }
}

object! {
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
    BatchRequest {
        required: {
            /// The request, as it would be sent by itself.
            body: Map<String, Value>,
        }
        optional: {
            /// What its result is told by.
            custom_id: String,
        }
    }
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

request! {
    /// A batch to be worked through. Mirrors the API's `BatchJobIn`.
    ///
    /// It needs `input_files` or `requests`, and for most endpoints a `model`.
    CreateBatchJobRequest with nulls {
        required: {
            /// What the requests are for.
            endpoint: ApiEndpoint => into,
        }
        optional: {
            /// The ids of uploaded files whose lines are the requests.
            input_files: Vec<String> => list String,
            /// The requests: 10 000 at most.
            requests: Vec<BatchRequest> => list BatchRequest,
            /// The model's id, for example `mistral-small-latest`.
            model: String => into,
            /// The id of an agent to use in place of a model. Agents of the deprecated
            /// agents API alone.
            agent_id: String => into,
            /// Facts that are kept with the job: names of 1 to 32 characters, values of 1
            /// to 512.
            metadata: BTreeMap<String, String>,
            /// After how many hours the job ends, finished or not. Default: 24.
            timeout_hours: u64,
        }
    }
}

request! {
    /// Which jobs to list. Mirrors the query of `GET /v1/batch/jobs`.
    #[derive(Default)]
    ListBatchJobsRequest {
        optional: {
            /// Which page, counted from 0. Default: 0.
            page: u64,
            /// How many jobs a page has. Default: 100.
            page_size: u64,
            /// Only jobs with this model.
            model: String => into,
            /// Only jobs with this agent.
            agent_id: String => into,
            /// Only jobs with these facts. As the API documents it, each is a query
            /// parameter of its own.
            metadata: Map<String, Value>,
            /// Only jobs made after this time, as an RFC 3339 time.
            created_after: String => into,
            /// Only the caller's own jobs. Default: false.
            created_by_me: bool,
            /// Only jobs in one of these states.
            status: Vec<BatchJobStatus> => list BatchJobStatus,
            /// The order. Default: the newest first.
            order_by: OrderBy => into,
        }
    }
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

request! {
    /// What to give of a job. Mirrors the query of `GET /v1/batch/jobs/{job_id}`.
    #[derive(Default)]
    GetBatchJobRequest {
        optional: {
            /// Whether the results come along, in [`BatchJob::outputs`](super::BatchJob).
            /// Default: false.
            inline: bool,
        }
    }
}

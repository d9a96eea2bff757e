use serde::Serialize;
use serde::de::DeserializeOwned;

use super::request::ApiEndpoint;
use crate::api::agents::AgentsCompletionRequest;
use crate::api::chat::{ChatCompletionRequest, ChatCompletionResponse};
use crate::api::classifiers::{
    ChatClassificationRequest, ChatModerationRequest, ClassificationRequest,
    ClassificationResponse, ModerationResponse,
};
use crate::api::embeddings::{EmbeddingRequest, EmbeddingResponse};
use crate::api::fim::{FimCompletionRequest, FimCompletionResponse};
use crate::api::ocr::{OcrRequest, OcrResponse};

/// A request of which batches can be made.
///
/// Implement it for a type of your own to send what the SDK does not model. It must be
/// written as a JSON object.
///
/// ```
/// use mistral_core::batch::{ApiEndpoint, Batchable};
///
/// #[derive(serde::Serialize)]
/// struct Transcribe {
///     file_url: String,
/// }
///
/// impl Batchable for Transcribe {
///     type Response = serde_json::Value;
///
///     fn endpoint() -> ApiEndpoint {
///         ApiEndpoint::AudioTranscriptions
///     }
///
///     fn model(&self) -> Option<&str> {
///         Some("voxtral-mini-latest")
///     }
/// }
/// ```
pub trait Batchable: Serialize + Send + 'static {
    /// What comes of a request that succeeds.
    type Response: DeserializeOwned + Send + 'static;

    /// What the requests of the batch are for.
    fn endpoint() -> ApiEndpoint;

    /// The model that the request names. A batch has one for all of its requests.
    fn model(&self) -> Option<&str>;

    /// The agent that answers in place of a model. Default: none.
    fn agent_id(&self) -> Option<&str> {
        None
    }
}

/// Texts to be judged, as requests of a batch: a [`ClassificationRequest`] does not say
/// by itself whether it is for moderation.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(transparent)]
#[expect(clippy::exhaustive_structs, reason = "a wrapper around one value")]
pub struct Moderation(pub ClassificationRequest);

/// Texts to be sorted, as requests of a batch: a [`ClassificationRequest`] does not say
/// by itself whether it is for classification.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(transparent)]
#[expect(clippy::exhaustive_structs, reason = "a wrapper around one value")]
pub struct Classification(pub ClassificationRequest);

/// Makes requests `Batchable`: what they are for, and what comes of them.
macro_rules! batchable {
    ($($request:ty, by $field:tt: $endpoint:ident => $response:ty;)+) => {
        $(impl Batchable for $request {
            type Response = $response;

            fn endpoint() -> ApiEndpoint {
                ApiEndpoint::$endpoint
            }

            fn model(&self) -> Option<&str> {
                Some(batchable!(@model self $field))
            }
        })+
    };
    (@model $request:ident model) => { &$request.model };
    (@model $request:ident 0) => { &$request.0.model };
}

batchable! {
    ChatCompletionRequest, by model: ChatCompletions => ChatCompletionResponse;
    FimCompletionRequest, by model: FimCompletions => FimCompletionResponse;
    EmbeddingRequest, by model: Embeddings => EmbeddingResponse;
    OcrRequest, by model: Ocr => OcrResponse;
    Moderation, by 0: Moderations => ModerationResponse;
    ChatModerationRequest, by model: ChatModerations => ModerationResponse;
    Classification, by 0: Classifications => ClassificationResponse;
    ChatClassificationRequest, by model: ChatClassifications => ClassificationResponse;
}

impl Batchable for AgentsCompletionRequest {
    type Response = ChatCompletionResponse;

    fn endpoint() -> ApiEndpoint {
        ApiEndpoint::ChatCompletions
    }

    fn model(&self) -> Option<&str> {
        None
    }

    fn agent_id(&self) -> Option<&str> {
        Some(&self.agent_id)
    }
}

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

/// A request that can be part of a batch.
///
/// Implement it for your own type to batch requests that the SDK has no type for. The type
/// must serialize as a JSON object.
///
/// ```
/// use mistral_sdk::batch::{ApiEndpoint, Batchable};
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
    /// The type of a successful response.
    type Response: DeserializeOwned + Send + 'static;

    /// Returns the endpoint that the requests are for.
    fn endpoint() -> ApiEndpoint;

    /// Returns the model of the request. All requests of a batch share one model.
    fn model(&self) -> Option<&str>;

    /// Returns the id of the agent that replaces a model. Default: `None`.
    fn agent_id(&self) -> Option<&str> {
        None
    }
}

/// A [`ClassificationRequest`] for the moderation endpoint.
///
/// Moderation and classification share a request type. The wrapper selects the endpoint.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(transparent)]
#[expect(clippy::exhaustive_structs, reason = "a wrapper around one value")]
pub struct Moderation(pub ClassificationRequest);

/// A [`ClassificationRequest`] for the classification endpoint.
///
/// Moderation and classification share a request type. The wrapper selects the endpoint.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(transparent)]
#[expect(clippy::exhaustive_structs, reason = "a wrapper around one value")]
pub struct Classification(pub ClassificationRequest);

/// Implements [`Batchable`] for request types, from their endpoint and response type.
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

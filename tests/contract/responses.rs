//! The types that are read: one line per response, event, or union of these.
//!
//! A line has the address of the schema (see `Document::schema`) and the type. It may also be a
//! request's type, which can be read as well.

use mistral_sdk::agents::AgentsCompletionRequest;
use mistral_sdk::audio::{
    SpeechRequest, SpeechResponse, SpeechStreamEvents, TranscriptionResponse,
    TranscriptionStreamEvents, VoiceListResponse, VoiceResponse,
};
use mistral_sdk::batch::{BatchJob, CreateBatchJobRequest, ListBatchJobsResponse};
use mistral_sdk::chat::{ChatCompletionRequest, ChatCompletionResponse, CompletionChunk};
use mistral_sdk::classifiers::{
    ChatClassificationRequest, ChatModerationRequest, ClassificationRequest,
    ClassificationResponse, ModerationResponse,
};
use mistral_sdk::embeddings::{EmbeddingRequest, EmbeddingResponse};
use mistral_sdk::files::{
    CreateFileResponse, DeleteFileResponse, GetFileResponse, GetSignedUrlResponse,
    ListFilesResponse,
};
use mistral_sdk::fim::{FimCompletionRequest, FimCompletionResponse};
use mistral_sdk::fine_tuning::{
    CreateFineTuningJobRequest, CreateFineTuningJobResponse, FineTuningJobDetails,
    ListFineTuningJobsResponse,
};
use mistral_sdk::models::{
    ArchiveModelResponse, DeleteModelResponse, FineTunedModel, ModelCard, ModelList,
    UnarchiveModelResponse, UpdateModelRequest,
};
use mistral_sdk::ocr::OcrResponse;

use crate::round_trip::{RoundTrip, round_trip};

#[rustfmt::skip] // one line each
pub(crate) const ROWS: &[(&str, RoundTrip)] = &[
    ("AgentsCompletionRequest", round_trip::<AgentsCompletionRequest>),
    ("ArchiveFTModelOut", round_trip::<ArchiveModelResponse>),
    ("BatchJobIn", round_trip::<CreateBatchJobRequest>),
    ("BatchJobOut", round_trip::<BatchJob>),
    ("BatchJobsOut", round_trip::<ListBatchJobsResponse>),
    ("ChatClassificationRequest", round_trip::<ChatClassificationRequest>),
    ("ChatCompletionRequest", round_trip::<ChatCompletionRequest>),
    ("ChatCompletionResponse", round_trip::<ChatCompletionResponse>),
    ("ChatModerationRequest", round_trip::<ChatModerationRequest>),
    ("ClassificationRequest", round_trip::<ClassificationRequest>),
    ("ClassificationResponse", round_trip::<ClassificationResponse>),
    ("CompletionChunk", round_trip::<CompletionChunk>),
    ("DeleteFileOut", round_trip::<DeleteFileResponse>),
    ("DeleteModelOut", round_trip::<DeleteModelResponse>),
    ("EmbeddingRequest", round_trip::<EmbeddingRequest>),
    ("EmbeddingResponse", round_trip::<EmbeddingResponse>),
    ("FIMCompletionRequest", round_trip::<FimCompletionRequest>),
    ("FIMCompletionResponse", round_trip::<FimCompletionResponse>),
    ("FileSignedURL", round_trip::<GetSignedUrlResponse>),
    ("GET /v1/fine_tuning/jobs/{job_id} response", round_trip::<FineTuningJobDetails>),
    ("GET /v1/models/{model_id} response", round_trip::<ModelCard>),
    ("JobIn", round_trip::<CreateFineTuningJobRequest>),
    ("JobsOut", round_trip::<ListFineTuningJobsResponse>),
    ("ListFilesOut", round_trip::<ListFilesResponse>),
    ("ModelList", round_trip::<ModelList>),
    ("ModerationResponse", round_trip::<ModerationResponse>),
    ("OCRResponse", round_trip::<OcrResponse>),
    ("PATCH /v1/fine_tuning/models/{model_id} response", round_trip::<FineTunedModel>),
    ("POST /v1/fine_tuning/jobs response", round_trip::<CreateFineTuningJobResponse>),
    ("POST /v1/fine_tuning/jobs/{job_id}/cancel response", round_trip::<FineTuningJobDetails>),
    ("POST /v1/fine_tuning/jobs/{job_id}/start response", round_trip::<FineTuningJobDetails>),
    ("RetrieveFileOut", round_trip::<GetFileResponse>),
    ("SpeechRequest", round_trip::<SpeechRequest>),
    ("SpeechResponse", round_trip::<SpeechResponse>),
    ("SpeechStreamEvents.data", round_trip::<SpeechStreamEvents>),
    ("TranscriptionResponse", round_trip::<TranscriptionResponse>),
    ("TranscriptionStreamEvents.data", round_trip::<TranscriptionStreamEvents>),
    ("UnarchiveFTModelOut", round_trip::<UnarchiveModelResponse>),
    ("UpdateFTModelIn", round_trip::<UpdateModelRequest>),
    ("UploadFileOut", round_trip::<CreateFileResponse>),
    ("VoiceListResponse", round_trip::<VoiceListResponse>),
    ("VoiceResponse", round_trip::<VoiceResponse>),
];

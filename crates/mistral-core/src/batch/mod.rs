//! Batches: many requests at once, for less.
//!
//! A job takes up to 10 000 requests with the call that makes it, or files with more of
//! them, one [`BatchRequest`] a line. Its results come in an order of their own, each with
//! the `custom_id` of its request.
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let emulator = mistral_emulator::Emulator::start()?;
//! # let client = mistral_sdk::Client::new(
//! #     mistral_sdk::MistralApi::new(emulator.api_key())?.base_url(emulator.url())?,
//! # )?;
//! use std::time::Duration;
//! use mistral_sdk::batch::{
//!     ApiEndpoint, BatchRequest, CreateBatchJobRequest, GetBatchJobRequest,
//! };
//! use mistral_sdk::chat::{ChatCompletionRequest, ChatCompletionResponse};
//! use mistral_sdk::types::Message;
//!
//! let ask = |text| ChatCompletionRequest::new("mistral-small-latest", [Message::user(text)]);
//! let request = CreateBatchJobRequest::new(ApiEndpoint::ChatCompletions)
//!     .model("mistral-small-latest")
//!     .requests([
//!         BatchRequest::new("cheese", &ask("What is the best French cheese?"))?,
//!         BatchRequest::new("wine", &ask("What is the best French wine?"))?,
//!     ]);
//! let jobs = client.batch().jobs();
//! let id = jobs.create(&request).await?.id;
//!
//! let inline = GetBatchJobRequest::new().inline(true);
//! let job = loop {
//!     let job = jobs.get(&id, &inline).await?;
//!     if job.status.is_finished() {
//!         break job;
//!     }
//!     tokio::time::sleep(Duration::from_millis(50)).await; // a real job takes minutes
//! };
//! for result in job.results()? {
//!     let reply: ChatCompletionResponse = result.body()?;
//!     println!("{:?}: {}", result.custom_id, reply.text());
//! }
//! # Ok(()) }
//! ```

mod batchable;
mod jobs;
mod lines;
mod ordered;
mod request;
mod requests;
mod response;
mod result;
mod results;
mod run;
mod spool;
mod submitted;
mod upload;
mod wait;

use crate::mode::Mode;

pub use self::batchable::{Batchable, Classification, Moderation};
pub(crate) use self::jobs::ENDPOINTS;
pub use self::jobs::Jobs;
pub use self::ordered::OrderedResults;
pub use self::request::{
    ApiEndpoint, BatchRequest, CreateBatchJobRequest, GetBatchJobRequest, ListBatchJobsRequest,
    OrderBy,
};
pub use self::response::{
    BatchError, BatchJob, BatchJobStatus, DeleteBatchJobResponse, ListBatchJobsResponse,
};
pub use self::result::{BatchResponse, BatchResult};
pub use self::results::{BatchOutcome, BatchResults};
pub use self::run::BatchRun;
pub use self::submitted::SubmittedBatch;
pub use self::wait::BatchWait;

/// How many requests the API takes with the call that makes a job.
const MOST_INLINE: usize = 10_000;

group! {
    /// Batches: many requests at once, for less. Made by [`Client::batch`](crate::Client::batch).
    Batch
}

impl<M: Mode> Batch<M> {
    /// The jobs that work through batches.
    pub fn jobs(&self) -> Jobs<M> {
        Jobs::new(&self.engine, &self.mode)
    }
}

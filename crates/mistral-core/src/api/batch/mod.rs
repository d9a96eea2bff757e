//! Batches: many requests at once, for less.
//!
//! [`Batch::run`] makes a job of any number of requests, waits for it, and reads the results.
//! What lies below are the [`BatchJobs`]: a job takes up to 10 000 requests with the call that
//! makes it, or files with more of them, one [`BatchRequest`] a line.
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let emulator = mistral_emulator::Emulator::start()?;
//! # let client = mistral_sdk::Client::new(
//! #     mistral_sdk::MistralApi::new(emulator.api_key())?.base_url(emulator.url())?,
//! # )?;
//! use std::time::Duration;
//! use mistral_sdk::chat::ChatCompletionRequest;
//! use mistral_sdk::chat::Message;
//!
//! let ask = |text| ChatCompletionRequest::new("mistral-small-latest", [Message::user(text)]);
//! let requests = [
//!     ("cheese", ask("What is the best French cheese?")),
//!     ("wine", ask("What is the best French wine?")),
//! ];
//! let batch = client.batch().run(requests).await?;
//! # batch.job().await?; // the emulator's job takes a step with each look
//! batch.wait().deadline(Duration::from_secs(3600)).await?; // a real job takes minutes
//!
//! let mut results = batch.results().await?;
//! while let Some(outcome) = results.next().await {
//!     let outcome = outcome?;
//!     println!("{}: {}", outcome.custom_id, outcome.result?.text());
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

use crate::client::Client;
use crate::mode::{Async, Mode};

pub use self::batchable::{Batchable, Classification, Moderation};
pub use self::jobs::BatchJobs;
pub(crate) use self::jobs::OPERATIONS;
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
#[cfg(feature = "blocking")]
pub(crate) use self::{results::RESULTS, run::RUN, wait::WAIT};

/// How many requests the API takes with the call that makes a job.
const MOST_INLINE: usize = 10_000;

/// Batches: many requests at once, for less. Made by [`Client::batch`](crate::Client::batch).
#[derive(Debug, Clone)]
pub struct Batch<M: Mode = Async> {
    pub(crate) client: Client<M>,
}

impl<M: Mode> Client<M> {
    /// Returns batches: many requests at once, for less.
    pub fn batch(&self) -> Batch<M> {
        Batch {
            client: self.clone(),
        }
    }
}

impl<M: Mode> Batch<M> {
    /// The jobs that work through batches.
    pub fn jobs(&self) -> BatchJobs<M> {
        BatchJobs {
            client: self.client.clone(),
        }
    }
}

//! Batches: many requests processed asynchronously, at a lower price.
//!
//! [`Batch::run`] submits any number of requests as a job, which can be waited for and whose
//! results can be read. It builds on [`BatchJobs`], the API's operations: a job has up to
//! 10 000 inline requests, or input files with one [`BatchRequest`] per line.
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let emulator = mistral_emulator::Emulator::start()?;
//! # let client = mistral_sdk::Client::new(
//! #     mistral_sdk::MistralApi::new(emulator.api_key())?.base_url(emulator.url())?,
//! # )?;
//! use std::time::Duration;
//! use mistral_sdk::chat::{ChatCompletionRequest, Message};
//!
//! let ask = |text| ChatCompletionRequest::new("mistral-small-latest", [Message::user(text)]);
//! let requests = [
//!     ("cheese", ask("What is the best French cheese?")),
//!     ("wine", ask("What is the best French wine?")),
//! ];
//! let batch = client.batch().run(requests).await?;
//! # batch.job().await?; // the emulator advances a job on every read
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
mod input;
mod jobs;
mod ordered;
mod request;
mod response;
mod result;
mod result_lines;
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
pub(crate) use self::{results::RESULTS, run::RUN};

/// The API's maximum number of inline requests.
const MAX_INLINE_REQUESTS: usize = 10_000;

/// The batch API. Created by [`Client::batch`](crate::Client::batch).
#[derive(Debug, Clone)]
pub struct Batch<M: Mode = Async> {
    pub(crate) client: Client<M>,
}

impl<M: Mode> Client<M> {
    /// Returns the batch API: many requests processed asynchronously, at a lower price.
    pub fn batch(&self) -> Batch<M> {
        Batch {
            client: self.clone(),
        }
    }
}

impl<M: Mode> Batch<M> {
    /// Returns the batch jobs API, the operations that [`run`](Batch::run) builds on.
    pub fn jobs(&self) -> BatchJobs<M> {
        BatchJobs {
            client: self.client.clone(),
        }
    }
}

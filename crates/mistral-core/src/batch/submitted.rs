use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

use super::batchable::Batchable;
use super::jobs::Jobs;
use super::request::GetBatchJobRequest;
use super::response::BatchJob;
use super::results::BatchResults;
use super::wait::BatchWait;
use crate::call::Call;
use crate::error::{Error, Result};
use crate::files::Files;
use crate::mode::Async;
use crate::pipeline::Engine;

/// The operation that errors of [`SubmittedBatch::results`] name.
const RESULTS: &str = "batch.results";

/// A batch that the server works on. Made by [`Batch::run`](super::Batch::run) and
/// [`Batch::resume`](super::Batch::resume).
///
/// It is a name, not a connection: nothing happens while it is held, and nothing when it
/// is dropped.
pub struct SubmittedBatch<R> {
    engine: Arc<Engine>,
    id: String,
    request: PhantomData<fn() -> R>,
}

impl<R: Batchable> SubmittedBatch<R> {
    pub(super) fn new(engine: &Arc<Engine>, id: String) -> Self {
        Self {
            engine: Arc::clone(engine),
            id,
            request: PhantomData,
        }
    }

    /// The id of the job, by which [`Batch::resume`](super::Batch::resume) takes it up.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Gives how far the job is.
    pub fn job(&self) -> Call<BatchJob> {
        self.jobs().get(&self.id, &GetBatchJobRequest::new())
    }

    /// Waits until the job has ended, well or not: `.await` it for the job.
    pub fn wait(&self) -> BatchWait {
        BatchWait::new(self.jobs(), self.id.clone())
    }

    /// Gives the results of a job that has ended.
    ///
    /// # Errors
    /// Fails with [`ErrorKind::Config`](crate::ErrorKind::Config) while the job has not
    /// ended, and when its requests are for another endpoint than those of type `R`.
    /// Whatever is wrong with the results themselves is told when they are read.
    pub async fn results(&self) -> Result<BatchResults<R>> {
        let job = self.job().await?;
        self.check(&job).map_err(|error| error.at(RESULTS, 0))?;
        let has_files = job.output_file.is_some() || job.error_file.is_some();
        let job = if has_files {
            job
        } else {
            let inline = GetBatchJobRequest::new().inline(true);
            self.jobs().get(&self.id, &inline).await?
        };
        Ok(BatchResults::new(Files::new(&self.engine, &Async), job))
    }

    fn check(&self, job: &BatchJob) -> Result<()> {
        let (asked, found) = (R::endpoint(), job.endpoint.as_deref());
        if found.is_some_and(|found| found != asked.as_str()) {
            return Err(Error::config(format!(
                "the job `{}` is for {}, not for {asked}: resume it as the type of its requests",
                self.id,
                found.unwrap_or_default(),
            )));
        }
        if !job.status.is_finished() {
            return Err(Error::config(format!(
                "the job `{}` is still {}: `wait` for it first",
                self.id, job.status
            )));
        }
        Ok(())
    }

    fn jobs(&self) -> Jobs {
        Jobs::new(&self.engine, &Async)
    }
}

impl<R> Clone for SubmittedBatch<R> {
    fn clone(&self) -> Self {
        Self {
            engine: Arc::clone(&self.engine),
            id: self.id.clone(),
            request: PhantomData,
        }
    }
}

impl<R> fmt::Debug for SubmittedBatch<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SubmittedBatch")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

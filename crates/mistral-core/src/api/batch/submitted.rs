use std::fmt;
use std::marker::PhantomData;

use super::batchable::Batchable;
use super::jobs::BatchJobs;
use super::request::GetBatchJobRequest;
use super::response::BatchJob;
use super::results::{BatchResults, RESULTS};
use super::wait::BatchWait;
use crate::api::files::Files;
use crate::call::Call;
use crate::client::Client;
use crate::error::{Error, Result};
use crate::mode::{Async, Mode};

/// A batch that the server works on. Made by [`Batch::run`](super::Batch::run) and
/// [`Batch::resume`](super::Batch::resume).
///
/// It is a name, not a connection: nothing happens while it is held, and nothing when it
/// is dropped.
pub struct SubmittedBatch<R, M: Mode = Async> {
    client: Client<M>,
    id: String,
    request: PhantomData<fn() -> R>,
}

impl<R: Batchable, M: Mode> SubmittedBatch<R, M> {
    pub(super) fn new(client: Client<M>, id: String) -> Self {
        Self {
            client,
            id,
            request: PhantomData,
        }
    }

    /// The id of the job, by which [`Batch::resume`](super::Batch::resume) takes it up.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Gives how far the job is.
    pub fn job(&self) -> Call<BatchJob, M> {
        let jobs = BatchJobs {
            client: self.client.clone(),
        };
        jobs.get(&self.id, &GetBatchJobRequest::new())
    }

    /// Waits until the job has ended, well or not: `.await` it for the job, or `.send()` it if
    /// the client is a blocking one.
    pub fn wait(&self) -> BatchWait<M> {
        let jobs = BatchJobs {
            client: self.client.as_async(),
        };
        BatchWait::new(jobs, self.client.mode().clone(), self.id.clone())
    }

    /// The same batch, of a client of another mode.
    #[cfg(feature = "blocking")]
    pub(crate) fn with_mode<N: Mode>(&self, mode: &N) -> SubmittedBatch<R, N> {
        SubmittedBatch::new(self.client.with(mode.clone()), self.id.clone())
    }

    #[cfg(feature = "blocking")]
    pub(crate) fn mode(&self) -> &M {
        self.client.mode()
    }
}

impl<R: Batchable> SubmittedBatch<R> {
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
            let jobs = BatchJobs {
                client: self.client.as_async(),
            };
            jobs.get(&self.id, &inline).await?
        };
        Ok(BatchResults::new(
            Files {
                client: self.client.as_async(),
            },
            job,
        ))
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
}

impl<R, M: Mode> Clone for SubmittedBatch<R, M> {
    fn clone(&self) -> Self {
        Self {
            client: self.client.clone(),
            id: self.id.clone(),
            request: PhantomData,
        }
    }
}

impl<R, M: Mode> fmt::Debug for SubmittedBatch<R, M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SubmittedBatch")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

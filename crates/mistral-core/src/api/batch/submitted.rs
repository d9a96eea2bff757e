use std::fmt;
use std::marker::PhantomData;

use super::batchable::Batchable;
use super::jobs::BatchJobs;
use super::request::GetBatchJobRequest;
use super::response::BatchJob;
use super::results::{BatchResults, RESULTS};
use super::wait::{BatchWait, WAIT, progress};
use crate::api::files::Files;
use crate::call::Call;
use crate::call::wait::Wait;
use crate::client::Client;
use crate::error::{Error, Result};
use crate::mode::{Async, Mode};

/// A batch that the server processes. Created by [`Batch::run`](super::Batch::run) and
/// [`Batch::resume`](super::Batch::resume).
///
/// It is only a handle: it holds no connection, and dropping it does not cancel the job.
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

    /// Returns the id of the job. [`Batch::resume`](super::Batch::resume) accepts it.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Retrieves the job.
    pub fn job(&self) -> Call<BatchJob, M> {
        let jobs = BatchJobs {
            client: self.client.clone(),
        };
        jobs.get(&self.id, &GetBatchJobRequest::new())
    }

    /// Waits until the job has finished, whether it succeeded or not.
    ///
    /// `.await` the returned [`BatchWait`]; with a blocking client, call `.send()` on it.
    pub fn wait(&self) -> BatchWait<M> {
        let jobs = BatchJobs {
            client: self.client.as_async(),
        };
        let (id, mode) = (self.id.clone(), self.client.mode().clone());
        let subject = format!("the job `{id}`");
        let poll = move || jobs.get(&id, &GetBatchJobRequest::new());
        BatchWait(Wait::new(mode, WAIT, subject, poll, progress))
    }

    /// Returns a handle to the same batch for a client of another mode.
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
    /// Retrieves the results of a finished job.
    ///
    /// # Errors
    /// Fails with [`ErrorKind::Config`](crate::ErrorKind::Config) if the job has not finished,
    /// or if its endpoint is not that of `R`. Errors in the results themselves are reported
    /// while they are read.
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
        let (expected, actual) = (R::endpoint(), job.endpoint.as_deref());
        if actual.is_some_and(|actual| actual != expected.as_str()) {
            return Err(Error::config(format!(
                "the job `{}` is for {}, not for {expected}: resume it with the type of its \
                 requests",
                self.id,
                actual.unwrap_or_default(),
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

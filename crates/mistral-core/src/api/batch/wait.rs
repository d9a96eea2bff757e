use std::fmt;
use std::future::{Future, IntoFuture};
use std::pin::{Pin, pin};
use std::time::Duration;

use tokio::time::sleep;

use super::jobs::BatchJobs;
use super::request::GetBatchJobRequest;
use super::response::BatchJob;
use crate::error::{Result, TimeoutPhase};
use crate::mode::{Async, Mode};
use crate::pipeline::deadline::{Deadline, timeout_at};
use crate::transport::current_runtime;

/// The operation that errors outside of an API call name.
pub(crate) const WAIT: &str = "batch.wait";
/// The number of consecutive retryable failures after which the wait fails.
const MAX_CONSECUTIVE_FAILURES: u32 = 5;
/// The factor by which the poll interval grows.
const BACKOFF_FACTOR: u32 = 2;

type ProgressCallback = Box<dyn FnMut(&BatchJob) + Send>;

/// A wait for a job to finish. Created by
/// [`SubmittedBatch::wait`](super::SubmittedBatch::wait).
///
/// `.await` it to get the finished job; with a blocking client, call `.send()`.
///
/// The job is polled immediately, then at growing intervals. A poll is retried like every
/// call. If it still fails with a retryable error, the wait continues with the next poll, and
/// fails after five such polls in a row. The next poll honors a `Retry-After` header of the
/// server.
///
/// A job that failed, timed out or was cancelled is finished, too: see its `status`. A job
/// with a status that this version of the SDK does not declare is not.
#[must_use = "a wait does nothing until it is awaited or sent"]
pub struct BatchWait<M: Mode = Async> {
    jobs: BatchJobs,
    #[cfg_attr(not(feature = "blocking"), expect(dead_code))] // only read by `send`
    mode: M,
    id: String,
    report: Option<ProgressCallback>,
    min_interval: Duration,
    max_interval: Duration,
    deadline: Option<Duration>,
}

impl<M: Mode> BatchWait<M> {
    pub(super) fn new(jobs: BatchJobs, mode: M, id: String) -> Self {
        Self {
            jobs,
            mode,
            id,
            report: None,
            min_interval: Duration::from_secs(1),
            max_interval: Duration::from_secs(60),
            deadline: None,
        }
    }

    /// Calls `report` with the job after each poll. It must not block.
    pub fn on_progress(mut self, report: impl FnMut(&BatchJob) + Send + 'static) -> Self {
        self.report = Some(Box::new(report));
        self
    }

    /// Sets the minimum and maximum poll interval. The interval starts at `min` and doubles
    /// after each poll, up to `max`. Default: 1 s, 60 s.
    pub fn poll_interval(mut self, min: Duration, max: Duration) -> Self {
        (self.min_interval, self.max_interval) = (min, max);
        self
    }

    /// Sets the maximum time to wait. The wait then fails with
    /// [`ErrorKind::Timeout`](crate::ErrorKind::Timeout). The job continues, and can be waited
    /// for again. Default: none; the job itself is limited by its `timeout_hours`.
    pub fn deadline(mut self, time: Duration) -> Self {
        self.deadline = Some(time);
        self
    }

    /// Splits into an asynchronous wait and the mode of the client.
    #[cfg(feature = "blocking")]
    pub(crate) fn split(self) -> (BatchWait, M) {
        let wait = BatchWait {
            jobs: self.jobs,
            mode: Async,
            id: self.id,
            report: self.report,
            min_interval: self.min_interval,
            max_interval: self.max_interval,
            deadline: self.deadline,
        };
        (wait, self.mode)
    }
}

impl BatchWait {
    async fn poll_until_finished(mut self) -> Result<BatchJob> {
        let deadline = Deadline::after(self.deadline, TimeoutPhase::Total);
        let mut last_status = format!("the job `{}` has not been retrieved yet", self.id);
        let waited = {
            let waiting = pin!(self.poll_job(&mut last_status));
            timeout_at(pin!(None), deadline, waiting).await
        };
        waited.unwrap_or_else(|error| Err(error.with_context(last_status).at(WAIT, 0)))
    }

    async fn poll_job(&mut self, last_status: &mut String) -> Result<BatchJob> {
        let (mut interval, mut failures) = (self.min_interval, 0);
        loop {
            let mut retry_after = None;
            match self.jobs.get(&self.id, &GetBatchJobRequest::new()).await {
                Ok(job) => {
                    failures = 0;
                    *last_status = progress_summary(&job);
                    if let Some(report) = &mut self.report {
                        report(&job);
                    }
                    if job.status.is_finished() {
                        return Ok(job);
                    }
                }
                Err(error) => {
                    failures += 1;
                    if !error.is_retryable() || failures >= MAX_CONSECUTIVE_FAILURES {
                        return Err(error);
                    }
                    retry_after = error.retry_after();
                }
            }
            current_runtime()?;
            sleep(interval.max(retry_after.unwrap_or_default())).await;
            interval = interval
                .saturating_mul(BACKOFF_FACTOR)
                .min(self.max_interval);
        }
    }
}

fn progress_summary(job: &BatchJob) -> String {
    let (id, status) = (&job.id, &job.status);
    let (done, all) = (job.completed_requests, job.total_requests);
    format!("the job `{id}` is {status}, {done} of {all} requests are done, and it goes on")
}

impl IntoFuture for BatchWait {
    type Output = Result<BatchJob>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send>>;

    #[inline]
    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.poll_until_finished())
    }
}

impl<M: Mode> fmt::Debug for BatchWait<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BatchWait")
            .field("id", &self.id)
            .field("min_interval", &self.min_interval)
            .field("max_interval", &self.max_interval)
            .field("deadline", &self.deadline)
            .finish_non_exhaustive()
    }
}

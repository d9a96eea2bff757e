use std::fmt;
use std::future::{Future, IntoFuture};
use std::pin::Pin;
use std::time::Duration;

use super::response::BatchJob;
use crate::call::wait::{Wait, WaitProgress};
use crate::error::Result;
use crate::mode::{Async, Mode};

/// The operation that errors outside of an API call name.
pub(super) const WAIT: &str = "batch.wait";

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
pub struct BatchWait<M: Mode = Async>(pub(crate) Wait<BatchJob, M>);

impl<M: Mode> BatchWait<M> {
    /// Calls `report` with the job after each poll. It must not block.
    pub fn on_progress(self, report: impl FnMut(&BatchJob) + Send + 'static) -> Self {
        Self(self.0.on_progress(report))
    }

    /// Sets the minimum and maximum poll interval. The interval starts at `min` and doubles
    /// after each poll, up to `max`. Default: 1 s, 60 s.
    pub fn poll_interval(self, min: Duration, max: Duration) -> Self {
        Self(self.0.poll_interval(min, max))
    }

    /// Sets the maximum time to wait. The wait then fails with
    /// [`ErrorKind::Timeout`](crate::ErrorKind::Timeout). The job continues, and can be waited
    /// for again. Default: none; the job itself is limited by its `timeout_hours`.
    pub fn deadline(self, time: Duration) -> Self {
        Self(self.0.deadline(time))
    }
}

pub(super) fn progress(job: &BatchJob) -> WaitProgress {
    if job.status.is_finished() {
        return WaitProgress::Finished;
    }
    let (status, done, all) = (&job.status, job.completed_requests, job.total_requests);
    WaitProgress::Ongoing(format!("{status}, {done} of {all} requests are done"))
}

impl IntoFuture for BatchWait {
    type Output = Result<BatchJob>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send>>;

    #[inline]
    fn into_future(self) -> Self::IntoFuture {
        self.0.into_future()
    }
}

impl<M: Mode> fmt::Debug for BatchWait<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

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

/// The operation that errors of a wait name, where no call of the API does.
pub(crate) const WAIT: &str = "batch.wait";
/// How many looks in a row may fail for want of a server before the wait does.
const MOST_FAILURES: u32 = 5;
/// By how much a pause is longer than the one before.
const GROWTH: u32 = 2;

type Report = Box<dyn FnMut(&BatchJob) + Send>;

/// Waits until a job has ended: `.await` it for the job, or `.send()` it if the client is a
/// blocking one. Made by [`SubmittedBatch::wait`](super::SubmittedBatch::wait).
///
/// It looks at the job at once, then again and again with pauses between. A look that fails
/// as such things pass (the server is busy, the connection breaks) is repeated as every call
/// is; five such looks in a row end the wait. If the server says when to come again
/// (`retry-after`), the next look is not before that.
///
/// A job that failed, ran out of time or was cancelled has ended, too: see its `status`. One
/// with a status that this version of the SDK does not know has not.
#[must_use = "a wait does nothing until it is awaited or sent"]
pub struct BatchWait<M: Mode = Async> {
    jobs: BatchJobs,
    #[cfg_attr(not(feature = "blocking"), expect(dead_code))] // to be awaited, it needs none
    mode: M,
    id: String,
    report: Option<Report>,
    first_pause: Duration,
    longest_pause: Duration,
    deadline: Option<Duration>,
}

impl<M: Mode> BatchWait<M> {
    pub(super) fn new(jobs: BatchJobs, mode: M, id: String) -> Self {
        Self {
            jobs,
            mode,
            id,
            report: None,
            first_pause: Duration::from_secs(1),
            longest_pause: Duration::from_secs(60),
            deadline: None,
        }
    }

    /// Calls `report` with the job after each look at it. It must not block.
    pub fn on_progress(mut self, report: impl FnMut(&BatchJob) + Send + 'static) -> Self {
        self.report = Some(Box::new(report));
        self
    }

    /// Sets the first pause between two looks, and the longest: each is twice as long as the
    /// one before. Default: 1 s, 60 s.
    pub fn poll_interval(mut self, first: Duration, longest: Duration) -> Self {
        (self.first_pause, self.longest_pause) = (first, longest);
        self
    }

    /// Sets how long to wait. After that the wait fails with
    /// [`ErrorKind::Timeout`](crate::ErrorKind::Timeout); the job goes on, and can be waited
    /// for anew. Default: no limit, since the job has its own.
    pub fn deadline(mut self, time: Duration) -> Self {
        self.deadline = Some(time);
        self
    }

    /// The wait as one to be awaited, and the mode that it had.
    #[cfg(feature = "blocking")]
    pub(crate) fn split(self) -> (BatchWait, M) {
        let wait = BatchWait {
            jobs: self.jobs,
            mode: Async,
            id: self.id,
            report: self.report,
            first_pause: self.first_pause,
            longest_pause: self.longest_pause,
            deadline: self.deadline,
        };
        (wait, self.mode)
    }
}

impl BatchWait {
    async fn look_until_ended(mut self) -> Result<BatchJob> {
        let deadline = Deadline::after(self.deadline, TimeoutPhase::Total);
        let mut seen = format!("nothing is known of the job `{}` yet", self.id);
        let waited = {
            let waiting = pin!(self.look_again_and_again(&mut seen));
            timeout_at(pin!(None), deadline, waiting).await
        };
        waited.unwrap_or_else(|error| Err(error.with_context(seen).at(WAIT, 0)))
    }

    async fn look_again_and_again(&mut self, seen: &mut String) -> Result<BatchJob> {
        let (mut pause, mut failures) = (self.first_pause, 0);
        loop {
            let mut asked_for = None;
            match self.jobs.get(&self.id, &GetBatchJobRequest::new()).await {
                Ok(job) => {
                    failures = 0;
                    *seen = seen_of(&job);
                    if let Some(report) = &mut self.report {
                        report(&job);
                    }
                    if job.status.is_finished() {
                        return Ok(job);
                    }
                }
                Err(error) => {
                    failures += 1;
                    if !error.is_retryable() || failures >= MOST_FAILURES {
                        return Err(error);
                    }
                    asked_for = error.retry_after();
                }
            }
            sleep(pause.max(asked_for.unwrap_or_default())).await;
            pause = pause.saturating_mul(GROWTH).min(self.longest_pause);
        }
    }
}

fn seen_of(job: &BatchJob) -> String {
    let (id, status) = (&job.id, &job.status);
    let (done, all) = (job.completed_requests, job.total_requests);
    format!("the job `{id}` is {status}, {done} of {all} requests are done, and it goes on")
}

impl IntoFuture for BatchWait {
    type Output = Result<BatchJob>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send>>;

    #[inline]
    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.look_until_ended())
    }
}

impl<M: Mode> fmt::Debug for BatchWait<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BatchWait")
            .field("id", &self.id)
            .field("first_pause", &self.first_pause)
            .field("longest_pause", &self.longest_pause)
            .field("deadline", &self.deadline)
            .finish_non_exhaustive()
    }
}

use std::fmt;
use std::future::poll_fn;
use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_core::Stream;
use serde::de::DeserializeOwned;

use super::batchable::Batchable;
use super::lines::{Line, Lines};
use super::response::{BatchJob, BatchJobStatus};
use super::result::BatchResult;
use crate::api::files::Files;
use crate::error::{Error, ErrorKind, Result};

/// The operation that errors of the results name.
pub(crate) const RESULTS: &str = "batch.results";

/// What became of one request of a batch.
#[derive(Debug)]
#[non_exhaustive]
pub struct BatchOutcome<T> {
    /// What the request is told by.
    pub custom_id: String,
    /// What the endpoint answered, or why it did not: the error that the request would
    /// have had by itself.
    pub result: Result<T>,
}

/// The results of a batch, read while they are downloaded. Made by
/// [`SubmittedBatch::results`](super::SubmittedBatch::results).
///
/// Take them with [`next`](Self::next) or as a [`Stream`]. Both of a job's files are read,
/// and one result is in memory at a time.
///
/// * The order is the server's, which is not that of the requests.
/// * A request that failed is an outcome like any other, with its error in
///   [`result`](BatchOutcome::result).
/// * A line that is no result is an error that names the line; the next ones follow.
/// * A download that breaks off is an error, and the end. Take the results once more.
/// * Where the job has not come to a result for each of its requests, or to more of them,
///   that is the last error: its message counts them, and has what the server says about
///   the job. A result that comes twice in place of one that is missing is not found out
///   so: [`in_order`](Self::in_order) names what comes twice and what is missing.
pub struct BatchResults<R> {
    pub(super) lines: Lines,
    pub(super) job: BatchJob,
    found: i64,
    is_over: bool,
    request: PhantomData<fn() -> R>,
}

impl<R: Batchable> BatchResults<R> {
    pub(super) fn new(files: Files, job: BatchJob) -> Self {
        Self {
            lines: Lines::of(files, &job),
            job,
            found: 0,
            is_over: false,
            request: PhantomData,
        }
    }

    /// The next outcome, or `None` after the last one.
    ///
    /// It is cancel-safe: no outcome is lost when the future is dropped before it is ready.
    pub async fn next(&mut self) -> Option<Result<BatchOutcome<R::Response>>> {
        poll_fn(|cx| self.poll_outcome(cx)).await
    }

    #[cfg(feature = "blocking")]
    pub(crate) fn has_ended(&self) -> bool {
        self.is_over
    }

    fn poll_outcome(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<BatchOutcome<R::Response>>>> {
        if self.is_over {
            return Poll::Ready(None);
        }
        Poll::Ready(match ready!(self.lines.poll(cx)) {
            Some(Ok(line)) => {
                self.found += 1;
                Some(read(&line))
            }
            Some(Err(error)) => {
                self.found += 1; // a line that is no result is one all the same
                self.is_over = self.lines.is_broken;
                Some(Err(error))
            }
            None => {
                self.is_over = true;
                unfinished(&self.job, self.found).map(Err)
            }
        })
    }
}

/// Reads a line as the outcome of a request.
pub(super) fn read<T: DeserializeOwned>(line: &Line) -> Result<BatchOutcome<T>> {
    let mut read = BatchResult::read(&line.json, || line.place())?;
    let custom_id = line.id(&mut read)?;
    let result = read.body();
    Ok(BatchOutcome { custom_id, result })
}

/// What is wrong with a job that came to `found` results, if anything is.
pub(super) fn unfinished(job: &BatchJob, found: i64) -> Option<Error> {
    let all = job.total_requests;
    let kind = match job.status {
        BatchJobStatus::Failed => kind(job),
        _ if all > 0 && found > all => ErrorKind::Decode,
        _ if found >= all => return None,
        _ => kind(job),
    };
    let counts = format!("{found} results came for {all} requests");
    Some(Error::new(kind, format!("{counts}: {}", state(job))))
}

/// The kind of the error that a result is missing.
pub(super) fn kind(job: &BatchJob) -> ErrorKind {
    match job.status {
        BatchJobStatus::Failed => ErrorKind::InvalidRequest,
        BatchJobStatus::TimeoutExceeded => ErrorKind::Timeout,
        _ => ErrorKind::Truncated,
    }
}

/// How a job has ended, for the message of an error.
pub(super) fn state(job: &BatchJob) -> String {
    let mut message = format!("the job `{}` is {}", job.id, job.status);
    for error in job.errors.iter().take(3) {
        message.push_str("; ");
        message.push_str(&error.message);
        if let Some(count) = error.count.filter(|count| *count > 1) {
            message.push_str(&format!(" ({count} times)"));
        }
    }
    message
}

impl<R: Batchable> Stream for BatchResults<R> {
    type Item = Result<BatchOutcome<R::Response>>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.poll_outcome(cx)
    }
}

impl<R> fmt::Debug for BatchResults<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BatchResults")
            .field("job", &self.job.id)
            .field("found", &self.found)
            .finish_non_exhaustive()
    }
}

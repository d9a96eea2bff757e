use std::fmt;
use std::future::poll_fn;
use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_core::Stream;
use serde::de::DeserializeOwned;

use super::batchable::Batchable;
use super::response::{BatchJob, BatchJobStatus};
use super::result::BatchResult;
use super::result_lines::{ResultLine, ResultLines};
use crate::api::files::Files;
use crate::error::{Error, ErrorKind, Result};

/// The operation that errors of the results name.
pub(crate) const RESULTS: &str = "batch.results";

/// The outcome of one request of a batch.
#[derive(Debug)]
#[non_exhaustive]
pub struct BatchOutcome<T> {
    /// The `custom_id` of the request.
    pub custom_id: String,
    /// The response, or the error that the request would have failed with on its own.
    pub result: Result<T>,
}

/// The results of a batch, read while they are downloaded. Created by
/// [`SubmittedBatch::results`](super::SubmittedBatch::results).
///
/// Read them with [`next`](Self::next) or as a [`Stream`]. The output file and the error file
/// are both read, and one result is in memory at a time.
///
/// * The order is the server's, not that of the requests.
/// * A request that failed yields an outcome with the error in
///   [`result`](BatchOutcome::result).
/// * A line that is not a result yields an error that names the line. Other lines follow.
/// * An interrupted download yields an error and ends the stream. Fetch the results again to
///   retry.
/// * If the number of results is not the number of requests, the last item is an error. Its
///   message has both numbers and the job's own errors. A duplicate that replaces a missing
///   result goes unnoticed; [`in_order`](Self::in_order) reports duplicates and missing
///   results by id.
pub struct BatchResults<R> {
    pub(super) lines: ResultLines,
    pub(super) job: BatchJob,
    received: i64,
    is_finished: bool,
    request: PhantomData<fn() -> R>,
}

impl<R: Batchable> BatchResults<R> {
    pub(super) fn new(files: Files, job: BatchJob) -> Self {
        Self {
            lines: ResultLines::new(files, &job),
            job,
            received: 0,
            is_finished: false,
            request: PhantomData,
        }
    }

    /// Returns the next outcome, or `None` after the last one.
    ///
    /// Cancel-safe: dropping the future before it is ready loses no outcome.
    pub async fn next(&mut self) -> Option<Result<BatchOutcome<R::Response>>> {
        poll_fn(|cx| self.poll_outcome(cx)).await
    }

    #[cfg(feature = "blocking")]
    pub(crate) fn has_ended(&self) -> bool {
        self.is_finished
    }

    fn poll_outcome(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<BatchOutcome<R::Response>>>> {
        if self.is_finished {
            return Poll::Ready(None);
        }
        Poll::Ready(match ready!(self.lines.poll(cx)) {
            Some(Ok(line)) => {
                self.received += 1;
                Some(decode_outcome(&line))
            }
            Some(Err(error)) => {
                self.received += 1; // an unreadable line stands for a result, too
                self.is_finished = self.lines.has_failed;
                Some(Err(error))
            }
            None => {
                self.is_finished = true;
                check_count(&self.job, self.received).map(Err)
            }
        })
    }
}

/// Decodes a line as the outcome of a request.
pub(super) fn decode_outcome<T: DeserializeOwned>(line: &ResultLine) -> Result<BatchOutcome<T>> {
    let mut read = BatchResult::read(&line.json, || line.location())?;
    let custom_id = line.take_id(&mut read)?;
    let result = read.body();
    Ok(BatchOutcome { custom_id, result })
}

/// Returns an error if the job failed or `received` is not the number of its requests.
pub(super) fn check_count(job: &BatchJob, received: i64) -> Option<Error> {
    let all = job.total_requests;
    let kind = match job.status {
        BatchJobStatus::Failed => missing_result_kind(job),
        _ if all > 0 && received > all => ErrorKind::Decode,
        _ if received >= all => return None,
        _ => missing_result_kind(job),
    };
    let counts = format!("{received} results came for {all} requests");
    Some(Error::new(kind, format!("{counts}: {}", job_summary(job))))
}

/// Returns the kind of error for a missing result.
pub(super) fn missing_result_kind(job: &BatchJob) -> ErrorKind {
    match job.status {
        BatchJobStatus::Failed => ErrorKind::InvalidRequest,
        BatchJobStatus::TimeoutExceeded => ErrorKind::Timeout,
        _ => ErrorKind::Truncated,
    }
}

/// Describes the status and the errors of a job, for error messages.
pub(super) fn job_summary(job: &BatchJob) -> String {
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
            .field("received", &self.received)
            .finish_non_exhaustive()
    }
}

use std::borrow::Cow;
use std::fmt;
use std::future::{Future, IntoFuture};
use std::pin::{Pin, pin};
use std::time::Duration;

use serde::de::DeserializeOwned;
use tokio::time::sleep;

use super::Call;
use crate::error::{Error, ErrorKind, Result, TimeoutPhase};
use crate::mode::{Async, Mode};
use crate::pipeline::deadline::{Deadline, timeout_at};
use crate::transport::current_runtime;

/// The number of consecutive retryable failures after which the wait fails.
const MAX_CONSECUTIVE_FAILURES: u32 = 5;
/// The factor by which the poll interval grows.
const BACKOFF_FACTOR: u32 = 2;

type PollCallback<T> = Box<dyn FnMut() -> Call<T> + Send>;
type ProgressOf<T> = Box<dyn Fn(&T) -> WaitProgress + Send>;
type ProgressCallback<T> = Box<dyn FnMut(&T) + Send>;

/// The progress of something that the server works on, as one poll of a [`Wait`] reports it.
///
/// The texts describe the state for an error: they complete the sentence "the job is …".
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum WaitProgress {
    /// The server works on.
    Ongoing(String),
    /// The server has finished. The wait returns the response.
    Finished,
    /// The server has finished without success. The wait fails with
    /// [`ErrorKind::Failed`](crate::ErrorKind::Failed), and
    /// [`Error::partial`](crate::Error::partial) returns the response.
    Failed(String),
}

/// A wait until the server has finished something, for example a job. Created by
/// [`Client::wait`](crate::Client::wait).
///
/// `.await` it to get the last response; with a blocking client, call `.send()`.
///
/// The first poll is immediate, the next ones follow at growing intervals. A poll is retried like
/// every call. If it still fails with a retryable error, the wait continues with the next poll, and
/// fails after five such polls in a row. The next poll honors a `Retry-After` header of the server.
#[must_use = "a wait does nothing until it is awaited or sent"]
pub struct Wait<T, M: Mode = Async> {
    #[cfg_attr(not(feature = "blocking"), expect(dead_code))] // only read by `send`
    mode: M,
    operation: Cow<'static, str>,
    subject: String,
    poll: PollCallback<T>,
    progress: ProgressOf<T>,
    report: Option<ProgressCallback<T>>,
    min_interval: Duration,
    max_interval: Duration,
    deadline: Option<Duration>,
}

impl<T, M: Mode> Wait<T, M> {
    pub(crate) fn new(
        mode: M,
        operation: impl Into<Cow<'static, str>>,
        subject: impl Into<String>,
        poll: impl FnMut() -> Call<T> + Send + 'static,
        progress: impl Fn(&T) -> WaitProgress + Send + 'static,
    ) -> Self {
        Self {
            mode,
            operation: operation.into(),
            subject: subject.into(),
            poll: Box::new(poll),
            progress: Box::new(progress),
            report: None,
            min_interval: Duration::from_secs(1),
            max_interval: Duration::from_secs(60),
            deadline: None,
        }
    }

    /// Calls `report` with the response after each poll. It must not block.
    pub fn on_progress(mut self, report: impl FnMut(&T) + Send + 'static) -> Self {
        self.report = Some(Box::new(report));
        self
    }

    /// Sets the minimum and maximum poll interval. The interval starts at `min` and doubles after
    /// each poll, up to `max`. Default: 1 s, 60 s.
    pub fn poll_interval(mut self, min: Duration, max: Duration) -> Self {
        (self.min_interval, self.max_interval) = (min, max);
        self
    }

    /// Sets the maximum time to wait. The wait then fails with
    /// [`ErrorKind::Timeout`](crate::ErrorKind::Timeout). The server works on, and can be waited
    /// for again. Default: none.
    pub fn deadline(mut self, time: Duration) -> Self {
        self.deadline = Some(time);
        self
    }

    /// Splits into an asynchronous wait and the mode of the client.
    #[cfg(feature = "blocking")]
    pub(crate) fn split(self) -> (Wait<T>, M) {
        let wait = Wait {
            mode: Async,
            operation: self.operation,
            subject: self.subject,
            poll: self.poll,
            progress: self.progress,
            report: self.report,
            min_interval: self.min_interval,
            max_interval: self.max_interval,
            deadline: self.deadline,
        };
        (wait, self.mode)
    }

    #[cfg(feature = "blocking")]
    pub(crate) fn operation(&self) -> Cow<'static, str> {
        self.operation.clone()
    }
}

impl<T: DeserializeOwned + Send + Sync + 'static> Wait<T> {
    async fn poll_until_finished(mut self) -> Result<T> {
        let deadline = Deadline::after(self.deadline, TimeoutPhase::Total);
        let mut last_state = format!("{} has not been retrieved yet", self.subject);
        let waited = {
            let waiting = pin!(self.poll_to_end(&mut last_state));
            timeout_at(pin!(None), deadline, waiting).await
        };
        waited.unwrap_or_else(|error| {
            Err(error.with_context(last_state).at(self.operation.clone(), 0))
        })
    }

    async fn poll_to_end(&mut self, last_state: &mut String) -> Result<T> {
        let (mut interval, mut failures) = (self.min_interval, 0);
        loop {
            let mut retry_after = None;
            match (self.poll)().await {
                Ok(response) => {
                    failures = 0;
                    if let Some(report) = &mut self.report {
                        report(&response);
                    }
                    match (self.progress)(&response) {
                        WaitProgress::Finished => return Ok(response),
                        WaitProgress::Failed(state) => {
                            let message = format!("{} is {state}", self.subject);
                            return Err(Error::new(ErrorKind::Failed, message)
                                .with_partial(Box::new(response))
                                .at(self.operation.clone(), 0));
                        }
                        WaitProgress::Ongoing(state) => {
                            *last_state = format!("{} is {state}, and it goes on", self.subject);
                        }
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

impl<T: DeserializeOwned + Send + Sync + 'static> IntoFuture for Wait<T> {
    type Output = Result<T>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send>>;

    #[inline]
    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.poll_until_finished())
    }
}

impl<T, M: Mode> fmt::Debug for Wait<T, M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Wait")
            .field("operation", &self.operation)
            .field("subject", &self.subject)
            .field("min_interval", &self.min_interval)
            .field("max_interval", &self.max_interval)
            .field("deadline", &self.deadline)
            .finish_non_exhaustive()
    }
}

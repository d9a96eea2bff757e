//! Waits for executions.

use std::fmt;
use std::future::{Future, IntoFuture};
use std::pin::Pin;
use std::time::{Duration, Instant};

use mistral_core::mode::{Async, Mode};
use mistral_core::operation::{ApiRequest, Call, Wait, WaitProgress, decode_value};
use mistral_core::{Client, Result};
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::{GET, WorkflowExecutions};
use crate::workflows::{ExecuteWorkflowResponse, WorkflowExecution, WorkflowExecutionStatus};

/// The operation that errors of waits name.
const WAIT: &str = "workflows.executions.wait";

type ProgressCallback = Box<dyn FnMut(&WorkflowExecution) + Send>;

/// A wait for an execution to complete. Created by [`WorkflowExecutions::wait`], and by
/// [`Workflows::execute_and_wait`](crate::workflows::Workflows::execute_and_wait), which starts the
/// execution first.
///
/// `.await` it; with a blocking client, call `.send()`. [`parse`](Self::parse) turns the result of
/// the workflow into a type of the application.
///
/// The execution is polled immediately, then at growing intervals. A poll is retried like every
/// call. If it still fails with a retryable error, the wait continues with the next poll, and fails
/// after five such polls in a row.
///
/// # Errors
/// An execution that failed, was cancelled, was terminated or timed out is an error of
/// [`ErrorKind::Failed`](mistral_core::ErrorKind::Failed) that names the status.
/// [`Error::partial`](mistral_core::Error::partial) returns the [`WorkflowExecution`]. An
/// execution that is retried or continued as a new run is waited for, and so is one with a status
/// that this version of the SDK does not declare.
#[must_use = "a wait does nothing until it is awaited or sent"]
pub struct ExecutionWait<T = WorkflowExecution, M: Mode = Async> {
    client: Client<M>,
    start: Start<M>,
    report: Option<ProgressCallback>,
    interval: Option<(Duration, Duration)>,
    deadline: Option<Duration>,
    output: Output<T>,
}

enum Start<M: Mode> {
    /// The execution runs already.
    Started(String),
    Execute(Call<ExecuteWorkflowResponse, M>),
}

/// The functions that return the value of the wait.
struct Output<T> {
    of_execution: fn(WorkflowExecution) -> Result<T>,
    /// For a result without its execution.
    of_result: fn(Value) -> Result<T>,
}

impl<M: Mode> WorkflowExecutions<M> {
    /// Waits until an execution has completed, and returns it with its result.
    ///
    /// ```
    /// # use mistral_sdk::beta::BetaExt;
    /// # use mistral_sdk::testing::MockTransport;
    /// # use serde_json::{Value, json};
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let execution = |status: &str, result: Value| json!({
    /// #     "workflow_name": "report", "execution_id": "exec-1", "root_execution_id": "exec-1",
    /// #     "status": status, "start_time": "2026-01-01T00:00:00Z", "end_time": null,
    /// #     "result": result
    /// # });
    /// # let mock = MockTransport::new()
    /// #     .json(execution("RUNNING", Value::Null))
    /// #     .json(execution("COMPLETED", json!({"pages": 12})));
    /// # let client = mistral_sdk::Client::builder(mistral_sdk::MistralApi::new("key")?)
    /// #     .transport(mock)
    /// #     .build()?;
    /// use std::time::Duration;
    ///
    /// #[derive(serde::Deserialize)]
    /// struct Report { pages: u32 }
    ///
    /// let report: Report = client
    ///     .workflows()
    ///     .executions()
    ///     .wait("exec-1")
    ///     .deadline(Duration::from_secs(3600))
    ///     .on_progress(|execution| println!("{:?}", execution.status))
    ///     .parse()
    ///     .await?;
    /// assert_eq!(report.pages, 12);
    /// # Ok(()) }
    /// ```
    pub fn wait(&self, execution_id: &str) -> ExecutionWait<WorkflowExecution, M> {
        let output = Output {
            of_execution: Ok,
            // A wait for an execution that runs already has polled it.
            of_result: |result| decode_value("execution", &result),
        };
        ExecutionWait::new(
            &self.client,
            Start::Started(execution_id.to_owned()),
            output,
        )
    }
}

impl<M: Mode> ExecutionWait<Value, M> {
    /// Creates a wait for the execution that `call` starts.
    pub(crate) fn after(client: &Client<M>, call: Call<ExecuteWorkflowResponse, M>) -> Self {
        let output = Output {
            of_execution: |execution| Ok(execution.result.unwrap_or_default()),
            of_result: Ok,
        };
        Self::new(client, Start::Execute(call), output)
    }
}

impl<T, M: Mode> ExecutionWait<T, M> {
    fn new(client: &Client<M>, start: Start<M>, output: Output<T>) -> Self {
        Self {
            client: client.clone(),
            start,
            report: None,
            interval: None,
            deadline: None,
            output,
        }
    }

    /// Calls `report` with the execution after each poll. It must not block.
    pub fn on_progress(mut self, report: impl FnMut(&WorkflowExecution) + Send + 'static) -> Self {
        self.report = Some(Box::new(report));
        self
    }

    /// Sets the minimum and maximum poll interval. The interval starts at `min` and doubles after
    /// each poll, up to `max`. Default: 1 s, 60 s.
    pub fn poll_interval(mut self, min: Duration, max: Duration) -> Self {
        self.interval = Some((min, max));
        self
    }

    /// Sets the maximum time to wait, including the start of the execution. The wait then fails with
    /// [`ErrorKind::Timeout`](mistral_core::ErrorKind::Timeout). The execution continues, and can be
    /// waited for again. Default: none.
    pub fn deadline(mut self, time: Duration) -> Self {
        self.deadline = Some(time);
        self
    }

    /// Returns the result of the workflow as a type of the application.
    ///
    /// A result that does not fit `R` fails with
    /// [`ErrorKind::Decode`](mistral_core::ErrorKind::Decode), with its path. A workflow without a
    /// result returns `null`, which is `()` or `None`.
    pub fn parse<R: DeserializeOwned>(self) -> ExecutionWait<R, M> {
        ExecutionWait {
            client: self.client,
            start: self.start,
            report: self.report,
            interval: self.interval,
            deadline: self.deadline,
            output: Output {
                of_execution: |execution| {
                    decode_value("result", &execution.result.unwrap_or_default())
                },
                of_result: |result| decode_value("result", &result),
            },
        }
    }

    /// Splits off the call that starts the execution. The time until `polls` is called counts
    /// towards the deadline.
    fn split(self) -> (Start<M>, Polls<T, M>) {
        let start = match (self.start, self.deadline) {
            (Start::Execute(call), Some(deadline)) => Start::Execute(call.timeout(deadline)),
            (start, _) => start,
        };
        let polls = Polls {
            client: self.client,
            report: self.report,
            interval: self.interval,
            deadline: self.deadline.map(|deadline| (Instant::now(), deadline)),
            output: self.output,
        };
        (start, polls)
    }
}

/// The part of a wait after the execution was started.
struct Polls<T, M: Mode> {
    client: Client<M>,
    report: Option<ProgressCallback>,
    interval: Option<(Duration, Duration)>,
    deadline: Option<(Instant, Duration)>,
    output: Output<T>,
}

impl<T, M: Mode> Polls<T, M> {
    fn wait(&mut self, id: String) -> Wait<WorkflowExecution, M> {
        let subject = format!("the execution `{id}`");
        let poll = move || ApiRequest::new(&GET).path(&[("execution_id", &id)]);
        let mut wait = self.client.wait(WAIT, subject, poll, progress);
        if let Some(report) = self.report.take() {
            wait = wait.on_progress(report);
        }
        if let Some((min, max)) = self.interval {
            wait = wait.poll_interval(min, max);
        }
        match self.deadline {
            Some((since, limit)) => wait.deadline(limit.saturating_sub(since.elapsed())),
            None => wait,
        }
    }
}

/// The server's response to the request that starts an execution.
enum Started {
    Running(String),
    /// The server has waited for the result.
    Completed(Value),
}

impl From<ExecuteWorkflowResponse> for Started {
    fn from(response: ExecuteWorkflowResponse) -> Self {
        match response {
            ExecuteWorkflowResponse::WorkflowExecution(execution) => {
                Self::Running(execution.execution_id)
            }
            ExecuteWorkflowResponse::WorkflowExecutionResult(outcome) => {
                Self::Completed(outcome.result)
            }
            ExecuteWorkflowResponse::Unknown(value) => {
                let id = value.get("execution_id").and_then(Value::as_str);
                Self::Running(id.unwrap_or_default().to_owned())
            }
        }
    }
}

fn progress(execution: &WorkflowExecution) -> WaitProgress {
    use WorkflowExecutionStatus as Status;

    match &execution.status {
        Some(Status::Completed) => WaitProgress::Finished,
        Some(
            status @ (Status::Failed | Status::Canceled | Status::Terminated | Status::TimedOut),
        ) => WaitProgress::Failed(status.to_string()),
        Some(status) => WaitProgress::Ongoing(status.to_string()),
        None => WaitProgress::Ongoing("without a status".to_owned()),
    }
}

impl<T: Send + 'static> IntoFuture for ExecutionWait<T> {
    type Output = Result<T>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send>>;

    #[inline]
    fn into_future(self) -> Self::IntoFuture {
        let (start, mut polls) = self.split();
        Box::pin(async move {
            let started = match start {
                Start::Started(id) => Started::Running(id),
                Start::Execute(call) => call.await?.into(),
            };
            match started {
                Started::Running(id) => (polls.output.of_execution)(polls.wait(id).await?),
                Started::Completed(result) => (polls.output.of_result)(result),
            }
        })
    }
}

#[cfg(feature = "blocking")]
impl<T> ExecutionWait<T, mistral_core::mode::Blocking> {
    /// Blocks until the execution has completed.
    ///
    /// # Errors
    /// Fails with the errors of the asynchronous wait, and inside an async runtime.
    pub fn send(self) -> Result<T> {
        let (start, mut polls) = self.split();
        let started = match start {
            Start::Started(id) => Started::Running(id),
            Start::Execute(call) => call.send()?.into(),
        };
        match started {
            Started::Running(id) => (polls.output.of_execution)(polls.wait(id).send()?),
            Started::Completed(result) => (polls.output.of_result)(result),
        }
    }
}

impl<T, M: Mode> fmt::Debug for ExecutionWait<T, M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let id = match &self.start {
            Start::Started(id) => Some(id),
            Start::Execute(_) => None,
        };
        f.debug_struct("ExecutionWait")
            .field("execution_id", &id)
            .field("interval", &self.interval)
            .field("deadline", &self.deadline)
            .finish_non_exhaustive()
    }
}

//! Executions that are waited for.

use mistral_core::mode::Mode;
use serde_json::Value;

use super::executions::ExecutionWait;
use super::{ExecuteWorkflowRequest, Workflows};

impl<M: Mode> Workflows<M> {
    /// Starts an execution of a workflow, waits until it has completed, and returns its result.
    ///
    /// The execution is polled, unless the request sets `wait_for_result`: the server then answers
    /// once it has the result. If that takes longer than the server waits, the execution is polled
    /// as well.
    ///
    /// The start is not retried after the server may have received it, so that no workflow runs
    /// twice. Give the request an `execution_id` to find the execution again after such a failure.
    ///
    /// ```
    /// # use mistral_sdk::beta::BetaExt;
    /// # use mistral_sdk::testing::MockTransport;
    /// # use serde_json::Value;
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let execution = |status: &str, result: Value| serde_json::json!({
    /// #     "workflow_name": "report", "execution_id": "exec-1", "root_execution_id": "exec-1",
    /// #     "status": status, "start_time": "2026-01-01T00:00:00Z", "end_time": null,
    /// #     "result": result
    /// # });
    /// # let mock = MockTransport::new()
    /// #     .json(execution("RUNNING", Value::Null))
    /// #     .json(execution("RUNNING", Value::Null))
    /// #     .json(execution("COMPLETED", serde_json::json!({"pages": 12})));
    /// # let client = mistral_sdk::Client::builder(mistral_sdk::MistralApi::new("key")?)
    /// #     .transport(mock)
    /// #     .build()?;
    /// use mistral_sdk::beta::workflows::ExecuteWorkflowRequest;
    /// use serde_json::json;
    ///
    /// #[derive(serde::Deserialize)]
    /// struct Report { pages: u32 }
    ///
    /// let request = ExecuteWorkflowRequest::new().input(json!({"topic": "cheese"}));
    /// let workflows = client.workflows();
    /// let report: Report = workflows.execute_and_wait("report", &request).parse().await?;
    /// assert_eq!(report.pages, 12);
    /// # Ok(()) }
    /// ```
    pub fn execute_and_wait(
        &self,
        workflow_identifier: &str,
        request: &ExecuteWorkflowRequest,
    ) -> ExecutionWait<Value, M> {
        let call = self.execute(workflow_identifier, request);
        ExecutionWait::after(&self.client, call)
    }
}

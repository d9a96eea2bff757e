//! Executions that are waited for.

use mistral_core::mode::Mode;
use serde_json::Value;

use super::executions::ExecutionWait;
use super::{WorkflowExecutionRequest, Workflows};

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
    /// # use mistral_beta::BetaExt;
    /// # use mistral_sdk::testing::{MockReply, MockTransport};
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let execution = |status: &str, result: &str| MockReply::json(200, format!(
    /// #     r#"{{"workflow_name": "report", "execution_id": "exec-1", "root_execution_id": "exec-1",
    /// #     "status": "{status}", "start_time": "2026-01-01T00:00:00Z", "end_time": null,
    /// #     "result": {result}}}"#
    /// # ));
    /// # let client = mistral_sdk::Client::builder(mistral_sdk::MistralApi::new("key")?)
    /// #     .transport(MockTransport::new([
    /// #         execution("RUNNING", "null"),
    /// #         execution("RUNNING", "null"),
    /// #         execution("COMPLETED", r#"{"pages": 12}"#),
    /// #     ]))
    /// #     .build()?;
    /// use mistral_beta::workflows::WorkflowExecutionRequest;
    /// use serde_json::json;
    ///
    /// #[derive(serde::Deserialize)]
    /// struct Report { pages: u32 }
    ///
    /// let request = WorkflowExecutionRequest::new().input(json!({"topic": "cheese"}));
    /// let workflows = client.workflows();
    /// let report: Report = workflows.execute_and_wait("report", &request).parse().await?;
    /// assert_eq!(report.pages, 12);
    /// # Ok(()) }
    /// ```
    pub fn execute_and_wait(
        &self,
        workflow_identifier: &str,
        request: &WorkflowExecutionRequest,
    ) -> ExecutionWait<Value, M> {
        let call = self.execute(workflow_identifier, request);
        ExecutionWait::after(&self.client, call)
    }
}

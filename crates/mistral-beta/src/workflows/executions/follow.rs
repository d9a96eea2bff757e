//! Events of one execution.

use mistral_core::mode::Mode;
use mistral_core::operation::ReconnectingStream;

use super::WorkflowExecutions;
use crate::workflows::events::{
    StreamWorkflowEventsRequest, StreamedWorkflowEvent, WorkflowEvent, WorkflowEvents,
};

impl<M: Mode> WorkflowExecutions<M> {
    /// Streams the events of an execution and of the executions that it starts, from the first one
    /// on, and reconnects when the connection is lost.
    ///
    /// The stream ends after the event that the execution has completed, failed or was cancelled.
    /// [`stream`](Self::stream) is the same on one connection.
    ///
    /// ```
    /// # use mistral_sdk::beta::BetaExt;
    /// # use mistral_sdk::testing::MockTransport;
    /// # use serde_json::json;
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let event = |sequence: u32, kind: &str| json!({
    /// #     "stream": "s", "broker_sequence": sequence, "workflow_context": {
    /// #         "namespace": "n", "workflow_name": "report", "workflow_exec_id": "exec-1"
    /// #     },
    /// #     "data": {
    /// #         "event_type": kind, "event_id": "e", "event_timestamp": 1,
    /// #         "root_workflow_exec_id": "exec-1", "workflow_exec_id": "exec-1",
    /// #         "workflow_run_id": "r", "workflow_name": "report",
    /// #         "attributes": {"task_id": "t", "result": {"type": "json", "value": 1}}
    /// #     }
    /// # });
    /// # let mock = MockTransport::new()
    /// #     .sse([event(7, "CUSTOM_EVENT")])
    /// #     .sse([event(8, "WORKFLOW_EXECUTION_COMPLETED")]);
    /// # let client = mistral_sdk::Client::builder(mistral_sdk::MistralApi::new("key")?)
    /// #     .transport(mock)
    /// #     .build()?;
    /// let mut events = client.workflows().executions().follow("exec-1");
    /// while let Some(event) = events.next().await {
    ///     let event = event?;
    ///     println!("{}: {:?}", event.broker_sequence, event.data);
    /// }
    /// # assert_eq!(events.next_sequence(), Some(9));
    /// # Ok(()) }
    /// ```
    pub fn follow(&self, execution_id: &str) -> ReconnectingStream<StreamedWorkflowEvent, M> {
        let request = StreamWorkflowEventsRequest::new()
            .root_workflow_exec_id(execution_id)
            .workflow_exec_id("*")
            .parent_workflow_exec_id("*");
        let root = execution_id.to_owned();
        let events = WorkflowEvents::new(&self.client);
        events.follow_until(request, move |event| is_end_of(&root, &event.data))
    }
}

/// Whether an event is the last one of the execution `root` itself: executions that it starts end,
/// too.
fn is_end_of(root: &str, event: &WorkflowEvent) -> bool {
    use WorkflowEvent as Event;

    match event {
        Event::WorkflowExecutionCompleted(event) => event.workflow_exec_id == root,
        Event::WorkflowExecutionFailed(event) => event.workflow_exec_id == root,
        Event::WorkflowExecutionCanceled(event) => event.workflow_exec_id == root,
        _ => false,
    }
}

//! Streams of events that reconnect.

use mistral_core::call::StreamEvent;
use mistral_core::mode::Mode;
use mistral_core::operation::{ApiRequest, ReconnectingStream, SequencedEvent};

use super::{
    STREAM, StreamEventSsePayload, StreamEventSsePayloadData, StreamWorkflowEventRequest,
    WorkflowEvents,
};
use crate::workflows::executions::WorkflowExecutions;

impl StreamEvent for StreamEventSsePayload {
    type State = ();
}

impl SequencedEvent for StreamEventSsePayload {
    fn sequence(&self) -> Option<i64> {
        Some(self.broker_sequence)
    }
}

impl<M: Mode> WorkflowEvents<M> {
    /// Streams the events of workflows, and reconnects when the connection is lost.
    ///
    /// The stream has no end of its own: drop it when it is not needed any more. It resumes after
    /// the last event, so that none is lost and none is returned twice.
    /// [`stream`](Self::stream) is the same on one connection.
    pub fn follow(
        &self,
        request: &StreamWorkflowEventRequest,
    ) -> ReconnectingStream<StreamEventSsePayload, M> {
        follow(self, request.clone(), |_| false)
    }
}

impl<M: Mode> WorkflowExecutions<M> {
    /// Streams the events of an execution and of the executions that it starts, from the first one
    /// on, and reconnects when the connection is lost.
    ///
    /// The stream ends after the event that the execution has completed, failed or was cancelled.
    /// [`stream`](Self::stream) is the same on one connection.
    ///
    /// ```
    /// # use mistral_beta::BetaExt;
    /// # use mistral_sdk::testing::{MockReply, MockTransport};
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let event = |sequence: u32, kind: &str| format!(
    /// #     r#"{{"stream": "s", "broker_sequence": {sequence}, "workflow_context": {{"namespace": "n",
    /// #     "workflow_name": "report", "workflow_exec_id": "exec-1"}}, "data": {{"event_type": "{kind}",
    /// #     "event_id": "e", "event_timestamp": 1, "root_workflow_exec_id": "exec-1",
    /// #     "workflow_exec_id": "exec-1", "workflow_run_id": "r", "workflow_name": "report",
    /// #     "attributes": {{"task_id": "t", "result": {{"type": "json", "value": 1}}}}}}}}"#
    /// # ).replace('\n', "");
    /// # let client = mistral_sdk::Client::builder(mistral_sdk::MistralApi::new("key")?)
    /// #     .transport(MockTransport::new([
    /// #         MockReply::sse([event(7, "CUSTOM_EVENT")]),
    /// #         MockReply::sse([event(8, "WORKFLOW_EXECUTION_COMPLETED")]),
    /// #     ]))
    /// #     .build()?;
    /// let mut events = client.workflows().executions().follow("exec-1");
    /// while let Some(event) = events.next().await {
    ///     let event = event?;
    ///     println!("{}: {:?}", event.broker_sequence, event.data);
    /// }
    /// # assert_eq!(events.next_sequence(), Some(9));
    /// # Ok(()) }
    /// ```
    pub fn follow(&self, execution_id: &str) -> ReconnectingStream<StreamEventSsePayload, M> {
        let request = StreamWorkflowEventRequest::new()
            .root_workflow_exec_id(execution_id)
            .workflow_exec_id("*")
            .parent_workflow_exec_id("*");
        let root = execution_id.to_owned();
        let events = WorkflowEvents::new(&self.client);
        follow(&events, request, move |event| is_end_of(&root, &event.data))
    }
}

fn follow<M: Mode>(
    events: &WorkflowEvents<M>,
    request: StreamWorkflowEventRequest,
    is_last: impl Fn(&StreamEventSsePayload) -> bool + Send + 'static,
) -> ReconnectingStream<StreamEventSsePayload, M> {
    let open = move |sequence: Option<i64>| {
        let mut request = request.clone();
        request.start_seq = sequence.or(request.start_seq);
        ApiRequest::new(&STREAM).query_exploded(&request, &["metadata_filters"])
    };
    events.client.reconnecting(open, is_last)
}

/// Whether an event is the last one of the execution `root` itself: executions that it starts end,
/// too.
fn is_end_of(root: &str, event: &StreamEventSsePayloadData) -> bool {
    use StreamEventSsePayloadData as Event;

    match event {
        Event::WorkflowExecutionCompleted(event) => event.workflow_exec_id == root,
        Event::WorkflowExecutionFailed(event) => event.workflow_exec_id == root,
        Event::WorkflowExecutionCanceled(event) => event.workflow_exec_id == root,
        _ => false,
    }
}

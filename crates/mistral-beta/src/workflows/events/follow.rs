//! Streams of events that reconnect.

use mistral_core::call::StreamEvent;
use mistral_core::mode::Mode;
use mistral_core::operation::{ApiRequest, ReconnectingStream, SequencedEvent};

use super::{STREAM, StreamWorkflowEventsRequest, StreamedWorkflowEvent, WorkflowEvents};

impl StreamEvent for StreamedWorkflowEvent {
    type State = ();
}

impl SequencedEvent for StreamedWorkflowEvent {
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
        request: &StreamWorkflowEventsRequest,
    ) -> ReconnectingStream<StreamedWorkflowEvent, M> {
        self.follow_until(request.clone(), |_| false)
    }

    pub(crate) fn follow_until(
        &self,
        request: StreamWorkflowEventsRequest,
        is_last: impl Fn(&StreamedWorkflowEvent) -> bool + Send + 'static,
    ) -> ReconnectingStream<StreamedWorkflowEvent, M> {
        let open = move |sequence: Option<i64>| {
            let mut request = request.clone();
            request.start_seq = sequence.or(request.start_seq);
            ApiRequest::new(&STREAM).query_exploded(&request, &["metadata_filters"])
        };
        self.client.reconnecting(open, is_last)
    }
}

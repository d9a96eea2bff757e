//! The concurrent execution of the tool calls of one message.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::{Context, Poll};

use super::approval::{Approval, ApprovalHook};
use super::execution::{ToolExecution, ToolResult};
use super::set::ToolSet;
use crate::error::Result;
use crate::messages::ToolCall;
use crate::pipeline::telemetry::CaptureContent;

/// A call with the decision about it.
pub(super) type DecidedCall = (ToolCall, Approval);

/// Requests a decision about each call, one at a time, because a person may have to answer.
pub(super) async fn request_approvals(
    hook: Option<ApprovalHook>,
    calls: Vec<ToolCall>,
) -> Result<Vec<DecidedCall>> {
    let mut decided = Vec::with_capacity(calls.len());
    for call in calls {
        let approval = match &hook {
            Some(hook) => hook.request(&call).await?,
            None => Approval::Approve,
        };
        decided.push((call, approval));
    }
    Ok(decided)
}

/// The calls of one message, executed concurrently within the polling task.
pub(super) struct RunningCalls(Vec<ToolCallState>);

enum ToolCallState {
    InFlight(ToolCall, ToolExecution),
    Finished(ToolCall, ToolResult),
}

impl RunningCalls {
    #[inline]
    pub(super) fn new(tools: &ToolSet, calls: Vec<DecidedCall>, capture: &CaptureContent) -> Self {
        let start = |(call, approval): DecidedCall| match approval {
            Approval::Approve => ToolCallState::InFlight(call.clone(), tools.start(call, capture)),
            Approval::Change(arguments) => {
                let mut changed = call.clone();
                changed.function.arguments = arguments;
                ToolCallState::InFlight(call, tools.start(changed, capture))
            }
            Approval::Refuse(reason) => {
                ToolCallState::Finished(call, Ok(format!("This call was refused: {reason}")))
            }
        };
        Self(calls.into_iter().map(start).collect())
    }

    #[inline]
    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let mut all = Poll::Ready(());
        for state in &mut self.0 {
            if let ToolCallState::InFlight(call, work) = state {
                match Pin::new(work).poll(cx) {
                    Poll::Ready(outcome) => *state = ToolCallState::Finished(call.clone(), outcome),
                    Poll::Pending => all = Poll::Pending,
                }
            }
        }
        all
    }

    /// Returns the results of the calls, in the order of the calls.
    #[inline]
    pub(super) fn into_outcomes(self) -> Vec<(ToolCall, ToolResult)> {
        let finished = self.0.into_iter().filter_map(|state| match state {
            ToolCallState::Finished(call, outcome) => Some((call, outcome)),
            ToolCallState::InFlight(..) => None,
        });
        finished.collect()
    }

    /// Waits for all calls, and returns their results.
    pub(super) async fn outcomes(mut self) -> Vec<(ToolCall, ToolResult)> {
        poll_fn(|cx| self.poll(cx)).await;
        self.into_outcomes()
    }
}

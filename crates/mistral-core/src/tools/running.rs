//! Calls that are carried out at the same time.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::{Context, Poll};

use super::approval::{Approval, Hook};
use super::outcome::{Guarded, Outcome};
use super::set::ToolSet;
use crate::error::Result;
use crate::messages::ToolCall;

/// A call, and what is to become of it.
pub(super) type Decided = (ToolCall, Approval);

/// Asks about each call: one after the other, as a person can answer.
pub(super) async fn decide(hook: Option<Hook>, calls: Vec<ToolCall>) -> Result<Vec<Decided>> {
    let mut decided = Vec::with_capacity(calls.len());
    for call in calls {
        let approval = match &hook {
            Some(hook) => hook.ask(&call).await?,
            None => Approval::Approve,
        };
        decided.push((call, approval));
    }
    Ok(decided)
}

/// The calls of one message: all of them run at the same time, in the task that waits.
pub(super) struct Running(Vec<Slot>);

enum Slot {
    Working(ToolCall, Guarded),
    Finished(ToolCall, Outcome),
}

impl Running {
    #[inline]
    pub(super) fn new(tools: &ToolSet, calls: Vec<Decided>) -> Self {
        let start = |(call, approval): Decided| match approval {
            Approval::Approve => Slot::Working(call.clone(), tools.start(call)),
            Approval::Change(arguments) => {
                let mut changed = call.clone();
                changed.function.arguments = arguments;
                Slot::Working(call, tools.start(changed))
            }
            Approval::Refuse(reason) => {
                Slot::Finished(call, Ok(format!("This call was refused: {reason}")))
            }
        };
        Self(calls.into_iter().map(start).collect())
    }

    #[inline]
    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let mut all = Poll::Ready(());
        for slot in &mut self.0 {
            if let Slot::Working(call, work) = slot {
                match Pin::new(work).poll(cx) {
                    Poll::Ready(outcome) => *slot = Slot::Finished(call.clone(), outcome),
                    Poll::Pending => all = Poll::Pending,
                }
            }
        }
        all
    }

    /// What came of the calls, in their order.
    #[inline]
    pub(super) fn finished(self) -> Vec<(ToolCall, Outcome)> {
        let finished = self.0.into_iter().filter_map(|slot| match slot {
            Slot::Finished(call, outcome) => Some((call, outcome)),
            Slot::Working(..) => None,
        });
        finished.collect()
    }

    /// Waits until all calls have been carried out.
    pub(super) async fn outcomes(mut self) -> Vec<(ToolCall, Outcome)> {
        poll_fn(|cx| self.poll(cx)).await;
        self.finished()
    }
}

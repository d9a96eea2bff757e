use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use super::execution::spawn_blocking_in_span;
use crate::error::Result;
use crate::messages::{Arguments, ToolCall};

/// A decision about a tool call that the model requested.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Approval {
    /// Executes the call.
    Approve,
    /// Executes the call with these arguments. The model is not notified; the message with its
    /// call stays unchanged.
    Change(Arguments),
    /// Refuses the call, and sends this reason to the model.
    Refuse(String),
}

impl Approval {
    /// Refuses the call for `reason`.
    pub fn refuse(reason: impl Into<String>) -> Self {
        Self::Refuse(reason.into())
    }
}

type ApprovalFuture = Pin<Box<dyn Future<Output = Result<Approval>> + Send>>;

/// The callback that decides about each call.
#[derive(Clone)]
pub(super) struct ApprovalHook(Arc<dyn Fn(ToolCall) -> ApprovalFuture + Send + Sync>);

impl ApprovalHook {
    pub(super) fn new<F, Fut>(hook: F) -> Self
    where
        F: Fn(ToolCall) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Approval> + Send + 'static,
    {
        Self(Arc::new(move |call| {
            let approval = hook(call);
            Box::pin(async move { Ok(approval.await) })
        }))
    }

    pub(super) fn blocking(hook: impl Fn(ToolCall) -> Approval + Send + Sync + 'static) -> Self {
        let hook = Arc::new(hook);
        Self(Arc::new(move |call| {
            let hook = Arc::clone(&hook);
            Box::pin(async move {
                let approval =
                    spawn_blocking_in_span("the `blocking_on_call` hook", move || hook(call)).await;
                approval.map_err(|failure| failure.error)
            })
        }))
    }

    pub(super) async fn request(&self, call: &ToolCall) -> Result<Approval> {
        (self.0)(call.clone()).await
    }
}

impl fmt::Debug for ApprovalHook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ApprovalHook")
    }
}

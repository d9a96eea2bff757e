use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use super::aside::aside;
use crate::error::Result;
use crate::messages::{Arguments, ToolCall};

/// What becomes of a call that the model wants.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Approval {
    /// It is carried out.
    Approve,
    /// It is carried out with these arguments. The model is not told; the message in which it
    /// made the call stays as it is.
    Change(Arguments),
    /// It is not carried out, and the model is told this reason.
    Refuse(String),
}

impl Approval {
    /// Refuses the call for this reason.
    pub fn refuse(reason: impl Into<String>) -> Self {
        Self::Refuse(reason.into())
    }
}

type Asking = Pin<Box<dyn Future<Output = Result<Approval>> + Send>>;

/// Whom to ask about each call.
#[derive(Clone)]
pub(super) struct Hook(Arc<dyn Fn(ToolCall) -> Asking + Send + Sync>);

impl Hook {
    pub(super) fn new<F, Fut>(hook: F) -> Self
    where
        F: Fn(ToolCall) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Approval> + Send + 'static,
    {
        Self(Arc::new(move |call| {
            let asking = hook(call);
            Box::pin(async move { Ok(asking.await) })
        }))
    }

    pub(super) fn blocking(hook: impl Fn(ToolCall) -> Approval + Send + Sync + 'static) -> Self {
        let hook = Arc::new(hook);
        Self(Arc::new(move |call| {
            let hook = Arc::clone(&hook);
            Box::pin(async move {
                let asked = aside("the hook", move || hook(call)).await;
                asked.map_err(|failure| failure.error)
            })
        }))
    }

    pub(super) async fn ask(&self, call: &ToolCall) -> Result<Approval> {
        (self.0)(call.clone()).await
    }
}

impl fmt::Debug for Hook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Hook")
    }
}

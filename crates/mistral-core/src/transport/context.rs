//! The call that an HTTP request belongs to, as an extension of the request.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::{Duration, Instant};

use url::Url;

/// The call that an HTTP request belongs to.
///
/// Every request that a [`Transport`](super::Transport) receives has one in its extensions.
#[derive(Debug, Clone)]
pub struct RequestContext {
    pub(crate) name: Cow<'static, str>,
    pub(crate) model: Option<Arc<str>>,
    pub(crate) attempt: u32,
    #[cfg_attr(not(feature = "reqwest"), allow(dead_code))] // read by `ReqwestTransport`
    pub(crate) target: Arc<RequestTarget>,
    #[cfg_attr(not(feature = "hyper"), allow(dead_code))] // read by `HyperTransport`
    pub(crate) connect_timeout: Duration,
    pub(crate) deadline: Option<tokio::time::Instant>,
    pub(crate) has_default_user_agent: bool,
}

/// The request's URI as the pipeline set it, and the URL that it was made from. A transport that
/// needs the URL does not parse it again.
#[derive(Debug)]
pub(crate) struct RequestTarget {
    pub(crate) uri: http::Uri,
    pub(crate) url: Url,
}

impl RequestContext {
    /// Returns the operation's name, for example `chat.complete`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns the model of the request, if the operation has one.
    pub fn model(&self) -> Option<&str> {
        self.model.as_deref()
    }

    /// Returns the number of this attempt of the call, counted from 1.
    pub fn attempt(&self) -> u32 {
        self.attempt
    }

    /// Whether the header `user-agent` is the SDK's own name, because neither the client nor the
    /// call sets one.
    ///
    /// A transport that has a user agent of its own replaces the header then, and keeps it
    /// otherwise.
    pub fn has_default_user_agent(&self) -> bool {
        self.has_default_user_agent
    }

    /// Returns the time at which the call cancels this exchange unless the head of the response has
    /// arrived.
    ///
    /// A transport that queues requests need not keep this one any longer. The deadline is extended
    /// while a streamed body is sent.
    pub fn deadline(&self) -> Option<Instant> {
        self.deadline.map(tokio::time::Instant::into_std)
    }
}

//! The call that an HTTP request belongs to.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::{Duration, Instant};

use url::Url;

/// Says which call an HTTP request belongs to.
///
/// Every request that reaches a [`Transport`] has one in its extensions.
#[derive(Debug, Clone)]
pub struct RequestContext {
    pub(crate) name: Cow<'static, str>,
    pub(crate) model: Option<Arc<str>>,
    pub(crate) attempt: u32,
    #[cfg_attr(not(feature = "reqwest"), allow(dead_code))] // read by reqwest's transport
    pub(crate) target: Arc<Target>,
    #[cfg_attr(not(feature = "hyper"), allow(dead_code))] // read by the built-in transport
    pub(crate) connect_timeout: Duration,
    pub(crate) deadline: Option<tokio::time::Instant>,
}

/// The request's URI as the pipeline set it, and the URL that it was made of, so that a
/// transport need not parse it again.
#[derive(Debug)]
pub(crate) struct Target {
    pub(crate) uri: http::Uri,
    pub(crate) url: Url,
}

impl RequestContext {
    /// The operation's name, for example `chat.complete`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The model that the request names, if it names one.
    pub fn model(&self) -> Option<&str> {
        self.model.as_deref()
    }

    /// Which attempt of the call this is, counted from 1.
    pub fn attempt(&self) -> u32 {
        self.attempt
    }

    /// When the call gives this exchange up unless the head of its response has come: a
    /// transport that holds requests back need not hold them any longer.
    ///
    /// While a streamed body is sent the call waits longer.
    pub fn deadline(&self) -> Option<Instant> {
        self.deadline.map(tokio::time::Instant::into_std)
    }
}

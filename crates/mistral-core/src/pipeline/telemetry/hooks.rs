//! The hooks that an application sets for its traces.

use std::fmt;
use std::sync::Arc;

use http::HeaderMap;
use serde_json::Value;

use crate::redact::Redaction;

type Hook<T> = Arc<dyn Fn(&mut T) + Send + Sync>;

/// The hook that adds trace headers to requests, if there is one.
#[derive(Clone, Default)]
pub(crate) struct Propagate(Option<Hook<HeaderMap>>);

impl Propagate {
    pub(crate) fn new(hook: impl Fn(&mut HeaderMap) + Send + Sync + 'static) -> Self {
        Self(Some(Arc::new(hook)))
    }

    /// Adds the trace headers. The hook neither sees nor replaces the credentials that `headers`
    /// holds already.
    pub(crate) fn add_headers(&self, headers: &mut HeaderMap) {
        let Some(hook) = &self.0 else { return };
        let mut added = HeaderMap::new();
        hook(&mut added);
        for name in added.keys() {
            if !headers.contains_key(name) {
                for value in added.get_all(name) {
                    headers.append(name, value.clone());
                }
            }
        }
    }
}

/// The hook that redacts messages for spans. Without it, spans have no content.
#[derive(Clone, Default)]
pub(crate) struct CaptureContent(Option<Hook<Value>>);

impl CaptureContent {
    pub(crate) fn new(redact: impl Fn(&mut Value) + Send + Sync + 'static) -> Self {
        Self(Some(Arc::new(redact)))
    }

    /// Applies `redaction` after the hook, if there is one.
    pub(crate) fn with_redaction(self, redaction: Redaction) -> Self {
        match self.0 {
            Some(redact) => Self::new(move |messages| {
                redact(messages);
                redaction.apply(messages);
            }),
            None => self,
        }
    }

    pub(crate) fn is_on(&self) -> bool {
        self.0.is_some()
    }

    /// Returns the redacted messages as JSON.
    pub(super) fn text(&self, messages: Option<Value>) -> Option<String> {
        let redact = self.0.as_ref()?;
        let mut messages = messages?;
        redact(&mut messages);
        Some(messages.to_string())
    }
}

macro_rules! debug_as_option {
    ($($hook:ident),+) => {
        $(
            impl fmt::Debug for $hook {
                fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                    f.write_str(if self.0.is_some() { "Some(..)" } else { "None" })
                }
            }
        )+
    };
}
debug_as_option!(Propagate, CaptureContent);

//! The hooks that an application sets for its traces.

use std::fmt;
use std::sync::Arc;

use http::HeaderMap;
use serde_json::Value;

use super::content;
use crate::redact::RedactContent;

// A program contains the code of these hooks only if it sets them.

type AddHeaders = dyn Fn(&mut HeaderMap) + Send + Sync;

/// The hook that adds trace headers to requests, if there is one.
#[derive(Clone, Default)]
pub(crate) struct Propagate(Option<Arc<AddHeaders>>);

impl Propagate {
    pub(crate) fn new(hook: impl Fn(&mut HeaderMap) + Send + Sync + 'static) -> Self {
        Self(Some(Arc::new(move |headers| {
            let mut added = HeaderMap::new();
            hook(&mut added);
            append_missing(headers, &added);
        })))
    }

    fn is_on(&self) -> bool {
        self.0.is_some()
    }

    /// Adds the trace headers. The hook neither sees nor replaces the credentials that `headers`
    /// holds already.
    pub(crate) fn add_headers(&self, headers: &mut HeaderMap) {
        if let Some(hook) = &self.0 {
            hook(headers);
        }
    }
}

fn append_missing(headers: &mut HeaderMap, added: &HeaderMap) {
    for name in added.keys() {
        if !headers.contains_key(name) {
            for value in added.get_all(name) {
                headers.append(name, value.clone());
            }
        }
    }
}

/// Content from which a span shows messages.
pub(super) enum Content<'a> {
    /// The body of a request.
    Request(&'a Value),
    /// The body of a response.
    Response(&'a Value),
    /// Messages in the format of the conventions.
    Messages(Value),
}

type Capture = dyn Fn(Content<'_>, &RedactContent) -> Option<String> + Send + Sync;

/// The hook that redacts messages for spans. Without it, spans have no content.
#[derive(Clone, Default)]
pub(crate) struct CaptureContent {
    hook: Option<Arc<Capture>>,
    redaction: RedactContent,
}

impl CaptureContent {
    pub(crate) fn new(redact: impl Fn(&mut Value) + Send + Sync + 'static) -> Self {
        let hook = move |content: Content<'_>, redaction: &RedactContent| {
            let mut messages = match content {
                Content::Request(body) => content::input(body)?,
                Content::Response(body) => content::output(body)?,
                Content::Messages(messages) => messages,
            };
            redact(&mut messages);
            redaction.apply(&mut messages);
            Some(messages.to_string())
        };
        Self {
            hook: Some(Arc::new(hook)),
            redaction: RedactContent::default(),
        }
    }

    /// Applies `redaction` after the hook, if there is one.
    pub(crate) fn with_redaction(self, redaction: RedactContent) -> Self {
        Self { redaction, ..self }
    }

    pub(crate) fn is_on(&self) -> bool {
        self.hook.is_some()
    }

    /// Returns the redacted messages as JSON.
    pub(super) fn text(&self, content: Content<'_>) -> Option<String> {
        self.hook.as_ref()?(content, &self.redaction)
    }
}

macro_rules! debug_as_option {
    ($($hook:ident),+) => {
        $(
            impl fmt::Debug for $hook {
                fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                    f.write_str(if self.is_on() { "Some(..)" } else { "None" })
                }
            }
        )+
    };
}
debug_as_option!(Propagate, CaptureContent);

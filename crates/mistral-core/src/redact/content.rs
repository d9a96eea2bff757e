//! Redaction of recorded content by rules of the application.

use std::fmt;
use std::sync::Arc;

use serde_json::Value;

use super::MASK;
use super::pattern::Pattern;

type Callback = Arc<dyn Fn(&mut Value) + Send + Sync>;

/// Redacts recorded content by key, by pattern and by callback; see
/// [`ClientBuilder::redact_content`](crate::ClientBuilder::redact_content).
///
/// Every rule that is added applies: first keys, then patterns, then callbacks. A text that is
/// itself a JSON object or array, such as the result of a tool, is redacted like one. What is
/// redacted is replaced by `***`.
///
/// ```
/// use mistral_sdk::telemetry::Redaction;
/// use serde_json::{Value, json};
///
/// let redaction = Redaction::new()
///     .keys(["password"])
///     .patterns(["####-####-####-####"])
///     .callback(|content| {
///         // For example with a regular expression.
///         if let Some(Value::String(city)) = content.get_mut("city") {
///             *city = city.replace("Paris", "(a city)");
///         }
///     });
/// let mut content = json!({ "password": "p", "text": "card 1234-1234-1234-1234", "city": "Paris" });
/// redaction.apply(&mut content);
/// assert_eq!(content, json!({ "password": "***", "text": "card ***", "city": "(a city)" }));
/// ```
#[derive(Clone, Default)]
#[must_use = "a redaction applies to the client that it is set on"]
pub struct Redaction {
    keys: Vec<String>,
    patterns: Vec<Pattern>,
    callbacks: Vec<Callback>,
}

impl Redaction {
    /// Creates a redaction without rules.
    #[inline]
    pub fn new() -> Self {
        Self::default()
    }

    /// Redacts the value of every field with one of these names, at any depth, whatever its type.
    /// The case of ASCII letters does not matter.
    #[inline]
    pub fn keys<K: Into<String>>(mut self, names: impl IntoIterator<Item = K>) -> Self {
        self.keys.extend(names.into_iter().map(Into::into));
        self
    }

    /// Redacts every part of a text that matches one of these patterns, also within a word.
    ///
    /// `*` matches any number of characters other than whitespace, `?` one of them, and `#` a digit.
    /// `\\` before a character stands for that character. All other characters match themselves. The
    /// longest match is redacted. The time is proportional to the length of the text, whatever the
    /// pattern.
    ///
    /// For regular expressions, use a [`callback`](Self::callback).
    #[inline]
    pub fn patterns<P: AsRef<str>>(mut self, patterns: impl IntoIterator<Item = P>) -> Self {
        let patterns = patterns.into_iter();
        self.patterns
            .extend(patterns.map(|pattern| Pattern::parse(pattern.as_ref())));
        self
    }

    /// Calls `redact` with the whole content, which it changes.
    ///
    /// For spans, that is a list of messages in the format of OpenTelemetry's conventions; for debug
    /// output, the body of a request or a response. `redact` must not block.
    #[inline]
    pub fn callback(mut self, redact: impl Fn(&mut Value) + Send + Sync + 'static) -> Self {
        self.callbacks.push(Arc::new(redact));
        self
    }

    /// Redacts `content`.
    #[inline]
    pub fn apply(&self, content: &mut Value) {
        self.apply_to_value(content);
        for redact in &self.callbacks {
            redact(content);
        }
    }

    // Depth: a `Value` that was parsed, here as elsewhere, is at most 128 levels deep.
    #[inline]
    fn apply_to_value(&self, value: &mut Value) {
        match value {
            Value::Object(fields) => {
                for (name, value) in fields {
                    if self.keys.iter().any(|key| key.eq_ignore_ascii_case(name)) {
                        *value = Value::from(MASK);
                    } else {
                        self.apply_to_value(value);
                    }
                }
            }
            Value::Array(values) => values
                .iter_mut()
                .for_each(|value| self.apply_to_value(value)),
            Value::String(text) => self.apply_to_text(text),
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    #[inline]
    fn apply_to_text(&self, text: &mut String) {
        if !self.keys.is_empty()
            && text.trim_start().starts_with(['{', '['])
            && let Ok(mut json) = serde_json::from_str::<Value>(text)
        {
            let before = json.clone();
            self.apply_to_value(&mut json);
            if json != before {
                *text = json.to_string();
            }
            return;
        }
        for pattern in &self.patterns {
            if let Some(redacted) = pattern.replace(text, MASK) {
                *text = redacted;
            }
        }
    }
}

impl fmt::Debug for Redaction {
    #[inline]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Redaction")
            .field("keys", &self.keys)
            .field("patterns", &self.patterns.len())
            .field("callbacks", &self.callbacks.len())
            .finish()
    }
}

/// The redaction of a client, if it has one.
///
/// A function, so that a program without a redaction does not contain the code of [`Redaction`].
#[derive(Clone, Default)]
pub(crate) struct RedactContent(Option<Callback>);

impl RedactContent {
    #[inline]
    pub(crate) fn new(redaction: Redaction) -> Self {
        Self(Some(Arc::new(move |content| redaction.apply(content))))
    }

    #[inline]
    pub(crate) fn is_set(&self) -> bool {
        self.0.is_some()
    }

    #[inline]
    pub(crate) fn apply(&self, content: &mut Value) {
        if let Some(redact) = &self.0 {
            redact(content);
        }
    }

    /// Returns a redacted JSON text, or `None` if it is not JSON.
    #[inline]
    pub(crate) fn json(&self, text: &[u8]) -> Option<String> {
        let mut content = serde_json::from_slice(text).ok()?;
        self.apply(&mut content);
        Some(content.to_string())
    }
}

impl fmt::Debug for RedactContent {
    #[inline]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.is_set() { "Some(..)" } else { "None" })
    }
}

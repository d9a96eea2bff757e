//! Settings of what a client reports.

use http::HeaderMap;
use serde_json::Value;

use super::ClientBuilder;
use crate::pipeline::telemetry::{CallEnd, CaptureContent, OnCallEnd, Propagate};
use crate::redact::{RedactContent, Redaction};
use crate::retry::{OnRetry, RetryEvent};

impl ClientBuilder {
    /// Calls `listener` before every retry and its delay, for example to inform the user or to
    /// count retries. `listener` must not block.
    ///
    /// The attempt with new credentials after a `401` is not reported, and neither is a failure that is
    /// not retried. [`on_call_end`](Self::on_call_end) reports the latter with its error, for which
    /// [`is_retry_quota_exhausted`](crate::Error::is_retry_quota_exhausted) may return `true`.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # use std::sync::{Arc, atomic::{AtomicU32, Ordering}};
    /// # use std::time::Duration;
    /// # let minute = Duration::from_secs(60);
    /// # let no_delay = mistral_sdk::RetryPolicy::backoff(Duration::ZERO, Duration::ZERO, 1.0, minute);
    /// # let emulator = mistral_emulator::Emulator::builder()
    /// #     .fault(mistral_emulator::Fault::status(503).times(2))
    /// #     .start()?;
    /// # let reported = Arc::new(AtomicU32::new(0));
    /// # let count = Arc::clone(&reported);
    /// # let api = mistral_sdk::MistralApi::new(emulator.api_key())?.base_url(emulator.url())?;
    /// use mistral_sdk::Client;
    ///
    /// let client = Client::builder(api)
    ///     # .retry(no_delay)
    ///     .on_retry(move |retry| {
    ///         # count.fetch_add(retry.attempt, Ordering::Relaxed);
    ///         eprintln!("{}: retrying in {:?}: {}", retry.operation, retry.delay, retry.reason);
    ///     })
    ///     .build()?;
    /// client.models().list().await?;
    /// # assert_eq!(reported.load(Ordering::Relaxed), 1 + 2);
    /// # Ok(()) }
    /// ```
    pub fn on_retry(mut self, listener: impl Fn(&RetryEvent<'_>) + Send + Sync + 'static) -> Self {
        self.on_retry = OnRetry::new(listener);
        self
    }

    /// Calls `hook` before every attempt to add headers that propagate the trace context, such as
    /// `traceparent`. The span of the call is entered, if it is enabled.
    ///
    /// The map is empty. Credentials, and headers that are set on the call, take precedence over
    /// those of the hook. `hook` must not block.
    ///
    /// ```
    /// # fn main() -> mistral_sdk::Result<()> {
    /// use http::HeaderValue;
    /// use mistral_sdk::{Client, MistralApi};
    ///
    /// let client = Client::builder(MistralApi::new("my-key")?)
    ///     .propagate(|headers| {
    ///         if let Some(id) = tracing::Span::current().id() {
    ///             headers.insert("x-span", HeaderValue::from(id.into_u64()));
    ///         }
    ///     })
    ///     .build()?;
    /// # let _ = client;
    /// # Ok(()) }
    /// ```
    ///
    /// `examples/traces.rs` propagates the context of OpenTelemetry.
    pub fn propagate(mut self, hook: impl Fn(&mut HeaderMap) + Send + Sync + 'static) -> Self {
        self.propagate = Propagate::new(hook);
        self
    }

    /// Records the messages of requests and responses in the spans of calls, after `redact` has
    /// removed what must not be recorded. Default: spans have no message content.
    ///
    /// `redact` receives the messages in the format of OpenTelemetry's semantic conventions: a list
    /// of objects with a `role` and a list of `parts`.
    ///
    /// ```
    /// # fn main() -> mistral_sdk::Result<()> {
    /// use mistral_sdk::{Client, MistralApi};
    /// use serde_json::Value;
    ///
    /// let client = Client::builder(MistralApi::new("my-key")?)
    ///     .capture_content(|messages| {
    ///         for message in messages.as_array_mut().into_iter().flatten() {
    ///             if message["role"] == "system" {
    ///                 message["parts"] = Value::Null;
    ///             }
    ///         }
    ///     })
    ///     .build()?;
    /// # let _ = client;
    /// # Ok(()) }
    /// ```
    pub fn capture_content(mut self, redact: impl Fn(&mut Value) + Send + Sync + 'static) -> Self {
        self.capture = CaptureContent::new(redact);
        self
    }

    /// Sets the redaction of recorded content: of the messages in spans, if
    /// [`capture_content`](Self::capture_content) turns those on, and of the bodies that
    /// `MISTRAL_DEBUG` prints. Default: none.
    ///
    /// Messages are redacted after the function of `capture_content`. Bodies are printed only if they
    /// are complete JSON, because a pattern would not match text that is split over events of a
    /// stream. Responses of more than 8 KiB are not complete.
    ///
    /// ```
    /// # fn main() -> mistral_sdk::Result<()> {
    /// use mistral_sdk::telemetry::Redaction;
    /// use mistral_sdk::{Client, MistralApi};
    ///
    /// let redaction = Redaction::new()
    ///     .keys(["password", "iban"]) // fields of tool arguments and of JSON in texts
    ///     .patterns(["*@*.*", "sk-*"]); // email addresses, keys
    /// let client = Client::builder(MistralApi::new("my-key")?)
    ///     .capture_content(|_| {})
    ///     .redact_content(redaction)
    ///     .build()?;
    /// # let _ = client;
    /// # Ok(()) }
    /// ```
    pub fn redact_content(mut self, redaction: Redaction) -> Self {
        self.redaction = RedactContent::new(redaction);
        self
    }

    /// Calls `listener` when a call has ended: completed, failed or cancelled. Default: none.
    ///
    /// A call ends once, whatever the number of its attempts: with its response, with its error, or
    /// when its future is dropped. A stream ends when it has been read to its end, fails or is
    /// dropped. A call with an invalid option or parameter fails without being reported.
    ///
    /// `listener` runs within the span of the call, on the thread that polls or drops it. It must not
    /// block and must not panic.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let emulator = mistral_emulator::Emulator::start()?;
    /// # let api = mistral_sdk::MistralApi::new(emulator.api_key())?.base_url(emulator.url())?;
    /// use std::sync::Arc;
    /// use std::sync::atomic::{AtomicI64, Ordering};
    /// use mistral_sdk::Client;
    /// use mistral_sdk::chat::ChatCompletionRequest;
    ///
    /// let total = Arc::new(AtomicI64::new(0));
    /// let count = Arc::clone(&total);
    /// let client = Client::builder(api)
    ///     .on_call_end(move |call| {
    ///         let tokens = call.usage.map_or(0, |usage| usage.total_tokens);
    ///         count.fetch_add(tokens, Ordering::Relaxed);
    ///         println!("{} {:?} {tokens}", call.operation, call.duration);
    ///     })
    ///     .build()?;
    /// let request = ChatCompletionRequest::new("mistral-small-latest", "Hello");
    /// client.chat().complete(&request).await?;
    /// assert!(total.load(Ordering::Relaxed) > 0);
    /// # Ok(()) }
    /// ```
    ///
    /// With the feature `opentelemetry`, `telemetry::GenAiMetrics` records the metrics of
    /// OpenTelemetry's conventions for generative AI.
    pub fn on_call_end(mut self, listener: impl Fn(&CallEnd<'_>) + Send + Sync + 'static) -> Self {
        self.on_call_end = OnCallEnd::new(listener);
        self
    }
}

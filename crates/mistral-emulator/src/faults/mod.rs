//! Faults on demand: error responses, delays, and stalled, cut or closed connections.

pub(crate) mod filter;
pub(crate) mod header;
pub(crate) mod inject;
mod json;
pub(crate) mod queue;
mod scripted;

use std::time::Duration;

use self::filter::RequestFilter;

/// A fault that the server injects into a response.
///
/// A fault without settings has no effect. Settings combine: a fault with a delay and a status
/// first waits and then responds with the status.
///
/// ```
/// use std::time::Duration;
/// use mistral_emulator::Fault;
///
/// let overloaded = Fault::status(503).with_delay(Duration::from_millis(20)).times(2);
/// let rate_limited = Fault::status(429).with_header("retry-after", "1");
/// # assert_ne!(overloaded, rate_limited);
/// ```
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Fault {
    status: Option<u16>,
    body: Option<String>,
    headers: Vec<(String, String)>,
    pub(crate) delay: Option<Duration>,
    pub(crate) stall_after_events: Option<usize>,
    pub(crate) cut_after_bytes: Option<usize>,
    pub(crate) close: bool,
    /// The delay between the events of a stream.
    pub(crate) token_delay: Option<Duration>,
    /// The number of requests that are left; [`ALWAYS`] is not counted down.
    pub(crate) times: u32,
    pub(crate) filter: RequestFilter,
}

/// The number of times of a fault or a reply that applies until it is deleted.
pub(crate) const ALWAYS: u32 = u32::MAX;

impl Default for Fault {
    /// Creates a fault that applies to one request and has no effect yet.
    fn default() -> Self {
        Self {
            status: None,
            body: None,
            headers: Vec::new(),
            delay: None,
            stall_after_events: None,
            cut_after_bytes: None,
            close: false,
            token_delay: None,
            times: 1,
            filter: RequestFilter::default(),
        }
    }
}

impl Fault {
    /// Responds with a status instead of serving the request.
    ///
    /// The body is that of the real server for the status, unless [`with_body`](Self::with_body)
    /// sets another. The status must be from 200 to 999. Otherwise the response is a 400 with the
    /// reason.
    #[must_use]
    pub fn status(status: u16) -> Self {
        Self::default().with_status(status)
    }

    /// Delays the first byte of the response. Default: no delay.
    #[must_use]
    pub fn delay(delay: Duration) -> Self {
        Self::default().with_delay(delay)
    }

    /// Sends a number of events of a stream, then keeps the connection open and idle.
    ///
    /// A response that is not a stream counts as one event.
    #[must_use]
    pub fn stall_after_events(events: usize) -> Self {
        Self::default().with_stall_after_events(events)
    }

    /// Sends a number of bytes of the body, then drops the connection.
    ///
    /// The headers declare the complete body. If the body is not longer, all of it is sent, and
    /// the connection is dropped before the body ends. Over HTTP/2 the stream is reset.
    #[must_use]
    pub fn cut_after_bytes(bytes: usize) -> Self {
        Self::default().with_cut_after_bytes(bytes)
    }

    /// Closes the connection without a response.
    #[must_use]
    pub fn close() -> Self {
        Self::default().with_close()
    }

    /// Responds with a status instead of serving the request; see [`Fault::status`].
    #[must_use]
    pub fn with_status(mut self, status: u16) -> Self {
        self.status = Some(status);
        self
    }

    /// Responds with a body instead of serving the request.
    ///
    /// The default status is 200. The content type is `application/json` unless
    /// [`with_header`](Self::with_header) sets another.
    #[must_use]
    pub fn with_body(mut self, body: impl Into<String>) -> Self {
        self.body = Some(body.into());
        self
    }

    /// Adds a header to the response, which replaces the server's own header of that name.
    ///
    /// A header that is added twice is sent twice. A fault that has headers but neither a status
    /// nor a body lets the server serve the request and adds the headers to its response.
    #[must_use]
    pub fn with_header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// Delays the first byte of the response; see [`Fault::delay`].
    #[must_use]
    pub fn with_delay(mut self, delay: Duration) -> Self {
        self.delay = Some(delay);
        self
    }

    /// Stalls the response after a number of events; see [`Fault::stall_after_events`].
    #[must_use]
    pub fn with_stall_after_events(mut self, events: usize) -> Self {
        self.stall_after_events = Some(events);
        self
    }

    /// Drops the connection after a number of bytes; see [`Fault::cut_after_bytes`].
    #[must_use]
    pub fn with_cut_after_bytes(mut self, bytes: usize) -> Self {
        self.cut_after_bytes = Some(bytes);
        self
    }

    /// Closes the connection without a response; see [`Fault::close`].
    #[must_use]
    pub fn with_close(mut self) -> Self {
        self.close = true;
        self
    }

    /// Delays each event of a stream but the first. Default: no delay.
    #[must_use]
    pub fn with_token_delay(mut self, delay: Duration) -> Self {
        self.token_delay = Some(delay);
        self
    }

    /// Sets the number of requests that a queued fault applies to. Default: 1.
    ///
    /// A fault in a request header applies only to that request.
    #[must_use]
    pub fn times(mut self, times: u32) -> Self {
        self.times = times;
        self
    }

    /// Applies the fault to all requests until [`Emulator::reset`](crate::Emulator::reset).
    #[must_use]
    pub fn always(self) -> Self {
        self.times(ALWAYS)
    }

    /// Restricts a queued fault to an operation, such as `chat.stream`, or to a group of
    /// operations, such as `chat`. Names are those of the official SDKs. A fault on a name that is
    /// none of these never applies. Default: any request.
    ///
    /// ```
    /// use mistral_emulator::{Emulator, Fault};
    ///
    /// let emulator = Emulator::start()?;
    /// emulator.push_fault(Fault::status(503).on("chat.stream").times(2));
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[must_use]
    pub fn on(mut self, operation: impl Into<String>) -> Self {
        self.filter.operation = Some(operation.into());
        self
    }

    /// Restricts a queued fault to requests for a model or deployment. Default: any.
    #[must_use]
    pub fn on_model(mut self, model: impl Into<String>) -> Self {
        self.filter.model = Some(model.into());
        self
    }

    /// Restricts a queued fault to requests whose last message contains the text, or whose body
    /// does if it has no messages. Default: any.
    #[must_use]
    pub fn on_text(mut self, text: impl Into<String>) -> Self {
        self.filter.text = Some(text.into());
        self
    }

    /// Restricts a queued fault to requests that offer a tool of this name. Default: any.
    #[must_use]
    pub fn on_tool(mut self, name: impl Into<String>) -> Self {
        self.filter.tool = Some(name.into());
        self
    }

    /// Restricts a queued fault to requests with this path. Default: any.
    #[must_use]
    pub fn on_path(mut self, path: impl Into<String>) -> Self {
        self.filter.path = Some(path.into());
        self
    }
}

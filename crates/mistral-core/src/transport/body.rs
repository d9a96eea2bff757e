use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Bytes, BytesMut};
use futures_core::Stream;

use super::TransportError;

type BytesStream = Pin<Box<dyn Stream<Item = Result<Bytes, TransportError>> + Send>>;

/// The body of an HTTP request or response: bytes in memory, or a stream of bytes.
///
/// ```
/// # tokio::runtime::Builder::new_current_thread().build()?.block_on(async {
/// use mistral_sdk::transport::Body;
///
/// let body = Body::from("hello");
/// assert_eq!(body.content_length(), Some(5));
/// assert_eq!(body.collect().await?, "hello");
/// # Ok::<_, mistral_sdk::transport::TransportError>(()) })?;
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// ```
pub struct Body {
    content: BodyContent,
    length: Option<u64>,
}

enum BodyContent {
    Full(Bytes),
    Stream(BytesStream),
}

impl Body {
    /// Creates a body without bytes.
    pub fn empty() -> Self {
        Bytes::new().into()
    }

    /// Creates a body from a stream of chunks. Its length is unknown.
    pub fn from_stream(
        stream: impl Stream<Item = Result<Bytes, TransportError>> + Send + 'static,
    ) -> Self {
        Self {
            content: BodyContent::Stream(Box::pin(stream)),
            length: None,
        }
    }

    /// Sets the length of the stream in bytes, which is sent as `content-length`.
    ///
    /// Has no effect on a body in memory.
    #[must_use]
    pub fn with_content_length(mut self, length: u64) -> Self {
        if let BodyContent::Stream(_) = self.content {
            self.length = Some(length);
        }
        self
    }

    /// Returns the number of bytes that have not been read yet, if it is known.
    pub fn content_length(&self) -> Option<u64> {
        match &self.content {
            BodyContent::Full(bytes) => Some(bytes.len() as u64),
            BodyContent::Stream(_) => self.length,
        }
    }

    /// Returns the bytes of a body in memory.
    ///
    /// # Errors
    /// Returns the body itself if it is a stream.
    pub fn into_bytes(self) -> Result<Bytes, Self> {
        match self.content {
            BodyContent::Full(bytes) => Ok(bytes),
            BodyContent::Stream(_) => Err(self),
        }
    }

    /// Returns the bytes of a body in memory.
    pub(crate) fn bytes(&self) -> Option<&[u8]> {
        match &self.content {
            BodyContent::Full(bytes) => Some(bytes),
            BodyContent::Stream(_) => None,
        }
    }

    /// Reads the whole body into memory.
    ///
    /// # Errors
    /// Fails when the stream fails, for example because the connection broke.
    pub async fn collect(mut self) -> Result<Bytes, TransportError> {
        self.fill().await?;
        Ok(self.into_bytes().unwrap_or_default())
    }

    async fn fill(&mut self) -> Result<(), TransportError> {
        if let BodyContent::Full(_) = self.content {
            return Ok(());
        }
        let mut collector = BodyCollector::new(self);
        while let Some(chunk) = self.chunk().await {
            collector.push(chunk?);
        }
        *self = collector.into_bytes().into();
        Ok(())
    }

    /// Calls `observe` with the length of each chunk.
    pub(crate) fn on_chunk(self, observe: impl FnMut(usize) + Send + Unpin + 'static) -> Self {
        struct Observed<F>(Body, F);

        impl<F: FnMut(usize) + Unpin> Stream for Observed<F> {
            type Item = Result<Bytes, TransportError>;

            fn poll_next(
                mut self: Pin<&mut Self>,
                cx: &mut Context<'_>,
            ) -> Poll<Option<Self::Item>> {
                let item = ready!(Pin::new(&mut self.0).poll_next(cx));
                if let Some(Ok(bytes)) = &item {
                    (self.1)(bytes.len());
                }
                Poll::Ready(item)
            }
        }

        let length = self.content_length();
        let observed = Self::from_stream(Observed(self, observe));
        match length {
            Some(length) => observed.with_content_length(length),
            None => observed,
        }
    }

    /// Puts bytes that were already read back at the start.
    pub(crate) fn unread(&mut self, first: Bytes) {
        struct Unread(Option<Bytes>, Body);

        impl Stream for Unread {
            type Item = Result<Bytes, TransportError>;

            fn poll_next(
                mut self: Pin<&mut Self>,
                cx: &mut Context<'_>,
            ) -> Poll<Option<Self::Item>> {
                match self.0.take() {
                    Some(first) => Poll::Ready(Some(Ok(first))),
                    None => Pin::new(&mut self.1).poll_next(cx),
                }
            }
        }

        let rest = std::mem::take(self);
        let length = rest.length;
        *self = Self::from_stream(Unread(Some(first), rest));
        self.length = length;
    }

    /// Returns the next chunk, or `None` at the end.
    pub(crate) async fn chunk(&mut self) -> Option<Result<Bytes, TransportError>> {
        poll_fn(|cx| Pin::new(&mut *self).poll_next(cx)).await
    }
}

/// The largest buffer that is allocated on the word of a `content-length`, in bytes.
const MAX_PREALLOCATION: u64 = 16 * 1024 * 1024;

/// Collects the chunks of a body into one buffer.
pub(crate) struct BodyCollector {
    buffer: BytesMut,
    /// The first chunk, which usually is the whole body.
    first: Bytes,
    expected: u64,
}

impl BodyCollector {
    pub(crate) fn new(body: &Body) -> Self {
        Self {
            buffer: BytesMut::new(),
            first: Bytes::new(),
            expected: body
                .content_length()
                .unwrap_or_default()
                .min(MAX_PREALLOCATION),
        }
    }

    pub(crate) fn push(&mut self, chunk: Bytes) {
        if self.buffer.is_empty() {
            if self.first.is_empty() && chunk.len() as u64 >= self.expected {
                self.first = chunk;
                return;
            }
            let capacity = usize::try_from(self.expected).unwrap_or_default();
            self.buffer.reserve(capacity);
            self.buffer.extend_from_slice(&self.first);
            self.first = Bytes::new();
        }
        // Copied now, so that the connection can reuse the chunk's memory for the next one.
        self.buffer.extend_from_slice(&chunk);
    }

    pub(crate) fn into_bytes(self) -> Bytes {
        if self.buffer.is_empty() {
            return self.first; // one chunk, the usual case: nothing is copied
        }
        self.buffer.freeze()
    }
}

impl Stream for Body {
    type Item = Result<Bytes, TransportError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        match &mut self.content {
            BodyContent::Full(bytes) => {
                let bytes = std::mem::take(bytes);
                Poll::Ready((!bytes.is_empty()).then_some(Ok(bytes)))
            }
            BodyContent::Stream(stream) => stream.as_mut().poll_next(cx),
        }
    }
}

impl Default for Body {
    fn default() -> Self {
        Self::empty()
    }
}

impl<T: Into<Bytes>> From<T> for Body {
    fn from(bytes: T) -> Self {
        Self {
            content: BodyContent::Full(bytes.into()),
            length: None,
        }
    }
}

/// Writes the number of bytes, never the bytes.
impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.content {
            BodyContent::Full(bytes) => write!(f, "Body({} bytes)", bytes.len()),
            BodyContent::Stream(_) => f.write_str("Body(stream)"),
        }
    }
}

//! The transport that encodes and decodes payloads.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use futures_core::Stream;
use mistral_core::async_trait;
use mistral_core::bytes::Bytes;
use mistral_core::http::{self, Request, Response};
use mistral_core::sse::SseDecoder;
use mistral_core::transport::{
    Body, RequestContext, Transport, TransportError, TransportErrorKind, UpgradeResponse,
};

use super::requests::Payload;
use super::responses::Payloads;
use super::{EncodingError, WorkflowEncoding};

/// The largest response that is decoded, in bytes.
const MAX_RESPONSE_SIZE: usize = 256 * 1024 * 1024;
/// The largest event that is decoded, in bytes.
const MAX_EVENT_SIZE: usize = 16 * 1024 * 1024;

/// A transport that encodes and decodes the payloads of workflows. Created by
/// [`WorkflowEncoding::around`].
///
/// Other requests and responses pass unchanged.
#[derive(Debug)]
pub struct EncodedTransport<T> {
    inner: T,
    encoding: Arc<WorkflowEncoding>,
}

impl<T: Transport> EncodedTransport<T> {
    pub(super) fn new(inner: T, encoding: Arc<WorkflowEncoding>) -> Self {
        Self { inner, encoding }
    }

    async fn encode(&self, request: Request<Body>) -> Result<Request<Body>, TransportError> {
        let context = request.extensions().get::<RequestContext>();
        let Some(payload) = context.and_then(|context| Payload::of(context.name())) else {
            return Ok(request);
        };
        let (parts, body) = request.into_parts();
        let body = body.collect().await?;
        let encoding = &self.encoding;
        let encoded = encoding.encode_request(payload, parts.uri.path(), &body);
        let encoded = encoded
            .await
            .map_err(|error| failure(TransportErrorKind::Config, error))?;
        let body = encoded.map_or(body, Bytes::from);
        Ok(Request::from_parts(parts, body.into()))
    }
}

#[async_trait]
impl<T: Transport> Transport for EncodedTransport<T> {
    async fn send(&self, request: Request<Body>) -> Result<Response<Body>, TransportError> {
        let context = request.extensions().get::<RequestContext>();
        let payloads = context.and_then(|context| Payloads::of(context.name()));
        let request = self.encode(request).await?;
        let response = self.inner.send(request).await?;
        let Some(payloads) = payloads.filter(|_| response.status().is_success()) else {
            return Ok(response);
        };
        let (mut parts, body) = response.into_parts();
        parts.headers.remove(http::header::CONTENT_LENGTH);
        let encoding = Arc::clone(&self.encoding);
        let body = match payloads {
            Payloads::EventStream => Body::from_stream(Decoded::new(EventReader {
                encoding,
                body,
                buffer: Vec::new(),
            })),
            payloads => Body::from_stream(Decoded::new(ResponseReader {
                encoding,
                payloads,
                body: Some(body),
            })),
        };
        Ok(Response::from_parts(parts, body))
    }

    async fn upgrade(&self, request: Request<()>) -> Result<UpgradeResponse, TransportError> {
        self.inner.upgrade(request).await
    }
}

#[cold]
fn failure(kind: TransportErrorKind, error: EncodingError) -> TransportError {
    TransportError::new(kind, error)
}

fn undecodable(error: EncodingError) -> TransportError {
    failure(TransportErrorKind::Decode, error)
}

type Item = Result<Bytes, TransportError>;

/// A source of the chunks of a decoded body.
trait Reader: Send + Sized + 'static {
    /// Reads the next chunk. `None` at the end.
    fn read(self) -> impl Future<Output = Option<(Item, Self)>> + Send;
}

/// The stream of the chunks of a [`Reader`].
struct Decoded<R> {
    reader: Option<R>,
    reading: Option<Reading<R>>,
}

type Reading<R> = Pin<Box<dyn Future<Output = Option<(Item, R)>> + Send>>;

impl<R: Reader> Decoded<R> {
    fn new(reader: R) -> Self {
        Self {
            reader: Some(reader),
            reading: None,
        }
    }
}

impl<R: Reader + Unpin> Stream for Decoded<R> {
    type Item = Item;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Item>> {
        let this = &mut *self;
        if let Some(reader) = this.reader.take() {
            this.reading = Some(Box::pin(reader.read()));
        }
        let Some(reading) = &mut this.reading else {
            return Poll::Ready(None);
        };
        let read = ready!(reading.as_mut().poll(cx));
        this.reading = None;
        let Some((item, reader)) = read else {
            return Poll::Ready(None);
        };
        this.reader = item.is_ok().then_some(reader);
        Poll::Ready(Some(item))
    }
}

async fn next_chunk(body: &mut Body) -> Option<Item> {
    std::future::poll_fn(|cx| Pin::new(&mut *body).poll_next(cx)).await
}

/// Reads a response to its end, and decodes it.
struct ResponseReader {
    encoding: Arc<WorkflowEncoding>,
    payloads: Payloads,
    body: Option<Body>,
}

async fn decode_response(encoding: &WorkflowEncoding, payloads: Payloads, mut body: Body) -> Item {
    let mut json = Vec::new();
    while let Some(chunk) = next_chunk(&mut body).await {
        json.extend_from_slice(&chunk?);
        if json.len() > MAX_RESPONSE_SIZE {
            let message = format!("the response is larger than {MAX_RESPONSE_SIZE} bytes");
            return Err(undecodable(EncodingError::new(message)));
        }
    }
    let decoded = encoding.decode_response(payloads, &json).await;
    Ok(decoded.map_err(undecodable)?.unwrap_or(json).into())
}

impl Reader for ResponseReader {
    async fn read(mut self) -> Option<(Item, Self)> {
        let body = self.body.take()?;
        let decoded = decode_response(&self.encoding, self.payloads, body).await;
        Some((decoded, self))
    }
}

/// Reads a stream of server-sent events, and decodes every one that has a payload. All else passes
/// byte by byte, comments and an event that is cut off included.
struct EventReader {
    encoding: Arc<WorkflowEncoding>,
    body: Body,
    /// The bytes that were read since the end of the last event.
    buffer: Vec<u8>,
}

async fn decode_frame(encoding: &WorkflowEncoding, frame: Vec<u8>) -> Item {
    let is_encoded = contains(&frame, b"encoding_options");
    if !is_encoded {
        return Ok(frame.into());
    }
    let mut decoder = SseDecoder::new().max_event_size(MAX_EVENT_SIZE);
    decoder.push(frame.clone());
    let (event_type, id, data) = match decoder.next_event() {
        Ok(Some(event)) => (
            event.event_type.to_owned(),
            event.last_event_id.to_owned(),
            event.data.into_owned(),
        ),
        _ => return Ok(frame.into()),
    };
    let decoded = encoding.decode_response(Payloads::EventStream, data.as_bytes());
    let Some(json) = decoded.await.map_err(undecodable)? else {
        return Ok(frame.into());
    };
    let mut decoded = format!("event: {event_type}\n").into_bytes();
    if !id.is_empty() {
        decoded.extend_from_slice(format!("id: {id}\n").as_bytes());
    }
    decoded.extend_from_slice(b"data: ");
    decoded.extend_from_slice(&json); // has no line breaks
    decoded.extend_from_slice(b"\n\n");
    Ok(decoded.into())
}
impl Reader for EventReader {
    async fn read(mut self) -> Option<(Item, Self)> {
        let mut searched = 0;
        loop {
            if let Some(end) = frame_end(&self.buffer, searched) {
                let rest = self.buffer.split_off(end);
                let frame = std::mem::replace(&mut self.buffer, rest);
                let decoded = decode_frame(&self.encoding, frame).await;
                return Some((decoded, self));
            }
            searched = self.buffer.len().saturating_sub(3);
            if searched > MAX_EVENT_SIZE {
                // Too large to be decoded: the client's own limit applies.
                let start = std::mem::take(&mut self.buffer);
                return Some((Ok(start.into()), self));
            }
            match next_chunk(&mut self.body).await {
                Some(Ok(chunk)) => self.buffer.extend_from_slice(&chunk),
                Some(Err(error)) => return Some((Err(error), self)),
                None if self.buffer.is_empty() => return None,
                None => {
                    let rest = std::mem::take(&mut self.buffer);
                    return Some((Ok(rest.into()), self));
                }
            }
        }
    }
}

/// Returns the position after the first blank line that ends at `start` or later.
fn frame_end(text: &[u8], start: usize) -> Option<usize> {
    let rest = text.get(start..)?;
    let ends = [&b"\n\n"[..], b"\r\n\r\n", b"\n\r\n", b"\r\r"];
    let found = ends.iter().filter_map(|end| {
        let position = rest.windows(end.len()).position(|window| window == *end)?;
        Some(start + position + end.len())
    });
    found.min()
}

fn contains(text: &[u8], part: &[u8]) -> bool {
    text.windows(part.len()).any(|window| window == part)
}

//! Splitting many texts into chunks, each of which is embedded by one call.

use std::collections::VecDeque;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};

use super::{
    Embedding, EmbeddingInput, EmbeddingRequest, EmbeddingResponse, EmbeddingResponseData,
    Embeddings,
};
use crate::call::Call;
use crate::call::input_stream::InputStream;
use crate::call::response::Response;
use crate::error::{Error, ErrorKind, Result};
use crate::messages::UsageInfo;

/// The initial limit of a chunk. Above what the API accepts in one call; it bounds memory
/// usage if texts are long.
const MAX_BYTES_PER_CALL: usize = 1024 * 1024;

pub(super) type EmbeddingCallOptions =
    Arc<dyn Fn(Call<EmbeddingResponse>) -> Call<EmbeddingResponse> + Send + Sync>;

/// The limits of a chunk, lowered when the server rejects one as too large.
pub(super) struct ChunkLimits {
    inputs: AtomicUsize,
    bytes: AtomicUsize,
}

impl ChunkLimits {
    pub(super) fn new(inputs: usize) -> Self {
        Self {
            inputs: AtomicUsize::new(inputs),
            bytes: AtomicUsize::new(MAX_BYTES_PER_CALL),
        }
    }

    /// Lowers the exceeded limit to half of the rejected chunk.
    ///
    /// The server counts tokens, which bytes approximate. A rejected chunk exceeds the server's
    /// limit, so half of it is at least half of that limit: the limits settle where few chunks
    /// are rejected and none is tiny.
    fn shrink(&self, rejection: &Error, texts: &[String]) {
        if rejection.is_too_many_inputs() {
            let half = texts.len().div_ceil(2);
            self.inputs.fetch_min(half, Ordering::Relaxed);
        } else {
            let bytes: usize = texts.iter().map(String::len).sum();
            self.bytes.fetch_min(bytes.div_ceil(2), Ordering::Relaxed);
        }
    }
}

/// Groups the texts of an input stream into chunks.
pub(super) struct TextChunker<'a> {
    /// `None` once the input has ended.
    source: Option<InputStream<'a, String>>,
    /// The error that ended the input.
    error: Option<Error>,
    chunk: Vec<String>,
    bytes: usize,
    /// The text that exceeded the limit of the previous chunk.
    carried_over: Option<String>,
}

impl<'a> TextChunker<'a> {
    pub(super) fn new(source: InputStream<'a, String>) -> Self {
        Self {
            source: Some(source),
            error: None,
            chunk: Vec::new(),
            bytes: 0,
            carried_over: None,
        }
    }

    /// Polls for the texts of the next chunk.
    ///
    /// Every chunk but the last one is full, unless `allow_partial` is set and the input is
    /// pending.
    pub(super) fn poll_chunk(
        &mut self,
        limits: &ChunkLimits,
        allow_partial: bool,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Vec<String>>>> {
        let (inputs, bytes) = (&limits.inputs, &limits.bytes);
        while self.chunk.len() < inputs.load(Ordering::Relaxed) {
            let text = match self.carried_over.take() {
                Some(text) => text,
                None => match self.poll_text(cx) {
                    Poll::Ready(Some(text)) => text,
                    Poll::Ready(None) if self.chunk.is_empty() => {
                        return Poll::Ready(self.error.take().map(Err));
                    }
                    Poll::Pending if !allow_partial || self.chunk.is_empty() => {
                        return Poll::Pending;
                    }
                    Poll::Ready(None) | Poll::Pending => break,
                },
            };
            let grown = self.bytes + text.len();
            if grown > bytes.load(Ordering::Relaxed) && !self.chunk.is_empty() {
                self.carried_over = Some(text);
                break;
            }
            self.bytes = grown;
            self.chunk.push(text);
        }
        self.bytes = 0;
        Poll::Ready(Some(Ok(std::mem::take(&mut self.chunk))))
    }

    fn poll_text(&mut self, cx: &mut Context<'_>) -> Poll<Option<String>> {
        let Some(source) = &mut self.source else {
            return Poll::Ready(None);
        };
        match source.as_mut().poll_next(cx) {
            Poll::Ready(Some(Ok(text))) => return Poll::Ready(Some(text)),
            Poll::Ready(Some(Err(error))) => {
                let what = "the texts to embed cannot be read";
                self.error = Some(Error::io(what, error));
            }
            Poll::Ready(None) => {}
            Poll::Pending => return Poll::Pending,
        }
        self.source = None;
        Poll::Ready(None)
    }
}

/// A chunk whose vectors have been requested or received.
pub(super) enum EmbeddingChunk {
    InFlight(Pin<Box<dyn Future<Output = ChunkResult> + Send>>),
    Done(Box<ChunkResult>),
}

/// The result of a chunk: the vectors of its texts, up to the error.
#[derive(Default)]
pub(super) struct ChunkResult {
    pub(super) vectors: Vec<Embedding>,
    pub(super) usage: UsageInfo,
    pub(super) model: Option<String>,
    pub(super) error: Option<Error>,
}

/// Polls all calls in flight. Returns whether any has completed.
pub(super) fn poll_chunks(chunks: &mut VecDeque<EmbeddingChunk>, cx: &mut Context<'_>) -> bool {
    let mut any_finished = false;
    for chunk in chunks {
        if let EmbeddingChunk::InFlight(in_flight) = chunk
            && let Poll::Ready(done) = in_flight.as_mut().poll(cx)
        {
            *chunk = EmbeddingChunk::Done(Box::new(done));
            any_finished = true;
        }
    }
    any_finished
}

/// Sends the calls that embed a chunk.
pub(super) struct ChunkEmbedder {
    pub(super) embeddings: Embeddings,
    /// The request of every call, without its texts.
    pub(super) request: EmbeddingRequest,
    pub(super) call_options: Option<EmbeddingCallOptions>,
    pub(super) limits: Arc<ChunkLimits>,
}

impl ChunkEmbedder {
    /// Embeds `texts`, the first of which has the index `first`. Texts that the server rejects
    /// as too large for one call are split in half.
    pub(super) async fn embed(mut self, first: usize, texts: Vec<String>) -> ChunkResult {
        let mut done = ChunkResult::default();
        let mut queue = vec![texts]; // a stack: the last entry is next
        while let Some(mut texts) = queue.pop() {
            match self.create(&mut texts).await {
                Ok(response) => done.add(response),
                Err(error) if error.is_list_too_large() && texts.len() > 1 => {
                    self.limits.shrink(&error, &texts);
                    queue.push(texts.split_off(texts.len() / 2));
                    queue.push(texts);
                }
                Err(error) => {
                    let from = first + done.vectors.len();
                    done.error = Some(match texts.len() {
                        1 => error.with_context(format_args!("text {from}")),
                        more => {
                            error.with_context(format_args!("texts {from} to {}", from + more - 1))
                        }
                    });
                    return done;
                }
            }
        }
        done
    }

    async fn create(&mut self, texts: &mut Vec<String>) -> Result<EmbeddingResponse> {
        let count = texts.len();
        self.request.input = EmbeddingInput::Texts(std::mem::take(texts));
        let mut call = self.embeddings.create(&self.request);
        if let EmbeddingInput::Texts(sent) = &mut self.request.input {
            *texts = std::mem::take(sent);
        }
        if let Some(call_options) = &self.call_options {
            call = call_options(call);
        }
        sort_vectors(call.with_response().await?, count)
    }
}

/// Sorts the vectors of a response by index, and checks that each text has one.
fn sort_vectors(reply: Response<EmbeddingResponse>, count: usize) -> Result<EmbeddingResponse> {
    let request_id = reply.request_id().map(str::to_owned);
    let mut response = reply.body;
    let received = response.data.len();
    let mut places: Vec<Option<EmbeddingResponseData>> = Vec::new();
    places.resize_with(count, || None);
    for (position, data) in response.data.drain(..).enumerate() {
        let index = data.index.map_or(Ok(position), usize::try_from);
        let place = index.ok().and_then(|index| places.get_mut(index));
        if let Some(place @ None) = place {
            *place = Some(data).filter(|data| data.embedding.is_some());
        }
    }
    response.data.extend(places.into_iter().flatten());
    if received == count && response.data.len() == count {
        return Ok(response);
    }
    let message = format!(
        "the server did not return one vector per text: {received} vectors for {count} texts"
    );
    let error = Error::new(ErrorKind::Decode, message).with_request_id(request_id.as_deref());
    Err(error.at("embeddings.create", reply.attempts))
}

impl ChunkResult {
    fn add(&mut self, response: EmbeddingResponse) {
        let vectors = response.data.into_iter();
        self.vectors
            .extend(vectors.filter_map(|data| data.embedding));
        if let Some(usage) = response.usage {
            self.usage.add(&usage);
        }
        if self.model.is_none() && !response.model.is_empty() {
            self.model = Some(response.model);
        }
    }
}

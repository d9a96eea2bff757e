use std::collections::VecDeque;
use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use futures_core::Stream;

use super::chunks::{
    ChunkEmbedder, ChunkLimits, ChunkResult, EmbeddingCallOptions, EmbeddingChunk, TextChunker,
    poll_chunks,
};
use super::{
    Embedding, EmbeddingInput, EmbeddingRequest, EmbeddingResponse, EmbeddingResponseData,
    Embeddings, EncodingFormat,
};
use crate::call::Call;
use crate::call::input_stream::{InputStream, from_iterator, from_stream};
use crate::error::{Error, Result};
use crate::messages::UsageInfo;

/// The operation that errors outside of an API call name.
pub(crate) const CREATE_ALL: &str = "embeddings.create_all";
/// The API's maximum number of texts per call.
const MAX_INPUTS_PER_CALL: usize = 256;
const DEFAULT_CONCURRENCY: usize = 4;

impl Embeddings {
    /// Embeds any number of texts, in as many calls as necessary.
    ///
    /// A call has up to 256 texts, and up to four calls run concurrently. Vectors are
    /// transferred as base64. If the server rejects a call for too many tokens or texts, it is
    /// split in half, and later calls are made smaller. Each call is retried according to the
    /// client's [`RetryPolicy`](crate::RetryPolicy). The iterator is advanced as calls
    /// complete, so that only a few texts are in memory at a time. It must not block.
    ///
    /// Read the vectors from the stream, or collect all of them with
    /// [`collect_response`](EmbeddingStream::collect_response).
    #[doc = example!(r#"
let texts = (0..600).map(|number| format!("text {number}"));
let mut vectors = client.embeddings().create_all("mistral-embed", texts);
while let Some(vector) = vectors.next().await {
    let (index, vector) = vector?;
    println!("{index}: {} numbers", vector.to_f32()?.len());
}
println!("{} tokens", vectors.usage().total_tokens);

let all = client.embeddings().create_all("mistral-embed", ["a cat", "a dog"]);
let all = all.collect_response().await?;
assert_eq!(all.to_f32()?.len(), 2);
# assert_eq!(emulator.requests().len(), 4);
"#)]
    pub fn create_all<'a, T: Into<String> + 'a>(
        &self,
        model: impl Into<String>,
        texts: impl IntoIterator<Item = T, IntoIter: Send + 'a>,
    ) -> EmbeddingStream<'a> {
        let texts = texts.into_iter().map(Into::into);
        EmbeddingStream::new(self, model.into(), from_iterator(texts))
    }

    /// Embeds the texts of a fallible stream. Otherwise the same as
    /// [`create_all`](Self::create_all).
    ///
    /// If the input stream is slow, the available texts are sent as soon as no call is in
    /// flight. An error of the input stream is yielded after the vectors of the texts before
    /// it, and ends the stream.
    #[doc = example!(r#"
use futures::stream;

let texts = stream::iter([Ok("a cat"), Ok("a dog")]);
let vectors = client.embeddings().create_all_stream("mistral-embed", texts);
assert_eq!(vectors.collect_response().await?.data.len(), 2);
"#)]
    pub fn create_all_stream<'a, T: Into<String> + 'a>(
        &self,
        model: impl Into<String>,
        texts: impl Stream<Item = std::io::Result<T>> + Send + 'a,
    ) -> EmbeddingStream<'a> {
        EmbeddingStream::new(self, model.into(), from_stream(texts, Into::into))
    }
}

/// The vectors of many texts, each with the index of its text, in the order of the texts.
/// Created by [`Embeddings::create_all`].
///
/// Read them with [`next`](Self::next) or as a [`Stream`]. Nothing runs in the background:
/// calls make progress only while the stream is polled, and dropping the stream cancels them.
/// Their timeouts keep running between polls. If your program spends more than a second on
/// each vector, set longer timeouts with [`with_call`](Self::with_call).
///
/// An error ends the stream. Its message has the index of the text, or of the texts of the
/// call, starting at 0. The vectors of all texts before them have been yielded. A text that
/// the server rejects on its own is such an error, too.
#[must_use = "no text is embedded until the stream is read"]
pub struct EmbeddingStream<'a> {
    embeddings: Embeddings,
    /// The request of every call, without its texts.
    request: EmbeddingRequest,
    call_options: Option<EmbeddingCallOptions>,
    concurrency: usize,
    limits: Arc<ChunkLimits>,
    texts: TextChunker<'a>,
    /// The number of texts in all chunks so far.
    texts_read: usize,
    /// Whether no more texts are read.
    is_input_finished: bool,
    /// The chunks that are not yielded yet, in the order of the texts.
    chunks: VecDeque<EmbeddingChunk>,
    ready: std::vec::IntoIter<Embedding>,
    yielded: usize,
    error: Option<Error>,
    usage: UsageInfo,
    model: Option<String>,
}

impl<'a> EmbeddingStream<'a> {
    pub(crate) fn new(
        embeddings: &Embeddings,
        model: String,
        texts: InputStream<'a, String>,
    ) -> Self {
        let none = EmbeddingInput::Texts(Vec::new());
        Self {
            embeddings: embeddings.clone(),
            request: EmbeddingRequest::new(model, none).encoding_format(EncodingFormat::Base64),
            call_options: None,
            concurrency: DEFAULT_CONCURRENCY,
            limits: Arc::new(ChunkLimits::new(MAX_INPUTS_PER_CALL)),
            texts: TextChunker::new(texts),
            texts_read: 0,
            is_input_finished: false,
            chunks: VecDeque::new(),
            ready: Vec::new().into_iter(),
            yielded: 0,
            error: None,
            usage: UsageInfo::default(),
            model: None,
        }
    }

    /// Sets the maximum number of concurrent calls, at least 1. Default: 4.
    pub fn concurrency(mut self, calls: usize) -> Self {
        self.concurrency = calls.max(1);
        self
    }

    /// Sets the maximum number of texts per call, at least 1. Default, and the API's maximum:
    /// 256.
    pub fn inputs_per_call(mut self, texts: usize) -> Self {
        self.limits = Arc::new(ChunkLimits::new(texts.max(1)));
        self
    }

    /// Modifies the request of every call, for example its `output_dimension`. The stream
    /// overwrites `input`.
    pub fn with_request(
        mut self,
        change: impl FnOnce(EmbeddingRequest) -> EmbeddingRequest,
    ) -> Self {
        self.request = change(self.request);
        self
    }

    /// Sets the options of every call, for example its `timeout`.
    pub fn with_call(
        mut self,
        change: impl Fn(Call<EmbeddingResponse>) -> Call<EmbeddingResponse> + Send + Sync + 'static,
    ) -> Self {
        self.call_options = Some(Arc::new(change));
        self
    }

    /// Returns the token usage of the calls whose vectors have been yielded.
    pub fn usage(&self) -> &UsageInfo {
        &self.usage
    }

    /// Returns the next vector with the index of its text, or `None` after the last one.
    ///
    /// Cancel-safe: dropping the future before it is ready loses no vector.
    pub async fn next(&mut self) -> Option<Result<(usize, Embedding)>> {
        poll_fn(|cx| self.poll_vector(cx)).await
    }

    /// Collects all vectors into one response.
    ///
    /// # Errors
    /// Fails with the first error. [`Error::partial`] has the response up to it.
    pub async fn collect_response(mut self) -> Result<EmbeddingResponse> {
        let mut data = Vec::new();
        let mut error = None;
        while let Some(vector) = self.next().await {
            match vector {
                Ok((index, embedding)) => data.push(EmbeddingResponseData {
                    object: Some("embedding".to_owned()),
                    embedding: Some(embedding),
                    index: i64::try_from(index).ok(),
                    extra: serde_json::Map::new(),
                }),
                Err(cause) => error = Some(cause),
            }
        }
        let response = EmbeddingResponse {
            data,
            id: String::new(),
            object: "list".to_owned(),
            model: self.model.unwrap_or(self.request.model),
            usage: Some(self.usage),
            extra: serde_json::Map::new(),
        };
        match error {
            Some(error) => Err(error.with_partial(Box::new(response))),
            None => Ok(response),
        }
    }

    fn poll_vector(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<(usize, Embedding)>>> {
        loop {
            if let Some(vector) = self.next_ready() {
                return Poll::Ready(Some(Ok(vector)));
            }
            if let Some(error) = self.error.take() {
                self.is_input_finished = true;
                self.chunks.clear(); // cancels their calls
                return Poll::Ready(Some(Err(error)));
            }
            let any_started = self.start_chunks(cx);
            let any_finished = poll_chunks(&mut self.chunks, cx);
            match self.next_done() {
                Some(result) => self.accept(result),
                None if self.is_finished() => return Poll::Ready(None),
                None if any_started || any_finished => {}
                None => return Poll::Pending,
            }
        }
    }

    /// Returns the next vector of the current chunk.
    fn next_ready(&mut self) -> Option<(usize, Embedding)> {
        let vector = self.ready.next()?;
        self.yielded += 1;
        Some((self.yielded - 1, vector))
    }

    /// Returns the next vector or the end of the stream, if either is available without I/O.
    #[cfg(feature = "blocking")]
    pub(crate) fn next_buffered(&mut self) -> Poll<Option<Result<(usize, Embedding)>>> {
        match self.next_ready() {
            Some(vector) => Poll::Ready(Some(Ok(vector))),
            None if self.is_finished() => Poll::Ready(None),
            None => Poll::Pending,
        }
    }

    fn is_finished(&self) -> bool {
        self.is_input_finished && self.chunks.is_empty() && self.error.is_none()
    }

    /// Removes the first chunk if it is done, and returns its result.
    fn next_done(&mut self) -> Option<ChunkResult> {
        match self.chunks.pop_front()? {
            EmbeddingChunk::Done(result) => Some(*result),
            in_flight @ EmbeddingChunk::InFlight(_) => {
                self.chunks.push_front(in_flight);
                None
            }
        }
    }

    fn accept(&mut self, result: ChunkResult) {
        self.ready = result.vectors.into_iter();
        self.error = result.error;
        self.usage.add(&result.usage);
        self.model = self.model.take().or(result.model);
    }

    /// Starts calls up to the concurrency limit. Returns whether any chunk was added.
    fn start_chunks(&mut self, cx: &mut Context<'_>) -> bool {
        let is_in_flight = |chunk: &&EmbeddingChunk| matches!(chunk, EmbeddingChunk::InFlight(_));
        let mut in_flight = self.chunks.iter().filter(is_in_flight).count();
        let before = self.chunks.len();
        // Chunks that complete out of order are buffered, at most as many as are in flight.
        let max_chunks = self.concurrency.saturating_mul(2);
        while in_flight < self.concurrency
            && self.chunks.len() < max_chunks
            && !self.is_input_finished
        {
            match self.texts.poll_chunk(&self.limits, in_flight == 0, cx) {
                Poll::Pending => break,
                Poll::Ready(None) => self.is_input_finished = true,
                Poll::Ready(Some(Ok(texts))) => {
                    self.start(texts);
                    in_flight += 1;
                }
                Poll::Ready(Some(Err(error))) => {
                    self.is_input_finished = true;
                    let error = Some(error.at(CREATE_ALL, 0));
                    let result = ChunkResult {
                        error,
                        ..ChunkResult::default()
                    };
                    self.chunks
                        .push_back(EmbeddingChunk::Done(Box::new(result)));
                }
            }
        }
        self.chunks.len() > before
    }

    fn start(&mut self, texts: Vec<String>) {
        let first = self.texts_read;
        self.texts_read += texts.len();
        let calls = ChunkEmbedder {
            embeddings: self.embeddings.clone(),
            request: self.request.clone(),
            call_options: self.call_options.clone(),
            limits: Arc::clone(&self.limits),
        };
        let in_flight = Box::pin(calls.embed(first, texts));
        self.chunks.push_back(EmbeddingChunk::InFlight(in_flight));
    }
}

impl Stream for EmbeddingStream<'_> {
    type Item = Result<(usize, Embedding)>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.poll_vector(cx)
    }
}

impl fmt::Debug for EmbeddingStream<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EmbeddingStream")
            .field("model", &self.request.model)
            .field("yielded", &self.yielded)
            .finish_non_exhaustive()
    }
}
